//! [`Publisher`]: writes the tiles and signs the checkpoints of a log.

use std::fmt;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::error::{LogError, Step};
use crate::log::{ATTEMPTS, Log};
use crate::note::MAX_NOTE_BYTES;
use crate::path::{Day, LogObject, TileKind};
use crate::sign::{Signer, VerifyingKey};
use crate::storage::{Created, Etag, Replaced, StorageError};
use crate::tile::{Edge, MAX_HASH_TILE, MAX_LEAF_TILE};

/// Covers what has been appended by tiles and a signed checkpoint. Any number may work on one log;
/// one is enough.
///
/// It never signs a checkpoint that is inconsistent with the one that stands, nor with one that it
/// signed before: it follows the entries from the size and root of the last checkpoint, and each bundle
/// states the tree that it continues. The checkpoint is replaced only if it still is the one that was
/// read, and never by a smaller one.
pub struct Publisher {
    pub(crate) log: Log,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) keys: Vec<VerifyingKey>,
    /// The tree as far as its tiles are written; a cache.
    edge: Option<Edge>,
    /// The last checkpoint seen or signed.
    last: Option<Checkpoint>,
    /// The last day of which a copy is known to stand.
    kept: Option<Day>,
    /// The hand-over of which a copy is known to stand.
    pub(crate) handed_over: Option<u32>,
    /// Signs once its key has taken over.
    pub(crate) successor: Option<Arc<dyn Signer>>,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("log", &self.log)
            .field("keys", &self.keys)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// How many bundles one checkpoint covers at most: what a process that is stopped half way loses, and how long
/// a backlog stays uncovered.
const STRIDE: usize = 64;

/// How far a call of [`Publisher::advance`] came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// The checkpoint that stands.
    pub signed: SignedCheckpoint,
    /// More stands behind it: call again.
    pub more: bool,
}

pub(crate) struct Stored {
    pub(crate) signed: SignedCheckpoint,
    pub(crate) etag: Etag,
}

impl Publisher {
    /// A publisher that signs with this key. `earlier` are the keys that signed this log's checkpoints
    /// before the present one.
    pub fn new(log: Log, signer: Arc<dyn Signer>, earlier: Vec<VerifyingKey>) -> Self {
        let mut keys = earlier;
        keys.push(signer.verifying_key().clone());
        Self { log, signer, keys, edge: None, last: None, kept: None, handed_over: None, successor: None }
    }

    /// Another key that this process may sign with: as soon as it has taken over, by a hand-over that another
    /// process made ([`hand_over`](Self::hand_over)), this publisher signs with it, and goes on.
    #[must_use]
    pub fn with_successor(mut self, next: Arc<dyn Signer>) -> Self {
        self.successor = Some(next).filter(|next| !self.keys.contains(next.verifying_key()));
        self
    }

    /// The keys by which its checkpoints verify, the present one last.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// Signs the checkpoint of the empty tree, if the log has neither entries nor a checkpoint: the
    /// first thing to do with a log. Otherwise does nothing, also when something is wrong with it.
    pub async fn begin(&mut self) -> Result<(), LogError> {
        let key = self.log.paths().key(LogObject::Checkpoint);
        if self.log.get(&key, MAX_NOTE_BYTES, Step::ReadCheckpoint).await?.is_none()
            && self.log.bundle_bytes(0, Step::ReadHinted).await?.is_none()
        {
            self.publish().await?;
        }
        Ok(())
    }

    /// Covers all entries by a checkpoint, and returns the checkpoint that stands then. On an empty log
    /// without a checkpoint it signs that of the empty tree: begin every log so, for entries without
    /// any checkpoint are an error ([`LogError::CheckpointMissing`]): somebody may have removed it.
    ///
    /// A long backlog gets several checkpoints, one after the other, so that being stopped loses little.
    pub async fn publish(&mut self) -> Result<SignedCheckpoint, LogError> {
        loop {
            let Advanced { signed, more } = self.advance().await?;
            if !more {
                return Ok(signed);
            }
        }
    }

