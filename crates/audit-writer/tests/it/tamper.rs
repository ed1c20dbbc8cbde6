//! What tlog alone cannot see: content, and the index against content.

use std::sync::Arc;

use tlog::memory::{MemoryIndex, MemoryStorage};
use tlog::{EntryIndex, IndexKey, IndexRow, LogPaths};
use uuid::Uuid;
use zorgsluis_audit_writer::AuditError;
use zorgsluis_domain::port::{DataClass, KeyOwner, Keys, PageRequest, Sealed};

use crate::support::{ANNA, BRAM, World, codes, entry, log_on, signer, time};

async fn filled() -> World {
    let world = World::new();
    let writer = world.writer().await;
    writer.append(&[entry(1, Some(ANNA)), entry(2, Some(BRAM)), entry(3, None)]).await.unwrap();
    writer.append(&[entry(4, Some(ANNA))]).await.unwrap();
    writer.seal().await.unwrap();
    assert!(world.verify().await.is_clean());
    world
}

#[tokio::test]
async fn each_change_of_the_index_is_named() {
    type Tamper = fn(&mut Vec<IndexRow>);
    let attacks: [(Tamper, &str, u64); 7] = [
        (|rows| drop(rows.remove(1)), "index-row-missing", 1),
        (|rows| rows[0].keys.retain(|key| key.key == "all/2"), "index-row-altered", 0),
        (|rows| rows[0].keys.retain(|key| key.key != "all/2"), "index-row-altered", 0),
        (|rows| rows[3].keys.iter_mut().for_each(|key| key.at -= 3_600_000_000), "index-row-altered", 3),
        (
            |rows| {
                let keys = rows[0].keys.clone();
                rows[1].keys = keys;
            },
            "index-row-altered",
            1,
        ),
        (|rows| rows[2].keys.push(IndexKey { key: "patient:00".into(), at: 0 }), "index-row-altered", 2),
        (|rows| rows[2].id = Some(tlog::EntryId([0; 16])), "index-row-altered", 2),
    ];
    for (attack, code, index) in attacks {
        let world = filled().await;
        world.index.tamper(|rows, _| attack(rows));
        let report = world.verify().await;
        let found: Vec<_> = report.findings.iter().map(|found| (found.code.as_str(), found.index)).collect();
        assert_eq!(found, [(code, Some(index))]);
        world.log.rebuild().await.unwrap();
        assert!(world.verify().await.is_clean());
    }
}

#[tokio::test]
async fn an_index_that_points_elsewhere_discloses_nothing() {
    for attack in [
        // Anna's key on Bram's entry, and the time of another day.
        (|rows| rows[1].keys = rows[0].keys.clone()) as fn(&mut Vec<IndexRow>),
        |rows| rows[3].keys.iter_mut().for_each(|key| key.at -= 2_000_000),
    ] {
        let world = filled().await;
        world.index.tamper(|rows, _| attack(rows));
        // The log is sealed; the reading is accounted for in another one.
        let other = World::new();
        let reader = world.reader(other.writer().await);
        let found = reader.history(ANNA, time(0), time(4), &PageRequest::first(10)).await;
        assert!(matches!(found, Err(AuditError::Unreadable { code: "index-row-altered", .. })), "{found:?}");
    }
}

#[tokio::test]
async fn objects_altered_are_named_with_their_place() {
    let world = filled().await;
    let paths = LogPaths::new("linde").unwrap();
    let bundle = paths.bundle(0);
    let mut objects = world.storage.snapshot();
    let mut bytes = objects[&bundle].to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    objects.insert(bundle.clone(), bytes.into());
    let log = log_on(Arc::new(MemoryStorage::restore(objects)), world.index.clone(), world.keys.clone());
    let report = log.verify(zorgsluis_audit_writer::Verification::default()).await.unwrap();
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, [format!("payload-altered, entry 2, {bundle}")]);
}

