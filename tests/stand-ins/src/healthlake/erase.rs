//! `$erase`: a job takes a resource with all its versions away, or one version.
//!
//! The embedded store has no such operation: an erasure there is of a whole dossier. So the rows of its file are
//! removed beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::json;
use zorgsluis_domain::port::{FhirStore, ResourceKey};

use super::Store;
use super::answer::{self, Outcome, fhir};

/// The jobs, and how often each was asked after.
#[derive(Clone)]
pub(super) struct Jobs {
    database: PathBuf,
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Jobs {
    pub(super) fn of(database: &Path) -> Self {
        Self { database: database.to_owned(), asked: Arc::default() }
    }

    fn begin(&self) -> String {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("{:032x}", asked.len() + 1);
        asked.insert(id.clone(), 0);
        id
    }

    fn remove(&self, key: &ResourceKey, version: Option<i64>) -> rusqlite::Result<()> {
        let mut connection = Connection::open(&self.database)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        // Several jobs run at once: each waits for its turn before it looks.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rid: Option<i64> = transaction
            .query_row(
                "SELECT rid FROM resource WHERE type = ?1 AND id = ?2",
                params![key.resource_type, key.id],
                |row| row.get(0),
            )
            .optional()?;
        let Some(rid) = rid else { return Ok(()) };
        if let Some(version) = version {
            let sql = "DELETE FROM resource_version WHERE rid = ?1 AND version = ?2";
            transaction.execute(sql, params![rid, version])?;
        } else {
            for table in ["search_key", "search_string", "search_date", "resource_version", "resource"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE rid = ?1"), [rid])?;
            }
        }
        transaction.commit()
    }
}

pub(super) async fn resource(
    State(store): State<Store>,
    UrlPath((kind, id)): UrlPath<(String, String)>,
) -> Response {
    begin(&store, ResourceKey::new(kind, id), None).await
}

pub(super) async fn version(
    State(store): State<Store>,
    UrlPath((kind, id, version)): UrlPath<(String, String, String)>,
) -> Response {
    let Ok(version) = version.parse() else { return Outcome::not_found().response() };
    begin(&store, ResourceKey::new(kind, id), Some(version)).await
}

/// Job and state in JSON of its own, as the developer guide shows it.
async fn begin(store: &Store, key: ResourceKey, version: Option<i64>) -> Response {
    match store.fhir.read(std::slice::from_ref(&key)).await {
        Err(error) => answer::error(&error),
        Ok(found) if found.iter().flatten().next().is_none() => Outcome::not_found().response(),
        Ok(_) => {
            let jobs = store.erasing.clone();
            let done = tokio::task::spawn_blocking(move || jobs.remove(&key, version)).await;
            if !matches!(done, Ok(Ok(()))) {
                return Outcome::bad("exception", "The resource could not be removed.").response();
            }
            let body = json!({"jobId": store.erasing.begin(), "jobStatus": "SUBMITTED"});
            fhir(StatusCode::OK, body.to_string().into_bytes())
        }
    }
}

/// A job is under way when it is asked after the first time.
pub(super) async fn job(State(store): State<Store>, UrlPath(job): UrlPath<String>) -> Response {
    let mut jobs = store.erasing.asked.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(asked) = jobs.get_mut(&job) else { return Outcome::not_found().response() };
    *asked += 1;
    let status = if *asked > 1 { "COMPLETED" } else { "IN_PROGRESS" };
    fhir(StatusCode::OK, json!({"jobId": job, "status": status}).to_string().into_bytes())
}
