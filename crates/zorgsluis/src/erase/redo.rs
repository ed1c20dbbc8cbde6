//! Destroying again what a backup brought back, and completing what was cut off.

use zorgsluis_domain::erasure::Tombstone;

use super::Work;
use crate::failure::Failure;

/// What was destroyed again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redone {
    /// How many erasures that were.
    pub(crate) erasures: usize,
    /// Whether the files were written anew; otherwise the next start tries again.
    pub(crate) scrubbed: bool,
}

impl Work {
    /// Completes what was cut off, and destroys again what an older copy of the directory, or of one of its files,
    /// brought back. Whoever serves data calls it first.
    pub(crate) async fn redo(&self) -> Result<Redone, Failure> {
        let mut known = self.stores.tombstones.read().await.map_err(Failure::wrong)?;
        // The index may be an older copy, which does not lead to the tombstones in the log.
        if let Some((_, writer)) = &self.local {
            writer.catch_up().await.map_err(Failure::wrong)?;
        }
        let logged = self.log().erasures().await.map_err(Failure::wrong)?;
        let told =
            logged.iter().flat_map(|entry| &entry.objects).filter_map(|object| object.description.as_deref());
        let mut more: Vec<Tombstone> = told.filter_map(Tombstone::parse).collect();
        more.extend(self.tombstones().await?);
        for tombstone in more {
            if !known.iter().any(|standing| standing.id == tombstone.id) {
                known.push(tombstone);
            }
        }
        known.sort_by_key(|tombstone| (tombstone.at, tombstone.id));
        if let Some(why) = self.erasures().mixed(&known).await.map_err(Failure::wrong)? {
            return Err(Failure::wrong(why));
        }
        if !self.only_looks {
            self.erasures().complete_identifiers().await.map_err(Failure::wrong)?;
        }
        let pending = self.erasures().pending(&known).await.map_err(Failure::wrong)?;
        if pending.is_empty() || self.only_looks {
            return Ok(Redone { erasures: 0, scrubbed: true });
        }
        for tombstone in &pending {
            // The log may be an older copy too: the same entry, under the same id.
            let entry = self.tombstone_entry(tombstone)?;
            self.stores.sink.record(&[entry]).await.map_err(Failure::wrong)?;
            self.stores.tombstones.add(tombstone).await.map_err(Failure::wrong)?;
        }
        self.destroy(&pending).await?;
        let scrubbed = self.scrub(&pending).await?;
        Ok(Redone { erasures: pending.len(), scrubbed })
    }
}
