//! The port for load balancers and Prometheus.

use std::collections::HashSet;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use zorgsluis_listener::{Listener, Settings};

use crate::pki::Pki;
use crate::support::{Running, TestDoor, soon};

async fn start(listener: &Listener) -> (SocketAddr, CancellationToken) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (listener, end) = (listener.clone(), CancellationToken::new());
    tokio::spawn({
        let end = end.clone();
        async move { listener.serve_health(socket, end).await }
    });
    (address, end)
}

/// Status line, head and body.
pub(crate) async fn ask(address: SocketAddr, method: &str, path: &str) -> (String, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, head) = head.split_once("\r\n").unwrap();
    (status.to_owned(), head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn health_says_whether_messages_are_accepted() {
    let door = TestDoor::closed();
    let running = Running::start(door.clone(), Settings::default()).await;
    let (address, end) = start(&running.listener).await;
    let (status, _, body) = ask(address, "GET", "/health").await;
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert!(body.contains("\"status\":\"closed\",\"accepts\":false"), "{body}");

    door.turns.add_permits(10);
    let mut client = running.connect().await;
    client.exchange(1).await;
    let (status, head, body) = ask(address, "GET", "/health").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(head.contains("application/json") && head.contains("no-store"), "{head}");
    assert!(body.contains("\"status\":\"ready\"") && body.contains("\"connections\":1,"), "{body}");
    assert_eq!(ask(address, "HEAD", "/health").await.2, "");

    // While what has begun is finished, no load balancer should send more.
    client.raw(b"\x0bMSH|").await;
    running.shutdown.cancel();
    soon(async { while ask(address, "GET", "/health").await.0.contains("200") {} }).await;
    let (status, _, body) = ask(address, "GET", "/health").await;
    assert!(status.contains("503") && body.contains("\"status\":\"draining\""), "{status} {body}");
    end.cancel();
}

#[tokio::test]
async fn a_listener_is_live_while_it_takes_connections_also_when_it_accepts_no_message() {
    let door = TestDoor::closed();
    let running = Running::start(door.clone(), Settings::default()).await;
    let (address, end) = start(&running.listener).await;
    assert!(ask(address, "GET", "/health").await.0.contains("503"));
    let (status, head, body) = ask(address, "GET", "/live").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(head.contains("application/json") && head.contains("no-store"), "{head}");
    assert_eq!(body, "{\"status\":\"live\"}\n");
    assert_eq!(ask(address, "HEAD", "/live").await, (status, head, String::new()));
    assert!(ask(address, "POST", "/live").await.0.contains("405"));

    // The drain begins, with a message that has begun to arrive: no new connections should come.
    let mut client = running.connect().await;
    client.raw(b"\x0bMSH|").await;
    running.shutdown.cancel();
    soon(async { while ask(address, "GET", "/live").await.0.contains("200") {} }).await;
    let (status, _, body) = ask(address, "GET", "/live").await;
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(body, "{\"status\":\"draining\"}\n");
    end.cancel();
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let (address, _end) = start(&running.listener).await;
    assert_eq!(ask(address, "GET", "/").await.0, "HTTP/1.1 404 Not Found");
    let (status, head, _) = ask(address, "POST", "/metrics").await;
    assert_eq!(status, "HTTP/1.1 405 Method Not Allowed");
    assert!(head.to_lowercase().contains("allow: get, head"));
}

#[tokio::test]
async fn connections_that_ask_nothing_keep_nobody_out() {
    let running = Running::start(TestDoor::open(), Settings::default()).await;
    let (address, _end) = start(&running.listener).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // Those above the limit have been closed: an end, and not a wait.
    let mut nothing = [0];
    assert_eq!(soon(idle[99].read(&mut nothing)).await.unwrap_or(0), 0);
    drop(idle);
    soon(async {
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let mut answer = Vec::new();
            if stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok()
                && stream.read_to_end(&mut answer).await.is_ok()
                && answer.starts_with(b"HTTP/1.1 200")
            {
                break;
            }
        }
    })
    .await;
}

/// The text format, version 0.0.4: each line a comment or `name{labels} value`, each name with HELP and TYPE
/// before its samples, no sample twice.
fn check(text: &str) -> usize {
    assert!(text.ends_with('\n'));
    let (mut helped, mut typed, mut samples) = (HashSet::new(), HashSet::new(), HashSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(helped.insert(rest.split(' ').next().unwrap()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(typed.insert(name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let name = sample.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end).filter(|family| typed.contains(family)))
                .unwrap_or(name);
            assert!(helped.contains(family) && typed.contains(family), "{line}");
            assert!(samples.insert(sample), "twice: {line}");
        }
    }
    samples.len()
}

#[tokio::test]
async fn metrics_are_prometheus_text_and_of_one_size() {
    let pki = Pki::new();
    let running = Running::start_tls(TestDoor::open(), Settings::default(), &pki.tls()).await;
    let (address, _end) = start(&running.listener).await;
    let (_, head, before) = ask(address, "GET", "/metrics").await;
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let samples = check(&before);

    running.connect_tls(&pki.client("epd.linde.example")).await.exchange("SECRET").await;
    let mut plain = running.connect().await;
    plain.exchange(1).await;
    plain.raw(b"junk\x0b\x1c\r").await;
    plain.expect(hl7v2::ack::AckCode::AR, "").await;
    drop(running.handshake(&pki.nobody()).await);
    running.counts(|counts| counts.tls_connections_open == 0).await;
    let (_, _, after) = ask(address, "GET", "/metrics").await;
    assert_eq!(check(&after), samples, "what comes in makes no new labels");
    for line in [
        "zorgsluis_mllp_connections_total{port=\"plain\"} 1\n",
        "zorgsluis_mllp_connections_open{port=\"plain\"} 1\n",
        "zorgsluis_mllp_connections_total{port=\"tls\"} 2\n",
        "zorgsluis_mllp_connections_open{port=\"tls\"} 0\n",
        "zorgsluis_mllp_frames_total 2\n",
        "zorgsluis_mllp_answers_total{code=\"AA\"} 2\n",
        "zorgsluis_mllp_answers_total{code=\"AR\"} 1\n",
        "zorgsluis_mllp_broken_frames_total{reason=\"frame-empty\"} 1\n",
        "zorgsluis_mllp_junk_bytes_total 4\n",
        "zorgsluis_mllp_in_flight 0\n",
        "zorgsluis_mllp_answer_seconds_count 3\n",
        "zorgsluis_mllp_answer_seconds_bucket{le=\"+Inf\"} 3\n",
        "zorgsluis_mllp_tls_files_in_force 1\n",
        "zorgsluis_mllp_certificate_expiry_timestamp_seconds{of=\"certificate\"} ",
    ] {
        assert!(after.contains(line), "{line} in {after}");
    }
    for secret in ["SECRET", "epd.linde.example", "127.0.0.1"] {
        assert!(!after.contains(secret), "{secret}");
    }
}
