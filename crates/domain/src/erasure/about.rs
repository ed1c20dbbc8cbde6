//! Whom a FHIR resource is about, for those who destroy what is about a patient.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;

use serde_json::Value;

/// What the JSON of a record of involuntary care holds: SNOMED CT 225317005, freedom-restricting intervention, the
/// category by which they are known (Nictiz zib FreedomRestrictingIntervention).
pub const INVOLUNTARY_CARE: &str = "\"225317005\"";

/// What belongs to no patient, though resources of patients name it.
pub const SHARED: &[&str] = &[
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "HealthcareService",
    "Medication",
    "Device",
    "Schedule",
    "Slot",
];

/// Elements that say whom a resource is about.
const ABOUT: &[&str] = &["subject", "patient", "beneficiary", "for", "individual"];

/// The patients that JSON names, by id.
pub fn patients_named(json: &str) -> impl Iterator<Item = &str> {
    json.split("\"Patient/").skip(1).filter_map(|rest| rest.get(..36))
}

/// Whether JSON names one of these patients (by id), and whether it names any other.
#[must_use]
pub fn patients_in<S: BuildHasher>(json: &str, patients: &HashSet<String, S>) -> (bool, bool) {
    patients_named(json).fold((false, false), |(mine, others), id| {
        if patients.contains(id) { (true, others) } else { (mine, true) }
    })
}

/// What stands behind `"reference":"`.
pub fn references(json: &str) -> impl Iterator<Item = &str> {
    json.split("\"reference\":\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Whether one of the elements that say whom a resource is about names one of these patients.
#[must_use]
pub fn is_about<S: BuildHasher>(resource: &Value, patients: &HashSet<String, S>) -> bool {
    let of = |value: &Value| {
        let reference = value.get("reference").and_then(Value::as_str);
        reference.and_then(|text| text.strip_prefix("Patient/")).is_some_and(|id| patients.contains(id))
    };
    ABOUT.iter().filter_map(|element| resource.get(*element)).any(|value| match value.as_array() {
        Some(all) => all.iter().any(of),
        None => of(value),
    })
}

/// What identifies a patient, as system and value: by the system, and by the authority as it was sent, which names
/// the key where the sender's profile knows no system.
pub fn identifiers(patient: &Value, into: &mut BTreeSet<(String, String)>) {
    let all = patient.get("identifier").and_then(Value::as_array).into_iter().flatten();
    for identifier in all {
        let Some(value) = identifier.get("value").and_then(Value::as_str) else { continue };
        if let Some(system) = identifier.get("system").and_then(Value::as_str) {
            into.insert((system.to_owned(), value.to_owned()));
        }
        if let Some(assigner) = identifier.pointer("/assigner/display").and_then(Value::as_str) {
            into.insert((format!("authority:{assigner}"), value.to_owned()));
        }
    }
}
