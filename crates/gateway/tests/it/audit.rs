//! Write before disclose.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::StatusCode;
use zorgsluis_domain::audit::{Action, DataCategory, EventKind, NetworkAccessPoint, Outcome};

use crate::support::{BSN, OTHER, PATIENT, World, keep, patient_with_id};

#[tokio::test]
async fn a_read_is_logged_with_patient_version_and_caller() {
    let world = World::with_patient().await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let path = "/fhir/Observation/33333333-3333-5333-8333-333333333333";
    world.get_with(path, &[("traceparent", traceparent)]).await;
    let entries = world.entries();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.event.kind, entry.event.action), (EventKind::ResourceRead, Action::Read));
    assert_eq!(entry.event.outcome, Outcome::Success);
    assert_eq!(entry.patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
    assert_eq!(entry.objects[0].id, "Observation/33333333-3333-5333-8333-333333333333");
    assert_eq!(entry.objects[0].version, Some(1));
    assert_eq!(entry.data_categories, [DataCategory::Results]);
    assert_eq!(entry.users[0].network, Some(NetworkAccessPoint::Ip("127.0.0.1".into())));
    assert_eq!(entry.source.enterprise_site_id, "linde");
    assert_eq!(entry.traceparent.as_deref(), Some(traceparent));
}

#[tokio::test]
async fn a_search_has_one_entry_for_each_patient_with_the_raw_query() {
    let world = World::with_patient().await;
    world.put("Patient", OTHER, &patient_with_id(OTHER, "Sluiswachter", "999990019")).await;
    world.search("Patient", "name=Sluiswachter").await;
    let entries = world.entries();
    let mut patients: Vec<_> =
        entries.iter().map(|entry| entry.patient.as_ref().unwrap().reference.clone()).collect();
    patients.sort();
    assert_eq!(patients, [format!("Patient/{PATIENT}"), format!("Patient/{OTHER}")]);
    for entry in &entries {
        assert_eq!((entry.event.kind, entry.event.action), (EventKind::ResourceSearch, Action::Execute));
        assert_eq!(entry.objects[0].query.as_deref(), Some("name=Sluiswachter"));
    }
    assert_ne!(entries[0].id, entries[1].id);

    world.search("Patient", &format!("identifier={}", "999990032")).await;
    let nothing = world.entries();
    assert_eq!(nothing.len(), 1, "a search that finds nothing is an event too");
    assert_eq!(nothing[0].patient, None);
    assert_eq!(nothing[0].objects[0].query.as_deref(), Some("identifier=999990032"));
}

#[tokio::test]
async fn what_is_not_there_is_logged_as_asked_for() {
    let world = World::with_patient().await;
    world.get(&format!("/fhir/Patient/{OTHER}")).await;
    let entries = world.entries();
    assert_eq!(entries[0].event.outcome_reason.as_deref(), Some("not-found"));
    assert_eq!(entries[0].patient.as_ref().unwrap().reference, format!("Patient/{OTHER}"));
}

#[tokio::test]
async fn without_an_entry_nothing_is_shown() {
    let world = World::with_patient().await;
    let page = world.search("Patient", "name=Sluiswachter").await;
    assert_eq!(page.status, StatusCode::OK);
    world.audit.broken.store(true, Ordering::SeqCst);
    let patient = format!("/fhir/Patient/{PATIENT}");
    let mut answers = vec![
        world.search("Patient", "name=Sluiswachter").await,
        world.get_with(&patient, &[("if-none-match", "W/\"1\"")]).await,
        world.get(&format!("/fhir/Patient/{OTHER}")).await,
    ];
    for path in [
        patient.clone(),
        format!("{patient}/_history"),
        format!("{patient}/_history/1"),
        format!("/fhir/Observation?patient={PATIENT}"),
    ] {
        answers.push(world.get(&path).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.issue(), "transient");
        assert!(answer.headers.get("etag").is_none());
        for phi in ["Sluiswachter", BSN, PATIENT, "4.50"] {
            assert!(!answer.body.contains(phi), "{}", answer.body);
        }
    }
    keep("outcome-audit", &answers[0]);
}

#[tokio::test]
async fn denials_are_logged_but_a_flood_of_them_is_not() {
    let world = World::with_patient().await;
    let try_with = |authorization: Option<&str>| {
        let mut request = world.request("GET", &format!("/fhir/Patient/{PATIENT}"));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        world.send(request.body(Body::empty()).unwrap())
    };
    for authorization in [None, Some("Bearer wrong"), Some("Basic YTpi")] {
        let denied = try_with(authorization).await;
        assert_eq!((denied.status, denied.issue().as_str()), (StatusCode::UNAUTHORIZED, "login"));
        assert!(denied.header("www-authenticate").starts_with("Bearer"));
        keep("outcome-login", &denied);
    }
    let entries = world.entries();
    let reasons: Vec<_> =
        entries.iter().map(|entry| entry.event.outcome_reason.as_deref().unwrap()).collect();
    assert_eq!(reasons, ["no-token", "wrong-token", "wrong-token"]);
    assert!(entries.iter().all(|entry| entry.event.kind == EventKind::AccessDenied));
    assert_eq!(entries[0].objects[0].id, "/fhir/{type}/{id}", "the route, not the path");

    for _ in 0..100 {
        try_with(None).await;
    }
    assert!(world.entries().len() < 30);
}

