//! What an event of another system becomes.

use jiff::Timestamp;
use serde_json::{Value, json};
use zorgsluis_audit_writer::reported::{Submitter, check};
use zorgsluis_audit_writer::{Term, to_audit_event};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{Action, EventKind, Outcome};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const REST: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const SUBMITTER: Submitter<'static> = Submitter { name: "epd", organisation: "linde" };

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// An event of ATNA: no pattern, and as little as can be.
fn event(system: &str, kind: &str, subtype: Option<(&str, &str)>) -> Value {
    let mut event = json!({
        "resourceType": "AuditEvent",
        "type": { "system": system, "code": kind },
        "recorded": "2026-11-22T11:59:59.5Z",
        "outcome": "0",
        "agent": [{ "altId": "zuster-7", "requestor": true }],
        "source": { "observer": { "display": "EPD" } },
        "entity": [{ "what": { "reference": "Observation/o-1" } }]
    });
    if let Some((system, code)) = subtype {
        event["subtype"] = json!([{ "system": system, "code": code }]);
    }
    event
}

fn entry(event: &Value, patient: Option<&str>) -> AuditEntry {
    let checked = check(&event.to_string(), now()).unwrap();
    checked.into_entry(&SUBMITTER, patient.map(str::to_owned), now()).unwrap()
}

#[test]
fn kinds_come_from_the_codes_of_dicom_fhir_and_iso_21089() {
    for (system, kind, subtype, action, expected) in [
        (DCM, "110100", Some((DCM, "110120")), None, EventKind::ApplicationStart),
        (DCM, "110100", Some((DCM, "110121")), None, EventKind::ApplicationStop),
        (DCM, "110100", None, None, EventKind::Other),
        (DCM, "110101", None, Some("R"), EventKind::LogRead),
        (DCM, "110103", None, Some("R"), EventKind::ResourceRead),
        (DCM, "110105", None, Some("D"), EventKind::ResourceDelete),
        (DCM, "110106", None, Some("R"), EventKind::Export),
        (DCM, "110107", None, Some("C"), EventKind::Import),
        (DCM, "110110", None, Some("U"), EventKind::ResourceUpdate),
        (DCM, "110110", Some((LIFECYCLE, "merge")), Some("U"), EventKind::PatientMerge),
        (DCM, "110112", None, Some("E"), EventKind::ResourceSearch),
        (DCM, "110113", None, None, EventKind::Other),
        (DCM, "110113", Some((DCM, "110132")), None, EventKind::DirectAccess),
        (DCM, "110114", Some((DCM, "110122")), None, EventKind::LogIn),
        (DCM, "110114", Some((DCM, "110123")), None, EventKind::LogOut),
        (REST, "rest", Some((INTERACTION, "vread")), None, EventKind::ResourceRead),
        (REST, "rest", Some((INTERACTION, "history-type")), None, EventKind::ResourceHistory),
        (REST, "rest", Some((INTERACTION, "operation")), None, EventKind::Other),
        // A code of another system means something else.
        ("http://example.org", "110114", Some(("http://example.org", "110122")), None, EventKind::Other),
    ] {
        let mut event = event(system, kind, subtype);
        if let Some(action) = action {
            event["action"] = json!(action);
        }
        assert_eq!(entry(&event, None).event.kind, expected, "{kind} {subtype:?}");
    }
    let mut denied = event(DCM, "110113", None);
    denied["outcome"] = json!("12");
    let denied = entry(&denied, None);
    assert_eq!((denied.event.kind, denied.event.outcome), (EventKind::AccessDenied, Outcome::MajorFailure));
    assert_eq!(denied.event.outcome_reason.as_deref(), Some("unstated"));
    assert_eq!(denied.event.action, Action::Execute, "where none is stated");
}

#[test]
fn the_emergency_procedure_is_one_here_too_and_needs_its_patient() {
    let mut event = event(DCM, "110113", Some((DCM, "110127")));
    event["purposeOfEvent"] = json!([{ "text": "Reanimatie" }]);
    let checked = check(&event.to_string(), now()).unwrap();
    let lacks = checked.into_entry(&SUBMITTER, None, now()).unwrap_err();
    assert_eq!((lacks.code, lacks.expression.as_str()), ("required", "AuditEvent.entity"));
    let broken = entry(&event, Some("Patient/p-1"));
    assert_eq!(broken.event.kind, EventKind::BreakGlass);
    assert!(broken.legal_basis.emergency);
    assert_eq!(broken.event.reason.as_deref(), Some("Reanimatie"));
    let terms = Term::of(&broken);
    for term in
        [Term::Emergency, Term::Reported, Term::User("zuster-7".into()), Term::Patient("Patient/p-1".into())]
    {
        assert!(terms.contains(&term), "{term:?}");
    }

    let mut purpose = self::event(REST, "rest", Some((INTERACTION, "read")));
    let code = json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "ETREAT" });
    purpose["agent"][0]["purposeOfUse"] = json!([{ "coding": [code] }]);
    assert!(entry(&purpose, None).legal_basis.emergency);
}

#[test]
fn a_disclosure_names_who_received_and_an_organisation_is_that_of_its_users() {
    let mut event = event(DCM, "110106", Some((LIFECYCLE, "disclose")));
    let checked = check(&event.to_string(), now()).unwrap();
    let lacks = checked.into_entry(&SUBMITTER, None, now()).unwrap_err();
    assert_eq!((lacks.code, lacks.expression.as_str()), ("required", "AuditEvent.agent"));
    let role = json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "PROV" });
    let person =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "RESP" });
    let agents = event["agent"].as_array_mut().unwrap();
    agents.push(json!({ "who": { "display": "Huisarts" }, "requestor": false }));
    let identifier = json!({ "system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90000380" });
    agents.push(
        json!({ "type": { "coding": [role] }, "who": { "identifier": identifier }, "requestor": false }),
    );
    agents.push(json!({
        "type": { "coding": [person] }, "who": { "display": "arts-1" }, "requestor": false, "role": [{ "text": "internist" }]
    }));
    let entry = entry(&event, None);
    let users: Vec<_> = entry.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(users, ["zuster-7", "Huisarts"]);
    assert_eq!(entry.users[0].organisation.as_deref(), Some("http://fhir.nl/fhir/NamingSystem/ura|90000380"));
    let responsible = entry.responsible.unwrap();
    assert_eq!((responsible.id.as_str(), responsible.role.as_deref()), ("arts-1", Some("internist")));
}

#[test]
fn numbers_and_names_come_back_as_they_were_written() {
    let mut event = event(REST, "rest", Some((INTERACTION, "read")));
    event["extension"] = json!([{ "url": "http://example.org/dose", "valueDecimal": 0 }]);
    let text = event.to_string().replace("\"valueDecimal\":0", "\"valueDecimal\":1.500");
    let checked = check(&text, now()).unwrap();
    let exported = to_audit_event(&checked.into_entry(&SUBMITTER, None, now()).unwrap()).to_string();
    assert!(exported.contains("\"valueDecimal\":1.500"), "{exported}");
}
