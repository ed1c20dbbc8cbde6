//! In front of every stand-in: what came is written down, signatures are verified, and faults happen.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::faults::{Answer, Fault, Faults, Silence};
use crate::sigv4::{self, Keys};

/// An error that a service answers in its own shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The status.
    pub status: StatusCode,
    /// `ThrottlingException`, …
    pub code: &'static str,
    /// For people.
    pub message: &'static str,
    /// Seconds, for the header `Retry-After`.
    pub retry_after: Option<u64>,
}

/// What stands in front of one stand-in. Clones share it.
#[derive(Clone)]
pub struct Gate {
    service: &'static str,
    keys: Keys,
    /// Set them here, or over HTTP.
    pub faults: Faults,
    lines: Arc<Mutex<Vec<String>>>,
    tell: fn(&Failure) -> Response,
}

impl Gate {
    /// For a service by its name in signatures; `tell` gives its errors their shape.
    #[must_use]
    pub fn new(service: &'static str, keys: Keys, tell: fn(&Failure) -> Response) -> Self {
        Self { service, keys, faults: Faults::default(), lines: Arc::default(), tell }
    }

    /// The request lines that came, oldest first: `POST /datastore/d/r4/Patient/_search`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts the gate in front of a service, and `/_stand-in/faults` and `/_stand-in/requests` beside it.
    pub fn before(&self, service: Router) -> Router {
        let faults = self.faults.clone();
        let lines = self.clone();
        service.layer(middleware::from_fn_with_state(self.clone(), pass)).merge(
            Router::new()
                .route(
                    "/_stand-in/faults",
                    post(move |Json(fault): Json<Fault>| async move {
                        faults.set(fault);
                        StatusCode::NO_CONTENT
                    }),
                )
                .route("/_stand-in/requests", get(move || async move { Json(lines.lines()) })),
        )
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri);
    gate.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let body = body.to_bytes();
    let fault = gate.faults.take(parts.method.as_str(), parts.uri.path());
    match fault.as_ref().map(|fault| fault.answer) {
        Some(Answer::Status(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let code = match status {
                StatusCode::TOO_MANY_REQUESTS => "ThrottlingException",
                _ => "InternalServerException",
            };
            let retry_after = fault.and_then(|fault| fault.retry_after);
            return (gate.tell)(&Failure { status, code, message: "Trouble on demand.", retry_after });
        }
        Some(Answer::Silence(Silence::Hang)) => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            return closed();
        }
        Some(Answer::Silence(Silence::Cut)) => return closed(),
        Some(Answer::Silence(Silence::Drop)) | None => {}
    }
    if let Err(refused) = sigv4::verify(gate.service, &parts, &body, &gate.keys, now()) {
        return (gate.tell)(&Failure {
            status: StatusCode::FORBIDDEN,
            code: refused.code,
            message: refused.message,
            retry_after: None,
        });
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if fault.is_some() { closed() } else { response }
}

#[expect(clippy::disallowed_methods, reason = "signatures are made at the real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// An answer whose connection breaks before its body.
fn closed() -> Response {
    let broken: Result<Bytes, io::Error> = Err(io::ErrorKind::ConnectionAborted.into());
    Response::new(Body::from_stream(stream::iter([broken])))
}

/// A stand-in that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Running {
    /// Serves on an address; port 0 for any that is free.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(address: SocketAddr, service: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            // Ends only with the task.
            let _ = axum::serve(listener, service).await;
        });
        Ok(Self { address, serving })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
