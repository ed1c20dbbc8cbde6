//! Writing: durable, each once, together, and without a name in clear.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tlog::memory::{FaultPlan, Faulty};
use zorgsluis_audit_writer::AuditError;
use zorgsluis_domain::port::AuditSink;

use crate::support::{ANNA, BRAM, NAME, World, entry, log_on};

#[tokio::test]
async fn an_entry_stands_in_the_log_when_record_returns_and_never_twice() {
    let world = World::new();
    let writer = world.writer().await;
    let entries = [entry(1, Some(ANNA)), entry(2, None), entry(3, Some(BRAM))];
    writer.record(&entries).await.unwrap();
    writer.record(&entries[1..]).await.unwrap();
    world.writer().await.record(&entries).await.unwrap();
    writer.record(&[]).await.unwrap();

    let status = world.log.status().await.unwrap();
    assert_eq!((status.entries, status.covered), (3, Some(0)));
    writer.checkpoint().await.unwrap();
    let status = world.log.status().await.unwrap();
    assert_eq!((status.entries, status.covered), (3, Some(3)));
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(
        (report.size, report.erased, report.unindexed, report.unsealed_tail),
        (3, Some(0), Some(0), 0)
    );
}

#[tokio::test]
async fn calls_that_come_together_share_a_bundle() {
    let world = World::new();
    // Storage that lets others run before it answers.
    let plan = FaultPlan::new([]);
    let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
    let writer = world.writer_on(log_on(storage, world.index.clone(), world.keys.clone())).await;
    let calls = (0..200_u64).map(|call| {
        let writer = Arc::clone(&writer);
        tokio::spawn(async move { writer.append(&[entry(call, Some(ANNA))]).await.unwrap()[0] })
    });
    let mut indices = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let appended = call.await.unwrap();
        assert!(appended.new);
        indices.push(appended.place.index);
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..200).collect::<Vec<_>>());
    writer.checkpoint().await.unwrap();
    let report = world.verify().await;
    assert!(report.is_clean());
    // The first goes alone, all others together behind it.
    assert_eq!(report.bundles, 2);
}

#[test]
fn entries_survive_the_writer_that_was_to_write_them_for_others() {
    // Futures are polled by hand, so that the one which writes can be dropped in the middle.
    let mut context = Context::from_waker(Waker::noop());
    let mut run = |mut future: std::pin::Pin<&mut dyn Future<Output = ()>>, polls: usize| {
        (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
    };
    for dropped_after in 1..40 {
        let world = World::new();
        let storage = Arc::new(Faulty::new(world.storage.clone(), FaultPlan::new([])));
        let log = log_on(storage, world.index.clone(), world.keys.clone());
        let writer = block_on(world.writer_on(log));
        let (one, two) = ([entry(1, Some(ANNA))], [entry(2, Some(BRAM))]);
        let mut second = pin!(async { writer.record(&two).await.unwrap() });
        {
            let mut first = pin!(async { writer.record(&one).await.unwrap() });
            let _ = run(first.as_mut(), 1);
            let _ = run(second.as_mut(), 1);
            let _ = run(first.as_mut(), dropped_after);
        }
        assert!(run(second.as_mut(), 1000), "dropped after {dropped_after}");
        block_on(writer.record(&one)).unwrap();
        block_on(writer.checkpoint()).unwrap();
        let report = block_on(world.verify());
        assert!(report.is_clean() && report.size == 2, "{dropped_after}: {:?}", report.findings);
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[tokio::test]
async fn nothing_stands_in_clear() {
    let world = World::new();
    let writer = world.writer().await;
    writer.record(&[entry(1, Some(ANNA)), entry(2, None)]).await.unwrap();
    writer.checkpoint().await.unwrap();
    let mut stored = String::new();
    for (key, bytes) in world.storage.snapshot() {
        stored.push_str(&key);
        stored.push_str(&String::from_utf8_lossy(&bytes));
    }
    stored.push_str(&format!("{:?}", tlog::EntryIndex::rows(world.index.as_ref(), 0, 10).await.unwrap()));
    for secret in
        [NAME, "arts-17", "900030787", "Observation", ANNA, ANNA.trim_start_matches("Patient/"), "192.0.2.44"]
    {
        assert!(!stored.contains(secret), "{secret}");
    }
    let pseudonym = zorgsluis_audit_writer::patient_pseudonym(world.keys.as_ref(), ANNA).to_string();
    assert!(stored.contains(&format!("patient:{pseudonym}")));
    let in_objects =
        world.storage.snapshot().values().any(|bytes| String::from_utf8_lossy(bytes).contains(&pseudonym));
    assert!(!in_objects, "what is locked holds no pseudonym");
}

#[tokio::test]
async fn trouble_that_may_pass_is_told_from_refusal() {
    let world = World::new();
    let writer = world.writer().await;
    world.keys.away.store(true, std::sync::atomic::Ordering::SeqCst);
    let error = writer.record(&[entry(1, None)]).await.unwrap_err();
    assert!(error.is_transient());
    world.keys.away.store(false, std::sync::atomic::Ordering::SeqCst);

    let mut long = entry(1, None);
    long.device = Some("x".repeat(2 << 20));
    assert!(matches!(writer.append(&[long]).await, Err(AuditError::TooLong)));
    writer.record(&[entry(1, None)]).await.unwrap();

    writer.seal().await.unwrap();
    let error = writer.record(&[entry(2, None)]).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("refused", false));
    let report = world.verify().await;
    assert!(report.is_clean() && report.sealed && report.size == 1);
}

#[tokio::test]
async fn a_writer_without_a_key_does_not_sign() {
    let world = World::new();
    let writer = zorgsluis_audit_writer::AuditWriter::new(world.log.clone(), world.random.as_ref()).unwrap();
    writer.append(&[entry(1, None)]).await.unwrap();
    assert!(matches!(writer.checkpoint().await, Err(AuditError::NoSigner)));
    assert_eq!(crate::support::codes(&world.verify().await), ["checkpoint-missing"]);
}