    /// Like [`publish`](Self::publish), but stops after 64 bundles: for a caller whose time is short. It may be
    /// dropped half way.
    pub async fn advance(&mut self) -> Result<Advanced, LogError> {
        self.run(false).await
    }

    /// Like [`publish`](Self::publish), but also signs the first checkpoint of a log that already has
    /// entries: for an operator who knows why there is none.
    pub async fn adopt(&mut self) -> Result<SignedCheckpoint, LogError> {
        let Advanced { signed, more } = self.run(true).await?;
        if more { self.publish().await } else { Ok(signed) }
    }

    /// Keeps a copy of the checkpoint that stands under the name of this day ([`LogObject::Kept`]), unless
    /// there is one. Returns whether this call made it.
    pub async fn keep(&mut self, day: Day) -> Result<bool, LogError> {
        if self.kept == Some(day) {
            return Ok(false);
        }
        let stored = self.stored().await?.ok_or(LogError::CheckpointMissing)?;
        let (key, text) = (self.log.paths().key(LogObject::Kept(day)), stored.signed.to_text());
        for _ in 0..ATTEMPTS {
            let made = match self.log.storage().create(&key, text.as_bytes()).await {
                Ok(made) => made == Created::New,
                // Perhaps it was made all the same: the next round finds it.
                Err(StorageError::Transient(_)) => continue,
                Err(source) => return Err(LogError::Storage { step: Step::KeepCheckpoint, source }),
            };
            self.kept = Some(day);
            return Ok(made);
        }
        Err(LogError::OutcomeUnknown)
    }

    async fn run(&mut self, adopt: bool) -> Result<Advanced, LogError> {
        for _ in 0..ATTEMPTS {
            let stored = self.stored().await?;
            self.follow_handover(stored.as_ref()).await?;
            let Some(mut edge) = self.edge_at(stored.as_ref(), adopt).await? else {
                // Nothing stands behind the checkpoint.
                let signed = stored.map(|stored| stored.signed).ok_or(LogError::CheckpointMissing)?;
                return Ok(Advanced { signed, more: false });
            };
            let more = !self.roll(&mut edge, None).await?;
            let size = edge.frontier().size();
            if let Some(stored) = stored.as_ref().filter(|stored| stored.signed.checkpoint().size == size) {
                self.edge = Some(edge);
                return Ok(Advanced { signed: stored.signed.clone(), more });
            }
            self.write_partials(&edge).await?;
            let checkpoint = Checkpoint {
                origin: self.log.origin().to_owned(),
                size,
                root: edge.frontier().root(),
                extensions: Vec::new(),
            };
            let signed = checkpoint.clone().sign(&[self.signer.as_ref()]).await?;
            self.edge = Some(edge);
            let key = self.log.paths().key(LogObject::Checkpoint);
            let text = signed.to_text();
            let expected = stored.as_ref().map(|stored| &stored.etag);
            match self.log.storage().replace_if(&key, text.as_bytes(), expected).await {
                Ok(Replaced::Done) => {
                    self.last = Some(checkpoint);
                    return Ok(Advanced { signed, more });
                }
                // The next round reads what stands: perhaps this very checkpoint.
                Ok(Replaced::Changed) | Err(StorageError::Transient(_)) => {}
                Err(source) => return Err(LogError::Storage { step: Step::ReplaceCheckpoint, source }),
            }
        }
        Err(LogError::Contended)
    }

    /// The checkpoint that stands, not older than any seen before.
    pub(crate) async fn stored(&mut self) -> Result<Option<Stored>, LogError> {
        let key = self.log.paths().key(LogObject::Checkpoint);
        let object = self.log.get(&key, MAX_NOTE_BYTES, Step::ReadCheckpoint).await?;
        let stored = match object {
            Some(object) => {
                self.follow_successor().await?;
                let signed = SignedCheckpoint::parse(&object.bytes, self.log.origin(), &self.keys)?;
                Some(Stored { signed, etag: object.etag })
            }
            None => None,
        };
        if let Some(last) = &self.last {
            let now = stored.as_ref().map(|stored| stored.signed.checkpoint());
            match now {
                Some(now) if now.size > last.size => {}
                Some(now) if now.size == last.size && now.root == last.root => {}
                Some(now) if now.size == last.size => return Err(LogError::Inconsistent { size: last.size }),
                _ => return Err(LogError::RolledBack { size: last.size }),
            }
        }
        Ok(stored)
    }

