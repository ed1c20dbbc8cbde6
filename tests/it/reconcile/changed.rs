//! Stores that were changed behind the log's back, in every way that comes to mind.

use std::fs;
use std::path::Path;

use super::{kinds, reconcile, sql, used};
use crate::harness::copy;

type Tampering = (&'static str, fn(&Path), &'static [&'static str]);

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
