//! RXV: how an infusion runs (HL7 v2.7 §4A.4.11): bolus, patient-controlled analgesia, limits, syringe. FHIR R4 has
//! no elements for a pump: all of it is one extension of the prescription.

use fhir::{Extension, ExtensionValue};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{Beside, Is, beside, extensions};
use crate::context::Context;
use crate::mapping::{Map, left, to};
use crate::message::pharmacy::amount;

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RXV",
    name: "Pharmacy/Treatment Infusion",
    fields: &[
        "Set ID - RXV",
        "Bolus Type",
        "Bolus Dose Amount",
        "Bolus Dose Amount Units",
        "Bolus Dose Volume",
        "Bolus Dose Volume Units",
        "PCA Type",
        "PCA Dose Amount",
        "PCA Dose Amount Units",
        "PCA Dose Amount Volume",
        "PCA Dose Amount Volume Units",
        "Max Dose Amount",
        "Max Dose Amount Units",
        "Max Dose Amount Volume",
        "Max Dose Amount Volume Units",
        "Max Dose per Time",
        "Lockout Interval",
        "Syringe Manufacturer",
        "Syringe Model Number",
        "Syringe Size",
        "Syringe Size Units",
        "Action Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "MedicationRequest.extension(v2-infusion).extension(v2-bolus-type)"),
        to(3, "MedicationRequest.extension(v2-infusion).extension(v2-bolus-dose)"),
        to(4, "MedicationRequest.extension(v2-infusion).extension(v2-bolus-dose)"),
        to(5, "MedicationRequest.extension(v2-infusion).extension(v2-bolus-dose-volume)"),
        to(6, "MedicationRequest.extension(v2-infusion).extension(v2-bolus-dose-volume)"),
        to(7, "MedicationRequest.extension(v2-infusion).extension(v2-pca-type)"),
        to(8, "MedicationRequest.extension(v2-infusion).extension(v2-pca-dose)"),
        to(9, "MedicationRequest.extension(v2-infusion).extension(v2-pca-dose)"),
        to(10, "MedicationRequest.extension(v2-infusion).extension(v2-pca-dose-volume)"),
        to(11, "MedicationRequest.extension(v2-infusion).extension(v2-pca-dose-volume)"),
        to(12, "MedicationRequest.extension(v2-infusion).extension(v2-maximum-dose)"),
        to(13, "MedicationRequest.extension(v2-infusion).extension(v2-maximum-dose)"),
        to(14, "MedicationRequest.extension(v2-infusion).extension(v2-maximum-dose-volume)"),
        to(15, "MedicationRequest.extension(v2-infusion).extension(v2-maximum-dose-volume)"),
        to(16, "MedicationRequest.extension(v2-infusion).extension(v2-maximum-dose-per-time)"),
        to(17, "MedicationRequest.extension(v2-infusion).extension(v2-lockout-interval)"),
        to(18, "MedicationRequest.extension(v2-infusion).extension(v2-syringe-manufacturer)"),
        to(19, "MedicationRequest.extension(v2-infusion).extension(v2-syringe-model)"),
        to(20, "MedicationRequest.extension(v2-infusion).extension(v2-syringe-size)"),
        to(21, "MedicationRequest.extension(v2-infusion).extension(v2-syringe-size)"),
        left(
            22,
            "whether an infusion is added or changed does not outlive the message: it is part of its prescription",
        ),
    ],
};

/// Fields for which FHIR has no element.
static BESIDE: &[Beside] = beside![
    2 "bolus-type" Is::Concept,
    7 "pca-type" Is::Concept,
    16 "maximum-dose-per-time" Is::Quantity,
    17 "lockout-interval" Is::Quantity,
    18 "syringe-manufacturer" Is::Concept,
    19 "syringe-model" Is::Concept,
];

/// Numbers with a unit of their own: number, unit, extension.
static AMOUNTS: &[(usize, usize, &str)] = &[
    (3, 4, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-bolus-dose"),
    (5, 6, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-bolus-dose-volume"),
    (8, 9, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-pca-dose"),
    (10, 11, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-pca-dose-volume"),
    (12, 13, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-maximum-dose"),
    (14, 15, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-maximum-dose-volume"),
    (20, 21, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-syringe-size"),
];

/// All that it says.
pub(crate) fn parts<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rxv: Segment<'m, 'a>,
    owner: Uuid,
) -> Vec<Extension<'a>> {
    let mut all = extensions(cx, rxv, BESIDE, owner);
    for &(number, unit, url) in AMOUNTS {
        let quantity = amount(cx, rxv, number, unit);
        all.extend(quantity.map(|one| Extension::new(url, ExtensionValue::Quantity(Box::new(one)))));
    }
    all
}
