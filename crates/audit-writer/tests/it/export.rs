//! Entries as AuditEvents.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};
use zorgsluis_audit_writer::{NotBalp, claim, to_audit_event};
use zorgsluis_domain::audit::EventKind;

use crate::balp::{PATTERNS, broken};
use crate::samples::{all, named};
use crate::support::{ANNA, time};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
const OWN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/";

fn event(name: &str) -> Value {
    to_audit_event(&named(name))
}

fn has_type(agent: &Value, code: &str) -> bool {
    agent["type"]["coding"][0]["code"] == code
}

fn url(extension: &Value, name: &str) -> bool {
    extension["url"] == format!("{OWN}{name}")
}

fn one(list: &Value, test: impl Fn(&Value) -> bool) -> &Value {
    let found: Vec<_> = list.as_array().unwrap().iter().filter(|item| test(item)).collect();
    assert_eq!(found.len(), 1, "{list}");
    found[0]
}

fn patient(event: &Value) -> &Value {
    one(&event["entity"], |entity| entity["type"]["code"] == "1")
}

/// The pattern of BALP that an event claims.
fn pattern(event: &Value) -> Option<&str> {
    let profiles = event["meta"]["profile"].as_array()?;
    profiles.iter().filter_map(Value::as_str).find_map(|profile| profile.strip_prefix(BALP))
}

#[test]
fn the_samples_hold_every_kind_of_event() {
    let kinds: HashSet<EventKind> = all().iter().map(|(_, entry)| entry.event.kind).collect();
    assert_eq!(kinds, HashSet::from(EventKind::ALL));
    for (name, entry) in all() {
        assert_eq!(entry.check(), Ok(()), "{name}");
    }
}

/// What each event claims, or why it claims none.
#[test]
fn each_event_claims_the_pattern_that_it_follows_or_says_why_none() {
    for (name, wanted) in [
        ("create", "PatientCreate"),
        ("create-no-patient", "Create"),
        ("create-from-queue", "PatientCreate"),
        ("update", "PatientUpdate"),
        ("read", "PatientRead"),
        ("read-several", "PatientRead"),
        ("history", "PatientRead"),
        ("delete", "PatientDelete"),
        ("delete-no-patient", "Delete"),
        ("search", "PatientQuery"),
        ("search-no-patient", "Query"),
        ("import", "PrivacyDisclosure.Recipient"),
        ("import-from-queue", "PrivacyDisclosure.Recipient"),
        ("disclosure", "PrivacyDisclosure.Source"),
        ("denial-by-consent", "AuthZconsent"),
    ] {
        assert_eq!(pattern(&event(name)), Some(wanted), "{name}");
        assert_eq!(claim(&named(name)).not_balp, None, "{name}");
    }
    for (name, own, why) in [
        ("read-no-network", None, NotBalp::NoAddress),
        ("read-message", None, NotBalp::NoData),
        ("read-by-three", None, NotBalp::SeveralUsers),
        ("failed-read", None, NotBalp::Failed),
        ("not-found", None, NotBalp::Failed),
        ("merge", None, NotBalp::NoPattern),
        ("import-from-nowhere", None, NotBalp::NoAddress),
        ("failed-disclosure", None, NotBalp::Failed),
        ("disclosure-to-engine", None, NotBalp::NoAddress),
        ("register", None, NotBalp::NoPattern),
        ("replay", None, NotBalp::NoPattern),
        ("start", None, NotBalp::NoPattern),
        ("key-rotation", None, NotBalp::NoPattern),
        ("stop", None, NotBalp::NoPattern),
        ("refusal", Some("audit-refusal"), NotBalp::NoPattern),
        ("refused-request", Some("audit-refusal"), NotBalp::NoPattern),
        ("denial", Some("audit-denial"), NotBalp::NoPattern),
        ("log-read", Some("audit-log-use"), NotBalp::NoPattern),
        ("log-verify", Some("audit-log-use"), NotBalp::NoPattern),
        ("log-in", Some("audit-session"), NotBalp::NoPattern),
        ("log-in-failed", Some("audit-session"), NotBalp::NoPattern),
        ("log-out", Some("audit-session"), NotBalp::NoPattern),
        ("export", Some("audit-export"), NotBalp::NoPattern),
        ("print", Some("audit-print"), NotBalp::NoPattern),
        ("break-glass", Some("audit-break-glass"), NotBalp::NoPattern),
        ("direct-access", Some("audit-direct-access"), NotBalp::NoPattern),
        ("erasure", Some("audit-erasure"), NotBalp::NoPattern),
    ] {
        let claimed: Vec<String> =
            own.into_iter().chain(["audit-entry"]).map(|name| format!("{OWN}{name}")).collect();
        assert_eq!(event(name)["meta"]["profile"], json!(claimed), "{name}");
        assert_eq!(claim(&named(name)).not_balp, Some(why), "{name}");
    }
    assert_eq!(claim(&named("reported")).not_balp, Some(NotBalp::Reported));
    assert_eq!(event("reported").get("meta"), None, "given back as it was submitted");
    assert_eq!(all().len(), 15 + 27 + 1, "each sample stands in one of the lists");
}

