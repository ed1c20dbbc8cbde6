//! The log: objects in S3, index in DynamoDB, signing key in KMS.

use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectLockMode, ObjectLockRetention,
    ObjectLockRetentionMode,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use tlog::{Created, LogStorage};
use zorgsluis_aws::{DynamoEntryIndex, KmsSigner, S3LogStorage};

use crate::ministack::{REGION, World};
use crate::suite::suite;

/// The name of the log in checkpoints.
pub(crate) const ORIGIN: &str = "zorgsluis/umc";

impl World {
    /// A bucket for a log: with Object Lock and, with that, versions.
    pub(crate) async fn log_bucket(&self) -> String {
        let called = format!("{}-log", self.name);
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(REGION))
            .build();
        let request = self.clients.s3.create_bucket().bucket(&called).create_bucket_configuration(place);
        request.object_lock_enabled_for_bucket(true).send().await.unwrap();
        called
    }

    /// The objects of a log in a new bucket.
    pub(crate) async fn log_storage(&self) -> S3LogStorage {
        S3LogStorage::new(&self.clients, &self.log_bucket().await, 30)
    }

    /// The index of a log in a new table.
    pub(crate) async fn entry_index(&self) -> DynamoEntryIndex {
        DynamoEntryIndex::new(&self.clients, &self.table("log-index").await, "umc")
    }

    /// A new signing key.
    pub(crate) async fn signing_key(&self, spec: KeySpec) -> String {
        let request = self.clients.kms.create_key().key_spec(spec).key_usage(KeyUsageType::SignVerify);
        request.send().await.unwrap().key_metadata.unwrap().key_id
    }

    /// A signer with a new key.
    pub(crate) async fn log_signer(&self) -> KmsSigner {
        let key = self.signing_key(KeySpec::EccNistEdwards25519).await;
        KmsSigner::load(&self.clients, &key, ORIGIN).await.unwrap()
    }
}

suite!(the_log_storage, world => (world.log_storage().await), log_storage:
    an_object_is_created_once,
    of_many_creations_at_once_one_wins,
    an_object_longer_than_the_limit_is_not_read,
    a_replacement_needs_the_object_that_was_read,
    of_many_replacements_at_once_none_is_lost,
    put_writes_whatever_stands_there,
    keys_are_listed_in_byte_order,
    what_is_no_key_is_refused,
);

suite!(the_versions_of_the_log, world => (world.log_storage().await, true), log_storage:
    what_was_written_again_is_told_where_versions_are_kept,
);

suite!(the_log_index, world => (world.entry_index().await), log_index:
    bundles_are_recorded_in_order_and_once,
    entries_are_found_by_key_and_time,
    verification_sees_every_row,
    the_keys_of_an_entry_can_be_replaced,
    a_reset_empties_it,
    many_recorders_of_one_bundle_agree,
    a_whole_bundle_of_ids_is_asked_for_at_once,
    an_id_that_stands_twice_leads_to_where_it_stood_first,
);

