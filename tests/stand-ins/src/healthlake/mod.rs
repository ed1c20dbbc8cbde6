//! HealthLake: FHIR R4 over HTTP, on the embedded FHIR store.
//!
//! | request | does |
//! |---|---|
//! | `GET {Type}/{id}`, `GET {Type}/{id}/_history/{version}` | reads |
//! | `GET {Type}/{id}/_history` | all versions, paged |
//! | `POST {Type}/_search` | searches, paged; parameters in the body |
//! | `POST /` | a Bundle: `batch` or `transaction`, at most 160 entries |
//! | `POST {Type}/{id}/$erase`, `POST {Type}/{id}/_history/{version}/$erase` | begins a job that removes it for good |
//! | `GET $erase/{job}` | how the job stands |
//!
//! all below `/datastore/{id}/r4/`.

mod answer;
mod bundle;
mod erase;
mod paging;
mod rules;
mod validate;

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::response::Response;
use axum::routing::{get, post};
use zorgsluis_domain::port::{FhirStore, ResourceKey};
use zorgsluis_embedded::{DataDirectory, SqliteFhirStore};

use self::answer::{Outcome, failure, gone, ok};
use crate::gate::Gate;
use crate::sigv4::Keys;

/// The path of the only data store, behind the address.
pub const PATH: &str = "/datastore/0123456789abcdef0123456789abcdef/r4/";

/// What the handlers share.
#[derive(Clone)]
struct Store {
    fhir: Arc<SqliteFhirStore>,
    erasing: erase::Jobs,
    /// Holds the lock of the folder.
    _directory: DataDirectory,
}

/// The service, with what stands in front of it, over a data directory of the embedded stores in `data`.
///
/// # Errors
///
/// When the folder cannot be opened.
pub fn service(data: &Path, keys: Keys) -> io::Result<(Router, Gate)> {
    let directory = DataDirectory::open(data).map_err(io::Error::other)?;
    let erasing = erase::Jobs::of(&data.join("fhir.db"));
    let store = Store { fhir: Arc::new(directory.fhir_store()), erasing, _directory: directory };
    let gate = Gate::new("healthlake", keys, failure);
    let path = |end: &str| format!("{PATH}{end}");
    let service = Router::new()
        .route(PATH, post(bundle::handle))
        .route(&path("{type}/_search"), post(paging::search))
        .route(&path("{type}/{id}"), get(read))
        .route(&path("{type}/{id}/_history"), get(paging::history))
        .route(&path("{type}/{id}/_history/{version}"), get(read_version))
        .route(&path("{type}/{id}/$erase"), post(erase::resource))
        .route(&path("{type}/{id}/_history/{version}/$erase"), post(erase::version))
        .route(&path("$erase/{job}"), get(erase::job))
        .fallback(answer::no_data_store)
        .layer(DefaultBodyLimit::disable())
        .with_state(store);
    Ok((gate.before(service), gate))
}

async fn read(State(store): State<Store>, UrlPath((kind, id)): UrlPath<(String, String)>) -> Response {
    let key = ResourceKey::new(kind, id);
    match store.fhir.read(std::slice::from_ref(&key)).await {
        Err(error) => answer::error(&error),
        Ok(found) => match found.into_iter().next().flatten() {
            None => Outcome::not_found().response(),
            Some(stored) if stored.deleted => gone(&stored),
            Some(stored) => ok(&stored),
        },
    }
}

async fn read_version(
    State(store): State<Store>,
    UrlPath((kind, id, version)): UrlPath<(String, String, String)>,
) -> Response {
    let Ok(version) = version.parse() else { return Outcome::not_found().response() };
    match store.fhir.read_version(&ResourceKey::new(kind, id), version).await {
        Err(error) => answer::error(&error),
        Ok(None) => Outcome::not_found().response(),
        Ok(Some(stored)) if stored.deleted => gone(&stored),
        Ok(Some(stored)) => ok(&stored),
    }
}
