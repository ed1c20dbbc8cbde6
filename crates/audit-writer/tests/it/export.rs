//! Entries as AuditEvents: the rules of each IHE BALP pattern that an event claims to follow.

use serde_json::{Value, json};
use zorgsluis_audit_writer::to_audit_event;
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Event, EventKind, LegalBasis, NetworkAccessPoint, Object, ObjectRole, Outcome,
    PurposeOfUse, Responsible, User,
};

use crate::support::{ANNA, entry, time};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

fn with(kind: EventKind, action: Action, change: impl FnOnce(&mut AuditEntry)) -> AuditEntry {
    let mut entry = entry(kind as u64, Some(ANNA));
    entry.event = Event::success(kind, action);
    change(&mut entry);
    entry
}

/// One of each kind, and variants.
fn all() -> Vec<(&'static str, AuditEntry)> {
    use EventKind as Kind;
    let query = |entry: &mut AuditEntry| {
        let query = Object {
            query: Some("name=Vries&birthdate=1961".into()),
            ..Object::new(ObjectRole::Query, "Patient")
        };
        entry.objects = vec![query];
    };
    let system = |entry: &mut AuditEntry| {
        entry.users = vec![User {
            network: Some(NetworkAccessPoint::Machine("zis.linde.example".into())),
            ..User::system("ziekenhuis-linde-zis", true)
        }];
        entry.access_method = AccessMethod::Mllp;
    };
    vec![
        (
            "create",
            with(Kind::ResourceCreate, Action::Create, |e| {
                system(e);
                e.event.trigger = Some("ADT^A01".into());
                e.objects[0].life_cycle = Some("origination".into());
                e.objects.push(Object::new(ObjectRole::Message, "0e3c5a1e-1111-8222-8333-444455556666"));
            }),
        ),
        ("create-no-patient", with(Kind::ResourceCreate, Action::Create, |e| e.patient = None)),
        ("update", with(Kind::ResourceUpdate, Action::Update, system)),
        (
            "read",
            with(Kind::ResourceRead, Action::Read, |e| {
                e.users[0].purpose = Some(PurposeOfUse::Treatment);
                e.users[0].roles =
                    vec!["http://fhir.nl/fhir/NamingSystem/uzi-rolcode|01.015".into(), "zaalarts".into()];
                e.users[0].agb = Some("03999201".into());
                e.users[0].alternate_id = Some("hjw".into());
                e.users.push(User::system("assistent-3", true));
                e.responsible = Some(Responsible { id: "arts-1".into(), role: Some("internist".into()) });
                e.device = Some("werkplek-12".into());
                e.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
                e.legal_basis = LegalBasis {
                    authorisation_protocol: Some("policies 2026-11".into()),
                    treatment_relationship_protocol: Some("current-encounter".into()),
                    consent_profile: Some("opt-in".into()),
                    checks: vec!["role".into(), "relationship".into()],
                    emergency: true,
                };
                e.objects[0].sensitivity =
                    Some("http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R".into());
                e.objects[0].policy_set = Some("p1".into());
            }),
        ),
        (
            "read-several",
            with(Kind::ResourceRead, Action::Read, |e| {
                *e =
                    e.clone().with_resources([("Condition/c1".into(), None), ("Patient/p1".into(), Some(3))]);
            }),
        ),
        ("read-no-network", with(Kind::ResourceRead, Action::Read, |e| e.users[0].network = None)),
        ("history", with(Kind::ResourceHistory, Action::Read, |_| {})),
        ("delete", with(Kind::ResourceDelete, Action::Delete, system)),
        ("delete-by-person", with(Kind::ResourceDelete, Action::Delete, |_| {})),
        (
            "read-by-three",
            with(Kind::ResourceRead, Action::Read, |e| {
                e.users.push(User::system("assistent-3", true));
                e.users.push(User::system("assistent-4", true));
                e.users.push(User::system("toegangspoort", false));
            }),
        ),
        ("search", with(Kind::ResourceSearch, Action::Execute, query)),
        (
            "search-no-patient",
            with(Kind::ResourceSearch, Action::Execute, |e| {
                query(e);
                e.patient = None;
            }),
        ),
        ("merge", with(Kind::PatientMerge, Action::Update, system)),
        (
            "import",
            with(Kind::Import, Action::Create, |e| {
                system(e);
                e.event.trigger = Some("ORU^R01".into());
                e.objects.insert(0, Object::new(ObjectRole::Message, "0e3c5a1e-1111-8222-8333-444455556666"));
            }),
        ),
        (
            "disclosure",
            with(Kind::Disclosure, Action::Read, |e| {
                e.users = vec![
                    User {
                        name: Some("Huisartsenpraktijk De Brug".into()),
                        network: Some(NetworkAccessPoint::Uri("mailto:praktijk@brug.example".into())),
                        agb: Some("01012345".into()),
                        ..User::system("provider-1", false)
                    },
                    User::system("ziekenhuis-linde-zis", true),
                    User::system("zorgsluis", false),
                ];
                e.access_method = AccessMethod::Internal;
                e.event.trigger = Some("ADT^A01".into());
            }),
        ),
        (
            "failed-disclosure",
            with(Kind::Disclosure, Action::Read, |e| {
                e.event = Event::failure(Kind::Disclosure, Action::Read, "smtp-550");
            }),
        ),
        (
            "refusal",
            with(Kind::Refusal, Action::Execute, |e| {
                system(e);
                e.event = Event::failure(Kind::Refusal, Action::Execute, "unsupported-event");
                e.event.trigger = Some("SIU".into());
                (e.patient, e.objects) = (None, Vec::new());
            }),
        ),
        (
            "denial",
            with(Kind::AccessDenied, Action::Read, |e| {
                e.event = Event::failure(Kind::AccessDenied, Action::Read, "no-treatment-relationship");
            }),
        ),
        (
            "failed-read",
            with(Kind::ResourceRead, Action::Read, |e| e.event.outcome = Outcome::SeriousFailure),
        ),
        (
            "log-read",
            with(Kind::LogRead, Action::Read, |e| {
                e.access_method = AccessMethod::CommandLine;
                e.users[0].network = None;
                e.objects = vec![Object::new(ObjectRole::Log, "log/linde")];
            }),
        ),
        (
            "log-verify",
            with(Kind::LogVerify, Action::Execute, |e| {
                (e.patient, e.objects) = (None, vec![Object::new(ObjectRole::Log, "log/linde")]);
            }),
        ),
        ("replay", with(Kind::Replay, Action::Execute, |e| e.objects.clear())),
        (
            "start",
            with(Kind::ApplicationStart, Action::Execute, |e| (e.patient, e.objects) = (None, Vec::new())),
        ),
        (
            "stop",
            with(Kind::ApplicationStop, Action::Execute, |e| (e.patient, e.objects) = (None, Vec::new())),
        ),
    ]
}

