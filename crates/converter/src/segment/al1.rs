//! AL1: allergies (HL7 v2.5.1 §3.4.6).

use fhir::{
    AllergyIntolerance, AllergyReaction, CodeableConcept, Element, ElementList, Extension, Onset, Reference,
    Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::{Listed, empties_list, not_kept, report_conflicts, settle, settle_or_text};
use crate::context::extension::ORIGINAL_CODE;
use crate::context::{Context, add_new};
use crate::datatype::cwe;
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AL1",
    name: "Patient Allergy Information",
    fields: &[
        "Set ID - AL1",
        "Allergen Type Code",
        "Allergen Code/Mnemonic/Description",
        "Allergy Severity Code",
        "Allergy Reaction Code",
        "Identification Date",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "AllergyIntolerance.category"),
        to(2, "AllergyIntolerance.type"),
        to(3, "AllergyIntolerance.code"),
        to(4, "AllergyIntolerance.criticality"),
        to(4, "AllergyIntolerance.reaction"),
        to(5, "AllergyIntolerance.reaction"),
        to(6, "AllergyIntolerance.onsetDateTime"),
    ],
};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, al1: Segment<'m, 'a>, patient: Uuid) -> Listed {
    if empties_list(cx, al1, &[3]) {
        return Listed::Nothing;
    }
    let Some((code_system, code)) = cwe::key(cx, al1.field(3).first()) else {
        cx.warn(al1.field(3).place(), "no-substance");
        return Listed::Unread;
    };
    let key = patient.hyphenated().to_string();
    let id = cx.id(&rule::ALLERGY, &[&[&key], &[&code_system, &code]], al1.field(3).place());
    let mut allergy = AllergyIntolerance { id: Some(id), ..AllergyIntolerance::default() };
    allergy.patient = Some(Reference::to(patient));
    allergy.clinical_status = Some(CodeableConcept::code(system::ALLERGY_CLINICAL, "active"));
    allergy.code = cwe::concept(cx, al1.field(3).first(), "AL1-3", None);
    kind(cx, al1, "AL1-2", &mut allergy);
    severity_and_reactions(cx, al1, ["AL1-4", "AL1-5"], &mut allergy);
    let (onset, original) = cx.date_time(al1.field(6).value());
    allergy.onset = onset.map(Onset::DateTime).or(original.map(Onset::DateTimeExt));
    put(cx, al1, id, allergy, [&[2], &[3], &[4], &[6], &[], &[]]);
    Listed::Member(id)
}

/// AL1-2 (IAM-2) says both what kind of thing it is (category) and that it is an allergy (type).
pub(super) fn kind<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    al1: Segment<'m, 'a>,
    place: &'static str,
    allergy: &mut AllergyIntolerance<'a>,
) {
    let from = al1.field(2).first();
    let text = from.value().text();
    let category = table::allergy_category(&text);
    let type_ = table::allergy_type(&text);
    allergy.r#type = type_.map(|target| target.code);
    let exact = category.is_some_and(|target| target.exact);
    if let Some(category) = category {
        allergy.category.push(category.code);
    }
    if exact && from.component_count() == 1 {
        cx.mark(from.value());
        return;
    }
    let Some(original) = cwe::concept(cx, from, place, Some(table::allergen_type)) else { return };
    let beside = Element::of(Extension::concept(ORIGINAL_CODE, original));
    if category.is_some() {
        allergy.category_ext = ElementList(vec![Some(beside)]);
    } else {
        allergy.type_ext = Some(beside);
    }
}

/// AL1-4 and AL1-5 (IAM-4 and IAM-5): how bad, and what happened. Severity belongs to a reaction; without one it is how
/// bad the allergy may become.
pub(super) fn severity_and_reactions<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    al1: Segment<'m, 'a>,
    [place_of_severity, place_of_reaction]: [&'static str; 2],
    allergy: &mut AllergyIntolerance<'a>,
) {
    let mut manifestation = Vec::new();
    for repetition in al1.field(5).repetitions() {
        // ST since v2.4: a text, unless the profile knows it as a code; CE in some feeds.
        let code = repetition.value().text();
        let is_text = repetition.component_count() == 1
            && !repetition.is_null()
            && cx.profile.translate(place_of_reaction, "", &code).is_none();
        manifestation.extend(if is_text {
            cx.write(repetition.value()).map(CodeableConcept::text)
        } else {
            cwe::concept(cx, repetition, place_of_reaction, None)
        });
    }
    let from = al1.field(4).first();
    let text = from.value().text();
    let (severity, criticality) =
        (table::allergy_reaction_severity(&text), table::allergy_criticality(&text));
    let target = if manifestation.is_empty() { criticality } else { severity };
    let beside = if target.is_some_and(|target| target.exact) && from.component_count() == 1 {
        cx.mark(from.value());
        None
    } else {
        cwe::concept(cx, from, place_of_severity, Some(table::allergy_severity))
            .map(|original| Element::of(Extension::concept(ORIGINAL_CODE, original)))
    };
    let code = target.map(|target| target.code);
    if manifestation.is_empty() {
        (allergy.criticality, allergy.criticality_ext) = (code, beside);
    } else {
        let (severity, severity_ext) = (code, beside);
        allergy.reaction.push(AllergyReaction {
            manifestation,
            severity,
            severity_ext,
            ..AllergyReaction::default()
        });
    }
}

/// The same substance twice in a message is one allergy: each segment adds its reaction. `fields` are those of
/// kind, substance, severity, onset, certainty and when it was recorded.
pub(super) fn put<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    al1: Segment<'m, 'a>,
    id: Uuid,
    allergy: AllergyIntolerance<'a>,
    fields: [&'static [usize]; 6],
) {
    let Some(Resource::AllergyIntolerance(known)) = cx.entry(id) else {
        cx.put(id, allergy);
        return;
    };
    add_new(&mut known.reaction, allergy.reaction);
    add_new(&mut known.identifier, allergy.identifier);
    add_new(&mut known.extension, allergy.extension);
    known.recorder = known.recorder.take().or(allergy.recorder);
    known.asserter = known.asserter.take().or(allergy.asserter);
    let [kind, substance, severity, onset, certainty, record] = fields;
    let recorded = (allergy.recorded_date, allergy.recorded_date_ext);
    // What was an error has no clinical status (FHIR ait-2): the two say one thing together.
    let sure = known.clinical_status == allergy.clinical_status
        && settle(&mut known.verification_status, allergy.verification_status);
    let criticality = (allergy.criticality, allergy.criticality_ext);
    let mut lost = not_kept([
        (settle(&mut known.code, allergy.code), substance),
        (settle_or_text((&mut known.criticality, &mut known.criticality_ext), criticality), severity),
        (settle(&mut known.onset, allergy.onset), onset),
        (sure, certainty),
        (settle_or_text((&mut known.recorded_date, &mut known.recorded_date_ext), recorded), record),
    ]);
    if known.category.is_empty() && known.r#type.is_none() && known.type_ext.is_none() {
        (known.category, known.category_ext) = (allergy.category, allergy.category_ext);
        (known.r#type, known.type_ext) = (allergy.r#type, allergy.type_ext);
    } else if known.category != allergy.category
        || known.category_ext != allergy.category_ext
        || known.type_ext != allergy.type_ext
    {
        lost.extend(kind);
    }
    report_conflicts(cx, al1, &lost);
}
