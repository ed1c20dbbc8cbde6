//! Answers: resources, outcomes, errors of AWS.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822;
use serde_json::{Value, json};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::StoredResource;

use crate::gate::Failure;

/// An OperationOutcome with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) diagnostics: String,
    pub(super) expression: Option<String>,
}

impl Outcome {
    pub(super) fn new(status: StatusCode, code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self { status, code, diagnostics: diagnostics.into(), expression: None }
    }

    pub(super) fn bad(code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, diagnostics)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "The resource was not found.")
    }

    /// Where: a path of elements.
    pub(super) fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }

    pub(super) fn json(&self) -> Value {
        let mut issue = json!({"severity": "error", "code": self.code, "diagnostics": self.diagnostics});
        if let (Some(place), Some(issue)) = (&self.expression, issue.as_object_mut()) {
            issue.insert(String::from("expression"), json!([place]));
        }
        json!({"resourceType": "OperationOutcome", "issue": [issue]})
    }

    pub(super) fn response(&self) -> Response {
        fhir(self.status, self.json().to_string().into_bytes())
    }
}

/// A body of FHIR.
pub(super) fn fhir(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/fhir+json")], body).into_response()
}

/// A resource.
pub(super) fn ok(stored: &StoredResource) -> Response {
    versioned(stored, fhir(StatusCode::OK, stored.json.expose_phi().clone()))
}

/// A resource that was deleted.
pub(super) fn gone(stored: &StoredResource) -> Response {
    let outcome = Outcome::new(StatusCode::GONE, "deleted", "The resource was deleted.");
    versioned(stored, outcome.response())
}

fn versioned(stored: &StoredResource, mut response: Response) -> Response {
    let etag = HeaderValue::from_str(&format!("W/\"{}\"", stored.version));
    let time = rfc2822::to_string(&stored.last_updated.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, HeaderValue::from_str(&time))] {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What the store of this stand-in could not do.
pub(super) fn error(error: &PortError) -> Response {
    match error {
        PortError::Refused { reason, .. } => Outcome::bad("invalid", reason.clone()).response(),
        _ => Outcome::new(StatusCode::INTERNAL_SERVER_ERROR, "exception", error.to_string()).response(),
    }
}

/// An error of AWS itself: no FHIR.
pub(super) fn failure(failure: &Failure) -> Response {
    let body = json!({"__type": failure.code, "message": failure.message}).to_string();
    let mut response =
        (failure.status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response();
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(failure.code));
    if let Some(seconds) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Another data store than the one that is here, or no path of FHIR.
pub(super) async fn no_data_store() -> Response {
    failure(&Failure {
        status: StatusCode::NOT_FOUND,
        code: "ResourceNotFoundException",
        message: "Requested resource not found.",
        retry_after: None,
    })
}