    /// The tree of the stored checkpoint, with its unfinished tiles; `None` if there is nothing to be
    /// done: no entry stands behind it. Proves on the way that the entries behind it continue it.
    async fn edge_at(&mut self, stored: Option<&Stored>, adopt: bool) -> Result<Option<Edge>, LogError> {
        let Some(stored) = stored else {
            let first = self.log.bundle_bytes(0, Step::ReadHinted).await?;
            return if first.is_none() || adopt {
                Ok(Some(Edge::new()))
            } else {
                Err(LogError::CheckpointMissing)
            };
        };
        let head = stored.signed.checkpoint();
        let (size, root) = (head.size, head.root);
        let inconsistent = || LogError::Inconsistent { size };
        let edge = match self.edge.take().filter(|edge| edge.frontier().size() <= size) {
            Some(mut edge) => {
                // Another publisher may have been ahead: follow the entries to its checkpoint.
                while edge.frontier().size() < size && !self.roll(&mut edge, Some(size)).await? {}
                edge
            }
            None if size == 0 => Edge::new(),
            None => {
                let Some(next) = self.log.bundle_bytes(size, Step::ReadHinted).await? else {
                    self.last = Some(head.clone());
                    return Ok(None);
                };
                let next = self.log.parse_bundle(&next, size)?;
                if next.root() != root {
                    return Err(inconsistent());
                }
                let frontier = next.before().ok_or_else(inconsistent)?;
                let mut tiles = Vec::new();
                for id in Edge::partial_ids(size) {
                    let limit = if id.kind == TileKind::Leaves { MAX_LEAF_TILE } else { MAX_HASH_TILE };
                    let key = self.log.paths().key(LogObject::Tile(id));
                    if let Some(object) = self.log.get(&key, limit, Step::ReadTiles).await? {
                        tiles.push((id, object.bytes.to_vec()));
                    }
                }
                Edge::from_tiles(&frontier, &tiles).ok_or(LogError::TilesDamaged { size })?
            }
        };
        let tree = edge.frontier();
        if tree.size() != size || tree.root() != root {
            return Err(inconsistent());
        }
        self.last = Some(head.clone());
        Ok(Some(edge))
    }

    /// Follows the entries to the head, or to a size, one stride at most, and writes the tiles that become full.
    /// Returns whether it came to the end.
    async fn roll(&self, edge: &mut Edge, to: Option<u64>) -> Result<bool, LogError> {
        for _ in 0..STRIDE {
            if to.is_some_and(|to| edge.frontier().size() >= to) {
                return Ok(true);
            }
            let first = edge.frontier().size();
            let Some(bytes) = self.log.bundle_bytes(first, Step::Probe).await? else { return Ok(true) };
            let bundle = self.log.parse_bundle(&bytes, first)?;
            if bundle.before().as_ref() != Some(edge.frontier()) {
                return Err(LogError::ChainBroken { object: self.log.paths().bundle(first) });
            }
            if bundle.is_closing() {
                return Ok(true);
            }
            for entry in bundle.entries() {
                if !edge.push(entry.leaf(), entry.leaf_hash()) {
                    return Err(LogError::Full);
                }
            }
            for tile in edge.take_finished() {
                let key = self.log.paths().key(LogObject::Tile(tile.id));
                self.log.put(&key, &tile.bytes, Step::WriteTiles).await?;
            }
        }
        Ok(false)
    }

    async fn write_partials(&self, edge: &Edge) -> Result<(), LogError> {
        for tile in edge.partials() {
            let key = self.log.paths().key(LogObject::Tile(tile.id));
            self.log.put(&key, &tile.bytes, Step::WriteTiles).await?;
        }
        Ok(())
    }
}
