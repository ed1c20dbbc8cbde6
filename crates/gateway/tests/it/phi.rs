//! No PHI in log lines, pages, links and headers.

use axum::body::Body;

use crate::support::{BSN, PATIENT, World, adt, logged};

const PHI: [&str; 6] = ["Sluiswachter", "sluiswachter", BSN, "1961-04-12", "19610412", "\"value\":4.50"];

#[tokio::test]
async fn nothing_that_is_logged_shown_on_a_page_or_put_into_a_header_tells_about_a_patient() {
    let world = World::with_patient().await;
    let mut answers = vec![
        world.search("Patient", &format!("identifier={BSN}&name=Sluiswachter&_count=1")).await,
        world.search("Patient", "name:Sluiswachter=x").await,
        world.get(&format!("/fhir/Patient?identifier={BSN}")).await,
        world.get(&format!("/fhir/Patient/{BSN}")).await,
        world.get(&format!("/fhir/Sluiswachter/{BSN}")).await,
        world.get(&format!("/fhir/Patient/{PATIENT}")).await,
        world.get(&format!("/fhir/Observation?patient={PATIENT}")).await,
        world.get(&format!("/Sluiswachter/{BSN}?q={BSN}")).await,
    ];
    for method in ["POST", "SLUISWACHTER"] {
        let request = world
            .request(method, "/hl7")
            .header("authorization", world.bearer())
            .header("content-type", "application/hl7-v2")
            .header("traceparent", "Arie Sluiswachter")
            .body(Body::from(adt("M1")))
            .unwrap();
        answers.push(world.send(request).await);
    }
    // Looked up by number: neither number nor name is shown, and neither comes into the log.
    let (cookie, form_token) = world.sign_in().await;
    world.claim(BSN).await;
    let form = format!("form_token={form_token}&system=http://fhir.nl/fhir/NamingSystem/bsn&value={BSN}");
    let looked_up = world.post_form("/patients", &cookie, &form).await;
    assert!(looked_up.body.contains(PATIENT));
    let pages = [
        looked_up,
        world.page(&format!("/?after={BSN}"), &cookie).await,
        world.page("/", &cookie).await,
        world.page(&format!("/messages/{BSN}"), &cookie).await,
        world.page(&format!("/dead-letters?replayed={BSN}x&failed=Sluiswachter"), &cookie).await,
        world.page("/log", &cookie).await,
        world.get("/metrics").await,
        world.get("/health").await,
    ];
    let list = &pages[2].body;
    let (_, link) = list.split_once("href=\"/messages/").unwrap();
    let one = world.page(&format!("/messages/{}", link.split('"').next().unwrap()), &cookie).await;
    assert!(one.body.contains("M1"));

    for answer in pages.iter().chain([&one]) {
        for phi in PHI {
            assert!(!answer.body.contains(phi), "{phi} in {}", answer.body);
        }
    }
    for answer in answers.iter().chain(&pages) {
        let headers = format!("{:?}", answer.headers);
        for phi in PHI {
            assert!(!headers.contains(phi), "{phi} in {headers}");
        }
    }
    // Links of Bundles, and every error.
    for answer in &answers {
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&answer.body) {
            let shown = match json["resourceType"].as_str() {
                Some("Bundle") => json["link"].to_string(),
                Some("OperationOutcome") => json.to_string(),
                _ => String::new(),
            };
            for phi in PHI {
                assert!(!shown.contains(phi), "{phi} in {shown}");
            }
        }
    }
    // What all tests of this process logged until now, at trace level.
    let logged = logged();
    assert!(logged.contains("/fhir/{type}/_search"), "{logged}");
    for phi in PHI.iter().chain(&[PATIENT, world.token.reveal(), "SLUISWACHTER"]) {
        let line = logged.lines().find(|line| line.contains(phi));
        assert!(line.is_none(), "{phi} in the log: {line:?}");
    }
}
