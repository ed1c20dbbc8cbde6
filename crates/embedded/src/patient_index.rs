//! Which patient an identifier belongs to, in `state.db`.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;
use zorgsluis_domain::erasure::with_erased_numbers;
use zorgsluis_domain::port::{Claim, IndexChange, IndexEvent, IndexedIdentifier, PatientIndex};
use zorgsluis_domain::{Clock, PortError, Pseudonym};

use crate::column;
use crate::database::{Database, Failure};
use crate::erasure::tombstones;

/// Links followed at most: [`PatientIndex::merge`] closes no circle, a damaged table might.
const MAX_LINKS: usize = 10_000;

/// The patient index.
#[derive(Clone)]
pub struct SqlitePatientIndex {
    database: Database,
    /// `keys.db`, where tombstones stand.
    key_table: Database,
    clock: Arc<dyn Clock>,
}

impl SqlitePatientIndex {
    pub(crate) const fn new(database: Database, key_table: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, key_table, clock }
    }
}

const CLAIMED: &str = "claimed";
const RELEASED: &str = "released";
const MERGED: &str = "merged";
const MERGED_INTO: &str = "merged-into";

/// Writes what happened to a patient, in the transaction in which it happens.
fn happened(
    connection: &Connection,
    at: Timestamp,
    patient: Uuid,
    change: IndexChange,
) -> rusqlite::Result<()> {
    let (name, what) = match &change {
        IndexChange::Claimed(identifier) => (CLAIMED, identifier.as_bytes().as_slice()),
        IndexChange::Released(identifier) => (RELEASED, identifier.as_bytes().as_slice()),
        IndexChange::Merged(other) => (MERGED, other.as_bytes().as_slice()),
        IndexChange::MergedInto(other) => (MERGED_INTO, other.as_bytes().as_slice()),
    };
    connection
        .prepare_cached("INSERT INTO patient_event (patient, at, change, what) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![patient.as_bytes(), at.as_microsecond(), name, what])?;
    Ok(())
}

fn event(operation: &'static str, row: &Row<'_>) -> Result<IndexEvent, Failure> {
    let identifier = |row: &Row<'_>| row.get::<_, [u8; 32]>(2).map(Pseudonym::from_bytes);
    let change = match row.get_ref(1)?.as_str().unwrap_or_default() {
        CLAIMED => IndexChange::Claimed(identifier(row)?),
        RELEASED => IndexChange::Released(identifier(row)?),
        MERGED => IndexChange::Merged(column::uuid(row, 2)?),
        MERGED_INTO => IndexChange::MergedInto(column::uuid(row, 2)?),
        _ => return Err(Failure::damaged(operation, "not a change of the index")),
    };
    Ok(IndexEvent { at: column::time(row, 0)?, change })
}

fn replaced_by(connection: &Connection, patient: Uuid) -> rusqlite::Result<Option<Uuid>> {
    connection
        .prepare_cached("SELECT new FROM patient_merge WHERE old = ?1")?
        .query_row([patient.as_bytes()], |row| column::uuid(row, 0))
        .optional()
}

fn survivor(operation: &'static str, connection: &Connection, patient: Uuid) -> Result<Uuid, Failure> {
    let mut last = patient;
    for _ in 0..MAX_LINKS {
        match replaced_by(connection, last)? {
            Some(next) => last = next,
            None => return Ok(last),
        }
    }
    Err(Failure::damaged(operation, "the merges of a patient have no end"))
}

fn holder(connection: &Connection, identifier: &Pseudonym) -> rusqlite::Result<Option<Uuid>> {
    connection
        .prepare_cached("SELECT patient FROM patient_identifier WHERE pseudonym = ?1")?
        .query_row([identifier.as_bytes()], |row| column::uuid(row, 0))
        .optional()
}

/// The first who had an identifier, as far as that is known. Whoever the log tells of from before is that person.
fn first_holder(connection: &Connection, identifier: &Pseudonym) -> rusqlite::Result<Option<Uuid>> {
    connection
        .prepare_cached(
            "SELECT patient FROM (
                SELECT patient, -2 AS n FROM released_stand_in WHERE pseudonym = ?1
                UNION ALL SELECT patient, -1 FROM erased_identifier WHERE pseudonym = ?1 AND stand_in IS NOT NULL
                UNION ALL SELECT patient, n FROM patient_event WHERE what = ?1 AND change = 'claimed')
             ORDER BY n LIMIT 1",
        )?
        .query_row([identifier.as_bytes()], |row| column::uuid(row, 0))
        .optional()
}

