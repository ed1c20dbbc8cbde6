//! Whatever is done to a sealed log is found, and named.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tlog::memory::MemoryStorage;
use tlog::{EntryIndex, IndexKey, IndexRow, LogObject};

use crate::support::{World, codes, entries, id, run, signer};

type Objects = BTreeMap<String, Bytes>;
type Attack<'a> = Box<dyn Fn(&mut Objects) + 'a>;

/// A small sealed log with several bundles, and the same with other objects.
fn sealed(bundles: &[u64]) -> World {
    let world = World::new();
    world.fill(bundles);
    world.seal();
    assert!(world.verify().is_clean());
    world
}

fn with_objects(world: &World, objects: Objects) -> World {
    let mut other = World::on(Arc::new(MemoryStorage::restore(objects)));
    other.index = world.index.clone();
    other
}

fn flipped(world: &World, key: &str, at: usize, mask: u8) -> World {
    let mut objects = world.storage.snapshot();
    let mut bytes = objects[key].to_vec();
    bytes[at] ^= mask;
    objects.insert(key.to_owned(), bytes.into());
    with_objects(world, objects)
}

#[test]
fn every_flipped_byte_of_a_small_sealed_log_is_found() {
    let world = sealed(&[1, 2, 1]);
    for (key, bytes) in world.storage.snapshot() {
        for at in 0..bytes.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                // Without the index and without opening payloads: the objects alone must show it.
                let report = flipped(&world, &key, at, mask).verify_objects();
                assert!(!report.is_clean(), "byte {at} of {key} xor {mask:#x}");
            }
        }
    }
}

#[test]
fn flipped_bytes_of_a_log_with_full_tiles_are_found_where_they_are() {
    let world = World::new();
    world.fill(&[100, 30]);
    world.publish();
    world.append(&entries(130..700)).unwrap();
    world.seal();
    assert!(world.verify().is_clean());
    let objects = world.storage.snapshot();
    assert!(objects.keys().any(|key| key.ends_with("tile/0/000.p/130")));
    assert!(objects.keys().any(|key| key.ends_with("tile/entries/001")));
    for (key, bytes) in objects {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
            let report = flipped(&world, &key, at, 0x10).verify_objects();
            let named = report.findings.iter().any(|finding| finding.object.as_deref() == Some(&*key));
            assert!(named, "byte {at} of {key}: {:?}", report.findings);
            if key.contains("/tile/") {
                assert_eq!(codes(&report), ["tile-differs"]);
                assert_eq!(report.findings.len(), 1);
            }
        }
    }
}

