//! Which patients a resource is about.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::port::ResourceKey;

/// Elements that may name the patient, in the resources that this system writes. `target` is Provenance's, `focus`
/// MessageHeader's; `extension` is not looked into.
const ELEMENTS: [&str; 6] = ["subject", "patient", "beneficiary", "target", "focus", "for"];

/// The patients that a resource is about, as `Patient/<id>` and in order: itself, or those whom it names. Each of them
/// has an entry of the log when it is written or shown.
///
/// ```
/// use zorgsluis_domain::port::ResourceKey;
/// let result = serde_json::json!({ "subject": { "reference": "Patient/1" } });
/// assert_eq!(zorgsluis_domain::patients_of(&ResourceKey::new("Observation", "x"), &result), ["Patient/1"]);
/// ```
#[must_use]
pub fn patients_of(key: &ResourceKey, resource: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    if key.resource_type == "Patient" {
        found.insert(key.to_string());
        return found.into_iter().collect();
    }
    for element in ELEMENTS {
        match resource.get(element) {
            Some(Value::Array(all)) => found.extend(all.iter().filter_map(reference)),
            Some(one) => found.extend(reference(one)),
            None => {}
        }
    }
    // An Appointment has its patient among those who take part.
    let participants = resource.get("participant").and_then(Value::as_array);
    found.extend(participants.into_iter().flatten().filter_map(|one| reference(one.get("actor")?)));
    found.into_iter().collect()
}

/// A relative reference to a patient; a version behind it is left off.
fn reference(element: &Value) -> Option<String> {
    let text = element.get("reference")?.as_str()?;
    let mut parts = text.split('/');
    let (kind, id) = (parts.next()?, parts.next()?);
    let is_id = (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    (kind == "Patient" && is_id).then(|| format!("Patient/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patient_is_found_wherever_a_resource_names_one() {
        let of = |kind: &str, json: &str| {
            patients_of(&ResourceKey::new(kind, "x"), &serde_json::from_str(json).unwrap())
        };
        assert_eq!(of("Patient", "{}"), ["Patient/x"]);
        assert_eq!(of("Observation", r#"{"subject":{"reference":"Patient/1"}}"#), ["Patient/1"]);
        assert_eq!(of("RelatedPerson", r#"{"patient":{"reference":"Patient/1"}}"#), ["Patient/1"]);
        assert_eq!(of("Coverage", r#"{"beneficiary":{"reference":"Patient/1"}}"#), ["Patient/1"]);
        assert_eq!(
            of(
                "Appointment",
                r#"{"participant":[{"actor":{"reference":"Location/1"}},{"status":"accepted"},
                    {"actor":{"reference":"Patient/1"}}]}"#
            ),
            ["Patient/1"]
        );
        assert_eq!(
            of(
                "Provenance",
                r#"{"target":[{"reference":"Patient/2/_history/3"},{"reference":"Encounter/1"},{"reference":"Patient/1"}]}"#
            ),
            ["Patient/1", "Patient/2"]
        );
        assert_eq!(of("Location", "{}"), Vec::<String>::new());
        assert_eq!(of("Observation", r#"{"subject":{"display":"somebody"}}"#), Vec::<String>::new());
        assert_eq!(of("Observation", r#"{"subject":{"reference":"Patient/1 2"}}"#), Vec::<String>::new());
    }
}
