//! DG1: diagnoses (HL7 v2.5.1 §6.5.2).

use fhir::{
    CodeableConcept, Coding, Condition, EncounterDiagnosis, Extension, ExtensionValue, Identifier, Onset,
    Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::pv1::{EncounterDraft, restricted};
use super::{Listed, empties_list, report_conflicts, settle};
use crate::context::{Context, add_new};
use crate::datatype::hd::{self, Hd};
use crate::datatype::{self, cwe, xcn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};
use crate::table;

const ASSERTED_DATE: &str = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate";
const DUE_TO: &str = "http://hl7.org/fhir/StructureDefinition/condition-dueTo";
/// When the same diagnosis was made once more.
const TIME: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-dg1-diagnosis-date-time";
/// Further clinicians: a Condition has one asserter.
const CLINICIAN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-dg1-diagnosing-clinician";

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    dg1: Segment<'m, 'a>,
    patient: Uuid,
    encounter: Option<&mut EncounterDraft<'a>>,
) -> Listed {
    if empties_list(cx, dg1, &[3]) {
        return Listed::Nothing;
    }
    let visit = encounter.as_ref().map(|encounter| encounter.id);
    let Some(id) = identify(cx, dg1, patient, visit) else { return Listed::Unread };
    let mut condition = Condition { id: Some(id), ..Condition::default() };
    condition.subject = Some(Reference::to(patient));
    condition.encounter = visit.map(Reference::to);
    condition.code = coded(cx, dg1, "DG1-3");
    let category = "encounter-diagnosis";
    condition.category.push(CodeableConcept::code(system::CONDITION_CATEGORY, category));
    let taken_back = dg1.field(21).value().text().trim().eq_ignore_ascii_case("D");
    if taken_back {
        // The sender takes the diagnosis back (table 0206). FHIR then allows no clinical status.
        cx.mark(dg1.field(21).value());
        let status = CodeableConcept::code(system::CONDITION_VER_STATUS, "entered-in-error");
        condition.verification_status = Some(status);
    } else {
        condition.clinical_status = Some(CodeableConcept::code(system::CONDITION_CLINICAL, "active"));
    }
    let (onset, original) = cx.date_time(dg1.field(5).value());
    condition.onset = onset.map(Onset::DateTime).or(original.map(Onset::DateTimeExt));
    (condition.recorded_date, condition.recorded_date_ext) = cx.date_time(dg1.field(19).value());
    // When it was attested: FHIR R4 has it as an extension, and when it was recorded is no other moment here.
    let attested = condition.recorded_date.clone().map(ExtensionValue::DateTime);
    condition.extension.extend(attested.map(|moment| Extension::new(ASSERTED_DATE, moment)));
    let mut clinicians = dg1
        .field(16)
        .repetitions()
        .filter_map(|one| xcn::professional(cx, one))
        .collect::<Vec<_>>()
        .into_iter();
    condition.asserter = clinicians.next().map(xcn::Professional::reference);
    condition.extension.extend(
        clinicians.map(|who| Extension::new(CLINICIAN, ExtensionValue::Reference(Box::new(who.reference())))),
    );
    let number: Option<Identifier<'a>> = hd::ei(cx, dg1.field(20).first());
    condition.identifier.extend(number);
    condition.category.extend(cwe::concept(cx, dg1.field(17).first(), "DG1-17", None));
    if dg1.field(18).value().text().trim().eq_ignore_ascii_case("Y") {
        cx.mark(dg1.field(18).value());
        restricted(&mut condition.meta);
    } else {
        cx.ignore(dg1.field(18).value(), "a diagnosis is not confidential unless the sender says so");
    }
    condition.extension.extend(parent(cx, dg1));
    condition.extension.extend(beside::extensions(cx, dg1, BESIDE, id));
    datatype::beyond(cx, dg1, [15, 18], &mut condition.extension);
    if let Some(encounter) = encounter {
        if taken_back {
            // What the other DG1 say still stands; when there is none, the visit has no diagnosis.
            cx.deletions.push(crate::Deletion { entry: encounter.id, path: "diagnosis" });
            cx.ignore_field(dg1.field(6), "what a diagnosis was that is taken back");
            cx.ignore_field(dg1.field(15), "what a diagnosis was that is taken back");
        } else {
            diagnosis(cx, dg1, id, encounter);
        }
    } else {
        for field in [6, 15] {
            cx.ignore_field(dg1.field(field), "what a diagnosis is in a visit: here it is of none");
        }
    }
    put(cx, dg1, id, condition);
    Listed::Member(id)
}

