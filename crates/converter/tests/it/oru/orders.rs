//! Results, their orders and what ties them together.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zorgsluis_converter::convert;

use super::{OBR, message};
use crate::support::{of_kind, options, run};

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
