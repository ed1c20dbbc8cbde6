//! One signing key takes over from another: the log stays verifiable with either, whatever fails half way, and the key
//! before is worth nothing any more.

use std::sync::Arc;

use tlog::memory::{FAULTS, Fault, FaultPlan, Faulty, MemoryStorage};
use tlog::{
    Checkpoint, CheckpointError, Day, Handover, LocalSigner, Log, LogError, LogObject, Place, Publisher,
    SignedCheckpoint, Signer, VerifyOptions, VerifyingKey, verify,
};

use crate::support::{ORIGIN, World, codes, entries, log_on, run, signer};

fn key(number: u8) -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_seed(ORIGIN, &[number; 32]).unwrap())
}

fn public(number: u8) -> VerifyingKey {
    key(number).verifying_key().clone()
}

fn publisher(log: &Log, number: u8) -> Publisher {
    Publisher::new(log.clone(), key(number), Vec::new())
}

/// What a reader finds who knows these keys.
fn found(world: &World, keys: &[VerifyingKey]) -> Vec<&'static str> {
    codes(&run(verify(&world.log, &VerifyOptions::new(keys))).unwrap())
}

/// A log that key 42 signed, then 1, then 2; three entries under each.
fn rotated_twice() -> World {
    let world = World::new();
    for (next, number) in [(0, 42), (3, 1), (6, 2)] {
        if number != 42 {
            let before = if number == 1 { 42 } else { 1 };
            run(publisher(&world.log, before).hand_over(key(number))).unwrap();
        }
        world.append(&entries(next..next + 3)).unwrap();
        let mut publisher = publisher(&world.log, number);
        run(publisher.publish()).unwrap();
        run(publisher.keep(Day::new(2026, 11, number.min(30)).unwrap())).unwrap();
    }
    world
}

#[test]
fn a_reader_who_knows_any_one_of_the_keys_verifies_the_whole_log() {
    let world = rotated_twice();
    for number in [42, 1, 2] {
        let keys = [public(number)];
        let report = run(verify(&world.log, &VerifyOptions::new(&keys))).unwrap();
        assert!(report.is_clean(), "{number}: {:?}", report.findings);
        assert_eq!(report.signed_by, [public(2)]);
        let told: Vec<_> = report.handovers.iter().map(|one| (one.size, one.to.clone())).collect();
        assert_eq!(told, [(3, public(1)), (6, public(2))]);

        let signed = run(world.log.checkpoint(&keys)).unwrap().unwrap();
        assert_eq!(signed.checkpoint().size, 9);
        run(world.log.prove(Place { index: 1, bundle: 0 }, &keys)).unwrap();
        let chain = run(world.log.key_chain(&keys)).unwrap();
        assert_eq!(chain.keys().len(), 3);
        assert_eq!([42, 1, 2].map(|of| chain.retired_at(&public(of))), [Some(3), Some(6), None]);
    }
    assert_eq!(found(&world, &[public(42), public(1), public(2)]), [""; 0]);
}

#[test]
fn a_handover_is_a_checkpoint_that_both_keys_signed_and_that_names_them() {
    let world = World::new();
    world.fill(&[4]);
    let signed = run(publisher(&world.log, 42).hand_over(key(1))).unwrap();
    let text = signed.to_text();
    let line = format!("key-handover {} {}", public(42), public(1));
    assert_eq!(text.lines().nth(3), Some(line.as_str()));
    assert_eq!(signed.note().signatures().len(), 2);
    let kept = world.storage.snapshot()[&world.log.paths().key(LogObject::Handover(public(1).id()))].clone();
    assert_eq!(kept, text.as_bytes());
    let handover = Handover::parse(&kept, ORIGIN).unwrap();
    assert_eq!((handover.from(), handover.to(), handover.size()), (&public(42), &public(1), 4));
    // With one of the two signatures missing it is none.
    for gone in [4, 5] {
        let lines: Vec<&str> = text.lines().collect();
        let without: Vec<&str> = (0..lines.len()).filter(|at| *at != gone + 1).map(|at| lines[at]).collect();
        assert!(Handover::parse(format!("{}\n", without.join("\n")).as_bytes(), ORIGIN).is_err());
    }
}

#[test]
fn handing_over_again_changes_nothing() {
    let world = World::new();
    world.fill(&[4]);
    let first = run(publisher(&world.log, 42).hand_over(key(1))).unwrap();
    let before = world.storage.snapshot();
    assert_eq!(run(publisher(&world.log, 42).hand_over(key(1))).unwrap(), first);
    assert_eq!(world.storage.snapshot(), before);
    world.append(&entries(4..6)).unwrap();
    run(publisher(&world.log, 1).publish()).unwrap();
    let before = world.storage.snapshot();
    assert_eq!(run(publisher(&world.log, 42).hand_over(key(1))).unwrap().checkpoint().size, 6);
    assert_eq!(world.storage.snapshot(), before);
}

