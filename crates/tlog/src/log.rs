//! [`Log`]: one log's storage, paths and name; reading entries and proofs from it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::bundle::{BundleRef, MAX_BUNDLE_BYTES};
use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::consistency_file::ConsistencyFile;
use crate::error::{LogError, Step};
use crate::hash::{Frontier, Hash};
use crate::index::{LoggedEntry, Place};
use crate::note::{MAX_NOTE_BYTES, NoteError};
use crate::path::{LogObject, LogPaths, TILE_WIDTH, TileId, TileKind};
use crate::proof::{
    consistency_ranges, excerpt_ranges, inclusion_ranges, join, subtrees, verify_consistency,
};
use crate::proof_file::ProofFile;
use crate::sign::VerifyingKey;
use crate::storage::{Listing, LogStorage, Object, RewrittenListing, StorageError};
use crate::tile::{MAX_HASH_TILE, parse_hash_tile};

/// How often a call without an answer is tried, all in all.
pub(crate) const ATTEMPTS: usize = 4;

/// How many keys are asked for in one listing.
pub(crate) const PAGE: usize = 1000;

/// How many keys of entry bundles are asked for in one listing: in a file system, each page costs a look at the
/// whole folder. Some ten megabytes.
pub(crate) const BUNDLES_PAGE: usize = 100_000;

/// One log: where it is stored and what it is called. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    storage: Arc<dyn LogStorage>,
    paths: LogPaths,
    origin: Arc<str>,
    /// Bundles of which a later version stands, with the one that was written first: see `first_written`.
    pub(crate) firsts: Arc<BTreeMap<String, String>>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("origin", &self.origin)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

impl Log {
    /// The log of these paths. `origin` names it in checkpoints, for ever: a URL without scheme, such
    /// as `ziekenhuis.example/log/a` (C2SP tlog-checkpoint); one line of text.
    pub fn new(storage: Arc<dyn LogStorage>, paths: LogPaths, origin: &str) -> Self {
        Self { storage, paths, origin: origin.into(), firsts: Arc::default() }
    }

    /// The name in checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The keys of its objects.
    #[must_use]
    pub fn paths(&self) -> &LogPaths {
        &self.paths
    }

    /// Where its objects are.
    #[must_use]
    pub fn storage(&self) -> &dyn LogStorage {
        self.storage.as_ref()
    }

    /// The checkpoint that stands, checked against the keys, or those that took over from them
    /// ([`key_chain`](Self::key_chain)); `None` when there is none.
    pub async fn checkpoint(&self, keys: &[VerifyingKey]) -> Result<Option<SignedCheckpoint>, LogError> {
        let key = self.paths.key(LogObject::Checkpoint);
        let Some(object) = self.get(&key, MAX_NOTE_BYTES, Step::ReadCheckpoint).await? else {
            return Ok(None);
        };
        match SignedCheckpoint::parse(&object.bytes, &self.origin, keys) {
            // Perhaps another key took over since, or had not yet.
            Err(CheckpointError::Note(NoteError::NoKnownSignature)) => {
                let chain = self.key_chain(keys).await?;
                let signed = SignedCheckpoint::parse(&object.bytes, &self.origin, chain.keys())?;
                if chain.admits(&signed) { Ok(Some(signed)) } else { Err(CheckpointError::KeyRetired.into()) }
            }
            parsed => {
                let signed = parsed?;
                // A key that is known may be one from which another took over: where there are hand-overs, they say.
                if self.list(&self.paths.handovers(), None).await?.keys.is_empty() {
                    return Ok(Some(signed));
                }
                let chain = self.key_chain(keys).await?;
                if chain.admits(&signed) { Ok(Some(signed)) } else { Err(CheckpointError::KeyRetired.into()) }
            }
        }
    }

    /// All entries of the bundle that begins at `first`; `None` if there is no such bundle, or it closes the log.
    /// The next bundle begins behind the last entry.
    pub async fn bundle(&self, first: u64) -> Result<Option<Vec<LoggedEntry>>, LogError> {
        let Some(bytes) = self.bundle_bytes(first, Step::Read).await? else { return Ok(None) };
        let bundle = self.parse_bundle(&bytes, first)?;
        if bundle.is_closing() { Ok(None) } else { logged_entries(&bytes, &bundle).map(Some) }
    }

