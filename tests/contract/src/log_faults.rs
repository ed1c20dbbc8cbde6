//! One call of storage or index goes wrong, any one, in every way: nothing is lost and nothing doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use tlog::{
    Coverage, Created, Day, EntryId, EntryIndex, Etag, Hits, IndexError, IndexRow, IndexedBundle, Listing,
    LogStorage, Object, Place, Query, Rekeyed, Replaced, RewrittenListing, StorageError,
};

use crate::log_process::{Logs, Opener, Ports, entries};

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer, no effect.
    Refused,
    /// The effect, and no answer.
    AnswerLost,
    /// No answer; a write takes effect a little later all the same.
    Late,
    /// The ports answer nothing any more from right after the effect: as if the process had died.
    Crash,
    /// This very process is killed before the call.
    Killed,
    /// This very process is stopped before the call, until somebody lets it go on (SIGCONT).
    Stopped,
}

/// Those that need no process of their own.
pub const FAULTS: [Fault; 4] = [Fault::Refused, Fault::AnswerLost, Fault::Late, Fault::Crash];

/// The ports of one process, one call of which goes wrong.
#[derive(Clone)]
pub struct Shaky {
    ports: Ports,
    fault: Option<(u64, Fault)>,
    calls: Arc<AtomicU64>,
    dead: Arc<AtomicBool>,
}

const LOST: &str = "no answer, as a test wants it";

impl Shaky {
    /// This fault at this call, counted from 0.
    #[must_use]
    pub fn new(ports: Ports, fault: Option<(u64, Fault)>) -> Self {
        Self { ports, fault, calls: Arc::default(), dead: Arc::default() }
    }

    /// The ports, in front of which it stands.
    #[must_use]
    pub fn ports(&self) -> Ports {
        let signer = Arc::clone(&self.ports.signer);
        Ports { storage: Arc::new(self.clone()), index: Arc::new(self.clone()), signer }
    }

    /// How many calls have been made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Whether the ports answer nothing any more.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    async fn call<T, E>(
        &self,
        error: fn(&'static str) -> E,
        call: impl Future<Output = Result<T, E>>,
        late: impl FnOnce() + Send,
    ) -> Result<T, E> {
        if self.is_dead() {
            return Err(error("dead"));
        }
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault) {
            None => call.await,
            Some(Fault::Refused) => Err(error(LOST)),
            Some(Fault::AnswerLost) => call.await.and_then(|_| Err(error(LOST))),
            Some(Fault::Late) => {
                late();
                Err(error(LOST))
            }
            Some(Fault::Crash) => {
                let _ = call.await;
                self.dead.store(true, Ordering::SeqCst);
                Err(error("dead"))
            }
            Some(Fault::Killed) => std::process::abort(),
            Some(Fault::Stopped) => {
                crate::log_killed::stop();
                call.await
            }
        }
    }

    async fn stored<T>(
        &self,
        call: impl Future<Output = Result<T, StorageError>>,
        late: impl FnOnce() + Send,
    ) -> Result<T, StorageError> {
        self.call(StorageError::transient, call, late).await
    }

    async fn indexed<T>(&self, call: impl Future<Output = Result<T, IndexError>>) -> Result<T, IndexError> {
        self.call(IndexError::transient, call, || ()).await
    }
}

/// Does it a little later.
fn later(write: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        write.await;
    });
}

#[async_trait]
impl LogStorage for Shaky {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        let (storage, own, body) = (Arc::clone(&self.ports.storage), key.to_owned(), bytes.to_vec());
        let late = || later(async move { drop(storage.create(&own, &body).await) });
        self.stored(self.ports.storage.create(key, bytes), late).await
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.stored(self.ports.storage.get(key, limit), || ()).await
    }
    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        self.stored(self.ports.storage.get_version(key, version, limit), || ()).await
    }
    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        self.stored(self.ports.storage.written(key), || ()).await
    }
    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        let (storage, own, body) = (Arc::clone(&self.ports.storage), key.to_owned(), bytes.to_vec());
        let etag = expected.cloned();
        let late = || later(async move { drop(storage.replace_if(&own, &body, etag.as_ref()).await) });
        self.stored(self.ports.storage.replace_if(key, bytes, expected), late).await
    }
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let (storage, own, body) = (Arc::clone(&self.ports.storage), key.to_owned(), bytes.to_vec());
        let late = || later(async move { drop(storage.put(&own, &body).await) });
        self.stored(self.ports.storage.put(key, bytes), late).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        self.stored(self.ports.storage.list(prefix, after, limit), || ()).await
    }
    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        self.stored(self.ports.storage.rewritten(prefix, after, limit), || ()).await
    }
}

