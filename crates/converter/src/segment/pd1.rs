//! PD1: the patient's general practitioner, circumstances and wishes (HL7 v2.5.1 §3.4.10).

use fhir::{
    CodeableConcept, Coding, Effective, Extension, ExtensionValue, Observation, ObservationValue,
    PatientLink, Reference, Resource, system,
};
use hl7v2::Segment;

use super::pid::PatientDraft;
use super::pv1::restricted;
use super::report_conflicts;
use crate::context::{Context, add_new, own};
use crate::datatype::{self, cwe, cx as identifier, xcn, xon};
use crate::identity::rule;
use crate::mapping::{Map, left, to};

const DISABILITY: &str = "http://hl7.org/fhir/StructureDefinition/patient-disability";
const CONGREGATION: &str = "http://hl7.org/fhir/StructureDefinition/patient-congregation";
const DONOR: &str = "http://hl7.org/fhir/StructureDefinition/patient-cadavericDonor";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PD1",
    name: "Patient Additional Demographic",
    fields: &[
        "Living Dependency",
        "Living Arrangement",
        "Patient Primary Facility",
        "Patient Primary Care Provider Name & ID No.",
        "Student Indicator",
        "Handicap",
        "Living Will Code",
        "Organ Donor Code",
        "Separate Bill",
        "Duplicate Patient",
        "Publicity Code",
        "Protection Indicator",
        "Protection Indicator Effective Date",
        "Place of Worship",
        "Advance Directive Code",
        "Immunization Registry Status",
        "Immunization Registry Status Effective Date",
        "Publicity Code Effective Date",
        "Military Branch",
        "Military Rank/Grade",
        "Military Status",
        "Advance Directive Last Verified Date",
        "Retirement Date",
    ],
    rows: &[
        to(1, "Patient.extension(v2-living-dependency)"),
        to(2, "Patient.extension(v2-living-arrangement)"),
        to(3, "Patient.generalPractitioner"),
        to(4, "Patient.generalPractitioner"),
        to(5, "Patient.extension(v2-student)"),
        to(6, "Patient.extension(patient-disability)"),
        to(7, "Observation.valueCodeableConcept"),
        to(8, "Patient.extension(v2-organ-donor)"),
        left(9, "how a household is billed: no element of Patient or Account says it"),
        to(10, "Patient.link"),
        to(11, "Patient.extension(v2-publicity)"),
        to(12, "Patient.extension(v2-protection)"),
        to(13, "Patient.extension(v2-protection)"),
        to(14, "Patient.extension(patient-congregation)"),
        to(15, "Observation.valueCodeableConcept"),
        to(16, "Patient.extension(v2-immunization-registry)"),
        to(17, "Patient.extension(v2-immunization-registry)"),
        to(18, "Patient.extension(v2-publicity)"),
        to(19, "Patient.extension(v2-military)"),
        to(20, "Patient.extension(v2-military)"),
        to(21, "Patient.extension(v2-military)"),
        to(22, "Observation.effectiveDateTime"),
        to(23, "Patient.extension(v2-retirement-date)"),
    ],
};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    practitioners(cx, pd1, draft);
    let patient = &mut draft.resource;
    for (field, place, url) in [
        (1, "PD1-1", own!("living-dependency")),
        (2, "PD1-2", own!("living-arrangement")),
        (5, "PD1-5", own!("student")),
        (6, "PD1-6", DISABILITY),
        (8, "PD1-8", own!("organ-donor")),
    ] {
        for repetition in pd1.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, None);
            patient.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
        }
    }
    // Table 0316: Y and F are documented donors, N is none; the others leave it open.
    let donor = match pd1.field(8).value().text().trim().to_ascii_uppercase().as_str() {
        "Y" | "F" => Some(true),
        "N" => Some(false),
        _ => None,
    };
    patient.extension.extend(donor.map(|donor| Extension::new(DONOR, ExtensionValue::Boolean(donor))));
    for repetition in pd1.field(10).repetitions() {
        let duplicate = identifier::identifier(cx, repetition, None);
        let links = duplicate.map(|duplicate| PatientLink {
            other: Some(Reference { r#type: Some("Patient"), ..Reference::by_identifier(duplicate) }),
            r#type: Some("seealso"),
        });
        add_new(&mut patient.link, links);
    }
    protection(cx, pd1, draft);
    worship(cx, pd1, draft);
    dated(cx, pd1, draft);
    wishes(cx, pd1, draft);
    datatype::beyond(cx, pd1, [12, 13, 14, 17, 18, 22, 23], &mut draft.resource.extension);
}

fn practitioners<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let id = draft.id;
    let practices: Vec<_> =
        pd1.field(3).repetitions().filter_map(|practice| xon::organization(cx, practice)).collect();
    let doctors = pd1.field(4);
    if cx.given(doctors, id, "generalPractitioner") {
        // One practice beside the doctors is the practice that they work in.
        let practice = if let [only] = practices.as_slice() { Some(*only) } else { None };
        for repetition in doctors.repetitions() {
            let doctor = xcn::professional_of(cx, repetition, practice);
            add_new(&mut draft.resource.general_practitioner, doctor.map(xcn::Professional::reference));
        }
    }
    if practices.len() > 1 || draft.resource.general_practitioner.is_empty() {
        let practices = practices.into_iter().map(Reference::to);
        add_new(&mut draft.resource.general_practitioner, practices);
    }
}

