//! Tiles: the tree in pieces of 256 (C2SP tlog-tiles), and the [`Edge`] from which they are written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::hash::{Frontier, HASH_LEN, Hash};
use crate::path::{TILE_WIDTH, TileId, TileKind};

/// The longest hash tile, in bytes.
pub(crate) const MAX_HASH_TILE: usize = TILE_WIDTH as usize * HASH_LEN;
/// The longest tile of leaves, in bytes.
pub(crate) const MAX_LEAF_TILE: usize = TILE_WIDTH as usize * (2 + 0xffff);

const LEVELS: usize = 8;

/// Why bytes are not a tile of leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Ends within a leaf or its length.
    #[error("ends within a leaf")]
    Truncated,
    /// Holds another number of leaves or hashes than its path says.
    #[error("holds another number of leaves or hashes than its path says")]
    Width,
}

/// The leaves of a tile of leaves, which must be `width` in number.
pub fn parse_leaf_tile(mut bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TileError> {
    let mut leaves = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk::<2>() {
        let (leaf, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or(TileError::Truncated)?;
        if leaves.len() >= usize::from(width) {
            return Err(TileError::Width);
        }
        leaves.push(leaf);
        bytes = rest;
    }
    match (bytes.is_empty(), leaves.len() == usize::from(width)) {
        (false, _) => Err(TileError::Truncated),
        (true, false) => Err(TileError::Width),
        (true, true) => Ok(leaves),
    }
}

/// The hashes of a tile of hashes, which must be `width` in number.
pub fn parse_hash_tile(bytes: &[u8], width: u16) -> Result<&[[u8; HASH_LEN]], TileError> {
    match bytes.as_chunks::<HASH_LEN>() {
        (hashes, []) if hashes.len() == usize::from(width) => Ok(hashes),
        (_, []) => Err(TileError::Width),
        _ => Err(TileError::Truncated),
    }
}

/// A growing tree with its unfinished tiles: memory does not grow with the log.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    frontier: Frontier,
    levels: [Level; LEVELS],
    leaves: Leaves,
    finished: Vec<Tile>,
}

/// The unfinished tile of a level. `known` is false while hashes of it are missing (behind a damaged
/// bundle), until the next tile begins.
#[derive(Debug, Clone)]
struct Level {
    hashes: Vec<u8>,
    known: bool,
}

/// The unfinished tile of leaves.
#[derive(Debug, Clone)]
struct Leaves {
    bytes: Vec<u8>,
    /// Where each leaf ends in `bytes`.
    ends: Vec<usize>,
    known: bool,
}

/// An [`Edge`] as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SavedEdge {
    size: u64,
    peaks: Vec<String>,
    /// Of each level; `None`: not known.
    levels: Vec<Option<String>>,
    leaves: Option<String>,
}

/// A tile with its content, finished or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) id: TileId,
    pub(crate) bytes: Vec<u8>,
    /// For leaves: where each ends. Empty for hashes.
    ends: Vec<usize>,
}

impl Tile {
    /// The content of the partial tile of this width in the same place.
    pub(crate) fn part(&self, width: u16) -> Option<&[u8]> {
        if width == 0 || width > self.id.width {
            return None;
        }
        let end = match self.id.kind {
            TileKind::Hashes(_) => usize::from(width) * HASH_LEN,
            TileKind::Leaves => self.ends.get(usize::from(width) - 1).copied()?,
        };
        self.bytes.get(..end)
    }
}

impl Edge {
    /// The empty tree.
    pub(crate) fn new() -> Self {
        Self {
            frontier: Frontier::new(),
            levels: std::array::from_fn(|_| Level { hashes: Vec::new(), known: true }),
            leaves: Leaves { bytes: Vec::new(), ends: Vec::new(), known: true },
            finished: Vec::new(),
        }
    }

