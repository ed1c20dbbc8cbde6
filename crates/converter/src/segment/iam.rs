//! IAM: an allergy as something that is added, changed or taken back (HL7 v2.5.1 §3.4.7).
//!
//! With an action code (IAM-6) a segment speaks of its own allergy only; a message of which no IAM has one lists
//! all allergies, as AL1 does.

use fhir::{
    AllergyIntolerance, CodeableConcept, Extension, ExtensionValue, Onset, Practitioner, Reference,
    RelatedPerson, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::{Listed, al1, empties_list, nte};
use crate::context::{Context, extension, own};
use crate::datatype::{cwe, hd, xcn, xon, xpn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::table;

const ASSERTED: &str = "http://hl7.org/fhir/StructureDefinition/allergyintolerance-assertedDate";
const BY_NAME: &str = "who reported an allergy asserts it (asserter); who wrote it down is IAM-23";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IAM",
    name: "Patient Adverse Reaction Information",
    fields: &[
        "Set ID - IAM",
        "Allergen Type Code",
        "Allergen Code/Mnemonic/Description",
        "Allergy Severity Code",
        "Allergy Reaction Code",
        "Allergy Action Code",
        "Allergy Unique Identifier",
        "Action Reason",
        "Sensitivity to Causative Agent Code",
        "Allergen Group Code/Mnemonic/Description",
        "Onset Date",
        "Onset Date Text",
        "Reported Date/Time",
        "Reported By",
        "Relationship to Patient Code",
        "Alert Device Code",
        "Allergy Clinical Status Code",
        "Statused by Person",
        "Statused by Organization",
        "Statused at Date/Time",
        "Inactivated by Person",
        "Inactivated Date/Time",
        "Initially Recorded by Person",
        "Initially Recorded Date/Time",
        "Modified by Person",
        "Modified Date/Time",
        "Clinician Identified Code",
        "Initially Recorded by Organization",
        "Modified by Organization",
        "Inactivated by Organization",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "AllergyIntolerance.category"),
        to(2, "AllergyIntolerance.type"),
        to(3, "AllergyIntolerance.code"),
        to(4, "AllergyIntolerance.criticality"),
        to(4, "AllergyIntolerance.reaction"),
        to(5, "AllergyIntolerance.reaction"),
        to(6, "AllergyIntolerance.clinicalStatus"),
        to(7, "AllergyIntolerance.identifier"),
        to(8, "AllergyIntolerance.extension(v2-action-reason)"),
        to(9, "AllergyIntolerance.extension(v2-sensitivity)"),
        to(10, "AllergyIntolerance.extension(v2-allergen-group)"),
        to(11, "AllergyIntolerance.onsetDateTime"),
        to(12, "AllergyIntolerance.onsetString"),
        to(13, "AllergyIntolerance.recordedDate"),
        to(14, "AllergyIntolerance.asserter"),
        elsewhere(14, "AllergyIntolerance.recorder", BY_NAME),
        to(15, "RelatedPerson.relationship"),
        elsewhere(15, "AllergyIntolerance.recorder", BY_NAME),
        to(16, "AllergyIntolerance.extension(v2-alert-device)"),
        to(17, "AllergyIntolerance.clinicalStatus"),
        to(17, "AllergyIntolerance.verificationStatus"),
        to(18, "AllergyIntolerance.extension(v2-statused)"),
        to(19, "AllergyIntolerance.extension(v2-statused)"),
        to(20, "AllergyIntolerance.extension(v2-statused)"),
        to(21, "AllergyIntolerance.extension(v2-inactivated)"),
        to(22, "AllergyIntolerance.extension(v2-inactivated)"),
        to(23, "AllergyIntolerance.recorder"),
        to(24, "AllergyIntolerance.recordedDate"),
        to(25, "AllergyIntolerance.extension(v2-modified)"),
        to(26, "AllergyIntolerance.extension(v2-modified)"),
        to(27, "AllergyIntolerance.code"),
        to(28, "AllergyIntolerance.extension(v2-recorded)"),
        to(29, "AllergyIntolerance.extension(v2-modified)"),
        to(30, "AllergyIntolerance.extension(v2-inactivated)"),
    ],
};

