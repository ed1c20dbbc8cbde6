//! A field and its parts: repetitions, components, subcomponents. Each is a range of the message's bytes.

use crate::{Message, Place, Value};
use core::fmt;

/// A range of the message and its place; the level above it is in the type around it.
#[derive(Clone, Copy)]
struct Part<'m, 'a> {
    message: &'m Message<'a>,
    start: u32,
    end: u32,
    place: Place,
    /// MSH-1 and MSH-2 are not split and not decoded.
    verbatim: bool,
}

impl<'m, 'a> Part<'m, 'a> {
    #[inline]
    fn raw(&self) -> &'a [u8] {
        self.message.bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        let raw = self.raw();
        if raw.is_empty() || self.verbatim {
            return raw.is_empty();
        }
        let delimiters = &self.message.delimiters;
        raw.iter().all(|&byte| delimiters.splits_field(byte))
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.raw() == b"\"\""
    }

    fn separator(&self, separator: Option<u8>) -> Option<u8> {
        if self.verbatim { None } else { separator }
    }

    /// The part number `n` between separators; empty, at the end, when there are fewer.
    fn nth(&self, n: usize, separator: Option<u8>, place: Place) -> Self {
        let absent = Self { start: self.end, place, ..*self };
        let Some(mut left) = n.checked_sub(1) else { return absent };
        if self.start >= self.end {
            return absent;
        }
        let mut parts = Parts::new(*self, separator);
        loop {
            match parts.next_range() {
                Some((start, end)) if left == 0 => return Self { start, end, place, ..*self },
                Some(_) => left = left.saturating_sub(1),
                None => return absent,
            }
        }
    }

    fn count(&self, separator: Option<u8>) -> usize {
        let raw = self.raw();
        match separator {
            _ if raw.is_empty() => 0,
            None => 1,
            Some(separator) => raw.iter().filter(|&&byte| byte == separator).count().saturating_add(1),
        }
    }
}

/// Walks over the parts between separators; an empty whole has none.
#[derive(Clone)]
struct Parts<'m, 'a> {
    whole: Part<'m, 'a>,
    separator: Option<u8>,
    at: u32,
    number: usize,
    done: bool,
}

impl<'m, 'a> Parts<'m, 'a> {
    fn new(whole: Part<'m, 'a>, separator: Option<u8>) -> Self {
        let separator = whole.separator(separator);
        Self { whole, separator, at: whole.start, number: 0, done: whole.start >= whole.end }
    }

    fn next_range(&mut self) -> Option<(u32, u32)> {
        if self.done {
            return None;
        }
        let start = self.at;
        let rest = self.whole.message.bytes.get(start as usize..self.whole.end as usize).unwrap_or_default();
        let found = self.separator.and_then(|separator| rest.iter().position(|&byte| byte == separator));
        let end = match found.and_then(|length| u32::try_from(length).ok()) {
            Some(length) => start.saturating_add(length),
            None => {
                self.done = true;
                self.whole.end
            }
        };
        self.at = end.saturating_add(1);
        self.number = self.number.saturating_add(1);
        Some((start, end))
    }

    fn next_part(&mut self, place: impl Fn(Place, usize) -> Place) -> Option<Part<'m, 'a>> {
        let (start, end) = self.next_range()?;
        Some(Part { start, end, place: place(self.whole.place, self.number), ..self.whole })
    }
}

macro_rules! common {
    ($type:ident) => {
        impl<'m, 'a> $type<'m, 'a> {
            /// Whether nothing is populated: no bytes, or separators only. An explicit null is not empty.
            #[inline]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Whether this is exactly `""`, the explicit null: the receiver is to delete what it has.
            #[inline]
            pub fn is_null(&self) -> bool {
                self.0.is_null()
            }

            /// Whether there is a value: neither empty nor null.
            #[inline]
            pub fn is_present(&self) -> bool {
                !self.is_empty() && !self.is_null()
            }

            /// The bytes as they came.
            #[inline]
            pub fn raw(&self) -> &'a [u8] {
                self.0.raw()
            }

            /// Where it stands; lower levels are 0.
            #[inline]
            pub fn place(&self) -> Place {
                self.0.place
            }
        }

        impl fmt::Debug for $type<'_, '_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({}, {} bytes)"), self.place(), self.raw().len())
            }
        }
    };
}

/// One field with all its repetitions.
#[derive(Clone, Copy)]
pub struct Field<'m, 'a>(Part<'m, 'a>);
common!(Field);

impl<'m, 'a> Field<'m, 'a> {
    #[inline]
    pub(crate) fn new(message: &'m Message<'a>, start: u32, end: u32, place: Place, verbatim: bool) -> Self {
        Self(Part { message, start, end, place, verbatim })
    }

    pub(crate) fn is_verbatim(&self) -> bool {
        self.0.verbatim
    }

