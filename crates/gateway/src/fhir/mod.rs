//! The FHIR R4 facade: read, vread, history of an instance, search; JSON only, no writing but of AuditEvents.

pub(crate) mod audit_event;
mod bundle;
pub(crate) mod capability;
mod history;
mod outcome;
mod page_token;
mod parameters;
mod patient;
mod read;
mod search;
mod types;

use axum::Router;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::Gateway;
pub(crate) use outcome::FhirError;
pub use types::{ResourceType, SearchParameter};

/// The media type of all answers.
const MEDIA_TYPE: &str = "application/fhir+json";

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/{type}", get(search::by_get))
        .route("/{type}/_search", post(search::by_post))
        .route("/{type}/{id}", get(read::read))
        .route("/{type}/{id}/_history", get(history::instance))
        .route("/{type}/{id}/_history/{version}", get(read::version))
        .fallback(|| async { FhirError::NoSuchRoute })
        .method_not_allowed_fallback(wrong_method)
}

pub(crate) async fn wrong_method() -> FhirError {
    FhirError::Method
}

/// Whether the caller can take JSON.
fn negotiate(headers: &HeaderMap, format: Option<&str>) -> Result<(), FhirError> {
    const NAMES: [&str; 5] = ["json", "application/json", MEDIA_TYPE, "text/json", "*/*"];
    if let Some(format) = format {
        // A `+` in a query is a blank once it is decoded.
        let known = NAMES.contains(&format.replace(' ', "+").as_str());
        return if known { Ok(()) } else { Err(FhirError::NotAcceptable) };
    }
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .peekable();
    let any = ranges.peek().is_none();
    if any || ranges.any(|range| NAMES.contains(&range.as_str()) || range == "application/*") {
        Ok(())
    } else {
        Err(FhirError::NotAcceptable)
    }
}

/// The base of absolute URLs. The Host header was checked to name this machine.
fn base(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}/fhir")
}

/// An answer in JSON.
fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body).into_response()
}

/// FHIR R4 `id`.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

impl Gateway {
    fn resource_type(&self, name: &str) -> Result<&ResourceType, FhirError> {
        self.0
            .settings
            .resource_types
            .iter()
            .find(|resource_type| resource_type.name == name)
            .ok_or(FhirError::UnknownType)
    }
}
