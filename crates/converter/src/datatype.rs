//! HL7 v2 datatypes to FHIR datatypes: one module for each, named after it.

use hl7v2::{Component, Repetition, Value};

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
}

impl<'m, 'a, const N: usize> Parts<'m, 'a, N> {
    pub(crate) fn of(repetition: Repetition<'m, 'a>) -> Self {
        let absent = repetition.component(0);
        let mut list = [absent; N];
        for (slot, component) in list.iter_mut().zip(repetition.components()) {
            *slot = component;
        }
        Self { list, absent }
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
