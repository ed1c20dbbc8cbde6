//! A verification gives one report: read beside each other, broken off and taken up, or from a checkpoint on.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tlog::memory::MemoryStorage;
use tlog::{Log, LogError, Parallel, Report, StateError, VerifyOptions, verify};

use crate::support::{PlainDescribe, World, codes, entries, run};

/// Threads, so that jobs end in any order.
fn threads(jobs: usize) -> Parallel {
    Parallel::new(jobs, |work| drop(std::thread::spawn(move || run(work))))
}

fn whole<'a>(world: &'a World) -> VerifyOptions<'a> {
    VerifyOptions {
        index: Some(world.index.as_ref()),
        describe: Some(&PlainDescribe),
        ..VerifyOptions::new(&world.keys)
    }
}

/// All states that a verification offers, and its report.
fn states(log: &Log, options: &VerifyOptions<'_>) -> (Vec<Vec<u8>>, Report) {
    let kept = Mutex::new(Vec::new());
    let keep = |state: &dyn Fn() -> Vec<u8>| kept.lock().unwrap().push(state());
    let report = run(verify(log, &VerifyOptions { keep: Some(&keep), ..*options })).unwrap();
    (kept.into_inner().unwrap(), report)
}

fn taken_up(log: &Log, options: &VerifyOptions<'_>, state: &[u8]) -> Result<Report, LogError> {
    run(verify(log, &VerifyOptions { resume: Some(state), ..*options }))
}

#[track_caller]
fn refused(result: Result<Report, LogError>) -> StateError {
    match result {
        Err(LogError::State(reason)) => reason,
        other => unreachable!("{other:?}"),
    }
}

fn filled(bundles: &[u64]) -> World {
    let world = World::new();
    world.fill(bundles);
    world.publish();
    world
}

#[test]
fn a_verification_that_was_broken_off_anywhere_gives_the_same_report() {
    let world = filled(&[3, 300, 1, 250, 7]);
    world.append(&entries(561..570)).unwrap();
    let (states, report) = states(&world.log, &whole(&world));
    assert!(report.is_clean() && report.unsealed_tail == 9, "{report:?}");
    // Not in the tail, which no signature covers yet.
    assert_eq!(states.len(), 5);
    for state in &states {
        assert_eq!(taken_up(&world.log, &whole(&world), state).unwrap(), report);
        let parallel = threads(3);
        let options = VerifyOptions { parallel: Some(&parallel), ..whole(&world) };
        assert_eq!(taken_up(&world.log, &options, state).unwrap(), report);
    }
}

#[test]
fn what_was_appended_meanwhile_is_verified_with_the_rest() {
    let world = filled(&[3, 300, 1]);
    let (states, _) = states(&world.log, &whole(&world));
    world.append(&entries(304..900)).unwrap();
    world.publish();
    let report = taken_up(&world.log, &whole(&world), &states[1]).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.size, report.bundles), (900, 4));
}

#[test]
fn findings_made_before_it_was_broken_off_are_kept() {
    let world = filled(&[3, 300, 1, 20]);
    world.storage.tamper(|objects| {
        let tile = objects.get_mut("log/test/tile/entries/000").unwrap();
        *tile = [&tile[..], b"x"].concat().into();
    });
    let (states, report) = states(&world.log, &whole(&world));
    assert_eq!(codes(&report), ["tile-differs"]);
    // It was mended meanwhile; the report is of what was read.
    let mended = filled(&[3, 300, 1, 20]);
    let report_of_last = taken_up(&mended.log, &whole(&mended), states.last().unwrap()).unwrap();
    assert_eq!(report_of_last.findings, report.findings);
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let world = filled(&[3, 300, 1, 20]);
    let (states, _) = states(&world.log, &whole(&world));
    let state = states[2].clone();

    let mut cut = state.clone();
    cut.truncate(state.len() - 2);
    for damaged in [cut, Vec::new(), b"{}".to_vec(), state.iter().map(|b| b ^ 1).collect()] {
        assert_eq!(refused(taken_up(&world.log, &whole(&world), &damaged)), StateError::Damaged);
    }
    let other = Log::new(world.storage.clone(), world.log.paths().clone(), "another.example/log");
    assert_eq!(refused(taken_up(&other, &whole(&world), &state)), StateError::OtherLog);
    let sealed = VerifyOptions { sealed: true, ..whole(&world) };
    assert_eq!(refused(taken_up(&world.log, &sealed, &state)), StateError::OtherOptions);
    let without_index = VerifyOptions { index: None, ..whole(&world) };
    assert_eq!(refused(taken_up(&world.log, &without_index, &state)), StateError::OtherOptions);
}

#[test]
fn a_log_that_changed_below_is_not_taken_up() {
    let world = filled(&[3, 300, 1, 20]);
    let (states, _) = states(&world.log, &whole(&world));
    let changed = StateError::Changed { size: 304 };
    let objects = world.storage.snapshot();
    let with = |change: &dyn Fn(&mut std::collections::BTreeMap<String, bytes::Bytes>)| {
        let mut objects = objects.clone();
        change(&mut objects);
        let mut other = World::on(Arc::new(MemoryStorage::restore(objects)));
        other.index = world.index.clone();
        refused(taken_up(&other.log, &whole(&other), &states[2]))
    };
    let bundle = |first| world.log.paths().bundle(first);
    // The last one that was read; one that is gone; one that was put there.
    assert_eq!(with(&|o| drop(o.insert(bundle(303), o[&bundle(0)].clone()))), changed);
    assert_eq!(with(&|o| drop(o.remove(&bundle(3)))), changed);
    assert_eq!(with(&|o| drop(o.insert(bundle(1), o[&bundle(0)].clone()))), changed);
    // Another log in its place, and the same log at an earlier time.
    let another = World::new();
    another.fill(&[2, 300, 2, 20]);
    another.publish();
    assert_eq!(refused(taken_up(&another.log, &whole(&another), &states[2])), changed);
    let earlier = filled(&[3, 300]);
    assert_eq!(refused(taken_up(&earlier.log, &whole(&earlier), &states[2])), changed);
}

