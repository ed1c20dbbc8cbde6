//! Notes and documents among results.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{OBR, message};
use crate::support::{of_kind, run};

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
fn a_text_that_is_corrected_to_nothing_is_no_text_any_more() {
    let documents = |value: &str, status: &str| {
        let text = message(&[OBR, &format!("OBX|1|TX|||{value}||||||{status}")]);
        let (bundle, report) = run(text.as_bytes());
        let conclusion = of_kind(&bundle, "DiagnosticReport").remove(0).get("conclusion").cloned();
        assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
        (of_kind(&bundle, "DocumentReference"), conclusion)
    };
    let (said, conclusion) = documents("Beeld van pneumonie.", "F");
    assert!(conclusion.is_some());
    for status in ["C", "D", "W"] {
        let (deleted, conclusion) = documents("\"\"", status);
        assert_eq!((&deleted[0]["id"], deleted.len()), (&said[0]["id"], 1), "{status}");
        assert_eq!(deleted[0]["status"], "entered-in-error");
        assert!(deleted[0]["content"][0]["attachment"].get("data").is_none());
        assert_eq!(conclusion, None);
    }
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