/// Whether this segment speaks of its own allergy only, and not as one of a list.
pub(crate) fn is_action(iam: Segment<'_, '_>) -> bool {
    iam.field(6).value().is_present()
}

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, patient: Uuid) -> Listed {
    if empties_list(cx, iam, &[3]) {
        return Listed::Nothing;
    }
    let number = hd::ei_key(cx, iam.field(7).first());
    let code = cwe::key(cx, iam.field(3).first());
    let Some((code_system, code)) = code.or(number) else {
        cx.warn(iam.field(3).place(), "no-substance");
        return Listed::Unread;
    };
    let key = patient.hyphenated().to_string();
    let id = cx.id(&rule::ALLERGY, &[&[&key], &[&code_system, &code]], iam.field(3).place());
    let mut allergy = AllergyIntolerance { id: Some(id), ..AllergyIntolerance::default() };
    allergy.patient = Some(Reference::to(patient));
    substance(cx, iam, &mut allergy);
    al1::kind(cx, iam, "IAM-2", &mut allergy);
    al1::severity_and_reactions(cx, iam, ["IAM-4", "IAM-5"], &mut allergy);
    allergy.identifier.extend(hd::ei(cx, iam.field(7).first()));
    status(cx, iam, &mut allergy);
    onset(cx, iam, &mut allergy);
    details(cx, iam, &mut allergy);
    reported(cx, iam, patient, &mut allergy);
    history(cx, iam, &mut allergy);
    al1::put(cx, iam, id, allergy, [&[2], &[3, 27], &[4], &[11, 12], &[6, 17], &[13, 24]]);
    Listed::Member(id)
}

/// IAM-3, and what a clinician took it for (IAM-27): another coding of the same.
fn substance<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, allergy: &mut AllergyIntolerance<'a>) {
    allergy.code = cwe::concept(cx, iam.field(3).first(), "IAM-3", None);
    if let Some(identified) = cwe::concept(cx, iam.field(27).first(), "IAM-27", None) {
        cwe::merge(allergy.code.get_or_insert_default(), identified);
    }
}

/// IAM-6 and IAM-17 (table 0438): whether it still counts, and how sure it is.
fn status<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, allergy: &mut AllergyIntolerance<'a>) {
    let action = iam.field(6).value();
    let code = action.text().trim().to_ascii_uppercase();
    let deleted = code == "D";
    match code.as_str() {
        "A" | "U" | "X" | "D" => cx.mark(action),
        "" => {}
        _ => {
            let other = cwe::concept(cx, iam.field(6).first(), "IAM-6", None);
            allergy.extension.extend(other.map(|code| Extension::concept(own!("action-code"), code)));
        }
    }
    for part in iam.field(6).first().components().skip(1) {
        cx.ignore(part.value(), "how the sender calls what it did with its record");
    }
    let (verified, inactive) = match iam.field(17).value().text().trim().to_ascii_uppercase().as_str() {
        "U" | "P" | "S" | "D" => (Some("unconfirmed"), false),
        "C" => (Some("confirmed"), false),
        "I" => (Some("confirmed"), true),
        "E" => (Some("entered-in-error"), false),
        _ => (None, false),
    };
    let said = cwe::concept(cx, iam.field(17).first(), "IAM-17", None);
    match (verified, said) {
        (Some(verified), said) => {
            let mut concept = CodeableConcept::code(system::ALLERGY_VERIFICATION, verified);
            cwe::merge(&mut concept, said.unwrap_or_default());
            allergy.verification_status = Some(concept);
        }
        (None, Some(said)) => {
            cx.warn(iam.field(17).place(), "unknown-code");
            allergy.extension.push(Extension::concept(extension::ORIGINAL_CODE, said));
        }
        (None, None) => {}
    }
    // FHIR ait-2: what was an error has no clinical status.
    if verified != Some("entered-in-error") {
        let status = if deleted || inactive { "inactive" } else { "active" };
        allergy.clinical_status = Some(CodeableConcept::code(system::ALLERGY_CLINICAL, status));
    }
}

fn onset<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, allergy: &mut AllergyIntolerance<'a>) {
    let (onset, original) = cx.date_time(iam.field(11).value());
    allergy.onset = onset.map(Onset::DateTime).or(original.map(Onset::DateTimeExt));
    if let Some(text) = cx.write(iam.field(12).value()) {
        if allergy.onset.is_none() {
            allergy.onset = Some(Onset::String(text));
        } else {
            allergy.extension.push(Extension::string(own!("onset-text"), text));
        }
    }
}

fn details<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, allergy: &mut AllergyIntolerance<'a>) {
    if let Some(reason) = cx.write(iam.field(8).value()) {
        allergy.extension.push(Extension::string(extension::ACTION_REASON, reason));
    }
    // Table 0436: an allergy, an intolerance, or something that FHIR does not tell from them.
    if allergy.r#type.is_none() && allergy.type_ext.is_none() {
        allergy.r#type = match iam.field(9).value().text().trim().to_ascii_uppercase().as_str() {
            "AL" => Some("allergy"),
            "IN" => Some("intolerance"),
            _ => None,
        };
    }
    for (field, place, url) in [
        (9, "IAM-9", own!("sensitivity")),
        (10, "IAM-10", own!("allergen-group")),
        (16, "IAM-16", own!("alert-device")),
    ] {
        let concept = cwe::concept(cx, iam.field(field).first(), place, None);
        allergy.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
    }
}