#[test]
fn since_a_checkpoint_only_what_stands_behind_it_is_read() {
    let world = filled(&[3, 300, 1]);
    let checkpoint = world.publish().to_text();
    world.append(&entries(304..900)).unwrap();
    world.publish();
    // An altered bundle below is not seen, and the report says that it was not read.
    world.storage.tamper(|objects| drop(objects.insert(world.log.paths().bundle(3), "x".into())));
    let since = VerifyOptions { since: Some(checkpoint.as_bytes()), ..whole(&world) };
    let report = run(verify(&world.log, &since)).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.since, report.bundles, report.size), (Some(304), 1, 900));
    assert_eq!(report.root, world.publish().checkpoint().root);
    assert!(!world.verify().is_clean());

    // The tile that spans the checkpoint is compared all the same.
    world.storage.tamper(|objects| {
        objects.insert("log/test/tile/entries/001".into(), "x".into());
    });
    let report = run(verify(&world.log, &since)).unwrap();
    assert_eq!(codes(&report), ["tile-differs"]);
}

#[test]
fn since_the_checkpoint_that_stands_nothing_is_read() {
    let world = filled(&[3, 300, 1]);
    let checkpoint = world.publish().to_text();
    let since = VerifyOptions { since: Some(checkpoint.as_bytes()), ..whole(&world) };
    let report = run(verify(&world.log, &since)).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.since, report.bundles, report.size), (Some(304), 0, 304));
    assert_eq!(report.root, world.publish().checkpoint().root);
}

#[test]
fn a_log_that_does_not_continue_the_checkpoint_is_found() {
    let other = World::new();
    run(other.appender(3).append(&entries(1000..1304))).unwrap();
    let fork = other.publish().to_text();
    let world = filled(&[3, 300, 1, 400]);
    let since = VerifyOptions { since: Some(fork.as_bytes()), ..whole(&world) };
    let report = run(verify(&world.log, &since)).unwrap();
    assert_eq!(codes(&report), ["consistency-not-proved", "trusted-root-differs"]);
    // Then everything was read.
    assert_eq!((report.since, report.bundles), (None, 4));

    let longer = filled(&[3, 300, 1, 400, 5]).publish().to_text();
    let since = VerifyOptions { since: Some(longer.as_bytes()), ..whole(&world) };
    assert_eq!(codes(&run(verify(&world.log, &since)).unwrap()), ["checkpoint-rolled-back", "rolled-back"]);
    let since = VerifyOptions { since: Some(b"x"), ..whole(&world) };
    assert_eq!(codes(&run(verify(&world.log, &since)).unwrap()), ["trusted-checkpoint-damaged"]);
}

#[test]
fn tiles_that_do_not_prove_the_consistency_are_named() {
    let world = filled(&[3, 300, 1]);
    let checkpoint = world.publish().to_text();
    world.append(&entries(304..900)).unwrap();
    world.publish();
    world
        .storage
        .tamper(|objects| drop(objects.insert("log/test/tile/1/000.p/3".into(), vec![0; 96].into())));
    let since = VerifyOptions { since: Some(checkpoint.as_bytes()), ..whole(&world) };
    let report = run(verify(&world.log, &since)).unwrap();
    assert_eq!(codes(&report), ["consistency-not-proved", "tile-differs"]);
    // The bundle behind it states the tree that the checkpoint signs: so the reading begins there.
    assert_eq!(report.since, Some(304));
}

#[test]
fn a_job_that_is_lost_is_no_finding_and_no_clean_report() {
    let world = filled(&[3, 300, 1]);
    let lossy = Parallel::new(2, drop);
    let options = VerifyOptions { parallel: Some(&lossy), ..whole(&world) };
    assert!(run(verify(&world.log, &options)).is_err_and(|error| error.is_transient()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_tampering_is_found_alike(
        bundles in prop::collection::vec(1_u64..90, 1..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..6), 0..4),
        stop in any::<prop::sample::Index>(),
    ) {
        let world = filled(&bundles);
        world.append(&entries(5000..5003)).unwrap();
        let keys: Vec<String> = world.storage.snapshot().into_keys().collect();
        world.storage.tamper(|objects| {
            for (key, other, how) in &changes {
                let (key, other) = (key.get(&keys).clone(), other.get(&keys).clone());
                let bytes = objects.get(&key).cloned().unwrap_or_default();
                let mut flipped = bytes.to_vec();
                if let Some(byte) = flipped.last_mut() { *byte ^= 1; }
                match how {
                    0 => drop(objects.remove(&key)),
                    1 => drop(objects.insert(key, flipped.into())),
                    2 => drop(objects.insert(other, bytes)),
                    3 => drop(objects.insert(key, bytes.slice(..bytes.len() / 2))),
                    4 => drop(objects.insert(format!("{key}x"), bytes)),
                    _ => drop(objects.insert(world.log.paths().bundle(flipped.len() as u64), bytes)),
                }
            }
        });
        let (states, report) = states(&world.log, &whole(&world));
        for jobs in [2, 5] {
            let parallel = threads(jobs);
            let options = VerifyOptions { parallel: Some(&parallel), ..whole(&world) };
            prop_assert_eq!(&run(verify(&world.log, &options)).unwrap(), &report);
        }
        if !states.is_empty() {
            let state: &Vec<u8> = stop.get(&states);
            prop_assert_eq!(&taken_up(&world.log, &whole(&world), state).unwrap(), &report);
        }
    }
}
