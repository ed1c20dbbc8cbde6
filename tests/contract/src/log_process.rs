//! A process that writes a log of invented entries, on any adapter.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tlog::{
    Appended, Appender, Describe, DescribeError, Description, EntryId, EntryIndex, IndexKey, Log, LogError,
    LogPaths, LogStorage, LoggedEntry, NewEntry, Publisher, Report, Signer, VerifyOptions,
};

/// The keys of an entry, from its payload: its number.
fn keys(payload: &[u8]) -> Vec<IndexKey> {
    let number = u64::from_be_bytes(payload.try_into().unwrap());
    let at = i64::try_from(number).unwrap();
    vec![IndexKey { key: "all".into(), at }, IndexKey { key: format!("patient:{}", number % 3), at }]
}

#[must_use]
pub fn id(number: u64) -> EntryId {
    EntryId(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
}

/// Entries of these numbers.
pub fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<NewEntry> {
    let entry = |number: u64| {
        let payload = number.to_be_bytes();
        NewEntry::new(id(number), Bytes::copy_from_slice(&payload), b"key", keys(&payload)).unwrap()
    };
    numbers.into_iter().map(entry).collect()
}

/// Reads the keys of these entries from their payloads.
pub struct Opener;

#[async_trait]
impl Describe for Opener {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        Ok(entries.iter().map(|entry| Description::Keys(keys(&entry.payload))).collect())
    }
}

/// What one process writes a log with.
#[derive(Clone)]
pub struct Ports {
    pub storage: Arc<dyn LogStorage>,
    pub index: Arc<dyn EntryIndex>,
    pub signer: Arc<dyn Signer>,
}

/// Where logs are, one for each shard; each call gives ports of a process of its own.
pub trait Logs: Clone + Send + Sync + 'static {
    fn ports(&self, shard: &str) -> Ports;
}

impl Ports {
    /// The log of this shard, named as the signer is.
    #[must_use]
    pub fn log(&self, shard: &str) -> Log {
        let origin = self.signer.verifying_key().name();
        Log::new(Arc::clone(&self.storage), LogPaths::new(shard).unwrap(), origin)
    }

    /// A process; `writer` is another for each.
    #[must_use]
    pub fn process(&self, shard: &str, writer: u8) -> Process {
        let log = self.log(shard);
        Process {
            appender: Appender::new(log.clone(), Arc::clone(&self.index), Arc::new(Opener), [writer; 8]),
            publisher: Publisher::new(log, Arc::clone(&self.signer), Vec::new()),
        }
    }

    /// Verifies; without a describer as somebody does who cannot open the entries.
    pub async fn verified(&self, shard: &str, describe: Option<&dyn Describe>) -> Report {
        let keys = [self.signer.verifying_key().clone()];
        let options =
            VerifyOptions { index: Some(self.index.as_ref()), describe, ..VerifyOptions::new(&keys) };
        tlog::verify(&self.log(shard), &options).await.unwrap()
    }
}

/// What one process holds: it appends, and signs checkpoints.
pub struct Process {
    pub appender: Appender,
    pub publisher: Publisher,
}

impl Process {
    /// Appends and covers; tells how much is covered.
    pub async fn write(&mut self, new: &[NewEntry]) -> Result<u64, LogError> {
        self.append(new).await?;
        Ok(self.publisher.publish().await?.checkpoint().size)
    }

    /// Appends, and tells where each entry stands.
    pub async fn append(&mut self, new: &[NewEntry]) -> Result<Vec<Appended>, LogError> {
        self.publisher.begin().await?;
        self.appender.append(new).await
    }
}
