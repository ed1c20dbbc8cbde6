//! What was touched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Object, ObjectRole};
use zorgsluis_domain::port::ResourceKey;

use super::coding;
use super::kind::Kind;

const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
pub(super) const RESOURCE_TYPE: &str = "http://hl7.org/fhir/resource-types";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle";

/// The patient, then the objects in their order.
///
/// The REST patterns have one entity of the type *System Object*: the query, or the data. So an event about
/// more resources names the first as such, and the others by the type of resource, which is as precise and
/// leaves the patterns' open slices alone.
pub(super) fn entities(entry: &AuditEntry, kind: Kind) -> Vec<Value> {
    let first = entry.objects.iter().position(|object| object.role == ObjectRole::Resource);
    let objects = entry.objects.iter().enumerate().map(|(at, object)| {
        let beside = kind.is_rest() && (kind == Kind::Search || Some(at) != first);
        entity(object, beside && object.role == ObjectRole::Resource)
    });
    patient(entry).into_iter().chain(objects).collect()
}

/// The patient.
pub(super) fn patient(entry: &AuditEntry) -> Option<Value> {
    entry.patient.as_ref().map(|patient| {
        json!({
            "what": { "reference": patient.reference },
            "type": coding(ENTITY_TYPE, "1", "Person"),
            "role": coding(OBJECT_ROLE, "1", "Patient"),
        })
    })
}

fn entity(object: &Object, by_resource_type: bool) -> Value {
    let (kind, role) = match object.role {
        ObjectRole::Resource => ("2", coding(OBJECT_ROLE, "4", "Domain Resource")),
        ObjectRole::Query => ("2", coding(OBJECT_ROLE, "24", "Query")),
        // Of another type than data, so that an event with a message still has one data entity.
        ObjectRole::Message => ("4", coding(OBJECT_ROLE, "20", "Job")),
        ObjectRole::Log => ("2", coding(OBJECT_ROLE, "13", "Security Resource")),
    };
    let kind = match resource(object).filter(|_| by_resource_type) {
        Some(key) => coding(RESOURCE_TYPE, &key.resource_type, &key.resource_type),
        None => coding(ENTITY_TYPE, kind, if kind == "2" { "System Object" } else { "Other" }),
    };
    let mut entity = Map::new();
    // A query is what it says; it has no identity of its own (BALP Query).
    if object.role != ObjectRole::Query {
        entity.insert("what".into(), what(object));
    }
    entity.insert("type".into(), kind);
    entity.insert("role".into(), role);
    if let Some(cycle) = &object.life_cycle {
        entity.insert("lifecycle".into(), life_cycle(cycle));
    }
    if let Some(label) = &object.sensitivity {
        entity.insert("securityLabel".into(), json!([label_coding(label)]));
    }
    if let Some(text) = &object.description {
        entity.insert("description".into(), json!(text));
    }
    if let Some(query) = object.query.as_ref().filter(|query| !query.is_empty()) {
        entity.insert("query".into(), json!(STANDARD.encode(query)));
    }
    let set = object.policy_set.as_ref().map(|set| json!({ "type": "policy-set", "valueString": set }));
    let reading = object.reading.map(|n| json!({ "type": "reading", "valueString": n.to_string() }));
    let detail: Vec<Value> = set.into_iter().chain(reading).collect();
    if !detail.is_empty() {
        entity.insert("detail".into(), Value::Array(detail));
    }
    Value::Object(entity)
}

/// The resource that an object is, if it is one.
fn resource(object: &Object) -> Option<ResourceKey> {
    ResourceKey::parse(&object.id).filter(|key| {
        object.role == ObjectRole::Resource && key.resource_type.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

fn what(object: &Object) -> Value {
    match (resource(object), object.version) {
        (Some(key), Some(version)) => json!({ "reference": format!("{key}/_history/{version}") }),
        (Some(key), None) => json!({ "reference": key.to_string() }),
        (None, _) => json!({ "identifier": { "value": object.id } }),
    }
}

fn label_coding(label: &str) -> Value {
    match label.split_once('|') {
        Some((system, code)) if !system.is_empty() && !code.is_empty() => {
            json!({ "system": system, "code": code })
        }
        _ => json!({ "display": label }),
    }
}

/// ParticipantObjectDataLifeCycle by its name in RFC 3881 §5.5.3 (with hyphens), or by its number.
fn life_cycle(name: &str) -> Value {
    const NAMES: [(&str, &str); 15] = [
        ("origination", "Origination / Creation"),
        ("import", "Import / Copy"),
        ("amendment", "Amendment"),
        ("verification", "Verification"),
        ("translation", "Translation"),
        ("access", "Access / Use"),
        ("de-identification", "De-identification"),
        ("aggregation", "Aggregation / summarization / derivation"),
        ("report", "Report"),
        ("export", "Export"),
        ("disclosure", "Disclosure"),
        ("receipt-of-disclosure", "Receipt of Disclosure"),
        ("archiving", "Archiving"),
        ("logical-deletion", "Logical deletion"),
        ("permanent-erasure", "Permanent erasure / Physical destruction"),
    ];
    let known = (1..).zip(NAMES).find(|(number, (known, _))| *known == name || number.to_string() == name);
    match known {
        Some((number, (_, display))) => coding(LIFECYCLE, &format!("{number}"), display),
        None => json!({ "display": name }),
    }
}
