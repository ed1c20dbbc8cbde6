//! Medication orders, what came of them, and vaccinations.

use serde_json::{Value, json};

use crate::support::{of_kind, run};

fn message(kind: &str, segments: &[&str]) -> Vec<u8> {
    let head = format!(
        "MSH|^~\\&|EVS|LINDE|APOTHEEK|LINDE|20261103091600+0100||{kind}|T1|P|2.5.1\r\
         PID|1||1000001^^^LINDE^PI||Bakker&&Bakker^P||19481103|M\r"
    );
    format!("{head}{}\r", segments.join("\r")).into_bytes()
}

fn urn(resource: &Value) -> Value {
    json!(format!("urn:uuid:{}", resource["id"].as_str().unwrap()))
}

const ORC: &str = "ORC|NW|P1^EVS|F1^APO||||||20261103091500+0100";
const RXO: &str = "RXO|13404^PARACETAMOL TABLET 500MG^PRK|1||stuks";
const RXE: &str = "RXE||13404^PARACETAMOL TABLET 500MG^PRK|1||stuks";

#[test]
fn what_a_pharmacy_made_of_an_order_is_based_on_it() {
    let (bundle, report) = run(&message("RDE^O11^RDE_O11", &[ORC, RXO, RXE]));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let requests = of_kind(&bundle, "MedicationRequest");
    let of = |intent: &str| requests.iter().find(|one| one["intent"] == intent).unwrap();
    assert_eq!(of("filler-order")["basedOn"], json!([{ "reference": urn(of("original-order")) }]));
    let medicines: Vec<Value> = of_kind(&bundle, "Medication").iter().map(urn).collect();
    assert_eq!(medicines.len(), 2, "each has a medicine of its own");
    assert!(requests.iter().all(|one| medicines.contains(&one["medicationReference"]["reference"])));
    // The G-Standaard's own system.
    let code = &of_kind(&bundle, "Medication")[0]["code"]["coding"][0];
    assert_eq!(code["system"], "urn:oid:2.16.840.1.113883.2.4.4.10");
}

#[test]
fn a_dose_is_an_instance_of_its_prescription() {
    let rxg = "RXG|1||^^^20261104080000+0100|13404^PARACETAMOL TABLET 500MG^PRK|1||stuks";
    let (bundle, _) = run(&message("RGV^O15^RGV_O15", &[ORC, RXE, rxg, &rxg.replace("RXG|1", "RXG|2")]));
    let requests = of_kind(&bundle, "MedicationRequest");
    let prescription = requests.iter().find(|one| one["intent"] == "filler-order").unwrap();
    let doses: Vec<&Value> = requests.iter().filter(|one| one["intent"] == "instance-order").collect();
    assert_eq!(doses.len(), 2);
    assert!(doses.iter().all(|dose| dose["basedOn"][0]["reference"] == urn(prescription)));
}

#[test]
fn a_dispense_without_its_prescription_names_it_by_number() {
    let rxd = "RXD|1|13404^PARACETAMOL TABLET 500MG^PRK|20261103120000+0100|20|stuks";
    let (bundle, report) = run(&message("RDS^O13^RDS_O13", &[ORC, rxd]));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let dispense = &of_kind(&bundle, "MedicationDispense")[0];
    assert_eq!(dispense["status"], "completed");
    assert_eq!(dispense["authorizingPrescription"][0]["identifier"]["value"], "P1");
    assert!(of_kind(&bundle, "MedicationRequest").is_empty(), "nothing is known of it but the number");
}

#[test]
fn several_substances_given_at_once_share_the_route_behind_them() {
    let rxa = "RXA|0|1|20261103103000+0100||J01CA04^amoxicilline^WC|1|g";
    let other = rxa.replace("J01CA04^amoxicilline", "B05BB01^elektrolyten");
    let (bundle, _) = run(&message("RAS^O17^RAS_O17", &[ORC, rxa, &other, "RXR|IV^Intravenous^HL70162"]));
    let given = of_kind(&bundle, "MedicationAdministration");
    assert_eq!(given.len(), 2);
    assert!(given.iter().all(|one| one["dosage"]["route"]["coding"][0]["code"] == "IVINJ"));
}

