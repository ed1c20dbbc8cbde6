//! What PID says beside the person: the mother, an animal's species, how sure it is who this is, and who last
//! changed the record.

use fhir::{
    CodeableConcept, Extension, ExtensionValue, Patient, Provenance, ProvenanceOccurred, Reference,
    RelatedPerson, Resource, system,
};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new, own};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::{self, cwe, cx as identifier, xpn};
use crate::identity::rule;

const MOTHERS_MAIDEN_NAME: &str = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName";
const ANIMAL: &str = "http://hl7.org/fhir/StructureDefinition/patient-animal";

/// PID-6 and PID-21. The maiden name is an extension of the Patient; a mother who has a number or a given name is
/// a RelatedPerson as well.
pub(super) fn mother<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    let Some(child) = patient.id else { return };
    let first = pid.field(6).first().component(1);
    let family = cx.write(first.value()).or_else(|| cx.write(first.subcomponent(3)));
    patient.extension.extend(family.map(|name| Extension::string(MOTHERS_MAIDEN_NAME, name)));
    let more_than_family = |field: Field<'m, 'a>| {
        field.repetition_count() > 1
            || field.first().components().skip(1).any(|component| component.value().is_present())
            || field.first().component(1).subcomponents().skip(1).any(|part| part.is_present())
    };
    let mut names = Vec::new();
    if more_than_family(pid.field(6)) {
        xpn::names(cx, pid.field(6), Some("maiden"), &mut names);
    }
    let key = identifier::key(cx, pid.field(21).first()).map(|(_, value)| value);
    let mut identifiers = Vec::new();
    for repetition in pid.field(21).repetitions() {
        let number = identifier::identifier(cx, repetition, None);
        add_new(&mut identifiers, number);
    }
    if names.is_empty() && identifiers.is_empty() {
        return;
    }
    let by_name = xpn::key(pid.field(6).first(), &xpn::XPN).unwrap_or_default();
    let name: [&str; 2] = match &key {
        Some(number) => ["", number],
        None => [&by_name.0, &by_name.1],
    };
    let parts: &[&[&str]] = &[&[&child.hyphenated().to_string()], &[system::ROLE_CODE, "MTH"], &name];
    let id = cx.id(&rule::RELATED_PERSON, parts, pid.field(21).place());
    let mother = CodeableConcept::of(fhir::Coding::new(system::ROLE_CODE, "MTH").with_display("mother"));
    let person = RelatedPerson {
        id: Some(id),
        active: Some(true),
        patient: Some(Reference::to(child)),
        relationship: vec![mother],
        name: names,
        identifier: identifiers,
        ..RelatedPerson::default()
    };
    match cx.entry(id) {
        Some(Resource::RelatedPerson(known)) => {
            add_new(&mut known.name, person.name);
            add_new(&mut known.identifier, person.identifier);
        }
        _ => cx.put(id, person),
    }
}

/// PID-35 to PID-38: a patient of a veterinary.
pub(super) fn animal<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    let species = cwe::concept(cx, pid.field(35).first(), "PID-35", None);
    let breed = cwe::concept(cx, pid.field(36).first(), "PID-36", None);
    if species.is_some() || breed.is_some() {
        // A breed without its species: FHIR demands one.
        let species = species.unwrap_or_else(|| CodeableConcept {
            extension: vec![Extension::code(system::DATA_ABSENT_REASON, "unknown")],
            ..CodeableConcept::default()
        });
        let mut parts = vec![Extension::concept("species", species)];
        parts.extend(breed.map(|breed| Extension::concept("breed", breed)));
        patient.extension.push(Extension::new(ANIMAL, ExtensionValue::Parts(parts)));
    }
    let strain: Vec<_> =
        pid.field(37).first().components().filter_map(|part| cx.write(part.value())).collect();
    if !strain.is_empty() {
        patient.extension.push(Extension::string(own!("strain"), strain.join(" ")));
    }
    let class = cwe::concept(cx, pid.field(38).first(), "PID-38", None);
    patient.extension.extend(class.map(|class| Extension::concept(own!("production-class"), class)));
}

/// PID-27, PID-31 and PID-32.
pub(super) fn reliability<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: &mut Patient<'a>) {
    let military = cwe::concept(cx, pid.field(27).first(), "PID-27", None);
    let military = military.map(|status| Extension::concept(own!("veterans-military-status"), status));
    patient.extension.extend(military);
    if let Some(unknown) = cx.yes_no(pid.field(31).value()) {
        let unknown = ExtensionValue::Boolean(unknown);
        patient.extension.push(Extension::new(own!("identity-unknown"), unknown));
    } else if let Some(text) = cx.write(pid.field(31).value()) {
        patient.extension.push(Extension::string(own!("identity-unknown"), text));
    }
    datatype::beyond(cx, pid, [31], &mut patient.extension);
    for repetition in pid.field(32).repetitions() {
        let code = cwe::concept(cx, repetition, "PID-32", None);
        patient.extension.extend(code.map(|code| Extension::concept(own!("identity-reliability"), code)));
    }
}

/// PID-33 and PID-34: when and where the record was last changed, as a Provenance of the Patient.
pub(super) fn last_update<'m, 'a>(cx: &mut Context<'m, 'a>, pid: Segment<'m, 'a>, patient: Uuid) {
    let when = pid.field(33).value();
    let facility = Hd::of_repetition(pid.field(34).first(), 1);
    if !when.is_present() && !facility.is_present() {
        return;
    }
    let digest = cx.digest();
    let key = patient.hyphenated().to_string();
    let id = cx.id(&rule::PROVENANCE_OF_PATIENT, &[&[&key], &[&digest]], when.place());
    if cx.has(id) {
        return;
    }
    let mut provenance = Provenance { id: Some(id), ..Provenance::default() };
    provenance.target.push(Reference::to(patient));
    let (occurred, original) = cx.date_time(when);
    provenance.occurred =
        occurred.map(ProvenanceOccurred::DateTime).or(original.map(ProvenanceOccurred::DateTimeExt));
    (provenance.recorded, provenance.recorded_ext) = cx.instant(cx.message.header().field(7).value());
    if provenance.recorded.is_none() && provenance.recorded_ext.is_none() {
        provenance.recorded_ext =
            Some(fhir::Element::of(Extension::code(system::DATA_ABSENT_REASON, "unknown")));
    }
    provenance.activity = Some(CodeableConcept::code(system::DATA_OPERATION, "UPDATE"));
    let who = match organization(cx, facility) {
        Some(id) => Reference::to(id),
        None => Reference {
            extension: vec![Extension::code(system::DATA_ABSENT_REASON, "unknown")],
            ..Reference::default()
        },
    };
    provenance.agent.push(super::super::evn::agent("performer", who));
    datatype::beyond(cx, pid, [33, 34], &mut provenance.extension);
    cx.put_as(id, provenance, EntryNote { authority: Authority::Registration, asserted: None });
}
