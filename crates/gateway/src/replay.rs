//! `POST /replay`: dead letters back into the queue, for machines (`zorgsluis replay`).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use zorgsluis_domain::MessageId;
use zorgsluis_domain::audit::AccessMethod;
use zorgsluis_ingest::{Replay, Requester};

use crate::Gateway;
use crate::disclosure::Caller;

/// Ids in one request at most.
const MAX_MESSAGES: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    messages: Vec<MessageId>,
}

#[derive(Serialize)]
struct Done {
    queued: Vec<MessageId>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    message: MessageId,
    reason: &'static str,
}

pub(crate) async fn replay(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Response {
    let Ok(wanted) = serde_json::from_slice::<Wanted>(&body) else {
        return (StatusCode::BAD_REQUEST, "{\"all\": true} or {\"messages\": [ids]} is expected\n")
            .into_response();
    };
    let what = match (wanted.all, wanted.messages.len()) {
        (true, 0) => Replay::All,
        (false, 1..=MAX_MESSAGES) => Replay::Messages(&wanted.messages),
        _ => {
            let text = format!("either all, or 1 to {MAX_MESSAGES} messages\n");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    let by = Requester { user: caller.user(), access: AccessMethod::Http };
    match gateway.0.parts.ingest.replay(what, &by).await {
        Ok(replayed) => {
            let failed = replayed.failed.into_iter();
            Json(Done {
                queued: replayed.queued,
                failed: failed.map(|(message, reason)| Failed { message, reason }).collect(),
            })
            .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "dead letters could not be replayed");
            (StatusCode::SERVICE_UNAVAILABLE, "a store or the audit log cannot be reached\n").into_response()
        }
    }
}
