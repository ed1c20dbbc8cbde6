//! The segments of one patient, sorted by the order and specimen that they belong to.
//!
//! The standard's groups are `ORC OBR NTE TQ1 (OBX NTE) (SPM OBX)` in results, `ORC OBR NTE DG1 (OBX NTE) BLG`
//! in orders, and `SPM (OBX) SAC (OBR ORC (OBX))` where the specimen comes first ([`Layout`]). Real feeds leave
//! out ORC or OBR, put SPM first or last, and NTE anywhere; so a segment belongs to the order that was begun
//! last, and a note to whatever it follows.

mod layout;
mod part;

use std::rc::Rc;

use hl7v2::Segment;

use super::mdm::Told;
use crate::segment::obx::content;

pub(crate) use layout::Layout;
pub(crate) use part::{Collected, Container, Group, Measured, Noted};

/// The groups of a patient, and the notes that stand before them.
pub(crate) struct Sorted<'m, 'a> {
    /// There is always one.
    pub(crate) groups: Vec<Group<'m, 'a>>,
    /// Specimens that come before their orders.
    pub(crate) specimens: Vec<Collected<'m, 'a>>,
    pub(crate) of_patient: Vec<Segment<'m, 'a>>,
    pub(crate) of_visit: Vec<Segment<'m, 'a>>,
    layout: Layout,
    last: Last,
    /// The specimens of the orders that follow.
    current: Rc<Vec<usize>>,
    /// Whether ORC comes behind OBR in this message; known from the first.
    request_first: Option<bool>,
    /// Whether an ORC was read behind the last OBR.
    behind_orc: bool,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Patient,
    Visit,
    Order,
    Result,
    Specimen,
    /// An OBX about a specimen that comes before its orders.
    SpecimenResult,
    /// A TXA.
    Document,
    /// A charge, a problem or an allergy: the notes behind it are its own, and no document.
    Aside,
}

