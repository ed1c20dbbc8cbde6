//! Somebody makes the log anew from a changed place on, with everything that derives from it: bundles that state the
//! trees they continue, tiles, index. What was signed, or kept elsewhere, does not fit any more.

use std::sync::Arc;

use tlog::memory::MemoryStorage;
use tlog::{LocalSigner, LogObject, Publisher, VerifyOptions, rebuild, verify};

use crate::support::{ORIGIN, PlainDescribe, World, codes, entries, id, run};

/// A sealed log of six entries in two bundles.
fn sealed() -> World {
    let world = World::new();
    world.fill(&[3, 3]);
    world.seal();
    world
}

/// A log of these bundles, whole in itself, under the checkpoint and the seal of another.
fn forged(world: &World, bundles: &[&[u64]]) -> World {
    let forger = World::new();
    for bundle in bundles {
        forger.append(&entries(bundle.iter().copied())).unwrap();
    }
    forger.seal();
    let mut objects = forger.storage.snapshot();
    for object in [LogObject::Checkpoint, LogObject::Sealed] {
        let key = world.log.paths().key(object);
        objects.insert(key.clone(), world.storage.snapshot()[&key].clone());
    }
    let mut log = World::on(Arc::new(MemoryStorage::restore(objects)));
    log.index = forger.index.clone();
    log
}

#[test]
fn entries_in_another_order_left_out_put_in_or_changed_do_not_fit_what_was_signed() {
    let world = sealed();
    for (bundles, expected) in [
        (&[&[1_u64, 0, 2][..], &[3, 4, 5]][..], &["checkpoint-root-differs"][..]),
        (&[&[3, 4, 5], &[0, 1, 2]], &["checkpoint-root-differs"]),
        (&[&[0, 1, 2], &[3, 4, 99]], &["checkpoint-root-differs"]),
        (&[&[0, 1, 77, 2], &[3, 4, 5]], &["checkpoint-root-differs", "tail-behind-seal"]),
        (&[&[0, 2], &[3, 4, 5]], &["entries-truncated"]),
        (&[&[0, 1, 2]], &["entries-truncated"]),
    ] {
        let report = forged(&world, bundles).verify();
        let found: Vec<_> = codes(&report).into_iter().filter(|code| !code.starts_with("tile-")).collect();
        assert_eq!(found, expected, "{bundles:?}");
    }
    // What the forger cannot change: the same entries in the same order are the same log.
    assert!(forged(&world, &[&[0, 1, 2, 3, 4, 5]]).verify_objects().is_clean());
}

#[test]
fn a_log_signed_anew_with_another_key_is_refused_by_who_has_the_public_key_or_a_checkpoint() {
    let world = sealed();
    let kept = run(world.log.checkpoint(&world.keys)).unwrap().unwrap().to_text();
    let forger = World::on(Arc::default());
    let signer = Arc::new(LocalSigner::from_seed(ORIGIN, &[66; 32]).unwrap());
    let mut publisher = Publisher::new(forger.log.clone(), signer, Vec::new());
    run(publisher.publish()).unwrap();
    forger.append(&entries([0, 1, 2, 3, 4])).unwrap();
    run(publisher.publish()).unwrap();

    assert_eq!(codes(&forger.verify()), ["checkpoint-damaged"]);
    // Who takes the public key from the forger as well sees a sound log, unless a checkpoint was kept elsewhere.
    let verified = |trusted| {
        let index = Some(&*forger.index as _);
        let options = VerifyOptions {
            trusted,
            index,
            describe: Some(&PlainDescribe),
            ..VerifyOptions::new(publisher.keys())
        };
        codes(&run(verify(&forger.log, &options)).unwrap())
    };
    assert!(verified(None).is_empty());
    assert_eq!(verified(Some(kept.as_bytes())), ["trusted-checkpoint-damaged"]);
}

#[test]
fn what_was_written_first_is_what_is_read_and_made_anew_whatever_was_laid_over_it() {
    let mut world = World::new();
    world.fill(&[3, 3, 3]);
    world.publish();
    let key = |first| world.log.paths().bundle(first);
    let other = world.storage.snapshot()[&key(3)].clone();
    world.storage.rewrite(&key(0), Some(&other));
    world.storage.rewrite(&key(3), None);
    world.storage.rewrite(&key(6), None);
    assert!(run(world.log.bundle(3)).unwrap().is_none(), "the marker hides it");
    let first = run(world.log.first_written()).unwrap();
    for from in [0, 3, 6] {
        let ids: Vec<_> =
            run(first.bundle(from)).unwrap().unwrap().iter().map(|entry| entry.leaf.id()).collect();
        assert_eq!(ids, [from, from + 1, from + 2].map(id));
    }
    world.index = Arc::default();
    let index = Some((&*world.index as _, &PlainDescribe as _));
    assert_eq!(run(rebuild(&world.log, &world.keys, index)).unwrap(), 9);
    assert_eq!(codes(&world.verify()), ["delete-marker", "second-version"]);
}