#[async_trait]
impl EntryIndex for Shaky {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        self.indexed(self.ports.index.coverage()).await
    }
    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        self.indexed(self.ports.index.places(ids)).await
    }
    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        let (index, rows) = (Arc::clone(&self.ports.index), bundle.clone());
        let late = || later(async move { drop(index.record(&rows).await) });
        self.call(IndexError::transient, self.ports.index.record(bundle), late).await
    }
    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        self.indexed(self.ports.index.find(query)).await
    }
    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        self.indexed(self.ports.index.rows(from, limit)).await
    }
    async fn replace_keys(&self, entries: &[Rekeyed]) -> Result<(), IndexError> {
        self.indexed(self.ports.index.replace_keys(entries)).await
    }
    async fn reset(&self) -> Result<(), IndexError> {
        self.indexed(self.ports.index.reset()).await
    }
    async fn rebuilt(&self) -> Result<(), IndexError> {
        self.indexed(self.ports.index.rebuilt()).await
    }
}

/// Writes eight entries in three goes, each covered, and keeps a checkpoint; as a process that starts again after a
/// crash. Returns how many calls of the ports it took.
async fn life(logs: &impl Logs, shard: &str, fault: Option<(u64, Fault)>) -> u64 {
    let shaky = Shaky::new(logs.ports(shard), fault);
    let mut process = shaky.ports().process(shard, 1);
    let day = Day::new(2026, 11, 22).unwrap();
    for numbers in [0..3, 2..5, 5..8] {
        let new = entries(numbers);
        let mut tries = 0;
        while process.write(&new).await.is_err() || process.publisher.keep(day).await.is_err() {
            tries += 1;
            assert!(tries < 5, "{fault:?}");
            if shaky.is_dead() {
                process = logs.ports(shard).process(shard, 2);
            }
        }
    }
    // Whatever is late has come.
    tokio::time::sleep(Duration::from_millis(60)).await;
    let report = logs.ports(shard).verified(shard, Some(&Opener)).await;
    assert!(report.is_clean(), "{fault:?}: {:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail, report.unindexed), (8, 0, Some(0)), "{fault:?}");
    shaky.calls()
}

pub async fn nothing_is_lost_or_doubled_whichever_call_goes_wrong(logs: impl Logs) {
    let calls = life(&logs, "none", None).await;
    assert!(calls > 25, "{calls}");
    let lives = (0..calls).flat_map(|call| FAULTS.map(|fault| (call, fault))).map(|(call, fault)| {
        let logs = logs.clone();
        async move {
            let shard = format!("{call}-{fault:?}").to_lowercase();
            life(&logs, &shard, Some((call, fault))).await
        }
    });
    let lived: Vec<u64> = stream::iter(lives.collect::<Vec<_>>()).buffer_unordered(8).collect().await;
    assert_eq!(lived.len() as u64, 4 * calls);
}

pub async fn many_writers_make_one_log(logs: impl Logs) {
    let writers: Vec<_> = (0..5_u64)
        .map(|writer| {
            let mut process = logs.ports("many").process("many", u8::try_from(writer).unwrap());
            tokio::spawn(async move {
                for round in 0..6 {
                    // Every entry comes to two of the writers.
                    let first = (writer / 2) * 100 + round * 4;
                    let new = entries(first..first + 4);
                    let mut tries = 0;
                    while let Err(error) = process.write(&new).await {
                        assert!(error.is_transient(), "{error:?}");
                        tries += 1;
                        assert!(tries < 20);
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let report = logs.ports("many").verified("many", Some(&Opener)).await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail, report.unindexed), (3 * 24, 0, Some(0)));
}
