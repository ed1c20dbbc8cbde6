//! ACC: the accident that the account is about (HL7 v2.5.1 §6.5.9). FHIR R4 has it in claims only.

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ACC",
    name: "Accident",
    fields: &[
        "Accident Date Time",
        "Accident Code",
        "Accident Location",
        "Auto Accident State",
        "Accident Job Related Indicator",
        "Accident Death Indicator",
        "Entered By",
        "Accident Description",
        "Brought In By",
        "Police Notified Indicator",
        "Accident Address",
        "Degree of Patient Liability",
        "Accident Identifier",
    ],
    rows: &[
        to(1, "Account.extension(v2-acc-accident-date-time)"),
        to(2, "Account.extension(v2-acc-accident-code)"),
        to(3, "Account.extension(v2-acc-accident-location)"),
        to(4, "Account.extension(v2-acc-auto-accident-state)"),
        to(5, "Account.extension(v2-acc-accident-job-related-indicator)"),
        to(6, "Account.extension(v2-acc-accident-death-indicator)"),
        to(7, "Account.extension(v2-acc-entered-by)"),
        to(8, "Account.extension(v2-acc-accident-description)"),
        to(9, "Account.extension(v2-acc-brought-in-by)"),
        to(10, "Account.extension(v2-acc-police-notified-indicator)"),
        to(11, "Account.extension(v2-acc-accident-address)"),
        to(12, "Account.extension(v2-acc-degree-of-patient-liability)"),
        to(13, "Account.extension(v2-acc-accident-identifier)"),
    ],
};

/// The fields that FHIR has no element for.
pub(crate) const BESIDE: &[Beside] = beside![
    1 "acc-accident-date-time" Is::Time,
    2 "acc-accident-code" Is::Concept,
    3 "acc-accident-location" Is::Text,
    4 "acc-auto-accident-state" Is::Concept,
    5 "acc-accident-job-related-indicator" Is::Flag,
    6 "acc-accident-death-indicator" Is::Flag,
    7 "acc-entered-by" Is::Person,
    8 "acc-accident-description" Is::Text,
    9 "acc-brought-in-by" Is::Text,
    10 "acc-police-notified-indicator" Is::Flag,
    11 "acc-accident-address" Is::Address,
    12 "acc-degree-of-patient-liability" Is::Number,
    13 "acc-accident-identifier" Is::Entity,
];
