//! Whose keys protect what is about a patient, and whether they protect what is about somebody else, too.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{Connection, params};
use uuid::Uuid;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::port::IndexedIdentifier;

use crate::column;
use crate::database::Failure;
use crate::patient_index::holders;

/// An owner of keys: an identifier that the patient has or had.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) pseudonym: Pseudonym,
    /// Somebody else has this identifier, or had it: it was moved (A43), or two persons are kept apart under it.
    pub(super) shared: bool,
    /// The data keys, those that were destroyed included.
    pub(super) keys: HashSet<[u8; 16]>,
}

/// The owners by what the index gives these patients, and by the identifiers of their resources. `elsewhere`: those
/// that a resource of another patient has, too.
pub(super) fn owners(
    connection: &Connection,
    patients: &[Uuid],
    identifiers: &[IndexedIdentifier],
    elsewhere: &BTreeSet<Pseudonym>,
) -> Result<Vec<Owner>, Failure> {
    let mut found: BTreeMap<Pseudonym, BTreeSet<Pseudonym>> = BTreeMap::new();
    let mut given =
        connection.prepare_cached("SELECT owner, pseudonym FROM patient_identifier WHERE patient = ?1")?;
    for patient in patients {
        let rows = given.query_map([patient.as_bytes()], |row| {
            Ok((row.get::<_, Option<[u8; 32]>>(0)?, row.get::<_, [u8; 32]>(1)?))
        })?;
        for row in rows {
            // One that an earlier version wrote, and no resource tells of.
            let (Some(owner), pseudonym) = row? else { continue };
            let owner = Pseudonym::from_bytes(owner);
            found.entry(owner).or_default().insert(Pseudonym::from_bytes(pseudonym));
        }
    }
    for identifier in identifiers {
        found.entry(identifier.owner).or_default().insert(identifier.pseudonym);
    }
    let mut had = connection.prepare_cached(
        "SELECT DISTINCT patient FROM patient_event WHERE what = ?1 AND change = 'claimed'",
    )?;
    let mut owners = Vec::with_capacity(found.len());
    for (owner, pseudonyms) in found {
        let pseudonyms: Vec<Pseudonym> = pseudonyms.into_iter().collect();
        let mut shared = pseudonyms.iter().any(|pseudonym| elsewhere.contains(pseudonym));
        let mut others: Vec<Uuid> = holders(connection, &pseudonyms)?.into_iter().flatten().collect();
        for pseudonym in &pseudonyms {
            let rows = had.query_map([pseudonym.as_bytes()], |row| column::uuid(row, 0))?;
            others.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        shared |= others.iter().any(|other| !patients.contains(other));
        owners.push(Owner { pseudonym: owner, shared, keys: HashSet::new() });
    }
    Ok(owners)
}

/// The patients whose numbers are kept though their dossier is destroyed, with who stood for them in the log.
pub(super) fn remembered(connection: &Connection) -> Result<Vec<(Uuid, Option<Uuid>)>, Failure> {
    let rows = connection
        .prepare("SELECT DISTINCT patient, stand_in FROM erased_identifier")?
        .query_map([], |row| {
            let stand_in: Option<[u8; 16]> = row.get(1)?;
            Ok((column::uuid(row, 0)?, stand_in.map(Uuid::from_bytes)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Keeps those no longer.
pub(super) fn forget(connection: &Connection, rows: &[(Uuid, Option<Uuid>)]) -> Result<(), Failure> {
    for (patient, stand_in) in rows {
        connection.execute(
            "DELETE FROM erased_identifier WHERE patient = ?1 AND stand_in IS ?2",
            params![patient.as_bytes(), stand_in.map(Uuid::into_bytes)],
        )?;
    }
    Ok(())
}
