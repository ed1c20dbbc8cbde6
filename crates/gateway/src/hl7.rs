//! `POST /hl7`.

use std::error::Error as _;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use zorgsluis_domain::Transport;
use zorgsluis_ingest::Source;
use zorgsluis_ingest::http::{HttpAnswer, MAX_BODY, REFUSAL_HEADER};

use crate::Gateway;
use crate::disclosure::Caller;

/// How long a body may take.
const BODY: Duration = Duration::from_secs(30);

/// Accepts one message, several, or a batch; see `docs/http-api.md`.
pub(crate) async fn accept(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Ok(_permit) = gateway.0.bodies.try_acquire() else {
        let mut answer = HttpAnswer::plain(429, "too many messages at a time");
        answer.retry_after = Some(zorgsluis_ingest::http::RETRY_AFTER);
        return respond(answer);
    };
    let body = match read(&head.headers, body).await {
        Ok(body) => body,
        Err(answer) => return respond(answer),
    };
    let source = Source {
        traceparent: caller.traceparent,
        ..Source::new(Transport::Http, caller.peer.map(|peer| peer.to_string()))
    };
    respond(gateway.0.parts.ingest.post(content_type, &body, &source).await)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, HttpAnswer> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(HttpAnswer::too_large());
    }
    match tokio::time::timeout(BODY, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) if is_limit(&error) => Err(HttpAnswer::too_large()),
        Ok(Err(_)) => Err(HttpAnswer::plain(400, "the body broke off")),
        Err(_) => Err(HttpAnswer::plain(408, "the body did not come in time")),
    }
}

/// Whether the body was cut off at the limit; else the connection broke off.
pub(crate) fn is_limit(error: &axum::Error) -> bool {
    error.source().is_some_and(|source| source.is::<LengthLimitError>())
}

fn respond(answer: HttpAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(value) = answer.refusal.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(HeaderName::from_static(REFUSAL_HEADER), value);
    }
    response
}
