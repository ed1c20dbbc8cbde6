//! `audit reconcile`: what was done has its entry, and each difference between stores and log is found and named.

mod changed;
mod cloudtrail;
mod faults;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use crate::harness::{Server, copy, events, import_providers, root, run, stderr, stdout, zorgsluis};

/// The report of a comparison, and whether it found the log complete.
pub(crate) fn reconcile(data: &Path, more: &[&str]) -> (Value, bool) {
    let mut arguments = vec!["audit", "reconcile", "--json", "--data", data.to_str().unwrap()];
    arguments.extend(more);
    let output = run(arguments);
    let report: Value = serde_json::from_str(&stdout(&output))
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&output), stderr(&output)));
    assert_eq!(report["complete"] != false, output.status.success(), "{report}");
    (report, output.status.success())
}

/// What was found, as `kind` of differences, and `(kind)` of what stands apart; each once.
pub(crate) fn kinds(report: &Value) -> Vec<String> {
    let mut kinds: Vec<String> = report["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            assert!(found["at"].is_string(), "a difference has a place: {found}");
            let kind = found["kind"].as_str().unwrap();
            if found["difference"] == true { kind.to_owned() } else { format!("({kind})") }
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

pub(crate) fn part(report: &Value, area: &str) -> (u64, u64) {
    let of = |name: &str| report["areas"][area][name].as_u64().unwrap();
    (of("have"), of("of"))
}

fn database(data: &Path, file: &str) -> Connection {
    Connection::open(data.join(file)).unwrap()
}

fn serve(data: &Path) -> Server {
    let profiles = root().join("events/profiles");
    Server::start_with(data, &["--profiles", profiles.to_str().unwrap()], Stdio::null())
}

/// Some messages sent, some of what came of them read.
fn used(data: &Path) -> Server {
    fs::create_dir_all(data).unwrap();
    import_providers(data);
    let server = serve(data);
    for path in events().iter().take(6) {
        server.send(&fs::read(path).unwrap());
    }
    server.settle();
    let patients = server.all("Patient");
    let id = patients[0]["id"].as_str().unwrap();
    for path in [
        format!("/fhir/Patient/{id}"),
        format!("/fhir/Patient/{id}/_history"),
        format!("/fhir/Patient/{id}/_history/1"),
        String::from("/fhir/Observation?_count=2"),
    ] {
        assert_eq!(server.get(&path).0, 200, "{path}");
    }
    // What is not there is no reading of the store; the log has it all the same.
    assert_eq!(server.get("/fhir/Patient/0b8b7a0e-0000-4000-8000-000000000000").0, 404);
    server
}

#[test]
fn all_that_was_done_has_its_entry_beside_a_running_server_and_after_it_twice_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = used(&data);
    let (beside, complete) = reconcile(&data, &[]);
    assert!(complete, "{beside}");
    for area in ["writes", "reads", "mails", "messages", "registers"] {
        let (have, of) = part(&beside, area);
        assert!(have == of && of > 0, "{area}: {have} of {of}");
    }
    assert!(part(&beside, "reads").0 >= 4);
    assert!(server.stop().success());
    let (first, _) = reconcile(&data, &[]);
    let (second, _) = reconcile(&data, &[]);
    assert_eq!(first, second);
    assert_eq!(kinds(&first), [""; 0], "nothing is under way any more");
    // Nothing was done on these days.
    let (before, complete) = reconcile(&data, &["--from", "2020-01-01", "--to", "2020-12-31"]);
    assert!(complete && before["all"]["of"] == 0, "{before}");
    assert_eq!((&before["complete"], &beside["complete"]), (&Value::Null, &Value::Bool(true)));
    let nothing = ["audit", "reconcile", "--data", data.to_str().unwrap(), "--to", "2020-12-31"];
    let nothing = stdout(&run(nothing));
    assert!(nothing.contains("Nothing was compared"), "{nothing}");
    // As a person reads it.
    let text = run(["audit", "reconcile", "--data", data.to_str().unwrap()]);
    assert!(stdout(&text).contains("The log is complete: "), "{}", stdout(&text));
    assert!(stdout(&text).ends_with(": 100 %\n"), "{}", stdout(&text));
}

fn sql(data: &Path, file: &str, statements: &str) {
    let database = database(data, file);
    let before = database.total_changes();
    database.execute_batch(statements).unwrap();
    assert!(database.total_changes() > before, "{statements} changes something");
}

#[test]
fn a_log_that_was_put_back_to_an_older_copy_lacks_what_was_done_since() {
    let folder = tempfile::tempdir().unwrap();
    let (data, older) = (folder.path().join("data"), folder.path().join("older"));
    assert!(used(&data).stop().success());
    copy(&data, &older);
    let server = serve(&data);
    server.send(&fs::read(&events()[7]).unwrap());
    server.settle();
    assert_eq!(server.get("/fhir/Patient?_count=1").0, 200);
    assert!(server.stop().success());
    assert!(reconcile(&data, &[]).1);

    fs::remove_dir_all(data.join("log")).unwrap();
    copy(&older.join("log"), &data.join("log"));
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(data.join(file));
    }
    let _ = fs::copy(older.join("index.db"), data.join("index.db"));
    // A reading of this very minute could still be on its way to its entry.
    sql(&data, "fhir.db", "UPDATE reading SET at = at - 120000000 WHERE n = (SELECT max(n) FROM reading)");
    // The log itself is whole: without a witness nothing else tells.
    let verified = run(["audit", "verify", "--data", data.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", stdout(&verified));
    let (report, complete) = reconcile(&data, &[]);
    assert!(!complete);
    let kinds = kinds(&report);
    for kind in ["entry-gone", "message-without-entry", "read-without-entry", "write-without-entry"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}: {kinds:?}");
    }
}

#[test]
fn a_reading_that_a_crash_cut_off_stands_apart_and_one_that_nothing_explains_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = used(&data);
    server.kill();
    sql(
        &data,
        "fhir.db",
        "INSERT INTO reading (at, operation, resources, digest) SELECT max(at) + 1000, 'fhir.read', 1, x'00' FROM reading",
    );
    assert!(serve(&data).stop().success());
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), ["(crash)", "(cut-off)"]);
    // The process went on for long after it: so there was time for an entry.
    sql(&data, "fhir.db", "UPDATE reading SET at = at - 120000000 WHERE resources = 1 AND digest = x'00'");
    let (report, complete) = reconcile(&data, &[]);
    assert!(!complete);
    assert!(kinds(&report).contains(&String::from("read-without-entry")), "{report}");
}

