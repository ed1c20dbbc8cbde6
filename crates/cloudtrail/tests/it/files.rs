//! Reading files.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use zorgsluis_cloudtrail::read;

pub(crate) fn packed(records: &[Value]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(json!({ "Records": records }).to_string().as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn wrong(bytes: &[u8]) -> String {
    read("123456789012_CloudTrail_eu-west-1_20261102T0915Z_a.json.gz", bytes).unwrap_err().to_string()
}

#[test]
fn a_damaged_file_is_named_with_the_place_and_nothing_of_it_is_taken() {
    let record = json!({ "eventID": "1", "eventTime": "2026-11-02T09:14:07Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "userIdentity": { "type": "AWSService" },
        "requestParameters": { "key": "messages/00000000-0000-8000-8000-000000000001" } });
    let whole = packed(&[record.clone(), record.clone()]);
    assert_eq!(read("a", &whole).unwrap().len(), 2);
    let cut = wrong(&whole[..whole.len() / 2]);
    assert!(cut.starts_with("123456789012_CloudTrail_eu-west-1_") && cut.contains("cut off"), "{cut}");
    assert!(wrong(b"{\"Records\": [").contains("line 1 column 13"));
    assert!(wrong(b"{\"records\": []}").contains("no list \"Records\"") || wrong(b"{}").contains("Records"));
    let mut broken = record.clone();
    broken["eventTime"] = json!("yesterday");
    let told = wrong(&packed(&[record.clone(), broken]));
    assert!(told.ends_with("record 2: eventTime is missing or is none"), "{told}");
    assert!(!told.contains("yesterday"), "no value of it");
    let nameless = wrong(&packed(&[json!({ "eventID": "1" })]));
    assert!(nameless.contains("record 1: eventSource"), "{nameless}");
}

#[test]
fn what_has_nothing_to_do_with_the_stores_is_left_out() {
    let of = |source: &str, name: &str, key: &str| {
        json!({ "eventID": name, "eventTime": "2026-11-02T09:14:07Z", "eventSource": source, "eventName": name,
            "userIdentity": { "type": "AWSService" }, "requestParameters": { "key": key } })
    };
    let records = [
        of("kms.amazonaws.com", "Decrypt", ""),
        of("s3.amazonaws.com", "GetBucketPolicy", ""),
        of("s3.amazonaws.com", "PutObject", "log/umc/entries/0"),
        of("healthlake.amazonaws.com", "DescribeFHIRDatastore", ""),
        of("ses.amazonaws.com", "GetAccount", ""),
    ];
    assert!(read("a", &packed(&records)).unwrap().is_empty());
}
