//! Several writers, and a fault at every call of every port: no accepted entry is lost, none is
//! doubled, the log has no gap and no fork.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tlog::memory::{FAULTS, Fault, FaultPlan, Faulty};
use tlog::{
    Appender, Describe, DescribeError, Description, EntryId, LogError, LoggedEntry, Publisher, VerifyOptions,
    verify,
};

use crate::support::{PlainDescribe, Random, Task, World, entries, id, interleave, log_on, run, signer};

/// Writers with the batches of entry numbers that each has to bring in. Numbers that two writers share
/// are the same entry, submitted twice.
fn workload(writers: u64) -> Vec<Vec<Vec<u64>>> {
    let writer = |w: u64| vec![vec![w * 10, w * 10 + 1], vec![500, 501, w * 10 + 2], vec![w * 10 + 3]];
    (0..writers).map(writer).collect()
}

/// Each writer's ports, with its faults.
pub(crate) fn faulty(world: &World, writer: u8, plan: &Arc<FaultPlan>) -> Appender {
    let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
    let index = Arc::new(Faulty::new(world.index.clone(), plan.clone()));
    world.appender_on(log_on(storage), index, writer)
}

pub(crate) type Accepted = RefCell<BTreeMap<EntryId, u64>>;

/// Appends the batches; after a transient error again, after a crash as a new process does.
pub(crate) async fn work(
    world: &World,
    writer: u8,
    plan: Arc<FaultPlan>,
    batches: Vec<Vec<u64>>,
    accepted: &Accepted,
) {
    let mut appender = faulty(world, writer, &plan);
    let mut restarts = 0;
    for batch in batches {
        let new = entries(batch);
        loop {
            match appender.append(&new).await {
                Ok(places) => {
                    for (entry, appended) in new.iter().zip(places) {
                        let index = appended.place.index;
                        let before = accepted.borrow_mut().insert(entry.id(), index);
                        assert!(before.is_none_or(|before| before == index), "accepted at two places");
                    }
                    break;
                }
                // Nothing of the batch is in, or it was told before.
                Err(LogError::Sealed) => return,
                Err(error) => {
                    let transient = error.is_transient();
                    assert!(transient || plan.crashed(), "{error:?}");
                    if plan.crashed() {
                        restarts += 1;
                        assert!(restarts < 3, "a new process does not crash");
                        appender = faulty(world, writer + 100, &FaultPlan::new([]));
                    }
                }
            }
        }
    }
}

/// Runs the workload and checks the log. Returns how many calls each writer made.
fn scenario(writers: u64, faults: &[(usize, u64, Fault)], seed: u64) -> Vec<u64> {
    let world = World::new();
    let plans: Vec<_> = (0..writers as usize)
        .map(|w| {
            FaultPlan::new(faults.iter().filter(|(at, ..)| *at == w).map(|(_, call, fault)| (*call, *fault)))
        })
        .collect();
    let accepted = Accepted::default();
    let tasks = workload(writers).into_iter().enumerate().map(|(w, batches)| -> Task<'_> {
        Box::pin(work(&world, w as u8, plans[w].clone(), batches, &accepted))
    });
    interleave(tasks.collect(), seed);

    run(world.appender(200).catch_up()).unwrap();
    world.publish();
    let report = world.verify();
    assert!(report.is_clean(), "{faults:?} {seed}: {:#?}", report.findings);
    assert_eq!((report.unsealed_tail, report.unindexed), (0, Some(0)));

    let mut found = BTreeMap::new();
    let mut next = 0;
    while let Some(bundle) = run(world.log.bundle(next)).unwrap() {
        for entry in &bundle {
            assert_eq!(found.insert(entry.leaf.id(), entry.index), None, "doubled: {faults:?} {seed}");
        }
        next += bundle.len() as u64;
    }
    assert_eq!(found, accepted.into_inner(), "what is in the log is what was accepted: {faults:?} {seed}");
    assert_eq!(found.len() as u64, writers * 4 + 2);
    plans.iter().map(|plan| plan.calls()).collect()
}

#[test]
fn one_writer_survives_every_fault_at_every_call() {
    let calls = scenario(1, &[], 1)[0];
    assert!(calls >= 10, "{calls}");
    for call in 0..calls {
        for fault in FAULTS {
            scenario(1, &[(0, call, fault)], 1);
        }
    }
}