/// Patient, visit, and the code or the description. `None` when nothing is diagnosed.
fn identify<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    dg1: Segment<'m, 'a>,
    patient: Uuid,
    visit: Option<Uuid>,
) -> Option<Uuid> {
    let text = crate::context::trim(dg1.field(4).value().text());
    let described = || (!text.is_empty()).then(|| (std::borrow::Cow::Borrowed("text"), text.clone()));
    let Some((code_system, code)) = cwe::key(cx, dg1.field(3).first()).or_else(described) else {
        cx.warn(dg1.field(3).place(), "no-diagnosis");
        return None;
    };
    let patient = patient.hyphenated().to_string();
    let visit = visit.map(|id| id.hyphenated().to_string()).unwrap_or_default();
    Some(cx.id(&rule::CONDITION, &[&[&patient], &[&visit], &[&code_system, &code]], dg1.field(3).place()))
}

/// The code of a diagnosis or procedure: field 2 names the code system where field 3 does not, field 4
/// describes what field 3 codes (DG1, PR1).
pub(super) fn coded<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    from: Segment<'m, 'a>,
    place: &'static str,
) -> Option<CodeableConcept<'a>> {
    let mut coded = cwe::concept(cx, from.field(3).first(), place, None);
    if let Some(first) = coded.as_mut().and_then(|code| code.coding.first_mut())
        && first.system.is_none()
        && first.extension.is_empty()
        && let Some(code) = first.code.take()
    {
        let named = cwe::coding_of(cx, code, from.field(2).value());
        (first.system, first.code) = (named.system, named.code);
        first.extension = named.extension;
    } else {
        cx.ignore_field(from.field(2), "the code itself names its system");
    }
    if let Some(text) = cx.write(from.field(4).value()) {
        let concept = coded.get_or_insert_default();
        if !settle(&mut concept.text, Some(text.clone())) {
            let display = Some(text);
            concept.coding.push(Coding { display, ..Coding::default() });
        }
    }
    coded
}

/// The diagnosis that this one comes from (DG1-22), by its number.
fn parent<'m, 'a>(cx: &mut Context<'m, 'a>, dg1: Segment<'m, 'a>) -> Option<Extension<'a>> {
    let from = dg1.field(22).first();
    let number = hd::ei(cx, from).or_else(|| {
        // Who gave the number is all that is said of it.
        let (system, name) = Hd::of_repetition(from, 2).write(cx);
        let assigner = name.map(|name| Box::new(Reference::display(name)));
        let number = Identifier { system, assigner, ..Identifier::default() };
        (number != Identifier::default()).then_some(number)
    })?;
    let reference = Reference { r#type: Some("Condition"), ..Reference::by_identifier(number) };
    Some(Extension::new(DUE_TO, ExtensionValue::Reference(Box::new(reference))))
}

