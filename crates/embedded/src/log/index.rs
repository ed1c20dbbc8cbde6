//! The index of a log in `index.db`.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use tlog::{
    Coverage, Cursor, EntryId, EntryIndex, Hit, Hits, IndexError, IndexKey, IndexRow, IndexedBundle, MAX_IDS,
    Place, Query, Rekeyed,
};
use zorgsluis_domain::PortError;

use crate::column;
use crate::database::{Database, Failure};

/// The index of the log of one shard.
#[derive(Clone)]
pub struct SqliteEntryIndex {
    database: Database,
    shard: Arc<str>,
}

impl SqliteEntryIndex {
    pub(crate) fn new(database: Database, shard: &str) -> Self {
        Self { database, shard: shard.into() }
    }

    async fn read<T, F>(&self, operation: &'static str, work: F) -> Result<T, IndexError>
    where
        T: Send + Default + 'static,
        F: FnOnce(&Connection, i64) -> Result<T, Failure> + Send + 'static,
    {
        let name = Arc::clone(&self.shard);
        let read = self.database.read(operation, move |connection| match shard(connection, &name)? {
            Some(shard) => work(connection, shard),
            None => Ok(T::default()),
        });
        read.await.map_err(fault)
    }
}

fn fault(error: PortError) -> IndexError {
    if error.is_transient() { IndexError::transient(error) } else { IndexError::permanent(error) }
}

fn shard(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT shard FROM shard WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn coverage(connection: &Connection, shard: i64) -> rusqlite::Result<Coverage> {
    connection.prepare_cached("SELECT through, last_bundle FROM shard WHERE shard = ?1")?.query_row(
        [shard],
        |row| {
            let last_bundle = match row.get::<_, Option<i64>>(1)? {
                Some(_) => Some(column::unsigned(row, 1)?),
                None => None,
            };
            Ok(Coverage { through: column::unsigned(row, 0)?, last_bundle })
        },
    )
}

/// An index as SQLite keeps it.
fn signed(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

fn record(connection: &Connection, name: &str, bundle: &IndexedBundle) -> Result<Result<(), u64>, Failure> {
    connection
        .prepare_cached("INSERT INTO shard (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([name])?;
    let Some(shard) = shard(connection, name)? else {
        return Err(Failure::damaged("log_index.record", "the shard has no row"));
    };
    let through = coverage(connection, shard)?.through;
    if through < bundle.first {
        return Ok(Err(through));
    }
    if through >= bundle.end {
        return Ok(Ok(()));
    }
    let mut entry = connection.prepare_cached(
        "INSERT INTO entry (shard, id, idx, bundle) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    let mut key = connection.prepare_cached(
        "INSERT INTO entry_key (shard, key, at, idx, bundle) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?;
    let first = signed(bundle.first);
    for (index, row) in (bundle.first..).map(signed).zip(&bundle.entries) {
        entry.execute(params![shard, row.id.0, index, first])?;
        for IndexKey { key: name, at } in &row.keys {
            key.execute(params![shard, name, at, index, first])?;
        }
    }
    connection
        .prepare_cached("UPDATE shard SET through = ?2, last_bundle = ?3 WHERE shard = ?1")?
        .execute([shard, signed(bundle.end), first])?;
    Ok(Ok(()))
}

fn replace_keys(connection: &Connection, shard: i64, entries: &[Rekeyed]) -> Result<(), Failure> {
    let mut known = connection
        .prepare_cached("SELECT 1 FROM entry WHERE shard = ?1 AND id = ?2 AND idx = ?3 AND bundle = ?4")?;
    let mut clear = connection.prepare_cached("DELETE FROM entry_key WHERE shard = ?1 AND idx = ?2")?;
    let mut add = connection.prepare_cached(
        "INSERT INTO entry_key (shard, key, at, idx, bundle) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?;
    for entry in entries {
        let (index, bundle) = (signed(entry.place.index), signed(entry.place.bundle));
        if known.exists(params![shard, entry.id.0, index, bundle])? {
            clear.execute([shard, index])?;
            for IndexKey { key, at } in &entry.keys {
                add.execute(params![shard, key, at, index, bundle])?;
            }
        }
    }
    Ok(())
}

fn find(connection: &Connection, shard: i64, query: &Query) -> Result<Hits, Failure> {
    let limit = query.limit.clamp(1, MAX_IDS);
    // The place to go on from bounds the time too: SQLite seeks by `at` alone, and would else step over all that
    // stands before it, page after page.
    let (sql, none, from, to) = if query.newest_first {
        (
            "SELECT at, idx, bundle FROM entry_key
             WHERE shard = ?1 AND key = ?2 AND at >= ?3 AND at < ?4 AND (at, idx) < (?5, ?6)
             ORDER BY at DESC, idx DESC LIMIT ?7",
            (i64::MAX, i64::MAX),
            query.from,
            query.after.map_or(query.to, |after| query.to.min(after.at.saturating_add(1))),
        )
    } else {
        (
            "SELECT at, idx, bundle FROM entry_key
             WHERE shard = ?1 AND key = ?2 AND at >= ?3 AND at < ?4 AND (at, idx) > (?5, ?6)
             ORDER BY at, idx LIMIT ?7",
            (i64::MIN, -1),
            query.after.map_or(query.from, |after| query.from.max(after.at)),
            query.to,
        )
    };
    let (at, index) = query.after.map_or(none, |after| (after.at, signed(after.index)));
    let mut hits: Vec<Hit> = connection
        .prepare_cached(sql)?
        .query_map(params![shard, query.key, from, to, at, index, column::one_more(limit)], |row| {
            let place = Place { index: column::unsigned(row, 1)?, bundle: column::unsigned(row, 2)? };
            Ok(Hit { at: row.get(0)?, place })
        })?
        .collect::<Result<_, _>>()?;
    let more = hits.len() > limit;
    hits.truncate(limit);
    let next = hits.last().filter(|_| more).map(|hit| Cursor { at: hit.at, index: hit.place.index });
    Ok(Hits { hits, next })
}

/// The rows of whole entries from one index on.
fn rows(connection: &Connection, shard: i64, from: u64, limit: usize) -> Result<Vec<IndexRow>, Failure> {
    let range = params![shard, signed(from), i64::try_from(limit).unwrap_or(i64::MAX)];
    let ids: Vec<(u64, u64, EntryId)> = connection
        .prepare_cached(
            "SELECT idx, bundle, id FROM entry WHERE shard = ?1 AND idx >= ?2 ORDER BY idx, bundle, id LIMIT ?3",
        )?
        .query_map(range, |row| {
            Ok((column::unsigned(row, 0)?, column::unsigned(row, 1)?, EntryId(row.get(2)?)))
        })?
        .collect::<Result<_, _>>()?;
    // The window of keys: as many indexes as there can be rows.
    let mut keys: BTreeMap<(u64, u64), Vec<IndexKey>> = BTreeMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT idx, bundle, key, at FROM entry_key WHERE shard = ?1 AND idx >= ?2 ORDER BY idx, bundle",
    )?;
    let mut found = statement.query(params![shard, signed(from)])?;
    while let Some(row) = found.next()? {
        let place = (column::unsigned(row, 0)?, column::unsigned(row, 1)?);
        if keys.len() >= limit && !keys.contains_key(&place) {
            break;
        }
        keys.entry(place).or_default().push(IndexKey { key: row.get(2)?, at: row.get(3)? });
    }
    let mut rows: Vec<IndexRow> = Vec::with_capacity(ids.len());
    for (index, bundle, id) in ids {
        let keys = keys.remove(&(index, bundle)).unwrap_or_default();
        rows.push(IndexRow { index, bundle, id: Some(id), keys, whole: true });
    }
    let without_id = |((index, bundle), keys)| IndexRow { index, bundle, id: None, keys, whole: true };
    rows.extend(keys.into_iter().map(without_id));
    rows.sort_by_key(|row| (row.index, row.bundle, row.id));
    if let Some(cut) = rows.get(limit).map(|row| row.index) {
        rows.truncate(limit);
        // Rows of one index stay together, so that a caller may go on behind the last.
        if rows.first().is_some_and(|row| row.index != cut) {
            rows.retain(|row| row.index != cut);
        }
    }
    Ok(rows)
}

#[async_trait]
impl EntryIndex for SqliteEntryIndex {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        self.read("log_index.coverage", |connection, shard| Ok(coverage(connection, shard)?)).await
    }

    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        if ids.len() > MAX_IDS {
            return Err(IndexError::permanent("too many ids in one call"));
        }
        let count = ids.len();
        let ids = ids.to_vec();
        let mut places = self
            .read("log_index.places", move |connection, shard| {
                let mut select = connection
                    .prepare_cached("SELECT idx, bundle FROM entry WHERE shard = ?1 AND id = ?2")?;
                ids.iter()
                    .map(|id| {
                        let place = select
                            .query_row(params![shard, id.0], |row| {
                                Ok(Place {
                                    index: column::unsigned(row, 0)?,
                                    bundle: column::unsigned(row, 1)?,
                                })
                            })
                            .optional()?;
                        Ok(place)
                    })
                    .collect::<Result<Vec<_>, Failure>>()
            })
            .await?;
        // A shard without rows knows none of them.
        places.resize(count, None);
        Ok(places)
    }

    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        let whole = bundle.end.checked_sub(bundle.first) == u64::try_from(bundle.entries.len()).ok();
        if !whole || bundle.end > i64::MAX as u64 {
            return Err(IndexError::permanent("the bundle's ends and its entries differ"));
        }
        let (bundle, name) = (bundle.clone(), Arc::clone(&self.shard));
        let first = bundle.first;
        self.database
            .write("log_index.record", move |connection| record(connection, &name, &bundle))
            .await
            .map_err(fault)?
            .map_err(|through| IndexError::Gap { through, first })
    }

    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        let query = query.clone();
        self.read("log_index.find", move |connection, shard| find(connection, shard, &query)).await
    }

    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        let limit = limit.clamp(1, MAX_IDS);
        self.read("log_index.rows", move |connection, shard| rows(connection, shard, from, limit)).await
    }

    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError> {
        if entries.len() > MAX_IDS {
            return Err(IndexError::permanent("too many entries in one call"));
        }
        let (name, entries) = (Arc::clone(&self.shard), entries.to_vec());
        self.database
            .write("log_index.replace_keys", move |connection| match shard(connection, &name)? {
                Some(shard) => replace_keys(connection, shard, &entries),
                None => Ok(()),
            })
            .await
            .map_err(fault)
    }

    async fn reset(&self) -> Result<(), IndexError> {
        let name = Arc::clone(&self.shard);
        self.database
            .write("log_index.reset", move |connection| {
                if let Some(shard) = shard(connection, &name)? {
                    for sql in [
                        "UPDATE shard SET through = 0, last_bundle = NULL WHERE shard = ?1",
                        "DELETE FROM entry WHERE shard = ?1",
                        "DELETE FROM entry_key WHERE shard = ?1",
                    ] {
                        connection.execute(sql, [shard])?;
                    }
                }
                Ok(())
            })
            .await
            .map_err(fault)
    }

    /// The caller holds the lock of the data directory: nobody else writes meanwhile.
    async fn rebuilt(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

impl std::fmt::Debug for SqliteEntryIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteEntryIndex").field("shard", &self.shard).finish_non_exhaustive()
    }
}
