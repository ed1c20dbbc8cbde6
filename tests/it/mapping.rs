//! `zorgsluis mapping`: what becomes of events and fields.

use crate::harness::{root, run, stderr, stdout};

#[test]
fn the_page_of_the_mapping_is_what_the_command_writes() {
    let output = run(["mapping", "--format", "markdown"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), std::fs::read_to_string(root().join("docs/mapping.md")).unwrap());
}

#[test]
fn a_field_an_event_and_what_nobody_knows_are_answered() {
    let field = run(["mapping", "EVN-6"]);
    assert!(
        stdout(&field).contains("Event Occurred") && stdout(&field).contains("Provenance.occurredDateTime")
    );
    let event = run(["mapping", "ADT^A03"]);
    assert!(stdout(&event).contains("discharge"));
    for unknown in ["QQQ", "EVN-x", "EVN-99", "ADT^A98"] {
        let output = run(["mapping", unknown]);
        assert_eq!(output.status.code(), Some(2), "{unknown}");
        assert!(stderr(&output).contains(unknown));
    }
}

#[test]
fn all_tables_are_one_json_object() {
    let output = run(["mapping", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(all["events"].as_array().unwrap().iter().any(|event| event["event"] == "ADT^A01"));
    let evn = all["segments"].as_array().unwrap().iter().find(|map| map["segment"] == "EVN").unwrap().clone();
    assert_eq!(evn["rows"][0]["verdict"]["is"], "left");
}