    /// The tree of which these are the unfinished tiles (as [`Edge::partial_ids`] lists them), with the
    /// leaves and hashes as they were stored. `None` if they do not fit each other or `frontier`.
    pub(crate) fn from_tiles(frontier: &Frontier, tiles: &[(TileId, Vec<u8>)]) -> Option<Self> {
        let mut edge = Self::new();
        let mut peaks = Vec::new();
        for (level, state) in edge.levels.iter_mut().enumerate().rev() {
            let width = width_at(frontier.size(), u8::try_from(level).ok()?);
            if width == 0 {
                continue;
            }
            let stored = find(tiles, TileKind::Hashes(u8::try_from(level).ok()?))?;
            let hashes = parse_hash_tile(stored, width).ok()?;
            let mut within = Frontier::new();
            for hash in hashes {
                if !within.push(Hash(*hash)) {
                    return None;
                }
            }
            peaks.extend_from_slice(within.peaks());
            state.hashes = stored.to_vec();
        }
        if peaks != frontier.peaks() {
            return None;
        }
        let width = width_at(frontier.size(), 0);
        if width > 0 {
            let stored = find(tiles, TileKind::Leaves)?;
            let leaves = parse_leaf_tile(stored, width).ok()?;
            let (hashes, _) = edge.levels.first()?.hashes.as_chunks::<HASH_LEN>();
            if !leaves.iter().zip(hashes).all(|(leaf, hash)| crate::hash::leaf_hash(leaf).0 == *hash) {
                return None;
            }
            for leaf in leaves {
                edge.leaves.push(leaf);
            }
        }
        edge.frontier = frontier.clone();
        Some(edge)
    }

    /// Writes it down.
    pub(crate) fn save(&self) -> SavedEdge {
        let known = |known: bool, bytes: &[u8]| known.then(|| STANDARD.encode(bytes));
        SavedEdge {
            size: self.frontier.size(),
            peaks: self.frontier.peaks().iter().map(|peak| STANDARD.encode(peak.0)).collect(),
            levels: self.levels.iter().map(|level| known(level.known, &level.hashes)).collect(),
            leaves: known(self.leaves.known, &self.leaves.bytes),
        }
    }

    /// Reads what [`save`](Self::save) wrote; `None` if it is not that.
    pub(crate) fn restore(saved: &SavedEdge) -> Option<Self> {
        let peaks = saved.peaks.iter().map(|peak| STANDARD.decode(peak).ok()?.try_into().ok().map(Hash));
        let frontier = Frontier::from_peaks(saved.size, peaks.collect::<Option<_>>()?)?;
        let mut edge = Self { frontier, ..Self::new() };
        if saved.levels.len() != LEVELS {
            return None;
        }
        for ((level, state), saved_level) in (0..).zip(&mut edge.levels).zip(&saved.levels) {
            state.known = saved_level.is_some();
            if let Some(hashes) = saved_level {
                state.hashes = STANDARD.decode(hashes).ok()?;
                parse_hash_tile(&state.hashes, width_at(saved.size, level)).ok()?;
            }
        }
        edge.leaves.known = saved.leaves.is_some();
        if let Some(leaves) = &saved.leaves {
            let bytes = STANDARD.decode(leaves).ok()?;
            for leaf in parse_leaf_tile(&bytes, width_at(saved.size, 0)).ok()? {
                edge.leaves.push(leaf);
            }
        }
        Some(edge)
    }