/// Who stood for this patient in the log, by this identifier. Nobody where another one had it first: that one keeps it.
fn stand_in_of(
    connection: &Connection,
    identifier: &IndexedIdentifier,
    patient: Uuid,
) -> rusqlite::Result<Option<Uuid>> {
    let Some(first) = first_holder(connection, &identifier.pseudonym)?.filter(|first| *first != patient)
    else {
        return Ok(Some(identifier.stand_in));
    };
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO released_stand_in (pseudonym, patient, stand_in)
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (
                SELECT 1 FROM erased_identifier WHERE pseudonym = ?1 AND patient = ?2 AND stand_in IS NOT NULL)",
        )?
        .execute(params![
            identifier.pseudonym.as_bytes(),
            first.as_bytes(),
            identifier.stand_in.as_bytes()
        ])?;
    Ok(None)
}

/// Keeps what belongs beside an identifier where an earlier version kept only the pseudonym.
pub(crate) fn complete(connection: &Connection, identifier: &IndexedIdentifier) -> rusqlite::Result<()> {
    let alone: Option<Uuid> = connection
        .prepare_cached("SELECT patient FROM patient_identifier WHERE pseudonym = ?1 AND owner IS NULL")?
        .query_row([identifier.pseudonym.as_bytes()], |row| column::uuid(row, 0))
        .optional()?;
    let Some(patient) = alone else { return Ok(()) };
    let stand_in = stand_in_of(connection, identifier, patient)?;
    connection
        .prepare_cached("UPDATE patient_identifier SET owner = ?2, stand_in = ?3 WHERE pseudonym = ?1")?
        .execute(params![
            identifier.pseudonym.as_bytes(),
            identifier.owner.as_bytes(),
            stand_in.map(Uuid::into_bytes)
        ])?;
    Ok(())
}

fn merged_into(connection: &Connection, survivor: Uuid) -> rusqlite::Result<Vec<Uuid>> {
    // UNION, not UNION ALL: a circle in a damaged table comes to its end.
    let sql = "WITH RECURSIVE merged (id) AS (
            SELECT old FROM patient_merge WHERE new = ?1
            UNION SELECT old FROM patient_merge JOIN merged ON new = id)
        SELECT id FROM merged";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([survivor.as_bytes()], |row| column::uuid(row, 0))?;
    rows.collect()
}

/// Who stood for these patients in the log before anybody here knew them.
fn stand_ins(connection: &Connection, patients: &[Uuid]) -> rusqlite::Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for sql in [
        "SELECT stand_in FROM patient_identifier WHERE patient = ?1 AND stand_in IS NOT NULL",
        "SELECT stand_in FROM erased_identifier WHERE patient = ?1 AND stand_in IS NOT NULL",
        "SELECT stand_in FROM released_stand_in WHERE patient = ?1",
    ] {
        let mut select = connection.prepare_cached(sql)?;
        for patient in patients {
            for stand_in in select.query_map([patient.as_bytes()], |row| column::uuid(row, 0))? {
                found.push(stand_in?);
            }
        }
    }
    Ok(found)
}

/// Who holds each of these numbers.
pub(crate) fn holders(
    connection: &Connection,
    identifiers: &[Pseudonym],
) -> Result<Vec<Option<Uuid>>, Failure> {
    identifiers.iter().map(|identifier| Ok(holder(connection, identifier)?)).collect()
}