    /// The repetitions; none when the field has no bytes.
    pub fn repetitions(self) -> impl Iterator<Item = Repetition<'m, 'a>> + use<'m, 'a> {
        let mut parts = Parts::new(self.0, self.0.message.delimiters.repetition);
        core::iter::from_fn(move || parts.next_part(Place::with_repetition).map(Repetition))
    }

    /// How many repetitions the bytes have.
    pub fn repetition_count(&self) -> usize {
        self.0.count(self.0.separator(self.0.message.delimiters.repetition))
    }

    /// Repetition `n`, from 1; empty when there are fewer.
    pub fn rep(&self, n: usize) -> Repetition<'m, 'a> {
        let place = self.0.place.with_repetition(n);
        Repetition(self.0.nth(n, self.0.message.delimiters.repetition, place))
    }

    /// The first repetition.
    #[inline]
    pub fn first(&self) -> Repetition<'m, 'a> {
        self.rep(1)
    }

    /// The first leaf of the first repetition: for fields of a primitive type.
    #[inline]
    pub fn value(&self) -> Value<'m, 'a> {
        if self.0.start >= self.0.end {
            let place = self.0.place.with_repetition(1).with_component(1);
            return leaf(Part { start: self.0.end, place, ..self.0 });
        }
        self.first().value()
    }
}

/// One repetition of a field.
#[derive(Clone, Copy)]
pub struct Repetition<'m, 'a>(Part<'m, 'a>);
common!(Repetition);

impl<'m, 'a> Repetition<'m, 'a> {
    /// The components; none when the repetition has no bytes.
    pub fn components(self) -> impl Iterator<Item = Component<'m, 'a>> + use<'m, 'a> {
        let mut parts = Parts::new(self.0, Some(self.0.message.delimiters.component));
        core::iter::from_fn(move || parts.next_part(Place::with_component).map(Component))
    }

    /// How many components the bytes have.
    pub fn component_count(&self) -> usize {
        self.0.count(self.0.separator(Some(self.0.message.delimiters.component)))
    }

    /// Component `n`, from 1; empty when there are fewer.
    pub fn component(&self, n: usize) -> Component<'m, 'a> {
        let place = self.0.place.with_component(n);
        Component(self.0.nth(n, Some(self.0.message.delimiters.component), place))
    }

    /// The first leaf of the first component.
    #[inline]
    pub fn value(&self) -> Value<'m, 'a> {
        self.component(1).value()
    }

    /// Whether any component has several subcomponents.
    pub fn has_subcomponents(&self) -> bool {
        let separator = self.0.separator(self.0.message.delimiters.subcomponent);
        separator.is_some_and(|separator| self.raw().contains(&separator))
    }
}

/// One component of a repetition.
#[derive(Clone, Copy)]
pub struct Component<'m, 'a>(Part<'m, 'a>);
common!(Component);

impl<'m, 'a> Component<'m, 'a> {
    /// The subcomponents; none when the component has no bytes. A component without subcomponents is itself the
    /// only one, and its place then names no subcomponent.
    pub fn subcomponents(self) -> impl Iterator<Item = Value<'m, 'a>> + use<'m, 'a> {
        let several = self.has_several();
        let mut parts = Parts::new(self.0, self.0.message.delimiters.subcomponent);
        core::iter::from_fn(move || {
            let place = |place: Place, n| if several { place.with_subcomponent(n) } else { place };
            parts.next_part(place).map(leaf)
        })
    }

    /// How many subcomponents the bytes have.
    pub fn subcomponent_count(&self) -> usize {
        self.0.count(self.0.separator(self.0.message.delimiters.subcomponent))
    }

    /// Subcomponent `n`, from 1; empty when there are fewer.
    #[inline]
    pub fn subcomponent(&self, n: usize) -> Value<'m, 'a> {
        // Nearly all components are their own only subcomponent: one look at the bytes is enough.
        if self.has_several() {
            leaf(self.0.nth(n, self.0.message.delimiters.subcomponent, self.0.place.with_subcomponent(n)))
        } else if n == 1 {
            leaf(self.0)
        } else {
            leaf(Part { start: self.0.end, place: self.0.place.with_subcomponent(n), ..self.0 })
        }
    }

    /// The first subcomponent.
    #[inline]
    pub fn value(&self) -> Value<'m, 'a> {
        // Converters ask for every component that a datatype may have, and most are absent.
        if self.0.start >= self.0.end { leaf(self.0) } else { self.subcomponent(1) }
    }

    #[inline]
    fn has_several(&self) -> bool {
        let raw = self.raw();
        let separator = self.0.separator(self.0.message.delimiters.subcomponent);
        !raw.is_empty() && separator.is_some_and(|separator| raw.contains(&separator))
    }
}

#[inline]
fn leaf<'m, 'a>(part: Part<'m, 'a>) -> Value<'m, 'a> {
    Value::new(part.message, part.start, part.end, part.place, part.verbatim)
}
