//! Checkpoints: what is signed, and what is refused.

use std::sync::Arc;

use bytes::Bytes;
use tlog::memory::{Fault, FaultPlan, Faulty};
use tlog::{LogError, LogObject, LogPaths, Place, Publisher, rebuild};

use crate::support::{PlainDescribe, World, codes, entries, log_on, run, signer};

fn publisher(world: &World) -> Publisher {
    Publisher::new(world.log.clone(), signer(), Vec::new())
}

#[test]
fn publishers_take_turns() {
    let world = World::new();
    let (mut one, mut two) = (publisher(&world), publisher(&world));
    for round in 0..40_u64 {
        let next = round * 37;
        world.append(&entries(next..next + 37)).unwrap();
        let publisher = if round % 3 == 0 { &mut one } else { &mut two };
        assert_eq!(run(publisher.publish()).unwrap().checkpoint().size, next + 37);
        assert_eq!(run(publisher.publish()).unwrap().checkpoint().size, next + 37);
    }
    let report = world.verify();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.checkpoint, report.unsealed_tail), (1480, Some(1480), 0));
}

#[test]
fn a_backlog_longer_than_one_process_lives_is_covered_all_the_same() {
    let world = World::new();
    world.fill(&[3; 300]);
    let mut covered = vec![0];
    while covered.last() != Some(&900) {
        // Each process dies after as many calls as one stride takes, and a few more.
        let plan = FaultPlan::new([(90, Fault::CrashBefore)]);
        let log = log_on(Arc::new(Faulty::new(world.storage.clone(), plan)));
        let died = run(Publisher::new(log, signer(), Vec::new()).publish()).is_err();
        let size = run(world.log.checkpoint(&world.keys)).unwrap().unwrap().checkpoint().size;
        assert!(size > *covered.last().unwrap(), "{covered:?} and no further");
        assert_eq!(died, size < 900);
        covered.push(size);
        let report = world.verify();
        assert!(report.is_clean(), "{:?}", report.findings);
        run(world.log.prove(Place { index: size - 1, bundle: size - 3 }, &world.keys)).unwrap();
    }
    assert!(covered.len() > 3, "{covered:?}");
}

#[test]
fn a_caller_whose_time_is_short_advances_by_strides() {
    let world = World::new();
    world.fill(&[2; 150]);
    let (mut one, mut two) = (publisher(&world), publisher(&world));
    let mut sizes = Vec::new();
    loop {
        // Another that is ahead disturbs nothing.
        let publisher = if sizes.len() % 2 == 0 { &mut one } else { &mut two };
        let advanced = run(publisher.advance()).unwrap();
        sizes.push(advanced.signed.checkpoint().size);
        if !advanced.more {
            break;
        }
    }
    assert_eq!(sizes, [128, 256, 300]);
    let again = run(one.advance()).unwrap();
    assert_eq!((again.signed.checkpoint().size, again.more), (300, false));
    assert!(world.verify().is_clean());

    // All at once where nobody hurries; also what another publisher covered meanwhile is followed to its end.
    let world = World::new();
    let (mut one, mut two) = (publisher(&world), publisher(&world));
    run(one.publish()).unwrap();
    world.fill(&[2; 150]);
    assert_eq!(run(two.publish()).unwrap().checkpoint().size, 300);
    world.append(&entries([1000])).unwrap();
    assert_eq!(run(one.publish()).unwrap().checkpoint().size, 301);
    assert!(world.verify().is_clean());
}

#[test]
fn a_checkpoint_is_a_note_of_three_lines_and_a_signature() {
    let world = World::new();
    world.fill(&[3]);
    let text = world.publish().to_text();
    let lines: Vec<&str> = text.split('\n').collect();
    assert_eq!((lines[0], lines[1], lines[3]), (crate::support::ORIGIN, "3", ""));
    assert!(lines[4].starts_with("— ziekenhuis.example/log/test "));
    assert_eq!(lines.len(), 6);
}