fn event(name: &str) -> Value {
    let entry = all().into_iter().find(|(known, _)| *known == name).unwrap().1;
    to_audit_event(&entry)
}

fn has_type(agent: &Value, code: &str) -> bool {
    agent["type"]["coding"][0]["code"] == code
}

fn one(list: &Value, test: impl Fn(&Value) -> bool) -> &Value {
    let found: Vec<_> = list.as_array().unwrap().iter().filter(|item| test(item)).collect();
    assert_eq!(found.len(), 1, "{list}");
    found[0]
}

fn patient(event: &Value) -> &Value {
    one(&event["entity"], |entity| entity["type"]["code"] == "1")
}

#[test]
fn each_event_claims_the_pattern_that_it_follows() {
    for (name, pattern) in [
        ("create", "PatientCreate"),
        ("create-no-patient", "Create"),
        ("update", "PatientUpdate"),
        ("read", "PatientRead"),
        ("delete", "PatientDelete"),
        ("search", "PatientQuery"),
        ("search-no-patient", "Query"),
        ("import", "PrivacyDisclosure.Recipient"),
        ("disclosure", "PrivacyDisclosure.Source"),
    ] {
        assert_eq!(event(name)["meta"]["profile"][0], format!("{BALP}{pattern}"), "{name}");
    }
    for name in [
        "read-several",
        "read-no-network",
        "read-by-three",
        "delete-by-person",
        "history",
        "merge",
        "failed-read",
        "failed-disclosure",
        "log-read",
        "replay",
    ] {
        assert_eq!(event(name).get("meta"), None, "{name}");
    }
    let own = "https://zorgsluis.github.io/fhir/StructureDefinition/";
    assert_eq!(event("denial")["meta"]["profile"][0], format!("{own}audit-denial"));
    assert_eq!(event("refusal")["meta"]["profile"][0], format!("{own}audit-refusal"));
}