#[tokio::test]
async fn a_search_is_logged_with_the_patient_whom_it_names_also_when_it_finds_nothing() {
    let world = World::with_patient().await;
    world.get(&format!("/fhir/Condition?patient={OTHER}")).await;
    let entries = world.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].patient.as_ref().unwrap().reference, format!("Patient/{OTHER}"));
    assert_eq!(entries[0].event.outcome, Outcome::Success);
    world.search("Observation", &format!("patient=Patient/{PATIENT},Patient/{OTHER}")).await;
    let mut patients: Vec<_> =
        world.entries().into_iter().map(|entry| entry.patient.unwrap().reference).collect();
    patients.sort();
    assert_eq!(patients, [format!("Patient/{PATIENT}"), format!("Patient/{OTHER}")]);
}

#[tokio::test]
async fn a_request_that_is_refused_before_it_looks_is_logged_once() {
    let world = World::with_patient().await;
    let patient = format!("/fhir/Patient/{PATIENT}");
    for (path, headers, reason) in [
        (format!("{patient}?name=x"), vec![], "invalid-request"),
        (patient.clone(), vec![("accept", "text/xml")], "not-acceptable"),
    ] {
        let answer = world.get_with(&path, &headers).await;
        assert!(answer.status.is_client_error());
        let entries = world.entries();
        assert_eq!(entries.len(), 1, "{path}");
        let entry = &entries[0];
        assert_eq!((entry.event.kind, entry.event.outcome), (EventKind::Refusal, Outcome::MinorFailure));
        assert_eq!(entry.event.outcome_reason.as_deref(), Some(reason));
        assert_eq!(entry.patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
        assert_eq!(entry.objects[0].id, "GET /fhir/{type}/{id}");
        assert_eq!(entry.objects[1].id, format!("Patient/{PATIENT}"));
    }
    assert_eq!(world.get("/fhir/Patient?name=x").await.status, StatusCode::BAD_REQUEST);
    let entries = world.entries();
    assert_eq!((entries.len(), &entries[0].patient, entries[0].objects.len()), (1, &None, 1));
    assert!(!serde_json::to_string(&entries[0]).unwrap().contains("name=x"));
    for path in ["/fhir/Nothing/1", "/fhir/Patient/a%20b", "/fhir/a/b/c/d/e"] {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND);
        assert!(world.entries().is_empty(), "{path}: no data of anybody");
    }
}

#[tokio::test]
async fn who_logs_in_fails_to_and_logs_out_is_in_the_log_and_the_token_is_not() {
    let world = World::new();
    world.post_form("/login", "", "token=guess-999990019").await;
    let (cookie, form_token) = world.sign_in().await;
    world.post_form("/logout", &cookie, &format!("form_token={form_token}")).await;
    let entries = world.entries();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.event.kind, entry.event.outcome, entry.event.outcome_reason.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (EventKind::LogIn, Outcome::MinorFailure, Some("wrong-token")),
            (EventKind::LogIn, Outcome::Success, None),
            (EventKind::LogOut, Outcome::Success, None),
        ]
    );
    for entry in &entries {
        assert_eq!(entry.check(), Ok(()));
        let text = serde_json::to_string(entry).unwrap();
        for secret in ["999990019", &*form_token, cookie.split_once('=').unwrap().1] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn without_an_entry_nobody_logs_in_but_who_leaves_is_let_go() {
    let world = World::new();
    let (cookie, form_token) = world.sign_in().await;
    world.audit.broken.store(true, Ordering::SeqCst);
    let token = format!("token={}", world.token.reveal());
    let answer = world.post_form("/login", "", &token).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.get("set-cookie").is_none());
    world.post_form("/logout", &cookie, &format!("form_token={form_token}")).await;
    assert_eq!(world.page("/", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn failed_log_ins_cannot_flood_the_log() {
    let world = World::new();
    for n in 0..100 {
        world.post_form("/login", "", &format!("token=guess{n}")).await;
    }
    let entries = world.entries();
    assert_eq!(entries.len(), 30);
    assert!(entries.iter().all(|entry| entry.event.kind == EventKind::LogIn));
}
