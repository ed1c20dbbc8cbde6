//! RXA: what was given (HL7 v2.5.1 §4.14.7): a vaccination in VXU (the official map), else a
//! MedicationAdministration (designed from FHIR).

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, elsewhere, left, to};
use crate::message::pharmacy::Product;

/// A coded note (RXA-9).
pub(crate) const NOTE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administration-note";

const ACTION: &str = "whether it is added or changed does not outlive the message; only a deletion says something of what was given";
const PLACE: &str = "the Location is a resource of its own, to which `location` refers";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RXA",
    name: "Pharmacy/Treatment Administration",
    fields: &[
        "Give Sub-ID Counter",
        "Administration Sub-ID Counter",
        "Date/Time Start of Administration",
        "Date/Time End of Administration",
        "Administered Code",
        "Administered Amount",
        "Administered Units",
        "Administered Dosage Form",
        "Administration Notes",
        "Administering Provider",
        "Administered-at Location",
        "Administered Per (Time Unit)",
        "Administered Strength",
        "Administered Strength Units",
        "Substance Lot Number",
        "Substance Expiration Date",
        "Substance Manufacturer Name",
        "Substance/Treatment Refusal Reason",
        "Indication",
        "Completion Status",
        "Action Code - RXA",
        "System Entry Date/Time",
        "Administered Drug Strength Volume",
        "Administered Drug Strength Volume Units",
        "Administered Barcode Identifier",
        "Pharmacy Order Type",
        "Administer-at",
        "Administered-at Address",
        "Administered Tag Identifier",
    ],
    rows: &[
        to(1, "Immunization.extension(v2-give-sub-id)"),
        to(1, "MedicationAdministration.extension(v2-give-sub-id)"),
        to(2, "Immunization.extension(v2-administration-sub-id)"),
        to(2, "MedicationAdministration.extension(v2-administration-sub-id)"),
        to(3, "Immunization.occurrenceDateTime"),
        to(3, "MedicationAdministration.effectiveDateTime"),
        to(3, "MedicationAdministration.effectivePeriod.start"),
        to(4, "MedicationAdministration.effectivePeriod.end"),
        to(4, "Immunization.extension(v2-administration-end)"),
        to(5, "Immunization.vaccineCode"),
        to(5, "Medication.code"),
        to(6, "Immunization.doseQuantity.value"),
        to(6, "MedicationAdministration.dosage.dose.value"),
        to(7, "Immunization.doseQuantity"),
        to(7, "MedicationAdministration.dosage.dose.unit"),
        to(8, "Medication.form"),
        to(8, "Immunization.extension(v2-administered-dosage-form)"),
        to(9, "Immunization.primarySource"),
        to(9, "Immunization.reportOrigin"),
        to(9, "Immunization.note"),
        to(9, "MedicationAdministration.note"),
        to(10, "Immunization.performer.actor"),
        to(10, "Immunization.performer.function"),
        elsewhere(
            10,
            "Immunization.performer.actor(Practitioner)",
            "nl-core refers to the PractitionerRole of whoever is in a Dutch register; it refers to the Practitioner",
        ),
        to(10, "MedicationAdministration.performer"),
        to(11, "Immunization.location"),
        to(11, "MedicationAdministration.extension(v2-administered-at)"),
        to(12, "Immunization.extension(v2-give-per)"),
        to(12, "MedicationAdministration.extension(v2-give-per)"),
        to(13, "Immunization.extension(v2-administered-strength)"),
        to(13, "Medication.ingredient.strength.numerator.value"),
        to(14, "Immunization.extension(v2-administered-strength)"),
        to(14, "Medication.ingredient.strength.numerator.unit"),
        to(15, "Immunization.lotNumber"),
        to(15, "Medication.batch.lotNumber"),
        to(16, "Immunization.expirationDate"),
        to(16, "Medication.batch.expirationDate"),
        to(17, "Immunization.manufacturer"),
        elsewhere(
            17,
            "Immunization.manufacturer(Organization)",
            "the Organization is a resource of its own, to which `manufacturer` refers",
        ),
        to(17, "Medication.manufacturer"),
        to(18, "Immunization.statusReason"),
        to(18, "MedicationAdministration.statusReason"),
        to(19, "Immunization.reasonCode"),
        to(19, "MedicationAdministration.reasonCode"),
        to(20, "Immunization.status"),
        to(20, "MedicationAdministration.status"),
        to(21, "Immunization.status"),
        to(21, "MedicationAdministration.status"),
        left(21, ACTION),
        to(22, "Immunization.recorded"),
        to(22, "MedicationAdministration.extension(v2-system-entry-time)"),
        to(23, "Immunization.extension(v2-administered-strength-volume)"),
        to(23, "Medication.ingredient.strength.denominator.value"),
        to(24, "Immunization.extension(v2-administered-strength-volume)"),
        to(24, "Medication.ingredient.strength.denominator.unit"),
        to(25, "Immunization.extension(v2-administered-barcode)"),
        to(25, "MedicationAdministration.extension(v2-administered-barcode)"),
        to(26, "Immunization.extension(v2-pharmacy-order-type)"),
        to(26, "MedicationAdministration.extension(v2-pharmacy-order-type)"),
        to(27, "Immunization.location"),
        elsewhere(27, "Immunization.location[1](Location)", PLACE),
        to(27, "MedicationAdministration.extension(v2-administered-at)"),
        to(28, "Location.address"),
        elsewhere(28, "Immunization.location[1](Location.address)", PLACE),
        to(29, "Immunization.extension(v2-administered-tag)"),
        to(29, "MedicationAdministration.extension(v2-administered-tag)"),
    ],
};

/// Fields for which FHIR has no element.
pub(crate) static BESIDE: &[Beside] = beside![
    1 "give-sub-id" Is::Text,
    2 "administration-sub-id" Is::Text,
    12 "give-per" Is::Text,
    25 "administered-barcode" Is::Concept,
    26 "pharmacy-order-type" Is::Concept,
    29 "administered-tag" Is::Entity,
];

/// The same of a MedicationAdministration alone.
pub(crate) static OF_ADMINISTRATION: &[Beside] = beside![
    22 "system-entry-time" Is::Time,
];

/// The same of an Immunization alone.
pub(crate) static OF_VACCINATION: &[Beside] = beside![
    8 "administered-dosage-form" Is::Concept,
];

/// What an Immunization has no element for: number, unit, extension.
pub(crate) static AMOUNTS: &[(usize, usize, &str)] = &[
    (13, 14, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administered-strength"),
    (23, 24, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administered-strength-volume"),
];

/// Where the medicine stands.
pub(crate) const PRODUCT: Product = Product {
    code: 5,
    form: 8,
    strength: [13, 14],
    volume: [23, 24],
    supplementary: 0,
    lot: 15,
    expiry: 16,
    manufacturer: 17,
};
