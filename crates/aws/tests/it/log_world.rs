//! A log of invented entries on AWS, and a process that writes it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tlog::{
    Appender, Describe, DescribeError, Description, EntryId, EntryIndex, IndexKey, Log, LogError, LogPaths,
    LogStorage, LoggedEntry, NewEntry, Publisher, Report, Signer, VerifyOptions,
};
use zorgsluis_aws::{Clients, DynamoEntryIndex, KmsSigner, S3LogStorage};

use crate::log::ORIGIN;
use crate::ministack::World;

/// The keys of an entry, from its payload: its number.
fn keys(payload: &[u8]) -> Vec<IndexKey> {
    let number = u64::from_be_bytes(payload.try_into().unwrap());
    let at = i64::try_from(number).unwrap();
    vec![IndexKey { key: "all".into(), at }, IndexKey { key: format!("patient:{}", number % 3), at }]
}

pub(crate) fn id(number: u64) -> EntryId {
    EntryId(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
}

/// Entries of these numbers.
pub(crate) fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<NewEntry> {
    let entry = |number: u64| {
        let payload = number.to_be_bytes();
        NewEntry::new(id(number), Bytes::copy_from_slice(&payload), b"key", keys(&payload)).unwrap()
    };
    numbers.into_iter().map(entry).collect()
}

pub(crate) struct Opener;

#[async_trait]
impl Describe for Opener {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        Ok(entries.iter().map(|entry| Description::Keys(keys(&entry.payload))).collect())
    }
}

/// Bucket, table and signing key; a log in them for each shard.
#[derive(Clone)]
pub(crate) struct Deployed {
    pub(crate) clients: Clients,
    pub(crate) bucket: String,
    pub(crate) table: String,
    pub(crate) signer: KmsSigner,
}

impl Deployed {
    pub(crate) async fn new(world: &World) -> Self {
        Self {
            clients: world.clients.clone(),
            bucket: world.log_bucket().await,
            table: world.table("log-index").await,
            signer: world.log_signer().await,
        }
    }

    /// The same, reached by other clients.
    pub(crate) fn by(&self, clients: &Clients) -> Self {
        Self { clients: clients.clone(), ..self.clone() }
    }

    pub(crate) fn storage(&self) -> S3LogStorage {
        S3LogStorage::new(&self.clients, &self.bucket, 30)
    }

    pub(crate) fn index(&self, shard: &str) -> DynamoEntryIndex {
        DynamoEntryIndex::new(&self.clients, &self.table, shard)
    }

    pub(crate) fn process(&self, shard: &str, writer: u8) -> Process {
        let (storage, index) = (Arc::new(self.storage()), Arc::new(self.index(shard)));
        Process::new(storage, index, Arc::new(self.signer.clone()), shard, writer)
    }

    pub(crate) async fn verify(&self, shard: &str) -> Report {
        self.verified(shard, Some(&Opener)).await
    }

    /// As somebody verifies who cannot open the entries.
    pub(crate) async fn verify_closed(&self, shard: &str) -> Report {
        self.verified(shard, None).await
    }

    async fn verified(&self, shard: &str, describe: Option<&dyn Describe>) -> Report {
        let log = Log::new(Arc::new(self.storage()), LogPaths::new(shard).unwrap(), ORIGIN);
        let (keys, index) = ([self.signer.verifying_key().clone()], self.index(shard));
        let options = VerifyOptions { index: Some(&index), describe, ..VerifyOptions::new(&keys) };
        tlog::verify(&log, &options).await.unwrap()
    }
}

/// What one process holds: it appends, and signs checkpoints.
pub(crate) struct Process {
    pub(crate) appender: Appender,
    pub(crate) publisher: Publisher,
}

impl Process {
    pub(crate) fn new(
        storage: Arc<dyn LogStorage>,
        index: Arc<dyn EntryIndex>,
        signer: Arc<dyn Signer>,
        shard: &str,
        writer: u8,
    ) -> Self {
        let log = Log::new(storage, LogPaths::new(shard).unwrap(), ORIGIN);
        Self {
            appender: Appender::new(log.clone(), index, Arc::new(Opener), [writer; 8]),
            publisher: Publisher::new(log, signer, Vec::new()),
        }
    }

    /// Appends and covers.
    pub(crate) async fn write(&mut self, new: &[NewEntry]) -> Result<u64, LogError> {
        self.publisher.begin().await?;
        self.appender.append(new).await?;
        Ok(self.publisher.publish().await?.checkpoint().size)
    }
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
