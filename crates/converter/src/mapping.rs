//! What becomes of every field: the tables of the mapping, as the code uses them.
//!
//! Each segment has its [`Map`] beside its code. A [`Row`] says of one field (or one component of it)
//! either where it is written, or that it is left out and why; the second is what the conversion report
//! gives as the reason. The official HL7 v2-to-FHIR maps are the yardstick: each of their rows is here,
//! written or declined by name. `docs/mapping.md` is made from these tables ([`markdown`]), and tests
//! hold them against what the code does.

mod page;

use serde::Serialize;

use crate::message;
use crate::segment;

pub use page::markdown;

/// What becomes of the fields of one segment.
#[derive(Debug, Serialize)]
pub struct Map {
    /// `PV1`.
    pub segment: &'static str,
    /// `Patient Visit`.
    pub name: &'static str,
    /// The names of its fields from the first, as HL7 v2.5.1 to v2.8 call them.
    pub fields: &'static [&'static str],
    /// In the order of the fields.
    pub rows: &'static [Row],
}

/// What becomes of one field, or of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The field, from 1; 0 is every field of the segment that no other row names.
    pub field: u16,
    /// The component, from 1; 0 is the whole field.
    pub component: u16,
    /// The FHIR element, with the type: `Encounter.hospitalization.admitSource`. Empty where neither we nor
    /// the official map have one.
    pub to: &'static str,
    /// What is done.
    pub verdict: Verdict,
}

/// What is done with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum Verdict {
    /// It is written to this element.
    Written,
    /// The official map names this element; the field is written, but not to it, and this is why.
    Elsewhere(&'static str),
    /// It is in no output, and this is why.
    Left(&'static str),
}

/// The field is written to this element.
pub(crate) const fn to(field: u16, to: &'static str) -> Row {
    Row { field, component: 0, to, verdict: Verdict::Written }
}

/// The official map writes the field to this element, and we write it elsewhere, or not under the same
/// condition: why.
pub(crate) const fn elsewhere(field: u16, to: &'static str, why: &'static str) -> Row {
    Row { field, component: 0, to, verdict: Verdict::Elsewhere(why) }
}

/// The field is in no output: why. The report of every conversion gives the same reason.
pub(crate) const fn left(field: u16, why: &'static str) -> Row {
    Row { field, component: 0, to: "", verdict: Verdict::Left(why) }
}

impl Row {
    /// The row is about one component only.
    pub(crate) const fn component(self, component: u16) -> Self {
        Self { component, ..self }
    }

    /// The element that the official map names for a field that we leave out.
    pub(crate) const fn not_to(self, to: &'static str) -> Self {
        Self { to, ..self }
    }
}

/// A kind of message: `ADT`, and its events.
pub(crate) struct Kind {
    /// MSH-9.1.
    pub(crate) kind: &'static str,
    /// The events that are converted.
    pub(crate) events: &'static [Event],
    /// What converts them.
    pub(crate) convert: message::Convert,
}

/// An event that is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Event {
    /// MSH-9.2: `A01`.
    pub trigger: &'static str,
    /// What HL7 v2 calls it: `admit`.
    pub name: &'static str,
    /// What becomes of it, in one sentence.
    pub does: &'static str,
    /// Whether the official maps have a message map for it; ours is designed from FHIR where they have
    /// none.
    pub official: bool,
}

/// An event that the official maps know.
pub(crate) const fn official(trigger: &'static str, name: &'static str, does: &'static str) -> Event {
    Event { trigger, name, does, official: true }
}

/// An event for which there is no official map: designed from FHIR.
pub(crate) const fn own(trigger: &'static str, name: &'static str, does: &'static str) -> Event {
    Event { trigger, name, does, official: false }
}

/// The maps of all segments, by name.
pub fn maps() -> &'static [&'static Map] {
    segment::MAPS
}

/// All events that are converted, with their kind of message, in the order of their names.
pub fn events() -> Vec<(&'static str, &'static Event)> {
    let of_kind = |kind: &'static Kind| kind.events.iter().map(|event| (kind.kind, event));
    let mut events: Vec<_> = message::KINDS.iter().flat_map(of_kind).collect();
    events.sort_by_key(|(kind, event)| (*kind, event.trigger));
    events
}

/// Why a field, or a component of it, is left out, if that was decided.
pub(crate) fn why_left(segment: &[u8; 3], field: u16, component: u16) -> Option<&'static str> {
    let maps = segment::MAPS;
    let at = maps.binary_search_by(|map| map.segment.as_bytes().cmp(segment)).ok()?;
    let map = maps.get(at)?;
    let rows = map.rows;
    if usize::from(field) > map.fields.len() && !map.fields.is_empty() {
        return Some("HL7 v2 has no such field in this segment: what it means, only the sender knows");
    }
    let reason = |field, component| {
        rows.iter()
            .filter(|row| row.field == field && row.component == component)
            .find_map(|row| if let Verdict::Left(why) = row.verdict { Some(why) } else { None })
    };
    let named = || rows.iter().any(|row| row.field == field);
    reason(field, component)
        .or_else(|| reason(field, 0))
        .or_else(|| if named() { None } else { reason(0, 0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_rows_are_in_order() {
        assert!(maps().is_sorted_by(|a, b| a.segment < b.segment), "segments in the order of their names");
        for map in maps() {
            assert!(map.rows.is_sorted_by_key(|row| (row.field, row.component)), "{}", map.segment);
            for row in map.rows {
                assert!(
                    usize::from(row.field) <= map.fields.len(),
                    "{}-{} has no name",
                    map.segment,
                    row.field
                );
                let empty = row.to.is_empty();
                assert!(!empty || matches!(row.verdict, Verdict::Left(_)), "{}-{}", map.segment, row.field);
            }
        }
    }

    #[test]
    fn every_event_stands_once() {
        let mut names: Vec<_> = events().into_iter().map(|(kind, event)| (kind, event.trigger)).collect();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
