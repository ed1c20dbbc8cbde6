//! What the store writes down of what it gives out to be shown, by itself: whoever shows it writes the log, and the
//! two are compared (`docs/reconciliation.md`).

use std::collections::BTreeSet;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use zorgsluis_domain::port::StoredResource;

use crate::database::Failure;

/// How long it is remembered: longer than anybody waits with a comparison, for the log itself is kept for years.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Old lines that are taken away for each new one.
const TAKEN_AWAY: i64 = 2;

/// Which versions of which resources: `Type/id` and version, each once.
pub(crate) type Given = BTreeSet<(String, i64)>;

/// What is given out.
pub(super) fn given<'r>(resources: impl IntoIterator<Item = &'r StoredResource>) -> Given {
    let one = |resource: &StoredResource| {
        (resource.key.to_string(), i64::try_from(resource.version).unwrap_or(i64::MAX))
    };
    resources.into_iter().map(one).collect()
}

/// Tells one set from another.
pub(crate) fn reading_digest(given: &Given) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for (resource, version) in given {
        context.update(format!("{resource} {version}\n").as_bytes());
    }
    context.finish().as_ref().to_vec()
}

/// Writes a reading down; its number.
pub(super) fn write_down(
    connection: &Connection,
    at: Timestamp,
    operation: &str,
    given: &Given,
) -> Result<i64, Failure> {
    connection
        .prepare_cached("INSERT INTO reading (at, operation, resources, digest) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            at.as_microsecond(),
            operation,
            i64::try_from(given.len()).unwrap_or(i64::MAX),
            reading_digest(given)
        ])?;
    let number = connection.last_insert_rowid();
    let before = at.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    connection
        .prepare_cached(
            "DELETE FROM reading WHERE at < ?1 AND n IN (SELECT n FROM reading ORDER BY n LIMIT ?2)",
        )?
        .execute(params![before.as_microsecond(), TAKEN_AWAY])?;
    Ok(number)
}
