//! Who may be told, and under which address, in `state.db`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::BusinessIdentifier;
use zorgsluis_domain::port::{Page, PageRequest, Provider, ProviderDirectory, ProviderError, StoredProvider};

use crate::column;
use crate::database::{Database, Failure};
use crate::fhir::fold;

/// The register of providers.
#[derive(Clone)]
pub struct SqliteProviderDirectory {
    database: Database,
}

impl SqliteProviderDirectory {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

/// Why a provider was not written; nothing was written then.
enum Refusal {
    Conflict,
    IdentifierHeld(Uuid),
}

const COLUMNS: &str = "v.version, v.at, v.by, v.json, v.certificate";
const NEWEST: &str = "provider p JOIN provider_version v ON v.provider = p.id AND v.version = p.version";

fn stored(operation: &'static str, row: &Row<'_>) -> Result<StoredProvider, Failure> {
    let mut provider: Provider = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or_default())
        .map_err(|_| Failure::damaged(operation, "not a provider"))?;
    provider.certificate = row.get(4)?;
    Ok(StoredProvider {
        provider,
        version: column::unsigned(row, 0)?,
        changed: column::time(row, 1)?,
        changed_by: row.get(2)?,
    })
}

fn select(
    operation: &'static str,
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<StoredProvider>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(stored(operation, row)?);
    }
    Ok(found)
}

fn newest(
    operation: &'static str,
    connection: &Connection,
    id: Uuid,
) -> Result<Option<StoredProvider>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM {NEWEST} WHERE p.id = ?1");
    Ok(select(operation, connection, &sql, [id.as_bytes()])?.pop())
}

/// Another active provider that has one of the identifiers.
fn holder(connection: &Connection, provider: &Provider) -> rusqlite::Result<Option<Uuid>> {
    let mut select = connection.prepare_cached(
        "SELECT i.provider FROM provider_identifier i JOIN provider p ON p.id = i.provider
         WHERE i.system = ?1 AND i.value = ?2 AND i.provider <> ?3 AND p.active LIMIT 1",
    )?;
    for identifier in &provider.identifiers {
        let held = select
            .query_row(params![identifier.system, identifier.value, provider.id.as_bytes()], |row| {
                column::uuid(row, 0)
            })
            .optional()?;
        if held.is_some() {
            return Ok(held);
        }
    }
    Ok(None)
}

