//! Storage and index in memory, and faults to inject into them: for tests, here and in crates that
//! build on this one (feature `test-support`).

mod fault;

pub use fault::{FAULTS, Fault, FaultPlan, Faulty};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use crate::hash::sha256;
use crate::index::{
    Coverage, Cursor, EntryIndex, Hit, Hits, IndexError, IndexKey, IndexRow, IndexedBundle, Place, Query,
    Rekeyed,
};
use crate::leaf::EntryId;
use crate::storage::{
    Created, Etag, Listing, LogStorage, Object, Replaced, Rewritten, RewrittenListing, StorageError,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the version that was written first is called.
const FIRST: &str = "first";

/// [`LogStorage`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    state: Mutex<Objects>,
}

#[derive(Debug, Default)]
struct Objects {
    objects: BTreeMap<String, Bytes>,
    /// Versions and delete markers, of keys that have more than one creation.
    rewritten: BTreeMap<String, (u32, u32)>,
    /// What was written first under a key that was written again or deleted.
    firsts: BTreeMap<String, Bytes>,
    /// When an object was last written, as far as it was told.
    times: BTreeMap<String, SystemTime>,
    /// What its clock shows; it stands still until it is set.
    now: Option<SystemTime>,
    /// Writes still on their way: calls to come before they arrive, and what they do.
    late: Vec<(u32, Write)>,
}

#[derive(Debug, Clone)]
enum Write {
    Create(String, Bytes),
    Put(String, Bytes),
    ReplaceIf(String, Bytes, Option<Etag>),
}

impl MemoryStorage {
    /// Empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does to the objects whatever a tamperer would.
    pub fn tamper<T>(&self, with: impl FnOnce(&mut BTreeMap<String, Bytes>) -> T) -> T {
        with(&mut lock(&self.state).objects)
    }

    /// Sets the clock: what is written from now on was written then. Before that, it tells no times.
    pub fn set_time(&self, now: SystemTime) {
        lock(&self.state).now = Some(now);
    }

    /// States of a key that it has been written or deleted again, as S3 would list it.
    pub fn mark_rewritten(&self, key: &str, versions: u32, delete_markers: u32) {
        lock(&self.state).rewritten.insert(key.to_owned(), (versions, delete_markers));
    }

    /// Lays another version over an object, or a delete marker (`None`), as S3 keeps both.
    pub fn rewrite(&self, key: &str, bytes: Option<&[u8]>) {
        let mut state = lock(&self.state);
        let old = match bytes {
            Some(bytes) => state.objects.insert(key.to_owned(), Bytes::copy_from_slice(bytes)),
            None => state.objects.remove(key),
        };
        let (versions, markers) = state.rewritten.get(key).copied().unwrap_or((u32::from(old.is_some()), 0));
        let new = if bytes.is_some() { (versions + 1, markers) } else { (versions, markers + 1) };
        state.rewritten.insert(key.to_owned(), new);
        if let Some(old) = old {
            state.firsts.entry(key.to_owned()).or_insert(old);
        }
    }

    /// A copy of all objects.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, Bytes> {
        lock(&self.state).objects.clone()
    }

    /// Storage with these objects.
    #[must_use]
    pub fn restore(objects: BTreeMap<String, Bytes>) -> Self {
        Self { state: Mutex::new(Objects { objects, ..Objects::default() }) }
    }

    fn write_late(&self, write: Write) {
        lock(&self.state).late.push((3, write));
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        let mut state = lock(&self.state);
        let mut arrived = Vec::new();
        state.late.retain_mut(|(calls, write)| {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                arrived.push(write.clone());
            }
            *calls > 0
        });
        for write in arrived {
            state.write(write);
        }
        state
    }
}

impl Objects {
    fn write(&mut self, write: Write) -> bool {
        let (key, bytes, allowed) = match write {
            Write::Create(key, bytes) => {
                let absent = !self.objects.contains_key(&key);
                (key, bytes, absent)
            }
            Write::Put(key, bytes) => (key, bytes, true),
            Write::ReplaceIf(key, bytes, expected) => {
                let same = self.objects.get(&key).map(|bytes| etag(bytes)) == expected;
                (key, bytes, same)
            }
        };
        if allowed {
            if let Some(now) = self.now {
                self.times.insert(key.clone(), now);
            }
            self.objects.insert(key, bytes);
        }
        allowed
    }
}

fn etag(bytes: &[u8]) -> Etag {
    Etag(sha256(bytes).to_string())
}

