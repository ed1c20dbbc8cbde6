//! The resources about a patient in `fhir.db`.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::erasure::about::{
    INVOLUNTARY_CARE, SHARED, identifiers, is_about, patients_in, references,
};

use super::damaged;
use crate::database::Failure;

/// The resources about a patient.
#[derive(Default)]
pub(super) struct Resources {
    pub(super) rids: Vec<i64>,
    /// `Type/id` of each.
    pub(super) names: HashSet<String>,
    /// Those that name the patient and are about another one.
    pub(super) left: Vec<String>,
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

/// What the versions of one resource say of the patient.
#[derive(Default)]
struct Mention {
    name: String,
    mine: bool,
    others: bool,
    /// What the last version says.
    about_mine: bool,
    /// The versions that were about the patient.
    versions: Vec<i64>,
    involuntary_care: bool,
    last_updated: i64,
}

/// All versions of everything are read: what was deleted, or names the patient no longer, is found by no search.
pub(super) fn about(
    connection: &Connection,
    patients: &HashSet<String>,
    involuntary_care: bool,
) -> Result<Resources, Failure> {
    let mut found = Resources::default();
    let mut mentions: HashMap<i64, Mention> = HashMap::new();
    let mut born = i64::MIN;
    each_version(connection, |version| {
        let (mine, others) = patients_in(version.json, patients);
        let is_patient = version.kind == "Patient";
        let is_mine = is_patient && patients.contains(version.id);
        let new = || Mention { name: format!("{}/{}", version.kind, version.id), ..Mention::default() };
        if !(mine || is_mine || others) {
            // Deletions are versions too: their time counts when the resource is the patient's.
            if let Some(mention) = mentions.get_mut(&version.rid) {
                mention.last_updated = mention.last_updated.max(version.last_updated);
            }
            return Ok(());
        }
        let mention = mentions.entry(version.rid).or_insert_with(new);
        mention.last_updated = mention.last_updated.max(version.last_updated);
        mention.others |= others || (is_patient && !is_mine);
        mention.mine |= mine || is_mine;
        mention.about_mine = is_mine;
        if mine || is_mine {
            mention.involuntary_care |= version.json.contains(INVOLUNTARY_CARE);
            let value: Value = serde_json::from_str(version.json).unwrap_or_default();
            mention.about_mine |= !is_patient && is_about(&value, patients);
            if mention.about_mine {
                mention.versions.push(version.rowid);
            }
            if is_mine {
                identifiers(&value, &mut found.identifiers);
                let birth = value.get("birthDate").and_then(Value::as_str);
                if birth.is_some() && version.last_updated >= born {
                    (found.birth, born) = (birth.map(str::to_owned), version.last_updated);
                }
            }
        }
        Ok(())
    })?;
    for (rid, mention) in mentions.into_iter().filter(|(_, mention)| mention.mine) {
        if mention.others && !mention.about_mine {
            if !involuntary_care {
                found.versions.extend(mention.versions);
            }
            found.left.push(mention.name);
        } else {
            found.involuntary_care += u64::from(mention.involuntary_care);
            if !involuntary_care || mention.involuntary_care {
                found.last_updated = found.last_updated.max(Some(mention.last_updated));
                found.rids.push(rid);
                found.names.insert(mention.name);
            }
        }
    }
    found.left.sort();
    with_what_is_about_them(connection, found)
}

/// Adds what names no patient but one of these resources: the Provenance of a document, say.
fn with_what_is_about_them(connection: &Connection, mut found: Resources) -> Result<Resources, Failure> {
    let mut new: HashSet<String> = found.names.clone();
    while !new.is_empty() {
        let mut more: HashMap<i64, (String, i64)> = HashMap::new();
        each_version(connection, |version| {
            if SHARED.contains(&version.kind) || version.json.contains("\"Patient/") {
                return Ok(());
            }
            let named = references(version.json).any(|reference| new.contains(reference));
            let name = format!("{}/{}", version.kind, version.id);
            if named && !found.names.contains(&name) {
                let entry = more.entry(version.rid).or_insert((name, version.last_updated));
                entry.1 = entry.1.max(version.last_updated);
            }
            Ok(())
        })?;
        new.clear();
        for (rid, (name, last_updated)) in more {
            found.last_updated = found.last_updated.max(Some(last_updated));
            found.rids.push(rid);
            new.insert(name.clone());
            found.names.insert(name);
        }
    }
    Ok(found)
}

struct Version<'a> {
    rid: i64,
    kind: &'a str,
    id: &'a str,
    last_updated: i64,
    json: &'a str,
    rowid: i64,
}

fn each_version(
    connection: &Connection,
    mut with: impl FnMut(&Version<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT v.rid, r.type, r.id, v.last_updated, v.json, v.rowid FROM resource_version v
         JOIN resource r ON r.rid = v.rid ORDER BY v.rowid",
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
