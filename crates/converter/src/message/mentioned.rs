//! An order that a message names by its numbers and says nothing else of.

use fhir::{CodeableConcept, Extension, Reference, Resource, ServiceRequest, system};
use hl7v2::Repetition;
use uuid::Uuid;

use crate::context::{Context, add_new};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::hd;
use crate::identity::rule;

/// The ServiceRequest that a placer's or filler's number names: put where this message has none, so that the
/// reference resolves. It is the one that the order itself makes, and fills nothing of it.
pub(super) fn request<'a>(
    cx: &mut Context<'_, 'a>,
    placer: Option<Repetition<'_, 'a>>,
    filler: Option<Repetition<'_, 'a>>,
    patient: Option<Uuid>,
) -> Option<Uuid> {
    let numbers = [(placer, "PLAC"), (filler, "FILL")];
    let key = numbers.iter().find_map(|(ei, _)| hd::ei_key(cx, (*ei)?));
    let (authority, number) = key?;
    let at = placer.or(filler)?.place();
    let id = cx.id(&rule::SERVICE_REQUEST, &[&[&authority, &number]], at);
    let mut identifiers = Vec::new();
    for (ei, kind) in numbers {
        if let Some(mut identifier) = ei.and_then(|ei| hd::ei(cx, ei)) {
            identifier.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind)));
            identifiers.push(identifier);
        }
    }
    if let Some(Resource::ServiceRequest(known)) = cx.entry(id) {
        add_new(&mut known.identifier, identifiers);
        return Some(id);
    }
    let unknown = || Extension::code(system::DATA_ABSENT_REASON, "unknown");
    let request = ServiceRequest {
        id: Some(id),
        identifier: identifiers,
        status: Some("unknown"),
        intent: Some("order"),
        subject: Some(match patient {
            Some(patient) => Reference::to(patient),
            None => Reference { extension: vec![unknown()], ..Reference::default() },
        }),
        ..ServiceRequest::default()
    };
    cx.presume(id, "status");
    cx.presume(id, "intent");
    if patient.is_none() {
        cx.presume(id, "subject");
    }
    cx.put_as(id, request, EntryNote { authority: Authority::Mention, asserted: None });
    Some(id)
}

/// The patient and the visit that a group put, where it began at this entry.
pub(super) fn subject(cx: &Context<'_, '_>, before: usize) -> Option<(Uuid, Option<Uuid>)> {
    let patient = cx.patients.last()?.id;
    let of_kind = |kind: &str| {
        let entries = cx.entries.iter().skip(before);
        entries.rev().find(|entry| entry.resource.kind() == kind).map(|entry| entry.full_url.0)
    };
    Some((patient, of_kind("Encounter")))
}
