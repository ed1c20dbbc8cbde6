//! What goes wrong, and the OperationOutcome that says so.

use std::sync::Arc;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use zorgsluis_audit_writer::AuditError;
use zorgsluis_audit_writer::reported::Issue;
use zorgsluis_domain::PortError;

/// Why a request is not answered with what it asked for. The text is safe: it is ours, and repeats nothing of
/// the request. What a port said stays inside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FhirError {
    #[error("a valid bearer token is needed")]
    Unauthorized,
    #[error("these credentials do not give this right")]
    Forbidden,
    #[error("credentials cannot be checked now; try again later")]
    Credentials,
    #[error("there is no such interaction; see the capability statement at /fhir/metadata")]
    NoSuchRoute,
    #[error("this method is not supported here; see the capability statement at /fhir/metadata")]
    Method,
    #[error("this resource type is not supported; see the capability statement at /fhir/metadata")]
    UnknownType,
    #[error("there is no such resource")]
    NotFound,
    #[error("the resource was deleted")]
    Deleted,
    #[error("{0}")]
    Invalid(&'static str),
    /// The store's reason, in words that are safe.
    #[error("{0}")]
    NotSupported(String),
    #[error(
        "use POST [type]/_search with the parameters as a form: a URL may hold ids and codes only, because \
         URLs are kept in histories and logs"
    )]
    PhiInUrl,
    #[error("answers are in JSON only: accept application/fhir+json")]
    NotAcceptable,
    #[error("the content type must be application/x-www-form-urlencoded")]
    MediaType,
    #[error("the content type must be application/fhir+json")]
    NotJson,
    /// What was submitted is refused; where and why.
    #[error("what was submitted is refused")]
    Refused(Vec<Issue>),
    #[error("the body is too large: {0}")]
    BodyTooLarge(&'static str),
    #[error("the body did not come in time, or broke off")]
    BodyBroke,
    #[error("too many bodies at a time; try again later")]
    Busy,
    #[error("the log does not take it now; try again later")]
    NotTaken(#[source] PortError),
    #[error("the audit entry could not be written, so nothing is shown; try again later")]
    NotLogged(#[source] Arc<PortError>),
    #[error("the log cannot be read now; try again later")]
    Log(#[source] AuditError),
    #[error("the log could not answer; see `zorgsluis audit verify`")]
    LogBroken(#[source] AuditError),
    #[error("the form is too large, or did not come in time")]
    TooLarge,
    #[error("this page link has expired; start the search again")]
    Expired,
    #[error("the audit entry could not be written, so nothing is shown; try again later")]
    Audit(#[source] PortError),
    #[error("the store cannot be reached; try again later")]
    Unavailable(#[source] PortError),
    #[error("the store could not answer")]
    Internal(#[source] PortError),
    #[error("the answer could not be put together")]
    Answer,
}

impl From<PortError> for FhirError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::NotFound { .. } => Self::NotFound,
            PortError::Refused { reason, .. } => Self::NotSupported(reason),
            PortError::Unavailable { .. } => Self::Unavailable(error),
            PortError::Conflict { .. } | PortError::Erased { .. } | PortError::Damaged { .. } => {
                Self::Internal(error)
            }
        }
    }
}

impl From<AuditError> for FhirError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::NoSuchEntry => Self::NotFound,
            AuditError::Cursor => Self::Expired,
            AuditError::NotLogged(cause) => Self::NotLogged(cause),
            error if error.is_transient() => Self::Log(error),
            error => Self::LogBroken(error),
        }
    }
}

impl FhirError {
    /// Status, and a code of the value set issue-type.
    pub(crate) const fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported"),
            Self::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "processing"),
            Self::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
            Self::BodyBroke => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "throttled"),
            Self::Credentials | Self::Log(_) | Self::NotTaken(_) | Self::NotLogged(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "transient")
            }
            Self::LogBroken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "login"),
            Self::NoSuchRoute | Self::UnknownType => (StatusCode::NOT_FOUND, "not-supported"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "not-supported"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::Deleted => (StatusCode::GONE, "deleted"),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            Self::NotSupported(_) => (StatusCode::BAD_REQUEST, "not-supported"),
            Self::PhiInUrl => (StatusCode::BAD_REQUEST, "security"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-supported"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-supported"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
            Self::Expired => (StatusCode::GONE, "expired"),
            Self::Audit(_) | Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "transient"),
            Self::Internal(_) | Self::Answer => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
        }
    }

    fn log(&self) {
        if let Self::NotLogged(cause) = self {
            tracing::error!(code = cause.code(), cause = %cause, "{self}");
        }
        if let Self::Log(cause) | Self::LogBroken(cause) = self {
            tracing::error!(code = cause.code(), cause = %cause, "{self}");
        }
        if let Self::Audit(cause) | Self::NotTaken(cause) | Self::Unavailable(cause) | Self::Internal(cause) =
            self
        {
            tracing::error!(code = cause.code(), cause = %cause, "{self}");
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationOutcome<'a> {
    resource_type: &'static str,
    issue: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    severity: &'static str,
    code: &'static str,
    diagnostics: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expression: Vec<&'a str>,
}

/// The OperationOutcome of what is refused, as JSON.
pub(super) fn refusal(issues: &[Issue]) -> serde_json::Value {
    serde_json::to_value(outcome_of(issues)).unwrap_or_default()
}

fn outcome_of(issues: &[Issue]) -> OperationOutcome<'_> {
    fn told(issue: &Issue) -> Told<'_> {
        Told {
            severity: "error",
            code: issue.code,
            diagnostics: &issue.text,
            expression: vec![&issue.expression],
        }
    }
    OperationOutcome { resource_type: "OperationOutcome", issue: issues.iter().map(told).collect() }
}

/// 400 for what is not the resource that was asked for, 422 for one that breaks a rule (FHIR R4 §3.1.0.8).
pub(super) fn refusal_status(issues: &[Issue]) -> StatusCode {
    let broken = |issue: &Issue| matches!(issue.code, "structure" | "invalid");
    if issues.iter().any(broken) { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY }
}

impl IntoResponse for FhirError {
    fn into_response(self) -> Response {
        self.log();
        if let Self::Refused(issues) = &self {
            let body = serde_json::to_vec(&outcome_of(issues)).unwrap_or_default();
            return super::json(refusal_status(issues), body);
        }
        let (status, code) = self.status();
        let severity = if status.is_server_error() { "fatal" } else { "error" };
        let text = self.to_string();
        let told = Told { severity, code, diagnostics: &text, expression: Vec::new() };
        let outcome = OperationOutcome { resource_type: "OperationOutcome", issue: vec![told] };
        let mut response = super::json(status, serde_json::to_vec(&outcome).unwrap_or_default());
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
