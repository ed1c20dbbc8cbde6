//! RXC: what a medicine is made of (HL7 v2.5.1 §4.14.3). It becomes an ingredient of the Medication of the segment
//! before it. There is no official map.

use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RXC",
    name: "Pharmacy/Treatment Component Order",
    fields: &[
        "RX Component Type",
        "Component Code",
        "Component Amount",
        "Component Units",
        "Component Strength",
        "Component Strength Units",
        "Supplementary Code",
        "Component Drug Strength Volume",
        "Component Drug Strength Volume Units",
        "Dispense Amount",
        "Dispense Units",
    ],
    rows: &[
        to(1, "Medication.ingredient.isActive"),
        to(1, "Medication.ingredient.extension(v2-component-type)"),
        to(2, "Medication.ingredient.itemCodeableConcept"),
        to(3, "Medication.ingredient.strength.numerator.value"),
        to(4, "Medication.ingredient.strength.numerator.unit"),
        to(5, "Medication.ingredient.extension(v2-component-strength).valueRatio.numerator.value"),
        to(6, "Medication.ingredient.extension(v2-component-strength).valueRatio.numerator.unit"),
        to(7, "Medication.ingredient.itemCodeableConcept"),
        to(8, "Medication.ingredient.extension(v2-component-strength).valueRatio.denominator.value"),
        to(9, "Medication.ingredient.extension(v2-component-strength).valueRatio.denominator.unit"),
        to(10, "Medication.ingredient.extension(v2-component-dispense-amount).valueQuantity.value"),
        to(11, "Medication.ingredient.extension(v2-component-dispense-amount).valueQuantity.unit"),
    ],
};
