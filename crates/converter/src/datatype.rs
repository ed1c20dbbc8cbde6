//! HL7 v2 datatypes to FHIR datatypes: one module for each, named after it.

use fhir::{Extension, ExtensionValue};
use hl7v2::{Component, Repetition, Segment, Value};

use crate::context::{Context, own};

pub(crate) mod cnn;
pub(crate) mod cp;
pub(crate) mod cq;
pub(crate) mod cwe;
pub(crate) mod cx;
pub(crate) mod hd;
pub(crate) mod pl;
pub(crate) mod rpt;
pub(crate) mod tq;
pub(crate) mod xad;
pub(crate) mod xcn;
pub(crate) mod xon;
pub(crate) mod xpn;
pub(crate) mod xtn;

/// The first `N` components of a repetition, found in one pass: [`Repetition::component`] walks from the
/// start each time, and datatypes with twenty components ask for each of them.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'m, 'a, const N: usize> {
    list: [Component<'m, 'a>; N],
    absent: Component<'m, 'a>,
    more: bool,
}

impl<'m, 'a, const N: usize> Parts<'m, 'a, N> {
    pub(crate) fn of(repetition: Repetition<'m, 'a>) -> Self {
        let absent = repetition.component(0);
        let mut list = [absent; N];
        let mut components = repetition.components();
        for (slot, component) in list.iter_mut().zip(&mut components) {
            *slot = component;
        }
        Self { list, absent, more: components.next().is_some() }
    }

    /// Whether the repetition has more components than these.
    pub(crate) fn has_more(&self) -> bool {
        self.more
    }

    /// Component `n`, from 1. An absent one is empty, and its place is the repetition's.
    pub(crate) fn component(&self, n: usize) -> Component<'m, 'a> {
        n.checked_sub(1).and_then(|at| self.list.get(at)).copied().unwrap_or(self.absent)
    }

    /// The first leaf of component `n`.
    pub(crate) fn value(&self, n: usize) -> Value<'m, 'a> {
        self.component(n).value()
    }
}

/// What stands in a repetition where its datatype has nothing: behind its last component, or as further parts of
/// a component. Nobody knows what it means, and it is kept with its position. Call it when all that the datatype
/// has is written.
pub(crate) fn further<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    last: usize,
    to: &mut Vec<Extension<'a>>,
) {
    // Between so few bytes there are no more components.
    let is_short = from.raw().len() < last;
    if !from.has_subcomponents() && (is_short || from.component_count() <= last) {
        return;
    }
    for (nth, component) in from.components().enumerate() {
        let known = usize::from(nth < last);
        for value in component.subcomponents().skip(known) {
            if cx.is_accounted(value) {
                continue;
            }
            keep(cx, value, String::new(), to);
        }
    }
}

/// What stands in fields where HL7 v2 has nothing: components behind those of the datatype, repetitions of what does
/// not repeat. It is kept with its place in the segment. Call it when all that the fields have is written.
pub(crate) fn beyond<'a>(
    cx: &mut Context<'_, 'a>,
    segment: Segment<'_, 'a>,
    fields: impl IntoIterator<Item = usize>,
    to: &mut Vec<Extension<'a>>,
) {
    for n in fields {
        let field = segment.field(n);
        if field.raw().len() < 2 || !is_divided(cx, field.raw()) {
            continue;
        }
        for (nth, repetition) in field.repetitions().enumerate() {
            let at = match nth {
                0 => format!("{}-{n}.", segment.id()),
                nth => format!("{}-{n}[{}].", segment.id(), nth + 1),
            };
            rest(cx, repetition, &at, usize::from(nth == 0), to);
        }
    }
}

/// Whether a field has more than one leaf.
fn is_divided(cx: &Context<'_, '_>, raw: &[u8]) -> bool {
    let by = cx.message.delimiters();
    let is =
        |byte: &u8| *byte == by.component || Some(*byte) == by.repetition || Some(*byte) == by.subcomponent;
    raw.iter().any(is)
}

fn rest<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    at: &str,
    known: usize,
    to: &mut Vec<Extension<'a>>,
) {
    let leaves = from.components().flat_map(|component| component.subcomponents());
    for value in leaves.skip(known).filter(Value::is_present) {
        if !cx.is_accounted(value) {
            keep(cx, value, at.to_owned(), to);
        }
    }
}

/// A value that nobody knows the meaning of, with its position.
fn keep<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, mut at: String, to: &mut Vec<Extension<'a>>) {
    use std::fmt::Write as _;
    let place = value.place();
    let Some(text) = cx.write(value) else { return };
    cx.warn(place, "unexpected-component");
    let _infallible = match place.subcomponent {
        0 => write!(at, "{}", place.component),
        part => write!(at, "{}.{part}", place.component),
    };
    let parts = vec![Extension::string("at", at), Extension::string("value", text)];
    to.push(Extension::new(own!("further-component"), ExtensionValue::Parts(parts)));
}

/// What goes with a number or a name says nothing without it.
pub(crate) fn without<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>, why: &'static str) {
    for component in from.components() {
        for value in component.subcomponents() {
            if !cx.is_accounted(value) {
                cx.ignore(value, why);
            }
        }
    }
}

/// The leaves of a component, one after the other, each an extension of this name.
pub(crate) fn named<'a>(
    cx: &mut Context<'_, 'a>,
    component: Component<'_, 'a>,
    name: &'static str,
    to: &mut Vec<Extension<'a>>,
) {
    for value in component.subcomponents() {
        let text = cx.write(value);
        to.extend(text.map(|text| Extension::string(name, text)));
    }
}
