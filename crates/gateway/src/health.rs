//! `GET /health`: does the queue accept?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::Gateway;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// 200 `accepting`; 503 `busy` when the queue is full, `unavailable` when it or another store cannot
/// be reached or written. Open to all:
/// it tells nothing else.
pub(crate) async fn show(State(gateway): State<Gateway>) -> Response {
    let (code, status) = match gateway.0.parts.ingest.accepts().await {
        Ok(true) => (StatusCode::OK, "accepting"),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    (code, Json(Health { status })).into_response()
}
