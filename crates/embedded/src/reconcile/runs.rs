//! What the log says of the system itself: when it ran, and whether it was silent meanwhile.

use rusqlite::{Connection, params};

use super::{Area, Cut, Found, Tell, entry, found, time};
use crate::database::Failure;

/// Entries of several writers at one moment come into the log in any order; more than this is a clock that was set
/// back, or an entry that came long after what it tells of. In microseconds.
const OUT_OF_ORDER: i64 = 60_000_000;

/// A run of the system: from its start to its stop, or to the next start.
struct Run {
    start: i64,
    id: [u8; 16],
}

pub(super) fn compare(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    runs(connection, cut, tell)?;
    out_of_order(connection, cut, tell)
}

fn runs(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT recorded, id, kind = 'ApplicationStart' FROM entry
         WHERE kind IN ('ApplicationStart', 'ApplicationStop') ORDER BY idx",
    )?;
    let mut rows = select.query([])?;
    let mut running: Option<Run> = None;
    while let Some(row) = rows.next()? {
        let (at, id, starts): (i64, [u8; 16], bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let within = at >= cut.from && at < cut.to;
        let about = |kind, of: &str| Found {
            entry: entry(Some(id)),
            time: time(Some(at)),
            ..found(Area::Log, kind, false, String::from(of))
        };
        match (&running, starts) {
            (Some(_), true) if within => tell(about("crash", "a start, and no stop before it")),
            (None, false) if within => tell(about("stop-without-start", "a stop, and no start before it")),
            _ => {}
        }
        if let Some(run) = &running {
            silence(connection, cut, run, at, tell)?;
        }
        running = starts.then_some(Run { start: at, id });
    }
    match &running {
        Some(run) => silence(connection, cut, run, cut.at, tell),
        None => Ok(()),
    }
}

/// A run in which resources were written without an entry, and the log says nothing else either: its writer was
/// silenced. What an entry of an earlier run announced was cut off there, and done in this one.
fn silence(connection: &Connection, cut: &Cut, run: &Run, end: i64, tell: Tell<'_>) -> Result<(), Failure> {
    let (from, to) = (run.start.max(cut.from), end.min(cut.to));
    let said: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM entry WHERE recorded >= ?1 AND recorded < ?2
                        AND kind NOT IN ('ApplicationStart', 'ApplicationStop', 'LogContinued', 'LogRead',
                                         'LogVerify'))",
        params![from, to],
        |row| row.get(0),
    )?;
    if said {
        return Ok(());
    }
    let written: i64 = connection.query_row(
        "SELECT count(*) FROM unannounced WHERE at >= ?1 AND at < ?2",
        params![from, to],
        |row| row.get(0),
    )?;
    if written > 0 {
        let at = format!("a run with {written} versions written without an entry, and no other entry");
        tell(Found {
            time: time(Some(run.start)),
            entry: entry(Some(run.id)),
            ..found(Area::Log, "writer-silenced", true, at)
        });
    }
    Ok(())
}

fn out_of_order(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select =
        connection.prepare("SELECT idx, id, recorded FROM entry WHERE recorded IS NOT NULL ORDER BY idx")?;
    let mut rows = select.query([])?;
    let mut latest = i64::MIN;
    while let Some(row) = rows.next()? {
        let at: i64 = row.get(2)?;
        if at < latest.saturating_sub(OUT_OF_ORDER) && at >= cut.from && at < cut.to {
            let place = format!("entry {}", row.get::<_, i64>(0)?);
            tell(Found {
                entry: entry(row.get(1)?),
                time: time(Some(at)),
                ..found(Area::Log, "out-of-order", false, place)
            });
        }
        latest = latest.max(at);
    }
    Ok(())
}
