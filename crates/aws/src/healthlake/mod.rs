//! The FHIR store on AWS HealthLake, over signed HTTP: no SDK makes FHIR calls.
//!
//! What HealthLake leaves open, and what could not be tried without an account, stands in
//! `docs/decisions/healthlake.md`.

mod bundle;
mod cursor;
mod erase;
mod pace;
mod plan;
mod transaction;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{
    FhirStore, Keys, Page, PageRequest, ResourceKey, Search, StoredResource, TransactionError, Write, Written,
};

use self::bundle::{Bundle, Outcome, deletion, etag, stored};
use self::cursor::Cursors;
use self::plan::Entry;
use self::wire::{Answer, Ask, Wire};
use crate::Clients;

/// Resources in one Bundle at most.
const BUNDLE: usize = 160;
/// Items of one page at most (`_count`).
const PAGE: usize = 100;
/// More resources than this are read with a Bundle instead of one by one.
const ONE_BY_ONE: usize = 16;

/// How fast, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthLakeLimits {
    /// Requests with a Bundle a second. HealthLake takes 20 of an account and 10 of a data store unless AWS raised
    /// that; this is the share of one process, so divide by how many run at once.
    pub bundles_per_second: u32,
    /// For one attempt.
    pub attempt: Duration,
    /// For an operation with all its attempts.
    pub operation: Duration,
    /// Attempts at most.
    pub attempts: u32,
}

impl Default for HealthLakeLimits {
    fn default() -> Self {
        Self {
            bundles_per_second: 10,
            attempt: Duration::from_secs(10),
            operation: Duration::from_secs(25),
            attempts: 4,
        }
    }
}

/// A data store of HealthLake. Cheap to clone; clones share connections and pace.
#[derive(Clone)]
pub struct HealthLake(Arc<Inner>);

struct Inner {
    wire: Wire,
    cursors: Cursors,
    /// Reads under way at once.
    reads: Semaphore,
}

impl HealthLake {
    /// The data store at `endpoint` (`https://healthlake.eu-west-1.amazonaws.com/datastore/ID/r4/`), with the
    /// credentials and the region of `clients`. From `keys` comes the key that seals the cursors of pages.
    ///
    /// # Errors
    ///
    /// [`PortError::Refused`] when the endpoint is no https URL (http is taken from this machine only) or
    /// `clients` have no region or no credentials.
    pub fn new(
        clients: &Clients,
        endpoint: &str,
        keys: &dyn Keys,
        limits: HealthLakeLimits,
    ) -> Result<Self, PortError> {
        let wire = Wire::new(clients, endpoint, limits)?;
        Ok(Self(Arc::new(Inner { wire, cursors: Cursors::new(keys)?, reads: Semaphore::new(ONE_BY_ONE) })))
    }

    /// What stands at each key, in the order asked.
    async fn read_all(
        &self,
        operation: &'static str,
        keys: &[ResourceKey],
    ) -> Result<Vec<Option<StoredResource>>, PortError> {
        if keys.len() > ONE_BY_ONE {
            return self.read_bundled(operation, keys).await;
        }
        let mut reads = JoinSet::new();
        for (at, key) in keys.iter().cloned().enumerate() {
            let store = self.clone();
            reads.spawn(async move { (at, store.read_one(operation, &key).await) });
        }
        let mut found: Vec<Option<StoredResource>> = vec![None; keys.len()];
        while let Some(read) = reads.join_next().await {
            let (at, read) = read.map_err(|cause| PortError::unavailable(operation, cause))?;
            if let Some(place) = found.get_mut(at) {
                *place = read?;
            }
        }
        Ok(found)
    }

    async fn read_one(
        &self,
        operation: &'static str,
        key: &ResourceKey,
    ) -> Result<Option<StoredResource>, PortError> {
        if !can_be(key) {
            return Ok(None);
        }
        let turn = self.0.reads.acquire().await;
        let _turn = turn.map_err(|cause| PortError::unavailable(operation, cause))?;
        let ask = Ask::get(operation, format!("{}/{}", key.resource_type, key.id));
        let answer = self.0.wire.ask(&ask).await?;
        self.standing(operation, key, &answer).await
    }

