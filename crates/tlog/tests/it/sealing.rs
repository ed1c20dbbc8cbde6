//! The end of a log: nothing stands behind it, whoever was writing, and whatever failed.

use std::cell::RefCell;
use std::sync::Arc;

use tlog::memory::{FAULTS, Fault, FaultPlan, Faulty};
use tlog::{LogError, LogObject, Publisher, rebuild};

use crate::faults::{Accepted, work};
use crate::support::{ORIGIN, Task, World, codes, entries, interleave, log_on, run, signer};

#[test]
fn a_sealed_log_takes_no_more() {
    let world = World::new();
    world.fill(&[2]);
    let sealed = world.seal();
    assert_eq!(world.seal(), sealed);
    assert!(matches!(world.append(&entries([5])), Err(LogError::Sealed)));
    let report = world.verify();
    assert!(report.is_clean() && report.sealed);
}

#[test]
fn who_has_the_head_in_mind_puts_nothing_behind_the_seal() {
    let world = World::new();
    let mut late = world.appender(1);
    run(late.append(&entries([1]))).unwrap();
    world.seal();
    // It looks for no seal any more, and finds the place taken.
    assert!(matches!(run(late.append(&entries([2]))), Err(LogError::Sealed)));
    assert!(matches!(run(late.append(&entries([2]))), Err(LogError::Sealed)));
    let report = world.verify();
    assert!(report.is_clean() && report.sealed && report.size == 1, "{:?}", report.findings);
}

#[test]
fn a_seal_that_was_cut_off_closes_the_log_all_the_same_and_is_ended_by_the_next() {
    let world = World::new();
    world.fill(&[2]);
    let sealed = world.seal();
    // The process died before it wrote the seal: who looks for the head finds the log closed.
    world.storage.tamper(|objects| objects.remove(&world.log.paths().key(LogObject::Sealed)));
    assert!(matches!(world.append(&entries([5])), Err(LogError::Sealed)));
    assert!(matches!(run(world.appender(3).catch_up()), Err(LogError::Sealed)));
    let report = world.verify();
    assert!(report.is_clean() && report.sealed);
    assert_eq!(world.seal(), sealed);
    assert!(world.storage.snapshot().contains_key(&world.log.paths().key(LogObject::Sealed)));
    // A log that an older version sealed has no bundle that closes it; sealed again it has.
    world.storage.tamper(|objects| objects.remove(&world.log.paths().bundle(2)));
    assert_eq!(codes(&world.verify()), ["closing-missing"]);
    assert_eq!(world.seal(), sealed);
    assert!(world.verify().is_clean());
}

#[test]
fn an_empty_log_can_be_sealed_and_what_closes_a_log_is_no_entry() {
    let world = World::new();
    world.publish();
    assert_eq!(world.seal().checkpoint().size, 0);
    assert!(matches!(world.append(&entries([5])), Err(LogError::Sealed)));
    assert!(world.verify().is_clean());
    assert!(run(world.log.bundle(0)).unwrap().is_none());
    let world = World::new();
    world.fill(&[2]);
    world.seal();
    assert_eq!(run(rebuild(&world.log, &world.keys, None)).unwrap(), 2);
    assert!(run(world.log.bundle(2)).unwrap().is_none());
    assert_eq!(run(world.log.seal(&world.keys)).unwrap().unwrap().checkpoint().size, 2);
}

#[test]
fn a_log_with_entries_behind_an_older_seal_is_not_sealed_again_and_stays_as_it_is() {
    let world = World::new();
    world.fill(&[2]);
    world.seal();
    // An older version wrote no bundle that closes the log, and a late writer came behind it.
    let seal = world.log.paths().key(LogObject::Sealed);
    let kept = world.storage.snapshot()[&seal].clone();
    world.storage.tamper(|objects| {
        objects.remove(&world.log.paths().bundle(2));
        objects.remove(&seal);
    });
    world.append(&entries([7])).unwrap();
    world.storage.tamper(|objects| objects.insert(seal, kept));
    let before = world.storage.snapshot();
    let refused = run(Publisher::new(world.log.clone(), signer(), Vec::new()).seal());
    assert!(matches!(refused, Err(LogError::Sealed)), "{refused:?}");
    assert_eq!(world.storage.snapshot(), before);
    let codes = codes(&world.verify());
    assert!(codes.contains(&"tail-behind-seal") && !codes.contains(&"seal-differs"), "{codes:?}");
}