/// Someone with the run of the store writes entries that are sound for the tree, but not for the keys.
#[tokio::test]
async fn payloads_that_are_no_entries_are_named() {
    let world = World::new();
    let keys = world.keys.as_ref();
    let good = entry(1, Some(ANNA));
    let other = entry(9, Some(ANNA));
    let context = [b"zorgsluis audit entry ".as_slice(), good.id.0.as_bytes()].concat();
    let json = |entry| [vec![1], serde_json::to_vec(entry).unwrap()].concat();
    let seal = async |plain: Vec<u8>, context: &[u8]| {
        keys.seal(&KeyOwner::System, DataClass::Log, context, &plain).await.unwrap()
    };
    let elsewhere = seal(json(&good), b"another context").await;
    let unknown = Sealed { key: Uuid::from_u128(77), ..seal(json(&good), &context).await };
    for (sealed, code) in [
        (elsewhere, "payload-unopenable"),
        (unknown, "payload-key-unknown"),
        (seal(b"\x01{}".to_vec(), &context).await, "payload-unreadable"),
        (seal(b"\x09{}".to_vec(), &context).await, "payload-version-unknown"),
        (seal(json(&other), &context).await, "entry-id-differs"),
    ] {
        let world = World::new();
        let log = log_on(world.storage.clone(), world.index.clone(), Arc::new(keys.share()));
        let describe = Arc::new(NoKeys);
        let mut publisher = tlog::Publisher::new(log.tlog().clone(), signer(), Vec::new());
        publisher.publish().await.unwrap();
        let mut appender = tlog::Appender::new(log.tlog().clone(), world.index.clone(), describe, [1; 8]);
        let id = tlog::EntryId(good.id.0.into_bytes());
        let new = tlog::NewEntry::new(id, sealed.ciphertext.into(), sealed.key.as_bytes(), Vec::new());
        appender.append(&[new.unwrap()]).await.unwrap();
        publisher.publish().await.unwrap();
        let report = log.verify(zorgsluis_audit_writer::Verification::default()).await.unwrap();
        assert_eq!(codes(&report), [code]);
    }
}

struct NoKeys;

#[async_trait::async_trait]
impl tlog::Describe for NoKeys {
    async fn describe(
        &self,
        entries: &[tlog::LoggedEntry],
    ) -> Result<Vec<tlog::Description>, tlog::DescribeError> {
        Ok(vec![tlog::Description::Keys(Vec::new()); entries.len()])
    }
}

#[tokio::test]
async fn a_rollback_of_everything_is_found_with_a_checkpoint_kept_elsewhere() {
    let world = World::new();
    let writer = world.writer().await;
    writer.append(&[entry(1, Some(ANNA))]).await.unwrap();
    writer.checkpoint().await.unwrap();
    let earlier = world.storage.snapshot();
    writer.append(&[entry(2, Some(ANNA))]).await.unwrap();
    let kept = writer.checkpoint().await.unwrap().to_text();

    let back =
        World { storage: Arc::new(MemoryStorage::restore(earlier)), index: Arc::default(), ..World::new() };
    let log = log_on(back.storage.clone(), back.index.clone(), world.keys.clone());
    log.rebuild().await.unwrap();
    let verify = async |trusted| {
        let how = zorgsluis_audit_writer::Verification { trusted, ..Default::default() };
        codes(&log.verify(how).await.unwrap())
    };
    assert!(verify(None).await.is_empty());
    assert_eq!(verify(Some(kept.as_bytes())).await, ["checkpoint-rolled-back", "rolled-back"]);
}

#[tokio::test]
async fn an_empty_index_is_behind_and_can_be_made_anew() {
    let world = filled().await;
    let index = Arc::new(MemoryIndex::new());
    let log = log_on(world.storage.clone(), index.clone(), world.keys.clone());
    let report = log.verify(zorgsluis_audit_writer::Verification::default()).await.unwrap();
    // Nobody appends to a sealed log, so nobody would ever fill it.
    assert_eq!((codes(&report), report.unindexed), (vec!["index-coverage-differs"], Some(4)));
    assert_eq!(log.rebuild().await.unwrap(), 4);
    assert_eq!(index.rows(0, 10).await.unwrap(), world.index.rows(0, 10).await.unwrap());
    assert!(index.rows(0, 10).await.unwrap()[0].keys.iter().any(|key| key.at == time(1).as_microsecond()));
}

/// Somebody who can write to queue and storage, but has no keys, brings an old entry again.
#[tokio::test]
async fn an_old_event_that_is_replayed_is_no_second_entry_and_under_another_id_is_named() {
    let world = World::new();
    let writer = world.writer().await;
    let old = entry(1, Some(ANNA));
    let first = writer.append(&[old.clone(), entry(2, None)]).await.unwrap()[0];
    // As it was, by another process, months later: it stands where it stood.
    let again = world.writer().await.append(&[old]).await.unwrap()[0];
    assert_eq!((again.new, again.place), (false, first.place));

    // Its ciphertext under another id: the id is part of what was sealed.
    let logged = world.log.tlog().entry(first.place).await.unwrap();
    let id = tlog::EntryId(entry(9, None).id.0.into_bytes());
    let new = tlog::NewEntry::new(id, logged.payload, logged.leaf.key_ref(), Vec::new()).unwrap();
    let tlog = world.log.tlog().clone();
    let mut appender = tlog::Appender::new(tlog, world.index.clone(), Arc::new(NoKeys), [7; 8]);
    appender.append(&[new]).await.unwrap();
    writer.checkpoint().await.unwrap();
    let report = world.verify().await;
    let found: Vec<_> = report.findings.iter().map(|found| (found.code.as_str(), found.index)).collect();
    assert_eq!(found, [("payload-unopenable", Some(2))]);
}
