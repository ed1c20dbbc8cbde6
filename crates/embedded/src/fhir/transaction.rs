//! All writes of a transaction, or none.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Precondition, ResourceKey, Write, Written};

use super::document::{Document, is_id, is_type};
use super::extract::IndexRows;
use crate::column;
use crate::database::Failure;

/// Writes in one transaction at most (HealthLake).
const MAX_WRITES: usize = 160;

/// A write that was checked by itself.
pub(super) struct Prepared {
    key: ResourceKey,
    precondition: Precondition,
    action: Action,
}

enum Action {
    Put(Box<Document>),
    Delete,
    Check,
}

/// How a resource stands.
#[derive(Clone, Copy)]
struct Standing {
    rid: i64,
    version: u64,
    last_updated: Timestamp,
    deleted: bool,
}

impl Prepared {
    pub(super) fn all(operation: &'static str, writes: &[Write]) -> Result<Vec<Self>, PortError> {
        let refused = |reason: &str| Err(PortError::Refused { operation, reason: reason.into() });
        if writes.len() > MAX_WRITES {
            return refused("more than 160 writes");
        }
        let mut written = HashSet::new();
        for write in writes {
            let key = write.key();
            if !is_type(&key.resource_type) || !is_id(&key.id) {
                return refused("not a resource type or not a logical id");
            }
            if !matches!(write, Write::Check { .. }) && !written.insert(key) {
                return refused("two writes of one resource");
            }
        }
        writes.iter().map(|write| Self::one(operation, write)).collect()
    }

    fn one(operation: &'static str, write: &Write) -> Result<Self, PortError> {
        let (key, precondition, action) = match write {
            Write::Put { key, json, precondition } => {
                let document = Document::parse(operation, key, json.expose_phi())?;
                (key, precondition, Action::Put(Box::new(document)))
            }
            Write::Delete { key, precondition } => (key, precondition, Action::Delete),
            Write::Check { key, precondition } => (key, precondition, Action::Check),
        };
        Ok(Self { key: key.clone(), precondition: *precondition, action })
    }

    fn holds(&self, standing: Option<&Standing>) -> bool {
        match self.precondition {
            Precondition::Absent => standing.is_none_or(|standing| standing.deleted),
            Precondition::Version(version) => standing.is_some_and(|standing| standing.version == version),
        }
    }
}

/// The inner error: the keys whose preconditions did not hold; nothing was written then.
pub(super) fn run(
    connection: &Connection,
    now: Timestamp,
    writes: &[Prepared],
) -> Result<Result<Vec<Written>, Vec<ResourceKey>>, Failure> {
    let mut standings = Vec::with_capacity(writes.len());
    let mut conflicts = BTreeSet::new();
    for write in writes {
        let standing = standing(connection, &write.key)?;
        if !write.holds(standing.as_ref()) {
            conflicts.insert(write.key.clone());
        }
        standings.push(standing);
    }
    if !conflicts.is_empty() {
        return Ok(Err(conflicts.into_iter().collect()));
    }
    let mut done = Vec::with_capacity(writes.len());
    for (write, standing) in writes.iter().zip(standings) {
        let stands = standing.map_or(0, |standing| standing.version);
        let version = match &write.action {
            Action::Put(document) => put(connection, now, &write.key, standing, Some(document))?,
            Action::Delete if standing.is_some_and(|standing| !standing.deleted) => {
                put(connection, now, &write.key, standing, None)?
            }
            Action::Delete => stands,
            Action::Check if write.precondition == Precondition::Absent => 0,
            Action::Check => stands,
        };
        done.push(Written { key: write.key.clone(), version });
    }
    Ok(Ok(done))
}

fn standing(connection: &Connection, key: &ResourceKey) -> rusqlite::Result<Option<Standing>> {
    connection
        .prepare_cached(
            "SELECT rid, version, last_updated, deleted FROM resource WHERE type = ?1 AND id = ?2",
        )?
        .query_row([&key.resource_type, &key.id], |row| {
            Ok(Standing {
                rid: row.get(0)?,
                version: column::unsigned(row, 1)?,
                last_updated: column::time(row, 2)?,
                deleted: row.get(3)?,
            })
        })
        .optional()
}

