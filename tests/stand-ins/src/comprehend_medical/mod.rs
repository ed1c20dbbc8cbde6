//! Comprehend Medical: four operations, on the embedded recogniser's reading of English.
//!
//! | protocol | request |
//! |---|---|
//! | RPC v2 CBOR (the SDKs of today) | `POST /service/ComprehendMedical_20181030/operation/{operation}` |
//! | JSON 1.1 (those before) | `POST /` with `X-Amz-Target: ComprehendMedical_20181030.{operation}` |
//!
//! Offsets are code points. A text that is too long, and a request above the quota of its second, is refused as the
//! service refuses it.

mod operation;
mod quota;
mod wire;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use zorgsluis_clinical_text::Recogniser;

pub use self::quota::Quota;

use self::operation::Operation;
use self::wire::Protocol;
use crate::gate::{Failure, Gate};
use crate::sigv4::Keys;

/// The name of the service in paths and targets.
const SERVICE: &str = "ComprehendMedical_20181030";

/// What the handlers share.
#[derive(Clone)]
struct Service {
    recogniser: Arc<Recogniser>,
    quota: Quota,
    texts: Texts,
}

/// The texts that were sent, for tests that look at what leaves the organisation.
type Texts = Arc<Mutex<Vec<String>>>;

/// The service, with what stands in front of it.
///
/// # Errors
///
/// When the vocabulary of this build is damaged.
pub fn service(keys: Keys, quota: Quota) -> io::Result<(Router, Gate)> {
    let recogniser = Arc::new(Recogniser::embedded().map_err(io::Error::other)?);
    let gate = Gate::new("comprehendmedical", keys, unshaped);
    let texts = Texts::default();
    let service = Router::new().fallback(handle).layer(DefaultBodyLimit::disable()).with_state(Service {
        recogniser,
        quota,
        texts: Arc::clone(&texts),
    });
    let told = move || async move { Json(texts.lock().unwrap_or_else(PoisonError::into_inner).clone()) };
    let service = gate.before(service).route("/_stand-in/texts", get(told));
    Ok((service.layer(middleware::from_fn(shape)), gate))
}

/// An error that has no shape yet: it depends on the request, which the gate does not look at.
fn unshaped(failure: &Failure) -> Response {
    let mut response = failure.status.into_response();
    response.extensions_mut().insert(failure.clone());
    response
}

/// Gives errors the shape of the protocol that asked.
async fn shape(request: Request, next: Next) -> Response {
    let protocol = Protocol::of(request.headers()).unwrap_or(Protocol::Cbor);
    let response = next.run(request).await;
    match response.extensions().get::<Failure>() {
        Some(failure) => protocol.error(failure),
        None => response,
    }
}

async fn handle(State(service): State<Service>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match answer(&service, &uri, &headers, &body) {
        Ok(response) => response,
        Err(failure) => unshaped(&failure),
    }
}

fn answer(service: &Service, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let unknown = || refused("UnknownOperationException", "There is no such operation.");
    let protocol = Protocol::of(headers).ok_or_else(unknown)?;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let name = match protocol {
        Protocol::Cbor => uri.path().strip_prefix(&format!("/service/{SERVICE}/operation/")),
        Protocol::Json if uri.path() == "/" => {
            target.and_then(|target| target.strip_prefix(SERVICE)?.strip_prefix('.'))
        }
        Protocol::Json => None,
    };
    let operation = name.and_then(Operation::of).ok_or_else(unknown)?;
    if !service.quota.admits(operation) {
        let message = "You have made too many requests within a short period of time.";
        return Err(Failure {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..refused("TooManyRequestsException", message)
        });
    }
    let text = protocol.text(body)?;
    if text.is_empty() {
        return Err(refused("InvalidRequestException", "The text is empty."));
    }
    if !operation.takes(&text) {
        let message = "The size of the text you submitted exceeds the size limit.";
        return Err(refused("TextSizeLimitExceededException", message));
    }
    service.texts.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
    Ok(protocol.answer(&operation.answer(&service.recogniser, &text)))
}

fn refused(code: &'static str, message: &'static str) -> Failure {
    Failure { status: StatusCode::BAD_REQUEST, code, message, retry_after: None }
}
