//! Several events at a time.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;
use zorgsluis_domain::audit::EventKind;

use super::issues;
use crate::patterns::{WHEN, bundle, plain};
use crate::support::{World, keep, token_of};

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
