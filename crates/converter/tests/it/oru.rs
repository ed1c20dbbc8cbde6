//! ORU^R01, with the result events of `events/` and small messages of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hl7v2::Message;
use serde_json::{Value, json};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, ReportLine, convert};

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

fn options() -> ConvertOptions {
    let profiles = Profiles::load(&events().join("profiles")).unwrap();
    ConvertOptions { profiles, ..ConvertOptions::demonstration() }
}

fn event(start: &str) -> Vec<u8> {
    let mut files = std::fs::read_dir(events()).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
    std::fs::read(files.find(named).unwrap()).unwrap()
}

fn run(bytes: &[u8]) -> (Value, ReportLine) {
    let options = options();
    let conversion = convert(bytes, &options).unwrap();
    let mut report = conversion.report("test", 0);
    // Nearly all codes here are invented: that they are listed has a test of its own.
    report.warnings.retain(|warning| warning.code != "code-without-mapping");
    (serde_json::from_slice(&conversion.bundle_json()).unwrap(), report)
}

fn of_kind(bundle: &Value, kind: &str) -> Vec<Value> {
    let entries = bundle["entry"].as_array().unwrap();
    let resources = entries.iter().map(|entry| entry["resource"].clone());
    resources.filter(|resource| resource["resourceType"] == kind).collect()
}

/// A message of the laboratory with these segments behind PID and PV1.
fn message(segments: &[&str]) -> String {
    let head = "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||ORU^R01^ORU_R01|T1|P|2.5.1|||||NLD|UNICODE UTF-8\r\
                PID|1||1000001^^^LINDE^PI\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r";
    format!("{head}{}\r", segments.join("\r"))
}

const OBR: &str =
    "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli|||20261103081500|||||||||||||||20261103091200||CH|F";

/// What becomes of one OBX behind an OBR, and the codes of the warnings.
fn observation(obx: &str) -> (Value, Vec<&'static str>) {
    let text = message(&[OBR, obx]);
    let (bundle, report) = run(text.as_bytes());
    let mut found = of_kind(&bundle, "Observation");
    assert_eq!(found.len(), 1, "{obx}");
    assert!(report.unmapped.is_empty(), "{obx}: {:?}", report.unmapped);
    (found.remove(0), report.warnings.iter().map(|warning| warning.code).collect())
}

#[test]
fn the_panel_as_a_bundle() {
    let (bundle, report) = run(&event("40-"));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    // As text: numbers keep their digits, which other writers of JSON do not know.
    insta::assert_snapshot!("oru_r01_lab_panel", serde_json::to_string_pretty(&bundle).unwrap());
}