#[async_trait]
impl ProviderDirectory for SqliteProviderDirectory {
    async fn find(&self, identifiers: &[BusinessIdentifier]) -> Result<Vec<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.find";
        let identifiers = identifiers.to_vec();
        self.database
            .read(OPERATION, move |connection| {
                let mut ids = BTreeSet::new();
                let mut select = connection.prepare_cached(
                    "SELECT provider FROM provider_identifier WHERE system = ?1 AND value = ?2",
                )?;
                for identifier in &identifiers {
                    let rows = select
                        .query_map([&identifier.system, &identifier.value], |row| column::uuid(row, 0))?;
                    for id in rows {
                        ids.insert(id?);
                    }
                }
                ids.into_iter().filter_map(|id| newest(OPERATION, connection, id).transpose()).collect()
            })
            .await
    }

    async fn find_by_address(&self, address: &str) -> Result<Vec<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.find_by_address";
        let address = address.to_lowercase();
        self.database
            .read(OPERATION, move |connection| {
                let sql = format!("SELECT {COLUMNS} FROM {NEWEST} WHERE p.address = ?1 ORDER BY p.id");
                select(OPERATION, connection, &sql, [address])
            })
            .await
    }

    async fn get(&self, id: Uuid) -> Result<Option<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.get";
        self.database.read(OPERATION, move |connection| newest(OPERATION, connection, id)).await
    }

    async fn put(
        &self,
        provider: &Provider,
        expected: Option<u64>,
        at: Timestamp,
        by: &str,
    ) -> Result<u64, ProviderError> {
        const OPERATION: &str = "provider_directory.put";
        let mut provider = provider.clone();
        let certificate = provider.certificate.take();
        let json =
            serde_json::to_string(&provider).map_err(|cause| PortError::unavailable(OPERATION, cause))?;
        let by = by.to_owned();
        let written = self
            .database
            .write(OPERATION, move |connection| {
                let id = provider.id.as_bytes();
                let stands = connection
                    .prepare_cached("SELECT version FROM provider WHERE id = ?1")?
                    .query_row([id], |row| column::unsigned(row, 0))
                    .optional()?;
                if stands != expected {
                    return Ok(Err(Refusal::Conflict));
                }
                if provider.active
                    && let Some(holder) = holder(connection, &provider)?
                {
                    return Ok(Err(Refusal::IdentifierHeld(holder)));
                }
                let version = stands.unwrap_or(0) + 1;
                let number = i64::try_from(version)
                    .map_err(|_| Failure::damaged(OPERATION, "the version is out of range"))?;
                connection
                    .prepare_cached(
                        "INSERT INTO provider (id, version, active, name, address) VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT DO UPDATE SET version = excluded.version, active = excluded.active,
                         name = excluded.name, address = excluded.address",
                    )?
                    .execute(params![
                        id,
                        number,
                        provider.active,
                        fold(&provider.name),
                        provider.address.as_ref().map(|address| address.to_lowercase()),
                    ])?;
                connection
                    .prepare_cached(
                        "INSERT INTO provider_version (provider, version, at, by, json, certificate)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![id, number, at.as_microsecond(), by, json, certificate])?;
                connection
                    .prepare_cached("DELETE FROM provider_identifier WHERE provider = ?1")?
                    .execute([id])?;
                let mut insert = connection.prepare_cached(
                    "INSERT INTO provider_identifier (system, value, provider) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO NOTHING",
                )?;
                for identifier in &provider.identifiers {
                    insert.execute(params![identifier.system, identifier.value, id])?;
                }
                Ok(Ok(version))
            })
            .await?;
        written.map_err(|refusal| match refusal {
            Refusal::Conflict => ProviderError::Conflict,
            Refusal::IdentifierHeld(holder) => ProviderError::IdentifierHeld(holder),
        })
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.list";
        let (after, limit) = (page.after.clone(), column::limit(page));
        self.database
            .read(OPERATION, move |connection| {
                // A cursor is the id of the last one shown: names are personal data and stand in no URL.
                let (name, id) = match &after {
                    None => (String::new(), Uuid::nil()),
                    Some(cursor) => {
                        let id: Uuid = cursor.parse().map_err(|_| column::bad_cursor(OPERATION))?;
                        let name = connection
                            .prepare_cached("SELECT name FROM provider WHERE id = ?1")?
                            .query_row([id.as_bytes()], |row| row.get(0))
                            .optional()?;
                        (name.ok_or_else(|| column::bad_cursor(OPERATION))?, id)
                    }
                };
                let sql = format!(
                    "SELECT {COLUMNS} FROM {NEWEST} WHERE (p.name, p.id) > (?1, ?2)
                     ORDER BY p.name, p.id LIMIT ?3"
                );
                let values = params![name, id.as_bytes(), column::one_more(limit)];
                let mut found = select(OPERATION, connection, &sql, values)?;
                Ok(column::page(&mut found, limit, |stored| stored.provider.id.to_string()))
            })
            .await
    }

    async fn history(&self, id: Uuid) -> Result<Vec<StoredProvider>, PortError> {
        const OPERATION: &str = "provider_directory.history";
        self.database
            .read(OPERATION, move |connection| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM provider_version v WHERE v.provider = ?1 ORDER BY v.version DESC"
                );
                select(OPERATION, connection, &sql, [id.as_bytes()])
            })
            .await
    }
}

impl std::fmt::Debug for SqliteProviderDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteProviderDirectory").finish_non_exhaustive()
    }
}
