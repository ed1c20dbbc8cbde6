//! Entries as IHE BALP AuditEvents (FHIR R4).
//!
//! Every entry becomes an AuditEvent. One that fits a pattern of IHE Basic Audit Log Patterns 1.1 says
//! so in `meta.profile`; the pattern is named only when the entry has all that it demands (a REST
//! pattern holds one data object and the network addresses of both sides, for instance), for nothing is
//! made up to fit: [`claim`] tells which, or why none. What BALP has no pattern for (denials, refusals,
//! breaking the glass, direct access, erasure, exports, prints, sessions, readings of the log) has a profile of
//! our own, and all events follow `audit-entry`, the fields of NEN 7513 that every entry has. What BALP has no
//! place for (legal basis, categories of data, how data were reached, application, device, trace) stands in
//! extensions. The definitions of all of them, under `https://zorgsluis.github.io/fhir/`, are in `profiles/`;
//! `docs/audit-events.md` explains them. An event that another system reported is given back as it was
//! submitted, with the extension `audit-reported`.

mod agent;
mod authz;
mod claim;
mod entity;
mod kind;
mod reported;

use serde_json::{Map, Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, Outcome};

pub use claim::{Claim, NotBalp};
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
    event.insert("meta".into(), json!({ "profile": Claim::of(entry, kind).profiles }));
    event.insert("extension".into(), Value::Array(extensions(entry)));
    event.insert("type".into(), kind.event_type());
    event.insert("subtype".into(), Value::Array(kind.subtypes(entry)));
    event.insert("action".into(), json!(entry.event.action));
    event.insert("recorded".into(), json!(format!("{:.6}", entry.recorded)));
    event.insert("outcome".into(), json!(entry.event.outcome));
    if let Some(reason) = &entry.event.outcome_reason {
        event.insert("outcomeDesc".into(), json!(reason));
    }
    let purposes = purposes(entry, kind);
    if !purposes.is_empty() {
        event.insert("purposeOfEvent".into(), Value::Array(purposes));
    }
    let by_consent = kind == Kind::ConsentDenial;
    let agents = if by_consent { authz::agents(entry) } else { agent::agents(entry, kind) };
    event.insert("agent".into(), Value::Array(agents));
    event.insert("source".into(), agent::source(entry));
    let entities = if by_consent { authz::entities(entry) } else { entity::entities(entry, kind) };
    if !entities.is_empty() {
        event.insert("entity".into(), Value::Array(entities));
    }
    Value::Object(event)
}

/// Which profiles the entry's AuditEvent claims, and why none of IHE BALP if it does not.
#[must_use]
pub fn claim(entry: &AuditEntry) -> Claim {
    if entry.reported.is_some() { Claim::reported() } else { Claim::of(entry, Kind::of(entry)) }
}

/// A Coding.
fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

/// Why: the purposes of all users, each once; emergency treatment when the emergency procedure was used; and what
/// a person stated.
fn purposes(entry: &AuditEntry, kind: Kind) -> Vec<Value> {
    let mut codes: Vec<Value> = Vec::new();
    let emergency = entry.legal_basis.emergency.then(|| json!("ETREAT"));
    let broken = (kind == Kind::BreakGlass).then(|| json!("BTG"));
    let stated = entry.users.iter().filter_map(|user| user.purpose).map(|purpose| json!(purpose));
    for code in emergency.into_iter().chain(broken).chain(stated) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    let codes = codes.into_iter().map(|code| json!({ "coding": [{ "system": ACT_REASON, "code": code }] }));
    let reason = entry.event.reason.as_ref().map(|reason| json!({ "text": reason }));
    codes.chain(reason).collect()
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
