use axum::body::Body;
use axum::http::{Request, StatusCode};
use zorgsluis_domain::port::{Journal as _, PageRequest, Queue as _};

use crate::support::{Answer, World, adt};

const HL7: &str = "application/hl7-v2";

async fn post(world: &World, content_type: &str, body: impl Into<Body>) -> Answer {
    world.send(request(world, content_type).body(body.into()).unwrap()).await
}

fn request(world: &World, content_type: &str) -> axum::http::request::Builder {
    Request::builder()
        .method("POST")
        .uri("/hl7")
        .header("host", "localhost")
        .header("authorization", world.bearer())
        .header("content-type", content_type)
}

#[tokio::test]
async fn a_message_is_taken_and_acknowledged() {
    let world = World::new();
    let answer = post(&world, HL7, adt("M1")).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::ACCEPTED, HL7));
    assert!(answer.body.contains("MSA|AA|M1"), "{}", answer.body);
    let ways = world.directory.journal().latest(&PageRequest::first(10)).await.unwrap();
    assert_eq!(ways.items.len(), 1);
    assert_eq!(post(&world, HL7, adt("M1")).await.status, StatusCode::ACCEPTED);
    let depth = world.directory.queue("inbound", std::time::Duration::from_secs(1)).depth().await.unwrap();
    assert_eq!(depth.waiting, 1, "the same message once");
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let world = World::new();
    let damaged = post(&world, HL7, "MSH|^^\\&|ZIS|LINDE|||20261102||ADT^A01|M2|P|2.5\r").await;
    assert_eq!(damaged.status, StatusCode::BAD_REQUEST);
    assert_eq!(damaged.header("x-hl7-refusal"), "invalid-delimiters; at=MSH[1]-2");
    assert!(damaged.body.contains("MSA|AR|M2") && damaged.body.contains("ERR||MSH^1^2"), "{}", damaged.body);

    assert_eq!(post(&world, "text/plain", adt("M3")).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = "A".repeat((4 << 20) + 1);
    assert_eq!(post(&world, HL7, long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Without a Content-Length the limit holds too.
    let chunks = axum::body::Body::new(http_body_stream(long));
    assert_eq!(post(&world, HL7, chunks).await.status, StatusCode::PAYLOAD_TOO_LARGE);

    let mut no_token = request(&world, HL7).body(Body::from(adt("M4"))).unwrap();
    no_token.headers_mut().remove("authorization");
    assert_eq!(world.send(no_token).await.status, StatusCode::UNAUTHORIZED);

    let get = world.get("/hl7").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    let ways = world.directory.journal().latest(&PageRequest::first(10)).await.unwrap();
    assert!(ways.items.is_empty(), "nothing of all this was stored");
}

/// A body that does not tell its length.
fn http_body_stream(
    text: String,
) -> impl axum::body::HttpBody<Data = axum::body::Bytes, Error = axum::Error> {
    struct Unsized(Body);
    impl axum::body::HttpBody for Unsized {
        type Data = axum::body::Bytes;
        type Error = axum::Error;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
            std::pin::Pin::new(&mut self.get_mut().0).poll_frame(context)
        }
    }
    Unsized(Body::from(text))
}
