//! A process that writes the log is killed, gets no answer or a late one, at every call of storage and index.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use tlog::{
    Coverage, Created, Day, EntryId, EntryIndex, Etag, Hits, IndexError, IndexRow, IndexedBundle, Listing,
    LogStorage, Object, Place, Query, Replaced, RewrittenListing, StorageError,
};
use zorgsluis_aws::{DynamoEntryIndex, S3LogStorage};

use crate::log_world::{Deployed, Process, entries};
use crate::lossy::Lossy;
use crate::ministack::World;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// No answer, no effect.
    Refused,
    /// The effect, and no answer.
    AnswerLost,
    /// No answer; a write takes effect a little later all the same.
    Late,
    /// The process dies right after the effect.
    Crash,
}

const FAULTS: [Fault; 4] = [Fault::Refused, Fault::AnswerLost, Fault::Late, Fault::Crash];

/// The ports of one process, one call of which goes wrong.
#[derive(Clone)]
struct Shaky {
    storage: S3LogStorage,
    index: DynamoEntryIndex,
    fault: Option<(u64, Fault)>,
    calls: Arc<AtomicU64>,
    dead: Arc<AtomicBool>,
}

const LOST: &str = "no answer, as a test wants it";

impl Shaky {
    /// `write`: the call again, for one that arrives late.
    async fn call<T, E>(
        &self,
        error: fn(&'static str) -> E,
        call: impl Future<Output = Result<T, E>>,
        late: impl FnOnce() + Send,
    ) -> Result<T, E> {
        if self.dead.load(Ordering::SeqCst) {
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
        let (storage, own, body) = (self.storage.clone(), key.to_owned(), bytes.to_vec());
        let late = || later(async move { drop(storage.create(&own, &body).await) });
        self.stored(self.storage.create(key, bytes), late).await
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.stored(self.storage.get(key, limit), || ()).await
    }
    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        let (storage, own, body) = (self.storage.clone(), key.to_owned(), bytes.to_vec());
        let etag = expected.cloned();
        let late = || later(async move { drop(storage.replace_if(&own, &body, etag.as_ref()).await) });
        self.stored(self.storage.replace_if(key, bytes, expected), late).await
    }
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let (storage, own, body) = (self.storage.clone(), key.to_owned(), bytes.to_vec());
        let late = || later(async move { drop(storage.put(&own, &body).await) });
        self.stored(self.storage.put(key, bytes), late).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        self.stored(self.storage.list(prefix, after, limit), || ()).await
    }
    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        self.stored(self.storage.rewritten(prefix, after, limit), || ()).await
    }
}

#[async_trait]
impl EntryIndex for Shaky {
    async fn coverage(&self) -> Result<Coverage, IndexError> {
        self.indexed(self.index.coverage()).await
    }
    async fn places(&self, ids: &[EntryId]) -> Result<Vec<Option<Place>>, IndexError> {
        self.indexed(self.index.places(ids)).await
    }
    async fn record(&self, bundle: &IndexedBundle) -> Result<(), IndexError> {
        let (index, rows) = (self.index.clone(), bundle.clone());
        let late = || later(async move { drop(index.record(&rows).await) });
        self.call(IndexError::transient, self.index.record(bundle), late).await
    }
    async fn find(&self, query: &Query) -> Result<Hits, IndexError> {
        self.indexed(self.index.find(query)).await
    }
    async fn rows(&self, from: u64, limit: usize) -> Result<Vec<IndexRow>, IndexError> {
        self.indexed(self.index.rows(from, limit)).await
    }
    async fn replace_keys(&self, entries: &[tlog::Rekeyed]) -> Result<(), IndexError> {
        self.indexed(self.index.replace_keys(entries)).await
    }
    async fn reset(&self) -> Result<(), IndexError> {
        self.indexed(self.index.reset()).await
    }
}

