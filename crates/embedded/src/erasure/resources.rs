//! The resources about a patient in `fhir.db`.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;
use zorgsluis_domain::erasure::about::{identifiers, patients_named};

use super::damaged;
use crate::database::Failure;

/// Whose resources are looked for: one person with all numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) patients: HashSet<String>,
    /// Only records of involuntary care.
    pub(super) involuntary_care: bool,
}

/// The resources about a patient.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub(super) rids: Vec<i64>,
    /// `Type/id` of each.
    pub(super) names: HashSet<String>,
    /// Those that name the patient, or what is about them, and are about another one.
    pub(super) left: BTreeSet<String>,
    /// Earlier versions about the patient (row ids) of resources that are about another one by now.
    pub(super) versions: Vec<i64>,
    /// When one of them was written last.
    pub(super) last_updated: Option<i64>,
    pub(super) involuntary_care: u64,
    /// `birthDate` of the version written last.
    pub(super) birth: Option<String>,
    /// Every identifier that a Patient resource ever had.
    pub(super) identifiers: BTreeSet<(String, String)>,
}

/// One version of a resource.
pub(super) struct Version<'a> {
    pub(super) rid: i64,
    pub(super) kind: &'a str,
    pub(super) id: &'a str,
    pub(super) last_updated: i64,
    pub(super) json: &'a str,
    pub(super) rowid: i64,
}

/// All versions of everything, those of one resource together and in their order: what was deleted, or names a patient
/// no longer, is found by no search.
pub(super) fn each_version(
    connection: &Connection,
    mut with: impl FnMut(&Version<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT v.rid, r.type, r.id, v.last_updated, v.json, v.rowid FROM resource_version v
         JOIN resource r ON r.rid = v.rid ORDER BY v.rid, v.version",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column: usize| -> Result<&str, Failure> {
            let bytes = row.get_ref(column)?.as_bytes().map_err(|_| damaged("not a resource"))?;
            std::str::from_utf8(bytes).map_err(|_| damaged("not UTF-8"))
        };
        with(&Version {
            rid: row.get(0)?,
            kind: text(1)?,
            id: text(2)?,
            last_updated: row.get(3)?,
            json: text(4)?,
            rowid: row.get(5)?,
        })?;
    }
    Ok(())
}

/// The identifiers of all Patient resources that stand.
pub(super) fn all_identifiers(connection: &Connection) -> Result<BTreeSet<(String, String)>, Failure> {
    let mut statement = connection.prepare(
        "SELECT v.json FROM resource r JOIN resource_version v ON v.rid = r.rid AND v.version = r.version
         WHERE r.type = 'Patient' AND r.deleted = 0",
    )?;
    let mut rows = statement.query([])?;
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let json = row.get_ref(0)?.as_bytes().map_err(|_| damaged("not a resource"))?;
        identifiers(&serde_json::from_slice(json).unwrap_or_default(), &mut found);
    }
    Ok(found)
}

/// Which of these identifiers a Patient resource of somebody else has, too: two persons kept apart under one number.
pub(super) fn elsewhere(
    connection: &Connection,
    asked: &HashSet<String>,
    identifiers: &BTreeSet<(String, String)>,
) -> Result<BTreeSet<(String, String)>, Failure> {
    let mut holders = connection.prepare(
        "SELECT r.id FROM search_key k JOIN resource r ON r.rid = k.rid
         WHERE k.param = 'Patient.identifier' AND k.value = ?1 AND r.type = 'Patient' AND r.deleted = 0",
    )?;
    let mut found = BTreeSet::new();
    for (system, value) in identifiers {
        let ids = holders.query_map([format!("{system}|{value}")], |row| row.get::<_, String>(0))?;
        for id in ids {
            if !asked.contains(&id?) {
                found.insert((system.clone(), value.clone()));
            }
        }
    }
    Ok(found)
}

/// Those of these resources (`Type/id`) of which the version that stands is about nobody else than these patients, or
/// that stand no more.
pub(super) fn not_about_others(
    connection: &Connection,
    asked: &HashSet<String>,
    names: Vec<String>,
) -> Result<Vec<String>, Failure> {
    let mut kept = Vec::with_capacity(names.len());
    for name in names {
        if !is_about_others(connection, &name, asked)? {
            kept.push(name);
        }
    }
    Ok(kept)
}

/// Whether the version of a resource that stands names a patient, and none of these.
pub(super) fn is_about_others(
    connection: &Connection,
    name: &str,
    asked: &HashSet<String>,
) -> Result<bool, Failure> {
    let Some((kind, id)) = name.split_once('/') else { return Ok(false) };
    let json: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT v.json FROM resource r JOIN resource_version v ON v.rid = r.rid AND v.version = r.version
             WHERE r.type = ?1 AND r.id = ?2",
        )?
        .query_row([kind, id], |row| row.get(0))
        .optional()?;
    let json = json.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let mut named = patients_named(&json).peekable();
    if kind == "Patient" {
        return Ok(!json.is_empty() && !asked.contains(id));
    }
    Ok(named.peek().is_some() && !named.any(|patient| asked.contains(patient)))
}

/// Those of these patients of whom no resource stands.
pub(super) fn gone(connection: &Connection, patients: &[Uuid]) -> Result<HashSet<String>, Failure> {
    let mut stands =
        connection.prepare("SELECT 1 FROM resource WHERE type = 'Patient' AND id = ?1 AND deleted = 0")?;
    let mut gone = HashSet::new();
    for patient in patients.iter().map(Uuid::to_string) {
        if !stands.exists([&patient])? {
            gone.insert(patient);
        }
    }
    Ok(gone)
}

pub(super) fn erase(connection: &Connection, resources: &Resources) -> Result<(), Failure> {
    for version in &resources.versions {
        connection.prepare_cached("DELETE FROM resource_version WHERE rowid = ?1")?.execute([version])?;
    }
    for rid in &resources.rids {
        for sql in [
            "DELETE FROM search_key WHERE rid = ?1",
            "DELETE FROM search_string WHERE rid = ?1",
            "DELETE FROM search_date WHERE rid = ?1",
            "DELETE FROM resource_version WHERE rid = ?1",
            "DELETE FROM resource WHERE rid = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([rid])?;
        }
    }
    Ok(())
}

/// The live patients themselves whose own resource was not changed since; what is about them is looked at one by one.
pub(super) fn unchanged_since(connection: &Connection, before: i64) -> Result<Vec<Uuid>, Failure> {
    let ids: Vec<String> = connection
        .prepare("SELECT id FROM resource WHERE type = 'Patient' AND deleted = 0 AND last_updated < ?1 ORDER BY id")?
        .query_map([before], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}
