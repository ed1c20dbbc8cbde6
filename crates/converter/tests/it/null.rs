//! `""` in fields that are a part of a larger element, or stand in an extension.

use zorgsluis_converter::{Conversion, convert};

use crate::support::options;

const ORC: &str = "ORC|NW|P1^EVS|F1^APO||||||20261103091500+0100";

fn message(kind: &str, segments: &[&str]) -> String {
    format!(
        "MSH|^~\\&|EVS|LINDE|APOTHEEK|LINDE|20261103091600+0100||{kind}|T1|P|2.5.1\r\
         PID|1||1000001^^^LINDE^PI||Bakker&&Bakker^P||19481103|M\r{}\r",
        segments.join("\r")
    )
}

fn deleted(conversion: &Conversion<'_>) -> Vec<&'static str> {
    let mut paths: Vec<_> = conversion.deletions.iter().map(|deletion| deletion.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// A segment with a null in every field that these do not fill.
fn nulls(name: &str, fields: usize, filled: &[(usize, &str)]) -> String {
    let field = |n| filled.iter().find(|(at, _)| *at == n).map_or("\"\"", |(_, value)| value);
    let all: Vec<&str> = (1..=fields).map(field).collect();
    format!("{name}|{}", all.join("|"))
}

#[test]
fn a_null_in_a_dose_deletes_the_dosage_unless_it_is_told_anew() {
    let options = options();
    let rxo = "RXO|A^B^L|\"\"||\"\"";
    let text = message("OMP^O09^OMP_O09", &[ORC, rxo]);
    let conversion = convert(text.as_bytes(), &options).unwrap();
    assert!(conversion.report("test", 0).unmapped.is_empty(), "{:?}", conversion.report("test", 0).unmapped);
    assert_eq!(deleted(&conversion), ["dosageInstruction"]);
    let text = message("OMP^O09^OMP_O09", &[ORC, rxo, "RXR|PO"]);
    let conversion = convert(text.as_bytes(), &options).unwrap();
    assert!(conversion.report("test", 0).unmapped.is_empty());
    assert!(deleted(&conversion).is_empty(), "what is given stands, without the dose");
}

#[test]
fn no_null_of_a_medicine_is_without_effect_and_reason() {
    let options = options();
    let code = "A^B^L";
    let rxr = nulls("RXR", 6, &[]);
    for (kind, segment) in [
        ("OMP^O09^OMP_O09", nulls("RXO", 32, &[(1, code), (33, "")])),
        ("RDE^O11^RDE_O11", nulls("RXE", 40, &[(2, code)])),
        ("RGV^O15^RGV_O15", nulls("RXG", 27, &[(1, "1"), (4, code)])),
        ("RAS^O17^RAS_O17", nulls("RXA", 27, &[(1, "0"), (2, "1"), (3, "20261103"), (5, code)])),
        ("VXU^V04^VXU_V04", nulls("RXA", 27, &[(1, "0"), (2, "1"), (3, "20261103"), (5, code)])),
    ] {
        let text = message(kind, &[ORC, &segment, &rxr]);
        let conversion = convert(text.as_bytes(), &options).unwrap();
        let report = conversion.report("test", 0);
        assert!(report.unmapped.is_empty(), "{kind}: {:?}", report.unmapped);
        assert!(!deleted(&conversion).contains(&"status"), "{kind}: FHIR demands it");
    }
}

#[test]
fn a_null_of_a_document_deletes_its_element() {
    let options = options();
    let txa = "TXA|1|DS|TX|\"\"|\"\"||||\"\"|||D1^DMS||||\"\"|AU|\"\"|\"\"";
    let text = message("MDM^T08^MDM_T02", &[txa, "OBX|1|TX|||Regel een"]);
    let conversion = convert(text.as_bytes(), &options).unwrap();
    assert!(conversion.report("test", 0).unmapped.is_empty(), "{:?}", conversion.report("test", 0).unmapped);
    assert_eq!(deleted(&conversion), ["author", "context.period", "securityLabel"]);
}