/// Writes eight entries in three goes, each covered, and keeps a checkpoint; as a process that starts again after a
/// crash. Returns how many calls of the ports it took.
async fn life(deployed: &Deployed, shard: &str, fault: Option<(u64, Fault)>) -> u64 {
    let shaky = Shaky {
        storage: deployed.storage(),
        index: deployed.index(shard),
        fault,
        calls: Arc::default(),
        dead: Arc::default(),
    };
    let signer = Arc::new(deployed.signer.clone());
    let mut process = Process::new(Arc::new(shaky.clone()), Arc::new(shaky.clone()), signer, shard, 1);
    let day = Day::new(2026, 11, 22).unwrap();
    for numbers in [0..3, 2..5, 5..8] {
        let new = entries(numbers);
        let mut tries = 0;
        while process.write(&new).await.is_err() || process.publisher.keep(day).await.is_err() {
            tries += 1;
            assert!(tries < 5, "{fault:?}");
            if shaky.dead.load(Ordering::SeqCst) {
                process = deployed.process(shard, 2);
            }
        }
    }
    // Whatever is late has come.
    tokio::time::sleep(Duration::from_millis(60)).await;
    let report = deployed.verify(shard).await;
    assert!(report.is_clean(), "{fault:?}: {:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail, report.unindexed), (8, 0, Some(0)), "{fault:?}");
    assert!(report.versions_checked);
    shaky.calls.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_whichever_call_goes_wrong() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let calls = life(&deployed, "none", None).await;
    assert!(calls > 25, "{calls}");
    let lives = (0..calls).flat_map(|call| FAULTS.map(|fault| (call, fault))).map(|(call, fault)| {
        let deployed = deployed.clone();
        async move {
            let shard = format!("{call}-{fault:?}").to_lowercase();
            life(&deployed, &shard, Some((call, fault))).await
        }
    });
    let lived: Vec<u64> = stream::iter(lives.collect::<Vec<_>>()).buffer_unordered(8).collect().await;
    assert_eq!(lived.len() as u64, 4 * calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_on_its_way_is_no_second_entry() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let put = |shard: &str, object: &str| format!("PUT /{}/log/{shard}/{object}", deployed.bucket);
    for (shard, needle) in [
        ("a", put("a", "entries/00000000000000000000")),
        ("b", put("b", "checkpoint?")),
        ("c", put("c", "tile/")),
        ("d", put("d", "checkpoints/")),
        ("e", "DynamoDB_20120810.BatchWriteItem".to_owned()),
        ("f", "DynamoDB_20120810.UpdateItem".to_owned()),
        ("g", "DynamoDB_20120810.BatchGetItem".to_owned()),
        ("h", "TrentService.Sign".to_owned()),
    ] {
        // The SDK sends it again and is told that it stands there, or has to read what does.
        let line = Lossy::new(&world, &needle, 1).await;
        let by = deployed.by(&line.clients);
        let key = deployed.signer.clone();
        let signer = if shard == "h" {
            let reload = world.signing_key(aws_sdk_kms::types::KeySpec::EccNistEdwards25519).await;
            zorgsluis_aws::KmsSigner::load(&line.clients, &reload, crate::log::ORIGIN).await.unwrap()
        } else {
            key
        };
        let by = Deployed { signer, ..by };
        let mut process = by.process(shard, 1);
        assert_eq!(process.write(&entries(0..5)).await.unwrap(), 5, "{needle}");
        process.publisher.keep(Day::new(2026, 11, 22).unwrap()).await.unwrap();
        assert!(line.lost_all(), "{needle}");
        assert_eq!(process.write(&entries(3..8)).await.unwrap(), 8, "{needle}");
        let report = Deployed { clients: world.clients.clone(), ..by }.verify(shard).await;
        assert!(report.is_clean(), "{needle}: {:?}", report.findings);
        assert_eq!((report.size, report.unsealed_tail), (8, 0), "{needle}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_make_one_log() {
    let world = World::new().await;
    let deployed = Deployed::new(&world).await;
    let writers: Vec<_> = (0..5_u64)
        .map(|writer| {
            let (deployed, endpoint) = (deployed.clone(), world.endpoint.clone());
            tokio::spawn(async move {
                let endpoints = zorgsluis_aws::Endpoints { all: Some(endpoint), comprehend_medical: None };
                let credentials = Some(crate::ministack::credentials());
                let own =
                    zorgsluis_aws::Clients::load(crate::ministack::REGION, &endpoints, credentials).await;
                let mut process = deployed.by(&own).process("umc", u8::try_from(writer).unwrap());
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
    let report = deployed.verify("umc").await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.unsealed_tail, report.unindexed), (3 * 24, 0, Some(0)));
}
