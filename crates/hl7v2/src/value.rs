//! A leaf of the message: the deepest level that its bytes have.

use crate::{Message, Place, escape};
use core::fmt;
use std::borrow::Cow;

/// One leaf: a component or subcomponent. `Debug` prints its place and length only.
#[derive(Clone, Copy)]
pub struct Value<'m, 'a> {
    message: &'m Message<'a>,
    start: u32,
    end: u32,
    place: Place,
    verbatim: bool,
}

impl<'m, 'a> Value<'m, 'a> {
    #[inline]
    pub(crate) fn new(message: &'m Message<'a>, start: u32, end: u32, place: Place, verbatim: bool) -> Self {
        Self { message, start, end, place, verbatim }
    }

    /// Whether there are no bytes. An explicit null is not empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Whether this is exactly `""`, the explicit null: the receiver is to delete what it has.
    #[inline]
    pub fn is_null(&self) -> bool {
        self.raw() == b"\"\""
    }

    /// Whether there is a value: neither empty nor null.
    #[inline]
    pub fn is_present(&self) -> bool {
        !self.is_empty() && !self.is_null()
    }

    /// Whether the sender marks the value as cut short (HL7 v2.7 §2.5.5.2).
    pub fn is_truncated(&self) -> bool {
        let mark = self.message.delimiters.truncation;
        !self.verbatim && mark.is_some() && self.raw().last().copied() == mark
    }

    /// The bytes as they came.
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        self.message.bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The text: escapes resolved and the character set decoded. A null is an empty text. Control characters, which
    /// no text holds (HL7 v2.5.1 §2.7.1) but tabs and ends of lines, become U+FFFD: see
    /// [`Value::has_control_characters`].
    pub fn text(&self) -> Cow<'a, str> {
        let text = self.decoded();
        if !self.message.may_hold_controls || !text.contains(is_control) {
            return text;
        }
        Cow::Owned(text.replace(is_control, "\u{fffd}"))
    }

    /// Whether control characters stand in the value, as they are or as `\X..\`.
    pub fn has_control_characters(&self) -> bool {
        self.message.may_hold_controls && self.decoded().contains(is_control)
    }

    fn decoded(&self) -> Cow<'a, str> {
        if self.is_empty() || self.is_null() {
            return Cow::Borrowed("");
        }
        let raw = self.raw();
        let escape = self.message.delimiters.escape.filter(|_| !self.verbatim);
        if escape.is_some_and(|escape| raw.contains(&escape)) {
            return escape::decode(raw, &self.message.delimiters, self.message.charset);
        }
        let range = self.start as usize..self.end as usize;
        match self.message.text.and_then(|text| text.get(range)) {
            Some(text) => Cow::Borrowed(text),
            None => self.message.charset.decode(raw),
        }
    }

    /// Where the bytes start in [`Message::bytes`]: identifies the leaf.
    #[inline]
    pub fn offset(&self) -> u32 {
        self.start
    }

    /// Where it stands. The subcomponent is named only where the component has several.
    #[inline]
    pub fn place(&self) -> Place {
        self.place
    }
}

/// What JSON and XML, and so FHIR, have in no string.
fn is_control(c: char) -> bool {
    c < ' ' && !matches!(c, '\t' | '\r' | '\n')
}

impl fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({}, {} bytes)", self.place, self.raw().len())
    }
}
