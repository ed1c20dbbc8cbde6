//! A log on files is verified, whatever stands where its objects and its index should be.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tlog::{
    Appender, Describe, DescribeError, Description, EntryId, IndexKey, Log, LogPaths, LogStorage,
    LoggedEntry, NewEntry, Publisher, Report, Signer, VerifyOptions, verify,
};
use zorgsluis_embedded::{DataDirectory, SqliteEntryIndex};

use super::Home;

const ORIGIN: &str = "test.example/log";

/// Every entry is found under one key, at the number that its payload is.
struct Plain;

fn keys(payload: &[u8]) -> Vec<IndexKey> {
    vec![IndexKey { key: String::from("all"), at: i64::from(payload[0]) }]
}

#[async_trait]
impl Describe for Plain {
    async fn describe(&self, entries: &[LoggedEntry]) -> Result<Vec<Description>, DescribeError> {
        Ok(entries.iter().map(|entry| Description::Keys(keys(&entry.payload))).collect())
    }
}

fn entry(number: u8) -> NewEntry {
    let payload = Bytes::copy_from_slice(&[number]);
    NewEntry::new(EntryId([number; 16]), payload, b"", keys(&[number])).unwrap()
}

fn log(directory: &DataDirectory) -> Log {
    Log::new(Arc::new(directory.log_storage()), LogPaths::new("main").unwrap(), ORIGIN)
}

fn index(directory: &DataDirectory) -> SqliteEntryIndex {
    directory.entry_index("main")
}

/// Three bundles of two entries, and a checkpoint of all.
async fn filled() -> (Home, PathBuf) {
    let home = Home::new();
    let log_of = log(&home.directory);
    let signer = Arc::new(home.directory.log_signer(ORIGIN).unwrap());
    let mut publisher = Publisher::new(log_of.clone(), signer, Vec::new());
    publisher.begin().await.unwrap();
    let mut appender = Appender::new(log_of, Arc::new(index(&home.directory)), Arc::new(Plain), [1; 8]);
    for first in [0, 2, 4] {
        appender.append(&[entry(first), entry(first + 1)]).await.unwrap();
    }
    publisher.publish().await.unwrap();
    let path = home.directory.path().join("log/main");
    assert_eq!(found(&verified(&home.directory).await), Vec::<String>::new());
    (home, path)
}

async fn verified(directory: &DataDirectory) -> Report {
    let keys = [directory.log_signer(ORIGIN).unwrap().verifying_key().clone()];
    let index = index(directory);
    let options = VerifyOptions { index: Some(&index), describe: Some(&Plain), ..VerifyOptions::new(&keys) };
    verify(&log(directory), &options).await.unwrap()
}

/// What was found, as `code place`.
fn found(report: &Report) -> Vec<String> {
    let place = |finding: &tlog::Finding| finding.object.clone().unwrap_or_default();
    report.findings.iter().map(|finding| format!("{} {}", finding.code.as_str(), place(finding))).collect()
}

