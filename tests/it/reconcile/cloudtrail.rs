//! `audit reconcile --cloudtrail`: log files as CloudTrail would write them about what a server did, and its log.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{database, kinds, part, reconcile, used};
use crate::harness::{run, stderr};

fn record(id: usize, at: Timestamp, role: &str, source: &str, name: &str, parameters: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "eventID": format!("00000000-0000-4000-8000-{id:012}"),
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": source,
        "eventName": name,
        "userIdentity": { "type": "AssumedRole",
            "sessionContext": { "sessionIssuer": { "type": "Role", "userName": role } } },
        "requestParameters": parameters,
    })
}

/// What CloudTrail would say of all that stands in the stores.
fn told(data: &Path) -> Vec<Value> {
    let state = database(data, "state.db");
    let ids = |sql: &str| -> Vec<(Uuid, Timestamp)> {
        let mut select = state.prepare(sql).unwrap();
        let rows = select.query_map([], |row| {
            let (id, at): ([u8; 16], i64) = (row.get(0)?, row.get(1)?);
            Ok((Uuid::from_bytes(id), Timestamp::from_microsecond(at).unwrap()))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut records = Vec::new();
    let mut last = Timestamp::UNIX_EPOCH;
    for (message, at) in ids("SELECT message, received FROM payload") {
        let key = json!({ "bucketName": "raw", "key": format!("messages/{message}") });
        records.push(record(records.len(), at, "zorgsluis-ingest", "s3.amazonaws.com", "PutObject", key));
        last = last.max(at);
    }
    for (notice, at) in ids("SELECT id, reserved FROM notice") {
        let tag = json!({ "emailTags": [{ "name": "notice", "value": notice.to_string() }] });
        records.push(record(records.len(), at, "zorgsluis-notifier", "ses.amazonaws.com", "SendEmail", tag));
        last = last.max(at);
    }
    let later = |minutes| last + SignedDuration::from_mins(minutes);
    for role in ["converter", "enricher", "notifier"] {
        let (role, what) = (format!("zorgsluis-{role}"), json!({ "datastoreId": "0a" }));
        let bundle =
            record(records.len(), later(1), &role, "healthlake.amazonaws.com", "ProcessBundle", what);
        records.push(bundle);
    }
    // What comes late has come by then.
    let key = json!({ "key": format!("messages/{}", Uuid::nil()) });
    records.push(record(
        records.len(),
        later(40),
        "zorgsluis-converter",
        "s3.amazonaws.com",
        "GetObject",
        key,
    ));
    records
}

fn deliver(folder: &Path, name: &str, records: &[Value]) {
    let folder = folder.join("AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/02");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), json!({ "Records": records }).to_string()).unwrap();
}

#[test]
fn what_cloudtrail_wrote_down_and_the_log_are_compared_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    used(&data).stop();
    let records = told(&data);
    let compare = |name: &str, records: &[Value]| {
        let trail = folder.path().join(name);
        deliver(&trail, "a.json", records);
        // Digests are no log files.
        fs::write(trail.join("1_CloudTrail-Digest_eu-west-1.json"), "{}").unwrap();
        reconcile(&data, &["--cloudtrail", trail.to_str().unwrap()])
    };
    let (report, complete) = compare("whole", &records);
    assert!(complete, "{report}");
    assert_eq!(part(&report, "messages"), (6, 6));
    assert!(part(&report, "writes").1 > 6 && part(&report, "mails").1 > 0, "{report}");
    assert!(report["areas"].get("registers").is_none(), "of which CloudTrail tells nothing");

    let (report, complete) = compare("less", &records[1..]);
    assert!(!complete);
    assert_eq!(kinds(&report), ["entry-without-event"]);
    let mut more = records.clone();
    let key = json!({ "key": format!("messages/{}", Uuid::from_u128(7)) });
    more[0]["requestParameters"] = key;
    let (report, _) = compare("other", &more);
    assert_eq!(kinds(&report), ["entry-without-event", "message-without-entry"]);

    let trail = folder.path().join("whole");
    deliver(&trail, "b.json", &records[..2]);
    let (report, complete) = reconcile(&data, &["--cloudtrail", trail.to_str().unwrap()]);
    assert!(complete);
    assert_eq!(kinds(&report), ["(delivered-twice)"]);
    let damaged = trail.join("c.json");
    fs::write(&damaged, "{\"Records\": [{}").unwrap();
    let arguments =
        ["audit", "reconcile", "--data", data.to_str().unwrap(), "--cloudtrail", trail.to_str().unwrap()];
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("c.json: no JSON at line 1"), "{text}");
}

#[test]
fn where_most_may_still_be_on_its_way_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    used(&data).stop();
    let mut records = told(&data);
    let last = records.last().and_then(|record| record["eventTime"].as_str()).unwrap().parse().unwrap();
    // Just received: no function has worked on them.
    for number in 0..200 {
        let key = json!({ "key": format!("messages/{}", Uuid::from_u128(1_000 + number)) });
        let id = records.len();
        records.push(record(id, last, "zorgsluis-ingest", "s3.amazonaws.com", "PutObject", key));
    }
    deliver(folder.path(), "a.json", &records);
    let trail = folder.path().join("AWSLogs");
    let (data, trail) = (data.to_str().unwrap(), trail.to_str().unwrap());
    let output = run(["audit", "reconcile", "--data", data, "--cloudtrail", trail]);
    let (status, text) = (output.status.code(), String::from_utf8(output.stdout).unwrap());
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Little was compared, and of that the log is complete:"), "{text}");
    assert!(text.contains("200 more may still be on their way"), "{text}");
    assert!(!text.contains("The log is complete"), "{text}");
}
