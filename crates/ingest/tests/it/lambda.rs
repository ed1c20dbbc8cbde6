//! The handler on events of an API Gateway HTTP API.

use std::path::{Path, PathBuf};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use zorgsluis_ingest::http::MAX_BODY;
use zorgsluis_ingest::{Ingest, lambda};

use crate::doubles::Doubles;
use crate::support::ingest;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/lambda")
}

fn event(name: &str) -> ApiGatewayV2httpRequest {
    let text = std::fs::read_to_string(folder().join(format!("api-hl7-{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn answer(
    ingest: &Ingest,
    request: ApiGatewayV2httpRequest,
) -> (i64, String, ApiGatewayV2httpResponse) {
    let response = lambda::handle(ingest, request).await;
    let body = match response.body.clone() {
        Some(Body::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    // It must be fit to be sent to the runtime.
    serde_json::to_string(&response).unwrap();
    (response.status_code, body, response)
}

#[tokio::test]
async fn every_event_is_answered_as_the_api_says() {
    let expected = [
        ("accepted", 202, "MSA|AA|LINDE000001\r"),
        ("base64-8859-1", 202, "MSA|AA|LINDE000020\r"),
        ("batch", 202, "MSA|AA|LINDE000001\r"),
        ("damaged", 400, "MSA|AR|LINDE000091|"),
        ("enhanced-mode", 202, "MSA|CA|LINDE000097\r"),
        ("unauthorised", 401, "bearer token"),
        ("unsupported-event", 202, "MSA|AA|LINDE000095\r"),
        ("wrong-content-type", 415, "application/hl7-v2"),
    ];
    for (name, status, part) in expected {
        let doubles = Doubles::new();
        let (answered, body, response) = answer(&ingest(&doubles), event(name)).await;
        assert_eq!(answered, status, "{name}");
        assert!(body.contains(part), "{name}: {body}");
        let content_type = response.headers["content-type"].to_str().unwrap();
        let acknowledged = matches!(status, 202 | 400);
        assert_eq!(content_type == "application/hl7-v2", acknowledged, "{name}");
        assert_eq!(doubles.state().payloads.is_empty(), status != 202, "{name}");
    }

    let mut known: Vec<String> = expected.iter().map(|(name, ..)| format!("api-hl7-{name}.json")).collect();
    let mut there: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("api-hl7-"))
        .collect();
    known.sort();
    there.sort();
    assert_eq!(there, known, "every event of the folder is tried here");
}

#[tokio::test]
async fn a_refusal_names_the_place_in_a_header_too() {
    let (_, _, response) = answer(&ingest(&Doubles::new()), event("damaged")).await;
    assert_eq!(response.headers["x-hl7-refusal"], "invalid-delimiters; at=MSH[1]-2");
}

#[tokio::test]
async fn a_batch_has_an_acknowledgement_for_each_message() {
    let (_, body, _) = answer(&ingest(&Doubles::new()), event("batch")).await;
    assert_eq!(body.matches("MSA|AA|").count(), 2);
}

#[tokio::test]
async fn the_peer_and_the_trace_are_taken_over() {
    let doubles = Doubles::new();
    answer(&ingest(&doubles), event("accepted")).await;
    assert!(doubles.state().queue[0].body.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    answer(&ingest(&doubles), event("damaged")).await;
    let entry = serde_json::to_string(&doubles.state().audit[0]).unwrap();
    assert!(entry.contains("192.0.2.17"), "{entry}");
}

#[tokio::test]
async fn a_body_above_the_limit_is_not_taken_plain_or_as_base64() {
    let ingest = ingest(&Doubles::new());
    let mut plain = event("accepted");
    plain.body = Some("A".repeat(MAX_BODY + 1));
    assert_eq!(answer(&ingest, plain).await.0, 413);
    let mut encoded = event("base64-8859-1");
    encoded.body = Some("QUFB".repeat(MAX_BODY / 3 + 2));
    assert_eq!(answer(&ingest, encoded).await.0, 413);
}

#[tokio::test]
async fn what_is_no_base64_another_method_and_another_path_are_refused() {
    let ingest = ingest(&Doubles::new());
    let mut broken = event("base64-8859-1");
    broken.body = Some("*".into());
    assert_eq!(answer(&ingest, broken).await.0, 400);
    let mut get = event("accepted");
    get.request_context.http.method = aws_lambda_events::http::Method::GET;
    assert_eq!(answer(&ingest, get).await.0, 405);
    let mut elsewhere = event("accepted");
    elsewhere.raw_path = Some("/elsewhere".into());
    assert_eq!(answer(&ingest, elsewhere).await.0, 404);
}

#[tokio::test]
async fn busy_and_unavailable_say_when_to_come_back() {
    let doubles = Doubles::new();
    doubles.fail("payload.put", 1);
    let (status, body, response) = answer(&ingest(&doubles), event("accepted")).await;
    assert_eq!(status, 503);
    assert!(body.contains("MSA|AE|LINDE000001"), "{body}");
    assert_eq!(response.headers["retry-after"], "2");
}
