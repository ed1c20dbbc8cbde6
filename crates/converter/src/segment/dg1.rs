//! DG1: diagnoses (HL7 v2.5.1 §6.5.2).

use fhir::{
    CodeableConcept, Coding, Condition, EncounterDiagnosis, Identifier, Onset, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::pv1::EncounterDraft;
use super::{Listed, empties_list, report_conflicts, settle};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, hd, xcn};
use crate::identity::rule;
use crate::table;

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
    condition.code = cwe::concept(cx, dg1.field(3).first(), "DG1-3", None);
    description(cx, dg1, &mut condition);
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
    let clinician = xcn::professional(cx, dg1.field(16).first());
    condition.asserter = clinician.map(xcn::Professional::reference);
    let number: Option<Identifier<'a>> = hd::ei(cx, dg1.field(20).first());
    condition.identifier.extend(number);
    if let Some(encounter) = encounter {
        if taken_back {
            // What the other DG1 say still stands; when there is none, the visit has no diagnosis.
            cx.deletions.push(crate::Deletion { entry: encounter.id, path: "diagnosis" });
            cx.ignore_field(dg1.field(6), "what a diagnosis was that is taken back");
            cx.ignore_field(dg1.field(15), "what a diagnosis was that is taken back");
        } else {
            diagnosis(cx, dg1, id, encounter);
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

/// DG1-2 names the code system where DG1-3 does not; DG1-4 describes what DG1-3 codes.
fn description<'m, 'a>(cx: &mut Context<'m, 'a>, dg1: Segment<'m, 'a>, condition: &mut Condition<'a>) {
    if let Some(first) = condition.code.as_mut().and_then(|code| code.coding.first_mut())
        && first.system.is_none()
        && first.extension.is_empty()
        && let Some(code) = first.code.take()
    {
        let named = cwe::coding_of(cx, code, dg1.field(2).value());
        (first.system, first.code) = (named.system, named.code);
        first.extension = named.extension;
    } else {
        cx.ignore_field(dg1.field(2), "the code system is named in DG1-3");
    }
    if let Some(text) = cx.write(dg1.field(4).value()) {
        let concept = condition.code.get_or_insert_default();
        if settle(&mut concept.text, Some(text.clone())) {
            return;
        }
        let display = Some(text);
        concept.coding.push(Coding { display, ..Coding::default() });
    }
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
    if !settle(&mut known.code, condition.code) {
        lost.extend([2, 3, 4]);
    }
    if !settle(&mut known.onset, condition.onset) {
        lost.push(5);
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
