//! [`EntryIndex`]: the port to the index of a log, and [`Describe`], which says what stands in it.

use async_trait::async_trait;
use bytes::Bytes;

use crate::leaf::{EntryId, Leaf};
use crate::storage::Cause;

/// The index of one log: where an entry with a given id stands, and entries by key and order (for an
/// audit log: by patient pseudonym and time). All of it is derived from the entries and can be made
/// anew, but appending relies on it: an id that it holds is never logged a second time.
///
/// # Contract
/// * One index serves one log (shard). An adapter that keeps several logs in one table keeps them apart.
/// * **Durability** and **read after write** as in [`LogStorage`](crate::LogStorage): what returned `Ok`
///   survives a crash and is seen by every process.
/// * Several processes may call it at once.
/// * [`IndexError::Transient`] leaves open whether the call took effect.
#[async_trait]
pub trait EntryIndex: Send + Sync {
    /// How far the index is complete. Never goes back except by [`reset`](Self::reset).
    async fn coverage(&self) -> Result<Coverage, IndexError>;

    /// Where the entries with these ids stand; the answer has the order and length of `ids`, `None`
    /// for an id that the index does not hold. At most [`MAX_IDS`] ids a call.
    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError>;

    /// Records the rows of one bundle: the entries `bundle.first .. bundle.end`.
    ///
    /// * If `coverage().through < bundle.first`: [`IndexError::Gap`], nothing recorded.
    /// * If `coverage().through >= bundle.end`: already recorded; `Ok` without any effect.
    /// * Otherwise the rows become durable and then, last or in the same transaction, coverage becomes
    ///   `{ through: bundle.end, last_bundle: Some(bundle.first) }`. After a crash in between, rows may
    ///   stand without the coverage; recording the same bundle again (rows are equal then) completes it.
    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError>;

    /// The entries that carry a key, within an interval of its order, one page.
    async fn find(&self, query: &Query) -> Result<Hits, IndexError>;

    /// Everything that the index holds for entries `from ..`, ascending by index: all rows of the first
    /// `limit` indices that have any; empty when there are none. This is what verification compares
    /// with the entries. Shows also what is incoherent: an id without keys, keys at an index without an
    /// id (`id: None`), two ids at one index (two rows).
    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError>;

    /// Replaces all keys under which entries are found, durably: what an erased entry said is told by its rows no
    /// longer. Ids, places and coverage stay. An entry whose id does not lead to this place is passed over, and
    /// the same call again is no error. At most [`MAX_IDS`] entries in one call.
    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError>;

    /// Empties the index, to record everything again, up to [`rebuilt`](Self::rebuilt). Coverage is zero
    /// afterwards. In one transaction, or coverage first.
    ///
    /// What others ask of an index that is being recorded again would be answered incompletely. Where other
    /// processes may reach it meanwhile, all calls but those through this handle answer
    /// [`IndexError::Rebuilding`] until `rebuilt`, also when the process that called `reset` is gone: then
    /// another `reset` begins anew, and this handle is refused too. An adapter whose caller holds a lock against
    /// writers need not.
    async fn reset(&self) -> Result<(), IndexError>;

    /// Everything is recorded again: what [`reset`](Self::reset) began is at its end. No effect without it.
    async fn rebuilt(&self) -> Result<(), IndexError>;
}

/// The most ids in one [`EntryIndex::places`] call, and the most entries in one bundle.
pub const MAX_IDS: usize = 4096;

/// How far an index is complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All entries with an index below this are recorded.
    pub through: u64,
    /// First index of the last bundle recorded; `None` when nothing is.
    pub last_bundle: Option<u64>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its index in the log.
    pub index: u64,
    /// First index of the bundle that holds it, which names the object.
    pub bundle: u64,
}

/// An entry with the keys that it is to have from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// Where it stands.
    pub place: Place,
    /// Its id.
    pub id: EntryId,
    /// All its keys, without doubles.
    pub keys: Vec<IndexKey>,
}

/// The rows of one bundle, as [`EntryIndex::record`] takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedBundle {
    /// First index.
    pub first: u64,
    /// The index behind the last; `end - first` equals `entries.len()`.
    pub end: u64,
    /// One for each entry, in order: entry `i` has index `first + i`.
    pub entries: Vec<IndexedEntry>,
}

