//! A message comes in, is applied, and a provider is told; somebody reads. The log and CloudTrail tell of it.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_cloudtrail::{Comparison, Roles, read};
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Object, ObjectRole, Source, User};
use zorgsluis_domain::reconciliation::{Area, Found, Tally};
use zorgsluis_domain::{AuditEntry, EntryId};

use crate::files::packed;

const MESSAGE: &str = "00000000-0000-8000-8000-000000000001";
const PATIENT: &str = "Patient/00000000-0000-8000-8000-000000000002";
const NOTICE: &str = "00000000-0000-8000-8000-000000000003";
const RECEIPT: &str = "0102018f-invented-000000";

fn at(time: &str) -> Timestamp {
    format!("2026-11-02T{time}Z").parse().unwrap()
}

fn entry(time: &str, function: &str, deed: Deed) -> AuditEntry {
    let id = EntryId::derived(at(time), &format!("{time} {function} {deed:?}"));
    AuditEntry::of(deed)
        .at(id, at(time))
        .by(User::system(function, true))
        .through(AccessMethod::Internal, Application::zorgsluis())
        .reported_by(Source {
            enterprise_site_id: String::from("umc"),
            source_id: format!("zorgsluis-{function}"),
            source_type: 4,
        })
        .build()
}

fn entries() -> Vec<AuditEntry> {
    let mut imported = entry("09:00:02", "converter", Deed::imported(MESSAGE));
    imported = imported.with_resources([(PATIENT.to_owned(), Some(1))]);
    let notice = Object::new(ObjectRole::Resource, format!("Communication/{NOTICE}"));
    let told = entry("09:00:05", "notifier", Deed::disclosed(User::system("provider", false), notice));
    vec![imported, told, entry("11:00:00", "operator", Deed::log_read("umc", "a period"))]
}

fn record(id: &str, time: &str, role: &str, source: &str, name: &str, parameters: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": format!("arn:aws:sts::123456789012:assumed-role/{role}/session"),
            "sessionContext": { "sessionIssuer": { "type": "Role", "userName": role,
                "arn": format!("arn:aws:iam::123456789012:role/{role}") } }
        },
        "eventTime": format!("2026-11-02T{time}Z"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-west-1",
        "requestParameters": parameters,
        "responseElements": null,
        "eventID": id,
        "eventType": "AwsApiCall",
        "recipientAccountId": "123456789012",
    })
}

fn of_message(id: &str, time: &str, role: &str, name: &str, message: &str) -> Value {
    let key = format!("messages/{message}");
    record(id, time, role, "s3.amazonaws.com", name, json!({ "bucketName": "zorgsluis-raw", "key": key }))
}

fn of_store(id: &str, time: &str, role: &str, name: &str, parameters: Value) -> Value {
    record(id, time, role, "healthlake.amazonaws.com", name, parameters)
}

fn of_mail(id: &str, time: &str) -> Value {
    let hidden = json!({ "destination": "HIDDEN_DUE_TO_SECURITY_REASONS" });
    let mut record = record(id, time, "zorgsluis-notifier", "ses.amazonaws.com", "SendEmail", hidden);
    record["additionalEventData"] = json!({ "sesMessageId": RECEIPT });
    record
}

fn records() -> Vec<Value> {
    vec![
        of_message("put", "09:00:00", "zorgsluis-ingest", "PutObject", MESSAGE),
        of_message("get", "09:00:01", "zorgsluis-converter", "GetObject", MESSAGE),
        of_store(
            "bundle",
            "09:00:03",
            "zorgsluis-converter",
            "ProcessBundle",
            json!({ "datastoreId": "0a" }),
        ),
        of_mail("mail", "09:00:06"),
        // Much later: what comes late has come by now.
        of_message("later", "10:59:00", "zorgsluis-converter", "GetObject", MESSAGE),
    ]
}

fn compared(entries: &[AuditEntry], files: &[Vec<Value>]) -> (Tally, Vec<Found>) {
    let mut comparison = Comparison::new(Roles::of("zorgsluis"));
    for (number, records) in files.iter().enumerate() {
        comparison.events(read(&format!("{number}.json.gz"), &packed(records)).unwrap());
    }
    comparison.notice(NOTICE.parse::<Uuid>().unwrap(), RECEIPT);
    for entry in entries {
        comparison.entry(entry.id, entry);
    }
    let mut found = Vec::new();
    (comparison.compare(|one| found.push(one)), found)
}

fn kinds(found: &[Found]) -> Vec<(&'static str, &'static str, bool)> {
    found.iter().map(|one| (one.area.name(), one.kind, one.difference)).collect()
}

#[test]
fn what_both_tell_is_complete() {
    let (tally, found) = compared(&entries(), &[records()]);
    assert!(found.is_empty(), "{found:?}");
    let of = |area: Area| {
        let nth = Area::COUNTED.iter().position(|one| *one == area).unwrap();
        (tally.ratios[nth].have, tally.ratios[nth].of)
    };
    assert_eq!((of(Area::Writes), of(Area::Mails), of(Area::Messages)), ((1, 1), (1, 1), (1, 1)));
    assert_eq!(tally.differences, 0);
}

