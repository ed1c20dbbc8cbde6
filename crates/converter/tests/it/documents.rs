//! Free text as documents: language, and which characters stand in which field.

use proptest::prelude::*;
use serde_json::{Value, json};
use zorgsluis_converter::convert;

use crate::messages::A04;
use crate::support::{event, of_kind, options, ranges_of, run, text_of};

/// A registration with these segments behind a visit.
fn registration(segments: &[&str]) -> String {
    format!(
        "MSH|^~\\&|ZIS|LINDE|||20261103||ADT^A08|1|P|2.5.1|||||NLD|UNICODE UTF-8\rEVN|A08|20261103\r\
         PID|1||1000001^^^LINDE^PI\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r{}\r",
        segments.join("\r")
    )
}

fn documents(segments: &[&str]) -> Vec<Value> {
    let (bundle, report) = run(registration(segments).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    of_kind(&bundle, "DocumentReference")
}

fn language(document: &Value) -> &Value {
    &document["content"][0]["attachment"]["language"]
}

#[test]
fn an_admission_note_says_its_language_and_where_each_line_stands() {
    let (bundle, _) = run(&event("28-"));
    assert!(of_kind(&bundle, "Observation").is_empty(), "a note is no observation");
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(language(&document), "nl");
    assert_eq!(document["type"]["coding"][0]["code"], "OPN");
    assert_eq!((&document["status"], &document["docStatus"]), (&json!("current"), &json!("final")));
    let ranges = ranges_of(&document);
    let places: Vec<&str> = ranges.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, (1..=6).map(|nth| format!("OBX[1]-5[{nth}]")).collect::<Vec<_>>());
    let lines: Vec<&str> = ranges.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(lines.join("\n"), text_of(&document));
    assert!(lines[0].ends_with("geen hemoptoë."), "counted in characters, not in bytes");
}

#[test]
fn an_english_note_with_line_breaks_is_one_field() {
    let (bundle, _) = run(&event("30-"));
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(language(&document), "en");
    assert_eq!(ranges_of(&document), [(String::from("OBX[1]-5[1]"), text_of(&document))]);
    assert_eq!(text_of(&document).lines().count(), 5);
}

#[test]
fn a_careless_note_is_a_note() {
    let (bundle, _) = run(A04.as_bytes());
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(language(&document), "en");
    assert_eq!(
        ranges_of(&document),
        [(String::from("OBX[1]-5[1]"), String::from("The patient slept well."))]
    );
}

#[test]
fn what_is_in_no_known_language_says_none() {
    let found = documents(&["OBX|1|TX|||120/80||||||F"]);
    assert!(language(&found[0]).is_null());
}

#[test]
fn in_a_registration_values_are_results_and_sentences_notes() {
    let (bundle, _) = run(registration(&[
        "OBX|1|ST|KLEUR^Kleur^99zis||rood||||||F",
        "OBX|2|ST|ANAM^Anamnese^99zis||Mevrouw viel gisteren van de trap af.||||||F",
        "OBX|3|NM|8302-2^Lengte^LN||181|cm|||||F",
    ])
    .as_bytes());
    assert_eq!(of_kind(&bundle, "Observation").len(), 2);
    let notes = of_kind(&bundle, "DocumentReference");
    assert_eq!(notes.iter().map(text_of).collect::<Vec<_>>(), ["Mevrouw viel gisteren van de trap af."]);
}

#[test]
fn a_narrative_result_is_a_result_and_a_document() {
    let (bundle, _) = run(&event("82-"));
    let results = of_kind(&bundle, "Observation");
    let conclusion = results.iter().find(|one| one["valueString"].is_string()).unwrap();
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(conclusion["valueString"], text_of(&document));
    assert_eq!(ranges_of(&document)[1].0, "OBX[3]-5[2]");
    let urn = format!("urn:uuid:{}", document["id"].as_str().unwrap());
    assert_eq!(conclusion["derivedFrom"][0]["reference"], urn);
    let about = format!("urn:uuid:{}", conclusion["id"].as_str().unwrap());
    assert_eq!(document["context"]["related"][0]["reference"], about);
}

