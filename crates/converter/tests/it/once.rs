//! What a message says twice, or of several at once: nothing is told twice, and nothing of it is lost.

use serde_json::Value;
use zorgsluis_converter::convert;

use crate::support::{of_kind, options, run};

fn header(kind: &str) -> String {
    format!("MSH|^~\\&|ZIS|LINDE|APO|LINDE|20261105091600+0100||{kind}|T1|P|2.5.1|||||NLD|8859/1\r")
}

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^Johanna||19610412|F";

/// Where a warning of this code stands.
fn warned(text: &str, code: &str) -> Vec<String> {
    let (_, report) = run(text.as_bytes());
    assert_eq!(report.unmapped, [], "{text}");
    report.warnings.iter().filter(|one| one.code == code).map(|one| one.at.to_string()).collect()
}

fn extension<'v>(resource: &'v Value, name: &str) -> Option<&'v Value> {
    resource["extension"].as_array()?.iter().find(|one| one["url"].as_str().unwrap().ends_with(name))
}

#[test]
fn two_fields_of_one_element_contradict_once() {
    let with = |twin: &str, order: &str, died: &str, dead: &str| {
        format!("{PID}{}{twin}|{order}||||{died}|{dead}\r", "|".repeat(16))
    };
    let text = format!(
        "{}{}MRG|1000008^^^LINDE^PI\r{}MRG|1000009^^^LINDE^PI\r",
        header("ADT^A40^ADT_A39"),
        with("Y", "1", "20260101", "Y"),
        with("Y", "2", "20260102", "Y")
    );
    let options = options();
    let conversion = convert(text.as_bytes(), &options).unwrap();
    let twice = conversion.warnings.iter().filter(|one| one.code == "conflicting-repetition");
    let twice: Vec<String> = twice.map(|one| one.at.to_string()).collect();
    assert_eq!(twice, ["PID[2]-24", "PID[2]-29"]);
    // All that is not in the Bundle is told.
    let report = conversion.report("test", 0);
    let told: Vec<String> = report.unmapped.iter().map(|one| one.at.0.to_string()).collect();
    for field in ["PID[2]-24", "PID[2]-25", "PID[2]-29", "PID[2]-30"] {
        assert!(told.iter().any(|place| place.starts_with(field)), "{field}: {told:?}");
    }
}

#[test]
fn what_somebody_did_in_a_vaccination_stands_once() {
    for (kind, of) in [("VXU^V04^VXU_V04", "Immunization"), ("RAS^O17^RAS_O17", "MedicationAdministration")] {
        let text = format!(
            "{}{PID}\rORC|RE|P1^ZIS|F1^APO\rRXA|0|1|20261105||20^DTaP^CVX|1\r\
             PRT||AD||AP^toediener^HL70912|01004567^de Wit^A^^^^^^VEKTIS\r",
            header(kind)
        );
        let (bundle, report) = run(text.as_bytes());
        assert_eq!(report.unmapped, [], "{kind}");
        let given = &of_kind(&bundle, of)[0];
        let performer = given["performer"].as_array().unwrap().last().unwrap();
        assert_eq!(performer["function"]["coding"][0]["code"], "AP");
        assert_eq!(performer["actor"].get("extension"), None, "{performer}");
    }
}

#[test]
fn lists_of_one_patient_in_two_groups_are_one_list() {
    let allergy = |code: &str| format!("AL1|1|DA|{code}^stof^L|SV\r");
    let group = |more: &str, old: &str| format!("{PID}\r{more}MRG|{old}^^^LINDE^PI\r");
    let head = header("ADT^A40^ADT_A39");
    let options = options();
    let listed = |text: &str| {
        let conversion = convert(text.as_bytes(), &options).unwrap();
        let sets: Vec<usize> = conversion
            .snapshots
            .iter()
            .filter(|set| set.kind == "AllergyIntolerance")
            .map(|set| set.ids.len())
            .collect();
        sets
    };
    let both = head.clone() + &group(&allergy("A"), "8") + &group(&(allergy("A") + &allergy("B")), "9");
    assert_eq!(listed(&both), [2]);
    // What one of them does not know in full, nobody knows in full.
    let partly = head + &group(&allergy("A"), "8") + &group("AL1|1|DA||SV\r", "9");
    assert_eq!(listed(&partly), [0; 0]);
}

