//! RMI: an incident (HL7 v2.5.1 §6.5.14).

use super::beside::{Beside, Is, beside};
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RMI",
    name: "Risk Management Incident",
    fields: &["Risk Management Incident Code", "Date Time Incident", "Incident Type Code"],
    rows: &[
        to(1, "Account.extension(v2-incident).extension(v2-rmi-risk-management-incident-code)"),
        to(2, "Account.extension(v2-incident).extension(v2-rmi-date-time-incident)"),
        to(3, "Account.extension(v2-incident).extension(v2-rmi-incident-type-code)"),
    ],
};

/// The fields that FHIR has no element for.
pub(crate) const BESIDE: &[Beside] = beside![
    1 "rmi-risk-management-incident-code" Is::Concept,
    2 "rmi-date-time-incident" Is::Time,
    3 "rmi-incident-type-code" Is::Concept,
];
