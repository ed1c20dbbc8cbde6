//! Events of other systems, into the log.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use zorgsluis_audit_writer::reported::check;
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, Action, EventKind, Outcome};
use zorgsluis_domain::port::PatientIndex as _;

use crate::patterns::{BSN_SYSTEM, NUMBER, PATTERNS, WHEN, bundle, event, patient, plain};
use crate::support::{Answer, BSN, FHIR_JSON, OTHER, PATIENT, World, keep, logged, token_of};

impl World {
    /// POST of FHIR JSON, as a client.
    pub(crate) async fn submit_text(&self, client: &str, path: &str, body: impl Into<String>) -> Answer {
        let request = self
            .request("POST", path)
            .header("authorization", format!("Bearer {}", token_of(client)))
            .header("content-type", FHIR_JSON)
            .body(Body::from(body.into()))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn submit(&self, client: &str, event: &Value) -> Answer {
        self.submit_text(client, "/fhir/AuditEvent", event.to_string()).await
    }

    async fn submit_bundle(&self, client: &str, bundle: &Value) -> Answer {
        self.submit_text(client, "/fhir", bundle.to_string()).await
    }

    /// GET as a client.
    pub(crate) async fn get_as(&self, client: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {}", token_of(client));
        let request = self.request("GET", path).header("authorization", bearer).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// The entries of other systems that were written since the last look.
    fn reported(&self) -> Vec<AuditEntry> {
        self.entries().into_iter().filter(|entry| entry.reported.is_some()).collect()
    }
}

/// The path of a `Location`.
fn path(answer: &Answer) -> String {
    answer.header("location").strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
}

/// Places and codes of an OperationOutcome.
fn issues(outcome: &Value) -> Vec<(String, String)> {
    let issue = |issue: &Value| {
        let place = issue["expression"][0].as_str().unwrap_or_default().to_owned();
        (place, issue["code"].as_str().unwrap().to_owned())
    };
    outcome["issue"].as_array().unwrap().iter().map(issue).collect()
}

#[tokio::test]
async fn an_event_of_each_pattern_comes_back_as_it_was_submitted_with_our_source() {
    let world = World::with_log().await;
    for pattern in PATTERNS {
        let submitted = event(pattern);
        let answer = world.submit("epd", &submitted).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{pattern}: {}", answer.body);
        assert_eq!(answer.body, "", "who submits reads nothing");
        let read = world.get_as("privacy-officer", &path(&answer)).await;
        assert_eq!(read.status, StatusCode::OK, "{pattern}: {}", read.body);
        keep(&format!("audit-event-{pattern}"), &read);
        let mut back = read.json();
        let id = back.as_object_mut().unwrap().remove("id").unwrap();
        assert!(path(&answer).ends_with(id.as_str().unwrap()));
        let extension = back.as_object_mut().unwrap().remove("extension").unwrap();
        assert_eq!(back, submitted, "{pattern}");
        let own = extension[0]["extension"].as_array().unwrap();
        assert_eq!(own[0], json!({ "url": "submitter", "valueString": "epd" }));
        assert!(own[1]["valueInstant"].is_string());
    }
    let entries = world.reported();
    assert_eq!(entries.len(), PATTERNS.len());
    for entry in &entries {
        assert_eq!(entry.source.source_id, "epd");
        assert_eq!(entry.source.enterprise_site_id, "linde");
        assert_eq!(entry.recorded, WHEN.parse().unwrap());
        assert!(entry.reported.as_ref().unwrap().received > entry.recorded);
        assert_eq!((entry.event.outcome, entry.access_method), (Outcome::Success, AccessMethod::OtherSystem));
    }
    let read = &entries[3];
    assert_eq!((read.event.kind, read.event.action), (EventKind::ResourceRead, Action::Read));
    assert_eq!(read.users[2].uzi.as_deref(), Some("900030787"));
    assert_eq!((read.objects[0].id.as_str(), read.objects[0].version), ("Observation/obs-1", Some(2)));
    let kinds: Vec<_> = entries.iter().map(|entry| entry.event.kind).collect();
    assert_eq!(kinds[10..], [EventKind::Disclosure, EventKind::Import, EventKind::Other]);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_kept_once_and_of_two_submitters_twice() {
    let world = World::with_log().await;
    let event = plain("gebeurtenis-1", WHEN);
    let first = world.submit("epd", &event).await;
    // White space and the order of names make no other event of it.
    let names: Vec<_> = event.as_object().unwrap().clone().into_iter().rev().collect();
    let turned = Value::Object(names.into_iter().collect());
    let turned = serde_json::to_string_pretty(&turned).unwrap();
    assert!(!turned.starts_with("{\n  \"resourceType"));
    let second = world.submit_text("epd", "/fhir/AuditEvent", turned).await;
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.header("location"), second.header("location"));
    let other = world.submit("pacs", &event).await;
    assert_eq!(other.status, StatusCode::CREATED);
    assert_ne!(first.header("location"), other.header("location"));
    let mut changed = event.clone();
    changed["outcome"] = json!("4");
    assert_eq!(world.submit("epd", &changed).await.status, StatusCode::CREATED, "another event");
    assert_eq!(world.reported().len(), 3);

    let again = bundle("batch", &[event.clone(), plain("gebeurtenis-2", WHEN), plain("gebeurtenis-2", WHEN)]);
    let answer = world.submit_bundle("epd", &again).await;
    let statuses: Vec<_> = answer.json()["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["200 OK", "201 Created", "200 OK"]);
    assert_eq!(answer.json()["entry"][0]["response"]["location"], first.header("location"));
    assert_eq!(world.reported().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_after_the_entry_was_written_is_given_at_the_next_delivery() {
    let world = World::with_log().await;
    world.audit.silent.store(true, Ordering::SeqCst);
    let event = plain("gebeurtenis-1", WHEN);
    let lost = world.submit("epd", &event).await;
    assert_eq!((lost.status, lost.issue().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "transient"));
    let again = world.submit("epd", &event).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(world.get_as("privacy-officer", &path(&again)).await.status, StatusCode::OK);
    assert_eq!(world.reported().len(), 1);
    // And where nothing was written, nothing is said to be there.
    world.audit.broken.store(true, Ordering::SeqCst);
    assert_eq!(world.submit("epd", &plain("2", WHEN)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let refused = world.submit("epd", &json!({ "resourceType": "AuditEvent" })).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "a refusal is logged, or comes again");
    world.audit.broken.store(false, Ordering::SeqCst);
    assert_eq!(world.submit("epd", &plain("2", WHEN)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn of_a_batch_the_bad_event_stays_out_and_of_a_transaction_all() {
    let world = World::with_log().await;
    let mut bad = plain("slecht", WHEN);
    bad["agent"][0].as_object_mut().unwrap().remove("requestor");
    let events = [plain("1", WHEN), bad, plain("2", WHEN)];
    for kind in ["batch", "collection"] {
        let answer = world.submit_bundle("epd", &bundle(kind, &events)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        keep(&format!("audit-event-{kind}-response"), &answer);
        let json = answer.json();
        assert_eq!(json["type"], "batch-response");
        assert_eq!(json["entry"][1]["response"]["status"], "422");
        let place = "Bundle.entry[1].resource.agent[0].requestor".to_owned();
        assert_eq!(issues(&json["entry"][1]["response"]["outcome"]), [(place, "required".to_owned())]);
        let entries = world.entries();
        let refusal = entries.iter().find(|entry| entry.event.kind == EventKind::Refusal).unwrap();
        assert_eq!(refusal.users[0].id, "epd");
        assert_eq!(refusal.event.outcome_reason.as_deref(), Some("audit-event-required"));
        let told = refusal.objects[0].description.as_deref().unwrap();
        assert_eq!(told, "1 of 3 events refused: required Bundle.entry[1].resource.agent[0].requestor");
        assert_eq!(entries.len(), if kind == "batch" { 3 } else { 1 }, "the second time they are there");
    }
    let events = [plain("3", WHEN), events[1].clone()];
    let none = world.submit_bundle("epd", &bundle("transaction", &events)).await;
    assert_eq!((none.status, none.issue().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "required"));
    keep("outcome-transaction", &none);
    assert_eq!(world.reported().len(), 0);
    let all = world.submit_bundle("epd", &bundle("transaction", &events[..1])).await;
    assert_eq!((all.status, &all.json()["type"]), (StatusCode::OK, &json!("transaction-response")));
    keep("audit-event-transaction-response", &all);
    assert_eq!(world.reported().len(), 1);
    let slash = world.submit_text("epd", "/fhir/", bundle("batch", &[plain("3", WHEN)]).to_string()).await;
    assert_eq!(slash.json()["entry"][0]["response"]["status"], "200 OK", "the base, however it is written");
    // What belongs to the transport is taken along, and not kept.
    let mut carried = bundle("batch", &[plain("4", WHEN)]);
    carried["id"] = json!("bundel-1");
    carried["meta"] = json!({ "lastUpdated": WHEN });
    carried["timestamp"] = json!(WHEN);
    carried["entry"][0]["fullUrl"] = json!("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0");
    let answer = world.submit_bundle("epd", &carried).await;
    assert_eq!(answer.json()["entry"][0]["response"]["status"], "201 Created", "{}", answer.body);
    carried["entry"][0]["request"]["ifNoneExist"] = json!("x=y");
    assert_eq!(world.submit_bundle("epd", &carried).await.status, StatusCode::BAD_REQUEST);
    let nothing = world.submit_bundle("epd", &bundle("batch", &[])).await;
    assert_eq!(nothing.status, StatusCode::OK);
    keep("audit-event-empty-response", &nothing);
}

#[tokio::test]
async fn a_bundle_that_is_none_or_asks_for_something_else_is_refused() {
    let world = World::with_log().await;
    let event = plain("1", WHEN);
    let mut put = bundle("batch", std::slice::from_ref(&event));
    put["entry"][0]["request"]["method"] = json!("PUT");
    let mut without = bundle("batch", std::slice::from_ref(&event));
    without["entry"][0].as_object_mut().unwrap().remove("request");
    for (bundle, at) in [(put, "Bundle.entry[0].request"), (without, "Bundle.entry[0].request")] {
        let answer = world.submit_bundle("epd", &bundle).await.json();
        assert_eq!(issues(&answer["entry"][0]["response"]["outcome"])[0].0, at);
    }
    let many = bundle("batch", &vec![event.clone(); 501]);
    for (body, status, code) in [
        (json!({ "resourceType": "Bundle", "type": "searchset" }).to_string(), 422, "not-supported"),
        (event.to_string(), 400, "structure"),
        ("[]".into(), 400, "structure"),
        (String::new(), 400, "structure"),
        (many.to_string(), 422, "too-long"),
        ("x".repeat((4 << 20) + 1), 413, "too-long"),
    ] {
        let answer = world.submit_text("epd", "/fhir", body).await;
        assert_eq!((answer.status.as_u16(), answer.issue().as_str()), (status, code), "{}", answer.body);
    }
    let large = format!("{{\"resourceType\":\"AuditEvent\"{}}}", " ".repeat(64 << 10));
    assert_eq!(
        world.submit_text("epd", "/fhir/AuditEvent", large).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let form = world
        .request("POST", "/fhir/AuditEvent")
        .header("authorization", format!("Bearer {}", token_of("epd")))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("a=b"))
        .unwrap();
    assert_eq!(world.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(world.reported().len(), 0);
}

/// What is changed, and which place is then named with which code.
fn damaged() -> Vec<(Value, &'static str, &'static str)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = event("PatientRead");
        change(&mut event);
        event
    };
    let without = |name: &str| {
        with(&|event| {
            event.as_object_mut().unwrap().remove(name);
        })
    };
    vec![
        (without("outcome"), "AuditEvent.outcome", "required"),
        (without("recorded"), "AuditEvent.recorded", "required"),
        (without("agent"), "AuditEvent.agent", "required"),
        (without("source"), "AuditEvent.source", "required"),
        (with(&|e| e["action"] = json!("X")), "AuditEvent.action", "code-invalid"),
        (with(&|e| e["recorded"] = json!("2026-03-02")), "AuditEvent.recorded", "value"),
        (with(&|e| e["recorded"] = json!("2999-03-02T10:00:00Z")), "AuditEvent.recorded", "value"),
        (with(&|e| e["recorded"] = json!("1970-01-01T00:00:00Z")), "AuditEvent.recorded", "value"),
        (with(&|e| e["Sluiswachter"] = json!(1)), "AuditEvent", "structure"),
        (with(&|e| e["agent"][2]["requestor"] = json!("ja")), "AuditEvent.agent[2].requestor", "value"),
        (with(&|e| e["agent"] = json!({})), "AuditEvent.agent", "structure"),
        (with(&|e| e["subtype"] = json!([])), "AuditEvent.subtype", "structure"),
        (with(&|e| e["contained"] = json!([{}])), "AuditEvent.contained[0]", "not-supported"),
        (
            with(&|e| e["text"] = json!({ "status": "generated", "div": "<script/>" })),
            "AuditEvent.text.div",
            "value",
        ),
        (
            with(&|e| e["agent"][0]["who"] = json!({ "reference": "#x" })),
            "AuditEvent.agent[0].who.reference",
            "invariant",
        ),
        (
            with(&|e| e["agent"][0]["who"]["reference"] = json!("Location/1")),
            "AuditEvent.agent[0].who.reference",
            "value",
        ),
        (with(&|e| e["entity"][1]["query"] = json!("*")), "AuditEvent.entity[1].query", "value"),
        (
            with(&|e| {
                e["extension"] = json!([{ "url": "http://x", "valueHumanName": { "text": "Sluiswachter" } }])
            }),
            "AuditEvent.extension[0]",
            "structure",
        ),
        // BALP.
        (with(&|e| e["subtype"][0]["code"] = json!("create")), "AuditEvent.subtype", "required"),
        (with(&|e| e["outcome"] = json!("8")), "AuditEvent.outcome", "value"),
        (
            with(&|e| {
                e["agent"][0].as_object_mut().unwrap().remove("network");
            }),
            "AuditEvent.agent[0].network",
            "required",
        ),
        (
            with(&|e| {
                e["entity"].as_array_mut().unwrap().remove(0);
            }),
            "AuditEvent.entity",
            "required",
        ),
        (
            with(&|e| {
                e["meta"]["profile"][0] =
                    json!("https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Sluiswachter")
            }),
            "AuditEvent.meta.profile[0]",
            "value",
        ),
        // One patient, who can be told.
        (
            with(&|e| {
                let other = patient(BSN);
                e["entity"].as_array_mut().unwrap().push(other);
            }),
            "AuditEvent.entity",
            "required",
        ),
        (
            with(&|e| e["entity"][0]["what"] = json!({ "display": "Sluiswachter" })),
            "AuditEvent.entity[0].what",
            "required",
        ),
    ]
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place_and_repeats_no_value() {
    let world = World::with_log().await;
    for (n, (event, at, code)) in damaged().into_iter().enumerate() {
        let answer = world.submit("epd", &event).await;
        let found = issues(&answer.json());
        assert!(found.contains(&(at.to_owned(), code.to_owned())), "{at} {code}: {}", answer.body);
        assert!(answer.status.is_client_error());
        for phi in ["Sluiswachter", NUMBER, BSN, "Waterman", "900030787"] {
            assert!(!answer.body.contains(phi), "{phi} in {}", answer.body);
        }
        keep(&format!("outcome-intake-{n:02}"), &answer);
    }
    let (doubled, event) = ("{\"outcome\":\"8\",", event("Read").to_string());
    let twice = world.submit_text("epd", "/fhir/AuditEvent", event.replacen('{', doubled, 1)).await;
    assert_eq!((twice.status.as_u16(), twice.issue().as_str()), (400, "structure"));
    let entries = world.entries();
    assert!(entries.iter().all(|entry| entry.event.kind == EventKind::Refusal), "nothing was taken");
    let written = serde_json::to_string(&entries).unwrap();
    let logged = logged();
    for phi in ["Sluiswachter", NUMBER, "Waterman"] {
        assert!(!written.contains(phi) && !logged.contains(phi), "{phi}");
    }
}

/// Everything that a pattern demands is taken away, and everything that it fixes is changed, one after the other.
#[test]
fn an_event_that_names_a_pattern_and_breaks_one_of_its_rules_is_refused() {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let refused = |event: &Value| check(&event.to_string(), now).is_err();
    let mut tried = 0;
    for pattern in PATTERNS {
        let whole = event(pattern);
        assert!(!refused(&whole), "{pattern}");
        let rest = whole["type"]["code"] == "rest";
        let mut broken: Vec<(String, Value)> = Vec::new();
        let mut breaks = |what: String, change: &dyn Fn(&mut Value)| {
            let mut event = whole.clone();
            change(&mut event);
            broken.push((what, event));
        };
        breaks("type".into(), &|event| event["type"]["code"] = json!("110100"));
        breaks("no subtype".into(), &|event| drop(event.as_object_mut().unwrap().remove("subtype")));
        breaks("action".into(), &|event| {
            event["action"] = json!(if event["action"] == "E" { "R" } else { "E" });
        });
        if rest {
            breaks("subtype".into(), &|event| event["subtype"][0]["code"] = json!("operation"));
            breaks("outcome".into(), &|event| event["outcome"] = json!("4"));
        }
        for (n, agent) in whole["agent"].as_array().unwrap().iter().enumerate() {
            let user = agent["requestor"] == true;
            // The patterns of REST need no user.
            if !(user && rest) {
                breaks(format!("no agent {n}"), &|event| {
                    drop(event["agent"].as_array_mut().unwrap().remove(n))
                });
            }
            breaks(format!("agent {n} twice"), &|event| {
                let again = event["agent"][n].clone();
                event["agent"].as_array_mut().unwrap().push(again);
            });
            breaks(format!("agent {n} without who"), &|event| {
                drop(event["agent"][n].as_object_mut().unwrap().remove("who"))
            });
            if agent["network"].is_object() {
                breaks(format!("agent {n} without network"), &|event| {
                    event["agent"][n].as_object_mut().unwrap().remove("network");
                });
            } else {
                breaks(format!("agent {n} with a network"), &|event| {
                    event["agent"][n]["network"] = json!({ "address": "10.0.0.1", "type": "2" });
                });
            }
            if !pattern.starts_with("Privacy") {
                breaks(format!("agent {n} with media"), &|event| {
                    event["agent"][n]["media"] =
                        json!({ "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110030" });
                });
            }
        }
        for n in 0..whole["entity"].as_array().unwrap().len() {
            breaks(format!("no entity {n}"), &|event| {
                drop(event["entity"].as_array_mut().unwrap().remove(n))
            });
            // Of what was disclosed, and of a consent, the role is free.
            if rest || n == 0 {
                breaks(format!("role of entity {n}"), &|event| {
                    event["entity"][n]["role"]["code"] = json!("6")
                });
            }
        }
        if !rest {
            breaks("observer".into(), &|event| {
                event["source"]["observer"]["identifier"]["value"] = json!("pacs")
            });
        }
        for (what, event) in &broken {
            assert!(refused(event), "{pattern}: {what}");
            tried += 1;
        }
    }
    assert!(tried > 150, "{tried}");
}

#[tokio::test]
async fn the_patient_is_told_by_number_by_our_id_and_by_the_submitters_number() {
    let world = World::with_log().await;
    world.put("Patient", PATIENT, &crate::support::patient("Sluiswachter", BSN)).await;
    world.claim(BSN).await;
    let index = world.directory.patient_index();
    let ours = format!("Patient/{PATIENT}");
    let identifier = zorgsluis_domain::port::IndexedIdentifier::of(
        &world.directory.keys(),
        "https://epd.linde.example/patient",
        "4711",
    );
    index.claim(&identifier, PATIENT.parse().unwrap()).await.unwrap();
    let named = |what: Value| {
        let mut event = plain("1", WHEN);
        event["entity"][0]["what"] = what;
        event
    };
    let identifier = |value: &str| json!({ "system": BSN_SYSTEM, "value": value });
    for what in [
        json!({ "identifier": identifier(BSN) }),
        json!({ "reference": ours }),
        json!({ "reference": format!("{ours}/_history/1"), "identifier": identifier(BSN) }),
        json!({ "reference": "Patient/4711" }),
    ] {
        assert_eq!(world.submit("epd", &named(what.clone())).await.status, StatusCode::CREATED, "{what}");
        assert_eq!(world.reported()[0].patient.as_ref().unwrap().reference, ours, "{what}");
    }
    // Nobody here knows them: always the same, and nobody's number.
    let unknown = named(json!({ "identifier": identifier(NUMBER) }));
    world.submit("epd", &unknown).await;
    world.submit("pacs", &unknown).await;
    let entries = world.reported();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].patient, entries[1].patient);
    assert!(!entries[0].patient.as_ref().unwrap().reference.contains(NUMBER));

    for (client, what, code) in [
        ("pacs", json!({ "reference": "Patient/4711" }), "not-found"),
        ("pacs", json!({ "reference": format!("Patient/{OTHER}") }), "not-found"),
        ("epd", json!({ "reference": "https://epd.linde.example/fhir/Patient/4711" }), "not-found"),
    ] {
        let answer = world.submit(client, &named(what.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.issue().as_str()), (422, code), "{what}");
    }
    world.put("Patient", OTHER, &crate::support::patient_with_id(OTHER, "Brugwachter", NUMBER)).await;
    let two = named(json!({ "reference": format!("Patient/{OTHER}"), "identifier": identifier(BSN) }));
    assert_eq!(world.submit("epd", &two).await.issue(), "business-rule");
}

#[tokio::test]
async fn each_right_opens_its_own_doors_and_no_others() {
    let world = World::with_log().await;
    let bearer = |token: &str| format!("Bearer {token}");
    let operator = world.token.reveal().to_owned();
    for (token, submits, reads, operates) in [
        (Some(token_of("epd")), 422, 403, 403),
        (Some(token_of("privacy-officer")), 403, 200, 403),
        (Some(operator), 403, 403, 404),
        (Some(token_of("nobody")), 401, 401, 401),
        (Some(token_of("unreadable")), 503, 503, 503),
        (None, 401, 401, 401),
    ] {
        for (method, path, status) in [
            ("POST", "/fhir/AuditEvent".to_owned(), submits),
            ("GET", "/fhir/AuditEvent".to_owned(), reads),
            ("GET", format!("/fhir/Patient/{PATIENT}"), operates),
        ] {
            let mut request = world.request(method, &path).header("content-type", FHIR_JSON);
            if let Some(token) = &token {
                request = request.header("authorization", bearer(token));
            }
            let body = if method == "POST" { "{\"resourceType\":\"AuditEvent\"}" } else { "" };
            let answer = world.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path} {token:?}: {}", answer.body);
        }
    }
    let entries = world.entries();
    let denied: Vec<_> =
        entries.iter().filter(|entry| entry.event.outcome_reason.as_deref() == Some("no-right")).collect();
    assert_eq!(denied.len(), 6);
    assert_eq!((denied[0].event.kind, denied[0].users[0].id.as_str()), (EventKind::AccessDenied, "epd"));
}

/// JSON of any shape, with the names of an AuditEvent now and then.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~é]{0,12}".prop_map(Value::from),
        Just(json!(WHEN)),
    ];
    let name = prop_oneof![
        "[a-z_]{0,6}",
        prop::sample::select(vec![
            "agent",
            "who",
            "entity",
            "what",
            "reference",
            "extension",
            "url",
            "_recorded",
            "meta"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// All places in a JSON value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), found))
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_taken_or_refused_with_an_outcome(
        pattern in prop::sample::select(PATTERNS.to_vec()),
        at in any::<prop::sample::Index>(),
        put in any_json(),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut event = event(pattern);
        let mut all = Vec::new();
        places(&event, "", &mut all);
        let place: &String = at.get(&all);
        *event.pointer_mut(place).unwrap() = put;
        let mut text = event.to_string();
        if cuts {
            let mut end = cut.index(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        // One world for all: making one takes longer than what is tried.
        static WORLD: std::sync::OnceLock<(tokio::runtime::Runtime, World)> = std::sync::OnceLock::new();
        let (runtime, world) = WORLD.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let world = World::new();
            (runtime, world)
        });
        let answer = runtime.block_on(world.submit_text("epd", "/fhir/AuditEvent", text.clone()));
        if answer.status != StatusCode::CREATED {
            prop_assert!(answer.status.is_client_error(), "{} {text}", answer.status);
            let outcome: Value = serde_json::from_str(&answer.body).unwrap();
            prop_assert_eq!(&outcome["resourceType"], "OperationOutcome");
            prop_assert!(!issues(&outcome).is_empty());
            prop_assert!(outcome["issue"][0]["expression"][0].as_str().unwrap().starts_with("AuditEvent"));
        }
        world.entries();
    }
}
