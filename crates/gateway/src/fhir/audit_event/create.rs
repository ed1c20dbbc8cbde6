//! `POST [base]/AuditEvent`: one event.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use zorgsluis_audit_writer::reported::MAX_EVENT;

use super::super::parameters::Parameters;
use super::super::{FhirError, base};
use super::intake::{Submission, location, read_body};
use crate::Gateway;
use crate::clients::Client;
use crate::disclosure::Caller;

/// 201 with the `Location` when the event is in the log; 200 with the same when it was there already.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, FhirError> {
    let (head, body) = request.into_parts();
    no_parameters(head.uri.query())?;
    let json = read_body(&gateway, &head.headers, body, MAX_EVENT, "an event may be 64 KiB at most").await?;
    let submission = Submission::new(&gateway, &client, &caller);
    let entry = match submission.judge(&json).await? {
        Ok(entry) => entry,
        Err(issues) => {
            submission.tell_refused(1, 1, &issues).await?;
            return Err(FhirError::Refused(issues));
        }
    };
    let id = entry.id;
    let known = submission.known(&[id]).await? == [true];
    if !known {
        submission.record(&[entry]).await?;
    }
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = status.into_response();
    let location = location(&base(&head.headers), id);
    let location = HeaderValue::from_str(&location).map_err(|_| FhirError::Answer)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// A create takes `_format` and nothing else.
pub(super) fn no_parameters(query: Option<&str>) -> Result<(), FhirError> {
    let parameters = Parameters::read(query.unwrap_or_default().as_bytes())?;
    if parameters.search.is_empty() && parameters.page.is_none() && parameters.count.is_none() {
        Ok(())
    } else {
        Err(FhirError::Invalid("a create takes no parameters"))
    }
}
