//! The resources that are suggested: Condition and MedicationStatement, unconfirmed.

use fhir::system;
use serde_json::{Map, Value, json};
use zorgsluis_domain::port::{Keys, ResourceKey};

use crate::finding::{Finding, Kind};
use crate::identity;
use crate::note::Document;

/// The code system of [`MACHINE_EXTRACTED`].
pub const ORIGIN: &str = "https://zorgsluis.github.io/fhir/CodeSystem/origin";
/// The tag of what software read in a note.
pub const MACHINE_EXTRACTED: &str = "machine-extracted";
/// The seal over what the enricher wrote, in `meta`: it tells whether anybody changed it since.
const SEAL: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/suggestion-seal";

/// The content of a suggestion, without `meta`.
pub(crate) fn content(
    key: &ResourceKey,
    document: &Document,
    subject: &str,
    finding: &Finding,
) -> Map<String, Value> {
    let mut resource = Map::new();
    let mut put = |name: &str, value: Value| resource.insert(name.to_owned(), value);
    put("resourceType", json!(key.resource_type));
    put("id", json!(key.id));
    let note = json!([{ "reference": document.key.to_string() }]);
    let encounter = document.encounter.as_ref().map(|encounter| json!({ "reference": encounter }));
    match finding.kind {
        Kind::Condition => {
            let status = if finding.past { ("inactive", "Inactive") } else { ("active", "Active") };
            put("clinicalStatus", coded(system::CONDITION_CLINICAL, status));
            put("verificationStatus", coded(system::CONDITION_VER_STATUS, ("unconfirmed", "Unconfirmed")));
            if encounter.is_some() {
                let category = ("encounter-diagnosis", "Encounter Diagnosis");
                put("category", json!([coded(system::CONDITION_CATEGORY, category)]));
            }
            put("code", concept(finding));
            put("subject", json!({ "reference": subject }));
            if let Some(encounter) = encounter {
                put("encounter", encounter);
            }
            if let Some(date) = &document.date {
                put("recordedDate", json!(date));
            }
            put("evidence", json!([{ "detail": note }]));
        }
        Kind::Medication => {
            put("status", json!("unknown"));
            put("medicationCodeableConcept", concept(finding));
            put("subject", json!({ "reference": subject }));
            if let Some(encounter) = encounter {
                put("context", encounter);
            }
            if let Some(date) = &document.date {
                put("dateAsserted", json!(date));
            }
            if let Some(author) = &document.author {
                put("informationSource", json!({ "reference": author }));
            }
            put("derivedFrom", note);
            if !finding.dosages.is_empty() {
                put("dosage", finding.dosages.iter().map(crate::dosage::Dosage::to_json).collect());
            }
        }
    }
    resource
}

/// What the enricher wrote, taken back. A Condition in error has no clinical status (FHIR R4, con-5).
pub(crate) fn withdrawn(stands: &Map<String, Value>) -> Map<String, Value> {
    let mut resource = stands.clone();
    resource.shift_remove("meta");
    if resource.contains_key("verificationStatus") {
        resource.shift_remove("clinicalStatus");
        let status = coded(system::CONDITION_VER_STATUS, ("entered-in-error", "Entered in Error"));
        resource.insert(String::from("verificationStatus"), status);
    } else {
        resource.insert(String::from("status"), json!("entered-in-error"));
    }
    resource
}

/// Whether a suggestion is taken back.
pub(crate) fn is_withdrawn(resource: &Map<String, Value>) -> bool {
    let verification = resource.get("verificationStatus").and_then(|one| one.pointer("/coding/0/code"));
    verification.or_else(|| resource.get("status")).and_then(Value::as_str) == Some("entered-in-error")
}

/// Puts tag and seal on a content; what others wrote in `meta` stays.
pub(crate) fn marked(
    keys: &dyn Keys,
    content: Map<String, Value>,
    stands: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut meta = match stands.and_then(|stands| stands.get("meta")) {
        Some(Value::Object(meta)) => meta.clone(),
        _ => Map::new(),
    };
    let seal = json!({ "url": SEAL, "valueString": identity::seal(keys, &content).to_string() });
    let tag = json!({ "system": ORIGIN, "code": MACHINE_EXTRACTED, "display": "Machine-extracted" });
    replace(&mut meta, "extension", is_seal, seal);
    replace(&mut meta, "tag", is_tag, tag);
    let mut resource = Map::new();
    for (name, value) in content {
        let is_id = name == "id";
        resource.insert(name, value);
        if is_id {
            resource.insert(String::from("meta"), Value::Object(std::mem::take(&mut meta)));
        }
    }
    resource
}

/// Whether a resource stands as the enricher wrote it: tagged, and nothing changed.
pub(crate) fn is_ours(keys: &dyn Keys, stands: &Map<String, Value>) -> bool {
    let list = |name: &str| {
        let meta = stands.get("meta").and_then(|meta| meta.get(name));
        meta.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    };
    let sealed =
        list("extension").iter().find(|one| is_seal(one)).and_then(|one| one.get("valueString")?.as_str());
    list("tag").iter().any(is_tag) && sealed == Some(identity::seal(keys, stands).to_string().as_str())
}

fn is_seal(extension: &Value) -> bool {
    extension.get("url").and_then(Value::as_str) == Some(SEAL)
}

fn is_tag(tag: &Value) -> bool {
    let text = |name: &str| tag.get(name).and_then(Value::as_str);
    text("system") == Some(ORIGIN) && text("code") == Some(MACHINE_EXTRACTED)
}

fn replace(meta: &mut Map<String, Value>, name: &str, is_mine: fn(&Value) -> bool, mine: Value) {
    let mut all = match meta.get_mut(name) {
        Some(Value::Array(all)) => std::mem::take(all),
        _ => Vec::new(),
    };
    match all.iter_mut().find(|one| is_mine(one)) {
        Some(before) => *before = mine,
        None => all.push(mine),
    }
    meta.insert(name.to_owned(), Value::Array(all));
}

fn concept(finding: &Finding) -> Value {
    let codings: Vec<Value> = finding
        .codings
        .iter()
        .map(|coding| match coding.display.as_str() {
            "" => json!({ "system": coding.system, "code": coding.code }),
            display => json!({ "system": coding.system, "code": coding.code, "display": display }),
        })
        .collect();
    match codings.as_slice() {
        [] => json!({ "text": finding.text }),
        codings => json!({ "coding": codings, "text": finding.text }),
    }
}

fn coded(system: &str, (code, display): (&str, &str)) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": display }] })
}
