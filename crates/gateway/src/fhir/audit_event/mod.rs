//! AuditEvents: events of other systems go into the log, and who has the right reads it.

mod bundle;
mod create;
mod criteria;
mod intake;
mod patient;
pub(crate) mod read;
mod search;

pub(super) use criteria::PARAMETERS;

use axum::Router;
use axum::routing::{get, post};

use crate::Gateway;

/// The type.
const AUDIT_EVENT: &str = "AuditEvent";

/// What a system that submits events may do: `POST [base]/AuditEvent` and `POST [base]` (IHE ITI-20, FHIR feed).
pub(crate) fn intake() -> Router<Gateway> {
    Router::new().route("/", post(bundle::submit)).route("/AuditEvent", post(create::create))
}

/// The base with a slash behind it, as some clients write it; a nested router does not take that for its root.
pub(crate) fn intake_at_slash() -> Router<Gateway> {
    Router::new().route("/fhir/", post(bundle::submit))
}

/// What a reader of the log may do.
pub(crate) fn reading() -> Router<Gateway> {
    Router::new()
        .route("/AuditEvent", get(search::by_get))
        .route("/AuditEvent/_search", post(search::by_post))
        .route("/AuditEvent/{id}", get(read::read))
}
