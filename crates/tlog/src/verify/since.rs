//! A verification of what stands behind a checkpoint that the caller trusts.

use super::{Code, Finding, Mark, Run};
use crate::bundle::{BundleRef, MAX_BUNDLE_BYTES};
use crate::checkpoint::SignedCheckpoint;
use crate::error::{LogError, Step};
use crate::hash::{Frontier, Hash};
use crate::path::{LogObject, TileKind};
use crate::proof::verify_consistency;
use crate::tile::{Edge, MAX_HASH_TILE, MAX_LEAF_TILE};

impl Run<'_> {
    /// Goes to where the reading begins: behind the checkpoint since which the log is verified. Where that is
    /// not one of this log, or of a longer one, everything is read.
    pub(super) async fn start_since(&mut self) -> Result<(), LogError> {
        let Some(bytes) = self.options.since else { return Ok(()) };
        let signed = match SignedCheckpoint::parse(bytes, self.log.origin(), self.chain.keys()) {
            Ok(signed) => signed,
            Err(error) => {
                let (code, detail) = (Code::TrustedDamaged, Some(error.to_string()));
                self.findings.push(Finding { code, object: None, index: None, detail });
                return Ok(());
            }
        };
        self.check_signer(&signed, None);
        let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
        self.trusted = self.trusted.max(Some(size));
        self.marks.push(Mark { size, root, differs: Code::TrustedRoot, object: None });
        if size == 0 || size > self.covered {
            return Ok(());
        }
        self.prove_consistency(size, root).await?;
        let Some(frontier) = self.tree_at(size, root).await? else { return Ok(()) };
        let mut tiles = Vec::new();
        for id in Edge::partial_ids(size) {
            let limit = if id.kind == TileKind::Leaves { MAX_LEAF_TILE } else { MAX_HASH_TILE };
            let key = self.log.paths().key(LogObject::Tile(id));
            // Tiles that are not there, or wrong, are left out of the comparison: nothing below was read.
            if let Ok(Some(object)) = self.log.get(&key, limit, Step::ReadTiles).await {
                tiles.push((id, object.bytes.to_vec()));
            }
        }
        match Edge::from_tiles(&frontier, &tiles) {
            Some(edge) => self.edge = edge,
            None => self.edge.jump(frontier),
        }
        self.since = Some(size);
        // Of checkpoints below nothing is known but that the trusted one came after them.
        self.marks.retain(|mark| mark.size >= size);
        self.check_marks();
        if let Some(index) = &mut self.index {
            index.skip_to(size);
        }
        self.passed.0 = size.checked_sub(1).map(|last| self.log.paths().bundle(last));
        Ok(())
    }

    /// That the checkpoint that stands appends to the trusted one, by the tiles.
    async fn prove_consistency(&mut self, size: u64, root: Hash) -> Result<(), LogError> {
        let standing = self.marks.iter().find(|mark| mark.differs == Code::CheckpointRoot);
        let Some(to) = standing.map(|mark| mark.root) else { return Ok(()) };
        let proved = match self.log.consistency(size, self.covered).await {
            Ok(path) => {
                verify_consistency(size, root, self.covered, to, &path).map_err(|error| error.to_string())
            }
            Err(error @ LogError::TilesDamaged { .. }) => Err(error.to_string()),
            Err(error) => Err(error.of_one_object().ok_or(error)?),
        };
        if let Err(detail) = proved {
            let (code, detail) = (Code::ConsistencyUnproved, Some(detail));
            self.findings.push(Finding { code, object: None, index: Some(size), detail });
        }
        Ok(())
    }

    /// The tree of the trusted checkpoint: by the tiles, or as the bundle behind it states it. `None` when
    /// neither leads to its root.
    async fn tree_at(&self, size: u64, root: Hash) -> Result<Option<Frontier>, LogError> {
        match self.log.frontier(size, self.covered).await {
            Ok(frontier) if frontier.root() == root => return Ok(Some(frontier)),
            Ok(_) | Err(LogError::TilesDamaged { .. }) => {}
            Err(error) => {
                error.of_one_object().ok_or(error)?;
            }
        }
        let bytes = match self.read(&self.log.paths().bundle(size), MAX_BUNDLE_BYTES).await {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => {
                error.of_one_object().ok_or(error)?;
                return Ok(None);
            }
        };
        let stated = BundleRef::parse(&bytes).ok().and_then(|bundle| bundle.before());
        Ok(stated.filter(|tree| tree.size() == size && tree.root() == root))
    }
}
