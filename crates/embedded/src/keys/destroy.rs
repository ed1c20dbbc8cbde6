//! Destroying keys by more than their owner, and what is known of those destroyed.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::params;
use uuid::Uuid;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{DataClass, KeyOwner};

use super::SqliteKeys;
use crate::column;

/// Whose a key is that never protected anything.
const NOBODY: [u8; 32] = [0; 32];

impl SqliteKeys {
    /// The data keys of these owners, those that were destroyed included.
    pub(crate) async fn ids_of(
        &self,
        owners: &[KeyOwner],
        class: DataClass,
    ) -> Result<HashSet<[u8; 16]>, PortError> {
        let owners: Vec<_> = owners.iter().map(|owner| self.owner_name(owner)).collect();
        self.inner
            .table
            .read("keys.ids", move |connection| {
                let mut ids = HashSet::new();
                for sql in [
                    "SELECT id FROM data_key WHERE owner = ?1 AND class = ?2",
                    "SELECT id FROM tombstone WHERE owner = ?1 AND class = ?2",
                ] {
                    let mut select = connection.prepare(sql)?;
                    for owner in &owners {
                        for id in
                            select.query_map(params![owner, class.name()], |row| column::uuid(row, 0))?
                        {
                            ids.insert(id?.into_bytes());
                        }
                    }
                }
                Ok(ids)
            })
            .await
    }

    /// Destroys the keys of an owner that were made until a moment; all of them without one.
    pub(crate) async fn destroy_made_until(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        until: Option<Timestamp>,
    ) -> Result<u64, PortError> {
        const OPERATION: &str = "keys.destroy";
        let owner = self.owner_name(owner);
        let until = until.map_or(i64::MAX, Timestamp::as_microsecond);
        let now = self.inner.clock.now().as_microsecond();
        let destroyed = self
            .inner
            .table
            .write(OPERATION, move |connection| {
                connection.execute(
                    "INSERT OR IGNORE INTO tombstone (id, owner, class, destroyed)
                     SELECT id, owner, class, ?4 FROM data_key WHERE owner = ?1 AND class = ?2 AND made <= ?3",
                    params![owner, class.name(), until, now],
                )?;
                let destroyed = connection.execute(
                    "DELETE FROM data_key WHERE owner = ?1 AND class = ?2 AND made <= ?3",
                    params![owner, class.name(), until],
                )?;
                connection.execute("UPDATE generation SET value = value + 1", [])?;
                Ok(u64::try_from(destroyed).unwrap_or(u64::MAX))
            })
            .await?;
        // The wrapped key still stands in older pages of the write-ahead log.
        self.inner.table.truncate_wal(OPERATION).await?;
        Ok(destroyed)
    }

    /// Destroys these keys of one class, but none of the system's own.
    pub(crate) async fn destroy_by_id(&self, ids: &[Uuid], class: DataClass) -> Result<u64, PortError> {
        const OPERATION: &str = "keys.destroy";
        let (ids, system) = (ids.to_vec(), self.owner_name(&KeyOwner::System));
        let now = self.inner.clock.now().as_microsecond();
        let destroyed = self
            .inner
            .table
            .write(OPERATION, move |connection| {
                let mut destroyed = 0;
                for id in &ids {
                    let these = params![id.as_bytes(), class.name(), system, now];
                    connection.execute(
                        "INSERT OR IGNORE INTO tombstone (id, owner, class, destroyed)
                         SELECT id, owner, class, ?4 FROM data_key WHERE id = ?1 AND class = ?2 AND owner <> ?3",
                        these,
                    )?;
                    let sql = "DELETE FROM data_key WHERE id = ?1 AND class = ?2 AND owner <> ?3";
                    destroyed += connection.execute(sql, params![id.as_bytes(), class.name(), system])?;
                }
                connection.execute("UPDATE generation SET value = value + 1", [])?;
                Ok(u64::try_from(destroyed).unwrap_or(u64::MAX))
            })
            .await?;
        self.inner.table.truncate_wal(OPERATION).await?;
        Ok(destroyed)
    }

    /// Makes an id known as that of a key that was destroyed: what names it is erased.
    pub(crate) async fn destroyed(&self, id: Uuid, class: DataClass) -> Result<(), PortError> {
        let now = self.inner.clock.now().as_microsecond();
        self.inner
            .table
            .write("keys.destroyed", move |connection| {
                connection.execute(
                    "INSERT OR IGNORE INTO tombstone (id, owner, class, destroyed) VALUES (?1, ?2, ?3, ?4)",
                    params![id.as_bytes(), NOBODY, class.name(), now],
                )?;
                Ok(())
            })
            .await
    }
}