    /// What an answer to a read says.
    async fn standing(
        &self,
        operation: &'static str,
        key: &ResourceKey,
        answer: &Answer,
    ) -> Result<Option<StoredResource>, PortError> {
        match answer.status {
            200 => stored(operation, Some(key), &answer.body).map(Some),
            410 => match answer.etag.as_deref().and_then(etag) {
                Some(version) => Ok(Some(deletion(key, version, answer.last_modified))),
                None => self.last_deletion(operation, key).await,
            },
            404 => absent(operation, answer).map(|()| None),
            _ => Err(refusal(operation, answer)),
        }
    }

    /// The deletion that stands last in the history.
    async fn last_deletion(
        &self,
        operation: &'static str,
        key: &ResourceKey,
    ) -> Result<Option<StoredResource>, PortError> {
        let path = format!("{}/{}/_history?_count=1", key.resource_type, key.id);
        let answer = self.0.wire.ask(&Ask::get(operation, path)).await?;
        if answer.status != 200 {
            return Err(refusal(operation, &answer));
        }
        let bundle = Bundle::parse(operation, &answer.body)?;
        bundle.entry.first().map(|entry| entry.version(operation, key)).transpose()
    }

    /// With batch Bundles. What they do not answer for certain is asked for by itself.
    async fn read_bundled(
        &self,
        operation: &'static str,
        keys: &[ResourceKey],
    ) -> Result<Vec<Option<StoredResource>>, PortError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BUNDLE) {
            let asked: Vec<&ResourceKey> = keys.iter().filter(|key| can_be(key)).collect();
            let entry = asked.iter().map(|key| Entry::get(key, None)).collect();
            let ask = bundle_of(operation, "batch", entry)?;
            let answer = self.0.wire.ask(&ask).await?;
            if answer.status != 200 {
                return Err(refusal(operation, &answer));
            }
            let bundle = Bundle::parse(operation, &answer.body)?;
            let mut answers = bundle.entry.iter();
            for key in keys {
                if !can_be(key) {
                    found.push(None);
                    continue;
                }
                let entry = answers.next();
                let status = entry.and_then(|entry| entry.response.as_ref()?.status());
                let resource = entry.and_then(|entry| entry.resource);
                found.push(match (status, resource) {
                    (Some(200), Some(resource)) => {
                        Some(stored(operation, Some(key), resource.get().as_bytes())?)
                    }
                    // The Bundle was answered, so the data store is there, and the resource is not.
                    (Some(404), None) => None,
                    _ => self.read_one(operation, key).await?,
                });
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl FhirStore for HealthLake {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        self.read_all("fhir.read", keys).await
    }

    async fn read_version(
        &self,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<StoredResource>, PortError> {
        const OPERATION: &str = "fhir.read_version";
        if !can_be(key) {
            return Ok(None);
        }
        let path = format!("{}/{}/_history/{version}", key.resource_type, key.id);
        let answer = self.0.wire.ask(&Ask::get(OPERATION, path)).await?;
        match answer.status {
            200 => stored(OPERATION, Some(key), &answer.body).map(Some),
            410 => Ok(Some(deletion(key, version, answer.last_modified))),
            404 => absent(OPERATION, &answer).map(|()| None),
            _ => Err(refusal(OPERATION, &answer)),
        }
    }

    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        const OPERATION: &str = "fhir.history";
        if !can_be(key) {
            return Ok(Page::last(Vec::new()));
        }
        let context = format!("history {key}");
        let query = match &page.after {
            Some(cursor) => self.0.cursors.open(OPERATION, context.as_bytes(), cursor)?,
            None => format!("_count={}", page.limit.clamp(1, PAGE)),
        };
        let path = format!("{}/{}/_history?{query}", key.resource_type, key.id);
        let answer = self.0.wire.ask(&Ask::get(OPERATION, path)).await?;
        match answer.status {
            200 => {}
            404 => return absent(OPERATION, &answer).map(|()| Page::last(Vec::new())),
            _ => return Err(refusal(OPERATION, &answer)),
        }
        let bundle = Bundle::parse(OPERATION, &answer.body)?;
        let items =
            bundle.entry.iter().map(|entry| entry.version(OPERATION, key)).collect::<Result<_, _>>()?;
        let next = bundle.next().map(|query| self.0.cursors.seal(OPERATION, context.as_bytes(), query));
        Ok(Page { items, next: next.transpose()? })
    }

    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        const OPERATION: &str = "fhir.search";
        if !is_type(&search.resource_type) {
            let reason = String::from("not a resource type");
            return Err(PortError::Refused { operation: OPERATION, reason });
        }
        let parameters = search.parameters.expose_phi();
        let context = serde_json::to_vec(&(&search.resource_type, parameters))
            .map_err(|cause| PortError::unavailable(OPERATION, cause))?;
        let form = match &search.page.after {
            Some(cursor) => self.0.cursors.open(OPERATION, &context, cursor)?,
            None => form_urlencoded::Serializer::new(String::new())
                .extend_pairs(parameters)
                .append_pair("_count", &search.page.limit.clamp(1, PAGE).to_string())
                .finish(),
        };
        let ask = Ask {
            operation: OPERATION,
            method: "POST",
            path: format!("{}/_search", search.resource_type),
            content_type: "application/x-www-form-urlencoded",
            body: Bytes::from(form),
            bundle: false,
        };
        let answer = self.0.wire.ask(&ask).await?;
        if answer.status != 200 {
            return Err(refusal(OPERATION, &answer));
        }
        let bundle = Bundle::parse(OPERATION, &answer.body)?;
        let matches = bundle.entry.iter().filter(|entry| entry.is_match());
        let items = matches
            .filter_map(|entry| entry.resource)
            .map(|resource| stored(OPERATION, None, resource.get().as_bytes()))
            .collect::<Result<_, _>>()?;
        let next = bundle.next().map(|query| self.0.cursors.seal(OPERATION, &context, query));
        Ok(Page { items, next: next.transpose()? })
    }

    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        transaction::run(self, writes).await
    }
}