#[test]
fn each_attack_on_each_object_is_found() {
    let world = sealed(&[3, 300, 4]);
    let objects = world.storage.snapshot();
    let keys: Vec<String> = objects.keys().cloned().collect();
    for (at, key) in keys.iter().enumerate() {
        let other = &keys[(at + 1) % keys.len()];
        let attacks: [(&str, Attack<'_>); 6] = [
            ("drop", Box::new(|o| drop(o.remove(key)))),
            (
                "truncate",
                Box::new(|o| drop(o.insert(key.clone(), objects[key].slice(..objects[key].len() / 2)))),
            ),
            ("cut one byte", Box::new(|o| drop(o.insert(key.clone(), objects[key].slice(1..))))),
            ("append", Box::new(|o| drop(o.insert(key.clone(), [&objects[key][..], b"\n"].concat().into())))),
            (
                "swap",
                Box::new(|o| {
                    o.insert(key.clone(), objects[other].clone());
                    o.insert(other.clone(), objects[key].clone());
                }),
            ),
            ("empty", Box::new(|o| drop(o.insert(key.clone(), Bytes::new())))),
        ];
        for (name, attack) in attacks {
            let mut changed = objects.clone();
            attack(&mut changed);
            // Checkpoint and seal of a sealed log are the same bytes.
            let harmless = changed == objects || (key.ends_with("sealed") && name == "drop");
            let report = with_objects(&world, changed).verify_objects();
            assert_eq!(report.is_clean(), harmless, "{name} {key}");
        }
    }
}

#[test]
fn duplicated_and_inserted_objects_are_found() {
    let world = sealed(&[3, 3, 4]);
    let paths = world.log.paths();
    for (key, from, code) in [
        (paths.bundle(1), paths.bundle(0), "bundle-overlaps"),
        (paths.bundle(4), paths.bundle(3), "bundle-overlaps"),
        (paths.bundle(10), paths.bundle(3), "bundle-damaged"),
        (paths.bundle(50), paths.bundle(3), "entries-missing"),
        (format!("{}entries/extra", paths.prefix()), paths.bundle(3), "unexpected-object"),
        (format!("{}entries/0", paths.prefix()), paths.bundle(0), "unexpected-object"),
        (format!("{}note.txt", paths.prefix()), paths.bundle(0), "unexpected-object"),
        (
            format!("{}tile/0/001", paths.prefix()),
            format!("{}tile/0/000.p/10", paths.prefix()),
            "tile-beyond-log",
        ),
        (
            format!("{}tile/0/000.p/11", paths.prefix()),
            format!("{}tile/0/000.p/10", paths.prefix()),
            "tile-beyond-log",
        ),
        (
            format!("{}tile/0/000.p/9", paths.prefix()),
            format!("{}tile/0/000.p/10", paths.prefix()),
            "tile-differs",
        ),
        (
            format!("{}tile/7/000.p/1", paths.prefix()),
            format!("{}tile/0/000.p/10", paths.prefix()),
            "tile-beyond-log",
        ),
    ] {
        let mut objects = world.storage.snapshot();
        let bytes = objects[&from].clone();
        objects.insert(key.clone(), bytes);
        let report = with_objects(&world, objects).verify_objects();
        assert!(codes(&report).contains(&code), "{key}: {:?}", report.findings);
    }
}

#[test]
fn a_whole_bundle_forged_with_a_right_checksum_is_found() {
    let world = sealed(&[3, 3, 4]);
    // Entries 3, 4, 5 replaced by others, in a bundle that is sound in itself.
    let forger = World::new();
    forger.append(&entries(0..3)).unwrap();
    forger.append(&entries([90, 91, 92])).unwrap();
    let mut objects = world.storage.snapshot();
    objects
        .insert(world.log.paths().bundle(3), forger.storage.snapshot()[&world.log.paths().bundle(3)].clone());
    let report = with_objects(&world, objects).verify();
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.code.as_str(), finding.index)).collect();
    assert!(found.contains(&("chain-broken", Some(6))), "{found:?}");
    assert!(found.contains(&("index-row-altered", Some(3))), "{found:?}");
    assert!(codes(&report).contains(&"tile-differs"), "{found:?}");
}

#[test]
fn a_tail_rewritten_with_everything_derived_is_found_by_the_checkpoint() {
    let world = sealed(&[3, 3]);
    let forger = World::new();
    forger.append(&entries(0..3)).unwrap();
    forger.append(&entries([90, 91, 92])).unwrap();
    forger.seal();
    let mut objects = forger.storage.snapshot();
    for key in [LogObject::Checkpoint, LogObject::Sealed].map(|object| world.log.paths().key(object)) {
        objects.insert(key.clone(), world.storage.snapshot()[&key].clone());
    }
    let report = with_objects(&forger, objects).verify();
    assert_eq!(codes(&report), ["checkpoint-root-differs"]);
}

#[test]
fn rolling_everything_back_is_found_with_a_trusted_checkpoint_only() {
    let world = World::new();
    world.fill(&[3]);
    world.publish();
    let earlier = world.storage.snapshot();
    world.append(&entries(3..6)).unwrap();
    let trusted = world.publish().to_text();
    assert!(world.verify_against(Some(trusted.as_bytes())).is_clean());

    let back = World::on(Arc::new(MemoryStorage::restore(earlier)));
    run(back.appender(3).catch_up()).unwrap();
    assert!(back.verify().is_clean());
    let report = back.verify_against(Some(trusted.as_bytes()));
    assert_eq!(codes(&report), ["checkpoint-rolled-back", "rolled-back"]);

    // Another history of the same length.
    let other = World::on(back.storage.clone());
    other.append(&entries(70..73)).unwrap();
    other.publish();
    assert!(other.verify().is_clean());
    assert_eq!(codes(&other.verify_against(Some(trusted.as_bytes()))), ["trusted-root-differs"]);
    assert_eq!(codes(&world.verify_against(Some(b"no checkpoint"))), ["trusted-checkpoint-damaged"]);
}

#[test]
fn entries_cut_off_behind_the_checkpoint_are_missed_by_the_index() {
    let world = World::new();
    world.fill(&[3]);
    world.publish();
    world.append(&entries(3..5)).unwrap();
    let mut objects = world.storage.snapshot();
    objects.remove(&world.log.paths().bundle(3));
    let report = with_objects(&world, objects).verify();
    assert_eq!(codes(&report), ["index-ahead", "index-row-extra"]);
}

