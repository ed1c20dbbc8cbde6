//! S23 and S24: time that is blocked, and given free again. FHIR has slots for that: one in the schedule of each
//! resource.

use fhir::{
    Appointment, AppointmentParticipant, Extension, ExtensionValue, Reference, Resource, Schedule, Slot,
};

use super::unknown;
use crate::context::{Context, add_new, extension};
use crate::conversion::{Authority, EntryNote};
use crate::identity::rule;
use crate::segment::sch::Draft;

/// Who is to be asked about the time that is blocked.
const CONTACT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-scheduling-contact";
/// What else a participant of an appointment would say.
const RESOURCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-resource";
/// SCH-7 and the orders, for which a slot has no elements.
const REASON: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-appointment-reason";
const ORDER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-appointment-order";

/// Puts a slot for each resource that is somebody or something; one for the message where it names none.
pub(super) fn convert<'a>(
    cx: &mut Context<'_, 'a>,
    draft: Draft<'a>,
    resources: Vec<AppointmentParticipant<'a>>,
    blocked: bool,
) {
    let (named, services): (Vec<_>, Vec<_>) = resources.into_iter().partition(|one| one.actor.is_some());
    let mut extensions: Vec<Extension<'a>> = Vec::new();
    for service in services {
        extensions.extend(about(&service));
    }
    let named = if named.is_empty() {
        vec![AppointmentParticipant { actor: Some(unknown()), ..AppointmentParticipant::default() }]
    } else {
        named
    };
    for resource in named {
        slot(cx, &draft, &resource, &extensions, blocked);
    }
}

fn slot<'a>(
    cx: &mut Context<'_, 'a>,
    draft: &Draft<'a>,
    resource: &AppointmentParticipant<'a>,
    services: &[Extension<'a>],
    blocked: bool,
) {
    let at = cx.message.header().place();
    let actor = resource.actor.clone().unwrap_or_default();
    let sender = cx.sender_key().to_owned();
    let appointment = draft.id.hyphenated().to_string();
    // Two that are not named are not one.
    let who = Some(key(&actor)).filter(|who| !who.is_empty()).unwrap_or_else(|| appointment.clone());
    let schedule = cx.id(&rule::SCHEDULE, &[&[&sender], &[&who]], at);
    if !cx.has(schedule) {
        let one = Schedule { id: Some(schedule), actor: vec![actor], ..Schedule::default() };
        cx.put(schedule, one);
    }
    let id = cx.id(&rule::SLOT, &[&[&appointment], &[&schedule.hyphenated().to_string()]], at);
    if let Some(Resource::Slot(slot)) = cx.entry(id) {
        // The same resource once more: one slot, and what else is said of it.
        add_new(&mut slot.extension, about(resource));
        return;
    }
    let Appointment { identifier, service_type, appointment_type, comment, .. } = &draft.resource;
    let mut slot = Slot {
        id: Some(id),
        extension: draft.resource.extension.clone(),
        identifier: identifier.clone(),
        service_type: service_type.clone(),
        appointment_type: appointment_type.clone(),
        schedule: Some(Reference::to(schedule)),
        status: Some(if blocked { "busy-unavailable" } else { "free" }),
        status_ext: draft.resource.status_ext.clone().or_else(|| told(draft)),
        comment: comment.clone(),
        ..Slot::default()
    };
    (slot.start, slot.start_ext) = (draft.start.text.clone(), draft.start.beside.clone());
    (slot.end, slot.end_ext) = (draft.end.text.clone(), draft.end.beside.clone());
    if slot.start.is_none() && slot.end.is_none() {
        cx.presume(id, "start");
    }
    let reasons = draft.resource.reason_code.iter().cloned();
    slot.extension.extend(reasons.map(|reason| Extension::concept(REASON, reason)));
    let orders = draft.resource.based_on.iter().cloned();
    let orders = orders.map(|order| ExtensionValue::Reference(Box::new(order)));
    slot.extension.extend(orders.map(|order| Extension::new(ORDER, order)));
    for contact in &draft.resource.participant {
        let who = contact.actor.clone().map(|actor| ExtensionValue::Reference(Box::new(actor)));
        let mut parts: Vec<Extension<'a>> =
            contact.r#type.iter().cloned().map(|kind| Extension::concept("type", kind)).collect();
        parts.extend(who.map(|who| Extension::new("actor", who)));
        slot.extension.push(Extension::new(CONTACT, ExtensionValue::Parts(parts)));
    }
    slot.extension.extend(services.iter().cloned());
    slot.extension.extend(about(resource));
    cx.put_as(id, slot, EntryNote { authority: Authority::Registration, asserted: None });
}

/// A status of the filler that says something of its own.
fn told<'a>(draft: &Draft<'a>) -> Option<fhir::Element<'a>> {
    let status = draft.resource.status.filter(|status| *status != "booked")?;
    Some(fhir::Element::of(Extension::code(extension::ORIGINAL_CODE, status)))
}

/// What a resource says of itself besides whom or what it is.
fn about<'a>(resource: &AppointmentParticipant<'a>) -> Option<Extension<'a>> {
    let mut parts = resource.extension.clone();
    parts.extend(resource.r#type.iter().cloned().map(|kind| Extension::concept("type", kind)));
    let period = resource.period.clone().map(|period| ExtensionValue::Period(Box::new(period)));
    parts.extend(period.map(|period| Extension::new("period", period)));
    parts.extend(resource.status_ext.iter().flat_map(|status| status.extension.clone()));
    (!parts.is_empty()).then(|| Extension::new(RESOURCE, ExtensionValue::Parts(parts)))
}

/// What stands for whom or what a schedule is of.
fn key(actor: &Reference<'_>) -> String {
    let identifier = actor.identifier.as_ref();
    let number = identifier.and_then(|identifier| identifier.value.as_deref());
    match (actor.reference, number) {
        (Some(urn), _) => urn.0.hyphenated().to_string(),
        (None, Some(number)) => {
            let system = identifier.and_then(|identifier| identifier.system.as_deref());
            format!("{}|{number}", system.unwrap_or_default())
        }
        (None, None) => actor.display.as_deref().unwrap_or_default().to_owned(),
    }
}
