//! Documents: announced, brought, changed, replaced and cancelled, in whatever order that is told.

use serde_json::Value;

use super::world::{World, adt, after_each_order};
use crate::support::text_of;

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^Johanna||19610412|F";

/// A document message: event, minute, the fields of TXA from TXA-2, and the text.
pub(super) fn mdm(event: &str, minute: u32, txa: &str, text: &str) -> String {
    let at = format!("20261105{:02}{:02}00", 9 + minute / 60, minute % 60);
    let obx = if text.is_empty() { String::new() } else { format!("OBX|1|TX|||{text}||||||F\r") };
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||MDM^{event}|D{minute}{event}|P|2.5.1|||||NLD|8859/1\r\
         EVN|{event}|{at}\r{PID}\rTXA|1|{txa}\r{obx}"
    )
}

/// TXA-2 to TXA-19: number, parent, completion, availability.
pub(super) fn txa(number: &str, parent: &str, completion: &str, availability: &str) -> String {
    format!("DS|TX|||||||||{number}^DMS|{parent}||||{completion}||{availability}")
}

/// The document with this number.
fn document<'w>(all: &'w [Value], number: &str) -> &'w Value {
    all.iter().find(|one| one["masterIdentifier"]["value"] == number).unwrap()
}

#[tokio::test]
async fn a_document_ends_the_same_in_every_order() {
    let messages = [
        mdm("T01", 0, &txa("B1", "", "DI", "UN"), ""),
        mdm("T02", 5, &txa("B1", "", "DO", "AV"), "Patiente is met ontslag."),
        mdm("T03", 10, &txa("B1", "", "LA", ""), ""),
        mdm("T10", 20, &txa("B2", "B1^DMS", "AU", "AV"), "Patiente is met ontslag naar huis."),
    ];
    let world = after_each_order(&messages).await;
    let all = world.of_type("DocumentReference").await;
    assert_eq!(all.len(), 2);
    let (old, new) = (document(&all, "B1"), document(&all, "B2"));
    assert_eq!((text_of(old).as_str(), &old["status"]), ("Patiente is met ontslag.", &"superseded".into()));
    assert_eq!(old["docStatus"], "final");
    assert_eq!(
        (text_of(new).as_str(), &new["status"]),
        ("Patiente is met ontslag naar huis.", &"current".into())
    );
    let target = format!("DocumentReference/{}", old["id"].as_str().unwrap());
    assert_eq!(
        new["relatesTo"],
        serde_json::json!([{ "code": "replaces", "target": { "reference": target } }])
    );
}

#[tokio::test]
async fn a_cancelled_document_stays_cancelled_and_keeps_what_it_said() {
    let messages = [
        mdm("T02", 0, &txa("B1", "", "AU", "AV"), "Voor de verkeerde patient."),
        mdm("T11", 5, &txa("B1", "", "", ""), ""),
    ];
    let world = after_each_order(&messages).await;
    let document = world.one("DocumentReference").await;
    assert_eq!(document["status"], "entered-in-error");
    assert_eq!(document["docStatus"], "entered-in-error");
    assert_eq!(text_of(&document), "Voor de verkeerde patient.");
}

#[tokio::test]
async fn an_addendum_leaves_the_document_that_it_adds_to_as_it_is() {
    let messages = [
        mdm("T02", 0, &txa("B1", "", "AU", "AV"), "Het verslag."),
        mdm("T06", 5, &txa("B2", "B1^DMS", "AU", "AV"), "Een aanvulling."),
        mdm("T08", 10, &txa("B1", "", "AU", "AV"), "Het verslag, verbeterd."),
    ];
    let world = after_each_order(&messages).await;
    let all = world.of_type("DocumentReference").await;
    let (one, added) = (document(&all, "B1"), document(&all, "B2"));
    assert_eq!((text_of(one).as_str(), &one["status"]), ("Het verslag, verbeterd.", &"current".into()));
    assert_eq!(added["relatesTo"][0]["code"], "appends");
    assert!(one.get("relatesTo").is_none());
}

#[tokio::test]
async fn an_announced_document_says_that_its_content_is_not_there() {
    let world = World::new();
    world.send(&mdm("T01", 0, &txa("B1", "", "DI", "UN"), "")).await;
    let document = world.one("DocumentReference").await;
    let attachment = &document["content"][0]["attachment"];
    assert_eq!(attachment["contentType"], "text/plain");
    assert_eq!(attachment["extension"][0]["valueCode"], "unknown");
    assert!(attachment.get("data").is_none());
}

#[tokio::test]
async fn a_document_goes_along_in_a_merger() {
    let world = World::new();
    world.send(&mdm("T02", 0, &txa("B1", "", "AU", "AV"), "Het verslag.")).await;
    world.send(&adt("A28", 2, &["PID|1||1000002^^^LINDE^PI||de Vries&de&Vries^J||19610412|F"])).await;
    let merge = ["PID|1||1000002^^^LINDE^PI||de Vries&de&Vries^J||19610412|F", "MRG|1000001^^^LINDE^PI"];
    world.send(&adt("A40", 10, &merge)).await;
    let patient = world.one("Patient").await;
    let document = world.one("DocumentReference").await;
    assert_eq!(document["subject"]["reference"], format!("Patient/{}", patient["id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_change_of_status_does_not_bring_back_what_was_replaced() {
    for event in ["T09", "T10"] {
        let text = if event == "T10" { "Het verslag, opnieuw." } else { "" };
        let messages = [
            mdm("T02", 0, &txa("B1", "", "DO", "AV"), "Het verslag."),
            mdm(event, 5, &txa("B2", "B1^DMS", "AU", "AV"), text),
            mdm("T03", 10, &txa("B1", "", "LA", "AV"), ""),
        ];
        let world = after_each_order(&messages).await;
        let all = world.of_type("DocumentReference").await;
        let old = document(&all, "B1");
        assert_eq!((&old["status"], &old["docStatus"]), (&"superseded".into(), &"final".into()), "{event}");
        assert_eq!(text_of(old), "Het verslag.");
        assert_eq!(document(&all, "B2")["relatesTo"][0]["code"], "replaces");
    }
}
