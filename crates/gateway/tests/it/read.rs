use axum::body::Body;
use axum::http::StatusCode;

use crate::support::{BSN, FHIR_JSON, OTHER, PATIENT, World, keep, patient};

#[tokio::test]
async fn a_resource_is_read_with_its_version() {
    let world = World::with_patient().await;
    let answer = world.get(&format!("/fhir/Patient/{PATIENT}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), FHIR_JSON);
    assert_eq!(answer.header("etag"), "W/\"1\"");
    assert!(answer.header("last-modified").ends_with(" GMT"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    assert_eq!(
        (&json["name"][0]["family"], &json["meta"]["versionId"]),
        (&"Sluiswachter".into(), &"1".into())
    );
    keep("read", &answer);
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let world = World::with_patient().await;
    let path = format!("/fhir/Patient/{PATIENT}");
    for (tag, status) in [
        ("W/\"1\"", StatusCode::NOT_MODIFIED),
        ("\"7\", \"1\"", StatusCode::NOT_MODIFIED),
        ("*", StatusCode::NOT_MODIFIED),
        ("W/\"2\"", StatusCode::OK),
    ] {
        let answer = world.get_with(&path, &[("if-none-match", tag)]).await;
        assert_eq!(answer.status, status, "{tag}");
        assert_eq!(answer.body.is_empty(), status == StatusCode::NOT_MODIFIED);
        assert_eq!(answer.header("etag"), "W/\"1\"");
    }
}

#[tokio::test]
async fn older_versions_and_deletions_can_be_told_apart() {
    let world = World::with_patient().await;
    world.put("Patient", PATIENT, &patient("Brugwachter", BSN)).await;
    world.delete("Patient", PATIENT, 2).await;
    let version = |n: u32| format!("/fhir/Patient/{PATIENT}/_history/{n}");
    assert_eq!(world.get(&version(1)).await.json()["name"][0]["family"], "Sluiswachter");
    assert_eq!(world.get(&version(2)).await.json()["name"][0]["family"], "Brugwachter");
    for path in [version(3), format!("/fhir/Patient/{PATIENT}")] {
        let gone = world.get(&path).await;
        assert_eq!((gone.status, gone.issue().as_str()), (StatusCode::GONE, "deleted"), "{path}");
    }
    let none = world.get(&version(4)).await;
    assert_eq!((none.status, none.issue().as_str()), (StatusCode::NOT_FOUND, "not-found"));

    let history = world.get(&format!("/fhir/Patient/{PATIENT}/_history")).await;
    let json = history.json();
    assert_eq!((&json["type"], json["entry"].as_array().unwrap().len()), (&"history".into(), 3));
    assert_eq!(json["entry"][0]["request"]["method"], "DELETE");
    assert!(json["entry"][0].get("resource").is_none());
    assert_eq!(json["entry"][1]["response"]["etag"], "W/\"2\"");
    assert_eq!(json["entry"][2]["response"]["status"], "201");
    keep("history", &history);
}

#[tokio::test]
async fn every_wrong_request_is_answered_with_an_operation_outcome() {
    let world = World::with_patient().await;
    let patient = format!("/fhir/Patient/{PATIENT}");
    let cases = [
        ("GET", format!("/fhir/Patient/{OTHER}"), 404, "not-found"),
        ("GET", format!("/fhir/Patient/{OTHER}/_history"), 404, "not-found"),
        ("GET", "/fhir/Patient/a%20b".into(), 404, "not-found"),
        ("GET", "/fhir/Patient/%FF".into(), 404, "not-found"),
        ("GET", format!("{patient}/_history/x"), 404, "not-found"),
        ("GET", "/fhir/Unicorn/1".into(), 404, "not-supported"),
        ("GET", "/fhir/Unicorn".into(), 404, "not-supported"),
        ("GET", "/fhir".into(), 405, "not-supported"),
        ("GET", format!("{patient}/$everything"), 404, "not-supported"),
        ("PUT", patient.clone(), 405, "not-supported"),
        ("DELETE", patient.clone(), 405, "not-supported"),
        ("POST", "/fhir/Patient".into(), 405, "not-supported"),
        ("GET", format!("{patient}?_summary=true"), 400, "invalid"),
        ("GET", format!("{patient}?_format=xml"), 406, "not-supported"),
        ("GET", format!("{patient}/_history?_count=x"), 400, "invalid"),
        ("GET", format!("{patient}/_history?_since=2026"), 400, "invalid"),
        ("GET", format!("{patient}/_history?_page=AAAA"), 410, "expired"),
    ];
    for (n, (method, path, status, issue)) in cases.into_iter().enumerate() {
        let request =
            world.request(method, &path).header("authorization", world.bearer()).body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
        assert_eq!(answer.issue(), issue, "{method} {path}");
        keep(&format!("outcome-{n:02}"), &answer);
    }
}

#[tokio::test]
async fn json_is_given_under_each_of_its_names_and_xml_is_not() {
    let world = World::with_patient().await;
    let path = format!("/fhir/Patient/{PATIENT}");
    for accept in ["application/fhir+json", "application/json;q=0.9, text/html", "*/*", "application/*"] {
        assert_eq!(world.get_with(&path, &[("accept", accept)]).await.status, StatusCode::OK, "{accept}");
    }
    for format in ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json"] {
        let answer = world.get(&format!("{path}?_format={format}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{format}");
    }
    let xml = world.get_with(&path, &[("accept", "application/fhir+xml")]).await;
    assert_eq!((xml.status, xml.issue().as_str()), (StatusCode::NOT_ACCEPTABLE, "not-supported"));
}
