//! `GET /live`, `GET /health` and `GET /metrics`, on a small port of their own.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{Health, Listener, exposition};

/// Requests at the same time; further connections are closed.
const AT_ONCE: usize = 16;
/// How long one request may take in all.
const REQUEST: Duration = Duration::from_secs(10);
/// How long to wait when the operating system has no connection to give.
const ACCEPT_FAILED: Duration = Duration::from_millis(100);

const JSON: &str = "application/json";

impl Listener {
    /// Serves `GET /live`, `GET /health` and `GET /metrics` until `end`: best a token that is cancelled after the drain,
    /// so that a load balancer reads that the listener is stopping. It says nothing that is worth protecting,
    /// but belongs into an inner network.
    ///
    /// * `/live`: 200 while connections are taken, 503 while draining; `{"status":"live"}` or
    ///   `{"status":"draining"}`. This is what a load balancer asks whose answer replaces processes: none is
    ///   better off for being started again while a queue or store is out of reach, and its connections,
    ///   whose senders are told to come again, would be lost.
    /// * `/health`: 200 when a message would be accepted now, 503 when not (queue full, stores out of reach,
    ///   draining); `{"status":"ready","accepts":true,"draining":false,"connections":3,"limit":2000}`, where
    ///   `status` is `ready`, `draining` or `closed`.
    /// * `/metrics`: [`prometheus`](Self::prometheus).
    pub async fn serve_health(&self, socket: TcpListener, end: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(taken) = end.run_until_cancelled(socket.accept()).await {
            let Ok((stream, _)) = taken else {
                sleep(ACCEPT_FAILED).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (listener, end) = (self.clone(), end.clone());
            tokio::spawn(async move {
                let service = service_fn(|request| answer(&listener, request));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(REQUEST)
                    .keep_alive(false)
                    .max_buf_size(8 << 10)
                    .serve_connection(TokioIo::new(stream), service);
                // A request that breaks is over; the next one says how things are.
                let _ = end.run_until_cancelled(timeout(REQUEST, connection)).await;
                drop(place);
            });
        }
    }
}

async fn answer(
    listener: &Listener,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let known = matches!(request.uri().path(), "/live" | "/health" | "/metrics");
    let mut response = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/live") => {
            let (status, says) = match listener.is_live() {
                true => (StatusCode::OK, "live"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            };
            respond(status, JSON, format!("{{\"status\":\"{says}\"}}\n"))
        }
        (&Method::GET | &Method::HEAD, "/health") => {
            let health = listener.health().await;
            let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            respond(status, JSON, json(&health))
        }
        (&Method::GET | &Method::HEAD, "/metrics") => {
            respond(StatusCode::OK, exposition::MEDIA_TYPE, listener.prometheus())
        }
        _ if known => respond(StatusCode::METHOD_NOT_ALLOWED, JSON, String::new()),
        _ => respond(StatusCode::NOT_FOUND, JSON, String::new()),
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    Ok(response)
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json(health: &Health) -> String {
    let status = match (health.draining, health.open) {
        (true, _) => "draining",
        (false, true) => "ready",
        (false, false) => "closed",
    };
    let Health { open, draining, connections, limit } = health;
    format!(
        "{{\"status\":\"{status}\",\"accepts\":{open},\"draining\":{draining},\
         \"connections\":{connections},\"limit\":{limit}}}\n"
    )
}