#[expect(clippy::disallowed_methods, reason = "the server that is tested takes the machine's time")]
fn this_moment() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[test]
fn a_run_in_which_the_stores_change_and_the_log_says_nothing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let now = this_moment().as_microsecond();
    assert!(server.stop().success());
    let mut database = database(&data, "fhir.db");
    let written = database.transaction().unwrap();
    let row =
        "INSERT INTO resource (type, id, version, last_updated, deleted) VALUES ('Patient', 'x', 1, ?1, 0)";
    written.execute(row, [now]).unwrap();
    let row = "INSERT INTO resource_version (rid, version, last_updated, deleted, json)
               SELECT rid, 1, ?1, 0, '{}' FROM resource";
    written.execute(row, [now]).unwrap();
    written.commit().unwrap();
    drop(database);
    let (report, complete) = reconcile(&data, &[]);
    assert!(!complete);
    assert_eq!(kinds(&report), ["write-without-entry", "writer-silenced"], "{report}");
}

#[test]
fn what_another_system_says_of_its_writes_explains_none_here() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let token = crate::clients::add(data.to_str().unwrap(), "audit-source", "epd");
    let now = this_moment();
    let event = serde_json::json!({
        "resourceType": "AuditEvent",
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest" },
        "subtype": [{ "system": "http://hl7.org/fhir/restful-interaction", "code": "create" }],
        "action": "C",
        "recorded": now,
        "outcome": "0",
        "agent": [{ "altId": "zuster-7", "requestor": true }],
        "source": { "observer": { "display": "EPD" } },
        "entity": [{ "what": { "reference": "Observation/x/_history/1" } }]
    });
    let kind = "application/fhir+json";
    let answer = crate::clients::post(&server, &token, "/fhir/AuditEvent", kind, &event.to_string());
    assert_eq!(answer.0, 201, "{}", answer.2);
    assert!(server.stop().success());
    let mut database = database(&data, "fhir.db");
    let written = database.transaction().unwrap();
    let row = "INSERT INTO resource (type, id, version, last_updated, deleted) VALUES ('Observation', 'x', 1, ?1, 0)";
    written.execute(row, [now.as_microsecond()]).unwrap();
    let row = "INSERT INTO resource_version (rid, version, last_updated, deleted, json)
               SELECT rid, 1, ?1, 0, '{}' FROM resource";
    written.execute(row, [now.as_microsecond()]).unwrap();
    written.commit().unwrap();
    drop(database);
    let (report, complete) = reconcile(&data, &[]);
    assert!(!complete);
    assert_eq!(kinds(&report), ["write-without-entry"], "{report}");
}

#[test]
fn what_was_destroyed_is_no_difference_as_its_tombstone_has_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(used(&data).stop().success());
    let (before, _) = reconcile(&data, &[]);
    let erase = [
        "erase",
        "--data",
        data.to_str().unwrap(),
        "--identifier",
        "http://fhir.nl/fhir/NamingSystem/bsn|-",
        "--class",
        "dossier",
        "--reason",
        "patient-request",
    ];
    let mut child = zorgsluis().args(erase).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"999990019").unwrap();
    assert!(child.wait().unwrap().success());

    let (after, complete) = reconcile(&data, &[]);
    assert!(complete, "{after}");
    assert!(part(&after, "writes").1 < part(&before, "writes").1, "something was destroyed: {after}");
    assert!(part(&after, "registers").1 > part(&before, "registers").1, "the erasure counts: {after}");
    // A tombstone that no entry tells of explains nothing by itself.
    let tombstones = database(&data, "keys/keys.db");
    let altered = tombstones.execute(
        "UPDATE erasure SET tombstone =
         replace(tombstone, json_extract(tombstone, '$.id'), '0b8b7a0e-0000-4000-8000-000000000000')",
        [],
    );
    assert_eq!(altered.unwrap(), 1);
    drop(tombstones);
    let (forged, complete) = reconcile(&data, &[]);
    assert!(!complete);
    assert!(kinds(&forged).contains(&String::from("erasure-without-entry")), "{forged}");
}
