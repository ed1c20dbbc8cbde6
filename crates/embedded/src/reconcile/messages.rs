//! Each message that came in was taken in or refused, each dead letter has its refusal, each entry that the journal
//! names stands in the log, and vice versa.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{Area, Cut, Found, Ratio, Tell, count, entry, found, message, time};
use crate::database::Failure;

/// A message of which an entry was erased, or that was destroyed itself.
const ERASED: &str = "(EXISTS (SELECT 1 FROM audited u JOIN entry e ON e.id = u.id
    WHERE u.message = w.message AND e.recorded IS NULL)
    OR EXISTS (SELECT 1 FROM state.payload p JOIN tombstone t ON t.id = p.key WHERE p.message = w.message))";

pub(super) fn compare(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = messages(connection, cut, tell)?;
    let letters = letters(connection, cut, tell)?;
    ratio.of += letters.of;
    ratio.have += letters.have;
    entries_gone(connection, cut, tell)?;
    entries_without(connection, cut, tell)?;
    Ok(ratio)
}

fn place(bytes: [u8; 16]) -> String {
    format!("message {}", Uuid::from_bytes(bytes))
}

fn messages(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = Ratio::default();
    let entry_of = |kind: &str| {
        format!("EXISTS (SELECT 1 FROM entry e WHERE e.message = w.message AND e.kind = '{kind}')")
    };
    let ended = |what: &str| {
        format!("EXISTS (SELECT 1 FROM ended m WHERE m.message = w.message AND m.what = '{what}')")
    };
    let mut select = connection.prepare(&format!(
        "SELECT w.message, w.first_at, {}, {}, {}, {}, {ERASED},
                EXISTS (SELECT 1 FROM state.payload p WHERE p.message = w.message)
         FROM state.way w WHERE w.first_at <= ?1 AND w.first_at >= ?2 AND w.first_at < ?3
         ORDER BY w.first_at, w.message",
        ended("applied"),
        ended("parked"),
        entry_of("Import"),
        entry_of("Refusal"),
    ))?;
    let mut rows = select.query(params![cut.at, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let (applied, parked): (bool, bool) = (row.get(2)?, row.get(3)?);
        let (import, refusal): (bool, bool) = (row.get(4)?, row.get(5)?);
        let (erased, payload): (bool, bool) = (row.get(6)?, row.get(7)?);
        let tell_of = |tell: Tell<'_>, kind, difference| -> Result<(), Failure> {
            let about = found(Area::Messages, kind, difference, place(row.get(0)?));
            tell(Found { time: time(row.get(1)?), message: message(row.get(0)?), ..about });
            Ok(())
        };
        if erased {
            continue;
        }
        if !applied && !parked {
            tell_of(tell, "waiting", false)?;
            continue;
        }
        ratio.of += 1;
        if (!applied || import) && (!parked || refusal) {
            ratio.have += 1;
        } else {
            tell_of(tell, "message-without-entry", true)?;
        }
        let destroyed = || -> Result<bool, Failure> {
            Ok(connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM entry e JOIN erased x ON x.patient = e.patient
                                WHERE e.message = ?1 AND e.recorded <= x.at)",
                [row.get::<_, [u8; 16]>(0)?],
                |row| row.get(0),
            )?)
        };
        if !payload && !destroyed()? {
            tell_of(tell, "message-gone", true)?;
        }
    }
    Ok(ratio)
}

fn letters(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = Ratio::default();
    let mut select = connection.prepare(&format!(
        "SELECT w.message, w.received,
                EXISTS (SELECT 1 FROM entry e WHERE e.message = w.message AND e.kind = 'Refusal')
         FROM state.dead_letter w WHERE w.received >= ?1 AND w.received < ?2 AND NOT {ERASED}"
    ))?;
    let mut rows = select.query(params![cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let refusal: bool = row.get(2)?;
        ratio.of += 1;
        ratio.have += u64::from(refusal);
        if !refusal {
            let at = format!("dead letter {}", Uuid::from_bytes(row.get(0)?));
            let about = found(Area::Messages, "letter-without-entry", true, at);
            tell(Found { time: time(row.get(1)?), message: message(row.get(0)?), ..about });
        }
    }
    Ok(ratio)
}

/// Entries that the journal names and the log has not: the log was taken back to an older state.
fn entries_gone(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT u.message, u.id, u.at FROM audited u WHERE u.at >= ?1 AND u.at < ?2
           AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = u.id) ORDER BY u.at, u.id",
    )?;
    let mut rows = select.query(params![cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let about = found(Area::Messages, "entry-gone", true, place(row.get(0)?));
        tell(Found {
            time: time(row.get(2)?),
            message: message(row.get(0)?),
            entry: entry(row.get(1)?),
            ..about
        });
    }
    Ok(())
}

/// Messages that the log says were taken in or set aside, and of which nothing is stored.
fn entries_without(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT e.message, min(e.recorded), e.id FROM entry e
         WHERE e.kind IN ('Import', 'Refusal') AND e.message IS NOT NULL AND e.stage = 'applied'
           AND e.recorded >= ?1 AND e.recorded < ?2 AND e.recorded <= ?3
           AND NOT EXISTS (SELECT 1 FROM state.way w WHERE w.message = e.message)
           AND NOT EXISTS (SELECT 1 FROM state.payload p WHERE p.message = e.message)
           AND NOT EXISTS (SELECT 1 FROM erased x WHERE x.patient = e.patient AND e.recorded <= x.at)
         GROUP BY e.message",
    )?;
    let mut rows = select.query(params![cut.from, cut.to, cut.at])?;
    while let Some(row) = rows.next()? {
        let about = found(Area::Messages, "entry-without-message", true, place(row.get(0)?));
        tell(Found {
            time: time(row.get(1)?),
            message: message(row.get(0)?),
            entry: entry(row.get(2)?),
            ..about
        });
    }
    let waiting: i64 = connection.query_row(
        "SELECT count(*) FROM state.payload p WHERE p.received <= ?1
           AND NOT EXISTS (SELECT 1 FROM state.way w WHERE w.message = p.message)",
        [cut.at],
        |row| row.get(0),
    )?;
    if count(waiting) > 0 {
        let at = format!("{waiting} stored, which the sweep will queue");
        tell(found(Area::Messages, "waiting", false, at));
    }
    Ok(())
}