#[test]
fn a_charge_behind_two_visits_is_one_by_its_number_and_two_without() {
    let visit = |number: &str| format!("PV1|1|O|C3^12^1^LINDE||||||||||||||||{number}^^^LINDE^VN\r");
    let charge = |number: &str| format!("FT1|1|{number}||20261105||CG|190205^Consult^99ZIS|||1\r");
    let charges = |number: &str| {
        let (one, other) = (visit("V1"), visit("V2"));
        let text = format!("{}{PID}\r{one}{}{other}{}", header("DFT^P03"), charge(number), charge(number));
        let (bundle, report) = run(text.as_bytes());
        assert_eq!(report.unmapped, [], "{text}");
        of_kind(&bundle, "ChargeItem")
    };
    let numbered = charges("T1^ZIS");
    assert_eq!(numbered.len(), 1);
    let further = extension(&numbered[0], "v2-ft1-further-visit").unwrap();
    assert_ne!(further["valueReference"]["reference"], numbered[0]["context"]["reference"]);
    assert!(further["valueReference"]["reference"].is_string());
    let without = charges("");
    assert_eq!(without.len(), 2, "what is charged for two visits is charged twice");
    assert_ne!(without[0]["context"], without[1]["context"]);
}

#[test]
fn a_document_in_a_pharmacy_order_is_about_the_prescription() {
    let text = format!(
        "{}{PID}\rORC|NW|P1^EVS|F1^APO\rRXE||13404^PARACETAMOL^PRK|1||stuks\r\
         OBX|1|TX|||Let op bij nierfunctiestoornis||||||F||VIP\rTXA|1|CN|TX|20261105||||||||D1^DMS|||||AU\r\
         NTE|1|L|nagekeken\rRXR|PO\r",
        header("RDE^O11^RDE_O11")
    );
    assert_eq!(warned(&text, "order-without-medicine"), [""; 0]);
    let (bundle, _) = run(text.as_bytes());
    let documents = of_kind(&bundle, "DocumentReference");
    let document = documents.iter().find(|one| one["masterIdentifier"]["value"] == "D1").unwrap();
    let prescription = &of_kind(&bundle, "MedicationRequest")[0];
    let about = document["context"]["related"][0]["reference"].as_str().unwrap();
    assert_eq!(about, format!("urn:uuid:{}", prescription["id"].as_str().unwrap()));
    let data = crate::support::text_of(document);
    assert!(data.contains("nierfunctie"), "{document}");
    assert_eq!(extension(document, "v2-access-checks").unwrap()["valueString"], "VIP");
}

#[test]
fn who_takes_back_a_change_of_doctor_says_who_it_was() {
    let text = |doctor: &str| {
        let pv1 = format!("PV1|1|I|C3^12^1^LINDE||||{doctor}||||||||||||V1^^^LINDE^VN\r");
        format!("{}EVN|A55|20261105\r{PID}\r{pv1}", header("ADT^A55^ADT_A54"))
    };
    assert_eq!(warned(&text(""), "no-former-doctor"), ["PV1[1]-7"]);
    assert_eq!(warned(&text("01004567^de Wit^A^^^^^^VEKTIS"), "no-former-doctor"), [""; 0]);
}

