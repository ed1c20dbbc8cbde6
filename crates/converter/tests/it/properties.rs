//! What holds for every message.

use std::collections::BTreeSet;

use base64::Engine as _;
use hl7v2::Message;
use proptest::prelude::*;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::messages::{A01, ALL, ODD};

/// What says how to read the message, not what it says.
fn is_syntax(place: &str) -> bool {
    place.starts_with("MSH[1]-9[") || place.starts_with("MSH[1]-18[")
}

/// Replaces each populated leaf, one after the other, and looks for what came instead: it is in the
/// Bundle, or its place is in the report.
fn ledger_is_complete(message: &str, stand_in: impl Fn(usize, &str) -> Option<(String, Vec<String>)>) {
    let options = ConvertOptions::demonstration();
    let parsed = Message::parse(message.as_bytes()).unwrap();
    let leaves: Vec<(usize, usize, String, String)> = parsed
        .leaves()
        .map(|leaf| {
            let start = leaf.offset() as usize;
            (start, start + leaf.raw().len(), leaf.place().to_string(), leaf.text().into_owned())
        })
        .collect();
    let mut checked = 0;
    let mut lost = Vec::new();
    for (nth, (start, end, place, text)) in leaves.iter().enumerate() {
        let Some((marker, looks)) = stand_in(nth, text) else { continue };
        if is_syntax(place) {
            continue;
        }
        let changed = format!("{}{marker}{}", &message[..*start], &message[*end..]);
        let Ok(conversion) = convert(changed.as_bytes(), &options) else { continue };
        let json = String::from_utf8(conversion.bundle_json()).unwrap();
        let report = conversion.report("test", 0);
        let reported = report.ignored.iter().map(|ignored| ignored.at.0.to_string()).any(|at| at == *place)
            || report.unmapped.iter().any(|unmapped| unmapped.at.0.to_string() == *place);
        let written = looks.iter().any(|look| json.contains(look.as_str()));
        if !written && !reported {
            lost.push(place.clone());
        }
        checked += 1;
    }
    assert!(lost.is_empty(), "neither in the Bundle nor in the report: {lost:?}");
    assert!(checked > 0 || leaves.is_empty());
}

#[test]
fn every_leaf_is_in_the_bundle_or_in_the_report() {
    for message in ALL {
        ledger_is_complete(message, |nth, _| {
            let marker = format!("Zq{nth}x");
            // The text of a note is a document, which FHIR keeps in base64.
            let as_document = base64::engine::general_purpose::STANDARD.encode(&marker);
            Some((marker.clone(), vec![marker, as_document]))
        });
    }
}

#[test]
fn every_date_is_in_the_bundle_or_in_the_report() {
    for message in ALL {
        ledger_is_complete(message, |nth, text| {
            let is_date = text.len() >= 8 && text.bytes().take(8).all(|b| b.is_ascii_digit());
            let day = nth % 28 + 1;
            is_date.then(|| {
                let year = if text.starts_with("19") { 1933 } else { 2031 };
                (
                    format!("{year}07{day:02}"),
                    vec![format!("{year}-07-{day:02}"), format!("{year}07{day:02}")],
                )
            })
        });
    }
}

#[test]
fn every_number_is_in_the_bundle_or_in_the_report() {
    for message in ALL {
        ledger_is_complete(message, |nth, text| {
            let number = 40_000 + nth;
            text.bytes().all(|b| b.is_ascii_digit()).then(|| (number.to_string(), vec![number.to_string()]))
        });
    }
}

/// The ids of all entries but those that stand for the message itself.
fn ids(message: &str) -> BTreeSet<String> {
    let options = ConvertOptions::demonstration();
    let conversion = convert(message.as_bytes(), &options).unwrap();
    let of_message = ["MessageHeader", "Provenance"];
    let entries = conversion.bundle.entry.iter();
    entries
        .filter(|entry| !of_message.contains(&entry.resource.kind()))
        .map(|entry| entry.request.url.to_string())
        .collect()
}

/// Runs of segments of one name, in another order.
fn shuffled(message: &str, seed: u64) -> String {
    let mut lines: Vec<&str> = message.split_terminator('\r').collect();
    let mut state = seed | 1;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for name in ["AL1", "DG1", "NK1", "IN1"] {
        let places: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with(name)).collect();
        for at in (1..places.len()).rev() {
            lines.swap(places[at], places[next(at + 1)]);
        }
    }
    lines.join("\r") + "\r"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_segments_changes_no_id(seed: u64) {
        for message in [A01, ODD] {
            prop_assert_eq!(ids(message), ids(&shuffled(message, seed)));
        }
    }
}

/// Changes that real damage makes: bytes lost, doubled, changed, and separators where none belong.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize, usize),
    Put(usize, Vec<u8>),
    Double(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..6),
        prop::sample::select(vec![
            "|", "^", "~", "&", "\\", "\"\"", "\r", "\\X0D\\", "\\X00\\", "  ", "19991399", "Y", "-1"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<usize>(), 0usize..40).prop_map(|(at, n)| Damage::Cut(at, n)),
        (any::<usize>(), bytes).prop_map(|(at, bytes)| Damage::Put(at, bytes)),
        (any::<usize>(), 0usize..60).prop_map(|(at, n)| Damage::Double(at, n)),
    ]
}

fn damaged(message: &str, damages: Vec<Damage>) -> Vec<u8> {
    let mut bytes = message.as_bytes().to_vec();
    for one in damages {
        let length = bytes.len().max(1);
        match one {
            Damage::Cut(at, n) => {
                let at = at % length;
                bytes.drain(at..(at + n).min(bytes.len()));
            }
            Damage::Put(at, more) => {
                let at = at % length;
                bytes.splice(at..at, more);
            }
            Damage::Double(at, n) => {
                let at = at % length;
                let part: Vec<u8> = bytes[at..(at + n).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_never_panics_and_the_same_bytes_give_the_same_bundle(
        which in 0..ALL.len(),
        damages in prop::collection::vec(damage(), 1..12),
    ) {
        let bytes = damaged(ALL[which], damages);
        let options = ConvertOptions::demonstration();
        match (convert(&bytes, &options), convert(&bytes, &options)) {
            (Ok(one), Ok(two)) => {
                let json = one.bundle_json();
                prop_assert_eq!(&json, &two.bundle_json());
                let read: Result<serde_json::Value, _> = serde_json::from_slice(&json);
                prop_assert!(read.is_ok(), "the Bundle is JSON");
                prop_assert_eq!(one.notes.len(), one.bundle.entry.len());
                prop_assert_eq!(one.report("a", 0), two.report("a", 0));
            }
            (Err(one), Err(two)) => prop_assert_eq!(one, two),
            _ => prop_assert!(false, "once converted, once refused"),
        }
    }
}