    /// The checkpoint that was written as the seal, checked against the keys and those that hand-overs lead to;
    /// `None` when the log is not sealed.
    pub async fn seal(&self, keys: &[VerifyingKey]) -> Result<Option<SignedCheckpoint>, LogError> {
        let key = self.paths.key(LogObject::Sealed);
        let Some(object) = self.get(&key, MAX_NOTE_BYTES, Step::ReadSeal).await? else { return Ok(None) };
        let chain = self.key_chain(keys).await?;
        let signed = SignedCheckpoint::parse(&object.bytes, &self.origin, chain.keys())?;
        if chain.admits(&signed) { Ok(Some(signed)) } else { Err(CheckpointError::KeyRetired.into()) }
    }

    /// One entry. Its payload has been compared with its leaf; whether the tree holds it, a proof says.
    pub async fn entry(&self, place: Place) -> Result<LoggedEntry, LogError> {
        let entries = self.entries(&[place]).await?;
        entries.into_iter().next().ok_or(LogError::NoSuchEntry { index: place.index })
    }

    /// Several entries, in the order asked; each bundle is read once. Payloads have been compared with
    /// their leaves.
    pub async fn entries(&self, places: &[Place]) -> Result<Vec<LoggedEntry>, LogError> {
        let mut wanted: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for place in places {
            wanted.entry(place.bundle).or_default().push(place.index);
        }
        let mut found = HashMap::with_capacity(places.len());
        for (first, indices) in wanted {
            let Some(bytes) = self.bundle_bytes(first, Step::Read).await? else { continue };
            let bundle = self.parse_bundle(&bytes, first)?;
            for entry in bundle.entries().filter(|entry| indices.contains(&entry.index())) {
                if !entry.payload_matches() {
                    return Err(LogError::PayloadAltered { index: entry.index() });
                }
                if let Some(mut logged) = entry.to_logged(&bytes) {
                    // Copied out, so that the whole bundle does not stay in memory for a few entries.
                    logged.payload = Bytes::copy_from_slice(entry.payload());
                    found.insert(entry.index(), logged);
                }
            }
        }
        let take = |place: &Place| found.get(&place.index).cloned();
        places.iter().map(|place| take(place).ok_or(LogError::NoSuchEntry { index: place.index })).collect()
    }

    /// The proof that an entry stands in the log, against the newest checkpoint that witnesses cosigned and that
    /// covers it, else against the one that stands now. The proof has been verified before it is returned.
    pub async fn prove(&self, place: Place, keys: &[VerifyingKey]) -> Result<ProofFile, LogError> {
        let signed = self.checkpoint(keys).await?.ok_or(LogError::CheckpointMissing)?;
        let size = signed.checkpoint().size;
        if place.index >= size {
            return Err(LogError::NotCovered { index: place.index });
        }
        let chain = self.key_chain(keys).await?;
        let entry = self.entry(place).await?;
        let mut proved = Err(LogError::TilesDamaged { size });
        let provable = self.provable(signed, place.index + 1, chain.keys()).await?;
        for signed in provable.into_iter().filter(|signed| chain.admits(signed)) {
            let size = signed.checkpoint().size;
            proved = match self.tree_hashes(&inclusion_ranges(place.index, size), size).await {
                Ok(path) => {
                    let (leaf, checkpoint) = (entry.leaf.clone(), signed.to_text());
                    let proof = ProofFile { leaf, index: place.index, path, checkpoint };
                    let verified = proof.verify(&self.origin, chain.keys());
                    verified.map(|_| proof).map_err(|_| LogError::TilesDamaged { size })
                }
                Err(error) => Err(error),
            };
            if !matches!(proved, Err(LogError::TilesDamaged { .. })) {
                break;
            }
        }
        proved
    }

    /// The proof that the log, as a checkpoint states it, continues an older state of it. Verified before it is
    /// returned: [`LogError::Inconsistent`] says that the log is not a continuation of that state.
    pub async fn prove_consistency(
        &self,
        old: &Checkpoint,
        signed: &SignedCheckpoint,
    ) -> Result<ConsistencyFile, LogError> {
        let new = signed.checkpoint();
        if new.size < old.size {
            return Err(LogError::RolledBack { size: old.size });
        }
        let path = self.consistency(old.size, new.size).await?;
        verify_consistency(old.size, old.root, new.size, new.root, &path)
            .map_err(|_| LogError::Inconsistent { size: old.size })?;
        Ok(ConsistencyFile { old_size: old.size, path, checkpoint: signed.to_text() })
    }

