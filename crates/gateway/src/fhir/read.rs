//! `GET [type]/[id]` and `GET [type]/[id]/_history/[version]`.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter;
use zorgsluis_domain::audit::Deed;
use zorgsluis_domain::port::{ResourceKey, StoredResource};

use super::parameters::Parameters;
use super::patient::{asked_for, disclosed};
use super::{FhirError, MEDIA_TYPE, is_id, negotiate};
use crate::Gateway;
use crate::disclosure::{Caller, Disclosure};

pub(super) async fn read(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let Path((kind, id)) = path.map_err(|_| FhirError::NotFound)?;
    let key = key(&gateway, kind, id)?;
    check(&headers, query.as_deref())?;
    let found = gateway.0.parts.store.read(std::slice::from_ref(&key)).await?;
    answer(&gateway, &caller, &key, found.into_iter().flatten().next(), &headers).await
}

pub(super) async fn version(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let Path((kind, id, version)) = path.map_err(|_| FhirError::NotFound)?;
    let key = key(&gateway, kind, id)?;
    check(&headers, query.as_deref())?;
    let found = match version.parse() {
        Ok(version) => gateway.0.parts.store.read_version(&key, version).await?,
        Err(_) => None,
    };
    answer(&gateway, &caller, &key, found, &headers).await
}

pub(super) fn key(gateway: &Gateway, kind: String, id: String) -> Result<ResourceKey, FhirError> {
    gateway.resource_type(&kind)?;
    if is_id(&id) { Ok(ResourceKey::new(kind, id)) } else { Err(FhirError::NotFound) }
}

/// A read takes `_format` and nothing else.
pub(super) fn check(headers: &HeaderMap, query: Option<&str>) -> Result<(), FhirError> {
    let parameters = Parameters::read(query.unwrap_or_default().as_bytes())?;
    if !parameters.search.is_empty() || parameters.page.is_some() {
        return Err(FhirError::Invalid("a read takes no parameters"));
    }
    negotiate(headers, parameters.format.as_deref())
}

async fn answer(
    gateway: &Gateway,
    caller: &Caller,
    key: &ResourceKey,
    found: Option<StoredResource>,
    headers: &HeaderMap,
) -> Result<Response, FhirError> {
    let failed = match &found {
        None => Some("not-found"),
        Some(resource) if resource.deleted => Some("deleted"),
        Some(_) => None,
    };
    let resources = vec![found.as_ref().map_or_else(|| Ok(asked_for(key)), disclosed)?];
    let deed = match failed {
        None => Deed::read(),
        Some(reason) => Deed::read().failed(reason),
    };
    let disclosure = Disclosure { deed, resource_type: &key.resource_type, resources, named: Vec::new() };
    gateway.disclose(caller, disclosure).await?;
    match found {
        None => Err(FhirError::NotFound),
        Some(resource) if resource.deleted => Err(FhirError::Deleted),
        Some(resource) => Ok(show(resource, headers)),
    }
}

fn show(resource: StoredResource, headers: &HeaderMap) -> Response {
    let mut response = if has_already(headers, resource.version) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
        (content_type, resource.json.into_phi()).into_response()
    };
    let etag = HeaderValue::from_str(&format!("W/\"{}\"", resource.version));
    let modified = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&resource.last_updated)
        .ok()
        .map(|text| HeaderValue::from_str(&text));
    for (name, value) in [(ETAG, Some(etag)), (LAST_MODIFIED, modified)] {
        if let Some(Ok(value)) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// If-None-Match, compared weakly (RFC 9110 §13.1.2).
fn has_already(headers: &HeaderMap, version: u64) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || opaque.trim_matches('"').parse() == Ok(version)
        })
}
