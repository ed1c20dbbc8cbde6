//! Each version of a provider, each wish of a patient and each erasure has its entry.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{Area, Cut, Found, Ratio, Tell, found, time};
use crate::database::Failure;

/// A wish and its entry are of one moment; of several who were merged, each has a line.
const ONE_MOMENT: i64 = 1_000;

pub(super) fn compare(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = Ratio::default();
    let mut told = |is: bool, kind, at: String, when: Option<i64>| {
        ratio.of += 1;
        ratio.have += u64::from(is);
        if !is {
            tell(Found { time: time(when), ..found(Area::Registers, kind, true, at) });
        }
    };
    let mut changes = connection
        .prepare("SELECT EXISTS (SELECT 1 FROM register_change WHERE object = ?1 AND version = ?2)")?;
    let mut select = connection.prepare(
        "SELECT provider, version, at FROM state.provider_version WHERE at <= ?1 AND at >= ?2 AND at < ?3
         ORDER BY provider, version",
    )?;
    let mut rows = select.query(params![cut.at, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let (provider, version) = (Uuid::from_bytes(row.get(0)?), row.get::<_, i64>(1)?);
        let object = format!("Provider/{provider}");
        let is = changes.query_row(params![object, version], |row| row.get(0))?;
        told(is, "change-without-entry", format!("{object} version {version}"), row.get(2)?);
    }
    let mut wishes =
        connection.prepare("SELECT EXISTS (SELECT 1 FROM wish WHERE at BETWEEN ?1 - ?2 AND ?1 + ?2)")?;
    let mut select = connection.prepare(
        "SELECT patient, at FROM state.opt_out WHERE at <= ?1 AND at >= ?2 AND at < ?3 ORDER BY n",
    )?;
    let mut rows = select.query(params![cut.at, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let (patient, at) = (Uuid::from_bytes(row.get(0)?), row.get::<_, i64>(1)?);
        let is = wishes.query_row(params![at, ONE_MOMENT], |row| row.get(0))?;
        told(is, "wish-without-entry", format!("opt-out of Patient/{patient}"), Some(at));
    }
    let mut select = connection.prepare(
        "SELECT t.id, t.at, EXISTS (SELECT 1 FROM entry e WHERE e.id = t.entry) FROM tombstone t
         WHERE t.at <= ?1 AND t.at >= ?2 AND t.at < ?3 ORDER BY t.at, t.id",
    )?;
    let mut rows = select.query(params![cut.at, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let at = format!("erasure {}", Uuid::from_bytes(row.get(0)?));
        told(row.get(2)?, "erasure-without-entry", at, row.get(1)?);
    }
    Ok(ratio)
}
