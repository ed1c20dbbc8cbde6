//! UB2: uniform billing of 1992 (HL7 v2.5.1 §6.5.11).

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "UB2",
    name: "Uniform Billing Data",
    fields: &[
        "Set ID",
        "Co Insurance Days 9",
        "Condition Code 24 30",
        "Covered Days 7",
        "Non Covered Days 8",
        "Value Amount Code 39 41",
        "Occurrence Code Date 32 35",
        "Occurrence Span Code Dates 36",
        "Uniform Billing Locator 2 State",
        "Uniform Billing Locator 11 State",
        "Uniform Billing Locator 31 National",
        "Document Control Number",
        "Uniform Billing Locator 49 National",
        "Uniform Billing Locator 56 State",
        "Uniform Billing Locator 57 Sational",
        "Uniform Billing Locator 78 State",
        "Special Visit Count",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Account.extension(v2-ub2-co-insurance-days-9)"),
        to(3, "Account.extension(v2-ub2-condition-code-24-30)"),
        to(4, "Account.extension(v2-ub2-covered-days-7)"),
        to(5, "Account.extension(v2-ub2-non-covered-days-8)"),
        to(6, "Account.extension(v2-ub2-value-amount-code-39-41)"),
        to(7, "Account.extension(v2-ub2-occurrence-code-date-32-35)"),
        to(8, "Account.extension(v2-ub2-occurrence-span-code-dates-36)"),
        to(9, "Account.extension(v2-ub2-uniform-billing-locator-2-state)"),
        to(10, "Account.extension(v2-ub2-uniform-billing-locator-11-state)"),
        to(11, "Account.extension(v2-ub2-uniform-billing-locator-31-national)"),
        to(12, "Account.extension(v2-ub2-document-control-number)"),
        to(13, "Account.extension(v2-ub2-uniform-billing-locator-49-national)"),
        to(14, "Account.extension(v2-ub2-uniform-billing-locator-56-state)"),
        to(15, "Account.extension(v2-ub2-uniform-billing-locator-57-sational)"),
        to(16, "Account.extension(v2-ub2-uniform-billing-locator-78-state)"),
        to(17, "Account.extension(v2-ub2-special-visit-count)"),
    ],
};

/// The fields that FHIR has no element for.
pub(crate) const BESIDE: &[Beside] = beside![
    2 "ub2-co-insurance-days-9" Is::Text,
    3 "ub2-condition-code-24-30" Is::Concept,
    4 "ub2-covered-days-7" Is::Text,
    5 "ub2-non-covered-days-8" Is::Text,
    6 "ub2-value-amount-code-39-41" Is::Parts(&["value-code", "value-amount", "non-monetary-amount"]),
    7 "ub2-occurrence-code-date-32-35" Is::Parts(&["occurrence-code", "occurrence-date"]),
    8 "ub2-occurrence-span-code-dates-36" Is::Parts(&["occurrence-span-code", "start-date", "stop-date"]),
    9 "ub2-uniform-billing-locator-2-state" Is::Text,
    10 "ub2-uniform-billing-locator-11-state" Is::Text,
    11 "ub2-uniform-billing-locator-31-national" Is::Text,
    12 "ub2-document-control-number" Is::Text,
    13 "ub2-uniform-billing-locator-49-national" Is::Text,
    14 "ub2-uniform-billing-locator-56-state" Is::Text,
    15 "ub2-uniform-billing-locator-57-sational" Is::Text,
    16 "ub2-uniform-billing-locator-78-state" Is::Text,
    17 "ub2-special-visit-count" Is::Number,
];
