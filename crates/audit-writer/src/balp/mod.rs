//! Entries as IHE BALP AuditEvents (FHIR R4).
//!
//! Every entry becomes an AuditEvent. One that fits a pattern of IHE Basic Audit Log Patterns 1.1 says
//! so in `meta.profile`; the pattern is named only when the entry has all that it demands (a REST
//! pattern holds one data object and the network addresses of both sides, for instance), for nothing is
//! made up to fit. What BALP has no place for (NEN 7513: legal basis, categories of data, how data were
//! reached, application, device, trace) stands in extensions under
//! `https://zorgsluis.github.io/fhir/StructureDefinition/`. Denials and refusals, which the REST patterns
//! leave out, carry our own profile `audit-denial` or `audit-refusal` there. An event that another system reported is
//! given back as it was submitted, with the extension `audit-reported`.

mod agent;
mod entity;
mod kind;
mod reported;

use serde_json::{Map, Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, Outcome};

use kind::Kind;
pub use kind::{kinds_of_subtype, kinds_of_type};

/// DICOM codes.
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
/// HL7 v3 ActReason: purposes of use.
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// Our own extensions and profiles.
const OWN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition";

/// The entry as a FHIR R4 AuditEvent. Holds PHI like the entry itself.
#[must_use]
pub fn to_audit_event(entry: &AuditEntry) -> Value {
    if let Some(event) = entry.reported.as_ref().and_then(|reported| reported::as_submitted(entry, reported))
    {
        return event;
    }
    let kind = Kind::of(entry);
    let mut event = Map::new();
    event.insert("resourceType".into(), json!("AuditEvent"));
    event.insert("id".into(), json!(entry.id.to_string()));
    if let Some(profile) = kind.profile(entry) {
        event.insert("meta".into(), json!({ "profile": [profile] }));
    }
    event.insert("extension".into(), Value::Array(extensions(entry)));
    event.insert("type".into(), kind.event_type());
    event.insert("subtype".into(), Value::Array(kind.subtypes(entry)));
    event.insert("action".into(), json!(entry.event.action));
    event.insert("recorded".into(), json!(entry.recorded));
    event.insert("outcome".into(), json!(entry.event.outcome));
    if let Some(reason) = &entry.event.outcome_reason {
        event.insert("outcomeDesc".into(), json!(reason));
    }
    let purposes = purposes(entry);
    if !purposes.is_empty() {
        event.insert("purposeOfEvent".into(), Value::Array(purposes));
    }
    event.insert("agent".into(), Value::Array(agent::agents(entry, kind)));
    event.insert("source".into(), agent::source(entry));
    let entities = entity::entities(entry);
    if !entities.is_empty() {
        event.insert("entity".into(), Value::Array(entities));
    }
    Value::Object(event)
}

/// A Coding.
fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

/// Why: the purposes of all users, each once; emergency treatment when the emergency procedure was used.
fn purposes(entry: &AuditEntry) -> Vec<Value> {
    let mut codes: Vec<Value> = Vec::new();
    let emergency = entry.legal_basis.emergency.then(|| json!("ETREAT"));
    let stated = entry.users.iter().filter_map(|user| user.purpose).map(|purpose| json!(purpose));
    for code in emergency.into_iter().chain(stated) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.into_iter().map(|code| json!({ "coding": [{ "system": ACT_REASON, "code": code }] })).collect()
}

fn own(name: &str) -> String {
    format!("{OWN}/{name}")
}

/// What NEN 7513 asks for and AuditEvent has no element for.
fn extensions(entry: &AuditEntry) -> Vec<Value> {
    let method = match entry.access_method {
        AccessMethod::Mllp => "mllp",
        AccessMethod::Http => "http",
        AccessMethod::Queue => "queue",
        AccessMethod::CommandLine => "command-line",
        AccessMethod::Internal => "internal",
        AccessMethod::Database => "database",
        AccessMethod::OtherSystem => "other-system",
    };
    let mut extensions = vec![json!({ "url": own("audit-access-method"), "valueCode": method })];
    for category in &entry.data_categories {
        extensions.push(json!({ "url": own("audit-data-category"), "valueCode": category }));
    }
    extensions.push(json!({ "url": own("audit-application"), "extension": [
        { "url": "name", "valueString": entry.application.name },
        { "url": "version", "valueString": entry.application.version },
    ]}));
    if let Some(device) = &entry.device {
        extensions.push(json!({ "url": own("audit-device"), "valueString": device }));
    }
    if let Some(basis) = legal_basis(entry) {
        extensions.push(basis);
    }
    if let Some(trace) = &entry.traceparent {
        extensions.push(json!({ "url": own("audit-traceparent"), "valueString": trace }));
    }
    extensions
}

fn legal_basis(entry: &AuditEntry) -> Option<Value> {
    let basis = &entry.legal_basis;
    let mut parts = Vec::new();
    for (name, value) in [
        ("authorisationProtocol", &basis.authorisation_protocol),
        ("treatmentRelationshipProtocol", &basis.treatment_relationship_protocol),
        ("consentProfile", &basis.consent_profile),
    ] {
        if let Some(value) = value {
            parts.push(json!({ "url": name, "valueString": value }));
        }
    }
    parts.extend(basis.checks.iter().map(|check| json!({ "url": "check", "valueString": check })));
    if basis.emergency {
        parts.push(json!({ "url": "emergency", "valueBoolean": true }));
    }
    (!parts.is_empty()).then(|| json!({ "url": own("audit-legal-basis"), "extension": parts }))
}

fn succeeded(entry: &AuditEntry) -> bool {
    entry.event.outcome == Outcome::Success
}
