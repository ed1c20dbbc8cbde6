//! `GET [base]/AuditEvent/[id]`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use zorgsluis_audit_writer::{Content, LogReader, ReadBy, to_audit_event};
use zorgsluis_domain::EntryId;
use zorgsluis_domain::audit::{AccessMethod, Source};

use super::super::{FhirError, json, read};
use crate::Gateway;
use crate::disclosure::Caller;
use crate::secret::OwnRandom;

pub(super) async fn read(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let Path(id) = path.map_err(|_| FhirError::NotFound)?;
    read::check(&headers, query.as_deref())?;
    let id: EntryId = id.parse().map_err(|_| FhirError::NotFound)?;
    match reader(&gateway, &caller).entry(id).await?.content {
        Content::Entry(entry) => {
            let bytes = serde_json::to_vec(&to_audit_event(&entry)).map_err(|_| FhirError::Answer)?;
            Ok(json(StatusCode::OK, bytes))
        }
        Content::Erased => Err(FhirError::Deleted),
    }
}

/// A reader of the log on behalf of who calls: each reading is logged first.
pub(crate) fn reader(gateway: &Gateway, caller: &Caller) -> LogReader {
    let parts = &gateway.0.parts;
    let by = ReadBy {
        user: caller.user(),
        responsible: None,
        access: AccessMethod::Http,
        source: Source {
            enterprise_site_id: gateway.0.settings.organisation.clone(),
            source_id: "gateway".to_owned(),
            source_type: 4,
        },
    };
    let log = parts.audit_log.clone();
    LogReader::new(log, Arc::clone(&parts.audit), Arc::clone(&parts.clock), Arc::new(OwnRandom), by)
}