#[test]
fn three_writers_survive_every_fault_at_every_call() {
    for seed in 1..=12 {
        let calls = scenario(3, &[], seed * 7919)[0];
        for call in 0..calls + 2 {
            for fault in FAULTS {
                scenario(3, &[(0, call, fault)], seed * 7919);
            }
        }
    }
}

#[test]
fn three_writers_survive_many_faults_at_once() {
    let mut random = Random(0x5eed);
    for seed in 1..=600 {
        let faults: Vec<_> = (0..random.next() % 7)
            .map(|_| {
                let fault = FAULTS[(random.next() % 5) as usize];
                ((random.next() % 3) as usize, random.next() % 30, fault)
            })
            .collect();
        scenario(3, &faults, seed);
    }
}

#[test]
fn a_verification_beside_writers_and_publishers_finds_nothing() {
    for seed in 1..=40 {
        let world = World::new();
        let accepted = Accepted::default();
        let quiet = || {
            let plan = FaultPlan::new([]);
            (
                Arc::new(Faulty::new(world.storage.clone(), plan.clone())),
                Faulty::new(world.index.clone(), plan),
            )
        };
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for writer in 0..2_u64 {
            let batches =
                (0..12).map(|at| (0..40).map(|n| writer * 10_000 + at * 100 + n).collect()).collect();
            tasks.push(Box::pin(work(&world, writer as u8, FaultPlan::new([]), batches, &accepted)));
        }
        let world = &world;
        tasks.push(Box::pin(async move {
            let mut publisher = Publisher::new(log_on(quiet().0), signer(), Vec::new());
            for round in 0..8 {
                if round < 7 {
                    publisher.publish().await.unwrap()
                } else {
                    publisher.seal().await.unwrap()
                };
            }
        }));
        for _ in 0..3 {
            tasks.push(Box::pin(async move {
                for _ in 0..4 {
                    let (storage, index) = quiet();
                    let options = VerifyOptions {
                        index: Some(&index),
                        describe: Some(&PlainDescribe),
                        ..VerifyOptions::new(&world.keys)
                    };
                    let report = verify(&log_on(storage), &options).await.unwrap();
                    assert!(report.is_clean(), "{seed}: {:?}", report.findings);
                }
            }));
        }
        interleave(tasks, seed * 104_729);
    }
}

#[test]
fn a_writer_that_wakes_late_does_not_fork_the_log() {
    let world = World::new();
    let mut early = world.appender(1);
    run(early.append(&entries([1]))).unwrap();
    let mut other = world.appender(2);
    for number in 2..20 {
        run(other.append(&entries([number]))).unwrap();
    }
    // It still believes that the log has one entry, and brings one that the other has logged.
    let appended = run(early.append(&entries([5, 40]))).unwrap();
    assert_eq!((appended[0].place.index, appended[0].new), (4, false));
    assert_eq!((appended[1].place.index, appended[1].new), (19, true));
    world.publish();
    assert!(world.verify().is_clean());
}

#[test]
fn when_no_answer_comes_at_all_appending_again_is_safe() {
    let world = World::new();
    let faults = (0..40).map(|call| (call, Fault::AnswerLost));
    let mut appender = faulty(&world, 1, &FaultPlan::new(faults));
    let batch = entries([1, 2]);
    let mut failures = 0;
    let appended = loop {
        match run(appender.append(&batch)) {
            Ok(appended) => break appended,
            Err(error) => {
                assert!(error.is_transient(), "{error:?}");
                failures += 1;
            }
        }
    };
    assert!(failures > 0);
    assert_eq!(appended.iter().map(|entry| entry.place.index).collect::<Vec<_>>(), [0, 1]);
    world.publish();
    assert!(world.verify().is_clean());
}

#[test]
fn an_id_twice_in_one_batch_is_one_entry() {
    let world = World::new();
    let appended = world.append(&entries([3, 4, 3])).unwrap();
    assert_eq!(
        appended.iter().map(|entry| (entry.place.index, entry.new)).collect::<Vec<_>>(),
        [(0, true), (1, true), (0, false)]
    );
    assert_eq!(run(world.log.bundle(0)).unwrap().unwrap().len(), 2);
}