#[test]
fn clinical_information_and_reasons_in_sentences_are_documents() {
    let (bundle, _) = run(registration(&[
        "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli|||||||||koorts||||||||||||||||||^Al drie weken erg moe en benauwd.",
    ])
    .as_bytes());
    let mut texts: Vec<String> = of_kind(&bundle, "DocumentReference").iter().map(text_of).collect();
    texts.sort();
    assert_eq!(texts, ["Al drie weken erg moe en benauwd.", "koorts"]);
}

#[test]
fn text_in_a_file_has_a_language() {
    let (bundle, _) = run(registration(&[
        "OBX|1|ED|V^Verslag^L||ZIS^TEXT^PLAIN^Base64^RGUgcGF0aWVudCBpcyBvcGdlbm9tZW4gbWV0IGtvb3J0cy4=||||||F",
    ])
    .as_bytes());
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(language(&document), "nl");
    assert_eq!(ranges_of(&document)[0].1, "De patient is opgenomen met koorts.");
}

#[test]
fn ranges_do_not_grow_without_bound() {
    let long = format!("OBX|1|TX|||{}||||||F", vec!["a b"; 5_000].join("~"));
    let found = documents(&[&long]);
    assert_eq!(ranges_of(&found[0]), [(String::from("OBX[1]-5"), text_of(&found[0]))]);
}

/// The ids of the notes of a registration.
fn ids(segments: &[&str]) -> Vec<Value> {
    documents(segments).iter().map(|one| one["id"].clone()).collect()
}

#[test]
fn what_names_a_note() {
    let timed = |text: &str, time: &str, status: &str| {
        ids(&[&format!("OBX|1|TX|OPN^Opname^99zis||{text}||||||{status}|||{time}")])
    };
    assert_eq!(timed("een", "202611030900", "F"), timed("twee", "20261103090000+0100", "C"));
    assert_ne!(timed("een", "202611030900", "F"), timed("een", "202611031000", "F"));

    let plain = |text: &str, status: &str| ids(&[&format!("OBX|1|TX|||{text}||||||{status}")]);
    assert_eq!(plain("een", "F"), plain("een", "C"));
    assert_ne!(plain("een", "F"), plain("twee", "F"), "two notes of two days are two");

    let named = |text: &str, number: &str| {
        ids(&[&format!("OBX|1|TX|OPN^Opname^99zis||{text}||||||F||||||||||{number}^ZIS")])
    };
    assert_eq!(named("een", "N1"), named("twee", "N1"));
    assert_ne!(named("een", "N1"), named("een", "N2"));
}

#[test]
fn notes_at_one_time_of_one_kind_are_kept_apart() {
    let (bundle, report) = run(registration(&[
        "OBX|1|TX|OPN^Opname^99zis||een||||||F|||202611030900",
        "OBX|2|TX|OPN^Opname^99zis||twee||||||C|||202611030900",
    ])
    .as_bytes());
    assert_eq!(of_kind(&bundle, "DocumentReference").len(), 2);
    assert_eq!(report.warnings.iter().map(|one| one.code).collect::<Vec<_>>(), ["note-twice"]);
}

#[test]
fn a_note_that_is_taken_back_need_not_be_repeated() {
    let found = documents(&["OBX|1|TX|||||||||D"]);
    assert_eq!(found[0]["status"], "entered-in-error");
    assert_eq!(found[0]["docStatus"], "entered-in-error");
    assert!(found[0]["content"][0]["attachment"]["data"].is_null());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the lines are, each range holds what its field holds.
    #[test]
    fn every_range_holds_its_field(lines in prop::collection::vec("[a-zé€😀 ,.]{0,12}", 1..8)) {
        let obx: Vec<String> =
            lines.iter().enumerate().map(|(n, line)| format!("OBX|{}|TX|||{line}||||||F", n + 1)).collect();
        let text = registration(&obx.iter().map(String::as_str).collect::<Vec<_>>());
        let options = options();
        let bundle: Value =
            serde_json::from_slice(&convert(text.as_bytes(), &options).unwrap().bundle_json()).unwrap();
        for document in of_kind(&bundle, "DocumentReference") {
            for (place, held) in ranges_of(&document) {
                let nth: usize = place["OBX[".len()..place.find(']').unwrap()].parse().unwrap();
                prop_assert_eq!(held.as_str(), lines[nth - 1].trim_end());
            }
            let said: Vec<String> = ranges_of(&document).into_iter().map(|(_, held)| held).collect();
            let told: Vec<&str> = lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(said, told);
        }
    }
}