#[test]
fn a_tail_behind_a_seal_is_a_fault() {
    let world = sealed(&[3]);
    // Whoever can write to the storage takes the bundle away that closes the log, and goes on.
    let paths = world.log.paths();
    let closing = world.storage.snapshot()[&paths.bundle(3)].clone();
    world.storage.tamper(|objects| {
        objects.remove(&paths.bundle(3));
        objects.remove(&paths.key(LogObject::Sealed))
    });
    world.append(&entries(3..4)).unwrap();
    let longer = world.storage.snapshot();
    let with = |first: u64, bytes: &Bytes, seal: bool| {
        let mut objects = longer.clone();
        if seal {
            objects.insert(paths.key(LogObject::Sealed), objects[&paths.key(LogObject::Checkpoint)].clone());
        }
        objects.insert(paths.bundle(first), bytes.clone());
        codes(&with_objects(&world, objects).verify_objects())
    };
    // The seal alone: entries stand behind it, and what closes the log is gone.
    let entry = longer[&paths.bundle(3)].clone();
    assert_eq!(with(3, &entry, true), ["closing-missing", "tail-behind-seal"]);
    // What closes the log alone, and an entry in a place behind it.
    assert_eq!(with(3, &closing, false), [""; 0]);
    let behind = with(4, &entry, false);
    assert_eq!(behind, ["bundle-damaged"], "an entry stands in its own place only");
    let mut objects = longer.clone();
    objects.insert(paths.bundle(3), closing);
    objects.insert(paths.bundle(4), entry);
    let report = with_objects(&world, objects).verify_objects();
    assert!(codes(&report).contains(&"tail-behind-seal"), "{:?}", report.findings);
}

#[test]
fn a_second_version_and_a_delete_marker_are_found() {
    let world = sealed(&[3, 3]);
    world.storage.mark_rewritten(&world.log.paths().bundle(0), 2, 0);
    world.storage.mark_rewritten(&world.log.paths().bundle(3), 1, 1);
    world.storage.mark_rewritten(&world.log.paths().key(LogObject::Checkpoint), 9, 0);
    let report = world.verify();
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.code.as_str(), finding.index)).collect();
    assert_eq!(found, [("second-version", Some(0)), ("delete-marker", Some(3))]);
    assert!(report.versions_checked);
}

#[test]
fn what_was_written_first_is_the_log_whatever_was_laid_over_it() {
    let world = sealed(&[3, 3, 3]);
    let key = |first| world.log.paths().bundle(first);
    let other = world.storage.snapshot()[&key(3)].clone();
    world.storage.rewrite(&key(0), Some(&other));
    world.storage.rewrite(&key(3), None);
    world.storage.rewrite(&key(6), None);
    let report = world.verify();
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.code.as_str(), finding.index)).collect();
    // That it was done is found; what had been logged is there, in its order, and verifies.
    let expected = [("second-version", Some(0)), ("delete-marker", Some(3)), ("delete-marker", Some(6))];
    assert_eq!(found, expected);
    assert_eq!((report.size, report.bundles, report.checkpoint), (9, 3, Some(9)));
}

#[test]
fn everything_taken_back_behind_a_kept_checkpoint_is_found() {
    let world = World::new();
    let mut publisher = tlog::Publisher::new(world.log.clone(), signer(), Vec::new());
    run(publisher.publish()).unwrap();
    let empty = world.storage.snapshot();
    world.append(&entries(0..3)).unwrap();
    run(publisher.publish()).unwrap();
    let day = tlog::Day::new(2026, 11, 22).unwrap();
    assert!(run(publisher.keep(day)).unwrap());
    assert!(!run(publisher.keep(day)).unwrap());
    let mut again = tlog::Publisher::new(world.log.clone(), signer(), Vec::new());
    assert!(!run(again.keep(day)).unwrap(), "one a day, whoever keeps it");
    world.append(&entries(3..5)).unwrap();
    run(publisher.publish()).unwrap();
    assert!(world.verify().is_clean(), "{:?}", world.verify().findings);

    let key = world.log.paths().key(LogObject::Kept(day));
    let kept = world.storage.snapshot()[&key].clone();
    let taken_back = |objects: std::collections::BTreeMap<String, bytes::Bytes>| {
        let world = World::on(std::sync::Arc::new(tlog::memory::MemoryStorage::restore(objects)));
        let mut codes = codes(&world.verify());
        codes.retain(|code| !code.starts_with("index-"));
        codes
    };
    // The lock lets nobody take the copy away.
    let mut objects = empty;
    objects.insert(key.clone(), kept.clone());
    assert_eq!(taken_back(objects), ["checkpoint-rolled-back", "entries-truncated"]);
    let other = World::new();
    other.append(&entries(10..15)).unwrap();
    other.publish();
    let mut objects = other.storage.snapshot();
    objects.insert(key.clone(), kept.clone());
    assert_eq!(taken_back(objects), ["kept-checkpoint-root-differs"]);
    let mut objects = world.storage.snapshot();
    let mut changed = kept.to_vec();
    changed[40] ^= 1;
    objects.insert(key, changed.into());
    assert_eq!(taken_back(objects), ["kept-checkpoint-damaged"]);
}

