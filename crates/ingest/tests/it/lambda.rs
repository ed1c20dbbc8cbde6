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
    let response = lambda::handle(ingest, request, None).await;
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
        ("unauthorised", 401, "the API has not verified who sends this"),
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

/// The name of the sender in the queue's reference, for the event with this context.
async fn sender(change: impl FnOnce(&mut serde_json::Value)) -> Option<String> {
    let text = std::fs::read_to_string(folder().join("api-hl7-accepted.json")).unwrap();
    let mut event: serde_json::Value = serde_json::from_str(&text).unwrap();
    change(&mut event);
    let doubles = Doubles::new();
    let (status, ..) = answer(&ingest(&doubles), serde_json::from_value(event).unwrap()).await;
    if status == 401 {
        assert!(doubles.state().queue.is_empty() && doubles.state().payloads.is_empty());
        return Some(String::from("401"));
    }
    assert_eq!(status, 202);
    let body: serde_json::Value = serde_json::from_str(&doubles.state().queue[0].body).unwrap();
    body["authenticated"].as_str().map(str::to_owned)
}

fn client_certificate(name: &str) -> serde_json::Value {
    let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "EPD");
    let pem = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
    serde_json::json!({ "clientCert": {
        "clientCertPem": pem,
        "subjectDN": "CN=somebody-else",
        "issuerDN": "CN=Test authority",
        "serialNumber": "1",
        "validity": { "notBefore": "May 28 12:30:02 2026 GMT", "notAfter": "Aug  5 09:36:04 2027 GMT" },
    } })
}

#[tokio::test]
async fn the_sender_is_whom_the_gateway_has_verified() {
    let iam = serde_json::json!({ "iam": {
        "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "callerId": "AROAEXAMPLE:zis",
        "userArn": "arn:aws:sts::123456789012:assumed-role/zis-linde/zis", "userId": "AROAEXAMPLE:zis",
    } });
    let role = Some(String::from("arn:aws:sts::123456789012:assumed-role/zis-linde"));
    assert_eq!(sender(|event| event["requestContext"]["authorizer"] = iam.clone()).await, role);
    let certificate = client_certificate("epd.linde.example");
    let by_certificate = |event: &mut serde_json::Value| {
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        event["requestContext"]["authentication"] = certificate.clone();
    };
    assert_eq!(sender(by_certificate).await.as_deref(), Some("epd.linde.example"));
    let both = |event: &mut serde_json::Value| {
        event["requestContext"]["authorizer"] = iam.clone();
        event["requestContext"]["authentication"] = certificate.clone();
    };
    assert_eq!(sender(both).await, role);
    assert_eq!(sender(|_| ()).await.as_deref(), Some("ziekenhuis-linde-zis"), "an authorizer function");
    let unfit = |event: &mut serde_json::Value| {
        event["requestContext"]["authorizer"]["lambda"]["sender"] = "sha256:00".into();
    };
    assert_eq!(sender(unfit).await, None, "let in, without a name");
}

#[tokio::test]
async fn a_header_names_nobody_and_vouches_for_nobody() {
    let spoof = |event: &mut serde_json::Value| {
        for (name, value) in [
            ("x-amzn-oidc-identity", "arn:aws:iam::123456789012:user/zis"),
            ("x-forwarded-client-cert", "Subject=\"CN=epd.linde.example\""),
            ("x-amzn-mtls-clientcert-subject", "CN=epd.linde.example"),
            ("authorization", "Bearer of-nobody"),
            ("sender", "ziekenhuis-linde-zis"),
        ] {
            event["headers"][name] = value.into();
        }
    };
    let none = |event: &mut serde_json::Value| {
        spoof(event);
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    };
    assert_eq!(sender(none).await.as_deref(), Some("401"));
    for empty in [serde_json::json!({}), serde_json::json!({ "iam": { "userArn": null } })] {
        let nobody = |event: &mut serde_json::Value| event["requestContext"]["authorizer"] = empty.clone();
        assert_eq!(sender(nobody).await.as_deref(), Some("401"), "{empty}");
    }
    let damaged = |event: &mut serde_json::Value| {
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        event["requestContext"]["authentication"] = client_certificate("a.example");
        event["requestContext"]["authentication"]["clientCert"]["clientCertPem"] = "none".into();
    };
    assert_eq!(sender(damaged).await.as_deref(), Some("401"));
    let known = |event: &mut serde_json::Value| {
        spoof(event);
        event["requestContext"]["authorizer"] = serde_json::json!({ "jwt": { "claims": {}, "scopes": [] } });
    };
    assert_eq!(sender(known).await, None);
}

/// The same request through a REST API, with this identity; status, and the sender in the queue's reference.
async fn rest(identity: serde_json::Value, authorizer: Option<serde_json::Value>) -> (i64, Option<String>) {
    let sent = event("accepted");
    let mut request = serde_json::json!({
        "resource": "/hl7",
        "path": "/hl7",
        "httpMethod": "POST",
        "headers": { "Content-Type": "application/hl7-v2", "sender": "spoofed", "X-Amzn-Mtls-Clientcert": "spoofed" },
        "requestContext": { "identity": identity, "stage": "live", "requestTimeEpoch": 1_794_816_000_000_u64 },
        "body": sent.body,
        "isBase64Encoded": false,
    });
    if let Some(authorizer) = authorizer {
        request["requestContext"]["authorizer"] = authorizer;
    }
    let doubles = Doubles::new();
    let request = serde_json::from_value(request).unwrap();
    let response = lambda::handle_rest(&ingest(&doubles), request, Some(TRACE)).await;
    let shown = serde_json::to_value(&response).unwrap();
    let mut names: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["body", "headers", "isBase64Encoded", "multiValueHeaders", "statusCode"]);
    let queued = doubles.state().queue.first().map(|message| message.body.clone());
    let named = queued.and_then(|body| {
        assert!(body.contains(TRACE), "{body}");
        let reference: serde_json::Value = serde_json::from_str(&body).unwrap();
        reference["authenticated"].as_str().map(str::to_owned)
    });
    (response.status_code, named)
}

const TRACE: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";

#[tokio::test]
async fn a_rest_api_vouches_for_its_senders_too() {
    let user = "arn:aws:iam::123456789012:user/zis";
    let signed = serde_json::json!({ "sourceIp": "192.0.2.17", "userArn": user, "user": "AIDAEXAMPLE" });
    assert_eq!(rest(signed, None).await, (202, Some(user.to_owned())));
    let mut certified = client_certificate("epd.linde.example");
    certified["sourceIp"] = "192.0.2.17".into();
    assert_eq!(rest(certified, None).await, (202, Some(String::from("epd.linde.example"))));
    let named = serde_json::json!({ "principalId": "zis", "sender": "linde-zis" });
    assert_eq!(rest(serde_json::json!({}), Some(named)).await, (202, Some(String::from("linde-zis"))));
    let nobody = serde_json::json!({ "sourceIp": "192.0.2.17", "userArn": null, "user": null });
    assert_eq!(rest(nobody.clone(), None).await, (401, None));
    assert_eq!(rest(nobody, Some(serde_json::json!({}))).await, (401, None));
    assert_eq!(rest(serde_json::Value::Null, None).await, (401, None));
    let named = serde_json::json!({ "sender": "linde-zis" });
    assert_eq!(rest(serde_json::Value::Null, Some(named)).await, (202, Some(String::from("linde-zis"))));
    let damaged = serde_json::json!({ "clientCert": { "clientCertPem": "none" } });
    assert_eq!(rest(damaged, None).await, (401, None));
}