#[test]
fn each_entry_that_is_missing_is_named() {
    let all = entries();
    let (tally, found) = compared(&all[1..], &[records()]);
    assert_eq!(kinds(&found), [("messages", "message-without-entry", true)]);
    assert_eq!(found[0].at, format!("message {MESSAGE}, by zorgsluis-ingest"));
    assert_eq!((tally.differences, tally.all().have, tally.all().of), (1, 1, 2));
    let (_, found) = compared(&[all[0].clone(), all[2].clone()], &[records()]);
    assert_eq!(kinds(&found), [("mails", "mail-without-entry", true)]);
    assert_eq!(found[0].at, format!("notice {NOTICE}, by zorgsluis-notifier"));
}

#[test]
fn each_event_that_is_missing_is_named() {
    for (missing, expected) in [
        ("put", ("messages", "entry-without-event", true)),
        ("bundle", ("writes", "entry-without-event", true)),
        ("mail", ("mails", "entry-without-mail", true)),
    ] {
        let less: Vec<Value> = records().into_iter().filter(|record| record["eventID"] != missing).collect();
        let (tally, found) = compared(&entries(), &[less]);
        assert_eq!(kinds(&found), [expected], "{missing}");
        assert!(found[0].entry.is_some(), "{missing}");
        assert_eq!((tally.all().have, tally.all().of), (2, 3), "{missing}");
    }
}

#[test]
fn a_file_that_comes_late_is_waited_for_and_then_taken() {
    // The last file that came ends right behind the entries.
    let first: Vec<Value> = records().into_iter().take(2).collect();
    let (tally, found) = compared(&entries(), std::slice::from_ref(&first));
    let all = [("writes", "not-delivered-yet", false), ("mails", "not-delivered-yet", false)];
    assert_eq!(kinds(&found), all);
    assert_eq!(tally.differences, 0);
    // It comes, in front of the other.
    let second: Vec<Value> = records().into_iter().skip(2).collect();
    let (tally, found) = compared(&entries(), &[second, first]);
    assert!(found.is_empty() && tally.differences == 0, "{found:?}");
}

#[test]
fn a_file_that_is_delivered_twice_counts_once() {
    let (once, _) = compared(&entries(), &[records()]);
    let (twice, found) = compared(&entries(), &[records(), records()]);
    assert_eq!(once, twice);
    assert_eq!(kinds(&found), [("log", "delivered-twice", false)]);
    assert!(found[0].at.starts_with("5 delivered"));
}

#[test]
fn what_anybody_else_touches_must_stand_in_the_log_by_itself() {
    let by = "AWSReservedSSO_Administrator_0a";
    let other = "Observation/00000000-0000-8000-8000-000000000009";
    let path = format!("/datastore/0a/r4/{other}");
    let mut more = records();
    more.extend([
        of_message("1", "09:30:00", by, "GetObject", MESSAGE),
        of_store(
            "2",
            "09:30:01",
            by,
            "ReadResource",
            json!({ "resourceType": "Patient", "resourceId": PATIENT.split_once('/').unwrap().1 }),
        ),
        of_store("3", "09:30:02", by, "SearchWithPost", json!({ "datastoreId": "0a" })),
        of_store("4", "09:30:03", by, "UpdateResource", json!({ "path": path })),
        of_store("5", "09:30:04", by, "ProcessBundle", json!({ "datastoreId": "0a" })),
        of_store("6", "09:30:05", by, "StartFHIRExportJob", json!({ "datastoreId": "0a" })),
        of_message("7", "09:30:06", by, "DeleteObject", MESSAGE),
        // A role that is only called like a function.
        of_message("8", "09:30:07", "my-converter", "GetObject", MESSAGE),
    ]);
    let mut refused = of_message("9", "09:30:08", by, "GetObject", MESSAGE);
    refused["errorCode"] = json!("AccessDenied");
    more.push(refused);
    let (tally, found) = compared(&entries(), &[more.clone()]);
    let expected = [
        ("reads", "read-without-entry", true),
        ("reads", "read-without-entry", true),
        ("reads", "read-without-entry", true),
        ("writes", "write-without-entry", true),
        ("writes", "write-without-entry", true),
        ("reads", "read-without-entry", true),
        ("messages", "erasure-without-entry", true),
        ("reads", "read-without-entry", true),
    ];
    assert_eq!(kinds(&found), expected);
    assert_eq!(tally.differences, 8);
    assert!(found[1].at.starts_with(PATIENT) && found[3].at.starts_with(other), "{found:?}");
    // Who says before that they work on the stores directly is known; what they destroy is not.
    let mut all = entries();
    let direct = Object::new(ObjectRole::Resource, "fhir-store");
    all.push(entry("09:20:00", "operator", Deed::accessed_directly(direct, "repair").unwrap()));
    let (_, found) = compared(&all, &[more]);
    assert_eq!(kinds(&found), [("messages", "erasure-without-entry", true)]);
}

