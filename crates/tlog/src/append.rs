//! [`Appender`]: entries into the log, each once, whatever fails and whoever else writes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::bundle::{
    BundleRef, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_OVERHEAD, MAX_PAYLOAD_BYTES, Nonce, encode,
    entry_len,
};
use crate::error::{LogError, Step};
use crate::hash::Frontier;
use crate::index::{
    Describe, Description, EntryIndex, IndexError, IndexKey, IndexedBundle, IndexedEntry, MAX_IDS, Place,
};
use crate::leaf::{EntryId, Leaf};
use crate::log::{ATTEMPTS, Log, logged_entries};
use crate::storage::{Created, StorageError};

/// An entry to be appended.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    leaf: Leaf,
    payload: Bytes,
    keys: Vec<IndexKey>,
}

impl NewEntry {
    /// An entry with its payload (ciphertext), the reference to the key that opens it, and the index
    /// keys under which it shall be found. `None` if the payload is longer than
    /// [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES) or the reference than
    /// [`MAX_KEY_REF`](crate::MAX_KEY_REF).
    #[must_use]
    pub fn new(id: EntryId, payload: Bytes, key_ref: &[u8], keys: Vec<IndexKey>) -> Option<Self> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return None;
        }
        Some(Self { leaf: Leaf::new(id, &payload, key_ref)?, payload, keys })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.leaf.id()
    }

    /// How many bytes it takes in a bundle.
    #[must_use]
    pub fn len_in_bundle(&self) -> usize {
        entry_len(&self.leaf, &self.payload)
    }
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEntry")
            .field("id", &self.id())
            .field("payload_len", &self.payload.len())
            .field("keys", &self.keys.len())
            .finish()
    }
}

/// Where an entry stands after appending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its place.
    pub place: Place,
    /// Whether this call put it there; `false`: an entry with this id stood there before (or earlier in
    /// the same batch).
    pub new: bool,
}

/// Appends to a log. Any number of appenders may write to one log, in any processes.
///
/// What it keeps in memory is a cache: after any error, or when a call is dropped half way, the next
/// call finds the head of the log anew.
pub struct Appender {
    log: Log,
    index: Arc<dyn EntryIndex>,
    describe: Arc<dyn Describe>,
    writer: [u8; 8],
    attempts: u64,
    /// The tree of all entries, as far as known. The index is complete through its size.
    head: Option<Frontier>,
}