/// PD1-12 and PD1-13: a record that is protected is restricted, and since when.
fn protection<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let mut parts = Vec::new();
    if let Some(protected) = cx.yes_no(pd1.field(12).value()) {
        parts.push(Extension::new("protected", ExtensionValue::Boolean(protected)));
        if protected {
            restricted(&mut draft.resource.meta);
        }
    } else {
        let other = cx.write(pd1.field(12).value());
        parts.extend(other.map(|other| Extension::string("protected", other)));
    }
    date(cx, pd1, 13, &mut parts);
    extend(draft, own!("protection"), parts);
}

/// PD1-14: the name as the extension of FHIR has it; a number or another detail with the organisation.
fn worship<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let from = pd1.field(14).first();
    let whole = from.components().skip(1).any(|part| part.value().is_present());
    if let Some(place) = cx.write(from.component(1).value()).or_else(|| cx.write(from.component(10).value()))
    {
        draft.resource.extension.push(Extension::string(CONGREGATION, place));
    }
    if whole && let Some(id) = xon::organization(cx, from) {
        let value = ExtensionValue::Reference(Box::new(Reference::to(id)));
        draft.resource.extension.push(Extension::new(own!("place-of-worship"), value));
    }
}

/// What has a date: publicity, the register of vaccinations, service, retirement.
fn dated<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let mut publicity = concept(cx, pd1, 11, "PD1-11", "code");
    date(cx, pd1, 18, &mut publicity);
    extend(draft, own!("publicity"), publicity);
    let mut registry = concept(cx, pd1, 16, "PD1-16", "status");
    date(cx, pd1, 17, &mut registry);
    extend(draft, own!("immunization-registry"), registry);
    let mut military = concept(cx, pd1, 19, "PD1-19", "branch");
    military.extend(concept(cx, pd1, 20, "PD1-20", "rank"));
    military.extend(concept(cx, pd1, 21, "PD1-21", "status"));
    extend(draft, own!("military"), military);
    let mut retirement = Vec::new();
    date(cx, pd1, 23, &mut retirement);
    let retirement = retirement.into_iter().map(|one| Extension { url: own!("retirement-date"), ..one });
    draft.resource.extension.extend(retirement);
}

fn concept<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pd1: Segment<'m, 'a>,
    field: usize,
    place: &'static str,
    name: &'static str,
) -> Vec<Extension<'a>> {
    let concept = cwe::concept(cx, pd1.field(field).first(), place, None);
    concept.map(|concept| Extension::concept(name, concept)).into_iter().collect()
}

/// A date as a part of an extension; the text of what is no date.
fn date<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, field: usize, to: &mut Vec<Extension<'a>>) {
    let (date, original) = cx.date_time(pd1.field(field).value());
    to.extend(date.map(|date| Extension::new("effective", ExtensionValue::DateTime(date))));
    to.extend(original.into_iter().flat_map(|element| element.extension));
}

fn extend<'a>(draft: &mut PatientDraft<'a>, url: &'static str, parts: Vec<Extension<'a>>) {
    if !parts.is_empty() {
        draft.resource.extension.push(Extension::new(url, ExtensionValue::Parts(parts)));
    }
}

/// PD1-7 and PD1-15: what the patient laid down for later, as Observations. One for each kind and code, so that
/// the next message says the same of the same one.
fn wishes<'m, 'a>(cx: &mut Context<'m, 'a>, pd1: Segment<'m, 'a>, draft: &mut PatientDraft<'a>) {
    let patient = draft.id;
    let verified = cx.date_time(pd1.field(22).value());
    let mut said = false;
    for (field, place, loinc, display) in [
        (7, "PD1-7", "75320-2", "Advance directive"),
        (15, "PD1-15", "42348-3", "Advance healthcare directives"),
    ] {
        for repetition in pd1.field(field).repetitions() {
            let (_, code) = cwe::key(cx, repetition).unwrap_or_default();
            let Some(value) = cwe::concept(cx, repetition, place, None) else { continue };
            let key = patient.hyphenated().to_string();
            // There is one living will; of further directives each is a thing of its own.
            let code = if field == 7 { "" } else { &*code };
            let parts: &[&[&str]] = &[&[&key], &[""], &[system::LOINC, loinc], &[code], &[place]];
            let id = cx.id(&rule::OBSERVATION_OF_PATIENT, parts, repetition.place());
            if let Some(Resource::Observation(known)) = cx.entry(id) {
                if known.value != Some(ObservationValue::CodeableConcept(value)) {
                    report_conflicts(cx, pd1, &[field]);
                }
                continue;
            }
            let code = CodeableConcept::of(Coding::new(system::LOINC, loinc).with_display(display));
            let mut wish = Observation { id: Some(id), status: Some("final"), ..Observation::default() };
            wish.code = Some(code);
            wish.subject = Some(Reference::to(patient));
            wish.value = Some(ObservationValue::CodeableConcept(value));
            let (date, original) = (verified.0.clone(), verified.1.clone());
            wish.effective = date.map(Effective::DateTime).or(original.map(Effective::DateTimeExt));
            cx.put(id, wish);
            cx.presume(id, "status");
            said = true;
        }
    }
    // Checked when, but not what.
    if !said {
        let (date, original) = verified;
        let date = date
            .map(|date| Extension::new(own!("advance-directive-verified"), ExtensionValue::DateTime(date)));
        draft.resource.extension.extend(date);
        draft.resource.extension.extend(original.into_iter().flat_map(|element| element.extension));
    }
}
