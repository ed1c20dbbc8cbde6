//! What the adapters of queues, payloads and keys find on AWS: made in a world of the test's own.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use zorgsluis_aws::{AwsKeys, DynamoJournal, KeySettings, S3Payloads, SettingsBucket, SqsQueue, SystemClock};

use crate::ministack::{REGION, World};

/// The root key of identities, in tests.
pub(crate) const IDENTITY: [u8; 32] = [0x11; 32];
/// The root key of all other purposes, in tests.
pub(crate) const PSEUDONYM: [u8; 32] = [0x22; 32];

impl World {
    /// A queue whose deliveries are hidden for `visibility`.
    pub(crate) async fn queue(&self, name: &str, visibility: Duration) -> SqsQueue {
        let mut request = self
            .clients
            .sqs
            .create_queue()
            .queue_name(format!("{}-{name}", self.name))
            .attributes(QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string());
        if name.ends_with(".fifo") {
            request = request
                .attributes(QueueAttributeName::FifoQueue, "true")
                .attributes(QueueAttributeName::DeduplicationScope, "messageGroup")
                .attributes(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId");
        }
        let url = request.send().await.unwrap().queue_url.unwrap();
        SqsQueue::new(&self.clients, url)
    }

    /// A versioned bucket.
    pub(crate) async fn bucket(&self, name: &str) -> String {
        let called = format!("{}-{name}", self.name);
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(REGION))
            .build();
        let request = self.clients.s3.create_bucket().bucket(&called).create_bucket_configuration(place);
        request.send().await.unwrap();
        called
    }

    /// A symmetric CMK.
    pub(crate) async fn cmk(&self) -> String {
        self.clients.kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id
    }

    /// What KMS makes of a root key.
    pub(crate) async fn wrapped(&self, cmk: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
        let request = self.clients.kms.encrypt().key_id(cmk).plaintext(bytes.to_vec().into());
        let request =
            request.encryption_context("zorgsluis", "pseudonym").encryption_context("purpose", name);
        request.send().await.unwrap().ciphertext_blob.unwrap().into_inner()
    }

    /// Writes an object.
    pub(crate) async fn object(&self, bucket: &str, key: &str, body: &[u8]) {
        let put = self.clients.s3.put_object().bucket(bucket).key(key).body(body.to_vec().into());
        put.send().await.unwrap();
    }

    /// The settings bucket and the CMKs of the root keys [`IDENTITY`] and [`PSEUDONYM`], and an empty table.
    pub(crate) async fn deployed_keys(&self) -> (SettingsBucket, KeySettings) {
        self.deployed(&IDENTITY, &PSEUDONYM).await
    }

    /// The same of other root keys.
    pub(crate) async fn deployed(&self, identity: &[u8], pseudonym: &[u8]) -> (SettingsBucket, KeySettings) {
        let bucket = self.bucket("settings").await;
        let pseudonyms = self.cmk().await;
        for (name, bytes) in [("identity", identity), ("pseudonym", pseudonym)] {
            let wrapped = self.wrapped(&pseudonyms, name, bytes).await;
            self.object(&bucket, &format!("keys/{name}"), &wrapped).await;
        }
        let settings = KeySettings {
            table: self.table("keys").await,
            pseudonyms,
            phi: self.cmk().await,
            audit: self.cmk().await,
        };
        (SettingsBucket::new(&self.clients, bucket), settings)
    }

    /// Keys of their own.
    pub(crate) async fn keys(&self) -> AwsKeys {
        let (bucket, settings) = self.deployed_keys().await;
        self.more_keys(&bucket, &settings).await
    }

    /// The keys as another function has them.
    pub(crate) async fn more_keys(&self, bucket: &SettingsBucket, settings: &KeySettings) -> AwsKeys {
        AwsKeys::load(&self.clients, bucket, settings, Arc::new(SystemClock)).await.unwrap()
    }

    /// Payloads and journal on one table, sealed by `keys`.
    pub(crate) async fn messages(&self, keys: &AwsKeys) -> (S3Payloads, DynamoJournal) {
        let (bucket, table) = (self.bucket("raw").await, self.table("messages").await);
        (
            S3Payloads::new(&self.clients, bucket, table.as_str(), Arc::new(keys.clone())),
            DynamoJournal::new(&self.clients, table),
        )
    }
}
