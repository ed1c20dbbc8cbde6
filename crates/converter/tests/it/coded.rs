//! Coded values: CWE and its older forms, and the names of code systems.

use serde_json::{Value, json};

use crate::support::{of_kind, run};

fn observed(identifier: &str) -> (Value, Vec<String>) {
    let message = format!(
        "MSH|^~\\&|LAB|HOSP|||20260102103000||ORU^R01^ORU_R01|1|P|2.8\r\
         PID|1||1^^^HOSP^PI\rOBR|1||F1|T^Test^99zz|||20260102\rOBX|1|ST|{identifier}||text||||||F\r"
    );
    let (bundle, report) = run(message.as_bytes());
    let unmapped = report.unmapped.iter().map(|unmapped| unmapped.at.0.to_string()).collect();
    (of_kind(&bundle, "Observation")[0]["code"].clone(), unmapped)
}

#[test]
fn every_component_of_a_cwe_is_kept() {
    let (code, unmapped) = observed(
        "NA^Natrium^99zli^2951-2^Sodium^LN^2.1^2.77^what they wrote^S1^Second^99two^7^\
         1.2.3.4^1.2.3.5^20260101^2.16.840.1.113883.6.1^1.2.3.6^^1.2.3.7^https://example.org/set^5",
    );
    assert_eq!(unmapped, Vec::<String>::new());
    let set = |uri: &str| json!({"url": "http://hl7.org/fhir/StructureDefinition/valueset-reference", "valueUri": uri});
    let name = |text: &str| json!({"url": "https://zorgsluis.github.io/fhir/StructureDefinition/v2-code-system-name", "valueString": text});
    assert_eq!(
        code,
        json!({
            "coding": [
                {"extension": [name("99zli"), set("urn:oid:1.2.3.5|20260101")], "system": "urn:oid:1.2.3.4",
                 "version": "2.1", "code": "NA", "display": "Natrium"},
                {"extension": [set("urn:oid:1.2.3.6")], "system": "http://loinc.org", "version": "2.77",
                 "code": "2951-2", "display": "Sodium"},
                {"extension": [name("99two"), set("https://example.org/set|5")], "system": "urn:oid:1.2.3.7",
                 "version": "7", "code": "S1", "display": "Second"},
            ],
            "text": "what they wrote",
        })
    );
}

#[test]
fn a_code_system_is_known_by_name_oid_and_address() {
    for system in
        ["LN", "ln", "LOINC", "2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1", "http://loinc.org"]
    {
        let (code, unmapped) = observed(&format!("2951-2^Sodium^{system}"));
        assert_eq!(code["coding"][0]["system"], "http://loinc.org", "{system}");
        assert!(unmapped.is_empty() && code["coding"][0].get("extension").is_none(), "{system}");
    }
}

#[test]
fn an_oid_that_contradicts_the_name_is_kept_beside_it() {
    let (code, unmapped) = observed("2951-2^Sodium^LN^^^^^^^^^^^1.2.3.4");
    assert_eq!(unmapped, Vec::<String>::new());
    assert_eq!(code["coding"][0]["system"], "http://loinc.org");
    assert_eq!(code["coding"][0]["extension"][0]["valueString"], "1.2.3.4");
}

#[test]
fn a_code_of_the_hl7_table_in_full_stands_alone_unless_it_says_more() {
    let class = |pv1: &str| {
        let message = format!(
            "MSH|^~\\&|ZIS|HOSP|||20260102103000||ADT^A01^ADT_A01|1|P|2.8\rEVN||20260102103000\r\
             PID|1||1^^^HOSP^PI\rPV1|1|{pv1}|||||||||||||||||V1\r"
        );
        let (bundle, report) = run(message.as_bytes());
        assert!(report.unmapped.is_empty(), "{pv1}");
        of_kind(&bundle, "Encounter")[0]["class"].clone()
    };
    assert_eq!(class("I^^HL70004")["code"], "IMP");
    assert_eq!(class("I^^HL70004").get("extension"), None);
    let more = class("I^inpatient^HL70004^^^^2.9^^^^^^^2.16.840.1.113883.12.4");
    assert_eq!(more["code"], "IMP");
    let original = &more["extension"][0]["valueCodeableConcept"]["coding"][0];
    assert_eq!(original["version"], "2.9");
    assert_eq!(original["system"], "http://terminology.hl7.org/CodeSystem/v2-0004");
}

#[test]
fn a_code_that_only_reads_as_a_number_of_a_consent_is_none() {
    for (code, scope) in [("012", Some("treatment")), ("+12", None), ("12", None)] {
        let message = format!(
            "MSH|^~\\&|DMS|LINDE|||20261112101700+0100||MDM^T02^MDM_T02|1|P|2.6\rEVN|T02|20261112\r\
             PID|1||1^^^LINDE^PI\rTXA|1|DS|TX|20261112||||||||DOC-1^DMS|||||AU\r\
             CON|1|{code}^Procedure^HL70496|||||||||A|L|20261110\rOBX|1|TX|1^T^99zz||Well.||||||F\r"
        );
        let (bundle, _) = run(message.as_bytes());
        let consent = &of_kind(&bundle, "Consent")[0];
        assert_eq!(consent["scope"]["coding"][0]["code"].as_str(), scope, "{code}");
    }
}
