//! OML, OUL and their groups: specimens first or last, requests before or behind their orders, segments in
//! places where the standard does not have them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zorgsluis_converter::convert;

use crate::support::{of_kind, options, run};

const SPM: &str = "SPM|1|^M1&LABSYS||SER^Serum^HL70487|||||||P|2^mL";
const SPM_2: &str = "SPM|2|^M2&LABSYS||PLAS^Plasma^HL70487";
const SAC: &str = "SAC|||C1^LABSYS";
const ORC: &str = "ORC|NW|P1^ZIS|F1^LABSYS||||||20261103070000";
const OBR: &str =
    "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli|||20261103081500|||||||||||||||20261103091200||LAB|F";
const K: &str = "OBX|1|NM|K^kalium^99zli||4.1|mmol/L|||||F|||20261103081500";
const NA: &str = "OBX|2|NM|NA^natrium^99zli||140|mmol/L|||||F|||20261103081500";
const NOTE: &str = "NTE|1|L|Beoordeeld door de analist.";

fn message(event: &str, segments: &[&str]) -> String {
    let head = format!(
        "MSH|^~\\&|LABSYS|LINDE|||20261103091600+0100||{event}|T1|P|2.5.1|||||NLD|UNICODE UTF-8\r\
         PID|1||1000001^^^LINDE^PI\rPV1|1|I|||||||||||||||||V1^^^LINDE^VN\r"
    );
    format!("{head}{}\r", segments.join("\r"))
}

/// The ids of what is about the patient, by type.
fn ids(bundle: &Value) -> BTreeMap<&'static str, Vec<String>> {
    ["ServiceRequest", "Task", "DiagnosticReport", "Observation", "Specimen"]
        .into_iter()
        .map(|kind| {
            let mut ids: Vec<String> =
                of_kind(bundle, kind).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            (kind, ids)
        })
        .collect()
}

fn urn(resource: &Value) -> String {
    format!("urn:uuid:{}", resource["id"].as_str().unwrap())
}

/// All of these orders of segments give the same resources under the same ids, and leave nothing out.
fn all_the_same(event: &str, orders: &[&[&str]]) -> Value {
    let mut first: Option<Value> = None;
    for order in orders {
        let (bundle, report) = run(message(event, order).as_bytes());
        assert!(report.unmapped.is_empty(), "{event} {order:?}: {:?}", report.unmapped);
        let expected = first.get_or_insert_with(|| bundle.clone());
        assert_eq!(ids(&bundle), ids(expected), "{event} {order:?}");
        for observation in of_kind(&bundle, "Observation") {
            assert!(observation["specimen"]["reference"].is_string(), "{event} {order:?}");
        }
    }
    first.unwrap()
}

#[test]
fn results_of_a_specimen_meet_it_wherever_they_stand() {
    for event in ["OUL^R21^OUL_R21", "OUL^R22^OUL_R22", "OUL^R23^OUL_R23"] {
        let re = "ORC|RE|P1^ZIS|F1^LABSYS";
        let bundle = all_the_same(
            event,
            &[
                &[SPM, SAC, OBR, re, K, NA, NOTE],
                &[SPM, SAC, re, OBR, K, NA, NOTE],
                &[SPM, OBR, re, K, NOTE, NA, SAC],
            ],
        );
        assert_eq!(of_kind(&bundle, "DiagnosticReport").len(), 1, "{event}");
        assert_eq!(of_kind(&bundle, "Specimen").len(), 1, "{event}");
    }
}

#[test]
fn results_by_order_take_their_specimen_before_between_and_behind() {
    let re = "ORC|RE|P1^ZIS|F1^LABSYS";
    let bundle = all_the_same(
        "OUL^R24^OUL_R24",
        &[
            &[OBR, re, NOTE, SPM, SAC, K, NA],
            &[OBR, re, K, NA, NOTE, SPM, SAC],
            &[re, OBR, SPM, SAC, K, NOTE, NA],
            &[SPM, SAC, OBR, re, K, NA, NOTE],
        ],
    );
    let report = of_kind(&bundle, "DiagnosticReport").remove(0);
    assert_eq!(report["result"].as_array().unwrap().len(), 2);
    assert_eq!(report["specimen"][0]["reference"], urn(&of_kind(&bundle, "Specimen")[0]).as_str());
}

