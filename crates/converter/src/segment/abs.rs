//! ABS: the abstract of a stay (HL7 v2.5.1 §6.5.12).

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ABS",
    name: "Abstract",
    fields: &[
        "Discharge Care Provider",
        "Transfer Medical Service Code",
        "Severity of Illness Code",
        "Date Time of Attestation",
        "Attested By",
        "Triage Code",
        "Abstract Completion Date Time",
        "Abstracted By",
        "Case Category Code",
        "Caesarian Section Indicator",
        "Gestation Category Code",
        "Gestation Period Weeks",
        "Newborn Code",
        "Stillborn Indicator",
    ],
    rows: &[
        to(1, "Account.extension(v2-abs-discharge-care-provider)"),
        to(2, "Account.extension(v2-abs-transfer-medical-service-code)"),
        to(3, "Account.extension(v2-abs-severity-of-illness-code)"),
        to(4, "Account.extension(v2-abs-date-time-of-attestation)"),
        to(5, "Account.extension(v2-abs-attested-by)"),
        to(6, "Account.extension(v2-abs-triage-code)"),
        to(7, "Account.extension(v2-abs-abstract-completion-date-time)"),
        to(8, "Account.extension(v2-abs-abstracted-by)"),
        to(9, "Account.extension(v2-abs-case-category-code)"),
        to(10, "Account.extension(v2-abs-caesarian-section-indicator)"),
        to(11, "Account.extension(v2-abs-gestation-category-code)"),
        to(12, "Account.extension(v2-abs-gestation-period-weeks)"),
        to(13, "Account.extension(v2-abs-newborn-code)"),
        to(14, "Account.extension(v2-abs-stillborn-indicator)"),
    ],
};

/// The fields that FHIR has no element for.
pub(crate) const BESIDE: &[Beside] = beside![
    1 "abs-discharge-care-provider" Is::Person,
    2 "abs-transfer-medical-service-code" Is::Concept,
    3 "abs-severity-of-illness-code" Is::Concept,
    4 "abs-date-time-of-attestation" Is::Time,
    5 "abs-attested-by" Is::Person,
    6 "abs-triage-code" Is::Concept,
    7 "abs-abstract-completion-date-time" Is::Time,
    8 "abs-abstracted-by" Is::Person,
    9 "abs-case-category-code" Is::Concept,
    10 "abs-caesarian-section-indicator" Is::Flag,
    11 "abs-gestation-category-code" Is::Concept,
    12 "abs-gestation-period-weeks" Is::Number,
    13 "abs-newborn-code" Is::Concept,
    14 "abs-stillborn-indicator" Is::Flag,
];
