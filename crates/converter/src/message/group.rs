//! The segments of one patient, sorted by the order that they belong to.
//!
//! The standard's groups are `ORC OBR NTE TQ1 (OBX NTE) (SPM OBX)` in results and
//! `ORC OBR NTE DG1 (OBX NTE) BLG` in orders, as often as there are orders. Real feeds leave out ORC or OBR,
//! put SPM first or last, and NTE anywhere; so a segment belongs to the order that was begun last, and a
//! note to whatever it follows.

use hl7v2::Segment;

/// A segment and the notes behind it.
pub(crate) struct Noted<'m, 'a> {
    pub(crate) segment: Segment<'m, 'a>,
    pub(crate) notes: Vec<Segment<'m, 'a>>,
}

/// What belongs to one order; the first group of a message has neither ORC nor OBR.
#[derive(Default)]
pub(crate) struct Group<'m, 'a> {
    pub(crate) orc: Option<Segment<'m, 'a>>,
    pub(crate) obr: Option<Segment<'m, 'a>>,
    pub(crate) timing: Vec<Segment<'m, 'a>>,
    /// DG1: why it is ordered.
    pub(crate) reasons: Vec<Segment<'m, 'a>>,
    /// Notes on the order: behind ORC, or from who ordered.
    pub(crate) order_notes: Vec<Segment<'m, 'a>>,
    /// Notes behind OBR.
    pub(crate) notes: Vec<Segment<'m, 'a>>,
    pub(crate) results: Vec<Noted<'m, 'a>>,
    pub(crate) specimens: Vec<Noted<'m, 'a>>,
}

impl Group<'_, '_> {
    /// Whether what is in it belongs to no order.
    pub(crate) fn is_loose(&self) -> bool {
        self.orc.is_none() && self.obr.is_none()
    }
}

/// The groups of a patient, and the notes that stand before them.
pub(crate) struct Sorted<'m, 'a> {
    /// There is always one.
    pub(crate) groups: Vec<Group<'m, 'a>>,
    pub(crate) of_patient: Vec<Segment<'m, 'a>>,
    pub(crate) of_visit: Vec<Segment<'m, 'a>>,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Patient,
    Visit,
    Order,
    Result,
    Specimen,
}

/// Sorts the segments of a patient.
pub(crate) fn sort<'m, 'a>(segments: &[Segment<'m, 'a>]) -> Sorted<'m, 'a> {
    let mut sorted = Sorted { groups: vec![Group::default()], of_patient: Vec::new(), of_visit: Vec::new() };
    let mut last = Last::Patient;
    for &segment in segments {
        last = put(segment, &mut sorted, last);
    }
    sorted
}

/// Puts a segment where it belongs.
fn put<'m, 'a>(segment: Segment<'m, 'a>, sorted: &mut Sorted<'m, 'a>, last: Last) -> Last {
    let Sorted { groups, of_patient, of_visit } = sorted;
    // There is always a group: the first one is begun with.
    let Some(group) = groups.last_mut() else { return last };
    let noted = Noted { segment, notes: Vec::new() };
    match segment.id() {
        "ORC" => {
            groups.push(Group { orc: Some(segment), ..Group::default() });
            Last::Order
        }
        "OBR" if group.orc.is_some() && group.obr.is_none() && group.results.is_empty() => {
            group.obr = Some(segment);
            Last::Order
        }
        "OBR" => {
            // Specimens before the first OBR are the specimens of that order.
            let early = if group.obr.is_none() && group.results.is_empty() {
                std::mem::take(&mut group.specimens)
            } else {
                Vec::new()
            };
            groups.push(Group { obr: Some(segment), specimens: early, ..Group::default() });
            Last::Order
        }
        "FT1" => {
            // A charge is of no order, and neither is what comes behind it.
            groups.push(Group::default());
            Last::Visit
        }
        "TQ1" => {
            group.timing.push(segment);
            last
        }
        "DG1" if !group.is_loose() => {
            group.reasons.push(segment);
            Last::Order
        }
        "OBX" => {
            group.results.push(noted);
            Last::Result
        }
        "SPM" => {
            group.specimens.push(noted);
            Last::Specimen
        }
        "NTE" => {
            let notes = match last {
                Last::Patient => Some(of_patient),
                Last::Visit => Some(of_visit),
                Last::Order if group.obr.is_none() || is_of_placer(segment) => Some(&mut group.order_notes),
                Last::Order => Some(&mut group.notes),
                Last::Result => group.results.last_mut().map(|result| &mut result.notes),
                Last::Specimen => group.specimens.last_mut().map(|specimen| &mut specimen.notes),
            };
            if let Some(notes) = notes {
                notes.push(segment);
            }
            last
        }
        "PID" | "PD1" | "NK1" | "AL1" | "IN1" | "IN2" | "IN3" | "GT1" => Last::Patient,
        "PV1" | "PV2" | "DG1" | "PR1" => Last::Visit,
        _ => last,
    }
}

/// A comment of who ordered (NTE-2 = P, HL7 table 0105) is about the order, wherever it stands.
fn is_of_placer(nte: Segment<'_, '_>) -> bool {
    nte.field(2).value().text().trim().eq_ignore_ascii_case("P")
}
