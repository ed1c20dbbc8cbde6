//! The segments of one patient's medication orders, sorted by what they belong to.
//!
//! The standard's groups are `ORC TQ1 (RXO NTE RXR RXC) (RXE TQ1 RXR RXC) (RXD | RXG | RXA) RXR RXC OBX`. A
//! segment belongs to the RXO, RXE, RXD, RXG or RXA before it; what stands before the first of them belongs to
//! that one. OBX, NTE and DG1 may stand anywhere behind ORC.

use hl7v2::Segment;

use crate::message::group::{Collected, Container, Noted};
use crate::message::mdm;
use crate::segment::obx::content;

/// What stands behind one RXO, RXE, RXD, RXG or RXA.
#[derive(Default)]
pub(super) struct Part<'m, 'a> {
    /// `None` where an ORC stands alone.
    pub(super) segment: Option<Segment<'m, 'a>>,
    pub(super) timing: Vec<Segment<'m, 'a>>,
    pub(super) routes: Vec<Segment<'m, 'a>>,
    pub(super) components: Vec<Segment<'m, 'a>>,
    pub(super) infusions: Vec<Segment<'m, 'a>>,
    pub(super) limits: Vec<Segment<'m, 'a>>,
    pub(super) observations: Vec<Noted<'m, 'a>>,
    pub(super) notes: Vec<Segment<'m, 'a>>,
    pub(super) reasons: Vec<Segment<'m, 'a>>,
    /// PRT: who takes part in it, or in which of its observations.
    pub(super) participants: Vec<(Option<usize>, Segment<'m, 'a>)>,
    /// TQ2: which orders come before or after it.
    pub(super) sequence: Vec<Segment<'m, 'a>>,
    /// CTD: whom to ask.
    pub(super) contacts: Vec<Segment<'m, 'a>>,
    /// CTI: the trial that it is part of.
    pub(super) trials: Vec<Segment<'m, 'a>>,
    pub(super) specimens: Vec<Collected<'m, 'a>>,
    /// TXA: what was written about it.
    pub(super) documents: Vec<mdm::Told<'m, 'a>>,
}

impl<'m, 'a> Part<'m, 'a> {
    /// `RXO`; empty for an ORC alone.
    pub(super) fn kind(&self) -> &'a str {
        self.segment.map_or("", |segment| segment.id())
    }
}

/// One order: its ORC, and what is said of it.
#[derive(Default)]
pub(super) struct Group<'m, 'a> {
    pub(super) orc: Option<Segment<'m, 'a>>,
    /// There is always one.
    pub(super) parts: Vec<Part<'m, 'a>>,
}

impl<'m, 'a> Group<'m, 'a> {
    pub(super) fn part(&self, kind: &str) -> Option<&Part<'m, 'a>> {
        self.parts.iter().find(|part| part.kind() == kind)
    }
}

/// Whether a segment begins to say something of a medicine.
fn is_medicine(segment: Segment<'_, '_>) -> bool {
    matches!(segment.id(), "RXO" | "RXE" | "RXD" | "RXG" | "RXA")
}

/// Takes the medication orders out of a patient's segments: what is left is for others. `all` says that every
/// order of the message is one, whatever stands behind its ORC.
pub(super) fn split<'m, 'a>(
    segments: &[Segment<'m, 'a>],
    all: bool,
) -> (Vec<Segment<'m, 'a>>, Vec<Group<'m, 'a>>) {
    if !all && !segments.iter().any(|segment| is_medicine(*segment)) {
        return (segments.to_vec(), Vec::new());
    }
    let mut rest = Vec::with_capacity(segments.len());
    let mut groups = Vec::new();
    // An order begins with ORC; without one, with the first segment of a medicine.
    let mut begun = false;
    let orders = segments.chunk_by(|one, next| {
        begun |= one.id() == "ORC" || is_medicine(*one);
        !(next.id() == "ORC" || !begun && is_medicine(*next))
    });
    for order in orders {
        let begins = order.first().is_some_and(|first| first.id() == "ORC" || is_medicine(*first));
        let service = order.iter().any(|segment| segment.id() == "OBR");
        if begins && (order.iter().any(|segment| is_medicine(*segment)) || all && !service) {
            let (medicines, services) = apart(order);
            groups.push(sort(&medicines));
            rest.extend(services);
        } else {
            rest.extend_from_slice(order);
        }
    }
    (rest, groups)
}

