//! Operating the log: verification that is broken off or begins behind a checkpoint, rebuilding, archives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::harness::{Server, events, run, stderr, stdout, zorgsluis};

/// A data directory with a log of some length, served and stopped.
pub(crate) fn served() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for path in events().into_iter().take(4) {
        server.send(&fs::read(path).unwrap());
    }
    server.settle();
    assert!(server.stop().success());
    data
}

pub(crate) fn audit(data: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["audit", arguments[0], "--data", data.to_str().unwrap()];
    all.extend(&arguments[1..]);
    run(all)
}

pub(crate) fn shard(data: &Path) -> PathBuf {
    fs::read_dir(data.join("log")).unwrap().next().unwrap().unwrap().path()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

#[test]
fn a_verification_is_taken_up_from_its_file_and_a_state_of_another_log_is_refused() {
    let (data, other) = (served(), served());
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let state_arg = state.to_str().unwrap();

    // Broken off as soon as there is a state, or done already: taken up, the report is that of the whole log.
    let mut child = zorgsluis()
        .args(["audit", "verify", "--jobs", "1", "--resume", state_arg, "--data"])
        .arg(data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !state.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let kept = fs::read(&state).ok();
    let _ = child.kill();
    child.wait().unwrap();
    let resumed = audit(data.path(), &["verify", "--json", "--resume", state_arg]);
    assert!(resumed.status.success(), "{}{}", stdout(&resumed), stderr(&resumed));
    assert!(!state.exists(), "a state that is used up is removed");
    let (resumed, whole) = (json(&resumed), json(&audit(data.path(), &["verify", "--json", "--jobs", "3"])));
    assert_eq!(resumed["clean"], true);
    assert!(whole["size"].as_u64() >= resumed["size"].as_u64());

    if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
        fs::write(&state, kept).unwrap();
        let refused = audit(other.path(), &["verify", "--resume", state_arg]);
        assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
        assert!(stderr(&refused).contains("cannot be taken up"), "{}", stderr(&refused));
    }
    fs::write(&state, "something else").unwrap();
    let refused = audit(data.path(), &["verify", "--resume", state_arg]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("not the whole state of a verification"), "{}", stderr(&refused));
    assert!(state.exists(), "what is no state of ours is left alone");
}

#[test]
fn since_a_checkpoint_the_report_says_what_was_not_read() {
    let data = served();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("checkpoint");
    fs::copy(shard(data.path()).join("checkpoint"), &kept).unwrap();
    // These readings add entries behind it.
    assert!(audit(data.path(), &["verify"]).status.success());
    let verified = audit(data.path(), &["verify", "--since", kept.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    let text = stdout(&verified);
    assert!(text.contains("1 entry in 1 bundle, recomputed from entry"), "{text}");
    assert!(text.contains("not read"), "{text}");
    assert!(!text.contains("recomputed from the first"), "{text}");

    let fork = served();
    let verified = audit(fork.path(), &["verify", "--since", kept.to_str().unwrap(), "--json"]);
    assert_eq!(verified.status.code(), Some(1));
    assert_eq!(json(&verified)["clean"], false);
}

#[test]
fn tiles_and_index_are_made_anew_from_the_entries_alone() {
    let data = served();
    let checkpoint = fs::read(shard(data.path()).join("checkpoint")).unwrap();
    fs::remove_dir_all(shard(data.path()).join("tile")).unwrap();
    fs::write(data.path().join("index.db"), "no database at all").unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(data.path().join(format!("index.db{suffix}")));
    }

    // A server says what helps, and so does who asks.
    let asked = audit(data.path(), &["history", "--patient", "00000000-0000-0000-0000-000000000001"]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(stderr(&asked).contains("zorgsluis audit rebuild"), "{}", stderr(&asked));
    let refused = zorgsluis().args(["serve", "--data"]).arg(data.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("zorgsluis audit rebuild"), "{}", stderr(&refused));

    // Killed at some moment, and done again.
    let mut child = zorgsluis()
        .args(["audit", "rebuild", "--data"])
        .arg(data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !data.path().join("index.db.damaged").exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
    let rebuilt = audit(data.path(), &["rebuild"]);
    assert!(rebuilt.status.success(), "{}", stderr(&rebuilt));
    assert!(stdout(&rebuilt).contains("tiles and index made anew"), "{}", stdout(&rebuilt));
    assert_eq!(fs::read(shard(data.path()).join("checkpoint")).unwrap(), checkpoint);
    let verified = audit(data.path(), &["verify", "--sealed", "--json"]);
    assert!(verified.status.success(), "{}", stdout(&verified));
    assert_eq!(json(&verified)["unindexed"], 0);

    // Damaged behind its first page, it opens, and shows when it is read.
    let index = data.path().join("index.db");
    let mut bytes = fs::read(&index).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&index, bytes).unwrap();
    let asked = audit(data.path(), &["history", "--patient", "00000000-0000-0000-0000-000000000001"]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(stderr(&asked).contains("zorgsluis audit rebuild"), "{}", stderr(&asked));

    fs::remove_file(&index).unwrap();
    assert!(audit(data.path(), &["rebuild", "--index-only"]).status.success());
    fs::remove_dir_all(shard(data.path()).join("tile")).unwrap();
    assert!(audit(data.path(), &["rebuild", "--tiles-only"]).status.success());
    assert!(audit(data.path(), &["verify"]).status.success());
}

#[test]
fn nothing_is_rebuilt_beside_a_server_or_of_entries_that_are_not_those_signed() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    server.send(&fs::read(&events()[0]).unwrap());
    server.settle();
    let refused = audit(data.path(), &["rebuild"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("a server runs on it, or a command"), "{}", stderr(&refused));
    assert!(server.stop().success());

    let mut bundles: Vec<_> = fs::read_dir(shard(data.path()).join("entries"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    bundles.sort();
    fs::remove_file(bundles.last().unwrap()).unwrap();
    let refused = audit(data.path(), &["rebuild"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("audit verify"), "{}", stderr(&refused));
}

#[test]
fn a_sealed_log_takes_no_more_and_another_continues_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), &["--organisation", "linde"], Stdio::null());
    server.send(&fs::read(&events()[0]).unwrap());
    server.settle();
    let refused = audit(data.path(), &["seal"]);
    assert!(stderr(&refused).contains("a server runs on it, or a command"), "{}", stderr(&refused));
    assert!(server.stop().success());

    let sealed = audit(data.path(), &["seal", "--json"]);
    assert!(sealed.status.success(), "{}", stderr(&sealed));
    let sealed = json(&sealed);
    assert_eq!((&sealed["log"], &sealed["already"]), (&"linde".into(), &false.into()));
    // Nothing can be logged any more: nothing is read, and no server takes messages.
    for arguments in [vec!["serve"], vec!["audit", "export"]] {
        let refused = zorgsluis().args(arguments).arg("--data").arg(data.path()).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("--successor NAME"), "{}", stderr(&refused));
    }
    let verified = audit(data.path(), &["verify", "--json"]);
    assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
    assert_eq!(json(&verified)["sealed"], true);
    assert!(stderr(&verified).contains("is not in the log"), "{}", stderr(&verified));

    // A second seal changes nothing, and can name the log that continues it.
    let again = audit(data.path(), &["seal", "--successor", "linde-2"]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(stdout(&again).contains("was sealed already"), "{}", stdout(&again));
    let first = audit(data.path(), &["export", "--organisation", "linde-2"]);
    assert!(first.status.success(), "{}", stderr(&first));
    let root = sealed["root"].as_str().unwrap();
    assert!(stdout(&first).lines().next().unwrap().contains(root), "{}", stdout(&first));

    let server = Server::start(data.path());
    server.send(&fs::read(&events()[1]).unwrap());
    server.settle();
    assert!(server.stop().success());
    for organisation in ["linde", "linde-2"] {
        let verified = audit(data.path(), &["verify", "--sealed", "--organisation", organisation]);
        assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
    }
    let old = audit(data.path(), &["export", "--organisation", "linde"]);
    assert!(old.status.success(), "{}", stderr(&old));
    assert!(stdout(&old).contains("sealed"), "the last entry says so");

    // The same command again closes nothing more, and without a name none of two logs is meant.
    let again = audit(data.path(), &["seal", "--successor", "linde-2"]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(stdout(&again).contains("was sealed already"), "{}", stdout(&again));
    let again = audit(data.path(), &["seal", "--organisation", "linde"]);
    assert!(stdout(&again).contains("Entries are still taken by linde-2."), "{}", stdout(&again));
    let unnamed = audit(data.path(), &["seal"]);
    assert_eq!(unnamed.status.code(), Some(2), "{}", stdout(&unnamed));
    assert!(stderr(&unnamed).contains("--organisation"), "{}", stderr(&unnamed));
    assert!(!data.path().join("log/linde-2/sealed").exists());
}

#[test]
fn a_key_that_would_not_be_looked_at_is_refused() {
    let data = tempfile::tempdir().unwrap();
    assert!(Server::start(data.path()).stop().success());
    let verified = audit(data.path(), &["verify", "--key", "other.vkey"]);
    assert_eq!(verified.status.code(), Some(2), "{}", stdout(&verified));
    assert!(stderr(&verified).contains("--bucket"), "{}", stderr(&verified));
}
