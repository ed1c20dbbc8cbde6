//! `GET [type]/[id]/_history`.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use zorgsluis_domain::audit::Deed;
use zorgsluis_domain::port::PageRequest;

use super::bundle::Links;
use super::page_token::Position;
use super::parameters::Parameters;
use super::patient::{asked_for, disclosed};
use super::read::key;
use super::{FhirError, base, bundle, json, negotiate};
use crate::Gateway;
use crate::disclosure::{Caller, Disclosure};

/// The versions of one resource, the latest first.
pub(super) async fn instance(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let Path((kind, id)) = path.map_err(|_| FhirError::NotFound)?;
    let key = key(&gateway, kind, id)?;
    let parameters = Parameters::read(query.unwrap_or_default().as_bytes())?;
    negotiate(&headers, parameters.format.as_deref())?;
    if !parameters.search.is_empty() {
        return Err(FhirError::Invalid("a history takes _count only"));
    }
    let context = format!("history {key}");
    let page = match &parameters.page {
        Some(token) => {
            let position = Position::open(&gateway, &context, token)?;
            PageRequest { after: Some(position.after), limit: position.limit }
        }
        None => PageRequest::first(parameters.limit()),
    };
    let found = gateway.0.parts.store.history(&key, &page).await?;
    let missing = found.items.is_empty() && page.after.is_none();
    let resources = if missing {
        vec![asked_for(&key)]
    } else {
        found.items.iter().map(disclosed).collect::<Result<_, _>>()?
    };
    let deed = if missing { Deed::history_read().failed("not-found") } else { Deed::history_read() };
    let disclosure = Disclosure { deed, resource_type: &key.resource_type, resources, named: Vec::new() };
    gateway.disclose(&caller, disclosure).await?;
    if missing {
        return Err(FhirError::NotFound);
    }
    let base = base(&headers);
    let own = format!("{base}/{key}/_history");
    let next = match found.next {
        Some(after) => {
            let position = Position::new(Vec::new(), after, page.limit, gateway.0.parts.clock.now());
            Some(format!("{own}?_page={}", position.seal(&gateway, &context)?))
        }
        None => None,
    };
    Ok(json(StatusCode::OK, bundle::history(&base, &found.items, Links { own, next })?))
}
