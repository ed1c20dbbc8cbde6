//! `zorgsluis witness serve`: C2SP tlog-witness over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tlog::{ConsistencyFile, MAX_CONSISTENCY_BYTES, Refusal};
use tokio::net::TcpListener;
use zorgsluis_embedded::SystemClock;

use super::state::{Answer, WitnessState};
use crate::cli::WitnessServeArgs;
use crate::failure::Failure;
use crate::serve::End;
use crate::terminal::out;

/// Runs the command.
pub(super) async fn run(args: &WitnessServeArgs) -> Result<(), Failure> {
    let state = Arc::new(WitnessState::open(&args.of.state)?);
    if !args.listen.ip().is_loopback() {
        say!("zorgsluis: HTTP on {} is not encrypted: put a proxy before it that speaks TLS", args.listen);
    }
    let failed = |error: std::io::Error| Failure::wrong(format!("{}: {error}", args.listen));
    let socket = TcpListener::bind(args.listen).await.map_err(failed)?;
    let key = format!("{}\n", state.key());
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/", get(move || async move { key }))
        .layer(DefaultBodyLimit::max(MAX_CONSISTENCY_BYTES))
        .with_state(Arc::clone(&state));
    let address = socket.local_addr().map_err(failed)?;
    let mut end = End::listen()?;
    out!("witness  http://{address}/add-checkpoint");
    out!("key      {}", state.key());
    axum::serve(socket, router)
        .with_graceful_shutdown(async move { end.wait().await })
        .await
        .map_err(Failure::wrong)
}

/// C2SP tlog-witness, "add-checkpoint".
async fn add_checkpoint(State(state): State<Arc<WitnessState>>, body: Bytes) -> Response {
    let Ok(submission) = ConsistencyFile::parse(&body) else {
        return (StatusCode::BAD_REQUEST, "not an old size, a consistency proof and a checkpoint\n")
            .into_response();
    };
    let answered = tokio::task::spawn_blocking(move || state.submit(&submission, &SystemClock)).await;
    match answered {
        Ok(Ok(Answer::Cosigned { signed, cosignature })) => {
            let head = signed.checkpoint();
            tracing::info!(origin = head.origin, size = head.size, "cosigned");
            cosignature.to_line().into_response()
        }
        Ok(Ok(Answer::Refused(refusal))) => refused(&refusal),
        Ok(Err(failure)) => {
            failure.report();
            (StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot write down what it saw\n").into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refused(refusal: &Refusal) -> Response {
    // An old size that is merely out of date is how a log learns the present one.
    if !matches!(refusal, Refusal::OtherOld { .. } | Refusal::Form(_)) {
        tracing::warn!(reason = %refusal, "refused");
    }
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal.size() {
        Some(size) => {
            (status, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n")).into_response()
        }
        None => (status, format!("{refusal}\n")).into_response(),
    }
}
