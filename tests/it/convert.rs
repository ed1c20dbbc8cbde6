//! `zorgsluis convert`: Bundles on standard output, the ledger in a file, refusals on standard error.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{events, root, run, stderr, stdout, zorgsluis};

#[test]
fn every_event_gives_a_bundle_or_a_named_refusal_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.ndjson");
    let output = run(["convert", "--report", ledger.to_str().unwrap(), "events"]);
    assert_eq!(output.status.code(), Some(1), "events/ holds messages that must be refused");

    let report: Vec<serde_json::Value> = std::fs::read_to_string(&ledger)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(report.len() >= events().len());
    let refused: Vec<_> = report.iter().filter(|line| !line["refused"].is_null()).collect();
    assert!(!refused.is_empty());
    for line in &refused {
        assert!(line["refused"]["code"].is_string() && line["refused"]["at"].is_string(), "{line}");
    }
    let errors = stderr(&output);
    for line in &refused {
        let code = line["refused"]["code"].as_str().unwrap();
        let source = line["source"].as_str().unwrap();
        assert!(
            errors.lines().any(|error| error.contains(code) && error.contains(source)),
            "{source} {code} is not named on standard error:\n{errors}"
        );
    }

    let bundles: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(bundles.len(), report.len() - refused.len());
    for bundle in &bundles {
        assert_eq!((&bundle["resourceType"], &bundle["type"]), (&"Bundle".into(), &"transaction".into()));
    }
    for line in report.iter().filter(|line| line["refused"].is_null()) {
        assert!(line["mapped"].as_u64().unwrap() > 5, "{line}");
        for list in ["ignored", "unmapped", "warnings"] {
            assert!(line[list].as_array().unwrap().iter().all(|item| item["at"].is_string()), "{line}");
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_bundle_from_a_file_and_from_standard_input() {
    let file = events().into_iter().next().unwrap();
    let from_file = run(["convert", file.to_str().unwrap()]);
    assert!(from_file.status.success(), "{}", stderr(&from_file));
    let mut child = zorgsluis()
        .args(["convert", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(&file).unwrap()).unwrap();
    let from_input = child.wait_with_output().unwrap();
    assert_eq!(from_file.stdout, from_input.stdout);
    assert!(stderr(&from_file).contains("demonstration key"), "says which key made the ids");
}

#[test]
fn another_key_makes_other_ids() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("identity.key");
    std::fs::write(&key, "42".repeat(32)).unwrap();
    let file = events().into_iter().next().unwrap();
    let demonstration = run(["convert", file.to_str().unwrap()]);
    let own = run(["convert", "--key", key.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(own.status.success(), "{}", stderr(&own));
    assert_ne!(demonstration.stdout, own.stdout);
    assert!(!stderr(&own).contains("demonstration key"));
}

#[test]
fn lambda_events_are_read_as_what_they_carry() {
    let sqs = root().join("events/lambda");
    let event = std::fs::read_dir(&sqs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("sqs-single"))
        .expect("events/lambda holds an SQS event with an ADT message");
    let output = run(["convert", event.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!output.stdout.is_empty());
}

#[test]
fn wrong_use_is_status_2_and_a_missing_file_status_1() {
    assert_eq!(run(["convert"]).status.code(), Some(2));
    assert_eq!(run(["no-such-command"]).status.code(), Some(2));
    let missing = run(["convert", "no-such-file.hl7"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("no-such-file.hl7"));
    let bad_profile = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bad_profile.path(), "[[sender]]\nname = 3\n").unwrap();
    let output = run(["convert", "--profile", bad_profile.path().to_str().unwrap(), "events"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(":2:8: "), "the place: {}", stderr(&output));
}