#[test]
fn each_change_of_the_index_is_found() {
    type Tamper = fn(&mut Vec<IndexRow>);
    let row = |index| IndexRow { index, bundle: 0, id: Some(id(77)), keys: Vec::new(), whole: true };
    let attacks: [(Tamper, &str); 10] = [
        (|rows| drop(rows.remove(2)), "index-row-missing"),
        (|rows| rows.truncate(5), "index-row-missing"),
        (|rows| rows[1].id = Some(id(99)), "index-row-altered"),
        (|rows| rows[1].id = None, "index-row-altered"),
        (|rows| rows[1].bundle = 3, "index-row-altered"),
        (|rows| rows[4].keys.clear(), "index-row-altered"),
        (|rows| rows[4].keys[0].at += 1, "index-row-altered"),
        (|rows| rows[4].keys.push(IndexKey { key: "patient-x".to_owned(), at: 0 }), "index-row-altered"),
        (
            |rows| {
                let (a, b) = (rows[1].keys.clone(), rows[2].keys.clone());
                (rows[1].keys, rows[2].keys) = (b, a);
            },
            "index-row-altered",
        ),
        (|rows| rows.iter_mut().for_each(|row| row.index += 1), "index-row-extra"),
    ];
    for (at, (attack, code)) in attacks.into_iter().enumerate() {
        let world = sealed(&[3, 3, 4]);
        world.index.tamper(|rows, _| attack(rows));
        let report = world.verify();
        assert!(codes(&report).contains(&code), "{at}: {:?}", report.findings);
    }
    for index in [2, 9, 10, 5000] {
        let world = sealed(&[3, 3, 4]);
        world.index.tamper(|rows, _| rows.push(row(index)));
        assert_eq!(codes(&world.verify()), ["index-row-extra"], "{index}");
    }
    for (through, last) in [(11, Some(6)), (9, Some(6)), (10, Some(3)), (6, Some(6)), (7, None)] {
        let world = sealed(&[3, 3, 4]);
        world.index.tamper(|_, coverage| *coverage = tlog::Coverage { through, last_bundle: last });
        assert!(!world.verify().is_clean(), "{through} {last:?}");
    }
}

#[test]
fn a_doubled_entry_is_named() {
    let world = World::new();
    world.fill(&[3]);
    // A writer without the index brings an entry a second time.
    let careless = World::on(world.storage.clone());
    careless.index.tamper(|_, coverage| *coverage = run(world.index.coverage()).unwrap());
    run(careless.appender(8).append(&entries([1]))).unwrap();
    run(world.appender(9).catch_up()).unwrap();
    world.index.tamper(|rows, _| rows.truncate(3));
    world.publish();
    let report = world.verify();
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.code.as_str(), finding.index)).collect();
    assert_eq!(found, [("entry-doubled", Some(3))]);
}

#[test]
fn what_the_owner_of_the_payloads_finds_is_reported() {
    let world = World::new();
    let new = |number, payload: &'static [u8]| {
        tlog::NewEntry::new(id(number), Bytes::from_static(payload), b"", Vec::new()).unwrap()
    };
    world.append(&[new(1, b"erased"), new(2, b"?")]).unwrap();
    world.publish();
    let report = world.verify();
    assert_eq!((codes(&report), report.erased), (vec!["payload-unreadable"], Some(1)));
    assert_eq!(report.findings[0].index, Some(1));
}

#[test]
fn only_so_many_findings_are_kept() {
    let world = sealed(&[200]);
    world.index.tamper(|rows, _| rows.iter_mut().for_each(|row| row.keys.clear()));
    let options = tlog::VerifyOptions {
        index: Some(world.index.as_ref()),
        describe: Some(&crate::support::PlainDescribe),
        max_findings: 7,
        ..tlog::VerifyOptions::new(&world.keys)
    };
    let report = run(tlog::verify(&world.log, &options)).unwrap();
    assert_eq!((report.findings.len(), report.more_findings), (7, 193));
}