#[test]
fn an_order_for_a_medicine_among_other_orders_is_one() {
    let service = "ORC|NW|P2^EVS";
    let obr = "OBR|1|P2^EVS||LAB^Laboratorium^99zda";
    let (bundle, report) = run(&message("ORM^O01^ORM_O01", &[ORC, RXO, service, obr]));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert_eq!(of_kind(&bundle, "MedicationRequest").len(), 1);
    assert_eq!(of_kind(&bundle, "ServiceRequest").len(), 1);
    assert_eq!(of_kind(&bundle, "MedicationRequest")[0]["intent"], "original-order");
}

#[test]
fn the_order_of_segments_changes_no_id() {
    let other = "ORC|NW|P2^EVS|F2^APO";
    let ids = |segments: &[&str]| {
        let (bundle, _) = run(&message("RAS^O17^RAS_O17", segments));
        let mut ids: Vec<Value> =
            of_kind(&bundle, "MedicationAdministration").iter().map(|one| one["id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let (one, two) = ("RXA|0|1|20261103||A^a^99evs|1|g", "RXA|0|1|20261103||B^b^99evs|1|g");
    assert_eq!(ids(&[ORC, one, two, other, one]), ids(&[other, one, ORC, two, one]));
}

const RXA: &str = "RXA|0|1|20261103||207^COVID-19 mRNA^CVX|0.5|mL||00^nieuw^NIP001||||||LOT9";

#[test]
fn what_is_told_about_a_vaccination_stands_where_fhir_has_a_place_for_it() {
    let obx = |n: u32, kind: &str, code: &str, group: u32, value: &str| {
        format!("OBX|{n}|{kind}|{code}^x^LN|{group}|{value}||||||F|||20261103")
    };
    let told = [
        obx(1, "CE", "64994-7", 1, "V01^Not eligible^HL70064"),
        obx(2, "CE", "30956-7", 2, "207^COVID-19^CVX"),
        obx(3, "DT", "29768-9", 2, "20260101"),
        obx(4, "DT", "29769-7", 2, "20261103"),
        obx(5, "CE", "31044-1", 3, "39579001^Anaphylaxis^SCT"),
        obx(6, "NM", "30973-2", 4, "2"),
    ];
    let mut segments = vec![ORC, RXA];
    segments.extend(told.iter().map(String::as_str));
    let (bundle, report) = run(&message("VXU^V04^VXU_V04", &segments));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let given = &of_kind(&bundle, "Immunization")[0];
    assert_eq!(given["programEligibility"][0]["coding"][0]["code"], "V01");
    let sheet = &given["education"][0];
    assert_eq!(
        (&sheet["documentType"], &sheet["publicationDate"], &sheet["presentationDate"]),
        (&json!("COVID-19"), &json!("2026-01-01"), &json!("2026-11-03"))
    );
    assert_eq!(given["protocolApplied"][0]["doseNumberPositiveInt"], 2);
    let observations = of_kind(&bundle, "Observation");
    assert_eq!(observations.len(), told.len());
    assert!(observations.iter().all(|one| one["partOf"][0]["reference"] == urn(given)));
    let reaction = observations.iter().find(|one| one["code"]["coding"][0]["code"] == "31044-1").unwrap();
    assert_eq!(given["reaction"][0]["detail"]["reference"], urn(reaction));
}

#[test]
fn a_vaccination_that_was_refused_historical_or_of_unknown_amount() {
    let one =
        |rxa: &str| of_kind(&run(&message("VXU^V04^VXU_V04", &[ORC, rxa])).0, "Immunization")[0].clone();
    let refused = one(&format!("{RXA}|||PATOBJ^bezwaar^NIP002"));
    assert_eq!(
        (&refused["status"], &refused["statusReason"]["coding"][0]["code"]),
        (&json!("not-done"), &json!("PATOBJ"))
    );
    let told = one(&RXA.replace("00^nieuw", "01^eerder").replace("|0.5|", "|999|"));
    assert_eq!(
        (&told["primarySource"], &told["reportOrigin"]["coding"][0]["code"]),
        (&json!(false), &json!("01"))
    );
    assert_eq!(told["doseQuantity"].get("value"), None, "999 is no dose");
    let none = one("RXA|0|1|20261103||998^no vaccine administered^CVX|999||||||||||||||NA");
    assert_eq!(none["status"], "not-done");
    assert_eq!(one(&format!("{RXA}||||||D"))["status"], "entered-in-error");
}

#[test]
fn a_vaccination_is_known_by_its_number_else_by_vaccine_and_day() {
    let id = |orc: &str, rxa: &str| {
        of_kind(&run(&message("VXU^V04^VXU_V04", &[orc, rxa])).0, "Immunization")[0]["id"].clone()
    };
    let other = RXA.replace("207^COVID-19 mRNA", "208^COVID-19");
    assert_eq!(id("ORC|RE||F7^GGD", RXA), id("ORC|RE||F7^GGD", &other));
    // 9999 says in the United States that there is no number.
    assert_ne!(id("ORC|RE||9999^GGD", RXA), id("ORC|RE||9999^GGD", &other));
    assert_eq!(id("ORC|RE", RXA), id("ORC|RE||9999^GGD", RXA));
}

#[test]
fn a_dose_within_a_time_is_a_rate_where_that_is_certain() {
    let rate = |per: &str| {
        let rxo = format!("RXO|A^B^L|300||mL|||||||||||||{per}");
        let (bundle, report) = run(&message("OMP^O09^OMP_O09", &[ORC, &rxo]));
        assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
        let dose = of_kind(&bundle, "MedicationRequest")[0]["dosageInstruction"][0]["doseAndRate"][0].clone();
        assert_eq!(dose["extension"][0]["valueString"], per, "what was said stands in any case");
        dose["rateRatio"].clone()
    };
    let hours = rate("H4");
    assert_eq!((&hours["numerator"]["value"], &hours["numerator"]["code"]), (&json!(300), &json!("mL")));
    assert_eq!((&hours["denominator"]["value"], &hours["denominator"]["code"]), (&json!(4), &json!("h")));
    assert_eq!(rate("M30")["denominator"]["code"], "min");
    for per in ["H", "1", "h1", "H0", "H-1", "H+1", "H1.5", "T1", "L1", "1 uur", "M99999999999"] {
        assert!(rate(per).is_null(), "{per}");
    }
}

#[test]
fn a_dose_with_a_rate_of_its_own_keeps_that() {
    let rxe = "RXE||A^B^L|1000||mL|||||||||||||||||H1|125|mL/h";
    let (bundle, _) = run(&message("RDE^O11^RDE_O11", &[ORC, rxe]));
    let dose = &of_kind(&bundle, "MedicationRequest")[0]["dosageInstruction"][0]["doseAndRate"][0];
    assert_eq!(dose["rateQuantity"]["value"], 125);
    assert!(dose["rateRatio"].is_null());
}

#[test]
fn a_prescription_says_which_order_it_follows() {
    let tq2 = "TQ2|1|S|P9^EVS|F9^APO|G1^EVS|EE|*|10^min|2|N";
    let (bundle, report) = run(&message("OMP^O09^OMP_O09", &[ORC, tq2, RXO]));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    let extensions = of_kind(&bundle, "MedicationRequest")[0]["extension"].clone();
    let relation = |one: &&Value| one["url"].as_str().unwrap().ends_with("/v2-order-relation");
    assert_eq!(extensions.as_array().unwrap().iter().filter(relation).count(), 1);
}

#[test]
fn the_events_of_version_2_3_are_those_of_today() {
    for (kind, today) in [("RDE^O01", "RDE^O11^RDE_O11"), ("RDS^O01", "RDS^O13^RDS_O13")] {
        let segment = if kind.starts_with("RDE") { RXE } else { "RXD|1|A^B^L|20261103|1|stuks" };
        let made = |kind: &str| of_kind(&run(&message(kind, &[ORC, segment])).0, "Medication");
        assert_eq!(made(kind), made(today));
    }
}

#[test]
fn words_of_a_code_system_are_words() {
    let (bundle, report) = run(&message("VXU^V04^VXU_V04", &["RXA|0|1|20261103||^Gelekoorts^L|0.5|mL"]));
    assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
    assert_eq!(of_kind(&bundle, "Immunization")[0]["vaccineCode"]["text"], "Gelekoorts");
}
