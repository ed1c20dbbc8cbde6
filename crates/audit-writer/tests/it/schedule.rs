//! The checkpoint that the clock calls for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tlog::memory::{FaultPlan, Faulty, MemoryStorage};
use tlog::{LogStorage, Object, StorageError};
use zorgsluis_audit_writer::lambda::Handler;
use zorgsluis_audit_writer::{AuditError, AuditWriter};
use zorgsluis_contract::through::{AtLog, Through};
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::port::clock::FixedClock;

use crate::queue::Shelf;
use crate::support::{ANNA, World, entry, log_on, time};

fn handler(writer: Arc<AuditWriter>, at: i64) -> Handler {
    let shelf = Arc::new(Shelf::default());
    Handler::new(writer, shelf.clone(), shelf.clone(), shelf, Arc::new(FixedClock(time(at))))
}

/// A minute behind whatever these tests do.
fn in_time() -> Timestamp {
    time(300_000)
}

#[tokio::test]
async fn a_checkpoint_covers_what_came_and_one_a_day_is_kept() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&[entry(1, Some(ANNA)), entry(2, None)]).await.unwrap();
    for (at, kept) in [(60, true), (120, false), (120 + 86_400, true)] {
        let standing = handler(writer.clone(), at).checkpoint(in_time()).await;
        assert!(standing.trouble.is_none(), "{standing:?}");
        assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(0), Some(0), kept));
    }
    let keys: Vec<_> =
        world.storage.snapshot().into_keys().filter(|key| key.contains("checkpoints/")).collect();
    assert_eq!(keys, ["log/linde/checkpoints/2026-11-16", "log/linde/checkpoints/2026-11-17"]);
    assert!(world.verify().await.is_clean());
}

#[tokio::test]
async fn when_no_checkpoint_can_be_made_it_is_told_what_is_uncovered_and_how_long() {
    let world = World::new();
    let writer = world.writer().await;
    // What happened at 1 waited in a queue, and came into the log at 31: it is uncovered since then.
    world.storage.set_time(time(31).into());
    writer.record(&[entry(1, Some(ANNA))]).await.unwrap();
    world.storage.set_time(time(40).into());
    writer.record(&[entry(2, None)]).await.unwrap();
    let without_key = AuditWriter::new(world.log.clone(), world.random.as_ref()).unwrap();
    let standing = handler(Arc::new(without_key), 61).checkpoint(in_time()).await;
    assert!(matches!(standing.trouble, Some(AuditError::NoSigner)), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(2), Some(30), false));

    // Nor when the storage is away for a while: the next call makes up for it.
    let plan = FaultPlan::new([]);
    let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
    let writer = world.writer_on(log_on(storage, world.index.clone(), world.keys.clone())).await;
    plan.refuse_next(4);
    let handler = handler(writer, 62);
    let standing = handler.checkpoint(in_time()).await;
    assert!(matches!(&standing.trouble, Some(error) if error.is_transient()), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(2), Some(31), false));
    let standing = handler.checkpoint(in_time()).await;
    assert!(standing.trouble.is_none(), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(0), Some(0), true));
}

/// A storage that reads so many bundles, and after that does not answer any more.
struct Tired {
    storage: Arc<MemoryStorage>,
    bundles: AtomicU32,
}

#[async_trait]
impl AtLog for Tired {
    fn storage(&self) -> &dyn LogStorage {
        self.storage.as_ref()
    }
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        let left =
            || self.bundles.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if key.contains("/entries/") && left().is_err() {
            std::future::pending::<()>().await;
        }
        self.storage.get(key, limit).await
    }
}

#[tokio::test]
async fn a_backlog_longer_than_one_call_is_covered_by_several() {
    let world = World::new();
    world.storage.set_time(time(31).into());
    let writer = world.writer().await;
    for number in 0..200 {
        writer.record(&[entry(number, None)]).await.unwrap();
    }
    let tired = Arc::new(Through(Tired { storage: world.storage.clone(), bundles: AtomicU32::new(0) }));
    let log = log_on(tired.clone(), world.index.clone(), world.keys.clone());
    let writer = world.writer_on(log).await;
    let handler = handler(writer, 61);
    let mut left = 200;
    for _ in 0..20 {
        tired.0.bundles.store(100, Ordering::SeqCst);
        let standing = handler.checkpoint(time(66) + SignedDuration::from_millis(700)).await;
        assert!(standing.trouble.is_none(), "{standing:?}");
        let unsealed = standing.unsealed.unwrap();
        assert!(unsealed < left, "{standing:?}");
        assert_eq!(standing.age, Some(if unsealed == 0 { 0 } else { 30 }));
        left = unsealed;
        if left == 0 {
            break;
        }
        // None of the time that was there brought anything: that is told.
        let standing = handler.checkpoint(time(66)).await;
        assert!(matches!(standing.trouble, Some(AuditError::TimeUp)), "{standing:?}");
        assert_eq!(standing.unsealed, Some(left));
    }
    assert_eq!(left, 0);
    assert!(world.verify().await.is_clean());
}