#[test]
fn results_before_their_request_are_of_the_order_that_was_begun() {
    let re = "ORC|RE|P1^ZIS|F1^LABSYS";
    let (bundle, report) = run(message("ORU^R01^ORU_R01", &[re, K, OBR, NA]).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert_eq!(of_kind(&bundle, "Observation").len(), 2);
    assert_eq!(of_kind(&bundle, "ServiceRequest").len(), 1);
}

#[test]
fn several_specimens_each_with_its_orders() {
    for event in ["OML^O33^OML_O33", "OML^O35^OML_O35"] {
        let second = ("ORC|NW|P2^ZIS|||||||20261103070000", "OBR|2|P2^ZIS||STOL^stolling^99zli");
        let segments = [SPM, SAC, ORC, "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli", SPM_2, second.0, second.1];
        let (bundle, report) = run(message(event, &segments).as_bytes());
        assert!(report.unmapped.is_empty(), "{event}: {:?}", report.unmapped);
        let specimens = of_kind(&bundle, "Specimen");
        let requests = of_kind(&bundle, "ServiceRequest");
        assert_eq!((specimens.len(), requests.len()), (2, 2), "{event}");
        for (number, filler) in [("P1", "M1"), ("P2", "M2")] {
            let of = |all: &[Value], number: &str| {
                all.iter().find(|one| one["identifier"].to_string().contains(number)).unwrap().clone()
            };
            let (request, specimen) = (of(&requests, number), of(&specimens, filler));
            assert_eq!(request["specimen"], json!([{ "reference": urn(&specimen) }]), "{event} {number}");
        }
    }
}

#[test]
fn several_specimens_of_one_order_each_with_its_results() {
    let re = "ORC|RE|P1^ZIS|F1^LABSYS";
    let (bundle, report) = run(message("OUL^R24^OUL_R24", &[OBR, re, SPM, K, SPM_2, NA]).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let specimens = of_kind(&bundle, "Specimen");
    let observations = of_kind(&bundle, "Observation");
    for (nth, specimen) in specimens.iter().enumerate() {
        assert_eq!(observations[nth]["specimen"]["reference"], urn(specimen).as_str());
    }
    assert_eq!((specimens.len(), observations.len()), (2, 2));
}

#[test]
fn earlier_results_behind_an_order_are_reports_of_their_own() {
    let earlier = "OBR|1|P0^ZIS|F0^LABSYS|CHEM^Chemie^99zli|||20261001|||||||||||||||20261001||LAB|F";
    let order = "OBR|1|P1^ZIS||CHEM^Chemie^99zli";
    for prior in [vec!["ORC|PR|P0^ZIS|F0^LABSYS", earlier, K, NA, NOTE], vec![earlier, K, NOTE, NA]] {
        let segments: Vec<&str> = [ORC, order, SPM].into_iter().chain(prior).collect();
        let (bundle, report) = run(message("OML^O21^OML_O21", &segments).as_bytes());
        assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
        let prior = of_kind(&bundle, "DiagnosticReport").remove(0);
        assert_eq!(prior["result"].as_array().unwrap().len(), 2);
        let requests = of_kind(&bundle, "ServiceRequest");
        let order = requests.iter().find(|one| one["identifier"].to_string().contains("P1")).unwrap();
        let told = order["supportingInfo"].to_string();
        assert!(told.contains(&urn(&prior)), "{told}");
    }
}

#[test]
fn what_else_hangs_on_an_order_is_kept() {
    let segments = [
        ORC,
        "TQ1|1||||||||R",
        "TQ2|1|S|P0^ZIS|||EF",
        OBR,
        "CTD|RP^contact^HL70131|Bos^Anna|||^WPN^PH^^^^5551234",
        "CTI|STUDIE-7^LINDE|F1^fase 1^99zli",
        "OBX|1|NM|GEWICHT^gewicht^99zda||84|kg|||||F",
        "NTE|1|P|Nuchter.",
        "BLG|D",
    ];
    let (bundle, report) = run(message("OML^O21^OML_O21", &segments).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let billing: Vec<String> =
        report.ignored.iter().map(|one| one.at.0.to_string()).filter(|at| at.starts_with("BLG")).collect();
    assert_eq!(billing, ["BLG[1]-1[1].1"], "left out with a reason");
    let request = of_kind(&bundle, "ServiceRequest").remove(0);
    let told = request["extension"].to_string();
    for part in ["v2-order-relation", "v2-contact", "workflow-researchStudy"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn the_same_order_twice_is_one_with_both_codes() {
    let segments = [ORC, OBR, "ORC|SC|P1^ZIS|F1^LABSYS||IP", OBR];
    let (bundle, report) = run(message("OML^O21^OML_O21", &segments).as_bytes());
    assert!(
        report.unmapped.iter().all(|one| !one.at.0.to_string().ends_with("-1[1].1")),
        "{:?}",
        report.unmapped
    );
    assert_eq!(of_kind(&bundle, "ServiceRequest").len(), 1);
    let codes: Vec<Value> = of_kind(&bundle, "Task").remove(0)["businessStatus"]["coding"]
        .as_array()
        .unwrap()
        .iter()
        .map(|coding| coding["code"].clone())
        .collect();
    assert_eq!(codes, [json!("NW"), json!("SC")]);
}

#[test]
fn an_order_without_a_person_or_organisation_keeps_their_addresses() {
    let orc = "ORC|NW|P1^ZIS|F1^LABSYS||CM^klaar^99zli||||20261103070000|||||||||||||Lindelaan 1^^Utrecht~Lindelaan 2^^Utrecht|^WPN^PH^^^^5551234|Kade 2^^Utrecht";
    let (bundle, report) = run(message("OML^O21^OML_O21", &[orc, OBR]).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let request = of_kind(&bundle, "ServiceRequest").remove(0).to_string();
    for said in ["Lindelaan 1", "Lindelaan 2", "5551234", "Kade 2", "klaar"] {
        assert!(request.contains(said), "{said} in {request}");
    }
}

#[test]
fn a_service_under_the_order_of_a_medicine_is_an_order_too() {
    let segments = [
        ORC,
        "OBR|1|||NUCH^nuchter prikken^99zli",
        "RXO|PAR^paracetamol^99zli||||tab",
        "TQ2|1|S|P0^ZIS",
        "CTD|RP^contact^HL70131|Bos^Anna",
        "CTI|STUDIE-7^LINDE",
        SPM,
    ];
    let (bundle, report) = run(message("ORM^O01^ORM_O01", &segments).as_bytes());
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert_eq!(of_kind(&bundle, "ServiceRequest")[0]["code"]["coding"][0]["code"], "NUCH");
    let medicine = of_kind(&bundle, "MedicationRequest").remove(0);
    let told = medicine["extension"].to_string();
    for part in ["v2-order-relation", "v2-contact", "workflow-researchStudy"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let specimen = urn(&of_kind(&bundle, "Specimen")[0]);
    assert_eq!(medicine["supportingInformation"], json!([{ "reference": specimen }]));
}

/// `""` deletes: the element that the field would fill is named, or what it stands in is replaced as a whole.
#[test]
fn a_null_in_an_order_a_request_or_a_specimen_is_understood() {
    let populated = |name: &str, fields: usize| format!("{name}|{}", vec!["\"\""; fields].join("|"));
    let options = options();
    for (name, fields) in [("ORC", 38), ("OBR", 54), ("SPM", 35), ("SAC", 49), ("OBX", 33)] {
        let nulls: Vec<String> = populated(name, fields).split('|').map(str::to_owned).collect();
        let known = match name {
            "ORC" => ORC,
            "OBR" => OBR,
            "SPM" => SPM,
            "SAC" => SAC,
            _ => K,
        };
        let mut merged: Vec<String> = known.split('|').map(str::to_owned).collect();
        for (nth, null) in nulls.into_iter().enumerate() {
            match merged.get_mut(nth) {
                Some(field) if field.is_empty() => *field = null,
                Some(_) => {}
                None => merged.push(null),
            }
        }
        let own = merged.join("|");
        let segments: Vec<&str> = [ORC, OBR, K, SPM, SAC]
            .into_iter()
            .map(|one| if one == known { own.as_str() } else { one })
            .collect();
        let text = message("ORU^R01^ORU_R01", &segments);
        let conversion = convert(text.as_bytes(), &options).unwrap();
        let report = conversion.report("test", 0);
        assert!(report.unmapped.is_empty(), "{name}: {:?}", report.unmapped);
    }
}

#[test]
fn who_is_unlinked_from_an_order_did_not_order_it() {
    for action in ["DE", "UN"] {
        let gone = format!("PRT||{action}||OP^rol^HL70912|1234^Smit^Jan");
        let (bundle, report) = run(message("OML^O21^OML_O21", &[ORC, OBR, &gone]).as_bytes());
        assert!(report.unmapped.is_empty(), "{action}: {:?}", report.unmapped);
        assert_eq!(of_kind(&bundle, "ServiceRequest")[0].get("requester"), None, "{action}");
        let (part, at) = (&of_kind(&bundle, "ServiceRequest")[0], "2026-11-03T09:16:00+01:00");
        assert!(part.to_string().contains(&format!("\"end\":\"{at}\"")), "{action}: {part}");
    }
}

#[test]
fn the_text_of_an_unreadable_time_beside_another_is_named() {
    let named = |url: &str, value: &Value| {
        let parts = value["extension"].as_array().into_iter().flatten();
        let said = parts.filter(|one| one["url"].as_str().unwrap().ends_with(url));
        said.map(|one| one["extension"][0].clone()).next()
    };
    let text = |text: &str| {
        let url = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-original-text";
        json!([{ "url": url, "valueString": text }])
    };
    let spm = "SPM|1|^M1&LABSYS||SER^Serum^HL70487||||||||||||||20261103080000";
    let order = "OBR|1|P1^ZIS|F1^LABSYS|CHEM^Chemie^99zli||||||||||onleesbaar";
    let (bundle, _) = run(message("OML^O21^OML_O21", &[ORC, order, spm]).as_bytes());
    let told = named("v2-order-specimen", &of_kind(&bundle, "Specimen")[0]).unwrap();
    assert_eq!((&told["url"], &told["extension"]), (&json!("received"), &text("onleesbaar")));

    let device = |made: &str| format!("PRT|1|AD||EQUIP^apparaat^HL70912||||||METER-1^LINDE|||||||{made}");
    for order in [["20260101", "ooit"], ["ooit", "20260101"]] {
        let [one, two] = order.map(device);
        let (bundle, _) = run(message("ORU^R01^ORU_R01", &[OBR, K, &one, NA, &two]).as_bytes());
        let device = &of_kind(&bundle, "Device")[0];
        assert_eq!(device["manufactureDate"], "2026-01-01", "{order:?}");
        let told = named("v2-further-device-detail", device).unwrap();
        assert_eq!((&told["url"], &told["extension"]), (&json!("manufactureDate"), &text("ooit")));
    }
}

#[test]
fn a_patient_who_is_restricted_where_he_is_named_again_is_restricted_once() {
    let restricted = "ARV|1|A|DEM^Demographics^HL70717";
    let again = "PID|1||1000001^^^LINDE^PI";
    for labelled in [[restricted, NOTE], [NOTE, restricted], [restricted, restricted]] {
        let text = format!(
            "MSH|^~\\&|ZIS|LINDE|||20261103091600+0100||ADT^A40^ADT_A39|T1|P|2.8\r{again}\r{}\r\
             MRG|5^^^LINDE^PI\r{again}\r{}\rMRG|6^^^LINDE^PI\r",
            labelled[0], labelled[1]
        );
        let (bundle, _) = run(text.as_bytes());
        let patients = of_kind(&bundle, "Patient");
        let labels = patients.iter().filter_map(|one| one["meta"]["security"].as_array());
        let codes: Vec<_> = labels.flatten().map(|label| label["code"].clone()).collect();
        assert_eq!(codes, ["R"], "{labelled:?}");
    }
}
