//! ORM^O01: orders as Dutch portals send them.

use serde_json::{Value, json};
use zorgsluis_converter::{Authority, convert};

use crate::support::{event, of_kind, options, run, text_of};

/// An order message of the portal with these segments behind PID.
fn message(segments: &[&str]) -> String {
    let head = "MSH|^~\\&|ZorgDomein||OrderModule|LINDE|20261117083000+0100||ORM^O01^ORM_O01|T1|P|2.4|||||NLD|8859/1\r\
                PID|1||999990032^^^NLMINBIZA^NNNLD||Bakker&&Bakker^P||19481103|M\r";
    format!("{head}{}\r", segments.join("\r"))
}

const OBR: &str = "OBR|1|||LAB^Laboratorium^99zda";

fn urn(resource: &Value) -> Value {
    json!(format!("urn:uuid:{}", resource["id"].as_str().unwrap()))
}

#[test]
fn an_order_of_a_portal_is_understood() {
    let (bundle, report) = run(&event("80-"));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert!(of_kind(&bundle, "DiagnosticReport").is_empty(), "nothing is reported yet");
    let requests = of_kind(&bundle, "ServiceRequest");
    assert_eq!(requests.len(), 2);
    let order = &requests[0];
    assert_eq!(
        (&order["status"], &order["intent"], &order["priority"]),
        (&json!("active"), &json!("order"), &json!("routine"))
    );
    assert_eq!(
        order["code"]["coding"][0]["system"],
        "https://ziekenhuis-linde.example/fhir/CodeSystem/portaalcodes"
    );
    assert_eq!(order["authoredOn"], "2026-11-17T08:25:00+01:00");
    assert_eq!(order["requisition"]["value"], "ZD9000080");
    assert!(order["requester"]["reference"].is_string() && order["performer"][0]["reference"].is_string());
    assert_eq!(order["insurance"][0]["reference"], urn(&of_kind(&bundle, "Coverage")[0]));
    assert_eq!(order["reasonReference"][0]["reference"], urn(&of_kind(&bundle, "Condition")[0]));
    assert_eq!(requests[1].get("reasonReference"), None, "a reason belongs to the order before it");
    let answers = of_kind(&bundle, "Observation");
    let of_first: Vec<Value> =
        order["supportingInfo"].as_array().unwrap().iter().map(|one| one["reference"].clone()).collect();
    assert_eq!(of_first, answers[..3].iter().map(urn).collect::<Vec<_>>());
    assert_eq!(answers[1]["valueQuantity"]["value"], 84);
    assert!(answers.iter().all(|one| one["status"] == "final" && one.get("basedOn").is_none()));
    let notes: Vec<&str> =
        order["note"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert_eq!(notes.len(), 2);
    let mut texts: Vec<String> = of_kind(&bundle, "DocumentReference").iter().map(text_of).collect();
    texts.sort();
    assert_eq!(
        texts.iter().map(|text| text.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["Graag", "Hoest", "Is", "Sinds"],
        "note, clinical information twice, and the question that is answered in words"
    );
    let tasks = of_kind(&bundle, "Task");
    assert_eq!(tasks.len(), 2);
    assert_eq!((&tasks[0]["status"], &tasks[0]["intent"]), (&json!("requested"), &json!("order")));
    assert_eq!(tasks[0]["focus"]["reference"], urn(order));
    assert_eq!(tasks[0]["businessStatus"]["coding"][0]["code"], "NW");
    assert_eq!(tasks[0]["owner"], order["performer"][0]);
    let targets = of_kind(&bundle, "Provenance")[0]["target"].to_string();
    for about in requests.iter().chain(&tasks) {
        assert!(targets.contains(urn(about).as_str().unwrap()));
    }
}

#[test]
fn a_cancellation_names_the_same_order() {
    let (placed, _) = run(&event("80-"));
    let (cancelled, report) = run(&event("81-"));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let (order, task) =
        (of_kind(&cancelled, "ServiceRequest").remove(0), of_kind(&cancelled, "Task").remove(0));
    assert_eq!(order["id"], of_kind(&placed, "ServiceRequest")[1]["id"]);
    assert_eq!(task["id"], of_kind(&placed, "Task")[1]["id"]);
    assert_eq!((&order["status"], &task["status"]), (&json!("revoked"), &json!("cancelled")));
    assert_eq!(task["statusReason"]["coding"][0]["code"], "AFZ");
    assert_eq!(order.get("reasonCode"), None, "why it is cancelled is not why it was ordered");
}

#[test]
fn a_result_names_the_order_that_it_answers() {
    let (placed, _) = run(&event("80-"));
    let (answered, report) = run(&event("82-"));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let order = of_kind(&answered, "ServiceRequest").remove(0);
    assert_eq!(order["id"], of_kind(&placed, "ServiceRequest")[0]["id"]);
    assert_eq!(order["status"], "completed");
    assert!(of_kind(&answered, "Task").is_empty());
}

#[test]
fn who_orders_only_mentions_the_patient_and_lists_nothing() {
    let options = options();
    let bytes = event("80-");
    let conversion = convert(&bytes, &options).unwrap();
    assert!(conversion.snapshots.is_empty());
    for (entry, note) in conversion.bundle.entry.iter().zip(&conversion.notes) {
        match entry.resource.kind() {
            "Patient" | "Coverage" => assert_eq!(note.authority, Authority::Mention),
            "ServiceRequest" | "Task" => assert_eq!(note.authority, Authority::Registration),
            _ => {}
        }
    }
}

#[test]
fn what_is_to_be_done_and_how_far_it_is() {
    for (control, status, request, task) in [
        ("NW", "", "active", "requested"),
        ("NW", "IP", "active", "requested"),
        ("XO", "", "active", "requested"),
        ("XO", "CM", "completed", "completed"),
        ("CA", "", "revoked", "cancelled"),
        ("CA", "IP", "revoked", "cancelled"),
        ("HD", "", "on-hold", "on-hold"),
        ("RL", "", "active", "requested"),
        ("OK", "", "active", "accepted"),
        ("UA", "", "active", "rejected"),
        ("UC", "CM", "completed", "completed"),
        ("UC", "IP", "active", "in-progress"),
        ("UC", "", "unknown", "requested"),
        ("UX", "", "unknown", "requested"),
        ("NA", "", "unknown", "requested"),
        ("SC", "IP", "active", "in-progress"),
        ("SC", "SC", "active", "accepted"),
        ("SC", "HD", "on-hold", "on-hold"),
        ("SC", "ER", "entered-in-error", "entered-in-error"),
        ("SC", "", "unknown", "requested"),
        ("nw", "", "active", "requested"),
    ] {
        let text = message(&[&format!("ORC|{control}|P1^ZorgDomein|||{status}"), OBR]);
        let (bundle, report) = run(text.as_bytes());
        let found = (of_kind(&bundle, "ServiceRequest").remove(0), of_kind(&bundle, "Task").remove(0));
        assert_eq!(
            (&found.0["status"], &found.1["status"]),
            (&json!(request), &json!(task)),
            "{control} {status}"
        );
        assert!(report.warnings.is_empty(), "{control} {status}");
        assert!(report.unmapped.is_empty(), "{control} {status}: {:?}", report.unmapped);
        // A status that contradicts the control code stands beside the one that counts.
        let beside = found.0["_status"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"].clone();
        if control == "CA" && status == "IP" {
            assert_eq!(beside, "IP");
        }
    }
}

/// Numbers, whether what is said is the order's content, and whether the message's receiver is to fill it.
fn whose(segments: &[&str]) -> Vec<(String, bool, bool)> {
    let options = options();
    let text = message(segments);
    let conversion = convert(text.as_bytes(), &options).unwrap();
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let tasks = of_kind(&bundle, "Task");
    let entries = bundle["entry"].as_array().unwrap().iter().zip(&conversion.notes);
    let orders = entries.filter(|(entry, _)| entry["resource"]["resourceType"] == "ServiceRequest");
    let told = orders.map(|(entry, note)| {
        let order = &entry["resource"];
        let task = tasks.iter().find(|task| task["focus"]["reference"] == urn(order)).unwrap();
        assert_eq!(order.get("performer").is_some(), task.get("owner").is_some());
        let number = order["identifier"][0]["value"].as_str().unwrap().to_owned();
        (number, note.authority == Authority::Registration, order.get("performer").is_some())
    });
    told.collect()
}

fn one(number: &str, placers: bool) -> (String, bool, bool) {
    (number.to_owned(), placers, placers)
}

#[test]
fn who_says_it_is_as_in_the_table() {
    for (control, placers) in [
        ("NW", true),
        ("XO", true),
        ("NA", true),
        ("OK", false),
        ("SN", false),
        ("PA", false),
        // Of either, and nothing tells of whom.
        ("CH", false),
        ("RO", false),
    ] {
        assert_eq!(whose(&[&format!("ORC|{control}|P1^ZorgDomein"), OBR]), [one("P1", placers)], "{control}");
    }
}

#[test]
fn a_filler_that_splits_or_replaces_an_order_did_not_place_it() {
    let of = |first: &str, second: &str| {
        let orcs = [format!("ORC|{first}|P1^ZorgDomein"), format!("ORC|{second}|P2^ZorgDomein")];
        whose(&[&orcs[0], OBR, &orcs[1], OBR])
    };
    assert_eq!(of("PA", "CH"), [one("P1", false), one("P2", false)]);
    assert_eq!(of("RU", "RO"), [one("P1", false), one("P2", false)]);
    assert_eq!(of("RP", "RO"), [one("P1", true), one("P2", true)]);
}

#[test]
fn a_control_code_that_nobody_knows_is_kept_and_says_nothing() {
    let options = options();
    let text = message(&["ORC|Q9|P1^ZorgDomein", OBR]);
    let conversion = convert(text.as_bytes(), &options).unwrap();
    assert!(conversion.warnings.iter().any(|one| one.code == "unknown-order-control"));
    let presumed: Vec<&str> = conversion.presumed.iter().map(|one| one.path).collect();
    assert_eq!(presumed, ["status", "status"]);
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    assert_eq!(of_kind(&bundle, "Task")[0]["businessStatus"]["coding"][0]["code"], "Q9");
}

#[test]
fn an_order_without_number_is_found_again_by_its_time() {
    let id = |control: &str, time: &str, code: &str| {
        let text = message(&[&format!("ORC|{control}||||||||{time}"), &format!("OBR|1|||{code}^x^99zda")]);
        let (bundle, report) = run(text.as_bytes());
        assert!(report.warnings.iter().any(|one| one.code == "order-without-number"));
        of_kind(&bundle, "ServiceRequest").remove(0)["id"].clone()
    };
    assert_eq!(id("NW", "20261117082500", "A"), id("CA", "20261117082500", "A"));
    assert_ne!(id("NW", "20261117082500", "A"), id("NW", "20261117082500", "B"));
    assert_ne!(id("NW", "20261117082500", "A"), id("NW", "20261117092500", "A"));
}

#[test]
fn several_services_under_one_number() {
    let text = message(&[
        "ORC|NW|P1^ZorgDomein",
        "OBR|1|P1^ZorgDomein||A^Een^99zda",
        "OBR|2|P1^ZorgDomein||B^Twee^99zda",
    ]);
    let (bundle, report) = run(text.as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let orders = of_kind(&bundle, "ServiceRequest");
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["code"]["coding"][0]["code"], "A");
    assert_eq!(orders[0]["orderDetail"][0]["coding"][0]["code"], "B");
}

#[test]
fn a_replacement_names_what_it_replaces() {
    let text = message(&[
        "ORC|RP|P1^ZorgDomein",
        "OBR|1|P1^ZorgDomein||A^Een^99zda",
        "ORC|RO|P2^ZorgDomein",
        "OBR|2|P2^ZorgDomein||B^Twee^99zda",
    ]);
    let (bundle, _) = run(text.as_bytes());
    let orders = of_kind(&bundle, "ServiceRequest");
    assert_eq!((&orders[0]["status"], &orders[1]["status"]), (&json!("revoked"), &json!("active")));
    assert_eq!(orders[1]["replaces"][0]["reference"], urn(&orders[0]));
}

#[test]
fn text_that_answers_no_question_supports_the_order() {
    let text = message(&["ORC|NW|P1^ZorgDomein", OBR, "OBX|1|tx|||Patiente is slechthorend."]);
    let (bundle, _) = run(text.replace("8859/1", "UNICODE UTF-8").as_bytes());
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    let order = of_kind(&bundle, "ServiceRequest").remove(0);
    assert_eq!(order["supportingInfo"][0]["reference"], urn(&document));
    assert_eq!(document["context"]["related"][0]["reference"], urn(&order));
}

#[test]
fn the_type_of_a_number_names_the_register_of_an_organisation() {
    let of = |xon: &str| {
        let text = message(&[&format!("ORC|NW|P1^ZorgDomein|||||||||||||||||||{xon}"), OBR]);
        let (bundle, _) = run(text.as_bytes());
        let organizations = of_kind(&bundle, "Organization");
        let named = organizations.iter().find(|one| one["name"] == "Praktijk De Wit").unwrap();
        (named["id"].clone(), named["identifier"][0]["system"].clone())
    };
    let by_type = of("Praktijk De Wit^^01004560^^^^AGB");
    assert_eq!(by_type.1, "http://fhir.nl/fhir/NamingSystem/agb-z");
    assert_eq!(by_type, of("Praktijk De Wit^^01004560^^^VEKTIS^AGB"));
}

#[test]
fn orders_need_a_patient() {
    let options = options();
    let text = "MSH|^~\\&|ZorgDomein||||20261103||ORM^O01|1|P|2.4\rORC|NW|P1\rOBR|1|P1||A\r";
    assert_eq!(convert(text.as_bytes(), &options).unwrap_err().code, "no-patient");
}