#[test]
fn a_batch_larger_than_a_bundle_becomes_several() {
    let world = World::new();
    let appended = world.append(&entries(0..10_000)).unwrap();
    assert!(appended.iter().zip(0..).all(|(entry, index)| entry.place.index == index));
    world.publish();
    let report = world.verify();
    assert!(report.is_clean());
    assert_eq!((report.size, report.bundles), (10_000, 3));
}

#[test]
fn an_index_that_knows_more_than_the_log_stops_appending() {
    let world = World::new();
    world.fill(&[2, 2]);
    world.storage.tamper(|objects| objects.remove(&world.log.paths().bundle(2)));
    assert!(matches!(world.append(&entries([9])), Err(LogError::IndexAhead { through: 4, .. })));
}

#[test]
fn a_lost_index_is_filled_again_before_anything_is_appended() {
    let mut world = World::new();
    world.fill(&[3, 4]);
    world.index = Arc::default();
    let appended = world.append(&entries([5, 20])).unwrap();
    assert_eq!((appended[0].place.index, appended[0].new, appended[1].place.index), (5, false, 7));
    world.publish();
    assert!(world.verify().is_clean());
    assert_eq!(run(tlog::EntryIndex::places(world.index.as_ref(), &[id(2)])).unwrap()[0].unwrap().bundle, 0);
}

#[test]
fn publishers_survive_every_fault_at_every_call() {
    let publish = |faults: Option<(u64, Fault)>, warm: bool| {
        let world = World::new();
        world.fill(&[100, 100]);
        world.publish();
        let plan = FaultPlan::new(faults);
        let log = log_on(Arc::new(Faulty::new(world.storage.clone(), plan.clone())));
        let mut publisher = Publisher::new(log, signer(), Vec::new());
        if warm {
            let _ = run(publisher.publish());
        }
        world.append(&entries(200..700)).unwrap();
        let _ = run(publisher.publish());
        // Whatever it left, others can read it, and go on.
        let report = world.verify();
        assert!(report.is_clean(), "{faults:?}: {:?}", report.findings);
        run(publisher.publish()).map(drop).unwrap_or_else(|error| assert!(plan.crashed(), "{error:?}"));
        world.append(&entries(700..710)).unwrap();
        assert_eq!(world.publish().checkpoint().size, 710);
        let report = world.verify();
        assert!(report.is_clean(), "{faults:?}: {:?}", report.findings);
        plan.calls()
    };
    for warm in [false, true] {
        for call in 0..publish(None, warm) {
            for fault in FAULTS {
                publish(Some((call, fault)), warm);
            }
        }
    }
}

#[test]
fn the_loser_of_a_race_opens_nothing_of_a_bundle_that_its_writer_has_recorded() {
    /// Counts the entries that are described.
    struct Counting(AtomicUsize);
    #[async_trait]
    impl Describe for Counting {
        async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
            self.0.fetch_add(entries.len(), Ordering::SeqCst);
            PlainDescribe.describe(entries).await
        }
    }
    let world = World::new();
    let describe = Arc::new(Counting(AtomicUsize::new(0)));
    let mut loser = Appender::new(world.log.clone(), world.index.clone(), describe.clone(), [5; 8]);
    run(loser.append(&entries([1]))).unwrap();
    // Another comes in between, twice; the second time it dies before its bundle is recorded.
    world.append(&entries(10..40)).unwrap();
    assert!(run(loser.append(&entries([2, 10]))).unwrap().iter().any(|appended| !appended.new));
    assert_eq!(describe.0.load(Ordering::SeqCst), 0);
    let plan = FaultPlan::new([]);
    let mut dies = faulty(&world, 6, &plan);
    run(dies.append(&entries([50]))).unwrap();
    // To come: the places, the bundle, its rows.
    plan.crash_at(plan.calls() + 2);
    run(dies.append(&entries(51..54))).unwrap_err();
    run(loser.append(&entries([3]))).unwrap();
    assert_eq!(describe.0.load(Ordering::SeqCst), 3, "nobody else does it");
    world.publish();
    let report = world.verify();
    assert!(report.is_clean(), "{:?}", report.findings);
}
