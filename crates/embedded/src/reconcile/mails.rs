//! Each notice in the register and each mail in the outbox has the entry of its disclosure, and vice versa.

use std::io::ErrorKind;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{Area, Cut, Found, Ratio, Tell, entry, found, message, time};
use crate::database::{Failure, unavailable};

pub(super) fn compare(
    connection: &Connection,
    cut: &Cut,
    outbox: &Path,
    tell: Tell<'_>,
) -> Result<Ratio, Failure> {
    let mut ratio = notices(connection, cut, tell)?;
    let mails = mails(connection, cut, outbox, tell)?;
    ratio.of += mails.of;
    ratio.have += mails.have;
    entries(connection, cut, tell)?;
    Ok(ratio)
}

fn place(notice: [u8; 16]) -> String {
    format!("notice {}", Uuid::from_bytes(notice))
}

/// A line of the register comes behind the entry, whatever became of it.
fn notices(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = Ratio::default();
    let mut select = connection.prepare(
        "SELECT n.id, n.reserved, n.message, EXISTS (SELECT 1 FROM told t WHERE t.notice = n.id),
                EXISTS (SELECT 1 FROM audited u JOIN entry e ON e.id = u.id
                        WHERE u.message = n.message AND e.recorded IS NULL)
         FROM state.notice n WHERE n.reserved <= ?1 AND n.reserved >= ?2 AND n.reserved < ?3 ORDER BY n.reserved, n.id",
    )?;
    let mut rows = select.query(params![cut.at, cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        if !row.get::<_, bool>(3)? && row.get(4)? {
            continue;
        }
        ratio.of += 1;
        if row.get(3)? {
            ratio.have += 1;
        } else {
            tell(Found {
                time: time(row.get(1)?),
                message: message(row.get(2)?),
                ..found(Area::Mails, "notice-without-entry", true, place(row.get(0)?))
            });
        }
    }
    Ok(ratio)
}

/// Mails in the folder: a mail program may have taken some away, and puts none there.
fn mails(connection: &Connection, cut: &Cut, outbox: &Path, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let mut ratio = Ratio::default();
    let trouble = |_| Failure::Port(unavailable(super::OPERATION, "the outbox cannot be read"));
    let files = match std::fs::read_dir(outbox) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(ratio),
        files => files.map_err(trouble)?,
    };
    let mut known = connection.prepare(
        "SELECT EXISTS (SELECT 1 FROM told WHERE notice = ?1), EXISTS (SELECT 1 FROM state.notice WHERE id = ?1),
                EXISTS (SELECT 1 FROM state.notice n JOIN audited u ON u.message = n.message
                        JOIN entry e ON e.id = u.id WHERE n.id = ?1 AND e.recorded IS NULL)",
    )?;
    for file in files {
        let file = file.map_err(trouble)?;
        let Some(at) = modified(&file) else { continue };
        if at > cut.at || at < cut.from || at >= cut.to {
            continue;
        }
        let name = file.file_name().into_string().unwrap_or_default();
        let notice = name.strip_suffix(".eml").and_then(|name| name.parse::<Uuid>().ok());
        let Some(notice) = notice else {
            ratio.of += 1;
            let at_place = String::from("outbox/ (a name that is not shown)");
            tell(Found { time: time(Some(at)), ..found(Area::Mails, "mail-without-entry", true, at_place) });
            continue;
        };
        let (told, lined, erased): (bool, bool, bool) =
            known.query_row([notice.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if !told && erased {
            continue;
        }
        ratio.of += 1;
        ratio.have += u64::from(told);
        let kind = match (told, lined) {
            (false, _) => "mail-without-entry",
            (true, false) => "mail-without-notice",
            (true, true) => continue,
        };
        let place = format!("outbox/{notice}.eml");
        tell(Found { time: time(Some(at)), ..found(Area::Mails, kind, true, place) });
    }
    Ok(ratio)
}

/// When a file was last changed, in microseconds; `None`: it has gone meanwhile.
fn modified(file: &std::fs::DirEntry) -> Option<i64> {
    let since = file.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok()
}

/// Disclosures of notices that no register has a line of: cut off before it was sent, or the line is gone.
fn entries(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT t.notice, e.recorded, e.message, e.id,
                EXISTS (SELECT 1 FROM erased x WHERE x.patient = e.patient AND e.recorded <= x.at),
                EXISTS (SELECT 1 FROM state.way w WHERE w.message = e.message),
                EXISTS (SELECT 1 FROM ended m WHERE m.message = e.message AND m.what IN ('notified', 'parked')
                        AND m.at >= e.recorded)
         FROM told t JOIN entry e ON e.idx = t.idx
         WHERE e.recorded >= ?1 AND e.recorded < ?2 AND e.recorded <= ?3
           AND NOT EXISTS (SELECT 1 FROM state.notice n WHERE n.id = t.notice) ORDER BY t.idx",
    )?;
    let mut rows = select.query(params![cut.from, cut.to, cut.at])?;
    while let Some(row) = rows.next()? {
        let (erased, known, ended): (bool, bool, bool) = (row.get(4)?, row.get(5)?, row.get(6)?);
        if erased {
            continue;
        }
        let difference = ended || !known;
        let kind = if difference { "entry-without-mail" } else { "announced-not-sent" };
        tell(Found {
            time: time(row.get(1)?),
            message: message(row.get(2)?),
            entry: entry(row.get(3)?),
            ..found(Area::Mails, kind, difference, place(row.get(0)?))
        });
    }
    Ok(())
}
