//! A log in memory, and an executor that interleaves tasks in an order given by a seed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use bytes::Bytes;
use tlog::memory::{MemoryIndex, MemoryStorage};
use tlog::{
    Appended, Appender, Describe, DescribeError, Description, EntryId, EntryIndex, IndexKey, LocalSigner,
    Log, LogError, LogPaths, LogStorage, LoggedEntry, NewEntry, Publisher, Report, SignedCheckpoint, Signer,
    VerifyOptions, VerifyingKey, verify,
};

pub(crate) const ORIGIN: &str = "ziekenhuis.example/log/test";

/// Runs a future that needs no reactor.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

pub(crate) type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Polls tasks in an order that the seed gives, until all are done.
pub(crate) fn interleave(mut tasks: Vec<Task<'_>>, seed: u64) {
    let mut random = Random(seed | 1);
    let mut context = Context::from_waker(Waker::noop());
    while !tasks.is_empty() {
        let at = (random.next() % tasks.len() as u64) as usize;
        // Some tasks get several turns in a row, others wait long.
        for _ in 0..=random.next() % 4 {
            if tasks[at].as_mut().poll(&mut context).is_ready() {
                drop(tasks.swap_remove(at));
                break;
            }
        }
    }
}

/// Lets others run.
pub(crate) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// xorshift64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Payloads are `<key>@<at>`, in clear; `erased` and `faulty` are what they say.
pub(crate) struct PlainDescribe;

#[async_trait]
impl Describe for PlainDescribe {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        let describe = |entry: &LoggedEntry| {
            let text = std::str::from_utf8(&entry.payload).unwrap();
            match text.split_once('@') {
                Some((key, at)) => {
                    Description::Keys(vec![IndexKey { key: key.to_owned(), at: at.parse().unwrap() }])
                }
                None if text == "erased" => Description::Erased(Vec::new()),
                None => Description::Faulty("payload-unreadable"),
            }
        };
        Ok(entries.iter().map(describe).collect())
    }
}

pub(crate) fn id(number: u64) -> EntryId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    EntryId(bytes)
}

/// Entry `number`, of one of five keys.
pub(crate) fn entry(number: u64) -> NewEntry {
    let (key, at) = (format!("patient-{}", number % 5), number as i64 * 1000);
    let payload = Bytes::from(format!("{key}@{at}"));
    NewEntry::new(id(number), payload, b"key-1", vec![IndexKey { key, at }]).unwrap()
}

pub(crate) fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<NewEntry> {
    numbers.into_iter().map(entry).collect()
}

pub(crate) fn signer() -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_seed(ORIGIN, &[42; 32]).unwrap())
}

pub(crate) fn log_on(storage: Arc<dyn LogStorage>) -> Log {
    Log::new(storage, LogPaths::new("test").unwrap(), ORIGIN)
}

/// A log in memory.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) index: Arc<MemoryIndex>,
    pub(crate) log: Log,
    pub(crate) keys: Vec<VerifyingKey>,
}

impl World {
    /// An empty log, with the checkpoint of the empty tree.
    pub(crate) fn new() -> Self {
        let world = Self::on(Arc::new(MemoryStorage::new()));
        world.publish();
        world
    }

    pub(crate) fn on(storage: Arc<MemoryStorage>) -> Self {
        let log = log_on(storage.clone());
        let keys = vec![signer().verifying_key().clone()];
        Self { storage, index: Arc::default(), log, keys }
    }

    pub(crate) fn appender(&self, writer: u8) -> Appender {
        self.appender_on(self.log.clone(), self.index.clone(), writer)
    }

    pub(crate) fn appender_on(&self, log: Log, index: Arc<dyn EntryIndex>, writer: u8) -> Appender {
        Appender::new(log, index, Arc::new(PlainDescribe), [writer; 8])
    }

    /// Appends bundles of these sizes, with entries numbered from 0.
    pub(crate) fn fill(&self, bundles: &[u64]) {
        let mut appender = self.appender(1);
        let mut next = 0;
        for count in bundles {
            run(appender.append(&entries(next..next + count))).unwrap();
            next += count;
        }
    }

    pub(crate) fn append(&self, new: &[NewEntry]) -> Result<Vec<Appended>, LogError> {
        run(self.appender(9).append(new))
    }

    pub(crate) fn publish(&self) -> SignedCheckpoint {
        run(Publisher::new(self.log.clone(), signer(), Vec::new()).publish()).unwrap()
    }

    pub(crate) fn seal(&self) -> SignedCheckpoint {
        run(Publisher::new(self.log.clone(), signer(), Vec::new()).seal()).unwrap()
    }

    /// Verifies with everything there is.
    pub(crate) fn verify(&self) -> Report {
        self.verify_against(None)
    }

    pub(crate) fn verify_against(&self, trusted: Option<&[u8]>) -> Report {
        let options = VerifyOptions {
            trusted,
            index: Some(self.index.as_ref()),
            describe: Some(&PlainDescribe),
            ..VerifyOptions::new(&self.keys)
        };
        run(verify(&self.log, &options)).unwrap()
    }

    /// Without index and payloads: what a third party can see.
    pub(crate) fn verify_objects(&self) -> Report {
        run(verify(&self.log, &VerifyOptions::new(&self.keys))).unwrap()
    }
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
