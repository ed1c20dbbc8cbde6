//! [`rebuild`]: tiles and index anew, from the entries alone.

use std::fmt;

use crate::append::{describe_bundle, retrying};
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::error::{LogError, Step};
use crate::hash::Frontier;
use crate::index::{Describe, EntryIndex};
use crate::log::Log;
use crate::path::LogObject;
use crate::sign::VerifyingKey;
use crate::tile::{Edge, Tile};

/// What [`rebuild_with`] makes anew.
#[derive(Clone, Copy)]
pub struct RebuildOptions<'a> {
    /// The tiles.
    pub tiles: bool,
    /// The index, from empty.
    pub index: Option<(&'a dyn EntryIndex, &'a dyn Describe)>,
    /// Called after each bundle with the number of entries gone through so far.
    pub progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
}

impl fmt::Debug for RebuildOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RebuildOptions").field("tiles", &self.tiles).finish_non_exhaustive()
    }
}

/// [`rebuild_with`] all tiles, and the index, if one is given.
pub async fn rebuild(
    log: &Log,
    keys: &[VerifyingKey],
    index: Option<(&dyn EntryIndex, &dyn Describe)>,
) -> Result<u64, LogError> {
    rebuild_with(log, keys, &RebuildOptions { tiles: true, index, progress: None }).await
}

/// Writes all tiles anew, over what stands there, and fills the index, if one is given, from empty.
/// Returns the number of entries. Stopped half way, it can be done again from the beginning.
///
/// The entries must be whole and lead to the checkpoint that stands (if one does): what they say is
/// otherwise not to be spread, and an error comes back; the index is emptied only after that was found. No appender
/// may run while it is filled, for an index that is not complete cannot tell that an entry is already logged: the
/// caller sees to that, or the index itself ([`EntryIndex::reset`]). Where the storage keeps versions,
/// the bundles that were written first are the log, as in a verification.
pub async fn rebuild_with(
    log: &Log,
    keys: &[VerifyingKey],
    options: &RebuildOptions<'_>,
) -> Result<u64, LogError> {
    let index = options.index;
    let log = &log.first_written().await?;
    let checkpoint = log.checkpoint(keys).await?;
    let checkpoint = checkpoint.as_ref().map(SignedCheckpoint::checkpoint);
    if let Some((index, _)) = index {
        // Before anything is emptied.
        leads_to(log, checkpoint).await?;
        retrying(Step::ResetIndex, || index.reset()).await?;
    }
    let mut edge = Edge::new();
    let covered = checkpoint.map_or(0, |checkpoint| checkpoint.size);
    while let Some(bytes) = log.bundle_bytes(edge.frontier().size(), Step::Read).await? {
        let first = edge.frontier().size();
        let bundle = log.parse_bundle(&bytes, first)?;
        if bundle.before().as_ref() != Some(edge.frontier()) {
            return Err(LogError::ChainBroken { object: log.paths().bundle(first) });
        }
        if bundle.is_closing() {
            break;
        }
        for entry in bundle.entries() {
            if !edge.push(entry.leaf(), entry.leaf_hash()) {
                return Err(LogError::Full);
            }
            if edge.frontier().size() == covered {
                if checkpoint.is_some_and(|checkpoint| checkpoint.root != edge.frontier().root()) {
                    return Err(LogError::Inconsistent { size: covered });
                }
                for tile in edge.partials().iter().filter(|_| options.tiles) {
                    let key = log.paths().key(LogObject::Tile(tile.id));
                    log.put(&key, &tile.bytes, Step::WriteTiles).await?;
                }
            }
        }
        for tile in edge.take_finished().iter().filter(|_| options.tiles) {
            let key = log.paths().key(LogObject::Tile(tile.id));
            log.put(&key, &tile.bytes, Step::WriteTiles).await?;
            rewrite_partials(log, tile).await?;
        }
        if let Some((index, describe)) = index {
            let rows = describe_bundle(describe, &bytes, &bundle, Step::RecordFound).await?;
            retrying(Step::RecordFound, || index.record(&rows)).await?;
        }
        if let Some(progress) = options.progress {
            progress(edge.frontier().size());
        }
    }
    for tile in edge.partials().iter().filter(|_| options.tiles) {
        rewrite_partials(log, tile).await?;
    }
    if edge.frontier().size() < covered {
        return Err(LogError::Inconsistent { size: covered });
    }
    if let Some((index, _)) = index {
        retrying(Step::ResetIndex, || index.rebuilt()).await?;
    }
    Ok(edge.frontier().size())
}

/// Whether the entries are whole and lead to the checkpoint.
async fn leads_to(log: &Log, checkpoint: Option<&Checkpoint>) -> Result<(), LogError> {
    let mut tree = Frontier::new();
    let covered = checkpoint.map_or(0, |checkpoint| checkpoint.size);
    while let Some(bytes) = log.bundle_bytes(tree.size(), Step::Read).await? {
        let first = tree.size();
        let bundle = log.parse_bundle(&bytes, first)?;
        if bundle.before().as_ref() != Some(&tree) {
            return Err(LogError::ChainBroken { object: log.paths().bundle(first) });
        }
        if bundle.is_closing() {
            break;
        }
        for entry in bundle.entries() {
            if !entry.payload_matches() {
                return Err(LogError::PayloadAltered { index: entry.index() });
            }
            if !tree.push(entry.leaf_hash()) {
                return Err(LogError::Full);
            }
            if checkpoint.is_some_and(|head| head.size == tree.size() && head.root != tree.root()) {
                return Err(LogError::Inconsistent { size: covered });
            }
        }
    }
    if tree.size() < covered { Err(LogError::Inconsistent { size: covered }) } else { Ok(()) }
}

/// Writes the partial tiles that stand in the place of this tile anew.
async fn rewrite_partials(log: &Log, tile: &Tile) -> Result<(), LogError> {
    for key in log.partials(tile.id).await? {
        if let Some(LogObject::Tile(id)) = log.paths().object(&key)
            && let Some(bytes) = tile.part(id.width)
        {
            log.put(&key, bytes, Step::WriteTiles).await?;
        }
    }
    Ok(())
}