#[async_trait]
impl LogStorage for MemoryStorage {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        let write = Write::Create(key.to_owned(), Bytes::copy_from_slice(bytes));
        Ok(if self.objects().write(write) { Created::New } else { Created::AlreadyExists })
    }

    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        match self.objects().objects.get(key) {
            Some(bytes) if bytes.len() > limit => Err(StorageError::TooLarge { limit }),
            Some(bytes) => Ok(Some(Object { bytes: bytes.clone(), etag: etag(bytes) })),
            None => Ok(None),
        }
    }

    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        match self.objects().firsts.get(key).filter(|_| version == FIRST) {
            Some(bytes) if bytes.len() > limit => Err(StorageError::TooLarge { limit }),
            Some(bytes) => Ok(Some(Object { bytes: bytes.clone(), etag: etag(bytes) })),
            None => Ok(None),
        }
    }

    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        Ok(self.objects().times.get(key).copied())
    }

    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        let write = Write::ReplaceIf(key.to_owned(), Bytes::copy_from_slice(bytes), expected.cloned());
        Ok(if self.objects().write(write) { Replaced::Done } else { Replaced::Changed })
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        self.objects().write(Write::Put(key.to_owned(), Bytes::copy_from_slice(bytes)));
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        let state = self.objects();
        let mut keys = keys_under(&state.objects, prefix, after);
        let page: Vec<String> = keys.by_ref().take(limit.max(1)).cloned().collect();
        Ok(Listing { keys: page, more: keys.next().is_some() })
    }

    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        let state = self.objects();
        let mut found = keys_under(&state.rewritten, prefix, after)
            .filter_map(|key| state.rewritten.get(key).map(|(versions, markers)| (key, *versions, *markers)));
        let objects = found
            .by_ref()
            .take(limit.max(1))
            .map(|(key, versions, delete_markers)| {
                let first = state.firsts.contains_key(key).then(|| FIRST.to_owned());
                Rewritten { key: key.clone(), versions, delete_markers, first }
            })
            .collect();
        Ok(Some(RewrittenListing { objects, more: found.next().is_some() }))
    }
}

fn keys_under<'a, T>(
    map: &'a BTreeMap<String, T>,
    prefix: &'a str,
    after: Option<&str>,
) -> impl Iterator<Item = &'a String> + use<'a, T> {
    let start = match after {
        Some(after) if after >= prefix => Bound::Excluded(after.to_owned()),
        _ => Bound::Included(prefix.to_owned()),
    };
    map.range((start, Bound::Unbounded)).map(|(key, _)| key).take_while(move |key| key.starts_with(prefix))
}

/// [`EntryIndex`] in memory.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    state: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    coverage: Coverage,
    /// Ascending by index.
    rows: Vec<IndexRow>,
    ids: HashMap<EntryId, Place>,
    keys: BTreeSet<(String, i64, u64, u64)>,
}

impl Rows {
    fn add(&mut self, row: IndexRow) {
        let place = Place { index: row.index, bundle: row.bundle };
        if let Some(id) = row.id {
            self.ids.entry(id).or_insert(place);
        }
        for IndexKey { key, at } in &row.keys {
            self.keys.insert((key.clone(), *at, row.index, row.bundle));
        }
        self.rows.push(row);
    }
}

impl MemoryIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does to rows and coverage whatever a tamperer would.
    pub fn tamper(&self, with: impl FnOnce(&mut Vec<IndexRow>, &mut Coverage)) {
        let mut state = lock(&self.state);
        let (mut rows, mut coverage) = (std::mem::take(&mut state.rows), state.coverage);
        with(&mut rows, &mut coverage);
        rows.sort_by_key(|row| row.index);
        *state = Rows { coverage, ..Rows::default() };
        for row in rows {
            state.add(row);
        }
    }
}

#[async_trait]
impl EntryIndex for MemoryIndex {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        Ok(lock(&self.state).coverage)
    }

    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        let state = lock(&self.state);
        Ok(ids.iter().map(|id| state.ids.get(id).copied()).collect())
    }

    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        let mut state = lock(&self.state);
        let through = state.coverage.through;
        if through < bundle.first {
            return Err(IndexError::Gap { through, first: bundle.first });
        }
        if through >= bundle.end {
            return Ok(());
        }
        for (index, entry) in (bundle.first..).zip(&bundle.entries) {
            state.add(IndexRow {
                index,
                bundle: bundle.first,
                id: Some(entry.id),
                keys: entry.keys.clone(),
                whole: true,
            });
        }
        state.coverage = Coverage { through: bundle.end, last_bundle: Some(bundle.first) };
        Ok(())
    }

    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        let state = lock(&self.state);
        let matching = state
            .keys
            .range((query.key.clone(), query.from, 0, 0)..)
            .take_while(|(key, at, _, _)| *key == query.key && *at < query.to)
            .map(|(_, at, index, bundle)| Hit { at: *at, place: Place { index: *index, bundle: *bundle } });
        let position = |hit: &Hit| Cursor { at: hit.at, index: hit.place.index };
        let mut matching: Vec<Hit> = matching
            .filter(|hit| {
                query.after.is_none_or(|after| {
                    if query.newest_first { position(hit) < after } else { position(hit) > after }
                })
            })
            .collect();
        if query.newest_first {
            matching.reverse();
        }
        let more = matching.len() > query.limit;
        matching.truncate(query.limit);
        let next = matching.last().filter(|_| more).map(position);
        Ok(Hits { hits: matching, next })
    }

    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        let state = lock(&self.state);
        let start = state.rows.partition_point(|row| row.index < from);
        let (mut seen, mut last) = (0, None);
        let rows = state.rows.iter().skip(start).take_while(|row| {
            if last != Some(row.index) {
                seen += 1;
                last = Some(row.index);
            }
            seen <= limit.max(1)
        });
        Ok(rows.cloned().collect())
    }

    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError> {
        self.tamper(|rows, _| {
            for entry in entries {
                let row =
                    rows.iter_mut().find(|row| row.id == Some(entry.id) && row.index == entry.place.index);
                if let Some(row) = row {
                    row.keys.clone_from(&entry.keys);
                }
            }
        });
        Ok(())
    }

    async fn reset(&self) -> Result<(), IndexError> {
        *lock(&self.state) = Rows::default();
        Ok(())
    }

    async fn rebuilt(&self) -> Result<(), IndexError> {
        Ok(())
    }
}
