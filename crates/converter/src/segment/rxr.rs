//! RXR: by which way it is given (HL7 v2.5.1 §4.14.2, and the official maps).

use fhir::{CodeableConcept, Extension};
use hl7v2::Segment;

use crate::context::Context;
use crate::datatype::cwe;
use crate::mapping::{Map, to};
use crate::table;

/// RXR-4, where the resource has no method.
pub(crate) const METHOD: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administration-method";
/// RXR-5, where the resource has no instruction.
pub(crate) const INSTRUCTION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-routing-instruction";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RXR",
    name: "Pharmacy/Treatment Route",
    fields: &[
        "Route",
        "Administration Site",
        "Administration Device",
        "Administration Method",
        "Routing Instruction",
        "Administration Site Modifier",
    ],
    rows: &[
        to(1, "MedicationRequest.dosageInstruction.route"),
        to(1, "Immunization.route"),
        to(1, "MedicationAdministration.dosage.route"),
        to(2, "MedicationRequest.dosageInstruction.site"),
        to(2, "Immunization.site"),
        to(2, "MedicationAdministration.dosage.site"),
        to(3, "MedicationRequest.dosageInstruction.extension(v2-administration-device)"),
        to(3, "Immunization.extension(v2-administration-device)"),
        to(3, "MedicationAdministration.dosage.extension(v2-administration-device)"),
        to(4, "MedicationRequest.dosageInstruction.method"),
        to(4, "Immunization.extension(v2-administration-method)"),
        to(4, "MedicationAdministration.dosage.method"),
        to(5, "MedicationRequest.dosageInstruction.additionalInstruction"),
        to(5, "Immunization.extension(v2-routing-instruction)"),
        to(5, "MedicationAdministration.dosage.extension(v2-routing-instruction)"),
        to(6, "MedicationRequest.dosageInstruction.extension(v2-administration-site-modifier)"),
        to(6, "Immunization.extension(v2-administration-site-modifier)"),
        to(6, "MedicationAdministration.dosage.extension(v2-administration-site-modifier)"),
    ],
};

/// What an RXR says.
pub(crate) struct Route<'a> {
    pub(crate) route: Option<CodeableConcept<'a>>,
    pub(crate) site: Option<CodeableConcept<'a>>,
    pub(crate) device: Option<CodeableConcept<'a>>,
    pub(crate) method: Option<CodeableConcept<'a>>,
    pub(crate) instruction: Option<CodeableConcept<'a>>,
    pub(crate) modifier: Option<CodeableConcept<'a>>,
}

pub(crate) fn read<'a>(cx: &mut Context<'_, 'a>, rxr: Segment<'_, 'a>) -> Route<'a> {
    let field = |n: usize| rxr.field(n).first();
    Route {
        route: cwe::concept(cx, field(1), "RXR-1", Some(table::route)),
        site: cwe::concept(cx, field(2), "RXR-2", Some(table::body_site)),
        device: cwe::concept(cx, field(3), "RXR-3", Some(table::administration_device)),
        method: cwe::concept(cx, field(4), "RXR-4", Some(table::administration_method)),
        instruction: cwe::concept(cx, field(5), "RXR-5", None),
        modifier: cwe::concept(cx, field(6), "RXR-6", None),
    }
}

impl<'a> Route<'a> {
    /// All of it as parts of an extension.
    pub(crate) fn into_parts(self) -> Vec<Extension<'a>> {
        let named = [
            ("route", self.route),
            ("site", self.site),
            ("device", self.device),
            ("method", self.method),
            ("instruction", self.instruction),
            ("siteModifier", self.modifier),
        ];
        named.into_iter().filter_map(|(name, one)| Some(Extension::concept(name, one?))).collect()
    }
}
