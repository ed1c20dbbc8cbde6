//! Which tombstones were noted where.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::erasure::Tombstone;

use super::damaged;
use crate::column;
use crate::database::Failure;

/// Writes down in `keys.db` what is about to be done.
pub(super) fn note(connection: &Connection, tombstone: &Tombstone) -> Result<(), Failure> {
    connection.execute(
        "INSERT INTO erasure (id, at, class, tombstone) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![
            tombstone.id.as_bytes(),
            tombstone.at.as_microsecond(),
            tombstone.class.name(),
            tombstone.to_line()
        ],
    )?;
    Ok(())
}

/// Its keys are destroyed: keys of the same owners that are made from now on protect something new.
pub(super) const KEYS_DESTROYED: i64 = 1;
/// Nothing is left to do.
pub(super) const COMPLETE: i64 = 2;

/// Notes how far an erasure has come.
pub(super) fn reached(connection: &Connection, id: Uuid, stage: i64) -> Result<(), Failure> {
    let sql = "UPDATE erasure SET stage = max(stage, ?2) WHERE id = ?1";
    connection.execute(sql, params![id.as_bytes(), stage])?;
    Ok(())
}

/// Whether an erasure has come so far.
pub(super) fn has_reached(connection: &Connection, id: Uuid, stage: i64) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM erasure WHERE id = ?1 AND stage >= ?2";
    Ok(connection.prepare(sql)?.exists(params![id.as_bytes(), stage])?)
}

/// The ids of those of which nothing is left to do.
pub(super) fn complete_ones(connection: &Connection) -> Result<HashSet<Uuid>, Failure> {
    ids(connection, "SELECT id FROM erasure WHERE stage = 2")
}

/// The ids that this file notes.
pub(super) fn noted(connection: &Connection) -> Result<HashSet<Uuid>, Failure> {
    ids(connection, "SELECT tombstone FROM erased")
}

fn ids(connection: &Connection, sql: &str) -> Result<HashSet<Uuid>, Failure> {
    let mut select = connection.prepare(sql)?;
    let ids = select.query_map([], |row| column::uuid(row, 0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

pub(crate) fn tombstones(connection: &Connection) -> Result<Vec<Tombstone>, Failure> {
    let lines: Vec<String> = connection
        .prepare("SELECT tombstone FROM erasure ORDER BY at, id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    lines.iter().map(|line| Tombstone::parse(line).ok_or_else(|| damaged("not a tombstone"))).collect()
}

/// Notes in `state.db` or `fhir.db` that what it held was destroyed.
pub(super) fn note_here(connection: &Connection, id: Uuid) -> Result<(), Failure> {
    connection
        .execute("INSERT INTO erased (tombstone) VALUES (?1) ON CONFLICT DO NOTHING", [id.as_bytes()])?;
    Ok(())
}

pub(super) fn is_noted(connection: &Connection, id: Uuid) -> Result<bool, Failure> {
    Ok(connection.prepare("SELECT 1 FROM erased WHERE tombstone = ?1")?.exists([id.as_bytes()])?)
}

/// Whether identifiers that an earlier version of the program wrote were completed.
pub(super) fn are_identifiers_completed(connection: &Connection) -> Result<bool, Failure> {
    Ok(connection.prepare("SELECT 1 FROM identifiers_completed")?.exists([])?)
}

/// Notes that they were.
pub(super) fn identifiers_are_completed(connection: &Connection) -> Result<(), Failure> {
    connection.execute("INSERT OR IGNORE INTO identifiers_completed (one) VALUES (1)", [])?;
    Ok(())
}

/// The pseudonyms behind the keys of an index that begin so and have rows from before a moment.
pub(super) fn keys_before(
    connection: &Connection,
    shard: &str,
    prefix: &str,
    before: i64,
) -> Result<Vec<Pseudonym>, Failure> {
    let shard: Option<i64> = connection
        .query_row("SELECT shard FROM shard WHERE name = ?1", [shard], |row| row.get(0))
        .optional()?;
    let Some(shard) = shard else { return Ok(Vec::new()) };
    // From one key to the next, by the index: a patient with many lines costs as much as one with few.
    let mut next = connection
        .prepare("SELECT key, at FROM entry_key WHERE shard = ?1 AND key > ?2 ORDER BY key, at LIMIT 1")?;
    let mut found = Vec::new();
    let mut last = prefix.to_owned();
    loop {
        let row: Option<(String, i64)> =
            next.query_row(params![shard, last], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((key, oldest)) = row else { return Ok(found) };
        let Some(pseudonym) = key.strip_prefix(prefix) else { return Ok(found) };
        if oldest < before {
            found.push(Pseudonym::from_hex(pseudonym).ok_or_else(|| damaged("not a pseudonym"))?);
        }
        last = key;
    }
}
