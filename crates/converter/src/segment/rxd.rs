//! RXD: what was dispensed (HL7 v2.5.1 §4.14.5). There is no official map.

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, to};
use crate::message::pharmacy::{Dose, Product};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RXD",
    name: "Pharmacy/Treatment Dispense",
    fields: &[
        "Dispense Sub-ID Counter",
        "Dispense/Give Code",
        "Date/Time Dispensed",
        "Actual Dispense Amount",
        "Actual Dispense Units",
        "Actual Dosage Form",
        "Prescription Number",
        "Number of Refills Remaining",
        "Dispense Notes",
        "Dispensing Provider",
        "Substitution Status",
        "Total Daily Dose",
        "Dispense-to Location",
        "Needs Human Review",
        "Special Dispensing Instructions",
        "Actual Strength",
        "Actual Strength Unit",
        "Substance Lot Number",
        "Substance Expiration Date",
        "Substance Manufacturer Name",
        "Indication",
        "Dispense Package Size",
        "Dispense Package Size Unit",
        "Dispense Package Method",
        "Supplementary Code",
        "Initiating Location",
        "Packaging/Assembly Location",
        "Actual Drug Strength Volume",
        "Actual Drug Strength Volume Units",
        "Dispense to Pharmacy",
        "Dispense to Pharmacy Address",
        "Pharmacy Order Type",
        "Dispense Type",
        "Pharmacy Phone Number",
        "Dispense Tag Identifier",
    ],
    rows: &[
        to(1, "MedicationDispense.extension(v2-dispense-sub-id)"),
        to(2, "Medication.code"),
        to(3, "MedicationDispense.whenHandedOver"),
        to(4, "MedicationDispense.quantity.value"),
        to(5, "MedicationDispense.quantity.unit"),
        to(6, "Medication.form"),
        to(7, "MedicationDispense.identifier"),
        to(8, "MedicationDispense.extension(v2-refills-remaining)"),
        to(9, "MedicationDispense.note"),
        to(10, "MedicationDispense.performer"),
        to(11, "MedicationDispense.substitution.type"),
        to(11, "MedicationDispense.substitution.wasSubstituted"),
        to(12, "MedicationDispense.dosageInstruction.maxDosePerPeriod"),
        to(13, "MedicationDispense.destination"),
        to(14, "MedicationDispense.extension(v2-needs-human-review)"),
        to(15, "MedicationDispense.extension(v2-dispensing-instructions)"),
        to(16, "Medication.ingredient.strength.numerator.value"),
        to(17, "Medication.ingredient.strength.numerator.unit"),
        to(18, "Medication.batch.lotNumber"),
        to(19, "Medication.batch.expirationDate"),
        to(20, "Medication.manufacturer"),
        to(21, "MedicationDispense.extension(v2-indication)"),
        to(22, "MedicationDispense.extension(v2-dispense-package-size)"),
        to(23, "MedicationDispense.extension(v2-dispense-package-size)"),
        to(24, "MedicationDispense.extension(v2-dispense-package-method)"),
        to(25, "Medication.code"),
        to(26, "MedicationDispense.extension(v2-initiating-location)"),
        to(27, "MedicationDispense.extension(v2-packaging-location)"),
        to(28, "Medication.ingredient.strength.denominator.value"),
        to(29, "Medication.ingredient.strength.denominator.unit"),
        to(30, "MedicationDispense.extension(v2-dispense-to-pharmacy)"),
        to(31, "Organization.address"),
        to(32, "MedicationDispense.extension(v2-pharmacy-order-type)"),
        to(33, "MedicationDispense.type"),
        to(34, "Organization.telecom"),
        to(35, "MedicationDispense.extension(v2-dispense-tag)"),
    ],
};

/// Fields for which FHIR has no element.
pub(crate) static BESIDE: &[Beside] = beside![
    1 "dispense-sub-id" Is::Text,
    8 "refills-remaining" Is::Number,
    14 "needs-human-review" Is::Flag,
    15 "dispensing-instructions" Is::Concept,
    21 "indication" Is::Concept,
    24 "dispense-package-method" Is::Concept,
    26 "initiating-location" Is::Concept,
    27 "packaging-location" Is::Concept,
    32 "pharmacy-order-type" Is::Concept,
    35 "dispense-tag" Is::Entity,
];

/// Numbers with a unit of their own: number, unit, extension.
pub(crate) static AMOUNTS: &[(usize, usize, &str)] =
    &[(22, 23, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-dispense-package-size")];

/// Where the medicine stands.
pub(crate) const PRODUCT: Product = Product {
    code: 2,
    form: 6,
    strength: [16, 17],
    volume: [28, 29],
    supplementary: 25,
    lot: 18,
    expiry: 19,
    manufacturer: 20,
};

/// Where the dose stands: RXD tells only how much a day.
pub(crate) const DOSE: Dose = Dose {
    low: 0,
    high: 0,
    units: 0,
    per: 0,
    rate: 0,
    rate_units: 0,
    daily: 12,
    instructions: &[],
    kind: "ordered",
};
