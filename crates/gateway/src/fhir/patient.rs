//! Which patients a resource, or a search, is about.

use std::collections::BTreeSet;

use serde_json::Value;
use zorgsluis_domain::patients_of;
use zorgsluis_domain::port::{ResourceKey, StoredResource};

use super::FhirError;
use crate::disclosure::Disclosed;

/// What the log says of a resource that is about to be shown.
pub(super) fn disclosed(resource: &StoredResource) -> Result<Disclosed, FhirError> {
    let patients = if resource.deleted {
        // Nothing of it is left to read but, of a Patient, whose it was.
        patients_of(&resource.key, &Value::Null)
    } else {
        let json: Value =
            serde_json::from_slice(resource.json.expose_phi()).map_err(|_| FhirError::Answer)?;
        patients_of(&resource.key, &json)
    };
    let (key, version, reading) = (resource.key.clone(), Some(resource.version), resource.reading);
    Ok(Disclosed { key, version, reading, patients })
}

/// What the log says of a resource that was asked for and is not there.
pub(super) fn asked_for(key: &ResourceKey) -> Disclosed {
    Disclosed { key: key.clone(), version: None, reading: None, patients: patients_of(key, &Value::Null) }
}

/// The patients whom a search names by their logical id: it is about them, whatever it finds.
pub(super) fn named(resource_type: &str, parameters: &[(String, String)]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (name, value) in parameters {
        let (name, modifier) = name.split_once(':').unwrap_or((name, ""));
        let bare = match name {
            "_id" => resource_type == "Patient",
            "patient" => true,
            "subject" | "beneficiary" | "target" => modifier == "Patient",
            _ => continue,
        };
        for value in value.split(',') {
            let id = match value.rsplit_once("Patient/") {
                Some((_, id)) => id,
                None if bare => value,
                None => continue,
            };
            if super::is_id(id) {
                found.insert(format!("Patient/{id}"));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_about_the_patients_whom_it_names() {
        let of = |kind: &str, name: &str, value: &str| named(kind, &[(name.to_owned(), value.to_owned())]);
        assert_eq!(of("Observation", "patient", "1"), ["Patient/1"]);
        assert_eq!(of("Observation", "patient", "Patient/2,Patient/1"), ["Patient/1", "Patient/2"]);
        assert_eq!(of("Observation", "subject", "http://localhost/fhir/Patient/1"), ["Patient/1"]);
        assert_eq!(of("Observation", "subject:Patient", "1"), ["Patient/1"]);
        assert_eq!(of("Patient", "_id", "1"), ["Patient/1"]);
        for (kind, name, value) in [
            ("Observation", "_id", "1"),
            ("Observation", "subject", "Group/1"),
            ("Observation", "patient", "1 2"),
            ("Patient", "name", "Patient/1"),
        ] {
            assert_eq!(of(kind, name, value), Vec::<String>::new(), "{kind} {name} {value}");
        }
    }
}