#[test]
fn everything_in_the_result_events_is_understood() {
    for start in ["40-", "41-", "42-", "43-", "44-", "45-", "46-", "47-", "48-", "49-", "50-"] {
        let (_, report) = run(&event(start));
        assert!(report.unmapped.is_empty(), "{start}: {:?}", report.unmapped);
    }
    let (_, report) = run(&event("51-"));
    let unmapped: Vec<String> = report.unmapped.iter().map(|unmapped| unmapped.at.0.to_string()).collect();
    assert_eq!(unmapped, ["OBX[4]-2[1].1"], "only the value type that HL7 does not know");
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
fn values_by_type() {
    let ucum = |value: Value, unit: &str| json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit});
    let mmol = |value: Value| ucum(value, "mmol/L");
    for (fields, element, expected, warnings) in [
        ("NM|A^a^L||138|mmol/L^^UCUM", "valueQuantity", mmol(json!(138)), vec![]),
        (
            "nm|A^a^L||138|mmol/l",
            "valueQuantity",
            json!({"value": 138, "unit": "mmol/l", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
            vec![],
        ),
        ("NM|A^a^L||5,4|mmol/L", "valueQuantity", mmol(json!(5.4)), vec!["decimal-comma"]),
        ("NM|A^a^L||1,234|mmol/L", "valueString", json!("1,234"), vec!["ambiguous-number"]),
        (
            "NM|A^a^L||>100|mmol/L",
            "valueQuantity",
            json!({"value": 100, "comparator": ">", "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
            vec!["comparator-in-number"],
        ),
        ("NM|A^a^L||7|eenheden", "valueQuantity", json!({"value": 7, "unit": "eenheden"}), vec![]),
        ("NM|A^a^L||zwak positief", "valueString", json!("zwak positief"), vec!["not-a-number"]),
        ("NM|A^a^L||5^6", "valueString", json!("5^6"), vec!["value-is-not-of-its-type"]),
        (
            "SN|A^a^L||<=^5|mmol/L",
            "valueQuantity",
            json!({"value": 5, "comparator": "<=", "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
            vec![],
        ),
        (
            "SN|A^a^L||^3^-^5|mmol/L",
            "valueRange",
            json!({"low": mmol(json!(3)), "high": mmol(json!(5))}),
            vec![],
        ),
        (
            "SN|A^a^L||^1^:^128",
            "valueRatio",
            json!({"numerator": {"value": 1}, "denominator": {"value": 128}}),
            vec![],
        ),
        ("SN|A^a^L||^2^+", "valueString", json!("^2^+"), vec![]),
        ("SN|A^a^L||<>^5", "valueString", json!("<>^5"), vec![]),
        (
            "SN|A^a^L||<0.10|mmol/L",
            "valueQuantity",
            json!({"value": serde_json::from_str::<Value>("0.10").unwrap(), "comparator": "<", "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}),
            vec![],
        ),
        ("NR|A^a^L||3^5", "valueRange", json!({"low": {"value": 3}, "high": {"value": 5}}), vec![]),
        ("ST|A^a^L||helder", "valueString", json!("helder"), vec![]),
        ("ST|A^a^L||een~twee", "valueString", json!("een\ntwee"), vec![]),
        ("TX|A^a^L||een~~twee", "valueString", json!("een\n\ntwee"), vec![]),
        ("FT|A^a^L||een\\.br\\twee \\T\\ drie", "valueString", json!("een\ntwee & drie"), vec![]),
        ("DT|A^a^L||20260218", "valueDateTime", json!("2026-02-18"), vec![]),
        ("TS|A^a^L||202607010800", "valueDateTime", json!("2026-07-01T08:00:00+02:00"), vec![]),
        ("DT|A^a^L||gisteren", "valueString", json!("gisteren"), vec!["invalid-date"]),
        ("TM|A^a^L||0930", "valueTime", json!("09:30:00"), vec![]),
        ("TM|A^a^L||0930+0100", "valueString", json!("0930+0100"), vec![]),
        (
            "DR|A^a^L||20260101^20260201",
            "valuePeriod",
            json!({"start": "2026-01-01", "end": "2026-02-01"}),
            vec![],
        ),
        ("CX|A^a^L||123^^^LINDE&1.2.3&ISO^PI", "valueString", json!("123^^^LINDE&1.2.3&ISO^PI"), vec![]),
        ("XX|A^a^L||iets^anders", "valueString", json!("iets^anders"), vec!["unknown-value-type"]),
    ] {
        let text = message(&[
            OBR,
            &format!("OBX|1|{fields}|||||F")
                .replace("|||||F", if fields.matches('|').count() > 3 { "|||||F" } else { "||||||F" }),
        ]);
        let (bundle, report) = run(text.as_bytes());
        let found = of_kind(&bundle, "Observation").remove(0);
        assert_eq!(found[element], expected, "{fields}: {found}");
        assert_eq!(found["status"], "final", "{fields}");
        let codes: Vec<&str> = report.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, warnings, "{fields}");
    }
}

#[test]
fn a_decimal_keeps_its_digits() {
    let text = message(&[OBR, "OBX|1|NM|A^a^L||5.40|mmol/L|4.0-5.50||||F"]);
    let options = options();
    let json = String::from_utf8(convert(text.as_bytes(), &options).unwrap().bundle_json()).unwrap();
    assert!(
        json.contains("\"value\":5.40,")
            && json.contains("\"value\":4.0,")
            && json.contains("\"value\":5.50,")
    );
}

#[test]
fn coded_values_and_local_codes() {
    let (found, _) =
        observation("OBX|1|CWE|NA^Natrium^99zli||260348001^Present^SCT^MATIG^matig^99zli^2026^^mat.||||||F");
    assert_eq!(found["code"]["coding"][0]["code"], "2951-2", "the profile's LOINC code goes first");
    assert_eq!(found["code"]["coding"][1]["code"], "NA", "the sender's own stays");
    let value = &found["valueCodeableConcept"];
    assert_eq!(
        value["coding"][0],
        json!({"system": "http://snomed.info/sct", "version": "2026", "code": "260348001", "display": "Present"})
    );
    assert_eq!((&value["coding"][1]["code"], &value["text"]), (&json!("MATIG"), &json!("mat.")));
}

#[test]
fn codes_that_nobody_mapped_are_listed() {
    let options = options();
    let text = message(&[
        OBR,
        "OBX|1|NM|NA^Natrium^99zli||138||||||F",
        "OBX|2|NM|XX^iets^99zli||1||||||F",
        "OBX|3|NM|2951-2^Sodium^LN||138||||||F",
    ]);
    let warnings = convert(text.as_bytes(), &options).unwrap().warnings;
    let listed: Vec<String> =
        warnings.iter().map(|warning| format!("{} {}", warning.at, warning.code)).collect();
    assert_eq!(listed, ["OBR[1]-4 code-without-mapping", "OBX[2]-3 code-without-mapping"]);
}

#[test]
fn several_values_are_components_and_several_texts_lines() {
    let (found, warnings) = observation("OBX|1|NM|A^a^L||27~25|mmol/L|||||F");
    let values: Vec<&Value> =
        found["component"].as_array().unwrap().iter().map(|part| &part["valueQuantity"]["value"]).collect();
    assert_eq!(values, [&json!(27), &json!(25)]);
    assert_eq!(found["component"][0]["code"], found["code"]);
    assert!(found["valueQuantity"].is_null() && found["dataAbsentReason"].is_null() && warnings.is_empty());

    let lines = message(&[
        OBR,
        "OBX|1|TX|MORF^Morfologie^L||Eerste regel.||||||F|||20261103081500",
        "OBX|2|TX|MORF^Morfologie^L||||||||F|||20261103081500",
        "OBX|3|TX|MORF^Morfologie^L||Derde regel.||||||F|||20261103081500",
    ]);
    let (bundle, report) = run(lines.as_bytes());
    let observations = of_kind(&bundle, "Observation");
    assert_eq!(observations.len(), 1);
    assert_eq!(observations[0]["valueString"], "Eerste regel.\n\nDerde regel.");
    assert!(report.unmapped.is_empty() && report.warnings.is_empty(), "{:?}", report.unmapped);
}

#[test]
fn a_result_twice_is_kept_apart_and_warned_of() {
    let twice = message(&[
        OBR,
        "OBX|1|NM|A^a^L|1|5.1||||||F",
        "OBX|2|NM|A^a^L|1|5.3||||||F",
        "OBX|3|NM|A^a^L|2|5.5||||||F",
    ]);
    let (bundle, report) = run(twice.as_bytes());
    let found = of_kind(&bundle, "Observation");
    let ids: BTreeSet<&str> = found.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let warned: Vec<String> = report.warnings.iter().map(|w| format!("{} {}", w.at, w.code)).collect();
    assert_eq!(warned, ["OBX[2] observation-by-position"]);
    let results = of_kind(&bundle, "DiagnosticReport").remove(0)["result"].as_array().unwrap().len();
    assert_eq!(results, 3);
}

#[test]
fn states_and_why_there_is_no_value() {
    for (code, status, absent, exact) in [
        ("F", "final", "unknown", true),
        ("P", "preliminary", "unknown", true),
        ("C", "corrected", "unknown", true),
        ("X", "cancelled", "not-performed", true),
        ("I", "registered", "temp-unknown", false),
        ("N", "cancelled", "not-asked", false),
        ("R", "preliminary", "unknown", false),
        ("D", "entered-in-error", "", false),
        ("W", "entered-in-error", "", false),
        ("?", "unknown", "unknown", false),
    ] {
        let (found, _) = observation(&format!("OBX|1|NM|A^a^L||||||||{code}"));
        assert_eq!(found["status"], status, "{code}");
        let reason = found["dataAbsentReason"]["coding"][0]["code"].as_str().unwrap_or_default();
        assert_eq!(reason, absent, "{code}");
        let original = &found["_status"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"];
        assert_eq!(original.as_str(), (!exact).then_some(code), "{code}");
    }
    let (found, _) = observation("OBX|1|NM|A^a^L||5");
    assert_eq!(found["status"], "final", "the report says so of all its results");
}

#[test]
fn circumstances_of_a_result() {
    let obx = "OBX|1|NM|A^a^L|b2|5|mg/L^milligram per liter^UCUM|4 tot 6|H~A^Afwijkend^HL70078||S|F|||20261103080000||\
               50999301^Biezen^R^^^^^^VEKTIS|IMMU^immunochemie^99zli|COBAS-2^LABSYS~X|20261103083000|368208006^Left arm^SCT|\
               I-77^LABSYS||Lab De Linde^^^^^VEKTIS^AGB^^^50999300|Laan 1^^Lindewaard^^9090ZZ|50999302^Riet^S^^^^^^VEKTIS";
    let text = message(&[OBR, obx]);
    let (bundle, report) = run(text.as_bytes());
    let found = of_kind(&bundle, "Observation").remove(0);
    assert_eq!(found["valueQuantity"]["unit"], "milligram per liter");
    assert_eq!(found["valueQuantity"]["code"], "mg/L");
    let range = &found["referenceRange"][0];
    assert_eq!(
        (&range["low"]["value"], &range["high"]["value"], &range["text"]),
        (&json!(4), &json!(6), &json!("4 tot 6"))
    );
    assert_eq!(range["appliesTo"][0]["coding"][0]["code"], "S");
    assert_eq!(found["interpretation"].as_array().unwrap().len(), 2);
    assert_eq!(found["effectiveDateTime"], "2026-11-03T08:00:00+01:00");
    assert_eq!(
        found["method"]["text"].as_str().or(found["method"]["coding"][0]["display"].as_str()),
        Some("immunochemie")
    );
    assert_eq!(found["device"]["identifier"]["value"], "COBAS-2");
    assert_eq!(found["bodySite"]["coding"][0]["code"], "368208006");
    assert_eq!(found["identifier"][0]["value"], "I-77");
    assert_eq!(found["performer"].as_array().unwrap().len(), 3);
    let organization =
        of_kind(&bundle, "Organization").into_iter().find(|one| one["name"] == "Lab De Linde").unwrap();
    assert_eq!(organization["address"][0]["city"], "Lindewaard");
    let unmapped: Vec<String> = report.unmapped.iter().map(|unmapped| unmapped.at.0.to_string()).collect();
    assert_eq!(unmapped, ["OBX[1]-18[2].1"], "FHIR has one device");
}

#[test]
fn notes_stand_where_they_belong_and_as_documents() {
    let text = message(&[
        "NTE|1||Over het bezoek.",
        OBR,
        "NTE|1|L|Regel een.",
        "NTE|2|L|  ingesprongen.",
        "NTE|3|P|Van de aanvrager.|RE^Remark^HL70364|50999301^Biezen^R^^^^^^VEKTIS|20261103083000",
        "OBX|1|NM|A^a^L||5||||||F",
        "NTE|1||Bij de uitslag.",
        "SPM|1|^M1&LABSYS||SER",
        "NTE|1||Bij het materiaal.",
    ]);
    let (bundle, report) = run(text.as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let reports = of_kind(&bundle, "DiagnosticReport");
    assert_eq!(reports[0].get("conclusion"), None, "a remark is no clinical interpretation");
    let requests = of_kind(&bundle, "ServiceRequest");
    assert_eq!(requests[0]["note"].as_array().unwrap().len(), 1);
    assert_eq!(requests[0]["note"][0]["text"], "Van de aanvrager.");
    assert_eq!(of_kind(&bundle, "Observation").remove(0)["note"][0]["text"], "Bij de uitslag.");
    assert_eq!(of_kind(&bundle, "Specimen").remove(0)["note"][0]["text"], "Bij het materiaal.");
    let documents = of_kind(&bundle, "DocumentReference");
    let texts: BTreeSet<String> = documents
        .iter()
        .map(|one| {
            let attachment = &one["content"][0]["attachment"];
            assert_eq!(
                (&attachment["contentType"], &one["status"]),
                (&json!("text/plain"), &json!("current"))
            );
            assert!(one["subject"]["reference"].is_string() && one["context"]["encounter"].is_array());
            String::from_utf8(STANDARD.decode(attachment["data"].as_str().unwrap()).unwrap()).unwrap()
        })
        .collect();
    let expected =
        ["Over het bezoek.", "Regel een.\n  ingesprongen.", "Van de aanvrager.", "Bij de uitslag."];
    assert_eq!(texts, expected.map(String::from).into_iter().collect());
    let of_requester = documents.iter().find(|one| one["date"] == "2026-11-03T08:30:00+01:00").unwrap();
    assert_eq!(of_requester["type"]["coding"][0]["code"], "RE");
    assert!(of_requester["author"][0]["reference"].is_string());
    let about = |document: &Value| document["context"]["related"][0]["reference"].clone();
    let urn = |resource: &Value| json!(format!("urn:uuid:{}", resource["id"].as_str().unwrap()));
    assert_eq!(about(of_requester), urn(&requests[0]));
    let on_report = documents.iter().filter(|one| about(one) == urn(&reports[0])).count();
    assert_eq!(on_report, 1, "the remark of the laboratory");
}

#[test]
fn a_note_behind_orc_is_about_the_order() {
    let text = message(&["ORC|RE|P1^ZIS|F1^LABSYS", "NTE|1||Graag met spoed.", OBR, "NTE|1||Hemolytisch."]);
    let (bundle, report) = run(text.as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let request = of_kind(&bundle, "ServiceRequest").remove(0);
    let notes: Vec<&str> =
        request["note"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert_eq!(notes, ["Graag met spoed."]);
    assert_eq!(of_kind(&bundle, "DiagnosticReport").remove(0).get("conclusion"), None);
    assert_eq!(of_kind(&bundle, "DocumentReference").len(), 2);
}

#[test]
fn what_orc_says_of_the_timing_is_written_or_reported() {
    let priority = |orc: &str, obr5: &str| {
        let obr = OBR.replacen("zli|||", &format!("zli|{obr5}||"), 1);
        let text = message(&[&format!("ORC|RE|P1^ZIS|F1^LABSYS||||{orc}"), &obr]);
        let (bundle, report) = run(text.as_bytes());
        let unmapped: Vec<String> = report.unmapped.iter().map(|one| one.at.0.to_string()).collect();
        (of_kind(&bundle, "ServiceRequest").remove(0)["priority"].clone(), unmapped)
    };
    assert_eq!(priority("^^^^^S", ""), (json!("stat"), vec![]));
    assert_eq!(priority("^^^^^S", "S"), (json!("stat"), vec![]));
    assert_eq!(priority("^^^^^S", "R"), (json!("routine"), vec!["ORC[1]-7[1].6".to_owned()]));
}

#[test]
fn a_unit_in_which_the_separator_is_not_escaped() {
    for (written, unit, code) in [
        ("10^9/L", "10^9/L", json!("10*9/L")),
        ("x10^9/L", "x10^9/L", json!("10*9/L")),
        ("*10^12/L", "*10^12/L", json!("10*12/L")),
        ("x 10^6/ml", "x 10^6/ml", json!("10*6/mL")),
        ("10^6/veld", "10^6/veld", Value::Null),
    ] {
        let (found, warnings) = observation(&format!("OBX|1|NM|A^a^L||5.4|{written}|||||F"));
        let quantity = &found["valueQuantity"];
        assert_eq!((&quantity["unit"], &quantity["code"]), (&json!(unit), &code), "{written}");
        assert_eq!(warnings, ["unescaped-unit"], "{written}");
    }
    let (found, warnings) = observation("OBX|1|NM|A^a^L||5.4|10\\S\\9/L|||||F");
    assert_eq!(found["valueQuantity"]["code"], "10*9/L");
    assert!(warnings.is_empty());
    let (found, _) = observation("OBX|1|NM|A^a^L||5.4|g/L^gram per liter|||||F");
    assert_eq!(found["valueQuantity"]["unit"], "gram per liter");
}

#[test]
fn text_without_an_identifier_is_a_document_and_the_conclusion() {
    let text = message(&[
        OBR,
        "OBX|1|TX|||||||||F",
        "OBX|2|TX|||Beeld van pneumonie.||||||F",
        "OBX|3|TX|||Advies: controle.||||||F",
    ]);
    let (bundle, report) = run(text.as_bytes());
    assert!(
        of_kind(&bundle, "Observation").is_empty() && report.unmapped.is_empty(),
        "{:?}",
        report.unmapped
    );
    assert_eq!(
        of_kind(&bundle, "DiagnosticReport").remove(0)["conclusion"],
        "Beeld van pneumonie.\nAdvies: controle."
    );
    let documents = of_kind(&bundle, "DocumentReference");
    assert_eq!((documents.len(), &documents[0]["docStatus"]), (1, &json!("final")));
}

#[test]
fn documents_are_checked_and_kept() {
    let documents = |value: &str| {
        let text = message(&[OBR, &format!("OBX|1|ED|V^Verslag^L||{value}||||||F")]);
        let (bundle, report) = run(text.as_bytes());
        let observation = of_kind(&bundle, "Observation").remove(0);
        assert!(
            observation["derivedFrom"][0]["reference"].is_string()
                && observation["dataAbsentReason"].is_null()
        );
        let attachment = of_kind(&bundle, "DocumentReference").remove(0)["content"][0]["attachment"].clone();
        (attachment, report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>())
    };
    let (good, warnings) = documents("LABSYS^AP^PDF^Base64^JVBERi0x");
    assert_eq!(good, json!({"contentType": "application/pdf", "data": "JVBERi0x"}));
    assert!(warnings.is_empty());
    let (bad, warnings) = documents("LABSYS^AP^PDF^Base64^JVBERi0");
    assert_eq!(warnings, ["invalid-encoded-data"]);
    assert!(bad["data"].is_null());
    assert_eq!(bad["extension"][0]["valueString"], "JVBERi0", "what is no base64 is kept as it came");
    let (plain, _) = documents("LABSYS^TEXT^PLAIN^A^gewoon");
    assert_eq!(plain["contentType"], "text/plain");
    assert_eq!(plain["data"], STANDARD.encode("gewoon"));
    assert_eq!(plain["extension"][0]["extension"][0]["valueString"], "OBX[1]-5[1]");
    let (hex, _) = documents("LABSYS^IM^JPEG^Hex^FFD8");
    assert_eq!(hex, json!({"contentType": "image/jpeg", "data": STANDARD.encode([0xff, 0xd8])}));
}

#[test]
fn a_pointer_is_an_address_or_a_title() {
    let attachment = |value: &str| {
        let text = message(&[OBR, &format!("OBX|1|RP|V^Verslag^L||{value}||||||F")]);
        let (bundle, _) = run(text.as_bytes());
        of_kind(&bundle, "DocumentReference").remove(0)["content"][0]["attachment"].clone()
    };
    let found = attachment("https://pacs.example/1^PACS^IM^JPEG");
    assert_eq!(found, json!({"contentType": "image/jpeg", "url": "https://pacs.example/1"}));
    assert_eq!(attachment("archief 12")["title"], "archief 12");
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

#[test]
fn sub_ids_with_points_make_members() {
    let text = message(&[
        OBR,
        "OBX|1|ST|P^paneel^L|1|volgt||||||F",
        "OBX|2|NM|A^a^L|1.1|5||||||F",
        "OBX|3|NM|B^b^L|1.2|6||||||F",
    ]);
    let (bundle, _) = run(text.as_bytes());
    let found = of_kind(&bundle, "Observation");
    assert_eq!(found[0]["hasMember"].as_array().unwrap().len(), 2);
}

#[test]
fn segments_out_of_order_still_meet() {
    let obx = "OBX|1|NM|A^a^L||5||||||F";
    let spm = "SPM|1|^M1&LABSYS||SER^Serum^HL70487";
    for order in [[OBR, obx, spm], [OBR, spm, obx], [spm, OBR, obx]] {
        let (bundle, report) = run(message(&order).as_bytes());
        let specimen = of_kind(&bundle, "Specimen").remove(0);
        let reference = format!("urn:uuid:{}", specimen["id"].as_str().unwrap());
        assert_eq!(
            of_kind(&bundle, "Observation").remove(0)["specimen"]["reference"],
            reference.as_str(),
            "{order:?}"
        );
        assert_eq!(
            of_kind(&bundle, "DiagnosticReport").remove(0)["specimen"][0]["reference"],
            reference.as_str()
        );
        assert!(report.unmapped.is_empty());
    }
}

#[test]
fn the_order_behind_the_result() {
    let text = message(&[
        "ORC|RE|P1^ZIS|F1^LABSYS|G1^ZIS|CM||||20261103070000|||03999201^Waterman^H^^^^^^VEKTIS|||||||||Linde^^^^^VEKTIS^AGB^^^50999300",
        "TQ1|1||||||||S",
        "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli|||20261103081500||||||koorts, hoesten|||03999201^Waterman^H^^^^^^VEKTIS||||||20261103091200||CH|F|||01999101^Kompas^T^^^^^^VEKTIS|||R05^Hoest^I10|50999301&Biezen&R",
        "OBX|1|NM|A^a^L||5||||||F",
    ]);
    let (bundle, report) = run(text.as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let request = of_kind(&bundle, "ServiceRequest").remove(0);
    assert_eq!(
        (&request["status"], &request["intent"], &request["priority"]),
        (&json!("completed"), &json!("order"), &json!("stat"))
    );
    assert_eq!(request["requisition"]["value"], "G1");
    assert_eq!(request["note"][0]["text"], "koorts, hoesten");
    assert_eq!(request["reasonCode"][0]["coding"][0]["code"], "R05");
    let types: Vec<&Value> = request["identifier"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["type"]["coding"][0]["code"])
        .collect();
    assert_eq!(types, [&json!("PLAC"), &json!("FILL")]);
    let reference = json!({"reference": format!("urn:uuid:{}", request["id"].as_str().unwrap())});
    let found = of_kind(&bundle, "DiagnosticReport").remove(0);
    assert_eq!(found["basedOn"][0], reference);
    assert_eq!(of_kind(&bundle, "Observation").remove(0)["basedOn"][0], reference);
    assert!(found["resultsInterpreter"][0]["reference"].is_string());
    assert!(found["extension"][0]["valueReference"]["reference"].is_string(), "who gets a copy");
}

#[test]
fn a_null_value_is_a_deletion() {
    let text = message(&[OBR, "OBX|1|NM|A^a^L||\"\"||\"\"|\"\"|||F"]);
    let options = options();
    let conversion = convert(text.as_bytes(), &options).unwrap();
    let paths: Vec<&str> = conversion.deletions.iter().map(|deletion| deletion.path).collect();
    assert_eq!(paths, ["value", "referenceRange", "interpretation"]);
}

#[test]
fn results_without_obr_and_without_orc() {
    let (bundle, report) =
        run(message(&["OBX|1|NM|8302-2^Lengte^LN||181|cm|||||F|||20261103080000"]).as_bytes());
    assert!(of_kind(&bundle, "DiagnosticReport").is_empty());
    let found = of_kind(&bundle, "Observation").remove(0);
    assert_eq!(found["effectiveDateTime"], "2026-11-03T08:00:00+01:00");
    assert!(found["category"].is_null(), "nothing says that it comes from a laboratory");
    assert!(report.warnings.is_empty() && report.unmapped.is_empty());
}

#[test]
fn results_need_a_patient() {
    let options = options();
    let text = "MSH|^~\\&|LABSYS|LINDE|||20261103||ORU^R01|1|P|2.4\rOBR|1||F1|A\r";
    assert_eq!(convert(text.as_bytes(), &options).unwrap_err().code, "no-patient");
}

#[test]
fn notes_of_a_registration_are_documents() {
    let text = "MSH|^~\\&|ZIS|LINDE|||20261103||ADT^A04|1|P|2.4|||||NLD|UNICODE UTF-8\rEVN|A04|20261103\r\
                PID|1||1000001^^^LINDE^PI\rPV1|1|O|||||||||||||||||V1^^^LINDE^VN\rOBX|1|st|||Sinds gisteren koorts.\r";
    let (bundle, report) = run(text.as_bytes());
    assert!(of_kind(&bundle, "Observation").is_empty() && report.unmapped.is_empty());
    let document = of_kind(&bundle, "DocumentReference").remove(0);
    assert_eq!(document["content"][0]["attachment"]["data"], STANDARD.encode("Sinds gisteren koorts."));
    assert!(document["context"]["encounter"][0]["reference"].is_string());
    let again = text.replace("|1|P|2.4", "|2|P|2.4");
    assert_eq!(
        of_kind(&run(again.as_bytes()).0, "DocumentReference")[0]["id"],
        document["id"],
        "the same note is one document"
    );
    let other = text.replace("gisteren", "vandaag");
    assert_ne!(of_kind(&run(other.as_bytes()).0, "DocumentReference")[0]["id"], document["id"]);
}

/// Each leaf of the result events in turn is replaced by a marker: it is in the Bundle, as text or in
/// a document, or its place is in the report.
#[test]
fn every_leaf_of_the_result_events_is_accounted_for() {
    let options = options();
    for start in ["40-", "42-", "50-", "51-"] {
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
