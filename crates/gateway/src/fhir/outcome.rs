//! What goes wrong, and the OperationOutcome that says so.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use zorgsluis_domain::PortError;

/// Why a request is not answered with what it asked for. The text is safe: it is ours, and repeats nothing of
/// the request. What a port said stays inside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FhirError {
    #[error("a valid bearer token is needed")]
    Unauthorized,
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

impl FhirError {
    /// Status, and a code of the value set issue-type.
    const fn status(&self) -> (StatusCode, &'static str) {
        match self {
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
        if let Self::Audit(cause) | Self::Unavailable(cause) | Self::Internal(cause) = self {
            tracing::error!(code = cause.code(), cause = %cause, "{self}");
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationOutcome<'a> {
    resource_type: &'static str,
    issue: [Issue<'a>; 1],
}

#[derive(Serialize)]
struct Issue<'a> {
    severity: &'static str,
    code: &'static str,
    diagnostics: &'a str,
}

impl IntoResponse for FhirError {
    fn into_response(self) -> Response {
        self.log();
        let (status, code) = self.status();
        let severity = if status.is_server_error() { "fatal" } else { "error" };
        let text = self.to_string();
        let outcome = OperationOutcome {
            resource_type: "OperationOutcome",
            issue: [Issue { severity, code, diagnostics: &text }],
        };
        super::json(status, serde_json::to_vec(&outcome).unwrap_or_default())
    }
}