fn bundle(first: u64) -> String {
    format!("entries/{first:020}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_in_the_place_of_an_object_is_one_finding() {
    for kind in ["pipe", "folder", "link"] {
        for (object, expected) in [
            (bundle(2), format!("bundle-damaged log/main/{}", bundle(2))),
            (String::from("checkpoint"), String::from("checkpoint-damaged log/main/checkpoint")),
            (String::from("tile/0/000.p/6"), String::from("tile-differs log/main/tile/0/000.p/6")),
        ] {
            let (home, path) = filled().await;
            let place = path.join(&object);
            let elsewhere = home.folder.path().join("elsewhere");
            fs::rename(&place, &elsewhere).unwrap();
            match kind {
                "pipe" => {
                    let made = std::process::Command::new("mkfifo").arg(&place).status().unwrap();
                    assert!(made.success());
                }
                "folder" => fs::create_dir(&place).unwrap(),
                _ => std::os::unix::fs::symlink(&elsewhere, &place).unwrap(),
            }
            let report = verified(&home.directory).await;
            assert_eq!(found(&report), [expected], "{kind}");
            assert_eq!(report.size, 6, "the rest was verified");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_log_has_is_named() {
    use std::os::unix::ffi::OsStrExt;
    let (home, path) = filled().await;
    let odd = path.join("entries").join(std::ffi::OsStr::from_bytes(b"\xff\x1b[1m"));
    fs::write(&odd, b"x").unwrap();
    fs::create_dir(path.join(std::ffi::OsStr::from_bytes(b"\xfe"))).unwrap();
    std::os::unix::fs::symlink(home.folder.path(), path.join("linked")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path.join("tile/0/pipe")).status().unwrap().success());
    let mut findings = found(&verified(&home.directory).await);
    findings.sort();
    assert_eq!(
        findings,
        [
            "unexpected-object log/main/entries/\u{fffd}\u{fffd}[1m",
            "unexpected-object log/main/linked",
            "unexpected-object log/main/tile/0/pipe",
            "unexpected-object log/main/\u{fffd}",
        ]
    );
    // Neither a reopening server waits for a pipe.
    let made = std::process::Command::new("mkfifo").arg(home.directory.path().join("tmp/pipe")).status();
    assert!(made.unwrap().success());
    home.reopened().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_the_index_is_one_finding_and_the_log_is_verified() {
    for sql in [
        "UPDATE entry_key SET at = 'abc' WHERE idx = 3",
        "UPDATE entry SET bundle = -1 WHERE idx = 3",
        "UPDATE shard SET through = -5",
        "UPDATE shard SET last_bundle = 'x'",
        "DROP TABLE entry_key",
    ] {
        let (home, path) = filled().await;
        let data = home.directory.path().join("index.db");
        rusqlite::Connection::open(data).unwrap().execute_batch(sql).unwrap();
        fs::remove_file(path.join("tile/0/000.p/6")).unwrap();
        let report = verified(&home.directory).await;
        let mut findings = found(&report);
        findings.sort();
        assert_eq!(findings, ["index-unreadable ", "tile-missing log/main/tile/0/000.p/6"], "{sql}");
        assert_eq!((report.size, report.unindexed), (6, None), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_garbled_index_does_not_keep_anybody_from_verifying() {
    for garbled in [true, false] {
        let (home, _) = filled().await;
        let Home { directory, folder } = home;
        let path = directory.path().to_path_buf();
        directory.close().await;
        if garbled {
            fs::write(path.join("index.db"), [b'x'; 8192]).unwrap();
        } else {
            fs::remove_file(path.join("index.db")).unwrap();
        }
        let beside = DataDirectory::open_read(&path).unwrap();
        let report = verified(&beside).await;
        assert_eq!(found(&report), ["index-unreadable "], "garbled: {garbled}");
        assert_eq!(report.size, 6);
        beside.close().await;
        if garbled {
            fs::remove_file(path.join("index.db")).unwrap();
        }
        // An empty one is filled from the log by the next who appends.
        let directory = DataDirectory::open(&path).unwrap();
        assert_eq!(verified(&directory).await.unindexed, Some(6));
        let mut appender =
            Appender::new(log(&directory), Arc::new(index(&directory)), Arc::new(Plain), [2; 8]);
        assert!(!appender.append(&[entry(3)]).await.unwrap()[0].new);
        let report = verified(&directory).await;
        assert_eq!((found(&report), report.unindexed), (Vec::new(), Some(0)));
        directory.close().await;
        drop(folder);
    }
}

const EVIDENCE: &str = "ZORGSLUIS_EVIDENCE_TEST_FOLDER";

/// Runs only when it is started as the child.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(path) = std::env::var_os(EVIDENCE).map(PathBuf::from) else { return };
    assert!(fs::write(path.join("probe"), b"").is_err(), "it is write-protected");
    let evidence = DataDirectory::open_read(&path).unwrap();
    let report = verified(&evidence).await;
    assert_eq!((found(&report), report.size, report.unindexed), (Vec::new(), 6, Some(0)));
    let error = evidence.log_storage().create("log/main/entries/x", b"").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    evidence.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn write_protected_evidence_is_verified_by_another_user() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    fn protect(path: &std::path::Path) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                protect(&entry.unwrap().path());
            }
        }
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let (Home { directory, folder }, _) = filled().await;
    let path = directory.path().to_path_buf();
    directory.close().await;
    // The other user must reach the program as well.
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    protect(&path);
    let mut child = std::process::Command::new(&program);
    child.args(["--exact", "verifying::child"]).env(EVIDENCE, &path).current_dir("/");
    // Modes do not bind root.
    if fs::metadata(&path).unwrap().uid() == 0 {
        child.uid(65_534);
    }
    let output = child.output().unwrap();
    for folder in [&path, &path.join("keys"), &path.join("tmp"), &path.join("log")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
