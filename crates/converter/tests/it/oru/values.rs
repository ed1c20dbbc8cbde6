//! What becomes of one result: value, state, unit, circumstances.

use serde_json::{Value, json};
use zorgsluis_converter::convert;

use super::{OBR, message, observation};
use crate::support::{of_kind, options, run};

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
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let all = found["extension"].as_array().unwrap();
    let further = all.iter().find(|one| one["url"].as_str().unwrap().ends_with("/v2-further-device"));
    assert!(further.is_some(), "FHIR has one device, and the other is not lost");
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
fn a_null_value_is_a_deletion() {
    let text = message(&[OBR, "OBX|1|NM|A^a^L||\"\"||\"\"|\"\"|||F"]);
    let options = options();
    let conversion = convert(text.as_bytes(), &options).unwrap();
    let paths: Vec<&str> = conversion.deletions.iter().map(|deletion| deletion.path).collect();
    assert_eq!(paths, ["value", "referenceRange", "interpretation"]);
}