/// The rules of IHE BALP 1.1, `input/fsh/Patient{Create,Read,Update,Delete,Query}.fsh`.
#[test]
fn events_of_the_rest_patterns_keep_their_rules() {
    for (name, subtype, action, client, server) in [
        ("create", "create", "C", "110153", "110152"),
        ("update", "update", "U", "110153", "110152"),
        ("read", "read", "R", "110152", "110153"),
        ("delete", "delete", "D", "110150", "custodian"),
        ("search", "search", "E", "110153", "110152"),
    ] {
        let event = event(name);
        assert_eq!(event["type"]["code"], "rest");
        assert_eq!(event["subtype"][0]["code"], subtype);
        assert_eq!((&event["action"], &event["outcome"]), (&json!(action), &json!("0")));
        for code in [client, server] {
            let agent = one(&event["agent"], |agent| has_type(agent, code));
            assert!(
                agent["who"]["identifier"]["value"].is_string() && agent["network"]["address"].is_string()
            );
        }
        assert_eq!(patient(&event)["role"]["code"], "1");
        assert_eq!(patient(&event)["what"]["reference"], ANNA);
        let object = one(&event["entity"], |entity| entity["type"]["code"] == "2");
        if name == "search" {
            assert_eq!(object["role"]["code"], "24");
            assert_eq!(object["query"], "bmFtZT1WcmllcyZiaXJ0aGRhdGU9MTk2MQ==");
            assert!(["what", "lifecycle", "detail", "name"].iter().all(|part| object.get(part).is_none()));
        } else {
            assert_eq!(object["role"]["code"], "4");
            assert!(object["what"]["reference"].as_str().unwrap().starts_with("Observation/obs-"));
        }
    }
}

/// BALP `Delete`: closed slices, with nothing but what it names.
#[test]
fn a_delete_holds_nothing_that_its_pattern_forbids() {
    let event = event("delete");
    assert_eq!(event["agent"].as_array().unwrap().len(), 2);
    for agent in event["agent"].as_array().unwrap() {
        for forbidden in ["role", "altId", "name", "location", "policy", "media", "purposeOfUse"] {
            assert_eq!(agent.get(forbidden), None, "{forbidden}");
        }
    }
    assert_eq!(event["entity"].as_array().unwrap().len(), 2);
}

/// BALP `PrivacyDisclosure.Recipient`, with its invariant val-audit-source.
#[test]
fn an_import_is_a_disclosure_as_its_recipient_records_it() {
    let event = event("import");
    assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110107"), &json!("C")));
    one(&event["subtype"], |subtype| {
        subtype["system"] == "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
            && subtype["code"] == "disclose"
    });
    one(&event["subtype"], |subtype| subtype["code"] == "R01");
    let recipient = one(&event["agent"], |agent| has_type(agent, "110152"));
    assert_eq!(recipient["who"], event["source"]["observer"]);
    assert!(recipient["network"].is_object());
    let source = one(&event["agent"], |agent| has_type(agent, "110153"));
    assert_eq!(source["who"]["identifier"]["value"], "ziekenhuis-linde-zis");
    assert_eq!(source["network"], json!({ "address": "zis.linde.example", "type": "1" }));
    assert_eq!(patient(&event)["what"]["reference"], ANNA);
    assert!(event["entity"].as_array().unwrap().len() >= 2);
}

