//! Archives for an auditor, who checks them with python3 and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{copy, run, stderr, stdout};
use crate::log_operations::{audit, served, shard};

/// Unpacks an archive and runs the script in it, with python3 and nothing else.
fn unpacked(archive: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .args([archive, folder.path()])
        .status()
        .expect("python3");
    assert!(status.success());
    folder
}

fn check(folder: &Path) -> Output {
    check_by(folder, "log.vkey")
}

/// With a key that the auditor has.
fn check_by(folder: &Path, key: &str) -> Output {
    Command::new("python3")
        .current_dir(folder)
        .args(["-I", "check_archive.py", "--key", key])
        .output()
        .expect("python3")
}

/// Archives everything, and checks the archive: its manifest.
pub(crate) fn archived(data: &Path) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("all.zip");
    let made = audit(data, &["archive", "--output", zip.to_str().unwrap()]);
    assert!(made.status.success(), "{}", stderr(&made));
    let archive = unpacked(&zip);
    let checked = check(archive.path());
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    serde_json::from_str(&fs::read_to_string(archive.path().join("manifest.json")).unwrap()).unwrap()
}

/// Writes the sums anew, as who forges an archive would.
fn sum_again(folder: &Path) {
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let names: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let output = Command::new("sha256sum").current_dir(folder).args(names).output().unwrap();
    fs::write(folder.join("SHA256SUMS"), output.stdout).unwrap();
}