#[test]
fn a_date_of_an_order_that_is_none_stands_where_the_date_would() {
    let orm = format!(
        "{}{PID}\rORC|NW|P1^ZIS|||||||gisteren\rOBR|1|P1^ZIS||CHEM^Chemie^99zli||morgen\r",
        header("ORM^O01")
    );
    let rde = format!(
        "{}{PID}\rORC|NW|P1^EVS|||||||gisteren\rRXE||13404^PARACETAMOL^PRK|1||stuks\r",
        header("RDE^O11^RDE_O11")
    );
    let vxu = format!(
        "{}{PID}\rORC|RE|P1^ZIS|F1^APO||||||gisteren\rRXA|0|1|20261105||20^DTaP^CVX|1\r",
        header("VXU^V04^VXU_V04")
    );
    let kept = |element: &Value| element["extension"][0]["valueString"].clone();
    for (text, kind, elements) in [
        (&orm, "ServiceRequest", &[("_authoredOn", "gisteren"), ("_occurrenceDateTime", "morgen")][..]),
        (&rde, "MedicationRequest", &[("_authoredOn", "gisteren")]),
        (&vxu, "Immunization", &[("_recorded", "gisteren")]),
    ] {
        let (bundle, report) = run(text.as_bytes());
        assert_eq!(report.unmapped, [], "{kind}");
        assert!(report.warnings.iter().any(|one| one.code == "invalid-date"), "{kind}");
        let resource = &of_kind(&bundle, kind)[0];
        for (element, meant) in elements {
            assert_eq!(kept(&resource[element]), *meant, "{kind}.{element}");
        }
    }
    // The same order once more, with another word: it stands beside the first.
    let again = orm.clone() + &orm.split("ORC").nth(1).map(|rest| format!("ORC{rest}")).unwrap();
    let (bundle, report) = run(again
        .replace(
            "gisteren\rOBR|1|P1^ZIS||CHEM^Chemie^99zli||morgen\rORC",
            "eerder\rOBR|1|P1^ZIS||CHEM^Chemie^99zli||later\rORC",
        )
        .as_bytes());
    assert_eq!(report.unmapped, []);
    for word in ["eerder", "later", "gisteren", "morgen"] {
        assert!(bundle.to_string().contains(word), "{word}");
    }
    // When something else was done with it stands on its task.
    let changed = orm.replace("ORC|NW", "ORC|XO");
    let (bundle, report) = run(changed.as_bytes());
    assert_eq!(report.unmapped, []);
    assert!(of_kind(&bundle, "Task")[0].to_string().contains("gisteren"));
}

#[test]
fn a_planned_time_stands_where_the_plan_does() {
    let planned = |event: &str, pv1: &str, pv2: &str| {
        let text = format!(
            "{}EVN|{event}|20261105090000|20261106100000\r{PID}\r\
             PV1|1|I|C3^12^1^LINDE||||||||||||||||V1^^^LINDE^VN{pv1}\r{pv2}",
            header(&format!("ADT^{event}"))
        );
        let (bundle, report) = run(text.as_bytes());
        assert_eq!(report.unmapped, [], "{event}");
        (of_kind(&bundle, "Encounter")[0].clone(), of_kind(&bundle, "Provenance")[0].clone())
    };
    let when = "2026-11-06T10:00:00+01:00";
    let beside = |provenance: &Value| extension(provenance, "v2-planned-event-time").is_some();
    let (visit, provenance) = planned("A15", &format!("{}D1^04^2^LINDE", "|".repeat(23)), "");
    let place = visit["location"].as_array().unwrap().iter().find(|one| one["status"] == "planned").unwrap();
    assert_eq!(place["period"]["start"], when);
    assert!(!beside(&provenance));
    for (event, name) in [
        ("A14", "Encounter.plannedStartDate"),
        ("A16", "Encounter.plannedEndDate"),
        ("A21", "v2-expected-return"),
    ] {
        let (visit, provenance) = planned(event, "", "");
        assert_eq!(extension(&visit, name).unwrap()["valueDateTime"], when, "{event}");
        assert!(!beside(&provenance), "{event}");
    }
    // PV2 goes first; another time is kept.
    let (visit, provenance) = planned("A16", "", "PV2|||||||||20261107\r");
    assert_eq!(extension(&visit, "Encounter.plannedEndDate").unwrap()["valueDateTime"], "2026-11-07");
    assert_eq!(extension(&provenance, "v2-planned-event-time").unwrap()["valueDateTime"], when);
    // Any other event has no such place.
    assert!(beside(&planned("A08", "", "").1));
    assert!(beside(&planned("A15", "", "").1), "a transfer to nowhere");
}