    /// The tree.
    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends a leaf with its hash; `false` when the tree is full.
    pub(crate) fn push(&mut self, leaf: &[u8], hash: Hash) -> bool {
        let Self { frontier, levels, leaves, finished } = self;
        let size = frontier.size();
        leaves.push(leaf);
        if leaves.ends.len() == usize::from(TILE_WIDTH) || size % u64::from(TILE_WIDTH) == 255 {
            let done = std::mem::replace(leaves, Leaves { bytes: Vec::new(), ends: Vec::new(), known: true });
            leaves.bytes.reserve(done.bytes.len());
            if done.known {
                let id = TileId { kind: TileKind::Leaves, n: size / 256, width: TILE_WIDTH };
                finished.push(Tile { id, bytes: done.bytes, ends: done.ends });
            }
        }
        frontier.push_with(hash, |height, hash| {
            let level = height / 8;
            if height % 8 != 0 {
                return;
            }
            let Some(state) = levels.get_mut(level as usize) else { return };
            if state.known {
                state.hashes.extend_from_slice(&hash.0);
            }
            // The number, within its level, of the hash just completed.
            let number = size >> height;
            if number % 256 == 255 {
                let bytes = std::mem::replace(&mut state.hashes, Vec::with_capacity(MAX_HASH_TILE));
                if std::mem::replace(&mut state.known, true)
                    && let Ok(level) = u8::try_from(level)
                {
                    let id = TileId { kind: TileKind::Hashes(level), n: number / 256, width: TILE_WIDTH };
                    finished.push(Tile { id, bytes, ends: Vec::new() });
                }
            }
        })
    }

    /// Goes on from another tree, of which only the frontier is known: tiles that span the gap stay
    /// unknown and are never handed out.
    pub(crate) fn jump(&mut self, to: Frontier) {
        let (from, size) = (self.frontier.size(), to.size());
        for (level, state) in self.levels.iter_mut().enumerate() {
            let shift = 8 * level;
            if from >> shift != size >> shift || size < from {
                state.hashes.clear();
                state.known = (size >> shift) % 256 == 0;
            }
        }
        if from != size {
            self.leaves = Leaves { bytes: Vec::new(), ends: Vec::new(), known: size % 256 == 0 };
        }
        self.frontier = to;
    }

    /// Takes the tiles that have become full.
    pub(crate) fn take_finished(&mut self) -> Vec<Tile> {
        std::mem::take(&mut self.finished)
    }

    /// The unfinished tiles, as far as they are known.
    pub(crate) fn partials(&self) -> Vec<Tile> {
        let size = self.frontier.size();
        let mut tiles = Vec::new();
        for id in Self::partial_ids(size) {
            match id.kind {
                TileKind::Leaves if self.leaves.known => {
                    tiles.push(Tile { id, bytes: self.leaves.bytes.clone(), ends: self.leaves.ends.clone() })
                }
                TileKind::Hashes(level) => {
                    if let Some(state) = self.levels.get(usize::from(level)).filter(|state| state.known) {
                        tiles.push(Tile { id, bytes: state.hashes.clone(), ends: Vec::new() });
                    }
                }
                TileKind::Leaves => {}
            }
        }
        tiles
    }

    /// The partial tiles of a tree of this size: of the leaves, then of each level.
    pub(crate) fn partial_ids(size: u64) -> Vec<TileId> {
        let leaves = (TileKind::Leaves, 0);
        let levels = (0..=7).map(|level| (TileKind::Hashes(level), level));
        std::iter::once(leaves)
            .chain(levels)
            .map(|(kind, level)| TileId {
                kind,
                n: (size >> (8 * u32::from(level))) / 256,
                width: width_at(size, level),
            })
            .filter(|tile| tile.width > 0)
            .collect()
    }
}

impl Leaves {
    fn push(&mut self, leaf: &[u8]) {
        if self.known {
            self.bytes.extend_from_slice(&u16::try_from(leaf.len()).unwrap_or(u16::MAX).to_be_bytes());
            self.bytes.extend_from_slice(leaf);
            self.ends.push(self.bytes.len());
        }
    }
}

/// The width of the partial tile at this level of a tree of this size; 0 when there is none.
fn width_at(size: u64, level: u8) -> u16 {
    u16::try_from((size >> (8 * u32::from(level))) % 256).unwrap_or(0)
}

fn find(tiles: &[(TileId, Vec<u8>)], kind: TileKind) -> Option<&[u8]> {
    tiles.iter().find(|(id, _)| id.kind == kind).map(|(_, bytes)| bytes.as_slice())
}
