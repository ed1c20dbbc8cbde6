use axum::body::Body;
use axum::http::StatusCode;

use crate::support::{World, keep};

#[tokio::test]
async fn the_capability_statement_is_open_and_tells_what_can_be_done() {
    let world = World::new();
    let request = world.request("GET", "/fhir/metadata").body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    keep("metadata", &answer);
    let json = answer.json();
    assert_eq!(
        (&json["resourceType"], &json["fhirVersion"]),
        (&"CapabilityStatement".into(), &"4.0.1".into())
    );
    let resources = json["rest"][0]["resource"].as_array().unwrap();
    let patient = resources.iter().find(|resource| resource["type"] == "Patient").unwrap();
    let names: Vec<_> =
        patient["searchParam"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"identifier") && names.contains(&"_id"), "{names:?}");
    assert!(world.entries().is_empty());
}

#[tokio::test]
async fn every_parameter_that_is_stated_is_served() {
    let world = World::new();
    let statement = world.get("/fhir/metadata").await.json();
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for parameter in resource["searchParam"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let value = match parameter["type"].as_str().unwrap() {
                "date" => "2026-01-01",
                "reference" => "Patient/11111111-1111-5111-8111-111111111111",
                _ => "x",
            };
            let answer = world.search(kind, &format!("{name}={value}")).await;
            // A reference that can only be to another type is refused by value, not by name.
            let served = answer.status == StatusCode::OK || !answer.body.contains("not known for this type");
            assert!(served, "{kind}?{name}: {}", answer.body);
        }
    }
}
