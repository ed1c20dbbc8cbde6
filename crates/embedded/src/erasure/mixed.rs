//! Finding that one file of a directory is older than the others: part of a backup was put back.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::erasure::Tombstone;

use super::{Erasures, register};
use crate::column;
use crate::database::Failure;

/// Why the files of a directory do not belong together, so that nobody can say what was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mixed {
    /// A file notes an erasure of which nothing else knows.
    #[error(
        "{file} notes the erasure {tombstone}, of which neither the log nor keys.db nor the file of tombstones knows: \
         they are older; put back the log and keys.db that belong to it, or the file of tombstones"
    )]
    Unknown {
        /// The file.
        file: &'static str,
        /// The erasure.
        tombstone: Uuid,
    },
    /// The key of a message was never made.
    #[error(
        "keys.db is older than state.db: it lacks the key of the message that was stored last; put back all files of \
         the directory from one backup"
    )]
    OlderKeys,
}

impl Erasures {
    /// Whether the files belong together, as far as erasures and keys tell it. `known`: the tombstones of the log and
    /// of the file beside the directory; those of `keys.db` are added.
    pub async fn mixed(&self, known: &[Tombstone]) -> Result<Option<Mixed>, PortError> {
        const OPERATION: &str = "erasure.mixed";
        let mut ids: HashSet<Uuid> = known.iter().map(|tombstone| tombstone.id).collect();
        ids.extend(self.tombstones().await?.iter().map(|tombstone| tombstone.id));
        for (file, database) in [("state.db", &self.state), ("fhir.db", &self.fhir)] {
            let noted = database.read(OPERATION, register::noted).await?;
            if let Some(tombstone) = noted.into_iter().find(|id| !ids.contains(id)) {
                return Ok(Some(Mixed::Unknown { file, tombstone }));
            }
        }
        let Some(key) = self.state.read(OPERATION, last_key).await? else { return Ok(None) };
        let stands = self.key_table.read(OPERATION, move |connection| is_known(connection, key)).await?;
        Ok((!stands).then_some(Mixed::OlderKeys))
    }
}

/// The key of the message that was stored last, of those whose content stands.
fn last_key(connection: &Connection) -> Result<Option<Uuid>, Failure> {
    let sql = "SELECT key FROM payload WHERE length(ciphertext) > 0 ORDER BY rowid DESC LIMIT 1";
    Ok(connection.query_row(sql, [], |row| column::uuid(row, 0)).optional()?)
}

/// Whether a key is or was in the table.
fn is_known(connection: &Connection, key: Uuid) -> Result<bool, Failure> {
    let stands = connection.prepare("SELECT 1 FROM data_key WHERE id = ?1")?.exists([key.as_bytes()])?;
    let gone = connection.prepare("SELECT 1 FROM tombstone WHERE id = ?1")?.exists([key.as_bytes()])?;
    Ok(stands || gone)
}