#[test]
fn what_the_role_of_erasure_destroys_needs_its_entry() {
    let mut more = records();
    more.extend([
        of_message("1", "09:30:00", "zorgsluis-erasure", "DeleteObjectVersion", MESSAGE),
        of_message("2", "09:30:01", "zorgsluis-erasure", "PutObject", MESSAGE),
        of_store(
            "3",
            "09:30:02",
            "zorgsluis-erasure",
            "DeleteResource",
            json!({ "path": format!("r4/{PATIENT}") }),
        ),
    ]);
    let (_, found) = compared(&entries(), &[more.clone()]);
    assert_eq!(found.iter().filter(|one| one.kind == "erasure-without-entry").count(), 3, "{found:?}");
    let mut all = entries();
    all.push(entry("09:29:00", "operator", Deed::erased(PATIENT, "dossier", "patient-request").unwrap()));
    let (tally, found) = compared(&all, &[more]);
    assert!(found.is_empty() && tally.differences == 0, "{found:?}");
}

#[test]
fn what_is_younger_than_the_log_is_under_way() {
    let mut more = records();
    let late = "00000000-0000-8000-8000-00000000000a";
    more.push(of_message("1", "11:00:01", "zorgsluis-ingest", "PutObject", late));
    let (tally, found) = compared(&entries(), &[more]);
    assert_eq!(tally.differences, 0);
    assert_eq!(kinds(&found), [("messages", "waiting", false)]);
}

#[test]
fn what_a_function_logged_does_not_explain_what_somebody_else_wrote_there() {
    let by = "AWSReservedSSO_Administrator_0a";
    let mut more = records();
    more.extend([
        of_message("1", "09:30:00", by, "PutObject", MESSAGE),
        of_store("2", "09:30:01", by, "UpdateResource", json!({ "path": format!("r4/{PATIENT}") })),
        of_store("3", "09:30:02", by, "DeleteResource", json!({ "path": format!("r4/{PATIENT}") })),
        of_store(
            "4",
            "09:30:03",
            "zorgsluis-converter",
            "UpdateResource",
            json!({ "path": format!("r4/{PATIENT}") }),
        ),
    ]);
    let (_, found) = compared(&entries(), &[more]);
    let expected = [
        ("messages", "message-without-entry", true),
        ("writes", "write-without-entry", true),
        ("writes", "write-without-entry", true),
    ];
    assert_eq!(kinds(&found), expected, "{found:?}");
}

#[test]
fn a_mail_that_the_register_of_notices_does_not_know_is_no_mail_of_a_disclosure() {
    let mut more: Vec<Value> = records().into_iter().filter(|record| record["eventID"] != "mail").collect();
    let mut strange = of_mail("strange", "09:00:06");
    strange["additionalEventData"] = json!({ "sesMessageId": "0102-another" });
    more.push(strange);
    let (tally, found) = compared(&entries(), &[more.clone()]);
    let expected = [("mails", "mail-without-entry", true), ("mails", "entry-without-mail", true)];
    assert_eq!(kinds(&found), expected, "{found:?}");
    assert_eq!(tally.differences, 2);
    // Where no id is told, the time tells.
    more.last_mut().unwrap()["additionalEventData"] = Value::Null;
    let (_, found) = compared(&entries(), &[more]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_erasure_explains_what_is_destroyed_the_same_day_and_no_later() {
    let mut all = entries();
    all.insert(
        0,
        entry("00:10:00", "operator", Deed::erased(PATIENT, "dossier", "patient-request").unwrap()),
    );
    let last = AuditEntry { recorded: "2026-11-03T12:00:00Z".parse().unwrap(), ..all[3].clone() };
    all.push(last);
    let note = |id: &str, time: &str, role: &str| {
        let key = format!("notes/{MESSAGE}/radiology");
        let mut record = record(
            id,
            time,
            role,
            "s3.amazonaws.com",
            "DeleteObject",
            json!({ "bucketName": "b", "key": key }),
        );
        if id == "late" {
            record["eventTime"] = json!("2026-11-03T00:20:00Z");
        }
        record
    };
    let mut more = records();
    more.extend([
        note("soon", "10:00:00", "zorgsluis-erasure"),
        note("work", "10:00:01", "zorgsluis-enricher"),
        note("stranger", "10:00:02", "Administrator"),
        note("late", "", "zorgsluis-erasure"),
    ]);
    let (_, found) = compared(&all, &[more]);
    let told: Vec<_> = found.iter().map(|one| (one.kind, one.at.as_str())).collect();
    let at = |by: &str| format!("message {MESSAGE}, by {by}");
    let (stranger, late) = (at("Administrator"), at("zorgsluis-erasure"));
    let expected = [("erasure-without-entry", stranger.as_str()), ("erasure-without-entry", late.as_str())];
    assert_eq!(told, expected);
}
