//! A sealed log is changed behind its back in every way that comes to mind; `audit verify` names each.
//! (Every single byte of a small log is flipped in the tests of `tlog`; here it is the whole system.)

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::harness::{Server, copy, events, run, stderr, stdout};

fn verify(data: &Path, more: &[&str]) -> Output {
    let data = data.to_str().unwrap();
    let mut arguments = vec!["audit", "verify", "--sealed", "--json", "--data", data];
    arguments.extend(more);
    run(arguments)
}

/// Codes of the findings.
fn findings(output: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&stdout(output)).unwrap();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            assert!(finding["at"].is_string(), "a finding has a place: {finding}");
            finding["code"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A log of some length, served and stopped.
fn sealed_log(data: &Path) {
    let server = Server::start(data);
    for path in events() {
        server.send(&fs::read(path).unwrap());
    }
    server.settle();
    assert!(server.stop().success());
}

fn shard(data: &Path) -> PathBuf {
    fs::read_dir(data.join("log")).unwrap().next().expect("a shard").unwrap().path()
}

fn checkpoint(data: &Path) -> PathBuf {
    shard(data).join("checkpoint")
}

/// The files of `entries/` or of `tile/`.
fn in_folder(data: &Path, name: &str) -> Vec<PathBuf> {
    files(&shard(data).join(name))
}

type Tampering = (&'static str, fn(&Path));

fn flip(path: &Path, at: impl FnOnce(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn swap(a: &Path, b: &Path) {
    let (first, second) = (fs::read(a).unwrap(), fs::read(b).unwrap());
    assert_ne!(first, second);
    fs::write(a, second).unwrap();
    fs::write(b, first).unwrap();
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn index(data: &Path, sql: &str) {
    let database = rusqlite::Connection::open(data.join("index.db")).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql} changes something");
}

const TAMPERINGS: &[Tampering] = &[
    ("entries: a byte changed", |data| flip(&in_folder(data, "entries")[3], |length| length / 2)),
    ("entries: the last byte changed", |data| flip(&in_folder(data, "entries")[3], |length| length - 1)),
    ("entries: one dropped", |data| fs::remove_file(&in_folder(data, "entries")[4]).unwrap()),
    ("entries: the last dropped", |data| {
        fs::remove_file(in_folder(data, "entries").last().unwrap()).unwrap();
    }),
    ("entries: two swapped", |data| {
        let entries = in_folder(data, "entries");
        swap(&entries[1], &entries[2]);
    }),
    ("entries: one doubled", |data| {
        let entries = in_folder(data, "entries");
        fs::write(&entries[2], fs::read(&entries[1]).unwrap()).unwrap();
    }),
    ("entries: one truncated", |data| truncate(&in_folder(data, "entries")[2])),
    ("entries: one inserted behind the last", |data| {
        let entries = in_folder(data, "entries");
        let behind = entries[0].with_file_name("00000000000000099999");
        fs::write(behind, fs::read(&entries[0]).unwrap()).unwrap();
    }),
    ("entries: something else put beside them", |data| {
        fs::write(in_folder(data, "entries")[0].with_file_name("note.txt"), "x").unwrap();
    }),
    ("tiles: a byte changed", |data| flip(&in_folder(data, "tile")[0], |length| length / 2)),
    ("tiles: one truncated", |data| truncate(in_folder(data, "tile").last().unwrap())),
    ("tiles: all dropped", |data| {
        for tile in in_folder(data, "tile") {
            fs::remove_file(tile).unwrap();
        }
    }),
    ("checkpoint: a byte of the root changed", |data| flip(&checkpoint(data), |length| length / 3)),
    ("checkpoint: a byte of the signature changed", |data| flip(&checkpoint(data), |length| length - 9)),
    ("checkpoint: truncated", |data| truncate(&checkpoint(data))),
    ("checkpoint: dropped", |data| fs::remove_file(checkpoint(data)).unwrap()),
    ("index: a row dropped", |data| {
        index(data, "DELETE FROM entry WHERE idx = (SELECT max(idx) / 2 FROM entry)");
    }),
    ("index: a patient's row dropped", |data| {
        index(data, "DELETE FROM entry_key WHERE idx = (SELECT max(idx) FROM entry_key)");
    }),
    ("index: a row changed", |data| {
        index(data, "UPDATE entry SET idx = idx + 1 WHERE idx = (SELECT max(idx) FROM entry)")
    }),
    ("index: a row moved to another patient", |data| {
        index(data, "UPDATE entry_key SET key = upper(key) WHERE idx = (SELECT max(idx) FROM entry_key)");
    }),
    ("index: a row inserted", |data| {
        index(
            data,
            "INSERT INTO entry SELECT shard, x'00112233445566778899aabbccddeeff', idx, bundle FROM entry LIMIT 1",
        );
    }),
];

#[test]
fn every_tampering_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sealed_log(&data);
    let clean = verify(&data, &[]);
    assert!(clean.status.success(), "{}{}", stdout(&clean), stderr(&clean));
    assert!(findings(&clean).is_empty());
    for (number, (name, tamper)) in TAMPERINGS.iter().enumerate() {
        let copied = folder.path().join(number.to_string());
        copy(&data, &copied);
        tamper(&copied);
        let output = verify(&copied, &[]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}{}", stdout(&output), stderr(&output));
        assert!(!findings(&output).is_empty(), "{name} is not named");
        fs::remove_dir_all(copied).unwrap();
    }
    let still_clean = verify(&data, &[]);
    assert!(still_clean.status.success(), "verifying leaves the log sound: {}", stdout(&still_clean));
}

#[test]
fn a_rollback_of_everything_is_found_by_a_checkpoint_kept_elsewhere_and_only_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let early = folder.path().join("early");
    let server = Server::start(&data);
    server.send(&fs::read(&events()[0]).unwrap());
    server.settle();
    assert!(server.stop().success());
    copy(&data, &early);
    let half_way = fs::read(checkpoint(&data)).unwrap();

    let server = Server::start(&data);
    server.send(&fs::read(&events()[1]).unwrap());
    server.settle();
    assert!(server.stop().success());
    let kept = folder.path().join("kept-checkpoint");
    fs::copy(checkpoint(&data), &kept).unwrap();
    let kept = kept.to_str().unwrap();

    let rolled_back = verify(&early, &[]);
    assert!(
        rolled_back.status.success(),
        "by itself an older state is a sound log: {}",
        stdout(&rolled_back)
    );
    let found = verify(&early, &["--checkpoint", kept]);
    assert_eq!(found.status.code(), Some(1));
    assert!(!findings(&found).is_empty());

    // The log as it is continues both checkpoints.
    assert!(verify(&data, &["--checkpoint", kept]).status.success());
    let earlier = folder.path().join("half-way");
    fs::write(&earlier, half_way).unwrap();
    assert!(verify(&data, &["--checkpoint", earlier.to_str().unwrap()]).status.success());
}

#[test]
fn a_log_on_aws_is_verified_by_a_build_that_has_it_and_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (arguments, said) in [
        (vec!["--bucket", "b", "--signing-key", "k"], "--features aws"),
        (vec!["--bucket", "b"], "--signing-key"),
        (vec!["--data", data, "--bucket", "b", "--signing-key", "k"], "cannot be used with"),
        (vec!["--data", data, "--table-prefix", "p"], "--bucket"),
        (vec![], "--data"),
    ] {
        let output = run(["audit", "verify"].into_iter().chain(arguments.iter().copied()));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
    for command in [vec!["export"], vec!["history", "--patient", "Patient/1"]] {
        let output = run(["audit"].into_iter().chain(command).chain(["--aws"]));
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--features aws"), "{}", stderr(&output));
    }
}
