//! PPR: problems, with their goals and pathways (HL7 v2.5.1 §12.3.3). There is no official map: designed from
//! FHIR.

use fhir::{Annotation, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::adt::{self, Adt};
use super::oru::{patients, results};
use super::{Says, mentioned};
use crate::context::{Context, add_new};
use crate::conversion::{Authority, Refusal};
use crate::mapping::{Event as EventRow, own};
use crate::segment::{gol, nte, prb, prt, pth, rol, var};

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own("PC1", "problem add", "a Condition of the problem list, with Goal and CarePlan"),
    own("PC2", "problem update", "the same"),
    own("PC3", "problem delete", "the Condition is entered in error"),
];

/// Converts a problem message. Its PID only mentions the patient.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    let deletes = event.trigger == "PC3";
    for group in patients(cx, "a problem is a patient's, and there is no PID")? {
        let is_care = |segment: &Segment<'_, '_>| matches!(segment.id(), "PRB" | "GOL" | "PTH");
        let start = group.iter().position(is_care).unwrap_or(group.len());
        let (head, rest) = group.split_at(start);
        cx.registers = Authority::Mention;
        let before = cx.entries.len();
        adt::patient_group(cx, Adt::MENTION, Says::Results, head)?;
        let Some((patient, visit)) = mentioned::subject(cx, before) else { continue };
        cx.registers = Authority::Registration;
        care(cx, rest, patient, visit, deletes);
    }
    Ok(())
}

/// The problems that a registration tells along: with their notes, of the patient and the visit.
pub(super) fn in_registration<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &[Segment<'m, 'a>],
    patient: Uuid,
    visit: Option<Uuid>,
) {
    let mut behind = false;
    let mut told = Vec::new();
    for segment in group {
        behind = match segment.id() {
            "PRB" | "GOL" | "PTH" | "VAR" => true,
            "NTE" => behind,
            _ => false,
        };
        told.extend(behind.then_some(*segment));
    }
    care(cx, &told, patient, visit, false);
}

/// What is being told of: a note, a variance or a participant is about the last of them.
#[derive(Default, Clone, Copy)]
struct About {
    problem: Option<Uuid>,
    goal: Option<Uuid>,
    last: Option<Uuid>,
}

/// Problems, and what stands under them.
fn care<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segments: &[Segment<'m, 'a>],
    patient: Uuid,
    visit: Option<Uuid>,
    deletes: bool,
) {
    let mut about = About::default();
    let mut rest = segments;
    while let Some((&segment, more)) = rest.split_first() {
        rest = more;
        match segment.id() {
            "PRB" => {
                let problem = prb::convert(cx, segment, patient, visit, deletes);
                about = About { problem, goal: None, last: problem };
            }
            "GOL" => {
                about.goal = gol::convert(cx, segment, patient, about.problem, false);
                about.last = about.goal;
            }
            "PTH" => about.last = pth::convert(cx, segment, patient, visit, (about.problem, about.goal)),
            "VAR" => {
                if about.last.is_some() {
                    let note = var::convert(cx, segment);
                    add_note(cx, about.last, note);
                } else {
                    for field in segment.fields() {
                        cx.ignore_field(
                            field,
                            "a variance of a problem, goal or pathway: none is told before it",
                        );
                    }
                }
            }
            "ROL" => rol::about(cx, segment, patient, about.last),
            "PRT" => prt::convert(cx, segment, patient, about.last),
            "NTE" => {
                let run = run(segment, &mut rest, |id| id == "NTE");
                for note in nte::notes(cx, &run) {
                    let note = note.annotation();
                    add_note(cx, about.last, note);
                }
            }
            "ORC" | "OBR" | "OBX" | "TQ1" | "SPM" | "RXO" | "RXE" => {
                let run = run(segment, &mut rest, |id| !matches!(id, "PRB" | "GOL" | "PTH" | "ROL" | "VAR"));
                under(cx, &run, patient, visit, about);
            }
            _ => {}
        }
    }
}

/// A segment and those behind it of the kinds that go with it.
fn run<'m, 'a>(
    first: Segment<'m, 'a>,
    rest: &mut &[Segment<'m, 'a>],
    goes_along: impl Fn(&str) -> bool,
) -> Vec<Segment<'m, 'a>> {
    let count = rest.iter().take_while(|segment| goes_along(segment.id())).count();
    let (along, more) = rest.split_at(count);
    *rest = more;
    std::iter::once(first).chain(along.iter().copied()).collect()
}

/// Orders and results under a problem or goal: the orders are for it, the results tell of it.
fn under<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    run: &[Segment<'m, 'a>],
    patient: Uuid,
    visit: Option<Uuid>,
    about: About,
) {
    let before = cx.entries.len();
    let says = if run.iter().any(|segment| segment.id() == "ORC") { Says::Orders } else { Says::Results };
    let registers = std::mem::replace(&mut cx.registers, Authority::Mention);
    results(cx, run, says, patient, visit);
    cx.registers = registers;
    let (mut orders, mut found) = (Vec::new(), Vec::new());
    for entry in cx.entries.iter().skip(before) {
        match entry.resource.kind() {
            "ServiceRequest" => orders.push(entry.full_url.0),
            "Observation" | "DiagnosticReport" => found.push(Reference::to(entry.full_url.0)),
            _ => {}
        }
    }
    for order in orders {
        if let Some(Resource::ServiceRequest(order)) = cx.entry(order) {
            add_new(&mut order.reason_reference, about.problem.map(Reference::to));
        }
    }
    match about.last.and_then(|id| cx.entry(id)) {
        Some(Resource::Condition(condition)) => {
            for detail in found {
                add_new(&mut condition.evidence, [fhir::ConditionEvidence { detail: vec![detail] }]);
            }
        }
        Some(Resource::Goal(goal)) => add_new(&mut goal.outcome_reference, found),
        Some(Resource::CarePlan(plan)) => add_new(&mut plan.supporting_info, found),
        _ => {}
    }
}

/// Adds a note to what is told of. `false` where there is nothing to add it to.
fn add_note<'a>(cx: &mut Context<'_, 'a>, about: Option<Uuid>, note: Annotation<'a>) -> bool {
    let notes = match about.and_then(|id| cx.entry(id)) {
        Some(Resource::Condition(condition)) => &mut condition.note,
        Some(Resource::Goal(goal)) => &mut goal.note,
        Some(Resource::CarePlan(plan)) => &mut plan.note,
        _ => return false,
    };
    add_new(notes, [note]);
    true
}
