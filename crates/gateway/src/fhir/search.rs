//! `POST [type]/_search`, and `GET [type]` with parameters that may stand in a URL.

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use zorgsluis_domain::Phi;
use zorgsluis_domain::audit::Deed;
use zorgsluis_domain::port::{PageRequest, Search};

use super::bundle::Links;
use super::page_token::Position;
use super::parameters::Parameters;
use super::patient::{disclosed, named};
use super::{FhirError, ResourceType, base, bundle, json, negotiate};
use crate::Gateway;
use crate::disclosure::{Caller, Disclosure};
use crate::frame::read_form;

/// Bytes of a search form at most.
const FORM: usize = 16 << 10;

pub(super) async fn by_get(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let Path(kind) = path.map_err(|_| FhirError::UnknownType)?;
    let resource_type = gateway.resource_type(&kind)?;
    let query = query.unwrap_or_default();
    let parameters = Parameters::read(query.as_bytes())?;
    Parameters::check_url(&parameters.search, resource_type)?;
    let own = if query.is_empty() { kind.clone() } else { format!("{kind}?{query}") };
    search(&gateway, &caller, resource_type, &headers, parameters, own).await
}

pub(super) async fn by_post(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, FhirError> {
    let Path(kind) = path.map_err(|_| FhirError::UnknownType)?;
    let resource_type = gateway.resource_type(&kind)?;
    let (head, body) = request.into_parts();
    let parameters =
        read_search_form(&head, body, |parameters| Parameters::check_url(parameters, resource_type)).await?;
    // What was searched for is not repeated: the URL of a page holds no PHI.
    let own = format!("{kind}/_search");
    search(&gateway, &caller, resource_type, &head.headers, parameters, own).await
}

/// The parameters of a search by form; `check_url` refuses what may not stand in the URL beside it.
pub(super) async fn read_search_form(
    head: &Parts,
    body: Body,
    check_url: impl Fn(&[(String, String)]) -> Result<(), FhirError>,
) -> Result<Parameters, FhirError> {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FhirError::MediaType);
    }
    // Parameters of the URL count too (FHIR R4 §3.1.1.1), as far as they may stand there.
    let mut parameters = Parameters::read(head.uri.query().unwrap_or_default().as_bytes())?;
    check_url(&parameters.search)?;
    let form = Parameters::read(&read_form(body, FORM).await.ok_or(FhirError::TooLarge)?)?;
    parameters.search.extend(form.search);
    parameters.format = form.format.or(parameters.format);
    parameters.count = form.count.or(parameters.count);
    if form.page.is_some() || parameters.page.is_some() {
        return Err(FhirError::Invalid("a page link is followed with GET"));
    }
    Ok(parameters)
}

async fn search(
    gateway: &Gateway,
    caller: &Caller,
    resource_type: &ResourceType,
    headers: &HeaderMap,
    parameters: Parameters,
    own: String,
) -> Result<Response, FhirError> {
    negotiate(headers, parameters.format.as_deref())?;
    let context = format!("search {}", resource_type.name);
    let limit = parameters.limit();
    let (wanted, page) = match parameters.page {
        Some(token) => {
            let position = Position::open(gateway, &context, &token)?;
            (position.parameters, PageRequest { after: Some(position.after), limit: position.limit })
        }
        None => (parameters.search, PageRequest::first(limit)),
    };
    let query = raw_query(&wanted, page.limit);
    let named = named(resource_type.name, &wanted);
    let search = Search {
        resource_type: resource_type.name.to_owned(),
        parameters: Phi::new(wanted),
        page: page.clone(),
    };
    let found = gateway.0.parts.store.search(&search).await?;
    let disclosure = Disclosure {
        deed: Deed::searched(resource_type.name, query),
        resource_type: resource_type.name,
        resources: found.items.iter().map(disclosed).collect::<Result<_, _>>()?,
        named,
    };
    gateway.disclose(caller, disclosure).await?;
    let base = base(headers);
    let next = match found.next {
        Some(after) => {
            let parameters = search.parameters.into_phi();
            let position = Position::new(parameters, after, page.limit, gateway.0.parts.clock.now());
            let token = position.seal(gateway, &context)?;
            Some(format!("{base}/{}?_page={token}", resource_type.name))
        }
        None => None,
    };
    let links = Links { own: format!("{base}/{own}"), next };
    Ok(json(StatusCode::OK, bundle::searchset(&base, &found.items, links)?))
}

/// What was searched for, as it would stand in a query: for the log, which seals it. Never empty: a search for
/// all is one too.
pub(super) fn raw_query(parameters: &[(String, String)], limit: usize) -> String {
    if parameters.is_empty() {
        return format!("_count={limit}");
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