/// What one entry puts into the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedEntry {
    /// Its id.
    pub id: EntryId,
    /// The keys under which it is found; without doubles, in no special order; a dozen at most as a
    /// rule, since each is a row.
    pub keys: Vec<IndexKey>,
}

/// A key under which an entry is found. Opaque here; no personal data in clear (an index is not
/// encrypted): pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKey {
    /// The key: printable ASCII, at most 128 bytes.
    pub key: String,
    /// The order within the key; for a time, microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

/// A search by key. Hits are ordered by (`at`, index).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The key looked for.
    pub key: String,
    /// From this order on.
    pub from: i64,
    /// To before this order.
    pub to: i64,
    /// Only hits behind this one, in the direction of the search: the cursor of the last page.
    pub after: Option<Cursor>,
    /// The most hits to return, at least 1.
    pub limit: usize,
    /// Descending instead of ascending.
    pub newest_first: bool,
}

/// A position in the order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The order of the hit.
    pub at: i64,
    /// The index of the hit.
    pub index: u64,
}

/// One page of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    /// Where to go on, if there are more.
    pub next: Option<Cursor>,
}

/// One entry found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The order under the key.
    pub at: i64,
    /// Where the entry stands.
    pub place: Place,
}

/// A row as verification reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// The entry's index.
    pub index: u64,
    /// First index of its bundle.
    pub bundle: u64,
    /// Its id; `None` when only keys stand at this index.
    pub id: Option<EntryId>,
    /// Its keys.
    pub keys: Vec<IndexKey>,
    /// Whether as many keys stand here as the index noted with the id when it was recorded. So a key that was
    /// taken away, or put there, is found also by those who cannot open the entries. An index that notes no
    /// number says `true`.
    pub whole: bool,
}

/// Why a call of the index failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// May succeed later; may have taken effect.
    #[error("the log's index did not answer; whether the call took effect is unknown")]
    Transient(#[source] Option<Cause>),
    /// Refused; had no effect.
    #[error("the log's index refused the call")]
    Permanent(#[source] Option<Cause>),
    /// A bundle was to be recorded though entries before it are not.
    #[error("the index is complete through {through} only, not through {first}")]
    Gap {
        /// How far the index is complete.
        through: u64,
        /// First index of the bundle that was to be recorded.
        first: u64,
    },
    /// The index is being recorded again by another process ([`EntryIndex::reset`]), and answers nobody meanwhile.
    #[error("the index is being made anew, and answers nobody until that is done")]
    Rebuilding,
}

impl IndexError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Rebuilding)
    }

    /// A transient error with its cause.
    pub fn transient(cause: impl Into<Cause>) -> Self {
        Self::Transient(Some(cause.into()))
    }

    /// A permanent error with its cause.
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self::Permanent(Some(cause.into()))
    }
}

/// Tells the index keys of logged entries from what is logged: needed for bundles of other writers
/// (one that crashed before it could record them, say), for verification and for rebuilding.
/// The owner of the payload's encryption implements it.
#[async_trait]
pub trait Describe: Send + Sync {
    /// One description for each entry, in order.
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError>;

    /// Whether a row with these keys was made by an older scheme of keys than the one that
    /// [`describe`](Self::describe) follows. Such an index answers incompletely until it is made anew, which is
    /// one finding and not one for each row.
    fn is_outdated(&self, _keys: &[IndexKey]) -> bool {
        false
    }
}

/// An entry as the log holds it, with its payload (whose hash has been compared with the leaf).
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Its index in the log.
    pub index: u64,
    /// Its leaf.
    pub leaf: Leaf,
    /// Its payload.
    pub payload: Bytes,
}

impl std::fmt::Debug for LoggedEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedEntry")
            .field("index", &self.index)
            .field("id", &self.leaf.id())
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// What [`Describe`] found out about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    /// These keys belong into the index.
    Keys(Vec<IndexKey>),
    /// The payload's key was destroyed: nothing is known, and nothing is wrong. These keys belong into the
    /// index of such an entry: what can be told from its leaf alone.
    Erased(Vec<IndexKey>),
    /// The payload cannot be what was logged under this leaf; a kebab-case code says why. A finding
    /// for verification.
    Faulty(&'static str),
}

/// Describing failed (for instance: the key service is away).
#[derive(Debug, thiserror::Error)]
#[error("what the entries hold could not be told")]
pub struct DescribeError(#[source] pub Cause);