/// Writes the next version: a document, or a deletion. Answers its number.
fn put(
    connection: &Connection,
    now: Timestamp,
    key: &ResourceKey,
    standing: Option<Standing>,
    document: Option<&Document>,
) -> Result<u64, Failure> {
    let version = standing.map_or(0, |standing| standing.version).saturating_add(1);
    // A clock that was set back must not make a version older than the one before.
    let at = standing.map_or(now, |standing| now.max(standing.last_updated));
    let number = i64::try_from(version).unwrap_or(i64::MAX);
    let deleted = document.is_none();
    let rid = match standing {
        Some(standing) => {
            connection
                .prepare_cached(
                    "UPDATE resource SET version = ?2, last_updated = ?3, deleted = ?4 WHERE rid = ?1",
                )?
                .execute(params![standing.rid, number, at.as_microsecond(), deleted])?;
            standing.rid
        }
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO resource (type, id, version, last_updated, deleted) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![key.resource_type, key.id, number, at.as_microsecond(), deleted])?;
            connection.last_insert_rowid()
        }
    };
    let json = document.map(|document| document.bytes(version, at)).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO resource_version (rid, version, last_updated, deleted, json) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![rid, number, at.as_microsecond(), deleted, json])?;
    let old = if standing.is_some() { indexed(connection, rid)? } else { IndexRows::default() };
    let empty = IndexRows::default();
    index(connection, rid, &old, document.map_or(&empty, |document| &document.rows))?;
    Ok(version)
}

/// What the index holds of a resource.
fn indexed(connection: &Connection, rid: i64) -> rusqlite::Result<IndexRows> {
    let keys = connection
        .prepare_cached("SELECT param, value FROM search_key WHERE rid = ?1")?
        .query_map([rid], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let strings = connection
        .prepare_cached("SELECT param, value, exact FROM search_string WHERE rid = ?1")?
        .query_map([rid], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let dates = connection
        .prepare_cached("SELECT param, low, high FROM search_date WHERE rid = ?1")?
        .query_map([rid], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    Ok(IndexRows { keys, strings, dates })
}

/// Brings the index from one state to another.
fn index(connection: &Connection, rid: i64, old: &IndexRows, new: &IndexRows) -> rusqlite::Result<()> {
    for (param, value) in old.keys.difference(&new.keys) {
        connection
            .prepare_cached("DELETE FROM search_key WHERE param = ?1 AND value = ?2 AND rid = ?3")?
            .execute(params![param, value, rid])?;
    }
    for (param, value) in new.keys.difference(&old.keys) {
        connection
            .prepare_cached("INSERT INTO search_key (param, value, rid) VALUES (?1, ?2, ?3)")?
            .execute(params![param, value, rid])?;
    }
    for (param, value, exact) in old.strings.difference(&new.strings) {
        connection
            .prepare_cached(
                "DELETE FROM search_string WHERE param = ?1 AND value = ?2 AND exact = ?3 AND rid = ?4",
            )?
            .execute(params![param, value, exact, rid])?;
    }
    for (param, value, exact) in new.strings.difference(&old.strings) {
        connection
            .prepare_cached("INSERT INTO search_string (param, value, exact, rid) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![param, value, exact, rid])?;
    }
    for (param, low, high) in old.dates.difference(&new.dates) {
        connection
            .prepare_cached(
                "DELETE FROM search_date WHERE param = ?1 AND low = ?2 AND high = ?3 AND rid = ?4",
            )?
            .execute(params![param, low, high, rid])?;
    }
    for (param, low, high) in new.dates.difference(&old.dates) {
        connection
            .prepare_cached("INSERT INTO search_date (param, low, high, rid) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![param, low, high, rid])?;
    }
    Ok(())
}
