//! Under which keys the databases were written.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::KeyFiles;
use super::file::{LOG_SIGNING, fingerprint};
use crate::OpenError;
use crate::database::{connect_plain, connect_reader};

/// Compares the keys with those that a database remembers. When `note`, a key of which it remembers
/// nothing yet is noted.
pub(crate) fn check_fingerprints(
    folder: &Path,
    database: &'static str,
    files: &KeyFiles,
    note: bool,
) -> Result<(), OpenError> {
    let fault = |cause| OpenError::Database { file: database, cause };
    let path = folder.join(database);
    let connection = if note { connect_plain(&path) } else { connect_reader(&path) }.map_err(fault)?;
    for (key, fingerprint) in files.fingerprints() {
        let remembered = remembered(&connection, key).map_err(fault)?;
        match remembered {
            Some(remembered) if remembered == fingerprint => {}
            // The end of a rotation was cut off.
            Some(remembered) if files.next_fingerprint(key).is_some_and(|next| remembered == next) => {}
            Some(_) => return Err(OpenError::KeyReplaced { key, database }),
            None if note => {
                connection
                    .execute("INSERT INTO key_fingerprint VALUES (?1, ?2)", params![key, fingerprint])
                    .map_err(fault)?;
            }
            None => {}
        }
    }
    Ok(())
}

/// Lets a database remember another key that signs the log.
pub(crate) fn remember_log_key(
    folder: &Path,
    database: &'static str,
    key: &[u8; 32],
) -> Result<(), OpenError> {
    let fault = |cause| OpenError::Database { file: database, cause };
    let connection = connect_plain(&folder.join(database)).map_err(fault)?;
    connection
        .execute(
            "INSERT OR REPLACE INTO key_fingerprint VALUES (?1, ?2)",
            params![LOG_SIGNING, fingerprint(key)],
        )
        .map_err(fault)?;
    Ok(())
}

fn remembered(connection: &Connection, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .query_row("SELECT fingerprint FROM key_fingerprint WHERE key = ?1", [key], |row| row.get(0))
        .optional()
}
