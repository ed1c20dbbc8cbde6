//! `audit reconcile`: what was done has its entry, and each difference between stores and log is found and named.

mod faults;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use crate::harness::{Server, copy, events, import_providers, root, run, stderr, stdout};

/// The report of a comparison, and whether it found the log complete.
pub(crate) fn reconcile(data: &Path, more: &[&str]) -> (Value, bool) {
    let mut arguments = vec!["audit", "reconcile", "--json", "--data", data.to_str().unwrap()];
    arguments.extend(more);
    let output = run(arguments);
    let report: Value = serde_json::from_str(&stdout(&output))
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&output), stderr(&output)));
    assert_eq!(report["complete"] == true, output.status.success(), "{report}");
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
    // As a person reads it.
    let text = run(["audit", "reconcile", "--data", data.to_str().unwrap()]);
    assert!(stdout(&text).contains("The log is complete: "), "{}", stdout(&text));
    assert!(stdout(&text).ends_with(": 100 %\n"), "{}", stdout(&text));
}

type Tampering = (&'static str, fn(&Path), &'static [&'static str]);

fn sql(data: &Path, file: &str, statements: &str) {
    let database = database(data, file);
    let before = database.total_changes();
    database.execute_batch(statements).unwrap();
    assert!(database.total_changes() > before, "{statements} changes something");
}

const TAMPERINGS: &[Tampering] = &[
    (
        "a resource written by another program",
        |data| {
            sql(
                data,
                "fhir.db",
                "INSERT INTO resource (type, id, version, last_updated, deleted) VALUES ('Observation', 'x', 1, 1790000000000000, 0);
                 INSERT INTO resource_version (rid, version, last_updated, deleted, json)
                 SELECT rid, 1, 1790000000000000, 0, '{}' FROM resource WHERE id = 'x'",
            );
        },
        &["write-without-entry"],
    ),
    (
        "a new version written over what stands",
        |data| {
            sql(
                data,
                "fhir.db",
                "INSERT INTO resource_version (rid, version, last_updated, deleted, json)
                 SELECT rid, version + 1, last_updated, 0, '{}' FROM resource WHERE type = 'Patient' LIMIT 1;
                 UPDATE resource SET version = version + 1 WHERE rid = (SELECT rid FROM resource WHERE type = 'Patient' LIMIT 1)",
            );
        },
        &["write-without-entry"],
    ),
    (
        "a version deleted that others follow",
        |data| {
            sql(
                data,
                "fhir.db",
                "DELETE FROM resource_version WHERE rowid =
                 (SELECT v.rowid FROM resource_version v JOIN resource r USING (rid) WHERE r.version > 1 AND v.version = 1 LIMIT 1)",
            );
        },
        &["write-gone"],
    ),
    (
        "the last version taken back",
        |data| {
            sql(
                data,
                "fhir.db",
                "CREATE TEMP TABLE victim AS SELECT rid, version FROM resource WHERE type = 'Communication' AND version > 1 LIMIT 1;
                 DELETE FROM resource_version WHERE (rid, version) IN (SELECT rid, version FROM victim)",
            );
        },
        &["write-gone"],
    ),
    (
        "a resource deleted with its history",
        |data| {
            sql(
                data,
                "fhir.db",
                "CREATE TEMP TABLE victim AS SELECT rid FROM resource WHERE type = 'Encounter' LIMIT 1;
                 DELETE FROM resource_version WHERE rid IN (SELECT rid FROM victim);
                 DELETE FROM resource WHERE rid IN (SELECT rid FROM victim)",
            );
        },
        &["resource-gone"],
    ),
    (
        "a resource deleted, its history left",
        |data| {
            sql(
                data,
                "fhir.db",
                "DELETE FROM resource WHERE rid = (SELECT rid FROM resource WHERE type = 'Encounter' LIMIT 1)",
            );
        },
        &["resource-gone", "write-without-entry"],
    ),
    (
        "a reading that nobody logged",
        |data| {
            sql(
                data,
                "fhir.db",
                "INSERT INTO reading (at, operation, resources, digest) VALUES (1790000000000000, 'fhir.read', 1, x'00')",
            );
        },
        &["read-without-entry"],
    ),
    (
        "a reading made into that of something else",
        |data| sql(data, "fhir.db", "UPDATE reading SET digest = zeroblob(32) WHERE n = 1"),
        &["read-differs"],
    ),
    (
        "a reading deleted",
        |data| sql(data, "fhir.db", "DELETE FROM reading WHERE n = 2"),
        &["entry-without-read", "reading-gone"],
    ),
    (
        "the last reading deleted",
        |data| sql(data, "fhir.db", "DELETE FROM reading WHERE n = (SELECT max(n) FROM reading)"),
        &["entry-without-read", "reading-gone"],
    ),
    (
        "a mail put into the outbox",
        |data| {
            let name = "0b8b7a0e-0000-4000-8000-000000000000.eml";
            fs::write(data.join("outbox").join(name), "Subject: x\r\n\r\n").unwrap();
        },
        &["mail-without-entry"],
    ),
    (
        "something else put into the outbox",
        |data| fs::write(data.join("outbox/Jansen.eml"), "x").unwrap(),
        &["mail-without-entry"],
    ),
    (
        "a notice taken out of the register, and its mail",
        |data| {
            sql(data, "state.db", "DELETE FROM notice WHERE state = 'sent'");
            for mail in fs::read_dir(data.join("outbox")).unwrap() {
                fs::remove_file(mail.unwrap().path()).unwrap();
            }
        },
        &["entry-without-mail"],
    ),
    (
        "a notice taken out of the register",
        |data| sql(data, "state.db", "DELETE FROM notice WHERE state = 'sent'"),
        &["entry-without-mail", "mail-without-notice"],
    ),
    (
        "a notice put into the register",
        |data| {
            sql(
                data,
                "state.db",
                "INSERT INTO notice SELECT randomblob(16), message, provider, event, protection, state, reserved, changed, receipt, why
                 FROM notice LIMIT 1",
            );
        },
        &["notice-without-entry"],
    ),
    (
        "a message taken away with its way",
        |data| {
            sql(
                data,
                "state.db",
                "CREATE TEMP TABLE victim AS SELECT message FROM way LIMIT 1;
                 DELETE FROM way_step WHERE message IN (SELECT message FROM victim);
                 DELETE FROM payload WHERE message IN (SELECT message FROM victim);
                 DELETE FROM way WHERE message IN (SELECT message FROM victim)",
            );
        },
        &["entry-without-message"],
    ),
    (
        "what a message said taken away",
        |data| sql(data, "state.db", "DELETE FROM payload WHERE message = (SELECT message FROM way LIMIT 1)"),
        &["message-gone"],
    ),
    (
        "a dead letter put there",
        |data| {
            sql(data, "state.db", "INSERT INTO dead_letter VALUES (randomblob(16), 1790000000000000, '{}')");
        },
        &["letter-without-entry"],
    ),
    (
        "a provider changed",
        |data| {
            sql(
                data,
                "state.db",
                "INSERT INTO provider_version (provider, version, at, by, json)
                 SELECT provider, version + 1, at, by, json FROM provider_version LIMIT 1",
            );
        },
        &["change-without-entry"],
    ),
    (
        "a wish put there",
        |data| {
            sql(
                data,
                "state.db",
                "INSERT INTO opt_out (patient, opted_out, at, by) VALUES (randomblob(16), 1, 1790000000000000, 'x')",
            );
        },
        &["wish-without-entry"],
    ),
];

#[test]
fn each_difference_between_stores_and_log_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("data");
    assert!(used(&whole).stop().success());
    for (nth, (what, tamper, expected)) in TAMPERINGS.iter().enumerate() {
        let data = folder.path().join(format!("case-{nth}"));
        copy(&whole, &data);
        tamper(&data);
        let (report, complete) = reconcile(&data, &[]);
        assert!(!complete, "{what}: {report}");
        assert_eq!(kinds(&report), *expected, "{what}: {report}");
        assert!(report["all"]["have"].as_u64() < report["all"]["of"].as_u64(), "{what}: {report}");
        assert!(!report.to_string().contains("Jansen"), "a name that somebody chose is not shown");
        fs::remove_dir_all(&data).unwrap();
    }
    let (report, complete) = reconcile(&whole, &[]);
    assert!(complete, "{report}");
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

#[test]
fn a_run_in_which_the_stores_change_and_the_log_says_nothing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let now = jiff::Timestamp::now().as_microsecond();
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
    let now = jiff::Timestamp::now();
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