#[test]
fn nothing_is_signed_over_altered_history() {
    let other = World::new();
    other.append(&entries([7, 8, 9])).unwrap();
    for warm in [false, true] {
        let world = World::new();
        let mut publisher = publisher(&world);
        world.append(&entries([1, 2, 3])).unwrap();
        run(publisher.publish()).unwrap();
        world.append(&entries([4])).unwrap();
        let before = world.storage.snapshot();
        // Somebody replaces the covered entries, and everything behind them.
        world.storage.tamper(|objects| {
            let forged = other.storage.snapshot()[&other.log.paths().bundle(0)].clone();
            objects.insert(world.log.paths().bundle(0), forged);
            objects.remove(&world.log.paths().bundle(3));
        });
        let forger = World::on(world.storage.clone());
        run(forger.appender(66).append(&entries([50]))).unwrap();
        if !warm {
            publisher = self::publisher(&world);
        }
        assert!(matches!(
            run(publisher.publish()),
            Err(LogError::Inconsistent { size: 3 } | LogError::ChainBroken { .. })
        ));
        let key = world.log.paths().key(LogObject::Checkpoint);
        assert_eq!(world.storage.snapshot()[&key], before[&key]);
    }
}

#[test]
fn a_checkpoint_that_vanished_or_went_back_is_refused() {
    let world = World::new();
    let key = world.log.paths().key(LogObject::Checkpoint);
    let empty = world.storage.snapshot()[&key].clone();
    let mut publisher = publisher(&world);
    world.append(&entries([1])).unwrap();
    run(publisher.publish()).unwrap();
    world.append(&entries([2])).unwrap();
    world.storage.tamper(|objects| objects.insert(key.clone(), empty));
    assert!(matches!(run(publisher.publish()), Err(LogError::RolledBack { size: 1 })));
    world.storage.tamper(|objects| objects.remove(&key));
    assert!(matches!(run(publisher.publish()), Err(LogError::RolledBack { size: 1 })));

    let mut fresh = self::publisher(&world);
    assert!(matches!(run(fresh.publish()), Err(LogError::CheckpointMissing)));
    assert_eq!(codes(&world.verify()), ["checkpoint-missing"]);
    assert_eq!(run(fresh.adopt()).unwrap().checkpoint().size, 2);
    assert!(world.verify().is_clean());
}

#[test]
fn damaged_tiles_are_not_built_upon_and_can_be_rebuilt() {
    let world = World::new();
    world.fill(&[300, 5]);
    world.publish();
    world.storage.tamper(|objects| {
        for (key, bytes) in objects.iter_mut().filter(|(key, _)| key.contains("/tile/0/001")) {
            let mut wrong = bytes.to_vec();
            wrong[40] ^= 4;
            *bytes = wrong.into();
            assert!(key.ends_with(".p/49"));
        }
        objects.retain(|key, _| !key.contains("/tile/entries/"));
    });
    assert_eq!(codes(&world.verify()), ["tile-differs", "tile-missing"]);
    world.append(&entries(305..310)).unwrap();
    assert!(matches!(run(publisher(&world).publish()), Err(LogError::TilesDamaged { size: 305 })));
    let place = Place { index: 300, bundle: 300 };
    assert!(matches!(run(world.log.prove(place, &world.keys)), Err(LogError::TilesDamaged { size: 305 })));

    world.index.tamper(|rows, _| rows.truncate(100));
    let index = Some((&*world.index as _, &PlainDescribe as _));
    assert_eq!(run(rebuild(&world.log, &world.keys, index)).unwrap(), 310);
    run(world.log.prove(place, &world.keys)).unwrap();
    world.publish();
    let report = world.verify();
    assert!(report.is_clean(), "{:?}", report.findings);
}

#[test]
fn an_entry_behind_the_checkpoint_is_a_tail_and_has_no_proof_yet() {
    let world = World::new();
    world.fill(&[2]);
    world.publish();
    world.append(&entries([5])).unwrap();
    let report = world.verify();
    assert!(report.is_clean());
    assert_eq!(report.unsealed_tail, 1);
    let place = Place { index: 2, bundle: 2 };
    assert!(matches!(run(world.log.prove(place, &world.keys)), Err(LogError::NotCovered { index: 2 })));
}

#[test]
fn logs_in_one_storage_keep_apart() {
    let world = World::new();
    world.fill(&[2]);
    let paths = LogPaths::new("test-2").unwrap();
    world.storage.tamper(|objects| objects.insert(paths.bundle(0), Bytes::from_static(b"junk")));
    assert!(world.verify().is_clean());
}