#[test]
fn a_publisher_with_the_key_before_signs_nothing_any_more() {
    let world = World::new();
    world.fill(&[4]);
    let mut late = publisher(&world.log, 42);
    run(late.publish()).unwrap();
    run(publisher(&world.log, 42).hand_over(key(1))).unwrap();
    world.append(&entries(4..6)).unwrap();
    assert!(matches!(run(late.publish()), Err(LogError::KeyRetired { by }) if by == public(1).to_string()));
    run(publisher(&world.log, 1).publish()).unwrap();
    world.append(&entries(6..7)).unwrap();
    for publisher in [&mut late, &mut publisher(&world.log, 42)] {
        assert!(run(publisher.publish()).is_err());
    }
    assert!(found(&world, &[public(42)]).is_empty());
}

#[test]
fn a_rotation_that_is_cut_off_at_any_call_is_whole_once_somebody_goes_on() {
    let mut crashed = 0;
    for call in 0.. {
        let mut reached = false;
        for fault in FAULTS {
            let world = World::new();
            world.fill(&[3, 2]);
            let plan = FaultPlan::new([(call, fault)]);
            let log = log_on(Arc::new(Faulty::new(world.storage.clone(), plan.clone())));
            let first = run(publisher(&log, 42).hand_over(key(1)));
            reached |= plan.calls() > call;
            crashed += u32::from(plan.crashed());
            let error = first.as_ref().err();
            let passing = error.is_none_or(|error| plan.crashed() || error.is_transient());
            assert!(passing, "{call} {fault:?}: {error:?}");
            // In between, too, the log verifies for whoever knows the one key or both.
            let report = found(&world, &[public(42)]);
            assert!(report.is_empty(), "{call} {fault:?}: {report:?}");
            let later = match fault {
                // Sometimes the one who goes on is a publisher of the new key, if the moment had come.
                Fault::CrashAfter => run(publisher(&world.log, 1).publish()).map(drop),
                _ => Err(LogError::Contended),
            };
            if later.is_err() {
                run(publisher(&world.log, 42).hand_over(key(1))).unwrap();
            }
            world.append(&entries(50..53)).unwrap();
            run(publisher(&world.log, 1).publish()).unwrap();
            for number in [42, 1] {
                let report = found(&world, &[public(number)]);
                assert!(report.is_empty(), "{call} {fault:?}: {report:?}");
            }
            let chain = run(world.log.key_chain(&[public(1)])).unwrap();
            assert_eq!(chain.handovers().len(), 1, "{call} {fault:?}");
        }
        if !reached {
            break;
        }
    }
    assert!(crashed > 10, "{crashed}");
}

#[test]
fn with_the_stolen_key_before_nothing_behind_the_handover_is_believed() {
    let world = rotated_twice();
    // The thief owns the storage, too: another history from the beginning, signed with the key before.
    let thief = World::new();
    thief.append(&entries(100..112)).unwrap();
    run(publisher(&thief.log, 42).publish()).unwrap();
    let forged = thief.storage.snapshot();
    let with_handovers = |also: &[LogObject]| {
        let storage = MemoryStorage::restore(forged.clone());
        let honest = world.storage.snapshot();
        storage.tamper(|objects| {
            for object in also {
                let key = world.log.paths().key(*object);
                objects.insert(key.clone(), honest[&key].clone());
            }
        });
        World::on(Arc::new(storage))
    };
    let kept = LogObject::Handover(public(1).id());
    // Where the hand-over cannot be taken away, the key before is known to be retired.
    for keys in [&[public(42)][..], &[public(1)]] {
        let report = found(&with_handovers(&[kept]), keys);
        assert_eq!(report, ["kept-checkpoint-root-differs", "key-retired"], "{keys:?}");
        assert!(run(with_handovers(&[kept]).log.checkpoint(keys)).is_err(), "{keys:?}");
    }
    // Where all of it is replaced, only who knows a later key finds out.
    assert_eq!(found(&with_handovers(&[]), &[public(42)]), [""; 0]);
    assert_eq!(found(&with_handovers(&[]), &[public(2)]), ["checkpoint-damaged"]);
}

#[test]
fn a_second_successor_of_one_key_is_found() {
    let world = rotated_twice();
    let thief = World::new();
    thief.append(&entries(0..3)).unwrap();
    run(publisher(&thief.log, 42).hand_over(key(66))).unwrap();
    let key_of = |number| world.log.paths().key(LogObject::Handover(public(number).id()));
    let forged = thief.storage.snapshot()[&key_of(66)].clone();
    world.storage.tamper(|objects| objects.insert(key_of(66), forged.clone()));
    assert_eq!(found(&world, &[public(42)]), ["handover-forked"]);
    // Laid over the true one, too: the present key is then in no chain.
    world.storage.tamper(|objects| {
        objects.remove(&key_of(1));
        objects.remove(&key_of(2));
    });
    assert_eq!(found(&world, &[public(42), public(2)]), ["kept-checkpoint-damaged", "key-outside-chain"]);
    assert_eq!(found(&world, &[public(2)]), ["handover-damaged", "kept-checkpoint-damaged"]);
}

