//! In whose name an insurance stands: the patient, or somebody else (IN1-16 to IN1-19, IN1-43), with which
//! number (IN1-49), and through which employer (IN1-10, IN1-11).

use fhir::{Coverage, Organization, PatientCommunication, Reference, RelatedPerson, system};
use hl7v2::Segment;
use uuid::Uuid;

use super::numbered;
use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, cx as identifier, xad, xon, xpn};
use crate::identity::rule;
use crate::segment::pid::PatientDraft;
use crate::segment::{gender, gt1};
use crate::table;

/// FHIR R5 has the insured's number as an identifier; in R4 it is this extension.
pub(super) const SUBSCRIBER_ID: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Coverage.subscriberId";

pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in1: Segment<'m, 'a>,
    patient: &PatientDraft<'a>,
    coverage: &mut Coverage<'a>,
) {
    let number = in1.field(49).first();
    coverage.subscriber_id = cx.write(number.component(1).value());
    if number.components().nth(1).is_some() || in1.field(49).repetitions().nth(1).is_some() {
        for repetition in in1.field(49).repetitions() {
            let one = identifier::identifier(cx, repetition, None);
            coverage.extension.extend(one.map(|one| numbered(SUBSCRIBER_ID, one)));
        }
    }
    coverage.subscriber = subscriber(cx, in1, patient).map(Reference::to);
    coverage.policy_holder = employer(cx, in1).map(Reference::to);
}

/// The patient, where the message says so or repeats the name; else a person of its own.
fn subscriber<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    in1: Segment<'m, 'a>,
    patient: &PatientDraft<'a>,
) -> Option<Uuid> {
    let name = xpn::key(in1.field(16).first(), &xpn::XPN);
    let relation = in1.field(17);
    let of_patient = cx.message.segment("PID").and_then(|pid| xpn::key(pid.field(5).first(), &xpn::XPN));
    let same = relation.is_empty() && name.is_some() && name == of_patient;
    if gt1::is_patient(relation.value()) || same {
        for field in [16, 18, 19, 43] {
            cx.ignore_field(in1.field(field), "the insured is the patient, of whom PID says it");
        }
        return Some(patient.id);
    }
    let told = [16, 18, 19, 43].iter().any(|field| in1.field(*field).value().is_present());
    if !told && (name.is_none() || relation.is_empty()) {
        return None;
    }
    let (family, given) = match name {
        Some(name) => name,
        None => (trim(in1.field(49).value().text()), "".into()),
    };
    let key = patient.id.hyphenated().to_string();
    let id = cx.id(&rule::INSURED, &[&[&key], &[&family, &given]], in1.place());
    let mut person = RelatedPerson { id: Some(id), active: Some(true), ..RelatedPerson::default() };
    person.patient = Some(Reference::to(patient.id));
    xpn::names(cx, in1.field(16), None, &mut person.name);
    person.relationship.extend(cwe::concept(cx, relation.first(), "IN1-17", Some(table::relationship)));
    (person.birth_date, person.birth_date_ext) = cx.date(in1.field(18).value(), Some(system::BIRTH_TIME));
    xad::addresses(cx, in1.field(19), &mut person.address);
    (person.gender, person.gender_ext) = gender(cx, in1.field(43).first());
    gt1::put(cx, in1, id, person, [&[18], &[43]]);
    Some(id)
}

/// The employer or group that took out the insurance.
fn employer<'m, 'a>(cx: &mut Context<'m, 'a>, in1: Segment<'m, 'a>) -> Option<Uuid> {
    let named = xon::organization(cx, in1.field(11).first());
    let mut more = Organization::default();
    let mut key = None;
    for repetition in in1.field(10).repetitions() {
        let one = identifier::key(cx, repetition);
        let written = identifier::identifier(cx, repetition, None);
        add_new(&mut more.identifier, written);
        key = key.or(one);
    }
    let id = named.or_else(|| {
        let (authority, number) = key?;
        Some(cx.id(&rule::ORGANIZATION, &[&[&authority, &number]], in1.field(10).place()))
    })?;
    xad::addresses(cx, in1.field(44), &mut more.address);
    xon::put(cx, id, more);
    Some(id)
}

/// What IN2 says of the person in whose name the insurance stands.
pub(crate) fn complete<'a>(
    cx: &mut Context<'_, 'a>,
    subscriber: Option<Uuid>,
    more: RelatedPerson<'a>,
    language: Option<fhir::CodeableConcept<'a>>,
) -> bool {
    let Some(fhir::Resource::RelatedPerson(person)) = subscriber.and_then(|id| cx.entry(id)) else {
        return false;
    };
    add_new(&mut person.identifier, more.identifier);
    add_new(&mut person.telecom, more.telecom);
    let language = language
        .map(|language| PatientCommunication { language: Some(language), ..PatientCommunication::default() });
    add_new(&mut person.communication, language);
    true
}
