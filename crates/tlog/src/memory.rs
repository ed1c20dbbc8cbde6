//! Storage and index in memory, and faults to inject into them: for tests, here and in crates that
//! build on this one (feature `test-support`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;

use crate::hash::sha256;
use crate::index::{
    Coverage, Cursor, EntryIndex, Hit, Hits, IndexError, IndexKey, IndexRow, IndexedBundle, Place, Query,
};
use crate::leaf::EntryId;
use crate::storage::{
    Created, Etag, Listing, LogStorage, Object, Replaced, Rewritten, RewrittenListing, StorageError,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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

    /// States of a key that it has been written or deleted again, as S3 would list it.
    pub fn mark_rewritten(&self, key: &str, versions: u32, delete_markers: u32) {
        lock(&self.state).rewritten.insert(key.to_owned(), (versions, delete_markers));
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
            .map(|(key, versions, delete_markers)| Rewritten { key: key.clone(), versions, delete_markers })
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
            state.add(IndexRow { index, bundle: bundle.first, id: Some(entry.id), keys: entry.keys.clone() });
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

    async fn reset(&self) -> Result<(), IndexError> {
        *lock(&self.state) = Rows::default();
        Ok(())
    }
}

/// What happens to one call of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A transient error; the call had no effect.
    Refused,
    /// The call took effect, but answers with a transient error.
    AnswerLost,
    /// A transient error; a write takes effect all the same, a few calls of anybody later.
    Late,
    /// The process dies before the call: it and all later ones through these ports fail.
    CrashBefore,
    /// The process dies right after the call took effect.
    CrashAfter,
}

/// All faults.
pub const FAULTS: [Fault; 5] =
    [Fault::Refused, Fault::AnswerLost, Fault::Late, Fault::CrashBefore, Fault::CrashAfter];

/// Which calls of one process go wrong: shared by its ports, counts their calls together.
#[derive(Debug, Default)]
pub struct FaultPlan {
    calls: AtomicU64,
    crashed: AtomicBool,
    faults: Mutex<BTreeMap<u64, Fault>>,
}

impl FaultPlan {
    /// These faults at these calls (counted from 0).
    #[must_use]
    pub fn new(faults: impl IntoIterator<Item = (u64, Fault)>) -> Arc<Self> {
        Arc::new(Self { faults: Mutex::new(faults.into_iter().collect()), ..Self::default() })
    }

    /// How many calls have been made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Whether the process is dead.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    async fn call<T, E: InjectedError>(
        &self,
        late: impl FnOnce(),
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        // Other writers may run between any two steps, before and after the effect.
        YieldOnce::default().await;
        if self.crashed() {
            return Err(E::dead());
        }
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = lock(&self.faults).remove(&number);
        let answer = match fault {
            None => call.await,
            Some(Fault::Refused) => Err(E::lost()),
            Some(Fault::AnswerLost) => call.await.and_then(|_| Err(E::lost())),
            Some(Fault::Late) => {
                late();
                Err(E::lost())
            }
            Some(Fault::CrashBefore) => {
                self.crashed.store(true, Ordering::SeqCst);
                Err(E::dead())
            }
            Some(Fault::CrashAfter) => {
                let _ = call.await;
                self.crashed.store(true, Ordering::SeqCst);
                Err(E::dead())
            }
        };
        YieldOnce::default().await;
        answer
    }
}

trait InjectedError {
    fn lost() -> Self;
    fn dead() -> Self;
}

impl InjectedError for StorageError {
    fn lost() -> Self {
        Self::transient("injected: no answer")
    }
    fn dead() -> Self {
        Self::permanent("injected: the process is dead")
    }
}

impl InjectedError for IndexError {
    fn lost() -> Self {
        Self::transient("injected: no answer")
    }
    fn dead() -> Self {
        Self::permanent("injected: the process is dead")
    }
}

/// Lets others run once.
#[derive(Default)]
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A port whose calls go wrong according to a plan.
#[derive(Debug, Clone)]
pub struct Faulty<T> {
    inner: Arc<T>,
    plan: Arc<FaultPlan>,
}

impl<T> Faulty<T> {
    /// The port with the faults of this plan.
    pub fn new(inner: Arc<T>, plan: Arc<FaultPlan>) -> Self {
        Self { inner, plan }
    }
}

fn nothing() {}

#[async_trait]
impl LogStorage for Faulty<MemoryStorage> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        let write = Write::Create(key.to_owned(), Bytes::copy_from_slice(bytes));
        self.plan.call(|| self.inner.write_late(write), self.inner.create(key, bytes)).await
    }

    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.plan.call(nothing, self.inner.get(key, limit)).await
    }

    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        let write = Write::ReplaceIf(key.to_owned(), Bytes::copy_from_slice(bytes), expected.cloned());
        self.plan.call(|| self.inner.write_late(write), self.inner.replace_if(key, bytes, expected)).await
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let write = Write::Put(key.to_owned(), Bytes::copy_from_slice(bytes));
        self.plan.call(|| self.inner.write_late(write), self.inner.put(key, bytes)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        self.plan.call(nothing, self.inner.list(prefix, after, limit)).await
    }

    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        self.plan.call(nothing, self.inner.rewritten(prefix, after, limit)).await
    }
}

#[async_trait]
impl EntryIndex for Faulty<MemoryIndex> {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        self.plan.call(nothing, self.inner.coverage()).await
    }

    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        self.plan.call(nothing, self.inner.places(ids)).await
    }

    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        self.plan.call(nothing, self.inner.record(bundle)).await
    }

    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        self.plan.call(nothing, self.inner.find(query)).await
    }

    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        self.plan.call(nothing, self.inner.rows(from, limit)).await
    }

    async fn reset(&self) -> Result<(), IndexError> {
        self.plan.call(nothing, self.inner.reset()).await
    }
}
