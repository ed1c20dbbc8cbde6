//! Each version of each resource has an entry that announced it, and nothing that was announced and done is gone.

use rusqlite::{Connection, params};

use super::{Area, Cut, Found, Ratio, Tell, count, entry, found, message, shown, time};
use crate::database::Failure;

/// Versions of one resource, missing and never announced, that are listed one by one.
const LISTED: i64 = 100;

/// How long before a version the entry about it may stand, by its id, of which nothing is left but that.
const ERASED_WITHIN: i64 = 3_600_000_000;

pub(super) fn compare(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<Ratio, Failure> {
    let of: i64 = connection.query_row(
        "SELECT count(*) FROM fhir.resource_version WHERE rowid <= ?1 AND last_updated >= ?2 AND last_updated < ?3",
        params![cut.version, cut.from, cut.to],
        |row| row.get(0),
    )?;
    let (without, erased) = without_entry(connection, cut, tell)?;
    gaps(connection, cut, tell)?;
    gone(connection, cut, tell)?;
    announced(connection, cut, tell)?;
    let of = count(of).saturating_sub(erased);
    Ok(Ratio { of, have: of.saturating_sub(without) })
}

fn version_of(resource: &str, version: i64) -> String {
    format!("{} version {version}", shown(resource))
}

/// Versions that no entry announced. What was told of a ward or a physician in the entry about a patient, and went
/// with it when it was erased, is no difference.
fn without_entry(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(u64, u64), Failure> {
    let mut select = connection.prepare(
        "SELECT coalesce(r.type || '/' || r.id, ''), v.version, v.last_updated, v.rid,
                r.type IN ('Practitioner', 'PractitionerRole', 'Organization', 'Location', 'HealthcareService',
                           'Medication', 'Device', 'Schedule', 'Slot')
                AND EXISTS (SELECT 1 FROM entry e WHERE e.recorded IS NULL
                            AND e.told_at BETWEEN v.last_updated - ?4 AND v.last_updated + 1000)
         FROM fhir.resource_version v LEFT JOIN fhir.resource r ON r.rid = v.rid
         WHERE v.rowid <= ?1 AND v.last_updated >= ?2 AND v.last_updated < ?3 AND NOT EXISTS
           (SELECT 1 FROM announced a WHERE a.resource = r.type || '/' || r.id AND a.version = v.version)",
    )?;
    let mut rows = select.query(params![cut.version, cut.from, cut.to, ERASED_WITHIN])?;
    let (mut without, mut erased_ones) = (0, 0);
    while let Some(row) = rows.next()? {
        let resource: String = row.get(0)?;
        let erased: bool = row.get::<_, Option<bool>>(4)?.unwrap_or(false);
        without += u64::from(!erased);
        if !erased {
            connection
                .prepare_cached("INSERT INTO unannounced (at) VALUES (?1)")?
                .execute([row.get::<_, i64>(2)?])?;
        }
        erased_ones += u64::from(erased);
        let at = if resource.is_empty() {
            let (version, rid): (i64, i64) = (row.get(1)?, row.get(3)?);
            format!("fhir.db, version {version} of a resource that is gone (row {rid})")
        } else {
            version_of(&resource, row.get(1)?)
        };
        let kind = if erased { "entry-erased" } else { "write-without-entry" };
        tell(Found { time: time(row.get(2)?), ..found(Area::Writes, kind, !erased, at) });
    }
    Ok((without, erased_ones))
}

/// Versions that are missing between others, and a current version that is none of those that stand; but for those
/// that were announced, which [`announced`] tells of.
fn gaps(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT r.type || '/' || r.id, g.rid, g.last FROM
           (SELECT rid, max(version) AS last FROM fhir.resource_version WHERE rowid <= ?1
            GROUP BY rid HAVING count(*) <> max(version)) g
         JOIN fhir.resource r ON r.rid = g.rid",
    )?;
    let mut missing = connection.prepare(
        "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < ?2)
         SELECT v FROM n
         WHERE NOT EXISTS (SELECT 1 FROM fhir.resource_version x WHERE x.rid = ?1 AND x.version = v)
           AND NOT EXISTS (SELECT 1 FROM announced a WHERE a.resource = ?4 AND a.version = v) LIMIT ?3",
    )?;
    let mut rows = select.query([cut.version])?;
    while let Some(row) = rows.next()? {
        let (resource, rid, last): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut versions = missing.query(params![rid, last, LISTED, resource])?;
        while let Some(version) = versions.next()? {
            let at = version_of(&resource, version.get(0)?);
            tell(found(Area::Writes, "version-missing", true, at));
        }
    }
    // One statement sees one state: a write at this moment cannot come between the two.
    let mut select = connection.prepare(
        "SELECT r.type || '/' || r.id, r.version FROM fhir.resource r WHERE r.version <>
           coalesce((SELECT max(v.version) FROM fhir.resource_version v WHERE v.rid = r.rid), 0)
           AND NOT EXISTS (SELECT 1 FROM announced a WHERE a.resource = r.type || '/' || r.id AND a.version = r.version)",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let at = version_of(&row.get::<_, String>(0)?, row.get(1)?);
        tell(found(Area::Writes, "current-version-differs", true, at));
    }
    Ok(())
}

/// Resources that a message created or changed, as the journal says, and that do not stand at all.
fn gone(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT d.resource, d.message, d.at FROM done d
         WHERE d.changed AND d.at >= ?1 AND d.at < ?2
           AND NOT EXISTS (SELECT 1 FROM fhir.resource r WHERE r.type = substr(d.resource, 1, instr(d.resource, '/') - 1)
                           AND r.id = substr(d.resource, instr(d.resource, '/') + 1))
           AND NOT EXISTS (SELECT 1 FROM announced a JOIN entry e ON e.idx = a.idx JOIN erased x ON x.patient = e.patient
                           WHERE a.resource = d.resource AND e.recorded <= x.at)
           AND NOT EXISTS (SELECT 1 FROM audited u JOIN entry e ON e.id = u.id
                           WHERE u.message = d.message AND e.recorded IS NULL)
         GROUP BY d.resource HAVING d.at = max(d.at)",
    )?;
    let mut rows = select.query(params![cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let resource: String = row.get(0)?;
        tell(Found {
            time: time(row.get(2)?),
            message: message(row.get(1)?),
            ..found(Area::Writes, "resource-gone", true, shown(&resource).to_owned())
        });
    }
    Ok(())
}

/// Versions that were announced and do not stand: cut off by a crash, overtaken by another plan, erased, or gone.
fn announced(connection: &Connection, cut: &Cut, tell: Tell<'_>) -> Result<(), Failure> {
    let mut select = connection.prepare(
        "SELECT a.resource, a.version, e.recorded, e.message, e.id,
                EXISTS (SELECT 1 FROM erased x WHERE x.patient = e.patient AND e.recorded <= x.at),
                EXISTS (SELECT 1 FROM ended m WHERE m.message = e.message AND m.what IN (e.stage, 'parked')
                        AND m.at >= e.recorded),
                EXISTS (SELECT 1 FROM done d WHERE d.message = e.message AND d.resource = a.resource AND d.changed),
                EXISTS (SELECT 1 FROM announced o JOIN entry f ON f.idx = o.idx
                        JOIN fhir.resource r ON r.type || '/' || r.id = o.resource
                        JOIN fhir.resource_version v ON v.rid = r.rid AND v.version = o.version
                        WHERE o.resource = a.resource AND f.message = e.message AND r.type =
                              substr(a.resource, 1, instr(a.resource, '/') - 1)
                          AND r.id = substr(a.resource, instr(a.resource, '/') + 1)),
                r.rid IS NOT NULL, coalesce(r.version >= a.version, 0)
         FROM announced a JOIN entry e ON e.idx = a.idx
         LEFT JOIN fhir.resource r ON r.type = substr(a.resource, 1, instr(a.resource, '/') - 1)
              AND r.id = substr(a.resource, instr(a.resource, '/') + 1)
         LEFT JOIN fhir.resource_version v ON v.rid = r.rid AND v.version = a.version
         WHERE v.rid IS NULL AND e.recorded >= ?1 AND e.recorded < ?2
         ORDER BY a.idx",
    )?;
    let mut rows = select.query(params![cut.from, cut.to])?;
    while let Some(row) = rows.next()? {
        let (erased, ended, done, other, stands): (bool, bool, bool, bool, bool) =
            (row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?);
        // There is a later one, so there was this one.
        let reached: bool = row.get(10)?;
        // A resource that is gone as a whole is told of once, by `gone`.
        if erased || (done && !other && !stands) {
            continue;
        }
        let (kind, difference) = match (ended, reached || (done && !other)) {
            (_, true) => ("write-gone", true),
            (true, false) => ("overtaken", false),
            (false, false) => ("announced-not-done", false),
        };
        tell(Found {
            time: time(row.get(2)?),
            message: message(row.get(3)?),
            entry: entry(row.get(4)?),
            ..found(Area::Writes, kind, difference, version_of(&row.get::<_, String>(0)?, row.get(1)?))
        });
    }
    Ok(())
}
