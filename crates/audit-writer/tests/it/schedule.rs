//! The checkpoint that the clock calls for.

use std::sync::Arc;

use tlog::memory::{FaultPlan, Faulty};
use zorgsluis_audit_writer::lambda::Handler;
use zorgsluis_audit_writer::{AuditError, AuditWriter};
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::port::clock::FixedClock;

use crate::queue::Shelf;
use crate::support::{ANNA, World, entry, log_on, time};

fn handler(writer: Arc<AuditWriter>, at: i64) -> Handler {
    let shelf = Arc::new(Shelf::default());
    Handler::new(writer, shelf.clone(), shelf, Arc::new(FixedClock(time(at))))
}

#[tokio::test]
async fn a_checkpoint_covers_what_came_and_one_a_day_is_kept() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&[entry(1, Some(ANNA)), entry(2, None)]).await.unwrap();
    for (at, kept) in [(60, true), (120, false), (120 + 86_400, true)] {
        let standing = handler(writer.clone(), at).checkpoint().await;
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
    world.writer().await.record(&[entry(1, Some(ANNA)), entry(2, None)]).await.unwrap();
    let without_key = AuditWriter::new(world.log.clone(), world.random.as_ref()).unwrap();
    let standing = handler(Arc::new(without_key), 61).checkpoint().await;
    assert!(matches!(standing.trouble, Some(AuditError::NoSigner)), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(2), Some(60), false));

    // Nor when the storage is away for a while: the next call makes up for it.
    let plan = FaultPlan::new([]);
    let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
    let writer = world.writer_on(log_on(storage, world.index.clone(), world.keys.clone())).await;
    plan.refuse_next(4);
    let handler = handler(writer, 62);
    let standing = handler.checkpoint().await;
    assert!(matches!(&standing.trouble, Some(error) if error.is_transient()), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(2), Some(61), false));
    let standing = handler.checkpoint().await;
    assert!(standing.trouble.is_none(), "{standing:?}");
    assert_eq!((standing.unsealed, standing.age, standing.kept), (Some(0), Some(0), true));
}