/// BALP `PrivacyDisclosure.Source`, with its invariant val-audit-source.
#[test]
fn a_notice_is_a_disclosure_as_its_source_records_it() {
    let event = event("disclosure");
    assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110106"), &json!("R")));
    one(&event["subtype"], |subtype| subtype["code"] == "disclose");
    let source = one(&event["agent"], |agent| has_type(agent, "110153"));
    assert_eq!(source["who"], event["source"]["observer"]);
    assert!(source["network"].is_object());
    let recipient = one(&event["agent"], |agent| has_type(agent, "110152"));
    assert_eq!(recipient["who"]["identifier"]["value"], "01012345");
    assert_eq!(recipient["network"], json!({ "address": "mailto:praktijk@brug.example", "type": "5" }));
    assert_eq!(recipient["requestor"], false);
    // Who brought it about received nothing.
    let requestor = one(&event["agent"], |agent| agent["requestor"] == true);
    assert_eq!(requestor.get("type"), None);
    assert_eq!(patient(&event)["what"]["reference"], ANNA);
    assert!(event["entity"].as_array().unwrap().len() >= 2);
}

#[test]
fn all_fields_of_nen_7513_are_in_the_event() {
    let event = event("read");
    let agent = one(&event["agent"], |agent| has_type(agent, "110152"));
    let uzi = json!({ "system": "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "value": "900030787" });
    assert_eq!(agent["who"]["identifier"], uzi);
    let further: Vec<_> = agent["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["valueIdentifier"]["value"].clone())
        .collect();
    assert_eq!(further, ["arts-17", "03999201"]);
    assert_eq!((&agent["altId"], &agent["name"]), (&json!("hjw"), &json!("H.J. van der Waterman")));
    assert_eq!(agent["role"][1]["text"], "zaalarts");
    assert_eq!(agent["purposeOfUse"][0]["coding"][0]["code"], "TREAT");
    let user = one(&event["agent"], |agent| has_type(agent, "IRCP"));
    assert!(user["requestor"] == true && user.get("network").is_none());
    let responsible = one(&event["agent"], |agent| has_type(agent, "RESP"));
    assert_eq!(responsible["who"]["identifier"]["value"], "arts-1");
    let purposes: Vec<_> =
        event["purposeOfEvent"].as_array().unwrap().iter().map(|p| p["coding"][0]["code"].clone()).collect();
    assert_eq!(purposes, ["ETREAT", "TREAT"]);
    assert_eq!(event["source"]["site"], "ziekenhuis-linde");
    assert_eq!(event["source"]["type"][0]["code"], "4");
    let text = event["extension"].to_string();
    for value in ["http", "results", "werkplek-12", "current-encounter", "opt-in", "00-4bf92f", "emergency"] {
        assert!(text.contains(value), "{value}");
    }
    assert_eq!(event["recorded"], json!(time(EventKind::ResourceRead as i64)));
    assert_eq!(
        event["entity"][1]["what"]["reference"].as_str().unwrap().rsplit_once("/_history/").unwrap().1,
        "1"
    );
}

#[test]
fn a_denial_says_why() {
    let event = event("denial");
    assert_eq!((&event["type"]["code"], &event["outcome"]), (&json!("110113"), &json!("4")));
    assert_eq!(event["outcomeDesc"], "no-treatment-relationship");
    assert_eq!(event["subtype"][0]["code"], "access-denied");
}

/// Writes one event of each kind where a FHIR validator can read them: `tests/validate.sh` and people.
#[test]
fn one_event_of_each_kind_is_written_for_the_validator() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-events");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, entry) in all() {
        let event = to_audit_event(&entry);
        assert_eq!(event["id"], entry.id.to_string());
        std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(&event).unwrap())
            .unwrap();
    }
}