#[test]
fn a_key_that_takes_over_while_the_log_is_sealed_leaves_it_whole() {
    let next = || Arc::new(tlog::LocalSigner::from_seed(ORIGIN, &[1; 32]).unwrap());
    let mut met = 0;
    for seed in 1..=400_u64 {
        let world = World::new();
        world.fill(&[2]);
        let storage = || log_on(Arc::new(Faulty::new(world.storage.clone(), FaultPlan::new([]))));
        let (sealed, handed) = (RefCell::new(None), RefCell::new(None));
        let tasks: Vec<Task<'_>> = vec![
            Box::pin(async {
                let done = Publisher::new(storage(), signer(), Vec::new()).seal().await;
                *sealed.borrow_mut() = Some(done);
            }),
            Box::pin(async {
                let done = Publisher::new(storage(), signer(), Vec::new()).hand_over(next()).await;
                *handed.borrow_mut() = Some(done);
            }),
        ];
        interleave(tasks, seed * 7_919);
        let (sealed, handed) = (sealed.into_inner().unwrap(), handed.into_inner().unwrap());
        assert!(sealed.is_ok() || handed.is_ok(), "{seed}: {sealed:?} {handed:?}");
        let objects = world.storage.snapshot();
        let at = |object| objects.get(&world.log.paths().key(object));
        let both = sealed.is_ok() && at(LogObject::Sealed) != at(LogObject::Checkpoint);
        met += u32::from(both);
        let report = world.verify();
        assert!(report.is_clean(), "{seed}: {:?}", report.findings);
        if both {
            // Told again, with the key that took over, it is sealed already.
            let again = run(Publisher::new(world.log.clone(), next(), world.keys.clone()).seal()).unwrap();
            assert_eq!(again, sealed.unwrap(), "{seed}");
            assert!(matches!(world.append(&entries([5])), Err(LogError::Sealed)));
        }
    }
    assert!(met > 0);
}

/// Three writers, and a process that seals meanwhile, with a fault at one of its calls. Returns how many calls it made.
fn sealed_beside_writers(fault: Option<(u64, Fault)>, seed: u64) -> u64 {
    let world = World::new();
    world.publish();
    let accepted = Accepted::default();
    let plan = FaultPlan::new(fault);
    let outcome = RefCell::new(None);
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for writer in 0..3_u64 {
        let batches = (0..6).map(|at| (0..3).map(|n| writer * 1_000 + at * 10 + n).collect()).collect();
        tasks.push(Box::pin(work(&world, writer as u8, FaultPlan::new([]), batches, &accepted)));
    }
    tasks.push(Box::pin(async {
        let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
        let sealed = Publisher::new(log_on(storage), signer(), Vec::new()).seal().await;
        *outcome.borrow_mut() = Some(sealed.map(|signed| signed.checkpoint().size));
    }));
    interleave(tasks, seed);
    // Whoever was cut off, or got no answer, is followed by another.
    let sealed = world.seal();
    if let Some(Ok(size)) = outcome.into_inner() {
        assert_eq!(size, sealed.checkpoint().size, "what was told stays");
    }
    assert!(matches!(world.append(&entries([9_999])), Err(LogError::Sealed)));
    let report = world.verify();
    assert!(report.is_clean() && report.sealed, "{fault:?} {seed}: {:?}", report.findings);
    assert_eq!((report.unsealed_tail, report.size), (0, sealed.checkpoint().size));
    let mut found = std::collections::BTreeMap::new();
    let mut next = 0;
    while let Some(bundle) = run(world.log.bundle(next)).unwrap() {
        found.extend(bundle.iter().map(|entry| (entry.leaf.id(), entry.index)));
        next += bundle.len() as u64;
    }
    for (id, index) in accepted.into_inner() {
        assert_eq!(found.get(&id), Some(&index), "what was accepted is in the log: {fault:?} {seed}");
    }
    plan.calls()
}

#[test]
fn a_seal_beside_writers_loses_nothing_that_was_accepted_whatever_fails_of_it() {
    let calls = (1..=12).map(|seed| sealed_beside_writers(None, seed * 7_919)).max().unwrap();
    assert!(calls > 5, "{calls}");
    for fault in FAULTS {
        for call in 0..calls + 2 {
            sealed_beside_writers(Some((call, fault)), 31 * call + 5);
        }
    }
}
