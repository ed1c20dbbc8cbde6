//! The FHIR store in `fhir.db`.

mod date;
mod document;
mod extract;
mod parameter;
mod query;
mod reading;
mod transaction;

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use zorgsluis_domain::port::{
    FhirStore, Page, PageRequest, ResourceKey, Search, StoredResource, TransactionError, Write, Written,
};
use zorgsluis_domain::{Clock, Phi, PortError};

use crate::column;
use crate::database::Database;
pub(crate) use extract::fold;
pub use parameter::{COMMON, SearchKind, SearchParameter, search_parameters, searchable_types};
use query::Query;
pub(crate) use reading::reading_digest;
use transaction::Prepared;

/// A FHIR R4 store: every version of every resource, and an index of the current ones.
#[derive(Clone)]
pub struct SqliteFhirStore {
    database: Database,
    clock: Arc<dyn Clock>,
    /// Whether what it gives out is written down.
    shows: bool,
}

impl SqliteFhirStore {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, shows: false }
    }

    /// The same store for those who show what they read: it writes down each reading by itself, before it answers,
    /// and gives the number along ([`StoredResource::reading`]). What stands there must have its entry in the log.
    #[must_use]
    pub fn showing(self) -> Self {
        Self { shows: true, ..self }
    }

    /// Writes down what is given out, if it is to be shown.
    async fn given(
        &self,
        operation: &'static str,
        items: &mut [&mut StoredResource],
    ) -> Result<(), PortError> {
        if !self.shows || items.is_empty() {
            return Ok(());
        }
        let given = reading::given(items.iter().map(|item| &**item));
        let now = self.clock.now();
        let number = self
            .database
            .write(operation, move |connection| reading::write_down(connection, now, operation, &given))
            .await?;
        for item in items {
            item.reading = u64::try_from(number).ok();
        }
        Ok(())
    }
}

/// `version, last_updated, deleted, json` as a resource.
fn stored(key: ResourceKey, row: &Row<'_>) -> rusqlite::Result<StoredResource> {
    Ok(StoredResource {
        key,
        version: column::unsigned(row, 0)?,
        last_updated: column::time(row, 1)?,
        deleted: row.get(2)?,
        json: Phi::new(row.get(3)?),
        reading: None,
    })
}

fn current(connection: &Connection, key: &ResourceKey) -> rusqlite::Result<Option<StoredResource>> {
    connection
        .prepare_cached(
            "SELECT v.version, v.last_updated, v.deleted, v.json FROM resource r
             JOIN resource_version v ON v.rid = r.rid AND v.version = r.version
             WHERE r.type = ?1 AND r.id = ?2",
        )?
        .query_row([&key.resource_type, &key.id], |row| stored(key.clone(), row))
        .optional()
}

#[async_trait]
impl FhirStore for SqliteFhirStore {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        const OPERATION: &str = "fhir.read";
        let keys = keys.to_vec();
        let mut found: Vec<Option<StoredResource>> = self
            .database
            .read(OPERATION, move |connection| keys.iter().map(|key| Ok(current(connection, key)?)).collect())
            .await?;
        self.given(OPERATION, &mut found.iter_mut().flatten().collect::<Vec<_>>()).await?;
        Ok(found)
    }

    async fn read_version(
        &self,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<StoredResource>, PortError> {
        let key = key.clone();
        const OPERATION: &str = "fhir.read_version";
        let Ok(version) = i64::try_from(version) else { return Ok(None) };
        let mut found = self
            .database
            .read(OPERATION, move |connection| {
                let found = connection
                    .prepare_cached(
                        "SELECT v.version, v.last_updated, v.deleted, v.json FROM resource r
                         JOIN resource_version v ON v.rid = r.rid
                         WHERE r.type = ?1 AND r.id = ?2 AND v.version = ?3",
                    )?
                    .query_row(params![key.resource_type, key.id, version], |row| stored(key.clone(), row))
                    .optional()?;
                Ok(found)
            })
            .await?;
        self.given(OPERATION, &mut found.iter_mut().collect::<Vec<_>>()).await?;
        Ok(found)
    }

    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        const OPERATION: &str = "fhir.history";
        let (key, after, limit) = (key.clone(), page.after.clone(), column::limit(page));
        let mut page = self
            .database
            .read(OPERATION, move |connection| {
                let before: i64 = match &after {
                    Some(cursor) => cursor.parse().map_err(|_| column::bad_cursor(OPERATION))?,
                    None => i64::MAX,
                };
                let mut versions: Vec<StoredResource> = connection
                    .prepare_cached(
                        "SELECT v.version, v.last_updated, v.deleted, v.json FROM resource r
                         JOIN resource_version v ON v.rid = r.rid
                         WHERE r.type = ?1 AND r.id = ?2 AND v.version < ?3
                         ORDER BY v.version DESC LIMIT ?4",
                    )?
                    .query_map(params![key.resource_type, key.id, before, column::one_more(limit)], |row| {
                        stored(key.clone(), row)
                    })?
                    .collect::<Result<_, _>>()?;
                Ok(column::page(&mut versions, limit, |version| version.version.to_string()))
            })
            .await?;
        self.given(OPERATION, &mut page.items.iter_mut().collect::<Vec<_>>()).await?;
        Ok(page)
    }

    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        const OPERATION: &str = "fhir.search";
        let query = Query::parse(OPERATION, search)?;
        let (after, limit) = (search.page.after.clone(), column::limit(&search.page));
        let resource_type = search.resource_type.clone();
        let mut page = self
            .database
            .read(OPERATION, move |connection| {
                let after: i64 = match &after {
                    Some(cursor) => cursor.parse().map_err(|_| column::bad_cursor(OPERATION))?,
                    None => 0,
                };
                let mut matches = query.run(connection, after, column::one_more(limit))?;
                let page = column::page(&mut matches, limit, i64::to_string);
                let mut resource = connection.prepare_cached(
                    "SELECT v.version, v.last_updated, v.deleted, v.json, r.id FROM resource r
                     JOIN resource_version v ON v.rid = r.rid AND v.version = r.version
                     WHERE r.rid = ?1",
                )?;
                let items = page
                    .items
                    .iter()
                    .map(|rid| {
                        resource.query_row([rid], |row| {
                            stored(ResourceKey::new(resource_type.as_str(), row.get::<_, String>(4)?), row)
                        })
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Page { items, next: page.next })
            })
            .await?;
        self.given(OPERATION, &mut page.items.iter_mut().collect::<Vec<_>>()).await?;
        Ok(page)
    }

    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        const OPERATION: &str = "fhir.transaction";
        let prepared = Prepared::all(OPERATION, writes)?;
        let now = document::instant(self.clock.now());
        let done = self
            .database
            .write(OPERATION, move |connection| transaction::run(connection, now, &prepared))
            .await?;
        done.map_err(TransactionError::Conflict)
    }
}

impl std::fmt::Debug for SqliteFhirStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteFhirStore").finish_non_exhaustive()
    }
}
