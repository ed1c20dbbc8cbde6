//! `POST /`: batches of reads, and transactions.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zorgsluis_domain::Phi;
use zorgsluis_domain::port::{FhirStore, Precondition, ResourceKey, StoredResource, TransactionError, Write};

use super::Store;
use super::answer::{self, Outcome};
use super::paging::bundle;
use super::validate::validate;

/// Entries of a Bundle at most.
const MAX: usize = 160;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    resource_type: String,
    r#type: String,
    #[serde(default, borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Request {
    fn key(&self) -> Result<ResourceKey, Outcome> {
        ResourceKey::parse(&self.url).ok_or_else(|| Outcome::bad("invalid", "request.url is no Type/id"))
    }

    fn if_match(&self) -> Result<Option<u64>, Outcome> {
        let Some(etag) = self.if_match.as_deref() else { return Ok(None) };
        let version = etag.strip_prefix("W/\"").and_then(|rest| rest.strip_suffix('"')?.parse().ok());
        version.map(Some).ok_or_else(|| Outcome::bad("invalid", "ifMatch is no W/\"version\""))
    }
}

pub(super) async fn handle(State(store): State<Store>, body: Bytes) -> Response {
    let sent: Sent<'_> = match serde_json::from_slice(&body) {
        Ok(sent) => sent,
        Err(_) => return Outcome::bad("structure", "The body is no Bundle.").response(),
    };
    if sent.resource_type != "Bundle" {
        return Outcome::bad("structure", "The body is no Bundle.").response();
    }
    if sent.entry.len() > MAX {
        return Outcome::bad("too-costly", "More than 160 resources in a Bundle.").response();
    }
    let done = match sent.r#type.as_str() {
        "batch" => batch(&store, &sent.entry).await,
        "transaction" => transaction(&store, &sent.entry).await,
        _ => Err(Outcome::bad("value", "Bundle.type is batch or transaction.").response()),
    };
    match done {
        Ok(entries) => bundle(&format!("{}-response", sent.r#type), None, &entries),
        Err(response) => response,
    }
}

/// Reads only: nothing else is asked of it here.
async fn batch(store: &Store, entries: &[Entry<'_>]) -> Result<Vec<String>, Response> {
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        let key = entry.request.key().map_err(|outcome| outcome.response())?;
        if entry.request.method != "GET" {
            return Err(Outcome::bad("not-supported", "Only GET in a batch.").response());
        }
        let found = store.fhir.read(std::slice::from_ref(&key)).await;
        let found = found.map_err(|error| answer::error(&error))?.into_iter().next().flatten();
        answers.push(match found {
            None => failed(&Outcome::not_found()),
            Some(stored) if stored.deleted => {
                failed(&Outcome::new(StatusCode::GONE, "deleted", "The resource was deleted."))
            }
            Some(stored) => read(&stored),
        });
    }
    Ok(answers)
}

fn read(stored: &StoredResource) -> String {
    let response = json!({
        "status": "200",
        "etag": format!("W/\"{}\"", stored.version),
        "lastModified": stored.last_updated.to_string(),
    });
    let json = String::from_utf8_lossy(stored.json.expose_phi());
    format!(r#"{{"resource":{json},"response":{response}}}"#)
}

fn failed(outcome: &Outcome) -> String {
    let status = outcome.status.as_u16().to_string();
    json!({"response": {"status": status, "outcome": outcome.json()}}).to_string()
}

async fn transaction(store: &Store, entries: &[Entry<'_>]) -> Result<Vec<String>, Response> {
    let refused = |at: usize, outcome: Outcome| {
        let place = match &outcome.expression {
            Some(place) => format!("Bundle.entry[{at}].resource.{place}"),
            None => format!("Bundle.entry[{at}]"),
        };
        outcome.at(place).response()
    };
    let mut writes = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        writes.push(write(store, entry).await.map_err(|outcome| refused(at, outcome))?);
    }
    let together: Vec<ResourceKey> = writes.iter().map(|write| write.key().clone()).collect();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(resource) = entry.resource {
            let resource: Value = serde_json::from_str(resource.get()).unwrap_or_default();
            validate(&resource).map_err(|outcome| refused(at, outcome))?;
            resolves(store, &resource, &together).await.map_err(|outcome| refused(at, outcome))?;
        }
    }
    let written = match store.fhir.transaction(&writes).await {
        Ok(written) => written,
        Err(TransactionError::Port(error)) => return Err(answer::error(&error)),
        // Which entries it was, the answer does not say.
        Err(TransactionError::Conflict(_)) => {
            let text = "The version of a resource is not that of ifMatch or ifNoneMatch.";
            return Err(Outcome::new(StatusCode::PRECONDITION_FAILED, "conflict", text).response());
        }
    };
    let mut answers = Vec::with_capacity(written.len());
    for (write, written) in writes.iter().zip(written) {
        let etag = format!("W/\"{}\"", written.version);
        answers.push(match write {
            Write::Check { key, .. } => {
                let found = store.fhir.read_version(key, written.version).await;
                let found = found.map_err(|error| answer::error(&error))?;
                found.as_ref().map_or_else(|| failed(&Outcome::not_found()), read)
            }
            Write::Delete { .. } => json!({"response": {"status": "204", "etag": etag}}).to_string(),
            Write::Put { key, .. } => {
                let status = if written.version == 1 { "201" } else { "200" };
                let location = format!("{key}/_history/{}", written.version);
                json!({"response": {"status": status, "etag": etag, "location": location}}).to_string()
            }
        });
    }
    Ok(answers)
}

/// An entry as a write of the store.
async fn write(store: &Store, entry: &Entry<'_>) -> Result<Write, Outcome> {
    let key = entry.request.key()?;
    let if_match = entry.request.if_match()?;
    let standing = store.fhir.read(std::slice::from_ref(&key)).await;
    let standing = standing.map_err(|_| Outcome::bad("exception", "The store cannot be read."))?;
    let standing = standing.into_iter().next().flatten();
    // A deleted resource has no version that could match.
    let missing = standing.as_ref().is_none_or(|stored| stored.deleted);
    if if_match.is_some() && missing {
        let text = "There is no resource that ifMatch could match.";
        return Err(Outcome::new(StatusCode::PRECONDITION_FAILED, "conflict", text));
    }
    let precondition = match (if_match, entry.request.if_none_match.as_deref(), standing) {
        (Some(version), None, _) => Precondition::Version(version),
        (None, Some("*"), _) => Precondition::Absent,
        (None, None, Some(stored)) if !stored.deleted => Precondition::Version(stored.version),
        (None, None, _) => Precondition::Absent,
        _ => return Err(Outcome::bad("invalid", "ifNoneMatch is *, and goes without ifMatch.")),
    };
    match (entry.request.method.as_str(), entry.resource) {
        ("PUT", Some(resource)) => {
            Ok(Write::Put { key, json: Phi::new(resource.get().as_bytes().to_vec()), precondition })
        }
        ("DELETE", None) => Ok(Write::Delete { key, precondition }),
        ("GET", None) if missing => Err(Outcome::not_found()),
        ("GET", None) => Ok(Write::Check { key, precondition }),
        _ => Err(Outcome::bad("invalid", "GET, PUT with a resource, or DELETE.")),
    }
}

/// References point at what stands, or at what the Bundle brings.
async fn resolves(store: &Store, resource: &Value, together: &[ResourceKey]) -> Result<(), Outcome> {
    let mut references = Vec::new();
    collect(resource, &mut references);
    for reference in references {
        let Some(key) = ResourceKey::parse(reference) else { continue };
        if together.contains(&key) {
            continue;
        }
        let found = store.fhir.read(std::slice::from_ref(&key)).await;
        let found = found.map_err(|_| Outcome::bad("exception", "The store cannot be read."))?;
        if found.into_iter().next().flatten().is_none_or(|stored| stored.deleted) {
            let text = format!("A reference to a {} that is not there.", key.resource_type);
            return Err(Outcome::bad("not-found", text));
        }
    }
    Ok(())
}

/// Relative references, contained resources and fragments aside.
fn collect<'v>(value: &'v Value, references: &mut Vec<&'v str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text)
                        if name == "reference" && !text.starts_with('#') && !text.contains(':') =>
                    {
                        references.push(text);
                    }
                    other => collect(other, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
