//! Bundles of searches and histories. Resources go in as the store gave them, byte for byte: read and written
//! again, a decimal could lose its precision.

use jiff::fmt::temporal::DateTimePrinter;
use serde::Serialize;
use serde_json::value::RawValue;
use zorgsluis_domain::port::StoredResource;

use super::FhirError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle<'a> {
    resource_type: &'static str,
    r#type: &'static str,
    link: Vec<Link>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entry: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Link {
    relation: &'static str,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    full_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<Search>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response>,
}

#[derive(Serialize)]
struct Search {
    mode: &'static str,
}

#[derive(Serialize)]
struct Request {
    method: &'static str,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status: &'static str,
    etag: String,
    last_modified: String,
}

/// The links of a page: itself, and the next one if there is one.
pub(super) struct Links {
    pub(super) own: String,
    pub(super) next: Option<String>,
}

impl Links {
    fn list(self) -> Vec<Link> {
        let own = Link { relation: "self", url: self.own };
        let next = self.next.map(|url| Link { relation: "next", url });
        std::iter::once(own).chain(next).collect()
    }
}

fn raw(resource: &StoredResource) -> Result<&RawValue, FhirError> {
    serde_json::from_slice(resource.json.expose_phi()).map_err(|_| FhirError::Answer)
}

fn write(bundle: &Bundle<'_>) -> Result<Vec<u8>, FhirError> {
    serde_json::to_vec(bundle).map_err(|_| FhirError::Answer)
}

/// A page of a search.
pub(super) fn searchset(base: &str, found: &[StoredResource], links: Links) -> Result<Vec<u8>, FhirError> {
    let entry = found
        .iter()
        .map(|resource| {
            Ok(Entry {
                full_url: format!("{base}/{}", resource.key),
                resource: Some(raw(resource)?),
                search: Some(Search { mode: "match" }),
                request: None,
                response: None,
            })
        })
        .collect::<Result<_, FhirError>>()?;
    write(&Bundle { resource_type: "Bundle", r#type: "searchset", link: links.list(), entry })
}

/// A page of the history of one resource.
pub(super) fn history(base: &str, versions: &[StoredResource], links: Links) -> Result<Vec<u8>, FhirError> {
    let entry = versions
        .iter()
        .map(|version| {
            let (method, status) = match (version.deleted, version.version) {
                (true, _) => ("DELETE", "204"),
                (false, 1) => ("PUT", "201"),
                (false, _) => ("PUT", "200"),
            };
            Ok(Entry {
                full_url: format!("{base}/{}", version.key),
                resource: if version.deleted { None } else { Some(raw(version)?) },
                search: None,
                request: Some(Request { method, url: version.key.to_string() }),
                response: Some(Response {
                    status,
                    etag: format!("W/\"{}\"", version.version),
                    last_modified: DateTimePrinter::new().timestamp_to_string(&version.last_updated),
                }),
            })
        })
        .collect::<Result<_, FhirError>>()?;
    write(&Bundle { resource_type: "Bundle", r#type: "history", link: links.list(), entry })
}