#[test]
fn every_event_that_claims_a_pattern_of_balp_keeps_all_its_rules() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (name, entry) in all() {
        let event = to_audit_event(&entry);
        if let Some(pattern) = pattern(&event) {
            assert_eq!(broken(pattern, &event), Vec::<String>::new(), "{name}: {event:#}");
            *seen.entry(pattern.to_owned()).or_default() += 1;
        }
    }
    // Updates without a patient are of no data that this system holds.
    let never: Vec<_> =
        PATTERNS.iter().map(|(name, ..)| *name).filter(|name| !seen.contains_key(*name)).collect();
    assert_eq!(never, ["Update", "Read"]);
}

/// An event with one thing changed breaks the rule that speaks of it: the rules can fail.
#[test]
fn an_event_that_breaks_a_rule_is_found_by_that_rule() {
    type Change = fn(&mut Value);
    let remove = |event: &Value, change: Change| {
        let mut event = event.clone();
        change(&mut event);
        event
    };
    let changes: [(&str, &str, Change); 16] = [
        ("read", "outcome = 0", |e| e["outcome"] = json!("4")),
        ("read", "action = R", |e| e["action"] = json!("E")),
        ("read", "type = audit-event-type#rest", |e| e["type"]["code"] = json!("110100")),
        ("read", "agent[client] = DCM#110152 1..1: network 1..1", |e| {
            drop(take(&mut e["agent"][0], "network"))
        }),
        ("read", "agent[server] = DCM#110153 1..1", |e| drop(e["agent"].as_array_mut().unwrap().remove(1))),
        ("read", "agent[user] = IRCP 0..1: network 0..0", |e| e["agent"][2]["network"] = json!({})),
        ("read", "agent[user] = IRCP 0..1: requestor", |e| e["agent"][2]["requestor"] = json!(false)),
        ("read", "entity[patient]", |e| e["entity"][0]["type"]["code"] = json!("4")),
        ("read", "what only Reference(Patient)", |e| {
            e["entity"][0]["what"] = json!({"reference": "Group/1"})
        }),
        ("read-several", "entity[data] 1..1", |e| e["entity"][2]["type"] = e["entity"][1]["type"].clone()),
        ("read", "role from RestObjectRoles", |e| e["entity"][1]["role"]["code"] = json!("13")),
        ("search", "query 1..1", |e| drop(take(&mut e["entity"][1], "query"))),
        ("search", "what 0..0", |e| e["entity"][1]["what"] = json!({"display": "x"})),
        ("disclosure", "val-audit-source", |e| e["source"]["observer"] = json!({"display": "x"})),
        ("import", "subtype[disclosure]", |e| drop(e["subtype"].as_array_mut().unwrap().remove(0))),
        ("denial-by-consent", "closed", |e| e["entity"][1]["type"]["code"] = json!("Patient")),
    ];
    for (name, rule, change) in changes {
        let event = event(name);
        let found = broken(pattern(&event).unwrap(), &remove(&event, change));
        assert!(found.iter().any(|broken| broken.contains(rule)), "{name}, {rule}: {found:?}");
    }
}

