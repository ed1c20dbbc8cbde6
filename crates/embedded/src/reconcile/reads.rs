//! What the store wrote down of its readings, against the entries that name them.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Area, Cut, Found, Ratio, Tell, entry, found, time};
use crate::database::Failure;
use crate::fhir::reading_digest;

/// What was read this shortly before the cut may not have its entry yet; and what was read this shortly before the
/// last sign of life of a process that did not stop in order may never have got so far.
const UNDER_WAY: i64 = 60_000_000;

pub(super) fn compare(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let first: i64 = connection
        .query_row("SELECT min(n) FROM fhir.reading", [], |row| row.get::<_, Option<i64>>(0))?
        .unwrap_or(cut.reading.saturating_add(1));
    missing(connection, cut, first, tell)?;
    let mut ratio = Ratio::default();
    let mut select = connection.prepare(
        "SELECT n, at, resources, digest FROM fhir.reading WHERE n <= ?1 AND at >= ?2 AND at < ?3 ORDER BY n",
    )?;
    let mut named = connection.prepare(
        "SELECT DISTINCT resource, version FROM named WHERE reading = ?1 ORDER BY resource, version",
    )?;
    let mut rows = select.query(params![cut.reading, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let (n, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let said: BTreeSet<(String, i64)> =
            named.query_map([n], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let kind = if said.is_empty() {
            match standing(connection, cut, at)? {
                Some(apart) => {
                    tell(Found { time: time(Some(at)), ..found(Area::Reads, apart, false, place(n)) });
                    continue;
                }
                None => Some("read-without-entry"),
            }
        } else {
            let same = said.len() as i64 == row.get::<_, i64>(2)?
                && reading_digest(&said) == row.get::<_, Vec<u8>>(3)?;
            (!same).then_some("read-differs")
        };
        ratio.of += 1;
        match kind {
            None => ratio.have += 1,
            Some(kind) => tell(Found { time: time(Some(at)), ..found(Area::Reads, kind, true, place(n)) }),
        }
    }
    entries_without(connection, cut, first, tell)?;
    Ok(ratio)
}

fn place(n: i64) -> String {
    format!("reading {n}")
}

/// Why a reading has no entry and nothing was shown: it is on its way, or its process died before it got so far. An
/// entry comes before an answer.
fn standing(connection: &Connection, cut: &Cut, at: i64) -> Result<Option<&'static str>, Failure> {
    let next: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT recorded, kind FROM entry WHERE kind IN ('ApplicationStart', 'ApplicationStop') AND recorded >= ?1
             ORDER BY recorded, idx LIMIT 1",
        )?
        .query_row([at], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((start, kind)) = next else {
        return Ok((at > cut.at.saturating_sub(UNDER_WAY)).then_some("under-way"));
    };
    if kind != "ApplicationStart" {
        return Ok(None);
    }
    let last: Option<i64> = connection.query_row(
        "SELECT max(coalesce((SELECT max(at) FROM fhir.reading WHERE at < ?1), 0),
                    coalesce((SELECT max(recorded) FROM entry WHERE recorded < ?1), 0))",
        [start],
        |row| row.get(0),
    )?;
    Ok((at > last.unwrap_or(0).saturating_sub(UNDER_WAY)).then_some("cut-off"))
}

/// Numbers that were given and stand no more.
fn missing(connection: &Connection, cut: &Cut, first: i64, tell: Tell<'_>) -> Result<(), Failure> {
    let mut expected = first;
    let mut select = connection.prepare("SELECT n FROM fhir.reading WHERE n <= ?1 ORDER BY n")?;
    let mut rows = select.query([cut.reading])?;
    let mut gap = |from: i64, to: i64| {
        let at = if from == to { place(from) } else { format!("readings {from} to {to}") };
        tell(found(Area::Reads, "reading-gone", true, at));
    };
    while let Some(row) = rows.next()? {
        let n: i64 = row.get(0)?;
        if n > expected {
            gap(expected, n - 1);
        }
        expected = n + 1;
    }
    if expected <= cut.reading {
        gap(expected, cut.reading);
    }
    Ok(())
}

/// Entries that name a reading that the store knows nothing of, as far back as it remembers.
fn entries_without(connection: &Connection, cut: &Cut, first: i64, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT e.id, e.recorded, d.reading FROM named d JOIN entry e ON e.idx = d.idx
         WHERE d.reading >= ?1 AND e.recorded >= ?2 AND e.recorded < ?3
           AND NOT EXISTS (SELECT 1 FROM fhir.reading r WHERE r.n = d.reading)
         GROUP BY d.idx, d.reading",
    )?;
    let mut rows = select.query(params![first, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        tell(Found {
            entry: entry(row.get(0)?),
            time: time(row.get(1)?),
            ..found(Area::Reads, "entry-without-read", true, place(row.get(2)?))
        });
    }
    Ok(())
}
