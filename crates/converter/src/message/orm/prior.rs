//! Earlier results that are sent along with an order (OML^O21, OMG^O19: PATIENT_PRIOR, ORDER_PRIOR; HL7 v2.5.1
//! §4.4.6), with or without a PID of their own. They are results like any other, of when they were reported, and
//! the order refers to them.

use hl7v2::Segment;
use uuid::Uuid;

use crate::context::Context;
use crate::conversion::Refusal;
use crate::message::adt::{self, Adt};
use crate::message::group::{Group, is_new_order};
use crate::message::{Says, oru};
use crate::segment::{al1, pid, pv1};

const KNOWN_THEN: &str =
    "who the patient was when an earlier result was made: the message's own PID says who it is now";

/// The segments of each patient. A PID behind an order begins earlier results of it, unless an order is placed
/// behind it: then it is another patient.
pub(super) fn patients<'m, 'a>(
    cx: &Context<'m, 'a>,
    otherwise: &str,
) -> Result<Vec<Vec<Segment<'m, 'a>>>, Refusal> {
    let mut patients: Vec<Vec<Segment<'m, 'a>>> = Vec::new();
    for run in oru::patients(cx, otherwise)? {
        let first = run.iter().find(|segment| matches!(segment.id(), "ORC" | "OBR"));
        let earlier = first.is_some_and(|first| !is_new_order(*first));
        match patients.last_mut().filter(|known| earlier && known.iter().any(|one| one.id() == "ORC")) {
            Some(known) => known.extend(run),
            None => patients.push(run),
        }
    }
    Ok(patients)
}

/// The reports of the earlier results of an order.
pub(super) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, group: &Group<'m, 'a>, patient: Uuid) -> Vec<Uuid> {
    let known = cx.reported.len();
    for run in &group.prior {
        let before = (cx.asserted, cx.registers);
        cx.registers = crate::Authority::Mention;
        // A result is of when it was reported, not of when it was sent along with something else.
        let reported = run
            .iter()
            .filter(|segment| segment.id() == "OBR")
            .find_map(|obr| [22, 8, 7].into_iter().find_map(|n| cx.timestamp(obr.field(n).value())));
        cx.asserted = reported.or(cx.asserted);
        results(cx, run, patient);
        (cx.asserted, cx.registers) = before;
    }
    cx.reported.iter().skip(known).map(|report| report.id).collect()
}

fn results<'m, 'a>(cx: &mut Context<'m, 'a>, run: &[Segment<'m, 'a>], patient: Uuid) {
    let own = run.first().copied().filter(|segment| segment.id() == "PID");
    let Some(own) = own else {
        oru::results(cx, run, Says::Prior, patient, None);
        return;
    };
    let who = pid::identify_by(cx, own.field(3)).map(|(id, _)| id);
    if who.is_some_and(|who| who != patient) {
        // Another number of the patient, or another patient: nobody can tell, and it is said of that one.
        // Without a merge in it there is nothing to refuse.
        let _never = adt::patient_group(cx, Adt::MENTION, Says::Prior, run);
        return;
    }
    let mut encounter = None;
    for segment in run {
        match segment.id() {
            "PID" | "PD1" => {
                segment.fields().for_each(|field| cx.ignore_field(field, KNOWN_THEN));
            }
            "PV1" => {
                let visit = pv1::convert(cx, *segment, own, patient, Adt::MENTION.visit);
                encounter = visit.as_ref().map(|visit| visit.id);
                if let Some(visit) = visit.filter(|visit| !cx.has(visit.id)) {
                    visit.put(cx);
                }
            }
            "AL1" => {
                al1::convert(cx, *segment, patient);
            }
            _ => {}
        }
    }
    oru::results(cx, run, Says::Prior, patient, encounter);
}
