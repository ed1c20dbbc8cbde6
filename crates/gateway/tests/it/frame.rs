use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{PATIENT, World};

#[tokio::test]
async fn another_host_name_is_refused_on_every_path() {
    let world = World::with_patient().await;
    for path in ["/", "/health", "/hl7", "/fhir/metadata", &format!("/fhir/Patient/{PATIENT}"), "/nowhere"] {
        for host in [Some("evil.example"), Some("127.0.0.1.evil.example:8080"), Some(""), None] {
            let mut request = Request::builder().uri(path).header("authorization", world.bearer());
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path} as {host:?}");
        }
    }
    let absolute = Request::builder()
        .uri("http://evil.example/health")
        .header("host", "localhost")
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.send(absolute).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_to_itself() {
    let world = World::with_patient().await;
    for path in
        ["/login", "/health", "/assets/zorgsluis.css", "/nowhere", &format!("/fhir/Patient/{PATIENT}")]
    {
        let answer = world.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("cache-control") == "no-store", !path.starts_with("/assets"), "{path}");
    }
}

#[tokio::test]
async fn health_is_open_and_metrics_need_the_token() {
    let world = World::new();
    let open = world.send(world.request("GET", "/health").body(Body::empty()).unwrap()).await;
    assert_eq!((open.status, open.body.as_str()), (StatusCode::OK, r#"{"status":"accepting"}"#));
    let closed = world.send(world.request("GET", "/metrics").body(Body::empty()).unwrap()).await;
    assert_eq!(closed.status, StatusCode::UNAUTHORIZED);
    let metrics = world.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert!(
        metrics
            .body
            .contains("zorgsluis_http_requests_total{route=\"/health\",method=\"GET\",status=\"200\"} 1")
    );
    assert!(metrics.body.contains("zorgsluis_messages_total{transport=\"http\",verdict=\"accepted\"} 0"));
    assert!(metrics.body.contains("zorgsluis_queue_messages{queue=\"inbound\",state=\"waiting\"} 0"));
    assert!(metrics.body.contains("zorgsluis_log_entries{state=\"all\"} 1234"));
    // Every line is a comment or `name{labels} number`.
    for line in metrics.body.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_token_in_a_url_opens_nothing() {
    let world = World::new();
    let path = format!("/fhir/Patient?access_token={}", world.token.reveal());
    let answer = world.send(world.request("GET", &path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