impl std::fmt::Debug for HealthLake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HealthLake").finish_non_exhaustive()
    }
}

/// A request with a Bundle.
fn bundle_of(operation: &'static str, kind: &'static str, entry: Vec<Entry<'_>>) -> Result<Ask, PortError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        resource_type: &'static str,
        r#type: &'static str,
        entry: Vec<Entry<'a>>,
    }
    let body = serde_json::to_vec(&Body { resource_type: "Bundle", r#type: kind, entry })
        .map_err(|cause| PortError::unavailable(operation, cause))?;
    Ok(Ask {
        operation,
        method: "POST",
        path: String::new(),
        content_type: "application/fhir+json",
        body: Bytes::from(body),
        bundle: true,
    })
}

/// A 404 that is about the resource. One that is about the data store itself has no OperationOutcome, and must
/// not look as if nothing stood there.
fn absent(operation: &'static str, answer: &Answer) -> Result<(), PortError> {
    match Outcome::parse(&answer.body) {
        Some(_) => Ok(()),
        None => Err(PortError::unavailable(operation, "404 without an OperationOutcome")),
    }
}

/// The store's refusal, in words of its model.
fn refusal(operation: &'static str, answer: &Answer) -> PortError {
    match Outcome::parse(&answer.body) {
        Some(outcome) => PortError::Refused {
            operation,
            reason: format!("status {}, {}", answer.status, outcome.reason()),
        },
        // The data store is not there, or what answers is no HealthLake: the request is good.
        None if answer.status == 404 || answer.status < 400 => {
            PortError::unavailable(operation, format!("status {}", answer.status))
        }
        None => PortError::Refused { operation, reason: format!("status {}", answer.status) },
    }
}

/// Whether something can stand at this key.
fn can_be(key: &ResourceKey) -> bool {
    is_type(&key.resource_type) && is_id(&key.id)
}

/// Whether this can be a resource type.
fn is_type(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether this can be a logical id (FHIR R4, id). `.` and `..` would name another path.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text != "."
        && text != ".."
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}