#[test]
fn a_handover_that_is_damaged_or_of_another_log_is_named() {
    let world = rotated_twice();
    let object = world.log.paths().key(LogObject::Handover(public(1).id()));
    let sound = world.storage.snapshot()[&object].clone();
    let mut flipped = 0;
    for at in 0..sound.len() {
        let mut bytes = sound.to_vec();
        bytes[at] ^= 1;
        world.storage.tamper(|objects| objects.insert(object.clone(), bytes.into()));
        let report = found(&world, &[public(42)]);
        assert!(report.contains(&"handover-damaged"), "byte {at}: {report:?}");
        flipped += 1;
    }
    assert!(flipped > 300);
}

#[test]
fn a_checkpoint_that_a_stolen_key_signs_after_it_was_replaced_is_believed_by_nobody_who_knows_it() {
    let world = rotated_twice();
    let standing = run(world.log.checkpoint(&[public(2)])).unwrap().unwrap();
    // Who stole key 42 signs the log as it stands, and a shorter one, and puts it in the place of the checkpoint.
    let mut longer = standing.checkpoint().clone();
    longer.extensions.clear();
    let key = world.log.paths().key(LogObject::Checkpoint);
    let text = sign_with_42(&longer);
    world.storage.tamper(|objects| objects.insert(key, text.into_bytes().into()));
    let all = [public(42), public(1), public(2)];
    for keys in [&all[..], &all[..1], &all[2..]] {
        let believed = run(world.log.checkpoint(keys));
        assert!(matches!(believed, Err(LogError::Checkpoint(CheckpointError::KeyRetired))), "{believed:?}");
        assert!(run(world.log.prove(Place { index: 1, bundle: 0 }, keys)).is_err());
    }
}

#[test]
fn a_sealed_log_changes_its_key_no_more() {
    let world = World::new();
    world.fill(&[2]);
    world.seal();
    let refused = || matches!(run(publisher(&world.log, 42).hand_over(key(1))), Err(LogError::Sealed));
    assert!(refused());
    // Nor when only the bundle stands that closes it.
    let seal = world.log.paths().key(LogObject::Sealed);
    let kept = world.storage.snapshot()[&seal].clone();
    world.storage.tamper(|objects| objects.remove(&seal));
    assert!(refused());
    world.storage.tamper(|objects| objects.insert(seal, kept));
    let before = world.storage.snapshot();
    assert!(matches!(run(publisher(&world.log, 42).hand_over(key(1))), Err(LogError::Sealed)));
    assert_eq!(world.storage.snapshot(), before);
}

#[test]
fn a_checkpoint_kept_elsewhere_counts_if_its_key_was_the_logs_at_that_size() {
    let world = rotated_twice();
    let early = world.storage.snapshot()
        [&world.log.paths().key(LogObject::Kept(Day::new(2026, 11, 30).unwrap()))]
        .clone();
    let keys = [public(2)];
    let against = |trusted: &[u8]| {
        let options = VerifyOptions { trusted: Some(trusted), ..VerifyOptions::new(&keys) };
        codes(&run(verify(&world.log, &options)).unwrap())
    };
    assert_eq!(against(&early), [""; 0]);
    // The same key, over the same entries, but at a size at which it was retired.
    let head = run(world.log.checkpoint(&keys)).unwrap().unwrap().checkpoint().clone();
    assert_eq!(against(sign_with_42(&head).as_bytes()), ["key-retired"]);
    assert!(matches!(
        SignedCheckpoint::parse(sign_with_42(&head).as_bytes(), ORIGIN, &keys),
        Err(CheckpointError::Note(_))
    ));
}

fn sign_with_42(head: &Checkpoint) -> String {
    let mut note = tlog::Note::new(head.to_text()).unwrap();
    let signature = run(signer().sign(note.text().as_bytes())).unwrap();
    note.add_signature(&public(42), signature);
    note.to_text()
}

#[test]
fn a_publisher_that_was_told_of_its_successor_follows_it_once_the_hand_over_stands() {
    let world = World::new();
    world.fill(&[2]);
    let waiting = || publisher(&world.log, 42).with_successor(key(1));
    let mut before = waiting();
    assert_eq!(found(&world, &[public(42)]), [""; 0]);
    world.append(&entries(20..22)).unwrap();
    let signed = run(before.publish()).unwrap();
    assert!(signed.note().verify(&[public(42)]).is_ok(), "nobody took over yet");

    run(publisher(&world.log, 42).hand_over(key(1))).unwrap();
    world.append(&entries(30..32)).unwrap();
    // Met while the hand-over is the checkpoint that stands, and long after.
    for (mut publisher, more) in [(before, 40), (waiting(), 50)] {
        let signed = run(publisher.publish()).unwrap();
        assert!(signed.note().verify(&[public(1)]).is_ok() && signed.note().verify(&[public(42)]).is_err());
        world.append(&entries(more..more + 1)).unwrap();
        run(publisher.publish()).unwrap();
    }
    assert_eq!(found(&world, &[public(42)]), [""; 0]);

    // One whose successor is another key than the one that took over signs nothing.
    world.append(&entries(60..61)).unwrap();
    let stranger = run(publisher(&world.log, 42).with_successor(key(7)).publish());
    assert!(matches!(stranger, Err(LogError::Checkpoint(_))), "{stranger:?}");
}