/// The segments about medicines, and the services (OBR) that the same ORC orders: with it again, and all that
/// stands behind OBR until the next medicine.
fn apart<'m, 'a>(order: &[Segment<'m, 'a>]) -> (Vec<Segment<'m, 'a>>, Vec<Segment<'m, 'a>>) {
    let (mut medicines, mut services) = (Vec::with_capacity(order.len()), Vec::new());
    let mut of_service = false;
    for &segment in order {
        if segment.id() == "OBR" {
            if services.is_empty() {
                services.extend(order.first().filter(|first| first.id() == "ORC"));
            }
            of_service = true;
        } else if is_medicine(segment) || matches!(segment.id(), "RXR" | "RXC" | "RXV" | "CDO") {
            of_service = false;
        }
        if of_service { &mut services } else { &mut medicines }.push(segment);
    }
    (medicines, services)
}

fn sort<'m, 'a>(order: &[Segment<'m, 'a>]) -> Group<'m, 'a> {
    let mut group = Group { orc: None, parts: vec![Part::default()] };
    let mut behind = "";
    for &segment in order {
        // A comment or participant is of the document, until something else follows.
        let in_document = behind == "TXA";
        if !matches!(segment.id(), "NTE" | "PRT") {
            behind = segment.id();
        }
        if segment.id() == "ORC" {
            group.orc = Some(segment);
            continue;
        }
        let first = group.parts.len() == 1;
        let Some(part) = group.parts.last_mut() else { continue };
        if is_medicine(segment) {
            if first && part.segment.is_none() {
                part.segment = Some(segment);
            } else {
                group.parts.push(Part { segment: Some(segment), ..Part::default() });
            }
            continue;
        }
        match segment.id() {
            "TQ1" => part.timing.push(segment),
            "TQ2" => part.sequence.push(segment),
            "CTD" => part.contacts.push(segment),
            "CTI" => part.trials.push(segment),
            "SPM" => part.specimens.push(Collected { spm: Some(segment), ..Collected::default() }),
            "SAC" => {
                if part.specimens.is_empty() {
                    part.specimens.push(Collected::default());
                }
                let container = Container { sac: segment, inventory: Vec::new() };
                if let Some(specimen) = part.specimens.last_mut() {
                    specimen.containers.push(container);
                }
            }
            "RXR" => part.routes.push(segment),
            "RXC" => part.components.push(segment),
            "RXV" => part.infusions.push(segment),
            "CDO" => part.limits.push(segment),
            "DG1" => part.reasons.push(segment),
            "OBX" => part.observations.push(Noted { segment, notes: Vec::new() }),
            "TXA" => document(part, segment),
            "PRT" | "NTE" if in_document => {
                let Some(told) = part.documents.last_mut() else { continue };
                if segment.id() == "PRT" { &mut told.participants } else { &mut told.notes }.push(segment);
            }
            "PRT" => {
                let about = part.observations.len().checked_sub(1);
                part.participants.push((about, segment));
            }
            "NTE" => match part.observations.last_mut() {
                Some(observation) => observation.notes.push(segment),
                None => part.notes.push(segment),
            },
            _ => {}
        }
    }
    share_routes(&mut group.parts);
    group
}

/// A TXA, with the OBX before it: that is its content where it names no observation.
fn document<'m, 'a>(part: &mut Part<'m, 'a>, txa: Segment<'m, 'a>) {
    let is_content =
        |one: &mut Noted<'m, 'a>| content::is_content(one.segment) && !one.segment.field(3).is_present();
    let before = part.observations.pop_if(is_content);
    part.documents.push(mdm::Told {
        txa: Some(txa),
        content: before.into_iter().collect(),
        ..mdm::Told::default()
    });
}

/// More routes than this are not those of several medicines.
const MOST_ROUTES: usize = 16;

/// `RXA RXA RXR`: the route is that of all of them (HL7 v2.5.1 §4.13.8).
fn share_routes(parts: &mut [Part<'_, '_>]) {
    let mut behind: Vec<Segment<'_, '_>> = Vec::new();
    for part in parts.iter_mut().rev() {
        if part.kind() != "RXA" {
            behind.clear();
        } else if part.routes.is_empty() && part.observations.is_empty() && behind.len() <= MOST_ROUTES {
            part.routes.clone_from(&behind);
        } else {
            behind.clone_from(&part.routes);
        }
    }
}
