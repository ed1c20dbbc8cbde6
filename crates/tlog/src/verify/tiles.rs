//! Tiles against what the entries give.

use super::{Code, Finding, Run};
use crate::error::{LogError, Step};
use crate::path::{LogObject, TILE_WIDTH, TileId, TileKind};
use crate::tile::{Edge, MAX_HASH_TILE, MAX_LEAF_TILE, Tile};

impl Run<'_> {
    /// Compares the tile in this place, and all partial tiles there, with what the entries give.
    pub(super) async fn check_tile(&mut self, tile: &Tile) -> Result<(), LogError> {
        if tile.id.width == TILE_WIDTH {
            let needed = tile.id.end().is_some_and(|end| end <= self.covered);
            self.compare(tile, tile.id, needed).await?;
        }
        let mut needed = Edge::partial_ids(self.covered)
            .into_iter()
            .find(|id| id.kind == tile.id.kind && id.n == tile.id.n && id.width <= tile.id.width);
        for key in self.log.partials(tile.id).await? {
            // Other keys have been named by the listing of all objects.
            if let Some(LogObject::Tile(id)) = self.log.paths().object(&key)
                && id.width <= tile.id.width
            {
                needed = needed.filter(|needed| *needed != id);
                self.compare(tile, id, false).await?;
            }
        }
        if let Some(id) = needed {
            self.findings.add(Code::TileMissing, Some(self.log.paths().key(LogObject::Tile(id))), None);
        }
        Ok(())
    }

    async fn compare(&mut self, tile: &Tile, id: TileId, needed: bool) -> Result<(), LogError> {
        let key = self.log.paths().key(LogObject::Tile(id));
        let limit = if id.kind == TileKind::Leaves { MAX_LEAF_TILE } else { MAX_HASH_TILE };
        let same = match self.log.get(&key, limit, Step::Read).await {
            Ok(Some(object)) => tile.part(id.width) == Some(&*object.bytes),
            Ok(None) => {
                if needed {
                    self.findings.add(Code::TileMissing, Some(key), None);
                }
                return Ok(());
            }
            Err(error) => {
                let Some(detail) = error.of_one_object() else { return Err(error) };
                let (code, object) = (Code::TileDiffers, Some(key));
                self.findings.push(Finding { code, object, index: None, detail: Some(detail) });
                return Ok(());
            }
        };
        if !same {
            self.findings.add(Code::TileDiffers, Some(key), None);
        }
        Ok(())
    }

    /// Tiles of a larger tree than the checkpoint's may stand there when a publisher is at work or has
    /// died, but never of a larger one than the entries give.
    pub(super) fn check_tiles_ahead(&mut self) {
        let size = self.edge.frontier().size();
        for tile in std::mem::take(&mut self.tiles_ahead) {
            if tile.end().is_none_or(|end| end > size) {
                let key = self.log.paths().key(LogObject::Tile(tile));
                self.findings.add(Code::TileBeyondLog, Some(key), None);
            }
        }
    }
}
