//! REF: referrals (HL7 v2.5.1 §11.5). There is no official map: designed from FHIR.
//!
//! A referral is a ServiceRequest from who refers to whom it is referred to; how far they are is a Task on it,
//! as with orders.

use fhir::{CodeableConcept, Coding, Extension, Reference, Resource, ServiceRequest, Task, system};
use hl7v2::{Place, Segment};
use uuid::Uuid;

use super::adt::{self, Adt};
use super::oru::patients;
use super::{Says, mentioned};
use crate::context::{Context, add_new};
use crate::conversion::{Authority, EntryNote, Refusal};
use crate::convert::refuse;
use crate::identity::rule;
use crate::mapping::{Event as EventRow, own};
use crate::segment::prd::Provider;
use crate::segment::{aut, ctd, prd, rf1};
use crate::table;

/// The events that are converted.
pub(crate) const EVENTS: &[EventRow] = &[
    own("I12", "patient referral", "a ServiceRequest of category referral, and a Task for whom it goes to"),
    own("I13", "modify referral", "the ServiceRequest as it now is"),
    own("I14", "cancel referral", "the ServiceRequest is revoked, the Task cancelled"),
    own("I15", "request status of referral", "the Task, without saying how far it is"),
];

/// Converts a referral. Its PID only mentions the patient.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &super::Event) -> Result<(), Refusal> {
    let Some(rf1) = cx.message.segment("RF1") else {
        let text = "a referral is told in RF1, and there is none";
        return Err(refuse("no-referral", Place::of_segment(*b"RF1", 1), text));
    };
    let segments: Vec<Segment<'_, '_>> = cx.message.segments().collect();
    for group in patients(cx, "a referral is about a patient, and there is no PID")? {
        cx.registers = Authority::Mention;
        let before = cx.entries.len();
        adt::patient_group(cx, Adt::MENTION, Says::Results, &group)?;
        let Some((patient, visit)) = mentioned::subject(cx, before) else { continue };
        referral(cx, event.trigger == "I14", rf1, &segments, (patient, visit), before);
    }
    Ok(())
}

/// The referral that a registration tells along. What else it says is of the patient, and not why it is referred.
pub(super) fn in_registration<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    group: &[Segment<'m, 'a>],
    patient: Uuid,
    visit: Option<Uuid>,
) {
    for rf1 in group.iter().filter(|segment| segment.id() == "RF1") {
        let before = cx.entries.len();
        referral(cx, false, *rf1, &[], (patient, visit), before);
    }
}

fn referral<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    cancels: bool,
    rf1: Segment<'m, 'a>,
    segments: &[Segment<'m, 'a>],
    (patient, visit): (Uuid, Option<Uuid>),
    before: usize,
) {
    let id = rf1::identify(cx, rf1, patient);
    let mut request = rf1::convert(cx, rf1, id, patient, visit);
    let cancelled = cancels || rf1::is_deleted(cx, rf1);
    if cancelled {
        request.status = Some("revoked");
    } else if request.status.is_none() {
        request.status = Some("active");
        cx.presume(id, "status");
    }
    let start = segments.iter().position(|segment| segment.id() == "PID").unwrap_or(segments.len());
    for segment in segments.get(..start).unwrap_or_default() {
        match segment.id() {
            // Behind a procedure it is about that: `super::billing` gives it to it.
            "AUT" => request.extension.extend(aut::convert(cx, *segment, id)),
            "PRD" => {
                if let Some(provider) = prd::convert(cx, *segment) {
                    part(cx, &provider, patient, &mut request);
                }
            }
            // Whom to ask about the referral, of the provider before it.
            "CTD" => request.extension.extend(ctd::convert(cx, *segment)),
            _ => {}
        }
    }
    told_with_it(cx, before, &mut request);
    task(cx, rf1, id, &request, cancelled);
    if !cx.has(id) {
        cx.put_as(id, request, EntryNote { authority: Authority::Registration, asserted: cx.asserted });
    }
}

/// What an organisation is in the referral.
const ROLE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-prd-provider-role";

/// What somebody is in the referral (table 0286).
fn part<'a>(
    cx: &mut Context<'_, 'a>,
    provider: &Provider<'a>,
    patient: Uuid,
    request: &mut ServiceRequest<'a>,
) {
    let mut who = Reference::to(provider.who);
    who.extension.extend(provider.roles.iter().map(|role| Extension::concept(ROLE, role.clone())));
    let mut placed = false;
    for code in &provider.parts {
        match code.as_str() {
            "RP" if request.requester.is_none() => request.requester = Some(who.clone()),
            "RT" => add_new(&mut request.performer, [who.clone()]),
            "PP" => {
                if let Some(Resource::Patient(patient)) = cx.entry(patient) {
                    add_new(&mut patient.general_practitioner, [who.clone()]);
                }
            }
            _ => continue,
        }
        placed = true;
    }
    if !placed {
        add_new(&mut request.supporting_info, [who]);
    }
}

/// Diagnoses are why it is referred; results and procedures go along; the insurances pay.
fn told_with_it<'a>(cx: &Context<'_, 'a>, before: usize, request: &mut ServiceRequest<'a>) {
    for entry in cx.entries.iter().skip(before) {
        let to = Reference::to(entry.full_url.0);
        match entry.resource.kind() {
            "Condition" => add_new(&mut request.reason_reference, [to]),
            "Coverage" => add_new(&mut request.insurance, [to]),
            "Observation" | "DiagnosticReport" | "Procedure" | "AllergyIntolerance" | "DocumentReference" => {
                add_new(&mut request.supporting_info, [to]);
            }
            _ => {}
        }
    }
}

/// What is asked of whom it is referred to, and how far they are.
fn task<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rf1: Segment<'m, 'a>,
    request: Uuid,
    of: &ServiceRequest<'a>,
    cancelled: bool,
) {
    let id = cx.id(&rule::TASK, &[&[&request.hyphenated().to_string()]], rf1.place());
    if cx.has(id) {
        return;
    }
    let told = table::referral_task(&rf1::state(rf1)).map(|target| target.code);
    let status = if cancelled { Some("cancelled") } else { told };
    if status.is_none() {
        cx.presume(id, "status");
    }
    let fulfil = Coding::new(system::TASK_CODE, "fulfill").with_display("Fulfill the focal request");
    let task = Task {
        id: Some(id),
        identifier: of.identifier.clone(),
        status: status.or(Some("requested")),
        intent: Some("order"),
        code: Some(CodeableConcept::of(fulfil)),
        focus: Some(Reference::to(request)),
        r#for: of.subject.clone(),
        encounter: of.encounter.clone(),
        authored_on: of.authored_on.clone(),
        requester: of.requester.clone(),
        owner: of.performer.first().cloned(),
        ..Task::default()
    };
    cx.put_as(id, task, EntryNote { authority: Authority::Registration, asserted: cx.asserted });
}