#[test]
fn an_archive_is_checked_as_its_readme_says_and_a_tampered_one_is_found() {
    let data = served();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(shard(data.path()).join("checkpoint"), at("before")).unwrap();
    let before = at("before");
    let before = before.to_str().unwrap();

    let archived =
        audit(data.path(), &["archive", "--output", at("a.zip").to_str().unwrap(), "--previous", before]);
    assert!(archived.status.success(), "{}", stderr(&archived));
    let unpacked_a = unpacked(&at("a.zip"));
    let checked = check(unpacked_a.path());
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    assert!(stdout(&checked).contains("continues the previous checkpoint"), "{}", stdout(&checked));
    assert!(stdout(&checked).trim_end().ends_with("OK"), "{}", stdout(&checked));
    // That it was made is in it: the log knew first.
    let entries = fs::read_to_string(unpacked_a.path().join("entries.ndjson")).unwrap();
    assert!(entries.lines().last().unwrap().contains(r#"\"kind\":\"export\""#), "{entries}");

    // The same checkpoint gives the same bytes.
    for name in ["b.zip", "c.zip"] {
        let made = audit(
            data.path(),
            &["archive", "--output", at(name).to_str().unwrap(), "--checkpoint", before, "--json"],
        );
        assert!(made.status.success(), "{}", stderr(&made));
    }
    assert!(fs::read(at("b.zip")).unwrap() == fs::read(at("c.zip")).unwrap());
    let again = audit(data.path(), &["archive", "--output", at("c.zip").to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "a file that is there is not written over");

    type Forgery = (&'static str, fn(&str) -> String);
    let forgeries: [Forgery; 7] = [
        ("entries.ndjson", |text| text.replacen(r#"\"outcome\":\"0\""#, r#"\"outcome\":\"8\""#, 1)),
        ("entries.ndjson", |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect()),
        ("entries.ndjson", |text| text.replacen(r#""is":"entry""#, r#""is":"entry-uncommitted""#, 1)),
        ("leaves.txt", |text| text.lines().rev().map(|line| format!("{line}\n")).collect()),
        ("checkpoint", |text| text.replacen("\n\n", "\nx\n\n", 1)),
        ("audit-events.ndjson", |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect()),
        ("consistency-proof.txt", |text| text.replacen('A', "B", 1)),
    ];
    for (file, forge) in forgeries {
        let forged = tempfile::tempdir().unwrap();
        copy(unpacked_a.path(), forged.path());
        let text = fs::read_to_string(forged.path().join(file)).unwrap();
        let changed = forge(&text);
        if changed == text {
            assert_eq!(file, "consistency-proof.txt", "{file} is changed");
            continue;
        }
        fs::write(forged.path().join(file), changed).unwrap();
        let found = check(forged.path());
        assert!(stderr(&found).contains("is not the file that was packed"), "{file}: {}", stderr(&found));
        sum_again(forged.path());
        let found = check(forged.path());
        assert!(!found.status.success(), "{file}: {}", stdout(&found));
    }
}

/// The key that signs the log of a directory now.
fn key(data: &Path) -> String {
    let report = audit(data, &["verify", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&report)).unwrap();
    report["signedBy"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned()
}

#[test]
fn an_archive_of_a_rotated_log_is_checked_with_any_of_its_keys() {
    let data = served();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut keys = vec![key(data.path())];
    assert!(audit(data.path(), &["archive", "--output", &at("first.zip")]).status.success());
    for _ in 0..2 {
        assert!(audit(data.path(), &["rotate-key"]).status.success());
        keys.push(key(data.path()));
    }
    // The archive before says itself what is to be continued; so does any checkpoint, and a consistency proof.
    let kept = shard(data.path()).join("checkpoint");
    let grown = audit(data.path(), &["prove", "--consistency", kept.to_str().unwrap()]);
    fs::write(at("grown"), grown.stdout).unwrap();
    let handover = shard(data.path()).join(format!("checkpoints/key-{}", keys[1].split('+').nth(1).unwrap()));
    for (n, previous) in
        [at("first.zip"), at("grown"), handover.to_str().unwrap().to_owned()].iter().enumerate()
    {
        let zip = at(&format!("{n}.zip"));
        let made = audit(data.path(), &["archive", "--output", &zip, "--previous", previous]);
        assert!(made.status.success(), "{previous}: {}", stderr(&made));
        let archive = unpacked(Path::new(&zip));
        for key in &keys {
            let checked = check_by(archive.path(), key);
            assert!(
                stdout(&checked).trim_end().ends_with("OK"),
                "{key}: {}{}",
                stdout(&checked),
                stderr(&checked)
            );
            assert!(stdout(&checked).contains("continues the previous checkpoint"), "{}", stdout(&checked));
        }
    }
    let archive = unpacked(Path::new(&at("0.zip")));
    let other = key(served().path());
    let wrong = |key: &str| stderr(&check_by(archive.path(), key));
    assert!(
        wrong(&other).contains("WRONG: the checkpoint is not signed by the key that was given"),
        "{}",
        wrong(&other)
    );
    // A hand-over that both keys did not sign leads nowhere; what the key before signs behind it counts for nothing.
    let handovers = archive.path().join("handovers");
    for file in fs::read_dir(&handovers).unwrap().map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        fs::write(&file, format!("{}\n", lines[..lines.len() - 1].join("\n"))).unwrap();
    }
    sum_again(archive.path());
    assert!(wrong(&keys[0]).contains("WRONG: the checkpoint is not signed"), "{}", wrong(&keys[0]));
    assert!(
        wrong(&keys[2]).contains("WRONG: the checkpoint is not signed"),
        "the one before is by the first key"
    );

    // Each mistake with the key is one clear line.
    for (given, said) in [("no-such-file", "is no such file"), ("README.md", "holds no public key")] {
        let said_now = wrong(given);
        assert!(said_now.contains(said) && said_now.lines().count() == 1, "{said_now}");
    }
    fs::remove_file(archive.path().join("leaves.txt")).unwrap();
    let gone = wrong(&keys[2]);
    assert!(gone.contains("WRONG") && gone.contains("leaves.txt") && gone.lines().count() == 1, "{gone}");
}

#[test]
fn what_is_named_as_previous_and_is_none_is_wrong_use_and_says_what_it_takes() {
    let data = served();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("junk"), "junk").unwrap();
    fs::write(at("zip"), "PK junk").unwrap();
    let prove = |file: &str| audit(data.path(), &["prove", "--consistency", file]);
    for (option, file, said) in [
        ("--previous", at("junk"), "--previous takes a checkpoint, an archive or a consistency proof"),
        ("--previous", at("zip"), "is no archive of a log"),
        ("--previous", at("none"), "cannot be read"),
        ("--checkpoint", at("junk"), "is not a checkpoint"),
        ("--checkpoint", at("none"), "cannot be read"),
    ] {
        let refused = audit(data.path(), &["archive", "--output", &at("a.zip"), option, &file]);
        assert_eq!(refused.status.code(), Some(2), "{option} {file}: {}", stdout(&refused));
        assert!(stderr(&refused).contains(said), "{option} {file}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(&file), "{}", stderr(&refused));
    }
    for (option, said) in [("--checkpoint", "is not a checkpoint"), ("--since", "is not a checkpoint")] {
        let refused = audit(data.path(), &["verify", option, &at("junk")]);
        assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
        assert!(stderr(&refused).contains(said) && stderr(&refused).contains("junk"), "{}", stderr(&refused));
        assert!(stdout(&refused).is_empty(), "nothing is said of the log");
    }
    assert_eq!(prove(&at("none")).status.code(), Some(2));
    assert!(!Path::new(&at("a.zip")).exists() && !Path::new(&at("a.zip.part")).exists());
    // A checkpoint of another log is none of this one.
    let other = tempfile::tempdir().unwrap();
    let server = crate::harness::Server::start_with(
        other.path(),
        &["--organisation", "other"],
        std::process::Stdio::null(),
    );
    assert!(server.stop().success());
    let theirs = shard(other.path()).join("checkpoint");
    let refused = audit(data.path(), &["verify", "--checkpoint", theirs.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("is a checkpoint of zorgsluis/other"), "{}", stderr(&refused));
    assert_eq!(prove(theirs.to_str().unwrap()).status.code(), Some(2));
    // Nor is an archive of it, and what is refused leaves nothing behind.
    let packed = audit(other.path(), &["archive", "--output", &at("theirs.zip")]);
    assert!(packed.status.success(), "{}", stderr(&packed));
    for (option, file) in
        [("--previous", at("theirs.zip")), ("--checkpoint", theirs.to_str().unwrap().to_owned())]
    {
        let refused = audit(data.path(), &["archive", "--output", &at("a.zip"), option, &file]);
        assert_eq!(refused.status.code(), Some(2), "{option}: {}", stderr(&refused));
        assert!(
            stderr(&refused).contains("is a checkpoint of zorgsluis/other, not of"),
            "{}",
            stderr(&refused)
        );
        assert!(!Path::new(&at("a.zip")).exists() && !Path::new(&at("a.zip.part")).exists());
    }
}

#[test]
fn what_a_process_left_behind_that_was_cut_off_is_written_anew_and_for_its_owner_only() {
    let data = served();
    let folder = tempfile::tempdir().unwrap();
    let (zip, part) = (folder.path().join("a.zip"), folder.path().join("a.zip.part"));
    let archive = || {
        run(["audit", "archive", "--data", data.path().to_str().unwrap(), "--output", zip.to_str().unwrap()])
    };
    fs::write(&part, "half an archive").unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o666)).unwrap();
    let held = fs::File::open(&part).unwrap();
    held.lock().unwrap();
    let refused = archive();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("another process is writing it"), "{}", stderr(&refused));
    drop(held);
    let made = archive();
    assert!(made.status.success(), "{}", stderr(&made));
    assert_eq!(fs::metadata(&zip).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!part.exists());

    // A link that somebody laid there leads nowhere.
    fs::remove_file(&zip).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "not ours").unwrap();
    symlink(&elsewhere, &part).unwrap();
    assert!(archive().status.success());
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "not ours");
    assert!(!fs::symlink_metadata(&zip).unwrap().is_symlink());
}