#[async_trait]
impl PatientIndex for SqlitePatientIndex {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        let identifiers = identifiers.to_vec();
        self.database.read("patient_index.resolve", move |connection| holders(connection, &identifiers)).await
    }

    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        const OPERATION: &str = "patient_index.claim";
        let (identifier, at) = (*identifier, self.clock.now());
        self.database
            .write(OPERATION, move |connection| {
                let Some(holder) = holder(connection, &identifier.pseudonym)? else {
                    let stand_in = stand_in_of(connection, &identifier, patient)?;
                    connection
                        .prepare_cached(
                            "INSERT INTO patient_identifier (pseudonym, patient, owner, stand_in)
                             VALUES (?1, ?2, ?3, ?4)",
                        )?
                        .execute(params![
                            identifier.pseudonym.as_bytes(),
                            patient.as_bytes(),
                            identifier.owner.as_bytes(),
                            stand_in.map(Uuid::into_bytes)
                        ])?;
                    happened(connection, at, patient, IndexChange::Claimed(identifier.pseudonym))?;
                    return Ok(Claim::Claimed);
                };
                complete(connection, &identifier)?;
                let same = holder == patient
                    || survivor(OPERATION, connection, holder)? == survivor(OPERATION, connection, patient)?;
                Ok(if same { Claim::Held } else { Claim::Conflict(holder) })
            })
            .await
    }

    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        const OPERATION: &str = "patient_index.survivor";
        self.database.read(OPERATION, move |connection| survivor(OPERATION, connection, patient)).await
    }

    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        const OPERATION: &str = "patient_index.merge";
        let at = self.clock.now();
        self.database
            .write(OPERATION, move |connection| {
                if old == new {
                    return Err(Failure::refused(OPERATION, "a patient cannot be merged into itself"));
                }
                let target = survivor(OPERATION, connection, new)?;
                match replaced_by(connection, old)? {
                    Some(_) if survivor(OPERATION, connection, old)? == target => Ok(()),
                    Some(_) => {
                        Err(Failure::refused(OPERATION, "the patient was merged into another one already"))
                    }
                    None if target == old => {
                        Err(Failure::refused(OPERATION, "the merge would close a circle"))
                    }
                    None => {
                        connection
                            .prepare_cached("INSERT INTO patient_merge (old, new) VALUES (?1, ?2)")?
                            .execute(params![old.as_bytes(), new.as_bytes()])?;
                        happened(connection, at, old, IndexChange::MergedInto(new))?;
                        happened(connection, at, new, IndexChange::Merged(old))?;
                        Ok(())
                    }
                }
            })
            .await
    }

    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        self.database
            .read("patient_index.merged_into", move |connection| Ok(merged_into(connection, survivor)?))
            .await
    }

    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        let (identifier, at) = (*identifier, self.clock.now());
        self.database
            .write("patient_index.release", move |connection| {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO released_stand_in (pseudonym, patient, stand_in)
                         SELECT pseudonym, patient, stand_in FROM patient_identifier
                         WHERE pseudonym = ?1 AND patient = ?2 AND stand_in IS NOT NULL",
                    )?
                    .execute(params![identifier.as_bytes(), patient.as_bytes()])?;
                let released = connection
                    .prepare_cached("DELETE FROM patient_identifier WHERE pseudonym = ?1 AND patient = ?2")?
                    .execute(params![identifier.as_bytes(), patient.as_bytes()])?;
                if released == 0 {
                    return Ok(false);
                }
                happened(connection, at, patient, IndexChange::Released(identifier))?;
                Ok(true)
            })
            .await
    }

    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        const OPERATION: &str = "patient_index.history";
        self.database
            .read(OPERATION, move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT at, change, what FROM patient_event WHERE patient = ?1 ORDER BY n DESC",
                )?;
                let mut rows = select.query([patient.as_bytes()])?;
                let mut events = Vec::new();
                while let Some(row) = rows.next()? {
                    events.push(event(OPERATION, row)?);
                }
                Ok(events)
            })
            .await
    }

    async fn in_log(&self, patient: Uuid) -> Result<Vec<Uuid>, PortError> {
        const OPERATION: &str = "patient_index.in_log";
        let erased = self.key_table.read(OPERATION, tombstones).await?;
        self.database
            .read(OPERATION, move |connection| {
                let mut all = vec![survivor(OPERATION, connection, patient)?];
                let add = |all: &mut Vec<Uuid>, one: Uuid| {
                    if !all.contains(&one) {
                        all.push(one);
                    }
                };
                add(&mut all, patient);
                loop {
                    let known = all.clone();
                    for one in &known {
                        let now = survivor(OPERATION, connection, *one)?;
                        add(&mut all, now);
                        merged_into(connection, now)?.into_iter().for_each(|old| add(&mut all, old));
                    }
                    with_erased_numbers(&erased, &mut all);
                    if all.len() == known.len() {
                        break;
                    }
                }
                stand_ins(connection, &all)?.into_iter().for_each(|one| add(&mut all, one));
                Ok(all)
            })
            .await
    }

    async fn erased_with(&self, identifier: &Pseudonym) -> Result<Vec<Uuid>, PortError> {
        let identifier = *identifier;
        self.database
            .read("patient_index.erased_with", move |connection| {
                let sql = "SELECT patient FROM erased_identifier WHERE pseudonym = ?1 ORDER BY patient";
                let mut select = connection.prepare_cached(sql)?;
                let rows = select.query_map([identifier.as_bytes()], |row| column::uuid(row, 0))?;
                Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
            })
            .await
    }
}

impl std::fmt::Debug for SqlitePatientIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlitePatientIndex").finish_non_exhaustive()
    }
}