    /// The proof that consecutive leaves stand in the tree of `size` leaves: the hashes of what stands beside
    /// them, from left to right. Whoever has the leaves computes the root by RFC 6962 §2.1 and takes the next of
    /// these hashes for each subtree that holds none of them.
    pub async fn prove_range(&self, range: Range<u64>, size: u64) -> Result<Vec<Hash>, LogError> {
        if range.is_empty() || range.end > size {
            return Err(LogError::NotCovered { index: range.end.saturating_sub(1) });
        }
        self.tree_hashes(&excerpt_ranges(&range, size), size).await
    }

    /// The proof that the tree of `new_size` only appends to that of `old_size` (RFC 6962 §2.1.2), from
    /// the tiles of a checkpoint of `new_size`. The caller verifies it, against the roots that it trusts.
    pub async fn consistency(&self, old_size: u64, new_size: u64) -> Result<Vec<Hash>, LogError> {
        self.tree_hashes(&consistency_ranges(old_size, new_size), new_size).await
    }

    /// The tree of the first `size` leaves of the tree of `of` leaves, from the tiles of that.
    pub(crate) async fn frontier(&self, size: u64, of: u64) -> Result<Frontier, LogError> {
        let damaged = || LogError::TilesDamaged { size: of };
        let (mut tiles, mut peaks) = (HashMap::new(), Vec::new());
        for (height, number) in subtrees(&(0..size)) {
            peaks.push(self.subtree(height, number, of, &mut tiles).await?);
        }
        Frontier::from_peaks(size, peaks).ok_or_else(damaged)
    }

    /// The tree hashes of these ranges of leaves, from the tiles of the tree of this size.
    async fn tree_hashes(&self, ranges: &[Range<u64>], size: u64) -> Result<Vec<Hash>, LogError> {
        let mut tiles = HashMap::new();
        let mut hashes = Vec::with_capacity(ranges.len());
        for range in ranges {
            let mut parts = Vec::new();
            for (height, number) in subtrees(range) {
                parts.push(self.subtree(height, number, size, &mut tiles).await?);
            }
            hashes.push(join(&parts).ok_or(LogError::TilesDamaged { size })?);
        }
        Ok(hashes)
    }

    /// The root of the complete subtree of this height and number.
    async fn subtree(
        &self,
        height: u32,
        number: u64,
        size: u64,
        tiles: &mut HashMap<TileId, Bytes>,
    ) -> Result<Hash, LogError> {
        let damaged = || LogError::TilesDamaged { size };
        let level = u8::try_from(height / 8).map_err(|_| damaged())?;
        let count = 1_u64 << (height % 8);
        let start = number * count;
        let n = start / u64::from(TILE_WIDTH);
        let in_level = size >> (8 * u32::from(level));
        let width = (in_level - (n * u64::from(TILE_WIDTH)).min(in_level)).min(u64::from(TILE_WIDTH));
        let width = u16::try_from(width).map_err(|_| damaged())?;
        let id = TileId { kind: TileKind::Hashes(level), n, width };
        let bytes = match tiles.get(&id) {
            Some(bytes) => bytes.clone(),
            None => {
                let key = self.paths.key(LogObject::Tile(id));
                let object = self.get(&key, MAX_HASH_TILE, Step::ReadTiles).await?.ok_or_else(damaged)?;
                tiles.insert(id, object.bytes.clone());
                object.bytes
            }
        };
        let hashes = parse_hash_tile(&bytes, width).map_err(|_| damaged())?;
        let offset = usize::try_from(start % u64::from(TILE_WIDTH)).map_err(|_| damaged())?;
        let count = usize::try_from(count).map_err(|_| damaged())?;
        let part = hashes.get(offset..).and_then(|rest| rest.get(..count)).ok_or_else(damaged)?;
        let mut tree = Frontier::new();
        if part.iter().all(|hash| tree.push(Hash(*hash))) { Ok(tree.root()) } else { Err(damaged()) }
    }

    /// Reads an object, trying again when there is no answer.
    pub(crate) async fn get(&self, key: &str, limit: usize, step: Step) -> Result<Option<Object>, LogError> {
        let mut attempt = 1;
        loop {
            match self.storage.get(key, limit).await {
                Ok(object) => return Ok(object),
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                Err(source) => return Err(read_error(key, source, step)),
            }
        }
    }

