//! BLC: blood that was used (HL7 v2.5.1 §6.5.13).

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "BLC",
    name: "Blood Code",
    fields: &["Blood Product Code", "Blood Amount"],
    rows: &[
        to(1, "Account.extension(v2-blood).extension(v2-blc-blood-product-code)"),
        to(2, "Account.extension(v2-blood).extension(v2-blc-blood-amount)"),
    ],
};

/// The fields that FHIR has no element for.
pub(crate) const BESIDE: &[Beside] = beside![
    1 "blc-blood-product-code" Is::Concept,
    2 "blc-blood-amount" Is::Quantity,
];
