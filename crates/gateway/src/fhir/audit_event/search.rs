//! `POST [base]/AuditEvent/_search`, and `GET [base]/AuditEvent` with what may stand in a URL.

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use zorgsluis_audit_writer::{Content, Line, LogSearch, to_audit_event};

use super::super::page_token::Position;
use super::super::parameters::Parameters;
use super::super::search::{raw_query, read_search_form};
use super::super::{FhirError, base, json, negotiate};
use super::criteria::{Demands, check_url};
use super::intake::location;
use super::read::reader;
use crate::Gateway;
use crate::clients::Client;
use crate::disclosure::Caller;

pub(super) async fn by_get(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let query = query.unwrap_or_default();
    let parameters = Parameters::read(query.as_bytes())?;
    check_url(&parameters.search)?;
    let own = if query.is_empty() { "AuditEvent".to_owned() } else { format!("AuditEvent?{query}") };
    search(&gateway, &caller, &client, &headers, parameters, own).await
}

pub(super) async fn by_post(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, FhirError> {
    let (head, body) = request.into_parts();
    let parameters = read_search_form(&head, body, check_url).await?;
    // What was searched for is not repeated: the URL of a page holds no PHI.
    let own = "AuditEvent/_search".to_owned();
    search(&gateway, &caller, &client, &head.headers, parameters, own).await
}

async fn search(
    gateway: &Gateway,
    caller: &Caller,
    client: &Client,
    headers: &HeaderMap,
    parameters: Parameters,
    own: String,
) -> Result<Response, FhirError> {
    negotiate(headers, parameters.format.as_deref())?;
    // A page link is good for who was given it.
    let context = format!("log {}", client.name);
    let asked = parameters.limit();
    let (wanted, after, limit) = match parameters.page {
        Some(token) => {
            let position = Position::open(gateway, &context, &token)?;
            (position.parameters, Some(position.after), position.limit)
        }
        None => (parameters.search, None, asked),
    };
    let demands = Demands::read(gateway, &wanted).await?;
    let query = raw_query(&wanted, limit);
    let found = reader(gateway, caller)
        .search(&LogSearch {
            query: &query,
            patient: demands.patient,
            criteria: demands.criteria,
            from: demands.from,
            to: demands.to,
            newest_first: demands.newest_first,
            limit,
            after: after.as_deref(),
        })
        .await?;
    let base = base(headers);
    let mut links = vec![json!({ "relation": "self", "url": format!("{base}/{own}") })];
    if let Some(after) = found.next {
        let token =
            Position::new(wanted, after, limit, gateway.0.parts.clock.now()).seal(gateway, &context)?;
        links.push(json!({ "relation": "next", "url": format!("{base}/AuditEvent?_page={token}") }));
    }
    let bytes = serde_json::to_vec(&searchset(&base, &found.items, links)).map_err(|_| FhirError::Answer)?;
    Ok(json(StatusCode::OK, bytes))
}

/// A page. Entries whose content was erased are counted in an outcome beside the others.
fn searchset(base: &str, lines: &[Line], links: Vec<Value>) -> Value {
    let mut entries: Vec<Value> = lines
        .iter()
        .filter_map(|line| match &line.content {
            Content::Entry(entry) => Some(json!({
                "fullUrl": location(base, line.id),
                "resource": to_audit_event(entry),
                "search": { "mode": "match" },
            })),
            Content::Erased => None,
        })
        .collect();
    let erased = lines.len() - entries.len();
    if erased > 0 {
        let text = format!("{erased} more: what they said was erased; that they were there can be proved");
        let issue = json!([{ "severity": "information", "code": "informational", "diagnostics": text }]);
        entries.push(json!({
            "fullUrl": format!("urn:uuid:{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, text.as_bytes())),
            "resource": { "resourceType": "OperationOutcome", "issue": issue },
            "search": { "mode": "outcome" },
        }));
    }
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "link": links });
    if let (Some(bundle), false) = (bundle.as_object_mut(), entries.is_empty()) {
        bundle.insert(String::from("entry"), Value::Array(entries));
    }
    bundle
}
