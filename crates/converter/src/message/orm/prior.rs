//! Earlier results that are sent along with an order (OML^O21, OMG^O19: PATIENT_PRIOR, PATIENT_VISIT_PRIOR,
//! ORDER_PRIOR; HL7 v2.5.1 §4.4.6), with or without a PID of their own. They are results like any other, of when
//! they were reported, and the order refers to them. A visit among them is an Encounter of its own; an order that
//! stands behind it is of that visit.

use hl7v2::Segment;
use uuid::Uuid;

use crate::context::Context;
use crate::conversion::Refusal;
use crate::message::adt::visit::PRIOR;
use crate::message::adt::{self, Adt};
use crate::message::group::{Group, is_new_order};
use crate::message::{Says, oru};
use crate::segment::pv1::{EncounterDraft, Further};
use crate::segment::{al1, pid, prt, pv1, pv2, rol};

const KNOWN_THEN: &str =
    "who the patient was when an earlier result was made: the message's own PID says who it is now";

/// The segments of each patient. A PID behind an order begins earlier results of it, unless an order is placed
/// behind it: then it is another patient.
pub(super) fn patients<'m, 'a>(
    cx: &Context<'m, 'a>,
    otherwise: &str,
) -> Result<Vec<Vec<Segment<'m, 'a>>>, Refusal> {
    let mut patients: Vec<Vec<Segment<'m, 'a>>> = Vec::new();
    // Whether the last of them has an order.
    let mut ordered = false;
    for run in oru::patients(cx, otherwise)? {
        let first = run.iter().find(|segment| matches!(segment.id(), "ORC" | "OBR"));
        let earlier = first.is_some_and(|first| !is_new_order(*first));
        let orders = run.iter().any(|segment| segment.id() == "ORC");
        match patients.last_mut().filter(|_| earlier && ordered) {
            Some(known) => known.extend(run),
            None => {
                patients.push(run);
                ordered = orders;
            }
        }
    }
    Ok(patients)
}

/// What was sent along with an order.
pub(super) struct Prior {
    /// The reports of the earlier results.
    pub(super) reports: Vec<Uuid>,
    /// The visit that the orders behind it are of, where it tells of a visit and of no results: `None` where it
    /// cannot be told from others.
    pub(super) visit: Option<Option<Uuid>>,
}

/// Earlier results and visits that were sent along with an order. `current` is the visit of the message.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &Group<'m, 'a>,
    patient: Uuid,
    current: Option<Uuid>,
) -> Prior {
    let known = cx.reported.len();
    let mut visit = None;
    for run in &group.prior {
        let before = (cx.asserted, cx.registers);
        cx.registers = crate::Authority::Mention;
        // A result is of when it was reported, not of when it was sent along with something else.
        let reported = run
            .iter()
            .filter(|segment| segment.id() == "OBR")
            .find_map(|obr| [22, 8, 7].into_iter().find_map(|n| cx.timestamp(obr.field(n).value())));
        cx.asserted = reported.or(cx.asserted);
        let of_run = results(cx, run, patient, current);
        let told = run.iter().any(|segment| segment.id() == "PV1");
        let orders = run.iter().any(|segment| matches!(segment.id(), "ORC" | "OBR"));
        visit = (told && !orders).then_some(of_run);
        (cx.asserted, cx.registers) = before;
    }
    Prior { reports: cx.reported.iter().skip(known).map(|report| report.id).collect(), visit }
}

/// The visit that it tells of.
fn results<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    run: &[Segment<'m, 'a>],
    patient: Uuid,
    current: Option<Uuid>,
) -> Option<Uuid> {
    let own = run.first().copied().filter(|segment| segment.id() == "PID");
    let who = own.and_then(|own| pid::identify_by(cx, own.field(3))).map(|(id, _)| id);
    if who.is_some_and(|who| who != patient) {
        // Another number of the patient, or another patient: nobody can tell, and it is said of that one.
        // Without a merge in it there is nothing to refuse.
        let _never = adt::patient_group(cx, Adt::MENTION, Says::Prior, run);
        return None;
    }
    let start = run.iter().position(|segment| matches!(segment.id(), "ORC" | "OBR")).unwrap_or(run.len());
    let (head, _) = run.split_at_checked(start).unwrap_or((run, &[]));
    let visit = head_of(cx, head, patient, current);
    oru::results(cx, run, Says::Prior, patient, visit);
    visit
}

/// What stands before the results: who the patient was, the visit, and allergies.
fn head_of<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    head: &[Segment<'m, 'a>],
    patient: Uuid,
    current: Option<Uuid>,
) -> Option<Uuid> {
    let mut told = None;
    let mut draft: Option<EncounterDraft<'a>> = None;
    for &segment in head {
        match segment.id() {
            "PV1" => {
                let before = draft.as_ref().map(|one| one.id);
                let known = |id| current == Some(id) || before == Some(id);
                let visit = pv1::further(cx, segment, patient, PRIOR, known);
                if let Some(before) = draft.take() {
                    before.put(cx);
                }
                told = match &visit {
                    Further::Another(visit) => Some(visit.id),
                    Further::Known(id) => Some(*id),
                    Further::Unknown => None,
                };
                draft = if let Further::Another(visit) = visit { Some(*visit) } else { None };
            }
            "PV2" => match &mut draft {
                Some(visit) => pv2::convert(cx, segment, visit),
                None => pv1::leave(cx, segment),
            },
            "PRT" => match &mut draft {
                Some(visit) => prt::of_visit(cx, segment, patient, visit),
                None => segment.fields().for_each(|field| cx.ignore_field(field, KNOWN_THEN)),
            },
            "ROL" => match &mut draft {
                Some(visit) => rol::of_visit(cx, segment, patient, visit),
                None => segment.fields().for_each(|field| cx.ignore_field(field, KNOWN_THEN)),
            },
            "AL1" => {
                al1::convert(cx, segment, patient);
            }
            "PID" | "PD1" | "NK1" | "ARV" => {
                segment.fields().for_each(|field| cx.ignore_field(field, KNOWN_THEN));
            }
            _ => {}
        }
    }
    if let Some(visit) = draft {
        visit.put(cx);
    }
    told
}