/// What the diagnosis is to the visit: DG1-6 in which role, DG1-15 in which rank.
fn diagnosis<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    dg1: Segment<'m, 'a>,
    id: Uuid,
    encounter: &mut EncounterDraft<'a>,
) {
    let use_ = cwe::concept(cx, dg1.field(6).first(), "DG1-6", Some(table::diagnosis_type));
    let value = dg1.field(15).value();
    // FHIR counts ranks from 1; 0 says in HL7 v2 that it is among the other diagnoses.
    let rank: Option<u32> = value.text().trim().parse().ok().filter(|rank| *rank > 0);
    if rank.is_some() {
        cx.mark(value);
    } else {
        cx.ignore(value, "a diagnosis priority that is not a rank says nothing");
    }
    let condition = Some(Reference::to(id));
    add_new(&mut encounter.resource.diagnosis, [EncounterDiagnosis { condition, r#use: use_, rank }]);
}

/// The same diagnosis twice in a visit (admission and discharge diagnosis) is one Condition.
fn put<'m, 'a>(cx: &mut Context<'m, 'a>, dg1: Segment<'m, 'a>, id: Uuid, condition: Condition<'a>) {
    let Some(Resource::Condition(known)) = cx.entry(id) else {
        cx.put(id, condition);
        return;
    };
    let mut lost = Vec::new();
    add_new(&mut known.identifier, condition.identifier);
    add_new(&mut known.category, condition.category);
    add_new(&mut known.extension, condition.extension);
    if !settle(&mut known.code, condition.code) {
        lost.extend([2, 3, 4]);
    }
    match condition.onset {
        // Another time of the same diagnosis: a Condition has one.
        Some(Onset::DateTime(time))
            if known.onset.as_ref().is_some_and(|one| *one != Onset::DateTime(time.clone())) =>
        {
            add_new(&mut known.extension, [Extension::new(TIME, ExtensionValue::DateTime(time))]);
        }
        onset => {
            if !settle(&mut known.onset, onset) {
                lost.push(5);
            }
        }
    }
    if !settle(&mut known.asserter, condition.asserter) {
        lost.push(16);
    }
    if !settle(&mut known.recorded_date, condition.recorded_date)
        || !settle(&mut known.recorded_date_ext, condition.recorded_date_ext)
    {
        lost.push(19);
    }
    if known.verification_status != condition.verification_status {
        lost.push(21);
    }
    report_conflicts(cx, dg1, &lost);
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "DG1",
    name: "Diagnosis",
    fields: &[
        "Set ID",
        "Diagnosis Coding Method",
        "Diagnosis Code",
        "Diagnosis Description",
        "Diagnosis Date Time",
        "Diagnosis Type",
        "Major Diagnostic Category",
        "Diagnostic Related Group",
        "DRG Approval Indicator",
        "DRG Grouper Review Code",
        "Outlier Type",
        "Outlier Days",
        "Outlier Cost",
        "Grouper Version and Type",
        "Diagnosis Priority",
        "Diagnosing Clinician",
        "Diagnosis Classification",
        "Confidential Indicator",
        "Attestation Date Time",
        "Diagnosis Identifier",
        "Diagnosis Action Code",
        "Parent Diagnosis",
        "DRG CCL Value Code",
        "DRG Grouping Usage",
        "DRG Diagnosis Determination Status",
        "Present on Admission POA Indicator",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Condition.code"),
        left(2, "the code itself names its system"),
        to(3, "Condition.code"),
        to(3, "Encounter.diagnosis"),
        elsewhere(
            3,
            "EpisodeOfCare.diagnosis",
            "these events tell of a visit and not of an episode: the diagnosis is of the Encounter",
        ),
        to(4, "Condition.code"),
        to(4, "Encounter.diagnosis"),
        elsewhere(
            4,
            "EpisodeOfCare.diagnosis",
            "these events tell of a visit and not of an episode: the diagnosis is of the Encounter",
        ),
        to(5, "Condition.onsetDateTime"),
        to(5, "Condition.extension(v2-dg1-diagnosis-date-time)"),
        elsewhere(5, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(5, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(6, "Encounter.diagnosis"),
        elsewhere(
            6,
            "EpisodeOfCare.diagnosis",
            "these events tell of a visit and not of an episode: the diagnosis is of the Encounter",
        ),
        to(7, "Condition.extension(v2-dg1-major-diagnostic-category)"),
        to(8, "Condition.extension(v2-dg1-diagnostic-related-group)"),
        to(9, "Condition.extension(v2-dg1-drg-approval-indicator)"),
        to(10, "Condition.extension(v2-dg1-drg-grouper-review-code)"),
        to(11, "Condition.extension(v2-dg1-outlier-type)"),
        to(12, "Condition.extension(v2-dg1-outlier-days)"),
        to(13, "Condition.extension(v2-dg1-outlier-cost)"),
        to(14, "Condition.extension(v2-dg1-grouper-version-and-type)"),
        to(15, "Encounter.diagnosis"),
        elsewhere(
            15,
            "EpisodeOfCare.diagnosis",
            "these events tell of a visit and not of an episode: the diagnosis is of the Encounter",
        ),
        to(16, "Condition.asserter"),
        elsewhere(16, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(16, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(17, "Condition.category"),
        to(18, "Condition.meta"),
        to(19, "Condition.recordedDate"),
        to(19, "Condition.extension(condition-assertedDate)"),
        elsewhere(19, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(19, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(20, "Condition.identifier"),
        elsewhere(20, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(20, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(21, "Condition.verificationStatus"),
        left(21, "what is added or changed is in the message as it now is"),
        elsewhere(21, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(21, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(22, "Condition.extension(condition-dueTo)"),
        elsewhere(22, "Encounter.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        elsewhere(22, "EpisodeOfCare.diagnosis", "it is of the Condition that diagnosis.condition refers to"),
        to(23, "Condition.extension(v2-dg1-drg-ccl-value-code)"),
        to(24, "Condition.extension(v2-dg1-drg-grouping-usage)"),
        to(25, "Condition.extension(v2-dg1-drg-diagnosis-determination-status)"),
        to(26, "Condition.extension(v2-dg1-present-on-admission-poa-indicator)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    7 "dg1-major-diagnostic-category" Is::Concept,
    8 "dg1-diagnostic-related-group" Is::Concept,
    9 "dg1-drg-approval-indicator" Is::Flag,
    10 "dg1-drg-grouper-review-code" Is::Concept,
    11 "dg1-outlier-type" Is::Concept,
    12 "dg1-outlier-days" Is::Number,
    13 "dg1-outlier-cost" Is::Amount,
    14 "dg1-grouper-version-and-type" Is::Text,
    23 "dg1-drg-ccl-value-code" Is::Concept,
    24 "dg1-drg-grouping-usage" Is::Flag,
    25 "dg1-drg-diagnosis-determination-status" Is::Concept,
    26 "dg1-present-on-admission-poa-indicator" Is::Concept,
];