impl fmt::Debug for Appender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender")
            .field("log", &self.log)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Appender {
    /// An appender. `writer` is random, for each appender another.
    pub fn new(log: Log, index: Arc<dyn EntryIndex>, describe: Arc<dyn Describe>, writer: [u8; 8]) -> Self {
        Self { log, index, describe, writer, attempts: 0, head: None }
    }

    /// Appends the entries that the log does not hold yet, in order, and returns where each stands, in
    /// the order given. When it returns `Ok`, all are durable and found through the index.
    ///
    /// After an error some of them may be in the log: appending them again with the same ids is safe,
    /// and puts only what is missing.
    pub async fn append(&mut self, entries: &[NewEntry]) -> Result<Vec<Appended>, LogError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut head = match self.head.take() {
            Some(head) => head,
            None => self.find_head().await?,
        };
        let mut batch = Batch::new(entries);
        let ids: Vec<EntryId> = batch.pending.iter().map(|entry| entry.id()).collect();
        for ids in ids.chunks(MAX_IDS) {
            for (id, place) in ids.iter().zip(self.places(ids).await?) {
                if let Some(place) = place {
                    batch.places.insert(*id, Appended { place, new: false });
                }
            }
        }
        batch.drop_placed();
        while !batch.pending.is_empty() {
            let count = batch.next_bundle();
            let bundle = batch.pending.get(..count).unwrap_or_default();
            self.append_bundle(&mut head, bundle, &mut batch.places).await?;
            batch.drop_placed();
        }
        self.head = Some(head);
        batch.into_answer(entries)
    }

    /// Finds the head of the log and completes the index through it, as the first `append` does.
    /// Returns the number of entries.
    pub async fn catch_up(&mut self) -> Result<u64, LogError> {
        let head = self.find_head().await?;
        let size = head.size();
        self.head = Some(head);
        Ok(size)
    }

    /// Forgets where the head is: the next call looks for it anew, and for a seal.
    pub fn forget_head(&mut self) {
        self.head = None;
    }

    /// Puts the entries into one bundle at the head, or finds another's there and steps over it. In
    /// both cases `head` has moved on, and `places` holds all ids of the bundle found.
    async fn append_bundle(
        &mut self,
        head: &mut Frontier,
        entries: &[&NewEntry],
        places: &mut HashMap<EntryId, Appended>,
    ) -> Result<(), LogError> {
        let first = head.size();
        if first.checked_add(entries.len() as u64).is_none() {
            return Err(LogError::Full);
        }
        let nonce = self.next_nonce();
        let bytes = encode(head, nonce, entries.iter().map(|entry| (&entry.leaf, entry.payload.as_ref())));
        match self.create(first, &bytes).await? {
            Outcome::Committed => {
                let rows =
                    entries.iter().map(|entry| IndexedEntry { id: entry.id(), keys: entry.keys.clone() });
                let end = first + entries.len() as u64;
                self.record(IndexedBundle { first, end, entries: rows.collect() }, Step::RecordOwn).await?;
                for (index, entry) in (first..).zip(entries) {
                    if !head.push(entry.leaf.hash()) {
                        return Err(LogError::Full);
                    }
                    let place = Place { index, bundle: first };
                    places.insert(entry.id(), Appended { place, new: true });
                }
            }
            Outcome::Taken(found) => {
                let bundle = self.step_over(head, &found).await?;
                for entry in bundle.entries() {
                    let place = Place { index: entry.index(), bundle: first };
                    places.insert(entry.id(), Appended { place, new: false });
                }
            }
        }
        Ok(())
    }

    /// Creates the bundle at `first`, and finds out what came of it.
    async fn create(&self, first: u64, bytes: &[u8]) -> Result<Outcome, LogError> {
        let key = self.log.paths().bundle(first);
        let mut hindrance = None;
        for _ in 0..ATTEMPTS {
            let taken = match self.log.storage().create(&key, bytes).await {
                Ok(Created::New) => return Ok(Outcome::Committed),
                Ok(Created::AlreadyExists) => true,
                Err(source) if source.is_transient() => {
                    hindrance = matches!(source, StorageError::Hindered { .. }).then_some(source);
                    false
                }
                Err(source) => return Err(LogError::Storage { step: Step::Create, source }),
            };
            match self.log.bundle_bytes(first, Step::ReadBack).await? {
                // The nonce is in the bytes: equal bytes are this attempt's.
                Some(found) if found == bytes => return Ok(Outcome::Committed),
                Some(found) => return Ok(Outcome::Taken(found)),
                None if taken => return Err(LogError::Vanished { object: key }),
                None => {}
            }
        }
        Err(hindrance
            .map_or(LogError::OutcomeUnknown, |source| LogError::Storage { step: Step::Create, source }))
    }

    /// From the hint to the head: reads the bundle that the index recorded last, and probes forward.
    async fn find_head(&self) -> Result<Frontier, LogError> {
        if self.log.is_sealed().await? {
            return Err(LogError::Sealed);
        }
        let coverage = retrying(Step::ReadCoverage, || self.index.coverage()).await?;
        let mut head = Frontier::new();
        if let Some(first) = coverage.last_bundle {
            let ahead =
                || LogError::IndexAhead { through: coverage.through, object: self.log.paths().bundle(first) };
            let bytes = self.log.bundle_bytes(first, Step::ReadHinted).await?.ok_or_else(ahead)?;
            let bundle = self.log.parse_bundle(&bytes, first)?;
            head = bundle.before().ok_or_else(ahead)?;
            extend(&mut head, &bundle)?;
            if head.size() != coverage.through {
                return Err(ahead());
            }
        }
        while let Some(found) = self.log.bundle_bytes(head.size(), Step::Probe).await? {
            self.step_over(&mut head, &found).await?;
        }
        Ok(head)
    }

    /// Records another's bundle at the head in the index, and moves the head behind it. Behind one that closes the
    /// log there is nothing.
    async fn step_over<'b>(&self, head: &mut Frontier, found: &'b Bytes) -> Result<BundleRef<'b>, LogError> {
        let first = head.size();
        let bundle = self.log.parse_bundle(found, first)?;
        if bundle.before().as_ref() != Some(&*head) {
            return Err(LogError::ChainBroken { object: self.log.paths().bundle(first) });
        }
        if bundle.is_closing() {
            return Err(LogError::Sealed);
        }
        // Its writer records it too, as a rule before this; describing needs the key of every entry.
        let coverage = retrying(Step::ReadCoverage, || self.index.coverage()).await?;
        if coverage.through >= bundle.end() {
            logged_entries(found, &bundle)?;
        } else {
            let step = Step::RecordFound;
            let rows = describe_bundle(self.describe.as_ref(), found, &bundle, step).await?;
            self.record(rows, step).await?;
        }
        extend(head, &bundle)?;
        Ok(bundle)
    }

    async fn record(&self, rows: IndexedBundle, step: Step) -> Result<(), LogError> {
        retrying(step, || self.index.record(&rows)).await
    }

    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, LogError> {
        retrying(Step::CheckIds, || self.index.places(ids)).await
    }

    fn next_nonce(&mut self) -> Nonce {
        self.attempts = self.attempts.wrapping_add(1);
        let mut nonce = [0; 16];
        let bytes = self.writer.iter().copied().chain(self.attempts.to_be_bytes());
        for (to, from) in nonce.iter_mut().zip(bytes) {
            *to = from;
        }
        Nonce(nonce)
    }
}

