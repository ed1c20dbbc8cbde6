//! [`rebuild`]: tiles and index anew, from the entries alone.

use crate::append::{describe_bundle, retrying};
use crate::checkpoint::SignedCheckpoint;
use crate::error::{LogError, Step};
use crate::index::{Describe, EntryIndex};
use crate::log::Log;
use crate::path::LogObject;
use crate::sign::VerifyingKey;
use crate::tile::{Edge, Tile};

/// Writes all tiles anew, over what stands there, and fills the index, if one is given, from empty.
/// Returns the number of entries.
///
/// The entries must be whole and lead to the checkpoint that stands (if one does): what they say is
/// otherwise not to be spread, and an error comes back. No appender may run while the index is filled,
/// for an index that is not complete cannot tell that an entry is already logged.
pub async fn rebuild(
    log: &Log,
    keys: &[VerifyingKey],
    index: Option<(&dyn EntryIndex, &dyn Describe)>,
) -> Result<u64, LogError> {
    let checkpoint = log.checkpoint(keys).await?;
    let checkpoint = checkpoint.as_ref().map(SignedCheckpoint::checkpoint);
    if let Some((index, _)) = index {
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
        for entry in bundle.entries() {
            if !edge.push(entry.leaf(), entry.leaf_hash()) {
                return Err(LogError::Full);
            }
            if edge.frontier().size() == covered {
                if checkpoint.is_some_and(|checkpoint| checkpoint.root != edge.frontier().root()) {
                    return Err(LogError::Inconsistent { size: covered });
                }
                for tile in edge.partials() {
                    let key = log.paths().key(LogObject::Tile(tile.id));
                    log.put(&key, &tile.bytes, Step::WriteTiles).await?;
                }
            }
        }
        for tile in edge.take_finished() {
            let key = log.paths().key(LogObject::Tile(tile.id));
            log.put(&key, &tile.bytes, Step::WriteTiles).await?;
            rewrite_partials(log, &tile).await?;
        }
        if let Some((index, describe)) = index {
            let rows = describe_bundle(describe, &bytes, &bundle, Step::RecordFound).await?;
            retrying(Step::RecordFound, || index.record(&rows)).await?;
        }
    }
    for tile in edge.partials() {
        rewrite_partials(log, &tile).await?;
    }
    if edge.frontier().size() < covered {
        return Err(LogError::Inconsistent { size: covered });
    }
    Ok(edge.frontier().size())
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
