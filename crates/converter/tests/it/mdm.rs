//! Document messages as hospitals send them.

use serde_json::Value;

use crate::support::{of_kind, run};

const HEAD: &str = "MSH|^~\\&|DMS|LINDE|||20261109120000+0100||MDM^T02^MDM_T02|1|P|2.8";
const PID: &str = "PID|1||1000001^^^LINDE^PI||Bakker&&Bakker^P";
const TXA: &str = "TXA|1|DS|TX|||||||||D1^DMS|||||AU";
const OBX: &str = "OBX|1|TX|||Regel een";

fn message(segments: &[&str]) -> Vec<u8> {
    format!("{HEAD}\rEVN||20261109\r{}\r", segments.join("\r")).into_bytes()
}

fn document(segments: &[&str]) -> Value {
    let (bundle, report) = run(&message(segments));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    of_kind(&bundle, "DocumentReference").remove(0)
}

#[test]
fn a_document_before_its_patient_is_his_all_the_same() {
    let first = document(&[TXA, OBX, PID]);
    assert_eq!(first, document(&[PID, TXA, OBX]));
}

#[test]
fn who_takes_part_in_a_document_stands_with_it() {
    let prt = "PRT||AD||AUT^Author^HL70912|B1^Jansen&&Jansen";
    let document = document(&[PID, TXA, prt, OBX, &prt.replace("B1", "B2")]);
    let parts = document["extension"].as_array().unwrap();
    let part = |one: &&Value| one["url"].as_str().unwrap().ends_with("/v2-participation");
    assert_eq!(parts.iter().filter(part).count(), 2);
}

#[test]
fn nulls_in_the_lines_of_a_text_take_nothing_away() {
    let document = document(&[PID, TXA, &format!("{OBX}|{}", ["\"\""; 16].join("|"))]);
    assert_eq!(document["content"].as_array().unwrap().len(), 1);
}

#[test]
fn base64_in_lines_is_one_document() {
    for end in ["\\.br\\", "\\X0D0A\\", "\\X0A\\"] {
        let obx = format!("OBX|1|ED|||^application^pdf^Base64^JVBERi0x{end}LjQKdGVzdA==");
        let document = document(&[PID, TXA, &obx]);
        let attachment = &document["content"][0]["attachment"];
        assert_eq!(attachment["data"], "JVBERi0xLjQKdGVzdA==", "{end}");
        assert_eq!(attachment["contentType"], "application/pdf");
    }
}
