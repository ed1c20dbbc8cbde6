//! Search and history, page by page.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use zorgsluis_domain::Phi;
use zorgsluis_domain::port::{FhirStore, PageRequest, ResourceKey, Search, StoredResource};

use super::answer::{self, Outcome, fhir};
use super::{PATH, Store};

/// Items of a page when nothing is said, and at most.
const PAGE: usize = 100;

/// Names with values of a form or a query.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decode(n), decode(v)))
        .collect()
}

/// `_count` and `page`, taken out of the others.
fn page(pairs: &mut Vec<(String, String)>) -> Result<PageRequest, Outcome> {
    let mut request = PageRequest::first(PAGE);
    for (name, value) in &*pairs {
        match name.as_str() {
            "_count" => {
                let count: Option<usize> = value.parse().ok().filter(|count| (1..=PAGE).contains(count));
                request.limit = count.ok_or_else(|| Outcome::bad("invalid", "_count is 1 to 100"))?;
            }
            "page" => request.after = Some(value.clone()),
            _ => {}
        }
    }
    pairs.retain(|(name, _)| !matches!(name.as_str(), "_count" | "page"));
    Ok(request)
}

/// The link to the next page. It repeats what was searched for, as it is not known that HealthLake's does not.
fn next(path: &str, pairs: &[(String, String)], limit: usize, after: &str) -> Value {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut url = format!("https://healthlake.eu-west-1.amazonaws.com{PATH}{path}?_count={limit}");
    for (name, value) in pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain([("page", after)]) {
        // Writing into a String cannot fail.
        let _ = write!(url, "&{}={}", encode(name), encode(value));
    }
    json!([{"relation": "next", "url": url}])
}

pub(super) async fn search(
    State(store): State<Store>,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let Some(body) = form.then(|| str::from_utf8(&body).ok()).flatten() else {
        return Outcome::bad("invalid", "The parameters are to be a form in the body.").response();
    };
    if query.is_some() {
        return Outcome::bad("invalid", "Parameters in both URL and body.").response();
    }
    if headers.get("prefer").is_none_or(|value| value != "handling=strict") {
        // The real one leaves out what it does not know; nobody here may depend on that.
        return Outcome::bad("invalid", "Prefer: handling=strict is missing.").response();
    }
    let mut parameters = pairs(body);
    let page = match page(&mut parameters) {
        Ok(page) => page,
        Err(outcome) => return outcome.response(),
    };
    let limit = page.limit;
    let search = Search { resource_type: kind.clone(), parameters: Phi::new(parameters.clone()), page };
    let found = match store.fhir.search(&search).await {
        Ok(found) => found,
        Err(error) => return answer::error(&error),
    };
    let entries = found.items.iter().map(|stored| {
        format!(
            r#"{{"fullUrl":"https://healthlake.eu-west-1.amazonaws.com{PATH}{}","resource":{},"search":{{"mode":"match"}}}}"#,
            stored.key,
            String::from_utf8_lossy(stored.json.expose_phi())
        )
    });
    let link = found.next.map(|after| next(&format!("{kind}/_search"), &parameters, limit, &after));
    bundle("searchset", link, &entries.collect::<Vec<_>>())
}

pub(super) async fn history(
    State(store): State<Store>,
    Path((kind, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let mut parameters = pairs(query.as_deref().unwrap_or_default());
    let page = match page(&mut parameters) {
        Ok(page) => page,
        Err(outcome) => return outcome.response(),
    };
    let key = ResourceKey::new(kind, id);
    let found = match store.fhir.history(&key, &page).await {
        Ok(found) => found,
        Err(error) => return answer::error(&error),
    };
    if found.items.is_empty() && page.after.is_none() {
        return Outcome::not_found().response();
    }
    let entries: Vec<String> = found.items.iter().map(version).collect();
    let link = found.next.map(|after| next(&format!("{key}/_history"), &[], page.limit, &after));
    bundle("history", link, &entries)
}

fn version(stored: &StoredResource) -> String {
    let response = json!({
        "status": if stored.deleted { "204" } else { "200" },
        "etag": format!("W/\"{}\"", stored.version),
        "lastModified": stored.last_updated.to_string(),
    });
    let request = json!({
        "method": if stored.deleted { "DELETE" } else { "PUT" },
        "url": stored.key.to_string(),
    });
    let json = String::from_utf8_lossy(stored.json.expose_phi());
    let resource = if stored.deleted { String::new() } else { format!(r#""resource":{json},"#) };
    format!(r#"{{{resource}"request":{request},"response":{response}}}"#)
}

/// Resources go in as the bytes that they are.
pub(super) fn bundle(kind: &str, link: Option<Value>, entries: &[String]) -> Response {
    let link = link.map(|link| format!(r#""link":{link},"#)).unwrap_or_default();
    let body =
        format!(r#"{{"resourceType":"Bundle","type":"{kind}",{link}"entry":[{}]}}"#, entries.join(","));
    fhir(StatusCode::OK, body.into_bytes())
}
