//! `GET /fhir/metadata`: the CapabilityStatement. Open to all, as FHIR expects: it tells what the software
//! can do, and nothing of its data.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::audit_event::PARAMETERS;
use super::{FhirError, ResourceType, base, negotiate};
use crate::Gateway;

/// When what is stated here last changed.
const DATE: &str = "2026-11-22";

pub(crate) async fn show(State(gateway): State<Gateway>, headers: HeaderMap) -> Result<Response, FhirError> {
    negotiate(&headers, None)?;
    let statement = statement(&base(&headers), &gateway.0.settings.resource_types);
    let bytes = serde_json::to_vec(&statement).map_err(|_| FhirError::Answer)?;
    Ok(super::json(StatusCode::OK, bytes))
}

fn statement(base: &str, types: &[ResourceType]) -> Value {
    let mut resources: Vec<Value> = types.iter().map(resource).collect();
    // In the order of the alphabet, as the others are.
    let place = types.iter().take_while(|resource_type| resource_type.name < "AuditEvent").count();
    resources.insert(place, audit_event());
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": { "name": "Zorgsluis", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "Zorgsluis: HL7 v2 in, FHIR R4 out", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "documentation": "Read only, but for AuditEvents of other systems. Resources come in as HL7 v2. Searches by what tells something about \
                              a person are sent as POST [type]/_search; in a URL they are refused.",
            "security": {
                "cors": false,
                "description": "A bearer token, from this machine only. Every answer about a patient is \
                                preceded by an entry in the audit log (NEN 7513)."
            },
            "resource": resources,
            "interaction": [
                { "code": "batch", "documentation": "Of AuditEvents to be created (IHE ITI-20)." },
                { "code": "transaction", "documentation": "Of AuditEvents to be created: all or none." }
            ]
        }]
    })
}

/// The log: others write into it, and who has the right reads it.
fn audit_event() -> Value {
    let interactions = ["create", "read", "search-type"];
    json!({
        "type": "AuditEvent",
        "documentation": "The log (NEN 7513). Systems submit events with credentials of the right audit-source, and \
                          read nothing; the log is read with credentials of the right log.",
        "interaction": interactions.map(|code| json!({ "code": code })),
        "versioning": "no-version",
        "readHistory": false,
        "updateCreate": false,
        "conditionalCreate": false,
        "conditionalRead": "not-supported",
        "conditionalUpdate": false,
        "conditionalDelete": "not-supported",
        "searchParam": PARAMETERS.map(|(name, kind)| json!({ "name": name, "type": kind })),
    })
}

fn resource(resource_type: &ResourceType) -> Value {
    let mut interactions = vec!["read", "vread", "history-instance"];
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    if !resource_type.parameters.is_empty() {
        interactions.push("search-type");
        parameters.extend([("_id", "token"), ("_lastUpdated", "date")]);
        parameters.extend(resource_type.parameters.iter().map(|parameter| (parameter.name, parameter.kind)));
    }
    let mut stated = json!({
        "type": resource_type.name,
        "interaction": interactions.iter().map(|code| json!({ "code": code })).collect::<Vec<_>>(),
        "versioning": "versioned",
        "readHistory": true,
        "updateCreate": false,
        "conditionalCreate": false,
        "conditionalRead": "not-match",
        "conditionalUpdate": false,
        "conditionalDelete": "not-supported"
    });
    if let (Some(stated), false) = (stated.as_object_mut(), parameters.is_empty()) {
        let parameters: Vec<Value> =
            parameters.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
        stated.insert("searchParam".to_owned(), Value::Array(parameters));
    }
    stated
}
