//! IAR: one reaction to the substance of the IAM before it (HL7 v2.8 §3.4.18).

use fhir::{AllergyReaction, Annotation, CodeableConcept, Element, Extension, Resource, system};
use hl7v2::Segment;
use uuid::Uuid;

use crate::context::{Context, add_new, extension, own};
use crate::datatype::{self, cwe};
use crate::mapping::{Map, to};
use crate::table;

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "IAR",
    name: "Allergy Reaction",
    fields: &[
        "Allergy Reaction Code",
        "Allergy Severity Code",
        "Sensitivity to Causative Agent Code",
        "Management",
    ],
    rows: &[
        to(1, "AllergyIntolerance.reaction.manifestation"),
        to(2, "AllergyIntolerance.reaction.severity"),
        to(3, "AllergyIntolerance.reaction.extension(v2-sensitivity)"),
        to(4, "AllergyIntolerance.reaction.note"),
    ],
};

/// A reaction of the allergy that was told of last. Without one it is left: it is a reaction to nothing.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, iar: Segment<'m, 'a>, allergy: Option<Uuid>) {
    let allergy = allergy.filter(|id| matches!(cx.entry(*id), Some(Resource::AllergyIntolerance(_))));
    let Some(allergy) = allergy else {
        for field in iar.fields() {
            cx.ignore_field(field, "a reaction to a substance that is not named: no IAM stands before it");
        }
        return;
    };
    let mut reaction = AllergyReaction::default();
    for repetition in iar.field(1).repetitions() {
        reaction.manifestation.extend(cwe::concept(cx, repetition, "IAR-1", None));
    }
    let severity = iar.field(2).first();
    let known = table::allergy_reaction_severity(&severity.value().text());
    reaction.severity = known.map(|known| known.code);
    if known.is_some_and(|known| known.exact) && severity.component_count() == 1 {
        cx.mark(severity.value());
    } else {
        let original = cwe::concept(cx, severity, "IAR-2", Some(table::allergy_severity));
        reaction.severity_ext =
            original.map(|original| Element::of(Extension::concept(extension::ORIGINAL_CODE, original)));
    }
    for repetition in iar.field(3).repetitions() {
        let concept = cwe::concept(cx, repetition, "IAR-3", None);
        reaction.extension.extend(concept.map(|concept| Extension::concept(own!("sensitivity"), concept)));
    }
    let management = cx.write(iar.field(4).value());
    reaction.note.extend(management.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    datatype::beyond(cx, iar, [4], &mut reaction.extension);
    if reaction == AllergyReaction::default() {
        return;
    }
    if reaction.manifestation.is_empty() {
        // FHIR demands one.
        let unknown = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        reaction
            .manifestation
            .push(CodeableConcept { extension: vec![unknown], ..CodeableConcept::default() });
    }
    if let Some(Resource::AllergyIntolerance(known)) = cx.entry(allergy) {
        add_new(&mut known.reaction, [reaction]);
    }
}
