//! Faults at chosen calls.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use super::{MemoryIndex, MemoryStorage, Write, lock};
use crate::index::{Coverage, EntryIndex, Hits, IndexError, IndexRow, IndexedBundle, Place, Query, Rekeyed};
use crate::leaf::EntryId;
use crate::storage::{Created, Etag, Listing, LogStorage, Object, Replaced, RewrittenListing, StorageError};

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

    /// The next calls get no answer, and have no effect.
    pub fn refuse_next(&self, calls: u64) {
        let next = self.calls();
        lock(&self.faults).extend((next..next + calls).map(|call| (call, Fault::Refused)));
    }

    /// The process dies before this call.
    pub fn crash_at(&self, call: u64) {
        lock(&self.faults).insert(call, Fault::CrashBefore);
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

    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        self.plan.call(nothing, self.inner.get_version(key, version, limit)).await
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

    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        self.plan.call(nothing, self.inner.written(key)).await
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

    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError> {
        self.plan.call(nothing, self.inner.replace_keys(entries)).await
    }

    async fn reset(&self) -> Result<(), IndexError> {
        self.plan.call(nothing, self.inner.reset()).await
    }

    async fn rebuilt(&self) -> Result<(), IndexError> {
        self.plan.call(nothing, self.inner.rebuilt()).await
    }
}