/// IAM-14 and IAM-15: the patient, someone who is related to them, or a professional.
fn reported<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    iam: Segment<'m, 'a>,
    patient: Uuid,
    allergy: &mut AllergyIntolerance<'a>,
) {
    let relation = iam.field(15).first();
    if relation.value().text().trim().eq_ignore_ascii_case("SEL") {
        for component in relation.components() {
            cx.mark(component.value());
        }
        for repetition in iam.field(14).repetitions() {
            xcn::of_patient(cx, repetition);
        }
        allergy.asserter = Some(Reference::to(patient));
        return;
    }
    let name = xpn::key(iam.field(14).first(), &xpn::XPN);
    if !relation.value().is_present() && name.is_none() {
        return;
    }
    let (family, given) = name.unwrap_or_default();
    let mut names = Vec::new();
    xpn::names(cx, iam.field(14), Some("official"), &mut names);
    if relation.value().is_present() {
        let (code_system, code) = cwe::key(cx, relation).unwrap_or_default();
        let key = patient.hyphenated().to_string();
        let parts: &[&[&str]] = &[&[&key], &[&code_system, &code], &[&family, &given]];
        let id = cx.id(&rule::RELATED_PERSON, parts, relation.place());
        let relationship = cwe::concept(cx, relation, "IAM-15", Some(table::relationship));
        if let Some(fhir::Resource::RelatedPerson(known)) = cx.entry(id) {
            crate::context::add_new(&mut known.name, names);
            crate::context::add_new(&mut known.relationship, relationship);
        } else {
            let person = RelatedPerson {
                id: Some(id),
                patient: Some(Reference::to(patient)),
                relationship: relationship.into_iter().collect(),
                name: names,
                ..RelatedPerson::default()
            };
            cx.put(id, person);
        }
        allergy.asserter = Some(Reference::to(id));
        return;
    }
    let sender = cx.sender_key().to_owned();
    let further = crate::context::trim(iam.field(14).first().component(3).value().text());
    let parts: &[&[&str]] = &[&[&sender], &[&family, &given, &further]];
    let id = cx.id(&rule::PRACTITIONER_BY_NAME, parts, iam.field(14).place());
    if let Some(fhir::Resource::Practitioner(known)) = cx.entry(id) {
        crate::context::add_new(&mut known.name, names);
    } else {
        cx.put(id, Practitioner { id: Some(id), name: names, ..Practitioner::default() });
    }
    allergy.asserter = Some(Reference::to(id));
}

/// Who recorded, confirmed, changed and withdrew it, and when.
fn history<'m, 'a>(cx: &mut Context<'m, 'a>, iam: Segment<'m, 'a>, allergy: &mut AllergyIntolerance<'a>) {
    let recorder = xcn::professional(cx, iam.field(23).first());
    allergy.recorder = recorder.map(xcn::Professional::reference);
    let (recorded, recorded_ext) = cx.date_time(iam.field(24).value());
    let (reported, reported_ext) = cx.date_time(iam.field(13).value());
    if recorded.is_some() || recorded_ext.is_some() {
        (allergy.recorded_date, allergy.recorded_date_ext) = (recorded, recorded_ext);
        let reported = reported.map(|date| Extension::new(ASSERTED, ExtensionValue::DateTime(date)));
        allergy.extension.extend(reported);
        allergy.extension.extend(reported_ext.into_iter().flat_map(|element| element.extension));
    } else {
        (allergy.recorded_date, allergy.recorded_date_ext) = (reported, reported_ext);
    }
    for (url, person, organization, date) in [
        (own!("statused"), 18, 19, 20),
        (own!("inactivated"), 21, 30, 22),
        (own!("recorded"), 0, 28, 0),
        (own!("modified"), 25, 29, 26),
    ] {
        let mut parts = Vec::new();
        let who = (person > 0).then(|| xcn::professional(cx, iam.field(person).first())).flatten();
        let reference =
            |name, reference| Extension::new(name, ExtensionValue::Reference(Box::new(reference)));
        parts.extend(who.map(|who| reference("who", who.reference())));
        let organization = xon::organization(cx, iam.field(organization).first());
        parts.extend(organization.map(|id| reference("organization", Reference::to(id))));
        if date > 0 {
            let (at, original) = cx.date_time(iam.field(date).value());
            parts.extend(at.map(|at| Extension::new("at", ExtensionValue::DateTime(at))));
            parts.extend(original.into_iter().flat_map(|element| element.extension));
        }
        if !parts.is_empty() {
            allergy.extension.push(Extension::new(url, ExtensionValue::Parts(parts)));
        }
    }
}

/// A note behind an IAM is about that allergy; where it could not be read, about nothing.
pub(crate) fn note<'m, 'a>(cx: &mut Context<'m, 'a>, nte: Segment<'m, 'a>, allergy: Option<Uuid>) {
    if allergy.is_none() {
        for field in nte.fields() {
            cx.ignore_field(field, "a note on an allergy that names no substance");
        }
        return;
    }
    let notes: Vec<_> = nte::notes(cx, &[nte]).iter().map(nte::Note::annotation).collect();
    if let Some(fhir::Resource::AllergyIntolerance(known)) = allergy.and_then(|id| cx.entry(id)) {
        crate::context::add_new(&mut known.note, notes);
    }
}