suite!(the_log_signer, world => (world.log_signer().await), log_signer:
    a_signature_is_of_this_key_and_this_message,
    a_note_carries_the_signature,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_locked_is_not_deleted() {
    let world = World::new().await;
    let bucket = world.log_bucket().await;
    let storage = S3LogStorage::new(&world.clients, &bucket, 30);
    let s3 = &world.clients.s3;
    for (key, locked) in [
        ("log/umc/entries/00000000000000000000", true),
        ("log/umc/checkpoints/2026-11-22", true),
        ("log/umc/checkpoint", false),
        ("log/umc/sealed", false),
        ("log/umc/tile/entries/000", false),
    ] {
        assert_eq!(storage.create(key, b"one").await.unwrap(), Created::New);
        let head = s3.head_object().bucket(&bucket).key(key).send().await.unwrap();
        let version = head.version_id.unwrap();
        assert_eq!(head.object_lock_mode == Some(ObjectLockMode::Compliance), locked, "{key}");
        let deletion = s3
            .delete_object()
            .bucket(&bucket)
            .key(key)
            .version_id(&version)
            .bypass_governance_retention(true);
        match deletion.send().await {
            Ok(_) => assert!(!locked, "{key}"),
            Err(error) => {
                assert_eq!((error.code(), locked), (Some("AccessDenied"), true), "{key}");
                let term = head.object_lock_retain_until_date.unwrap().secs();
                let now = zorgsluis_domain::Clock::now(&zorgsluis_aws::SystemClock).as_second();
                assert!((29 * 86_400..=30 * 86_400).contains(&(term - now)), "{term}");
                // Nor is its term shortened.
                let sooner = ObjectLockRetention::builder()
                    .mode(ObjectLockRetentionMode::Compliance)
                    .retain_until_date(aws_smithy_types::DateTime::from_secs(now + 60))
                    .build();
                let request = s3.put_object_retention().bucket(&bucket).key(key).version_id(&version);
                assert!(request.retention(sooner).send().await.is_err(), "{key}");
                let read = storage.get_version(key, &version, 10).await.unwrap().unwrap();
                assert_eq!(&read.bytes[..], b"one");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_marker_is_told_and_what_it_hides_is_read() {
    let world = World::new().await;
    let bucket = world.log_bucket().await;
    let storage = S3LogStorage::new(&world.clients, &bucket, 30);
    let key = "log/umc/entries/00000000000000000000";
    storage.create(key, b"one").await.unwrap();
    world.clients.s3.delete_object().bucket(&bucket).key(key).send().await.unwrap();
    assert!(storage.get(key, 10).await.unwrap().is_none());
    assert!(storage.list("log/", None, 10).await.unwrap().keys.is_empty());
    // The bucket's policy forbids this too (it is tried on AWS only): a creation succeeds now.
    assert_eq!(storage.create(key, b"two").await.unwrap(), Created::New);
    let told = storage.rewritten("log/umc/entries/", None, 10).await.unwrap().unwrap().objects;
    assert_eq!((told.len(), told[0].versions, told[0].delete_markers), (1, 2, 1));
    let first = storage.get_version(key, told[0].first.as_deref().unwrap(), 10).await.unwrap().unwrap();
    assert_eq!(&first.bytes[..], b"one");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_when_an_object_was_written() {
    let world = World::new().await;
    let storage = world.log_storage().await;
    let key = "log/umc/entries/00000000000000000000";
    assert_eq!(storage.written(key).await.unwrap(), None);
    storage.create(key, b"one").await.unwrap();
    let written = jiff::Timestamp::try_from(storage.written(key).await.unwrap().unwrap()).unwrap();
    let now = zorgsluis_domain::Clock::now(&zorgsluis_aws::SystemClock);
    assert!((0..60).contains(&(now.as_second() - written.as_second())), "{written} {now}");
    assert!(storage.written("not a key").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_kind_signs_no_log() {
    let world = World::new().await;
    let key = world.signing_key(KeySpec::EccNistP256).await;
    let error = KmsSigner::load(&world.clients, &key, ORIGIN).await.unwrap_err();
    assert_eq!(error.code(), "refused", "{error}");
    assert!(KmsSigner::load(&world.clients, "11111111-2222-3333-4444-555555555555", ORIGIN).await.is_err());
    let key = world.signing_key(KeySpec::EccNistEdwards25519).await;
    assert!(KmsSigner::load(&world.clients, &key, "no + name").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_keeps_no_versions_says_so() {
    let world = World::new().await;
    let bucket = world.bucket("plain").await;
    let storage = S3LogStorage::new(&world.clients, &bucket, 30);
    assert_eq!(storage.rewritten("log/", None, 10).await.unwrap(), None);
    // Without Object Lock nothing can be locked: the entry is not written either.
    assert!(storage.create("log/umc/entries/0", b"one").await.is_err());
}