enum Outcome {
    /// The own bundle stands there.
    Committed,
    /// Another stands there.
    Taken(Bytes),
}

/// The entries of one call: which are still to be placed, and where the others stand.
struct Batch<'a> {
    pending: Vec<&'a NewEntry>,
    places: HashMap<EntryId, Appended>,
}

impl<'a> Batch<'a> {
    fn new(entries: &'a [NewEntry]) -> Self {
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        let pending = entries.iter().filter(|entry| seen.insert(entry.id())).collect();
        Self { pending, places: HashMap::with_capacity(entries.len()) }
    }

    fn drop_placed(&mut self) {
        let Self { pending, places } = self;
        pending.retain(|entry| !places.contains_key(&entry.id()));
    }

    /// How many of the pending entries fit into the next bundle; at least one.
    fn next_bundle(&self) -> usize {
        let mut bytes = MAX_OVERHEAD;
        let fits = self.pending.iter().take(MAX_BUNDLE_ENTRIES).take_while(|entry| {
            bytes += entry.len_in_bundle();
            bytes <= MAX_BUNDLE_BYTES
        });
        fits.count().max(1)
    }

    fn into_answer(self, entries: &[NewEntry]) -> Result<Vec<Appended>, LogError> {
        let mut places = self.places;
        let answer = entries.iter().map(|entry| {
            let found = places.get_mut(&entry.id()).ok_or(LogError::OutcomeUnknown)?;
            let appended = *found;
            // A second entry with this id in the same batch is not new.
            found.new = false;
            Ok(appended)
        });
        answer.collect()
    }
}

/// Appends a bundle's leaves to the tree.
pub(crate) fn extend(head: &mut Frontier, bundle: &BundleRef<'_>) -> Result<(), LogError> {
    for entry in bundle.entries() {
        if !head.push(entry.leaf_hash()) {
            return Err(LogError::Full);
        }
    }
    Ok(())
}

/// The index rows of a bundle, from what it holds. Of entries that cannot be described (erased, or
/// faulty) only the ids.
pub(crate) async fn describe_bundle(
    describe: &dyn Describe,
    bytes: &Bytes,
    bundle: &BundleRef<'_>,
    step: Step,
) -> Result<IndexedBundle, LogError> {
    let logged = logged_entries(bytes, bundle)?;
    let mut descriptions =
        describe.describe(&logged).await.map_err(|source| LogError::Describe { step, source })?.into_iter();
    let entries = logged
        .iter()
        .map(|entry| {
            let keys = match descriptions.next() {
                Some(Description::Keys(keys) | Description::Erased(keys)) => keys,
                _ => Vec::new(),
            };
            IndexedEntry { id: entry.leaf.id(), keys }
        })
        .collect();
    Ok(IndexedBundle { first: bundle.first(), end: bundle.end(), entries })
}

/// Calls the index, again when there is no answer.
pub(crate) async fn retrying<T, F>(step: Step, mut call: impl FnMut() -> F) -> Result<T, LogError>
where
    F: Future<Output = Result<T, IndexError>>,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Ok(value) => return Ok(value),
            Err(IndexError::Transient(_)) if attempt < ATTEMPTS => attempt += 1,
            Err(IndexError::Rebuilding) => return Err(LogError::IndexRebuilding),
            Err(source) => return Err(LogError::Index { step, source }),
        }
    }
}
