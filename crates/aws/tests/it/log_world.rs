//! A log of invented entries on AWS, and a process that writes it.

use std::sync::Arc;

use aws_sdk_kms::types::KeySpec;
use tlog::Report;
use zorgsluis_aws::{Clients, DynamoEntryIndex, KmsSigner, S3LogStorage};
pub(crate) use zorgsluis_contract::log_process::{Logs, Opener, Ports, Process, entries, id};

use crate::log::ORIGIN;
use crate::ministack::World;

/// Bucket, table and signing key; a log in them for each shard.
#[derive(Clone)]
pub(crate) struct Deployed {
    pub(crate) clients: Clients,
    pub(crate) bucket: String,
    pub(crate) table: String,
    pub(crate) signer: KmsSigner,
    /// The id of its key.
    pub(crate) key: String,
}

impl Deployed {
    pub(crate) async fn new(world: &World) -> Self {
        let key = world.signing_key(KeySpec::EccNistEdwards25519).await;
        Self {
            clients: world.clients.clone(),
            bucket: world.log_bucket().await,
            table: world.table("log-index").await,
            signer: KmsSigner::load(&world.clients, &key, ORIGIN).await.unwrap(),
            key,
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
        self.ports(shard).process(shard, writer)
    }

    pub(crate) async fn verify(&self, shard: &str) -> Report {
        self.ports(shard).verified(shard, Some(&Opener)).await
    }

    /// As somebody verifies who cannot open the entries.
    pub(crate) async fn verify_closed(&self, shard: &str) -> Report {
        self.ports(shard).verified(shard, None).await
    }
}

impl Logs for Deployed {
    fn ports(&self, shard: &str) -> Ports {
        Ports {
            storage: Arc::new(self.storage()),
            index: Arc::new(self.index(shard)),
            signer: Arc::new(self.signer.clone()),
        }
    }
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