    /// Reads the version of an object that was written first, as [`get`](Self::get) does.
    pub(crate) async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, LogError> {
        let mut attempt = 1;
        loop {
            match self.storage.get_version(key, version, limit).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                answer => return answer.map_err(|source| read_error(key, source, Step::Read)),
            }
        }
    }

    /// When the bundle that begins at `first` was written, by the clock of the storage; `None` if there is no such
    /// bundle, or the storage tells no times.
    pub async fn written(&self, first: u64) -> Result<Option<SystemTime>, LogError> {
        let key = self.paths.bundle(first);
        let mut attempt = 1;
        loop {
            match self.storage.written(&key).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                answer => return answer.map_err(|source| read_error(&key, source, Step::Read)),
            }
        }
    }

    /// Writes a derived object, trying again when there is no answer.
    pub(crate) async fn put(&self, key: &str, bytes: &[u8], step: Step) -> Result<(), LogError> {
        let mut attempt = 1;
        loop {
            match self.storage.put(key, bytes).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                Err(source) => return Err(LogError::Storage { step, source }),
            }
        }
    }

    /// One page of a listing, trying again when there is no answer.
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Listing, LogError> {
        self.list_pages_of(PAGE, prefix, after).await
    }

    /// One page of a listing, of at most so many keys.
    pub(crate) async fn list_pages_of(
        &self,
        limit: usize,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Listing, LogError> {
        let mut attempt = 1;
        loop {
            match self.storage.list(prefix, after, limit).await {
                Ok(page) => return Ok(page),
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                Err(source) => return Err(LogError::Storage { step: Step::Read, source }),
            }
        }
    }

    /// One page of what was written or deleted again, trying again when there is no answer; `None` where the
    /// storage keeps no versions.
    pub(crate) async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Option<RewrittenListing>, LogError> {
        let mut attempt = 1;
        loop {
            match self.storage.rewritten(prefix, after, PAGE).await {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
                answer => return answer.map_err(|source| LogError::Storage { step: Step::Read, source }),
            }
        }
    }

    /// The keys of the partial tiles in the place of this tile: at most 255, and what else stands there
    /// up to one page.
    pub(crate) async fn partials(&self, tile: TileId) -> Result<Vec<String>, LogError> {
        let prefix = self.paths.partials(tile.kind, tile.n);
        let mut keys: Vec<String> = Vec::new();
        loop {
            let page = self.list(&prefix, keys.last().map(String::as_str)).await?;
            let more = page.more && !page.keys.is_empty();
            keys.extend(page.keys);
            if !more || keys.len() >= PAGE {
                return Ok(keys);
            }
        }
    }

    /// The bytes of the bundle that begins at `first`.
    pub(crate) async fn bundle_bytes(&self, first: u64, step: Step) -> Result<Option<Bytes>, LogError> {
        let key = self.paths.bundle(first);
        let object = match self.firsts.get(&key) {
            Some(version) => self.get_version(&key, version, MAX_BUNDLE_BYTES).await?,
            None => self.get(&key, MAX_BUNDLE_BYTES, step).await?,
        };
        Ok(object.map(|object| object.bytes))
    }

    /// Reads the bundle that must begin at `first`.
    pub(crate) fn parse_bundle<'b>(&self, bytes: &'b [u8], first: u64) -> Result<BundleRef<'b>, LogError> {
        let object = || self.paths.bundle(first);
        let bundle =
            BundleRef::parse(bytes).map_err(|source| LogError::DamagedBundle { object: object(), source })?;
        if bundle.first() == first { Ok(bundle) } else { Err(LogError::ChainBroken { object: object() }) }
    }

    /// Whether the log is sealed.
    pub(crate) async fn is_sealed(&self) -> Result<bool, LogError> {
        let key = self.paths.key(LogObject::Sealed);
        Ok(self.get(&key, MAX_NOTE_BYTES, Step::ReadSeal).await?.is_some())
    }
}

/// Why an object could not be read.
fn read_error(key: &str, source: StorageError, step: Step) -> LogError {
    match source {
        StorageError::TooLarge { .. } => LogError::TooLong { object: key.to_owned() },
        StorageError::NoObject { reason } => LogError::NoObject { object: key.to_owned(), reason },
        source => LogError::Storage { step, source },
    }
}

/// The entries of a bundle, sharing its memory; an altered payload is an error.
pub(crate) fn logged_entries(bytes: &Bytes, bundle: &BundleRef<'_>) -> Result<Vec<LoggedEntry>, LogError> {
    bundle
        .entries()
        .map(|entry| {
            let altered = LogError::PayloadAltered { index: entry.index() };
            if entry.payload_matches() { entry.to_logged(bytes).ok_or(altered) } else { Err(altered) }
        })
        .collect()
}