fn take(value: &mut Value, member: &str) -> Option<Value> {
    value.as_object_mut().unwrap().remove(member)
}

#[test]
fn a_rest_event_about_more_resources_names_each_and_one_as_data() {
    let event = event("search");
    let types: Vec<_> =
        event["entity"].as_array().unwrap().iter().map(|e| e["type"]["code"].clone()).collect();
    assert_eq!(types, ["1", "2", "Observation", "Condition", "Patient"]);
    assert_eq!(event["entity"][1]["query"], "bmFtZT1WcmllcyZiaXJ0aGRhdGU9MTk2MQ==");
    assert_eq!(event["entity"][4]["what"]["reference"], "Patient/p1/_history/3");
}

#[test]
fn what_was_taken_from_a_queue_was_written_by_the_system_and_the_sender_is_its_author() {
    let event = event("create-from-queue");
    let client = one(&event["agent"], |agent| has_type(agent, "110153"));
    assert_eq!(client["who"]["identifier"]["value"], "zorgsluis");
    let author = one(&event["agent"], |agent| has_type(agent, "AUT"));
    assert_eq!(
        (&author["who"]["identifier"]["value"], &author["requestor"]),
        (&json!("ziekenhuis-linde-zis"), &json!(true))
    );
}

#[test]
fn breaking_the_glass_is_an_emergency_override_with_its_purposes_and_reason() {
    let event = event("break-glass");
    assert_eq!((&event["type"]["code"], &event["action"]), (&json!("110113"), &json!("E")));
    assert_eq!(event["subtype"][0]["code"], "110127");
    let purposes = &event["purposeOfEvent"];
    assert_eq!(purposes[0]["coding"][0]["code"], "ETREAT");
    assert_eq!(purposes[1]["coding"][0]["code"], "BTG");
    assert_eq!(purposes[2]["text"], "reanimatie op de SEH");
    assert_eq!(patient(&event)["what"]["reference"], ANNA);
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
    assert_eq!(further[..2], ["arts-17", "03999201"]);
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
    assert_eq!(event["recorded"], json!(format!("{:.6}", time(4))));
    assert!(event["recorded"].as_str().unwrap().ends_with(".000000Z"));
    let organisation = one(&agent["extension"], |e| url(e, "audit-agent-organisation"));
    assert_eq!(organisation["valueReference"]["identifier"]["value"], "90000380");
    assert_eq!(one(&agent["extension"], |e| url(e, "audit-agent-department"))["valueString"], "interne");
    assert_eq!(
        event["entity"][1]["what"]["reference"].as_str().unwrap().rsplit_once("/_history/").unwrap().1,
        "1"
    );
}

#[test]
fn a_denial_says_why() {
    let event = event("denial");
    assert_eq!((&event["type"]["code"], &event["outcome"]), (&json!("110113"), &json!("4")));
    assert_eq!((&event["action"], &event["outcomeDesc"]), (&json!("R"), &json!("no-treatment-relationship")));
    assert_eq!(event["subtype"][0]["code"], "access-denied");
}

/// Writes one event of each kind where a FHIR validator can read them: `tests/validate.sh` and people.
#[test]
fn one_event_of_each_kind_is_written_for_the_validator() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-events");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (name, entry) in all() {
        let event = to_audit_event(&entry);
        assert_eq!(event["id"], entry.id.to_string());
        std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(&event).unwrap())
            .unwrap();
    }
}
