//! Events as other systems submit them, one for each pattern of IHE BALP 1.1, of invented people.

use serde_json::{Value, json};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
pub(crate) const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
/// A test number of nobody; passes the 11-test.
pub(crate) const NUMBER: &str = "999990019";
/// When the events happened, unless a test says otherwise.
pub(crate) const WHEN: &str = "2026-03-02T09:30:15.123456+01:00";

pub(crate) const PATTERNS: [&str; 13] = [
    "Create",
    "PatientCreate",
    "Read",
    "PatientRead",
    "Update",
    "PatientUpdate",
    "Delete",
    "PatientDelete",
    "Query",
    "PatientQuery",
    "PrivacyDisclosure.Source",
    "PrivacyDisclosure.Recipient",
    "AuthZconsent",
];

fn dcm(code: &str) -> Value {
    json!({ "system": DCM, "code": code })
}

fn concept(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code }] })
}

/// A machine at the other end of the line.
fn end(code: &str, name: &str) -> Value {
    json!({
        "type": { "coding": [dcm(code)] },
        "who": { "identifier": { "value": name } },
        "requestor": false,
        "network": { "address": format!("{name}.linde.example"), "type": "1" }
    })
}

fn user(participation: &str) -> Value {
    json!({
        "type": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", participation),
        "who": { "identifier": { "system": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "value": "900030787" } },
        "name": "H.J. van der Waterman",
        "requestor": true,
        "role": [concept("http://fhir.nl/fhir/NamingSystem/uzi-rolcode", "01.015")],
        "purposeOfUse": [concept("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")]
    })
}

fn object(role: &str, what: &str) -> Value {
    json!({
        "what": { "reference": what },
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2" },
        "role": { "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": role }
    })
}

/// The entity of a patient by number.
pub(crate) fn patient(number: &str) -> Value {
    json!({
        "what": { "identifier": { "system": BSN_SYSTEM, "value": number } },
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1" },
        "role": { "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1" }
    })
}

fn query() -> Value {
    json!({
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2" },
        "role": { "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "24" },
        "query": "bmFtZT1TbHVpc3dhY2h0ZXI="
    })
}

/// An event that keeps to a pattern.
pub(crate) fn event(pattern: &str) -> Value {
    let server = end("110153", "epd");
    let rest = json!({ "system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest" });
    let interaction =
        |code: &str| json!({ "system": "http://hl7.org/fhir/restful-interaction", "code": code });
    let disclose =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "code": "disclose" });
    let put = || vec![end("110153", "werkplek-12"), end("110152", "epd"), user("AUT")];
    let observation = object("4", "Observation/obs-1/_history/2");
    let (kind, subtype, action, agents, mut entities) = match pattern
        .strip_prefix("Patient")
        .unwrap_or(pattern)
    {
        "Create" => (rest, interaction("create"), "C", put(), vec![observation]),
        "Update" => (rest, interaction("update"), "U", put(), vec![observation]),
        "Read" => {
            let agents = vec![end("110152", "werkplek-12"), server, user("IRCP")];
            (rest, interaction("read"), "R", agents, vec![observation])
        }
        "Delete" => {
            let mut custodian = end("110150", "epd");
            custodian["type"] =
                concept("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian");
            let agents = vec![end("110150", "werkplek-12"), custodian, user("AUT")];
            (rest, interaction("delete"), "D", agents, vec![observation])
        }
        "Query" => {
            let agents = vec![end("110153", "werkplek-12"), end("110152", "epd"), user("IRCP")];
            (rest, interaction("search"), "E", agents, vec![query()])
        }
        "PrivacyDisclosure.Source" => {
            let agents = vec![server, end("110152", "huisarts")];
            (dcm("110106"), disclose, "R", agents, vec![object("3", "DocumentReference/brief-1")])
        }
        "PrivacyDisclosure.Recipient" => {
            let agents = vec![end("110153", "laboratorium"), end("110152", "epd")];
            (dcm("110107"), disclose, "C", agents, vec![object("3", "DocumentReference/brief-1")])
        }
        "AuthZconsent" => {
            let mut organisation = json!({ "who": { "display": "Polikliniek Sluis" }, "requestor": false });
            organisation["type"] = concept("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV");
            let mut authoriser = json!({ "who": { "identifier": { "value": "epd" } }, "requestor": false });
            authoriser["type"] =
                concept("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver");
            let mut person = user("IRCP");
            person["network"] = Value::Null;
            person.as_object_mut().unwrap().remove("network");
            let agents = vec![end("110150", "werkplek-12"), person, organisation, authoriser];
            let mut consent = object("4", "Consent/toestemming-1");
            consent["type"] = json!({ "system": "http://hl7.org/fhir/resource-types", "code": "Consent" });
            let subtype = json!({
                "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "code": "AuthZ-Consent"
            });
            (dcm("110113"), subtype, "E", agents, vec![consent])
        }
        other => panic!("no event of {other}"),
    };
    let of_patient =
        pattern.starts_with("Patient") || pattern.starts_with("Privacy") || pattern == "AuthZconsent";
    if of_patient {
        entities.insert(0, patient(NUMBER));
    }
    json!({
        "resourceType": "AuditEvent",
        "meta": { "profile": [format!("{BALP}{pattern}")] },
        "type": kind,
        "subtype": [subtype],
        "action": action,
        "recorded": WHEN,
        "outcome": "0",
        "agent": agents,
        "source": { "site": "linde", "observer": { "identifier": { "value": "epd" } },
                    "type": [{ "system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4" }] },
        "entity": entities
    })
}

/// An event of no pattern, with an id of its submitter's.
pub(crate) fn plain(id: &str, recorded: &str) -> Value {
    let mut event = event("PatientRead");
    event.as_object_mut().unwrap().remove("meta");
    event["id"] = json!(id);
    event["recorded"] = json!(recorded);
    event
}

/// A Bundle of events.
pub(crate) fn bundle(kind: &str, events: &[Value]) -> Value {
    let entry = |event: &Value| match kind {
        "collection" => json!({ "resource": event }),
        _ => json!({ "resource": event, "request": { "method": "POST", "url": "AuditEvent" } }),
    };
    json!({ "resourceType": "Bundle", "type": kind, "entry": events.iter().map(entry).collect::<Vec<_>>() })
}
