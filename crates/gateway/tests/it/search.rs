use axum::body::Body;
use axum::http::StatusCode;

use crate::support::{BSN, PATIENT, World, keep};

#[tokio::test]
async fn a_person_is_found_by_a_form_and_not_by_a_url() {
    let world = World::with_patient().await;
    let found = world.search("Patient", &format!("identifier={BSN}&birthdate=1961-04-12")).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    let json = found.json();
    assert_eq!((&json["resourceType"], &json["type"]), (&"Bundle".into(), &"searchset".into()));
    assert_eq!(json["entry"][0]["fullUrl"], format!("http://127.0.0.1:8080/fhir/Patient/{PATIENT}"));
    assert_eq!(json["entry"][0]["search"]["mode"], "match");
    assert_eq!(json["link"][0]["url"], "http://127.0.0.1:8080/fhir/Patient/_search");
    keep("searchset", &found);

    for query in [
        format!("identifier={BSN}"),
        format!("_id={BSN}"),
        format!("_id={PATIENT},{BSN}"),
        "name=Sluiswachter".into(),
        "family:exact=Sluiswachter".into(),
        "birthdate=1961-04-12".into(),
        "gender=male".into(),
        "phone=0600000001".into(),
        "_content=Sluiswachter".into(),
        "unknown=1".into(),
    ] {
        let refused = world.get(&format!("/fhir/Patient?{query}")).await;
        assert_eq!(
            (refused.status, refused.issue().as_str()),
            (StatusCode::BAD_REQUEST, "security"),
            "{query}"
        );
        assert!(refused.body.contains("use POST [type]/_search"));
    }
    for query in [
        format!("patient={BSN}"),
        format!("patient=Patient/{BSN}"),
        format!("patient:identifier={BSN}"),
        "patient.name=Sluiswachter".into(),
        "code=2823-3".into(),
        "status=Arie Sluiswachter".replace(' ', "+"),
        format!("status={BSN}"),
    ] {
        let refused = world.get(&format!("/fhir/Observation?{query}")).await;
        assert_eq!(refused.issue(), "security", "{query}");
    }
    let mixed = world
        .request("POST", &format!("/fhir/Patient/_search?identifier={BSN}"))
        .header("authorization", world.bearer())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(mixed).await.issue(), "security", "nor in the URL of a POST");
}

#[tokio::test]
async fn ids_and_codes_may_stand_in_a_url() {
    let world = World::with_patient().await;
    for query in [
        format!("patient={PATIENT}"),
        format!("patient=Patient/{PATIENT}&_count=10"),
        format!("subject=Patient/{PATIENT}&status=final"),
        "_id=33333333-3333-5333-8333-333333333333".into(),
        "_lastUpdated=gt2020-01-01".into(),
        String::new(),
    ] {
        let found = world.get(&format!("/fhir/Observation?{query}")).await;
        assert_eq!(found.status, StatusCode::OK, "{query}: {}", found.body);
        assert_eq!(found.json()["entry"].as_array().map(Vec::len), Some(1), "{query}");
    }
    let none = world.get("/fhir/Observation?status=preliminary").await;
    assert!(none.json().get("entry").is_none(), "FHIR knows no empty array");
    keep("searchset-empty", &none);
}

#[tokio::test]
async fn a_decimal_keeps_its_precision() {
    let world = World::with_patient().await;
    let found = world.get(&format!("/fhir/Observation?patient={PATIENT}")).await;
    assert!(found.body.contains("\"value\":4.50,"), "{}", found.body);
}

#[tokio::test]
async fn a_search_that_is_not_understood_is_refused_and_never_widened() {
    let world = World::with_patient().await;
    for (kind, form, issue) in [
        ("Patient", "unknown=1", "not-supported"),
        ("Patient", "name:nonsense=x", "not-supported"),
        ("Patient", "_include=Patient:link", "not-supported"),
        ("Patient", "_count=0", "invalid"),
        ("Patient", "_count=many", "invalid"),
        ("Patient", "_page=AAAA", "invalid"),
    ] {
        let refused = world.search(kind, form).await;
        assert_eq!((refused.status, refused.issue().as_str()), (StatusCode::BAD_REQUEST, issue), "{form}");
        assert!(!refused.body.contains("nonsense"));
    }
    let json = world
        .request("POST", "/fhir/Patient/_search")
        .header("authorization", world.bearer())
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(world.send(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = format!("name={}", "a".repeat(20_000));
    assert_eq!(world.search("Patient", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