/// Sorts the segments of a patient. `prior`: whether earlier results may be sent along with an order.
pub(crate) fn sort<'m, 'a>(segments: &[Segment<'m, 'a>], layout: Layout, prior: bool) -> Sorted<'m, 'a> {
    let mut sorted = Sorted {
        groups: vec![Group::default()],
        specimens: Vec::new(),
        of_patient: Vec::new(),
        of_visit: Vec::new(),
        layout,
        last: Last::Patient,
        current: Rc::default(),
        request_first: None,
        behind_orc: false,
    };
    let mut rest = segments;
    let mut passed_patient = false;
    while let Some((&segment, after)) = rest.split_first() {
        let begins = prior
            && !sorted.is_loose()
            && (segment.id() == "PV1"
                || segment.id() == "PID" && passed_patient
                || is_prior(segment, &sorted));
        if begins {
            let length = 1 + after.iter().take_while(|next| !is_new_order(**next)).count();
            let (run, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            if let Some(group) = sorted.groups.last_mut() {
                group.prior.push(run.to_vec());
            }
            rest = behind;
            continue;
        }
        passed_patient |= segment.id() == "PID";
        sorted.put(segment);
        rest = after;
    }
    sorted
}

/// Whether a segment begins earlier results without saying so by a PID: ORC-1 = PR, or an OBR of its own that
/// tells the state of its results, behind an order that has one.
fn is_prior(segment: Segment<'_, '_>, sorted: &Sorted<'_, '_>) -> bool {
    let known = sorted.groups.last().is_some_and(|group| group.orc.is_some() && group.obr.is_some());
    match segment.id() {
        "ORC" => segment.field(1).value().text().trim().eq_ignore_ascii_case("PR"),
        "OBR" => known && segment.field(25).is_present(),
        _ => false,
    }
}

/// Whether an ORC is about an order, and not about earlier results.
pub(crate) fn is_new_order(segment: Segment<'_, '_>) -> bool {
    let code = segment.field(1).value().text();
    let code = code.trim();
    segment.id() == "ORC" && !matches!(code, "" | "PR" | "pr" | "RE" | "re")
}

impl<'m, 'a> Sorted<'m, 'a> {
    fn is_loose(&self) -> bool {
        self.groups.last().is_none_or(Group::is_loose)
    }

    fn begin(&mut self, group: Group<'m, 'a>) {
        let shared = Rc::clone(&self.current);
        self.groups.push(Group { shared, ..group });
        self.last = Last::Order;
    }

    /// Puts a segment where it belongs.
    fn put(&mut self, segment: Segment<'m, 'a>) {
        if matches!(segment.id(), "ORC" | "OBR") {
            self.behind_orc = segment.id() == "ORC";
        }
        // There is always a group: the first one is begun with.
        let Some(group) = self.groups.last_mut() else { return };
        match segment.id() {
            "ORC" => {
                let open = group.obr.is_some() && group.orc.is_none() && group.is_begun();
                let behind = *self.request_first.get_or_insert(self.layout.request_first() && open);
                let same = group.obr.is_some_and(|obr| same_number(obr, segment));
                if open && (behind || same) {
                    group.orc = Some(segment);
                    self.last = Last::Order;
                } else {
                    let early = self.early();
                    self.begin(Group {
                        orc: Some(segment),
                        early: early.len(),
                        specimens: early,
                        ..Group::default()
                    });
                }
            }
            "OBR" if group.orc.is_some() && group.obr.is_none() && group.results.is_empty() => {
                group.obr = Some(segment);
                self.last = Last::Order;
            }
            "OBR" => {
                let early = self.early();
                self.begin(Group {
                    obr: Some(segment),
                    early: early.len(),
                    specimens: early,
                    ..Group::default()
                });
            }
            "TQ1" => group.timing.push(segment),
            "TQ2" => group.sequence.push(segment),
            "CTD" => group.contacts.push(segment),
            // Behind the charges of an order it is still of that.
            "CTI" => {
                let order = self.groups.iter_mut().rev().find(|group| !group.is_loose());
                order.into_iter().for_each(|order| order.trials.push(segment));
            }
            "FT1" => {
                // A charge is of no order, and neither is what comes behind it.
                self.groups.push(Group::default());
                self.last = Last::Aside;
            }
            "ODS" | "ODT" | "RQD" | "RQ1" => group.goods.push(segment),
            "IPC" => group.imaging.push(segment),
            "DG1" if !group.is_loose() => {
                group.reasons.push(segment);
                self.last = Last::Order;
            }
            "OBX" => self.result(segment),
            "SPM" | "SAC" | "INV" => self.specimen(segment),
            "TXA" => self.document(segment),
            "TCD" => match self.result_before() {
                Some(result) => result.tests.push(segment),
                None => self.groups.last_mut().into_iter().for_each(|group| group.tests.push(segment)),
            },
            "PRT" => self.part(segment),
            "NTE" => self.note(segment),
            "PID" | "PD1" | "NK1" | "AL1" | "IN1" | "IN2" | "IN3" | "GT1" => self.last = Last::Patient,
            "PV1" | "PV2" | "DG1" | "PR1" => self.last = Last::Visit,
            "PRB" | "GOL" | "PTH" | "VAR" | "IAM" | "IAR" => self.last = Last::Aside,
            _ => {}
        }
    }

    /// Specimens before the first order are the specimens of that order.
    fn early(&mut self) -> Vec<Collected<'m, 'a>> {
        let loose = self.groups.last_mut().filter(|group| group.is_loose() && group.results.is_empty());
        loose.map(|group| std::mem::take(&mut group.specimens)).unwrap_or_default()
    }

    fn result(&mut self, segment: Segment<'m, 'a>) {
        let mut result = Measured::of(segment, Vec::new());
        if self.layout.specimens_first() && matches!(self.last, Last::Specimen | Last::SpecimenResult) {
            if let Some(specimen) = self.specimens.last_mut() {
                specimen.results.push(result);
            }
            self.last = Last::SpecimenResult;
            return;
        }
        let Some(group) = self.groups.last_mut() else { return };
        if self.last == Last::Specimen {
            result.specimen = group.specimens.len().checked_sub(1);
        } else if self.last == Last::Result {
            result.specimen = group.results.last().and_then(|before| before.specimen);
        }
        group.results.push(result);
        self.last = Last::Result;
    }

    /// A TXA, with the OBX before it: that is its content where it names no observation.
    fn document(&mut self, txa: Segment<'m, 'a>) {
        let mut told = Told { txa: Some(txa), ..Told::default() };
        if let Some(group) = self.groups.last_mut() {
            let is_content = |one: &mut Measured<'m, 'a>| {
                content::is_content(one.segment) && !one.segment.field(3).is_present() && one.tests.is_empty()
            };
            if self.last == Last::Result
                && let Some(before) = group.results.pop_if(is_content)
            {
                told.content.push(Noted { segment: before.segment, notes: before.notes });
                told.participants = before.parts;
            }
            group.documents.push(told);
        }
        self.last = Last::Document;
    }

    /// SPM, and SAC and INV behind it.
    fn specimen(&mut self, segment: Segment<'m, 'a>) {
        let first = self.layout.specimens_first();
        let Some(group) = self.groups.last_mut() else { return };
        // Behind orders another specimen begins, and the orders that follow are its own; but a further SAC of a
        // specimen that has an SPM is one more of its containers.
        let anew = first && self.last != Last::Specimen && self.last != Last::SpecimenResult;
        let bare = self.specimens.last().is_none_or(|specimen| specimen.spm.is_none());
        let list = if first { &mut self.specimens } else { &mut group.specimens };
        if segment.id() == "SPM" || list.is_empty() || anew && segment.id() == "SAC" && bare {
            list.push(Collected { spm: (segment.id() == "SPM").then_some(segment), ..Collected::default() });
            if first {
                let at = list.len() - 1;
                if anew {
                    self.current = Rc::default();
                }
                Rc::make_mut(&mut self.current).push(at);
            }
        }
        let Some(group) = self.groups.last_mut() else { return };
        let list = if first { &mut self.specimens } else { &mut group.specimens };
        let Some(specimen) = list.last_mut() else { return };
        match (segment.id(), specimen.containers.last_mut()) {
            ("SAC", _) => specimen.containers.push(Container { sac: segment, inventory: Vec::new() }),
            ("INV", Some(container)) => container.inventory.push(segment),
            _ => {}
        }
        self.last = Last::Specimen;
    }

    /// The OBX that was read last, unless something else followed it.
    fn result_before(&mut self) -> Option<&mut Measured<'m, 'a>> {
        match self.last {
            Last::Result => self.groups.last_mut()?.results.last_mut(),
            Last::SpecimenResult => self.specimens.last_mut()?.results.last_mut(),
            _ => None,
        }
    }

    fn specimen_before(&mut self) -> Option<&mut Collected<'m, 'a>> {
        if self.layout.specimens_first() {
            self.specimens.last_mut()
        } else {
            self.groups.last_mut()?.specimens.last_mut()
        }
    }

    fn document_before(&mut self) -> Option<&mut Told<'m, 'a>> {
        self.groups.last_mut()?.documents.last_mut()
    }

    /// A PRT is about what it follows. Behind patient and visit it is read with them.
    fn part(&mut self, segment: Segment<'m, 'a>) {
        match self.last {
            Last::Patient | Last::Visit | Last::Aside => {}
            Last::Order => {
                let behind_orc = self.behind_orc;
                self.groups.last_mut().into_iter().for_each(|group| {
                    if behind_orc { &mut group.order_parts } else { &mut group.parts }.push(segment);
                });
            }
            Last::Result | Last::SpecimenResult => {
                self.result_before().into_iter().for_each(|result| result.parts.push(segment));
            }
            Last::Specimen => {
                self.specimen_before().into_iter().for_each(|specimen| specimen.parts.push(segment));
            }
            Last::Document => {
                self.document_before().into_iter().for_each(|told| told.participants.push(segment));
            }
        }
    }

    fn note(&mut self, segment: Segment<'m, 'a>) {
        let notes = match self.last {
            Last::Patient => Some(&mut self.of_patient),
            Last::Visit => Some(&mut self.of_visit),
            Last::Aside => None,
            Last::Order => self.groups.last_mut().map(|group| {
                let of_order = group.obr.is_none() || is_of_placer(segment);
                if of_order { &mut group.order_notes } else { &mut group.notes }
            }),
            Last::Result | Last::SpecimenResult => self.result_before().map(|result| &mut result.notes),
            Last::Specimen => self.specimen_before().map(|specimen| &mut specimen.notes),
            Last::Document => self.document_before().map(|told| &mut told.notes),
        };
        notes.into_iter().for_each(|notes| notes.push(segment));
    }
}

/// Whether an OBR and an ORC are about the same order: the same placer's or filler's number.
fn same_number(obr: Segment<'_, '_>, orc: Segment<'_, '_>) -> bool {
    [2, 3].iter().any(|n| obr.field(*n).is_present() && obr.field(*n).raw() == orc.field(*n).raw())
}

/// A comment of who ordered (NTE-2 = P, HL7 table 0105) is about the order, wherever it stands.
fn is_of_placer(nte: Segment<'_, '_>) -> bool {
    nte.field(2).value().text().trim().eq_ignore_ascii_case("P")
}
