//! The result events.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hl7v2::Message;
use serde_json::{Value, json};
use zorgsluis_converter::convert;

use crate::support::{event, of_kind, options, run};

#[test]
fn the_panel_as_a_bundle() {
    let (bundle, report) = run(&event("40-"));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    // As text: numbers keep their digits, which other writers of JSON do not know.
    insta::assert_snapshot!("oru_r01_lab_panel", serde_json::to_string_pretty(&bundle).unwrap());
}

#[test]
fn everything_in_the_result_events_is_understood() {
    for start in [
        "40-", "41-", "42-", "43-", "44-", "45-", "46-", "47-", "48-", "49-", "50-", "51-", "52-", "53-",
        "54-", "82-", "83-", "84-", "85-", "86-",
    ] {
        let (_, report) = run(&event(start));
        assert!(report.unmapped.is_empty(), "{start}: {:?}", report.unmapped);
    }
}

#[test]
fn the_order_of_results_changes_nothing_but_the_message() {
    let ids = |start: &str| -> BTreeSet<String> {
        let (bundle, report) = run(&event(start));
        assert!(report.warnings.iter().all(|warning| warning.code != "observation-by-position"));
        let of_message = |url: &str| url.starts_with("MessageHeader") || url.starts_with("Provenance");
        let urls = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["request"]["url"].clone());
        urls.map(|url| url.as_str().unwrap().to_owned()).filter(|url| !of_message(url)).collect()
    };
    assert_eq!(ids("40-"), ids("41-"));
}

#[test]
fn corrections_keep_the_identity_and_say_what_they_are() {
    let state = |start: &str| {
        let (bundle, _) = run(&event(start));
        let observation = of_kind(&bundle, "Observation").remove(0);
        let report = of_kind(&bundle, "DiagnosticReport").remove(0);
        let ids = (observation["id"].clone(), report["id"].clone());
        (
            ids,
            observation["status"].clone(),
            report["status"].clone(),
            observation["valueQuantity"]["value"].clone(),
        )
    };
    let chain = ["43-", "44-", "45-", "46-"].map(state);
    assert!(chain.iter().all(|(ids, ..)| *ids == chain[0].0));
    let said = chain.map(|(_, observation, report, value)| (observation, report, value));
    assert_eq!(
        said,
        [
            (json!("preliminary"), json!("preliminary"), json!(3.6)),
            (json!("final"), json!("final"), json!(3.4)),
            (json!("corrected"), json!("corrected"), json!(2.4)),
            (json!("preliminary"), json!("preliminary"), json!(3.5)),
        ]
    );
}

#[test]
fn resistances_are_derived_from_the_culture() {
    let (bundle, _) = run(&event("50-"));
    let found = of_kind(&bundle, "Observation");
    let by_code = |code: &str| found.iter().find(|one| one["code"]["coding"][0]["code"] == code).unwrap();
    let culture = format!("urn:uuid:{}", by_code("630-4")["id"].as_str().unwrap());
    for code in ["28-1", "18955-5"] {
        assert_eq!(by_code(code)["derivedFrom"][0]["reference"], culture.as_str());
    }
    assert_eq!(by_code("28-1")["valueQuantity"]["comparator"], ">");
}

/// Each leaf of the result events in turn is replaced by a marker: it is in the Bundle, as text or in
/// a document, or its place is in the report.
#[test]
fn every_leaf_of_the_result_events_is_accounted_for() {
    let options = options();
    for start in ["28-", "40-", "42-", "50-", "51-", "80-", "81-"] {
        let bytes = event(start);
        let parsed = Message::parse(&bytes).unwrap();
        let mut lost = Vec::new();
        for (nth, leaf) in parsed.leaves().enumerate() {
            let place = leaf.place().to_string();
            if place.starts_with("MSH[1]-9[") || place.starts_with("MSH[1]-18[") {
                continue;
            }
            let markers =
                [format!("Zq{nth}x"), format!("{}", 70_000 + nth), format!("203107{:02}", nth % 28 + 1)];
            for marker in markers {
                let (from, to) = (leaf.offset() as usize, leaf.offset() as usize + leaf.raw().len());
                let changed = [&bytes[..from], marker.as_bytes(), &bytes[to..]].concat();
                let Ok(conversion) = convert(&changed, &options) else { continue };
                let json = String::from_utf8(conversion.bundle_json()).unwrap();
                let day = format!("2031-07-{}", &marker[marker.len() - 2..]);
                let mut found = json.contains(&marker) || json.contains(&day);
                if !found {
                    let report = conversion.report("test", 0);
                    let mut places = report
                        .unmapped
                        .iter()
                        .map(|one| one.at)
                        .chain(report.ignored.iter().map(|one| one.at));
                    found = places.any(|at| at.0.to_string() == place);
                }
                if !found && !in_documents(&json, &marker) {
                    lost.push(format!("{place} {marker}"));
                }
            }
        }
        assert!(lost.is_empty(), "{start}: neither in the Bundle nor in the report: {lost:?}");
    }
}

fn in_documents(json: &str, marker: &str) -> bool {
    let bundle: Value = serde_json::from_str(json).unwrap();
    of_kind(&bundle, "DocumentReference").iter().any(|document| {
        let data = document["content"][0]["attachment"]["data"].as_str().unwrap_or_default();
        STANDARD.decode(data).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(marker))
    })
}
