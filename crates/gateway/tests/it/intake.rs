//! Events of other systems, into the log.

mod bundles;
mod other_makers;
mod refused;

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{AccessMethod, Action, EventKind, Outcome};
use zorgsluis_domain::port::PatientIndex as _;

use crate::patterns::{BSN_SYSTEM, NUMBER, PATTERNS, WHEN, bundle, event, plain};
use crate::support::{Answer, BSN, FHIR_JSON, OTHER, PATIENT, World, keep, token_of};

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
