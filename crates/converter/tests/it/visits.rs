//! Several visits in one message, and what a registration tells along: appointments, reactions, numbers of before.

use std::path::Path;

use serde_json::Value;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::support::{of_kind, run};

/// A message of `tests/mapping`.
fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The Encounter with this number.
fn visit(bundle: &Value, number: &str) -> Value {
    let mut visits = of_kind(bundle, "Encounter").into_iter();
    visits.find(|visit| visit["identifier"][0]["value"] == number).unwrap()
}

fn reference(resource: &Value) -> String {
    format!("urn:uuid:{}", resource["id"].as_str().unwrap())
}

/// Which visit the only resource of a kind with this code is of.
fn visit_of(bundle: &Value, kind: &str, code: &str) -> Value {
    let coded = |one: &Value| one["code"]["coding"][0]["code"] == code;
    let mut found = of_kind(bundle, kind).into_iter().filter(coded);
    let one = found.next().unwrap();
    assert!(found.next().is_none());
    one["encounter"]["reference"].clone()
}

#[test]
fn each_visit_of_an_account_is_an_encounter_of_its_own() {
    let (bundle, report) = run(example("PV1-visits.hl7").as_bytes());
    let (first, second) = (visit(&bundle, "V471"), visit(&bundle, "V472"));
    assert_eq!(of_kind(&bundle, "Encounter").len(), 2);
    assert_eq!(first["class"]["code"], "IMP");
    assert_eq!(second["class"]["code"], "AMB");
    assert_eq!(second["status"], "finished");
    assert_eq!(second["reasonCode"][0]["coding"][0]["code"], "R5");
    assert!(first["reasonCode"].is_null());
    // The account is of both; its number is of neither of the others.
    assert_eq!(first["account"], second["account"]);
    assert!(second["identifier"].as_array().unwrap().iter().all(|one| one["value"] != "A99"));
    assert_eq!(visit_of(&bundle, "Condition", "I10"), reference(&first));
    assert_eq!(visit_of(&bundle, "Condition", "E11"), reference(&second));
    assert_eq!(visit_of(&bundle, "Procedure", "039613"), reference(&second));
    assert_eq!(visit_of(&bundle, "Observation", "8867-4"), reference(&second));
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn the_diagnoses_of_each_visit_are_a_list_of_their_own() {
    let options = ConvertOptions::demonstration();
    let message = example("PV1-visits.hl7");
    let conversion = convert(message.as_bytes(), &options).unwrap();
    let lists = conversion.snapshots.iter().filter(|one| one.kind == "Condition");
    let lists: Vec<_> = lists.map(|one| (one.encounter.is_some(), one.ids.len())).collect();
    assert_eq!(lists, [(true, 1), (true, 1)]);
    let mut visits: Vec<_> = conversion.snapshots.iter().filter_map(|one| one.encounter).collect();
    visits.dedup();
    assert_eq!(visits.len(), 2);
}

#[test]
fn a_further_visit_without_a_number_is_left_and_takes_nothing_of_the_others() {
    let (bundle, report) = run(example("PV1-visits.hl7").as_bytes());
    assert!(report.warnings.iter().any(|one| one.code == "visit-without-number" && one.at.nth == 3));
    let left: Vec<String> = report.ignored.iter().map(|one| one.at.0.to_string()).collect();
    assert!(
        left.iter().any(|at| at.starts_with("PV1[3]-3")) && left.iter().any(|at| at.starts_with("PV2[2]-3"))
    );
    assert!(!bundle.to_string().contains("onbekend"));
}

#[test]
fn a_visit_that_is_told_of_twice_stands_as_it_was_first_told_of() {
    let (bundle, report) = run(example("PV1-visits.hl7").as_bytes());
    assert_eq!(visit(&bundle, "V471")["status"], "in-progress");
    let again = report.ignored.iter().filter(|one| one.at.0.to_string().starts_with("PV1[4]"));
    assert!(again.clone().count() > 4 && again.clone().all(|one| !one.why.is_empty()));
}

/// Each segment stands behind a visit of its own: V1, V2, and one without a number.
fn of_three_visits(event: &str, segment: impl Fn(usize) -> String) -> Value {
    let visits = ["V1^^^LINDE^VN", "V2^^^LINDE^VN", ""];
    let parts = visits
        .iter()
        .enumerate()
        .map(|(nth, number)| format!("PV1|{nth}|O|POLI||||||||||||||||{number}\r{}\r", segment(nth)));
    let header = format!("MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||{event}|1|P|2.5.1\rEVN||20260102\r");
    run((header + "PID|1||7393670^^^ZIS^PI\r" + &parts.collect::<String>()).as_bytes()).0
}

/// What each resource of a kind says of the visit.
fn visits_of(bundle: &Value, kind: &str, element: &str) -> Vec<Value> {
    of_kind(bundle, kind).iter().map(|one| one[element]["reference"].clone()).collect()
}

#[test]
fn a_charge_is_of_the_visit_that_it_is_told_with() {
    let bundle = of_three_visits("DFT^P03", |n| {
        format!("FT1|{n}|T{n}||2026||CG|C{n}^X\rDG1|1||I{n}^ziekte^I10\rPR1|1||P{n}^verrichting^L||202601")
    });
    let visits: [Value; 3] =
        [reference(&visit(&bundle, "V1")).into(), reference(&visit(&bundle, "V2")).into(), Value::Null];
    assert_eq!(visits_of(&bundle, "ChargeItem", "context"), visits);
    for charge in of_kind(&bundle, "ChargeItem") {
        assert_eq!(charge["supportingInformation"].as_array().map(Vec::len), Some(1), "{charge:#}");
    }
    // A diagnosis of another visit is no reason for the charge.
    let bundle = of_three_visits("DFT^P03", |n| {
        ["FT1|1|T1||2026||CG|C^X", "DG1|1||I10^ziekte^I10", "PR1|1||P^verrichting^L||202601"][n].to_owned()
    });
    let charge = &of_kind(&bundle, "ChargeItem")[0];
    assert!(charge["supportingInformation"].is_null() && charge["service"].is_null(), "{charge:#}");
    assert_eq!(visit_of(&bundle, "Condition", "I10"), reference(&visit(&bundle, "V2")));
}

#[test]
fn a_problem_and_a_referral_are_of_the_visit_that_they_are_told_with() {
    let bundle = of_three_visits("ADT^A08", |n| {
        format!("PRB|AD|20260102|P{n}^klacht^L|PR{n}^ZIS\rRF1|A|R|MED||O|VW{n}^LINDE|20261110")
    });
    let visits: [Value; 3] =
        [reference(&visit(&bundle, "V1")).into(), reference(&visit(&bundle, "V2")).into(), Value::Null];
    assert_eq!(visits_of(&bundle, "Condition", "encounter"), visits);
    assert_eq!(visits_of(&bundle, "ServiceRequest", "encounter"), visits);
}

#[test]
fn an_earlier_visit_has_its_own_state_and_not_the_one_of_the_message() {
    let (bundle, report) = run(example("PV1-prior.hl7").as_bytes());
    assert_eq!(visit(&bundle, "V471")["status"], "in-progress");
    assert_eq!(visit(&bundle, "V472")["status"], "finished");
    assert_eq!(visit(&bundle, "V472")["reasonCode"][0]["coding"][0]["code"], "R5");
    assert!(visit(&bundle, "V471")["reasonCode"].is_null());
    let open = visit(&bundle, "V473");
    assert_eq!(open["status"], "unknown");
    assert!(open["location"][0]["status"].is_null());
    assert_eq!(visit(&bundle, "V472")["participant"].as_array().unwrap().len(), 2);
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn earlier_results_are_of_the_visit_that_they_are_told_with() {
    let (bundle, _) = run(example("PV1-prior.hl7").as_bytes());
    assert_eq!(visit_of(&bundle, "Observation", "2345-7"), reference(&visit(&bundle, "V472")));
    assert_eq!(of_kind(&bundle, "AllergyIntolerance").len(), 1);
    // The orders of the message are of its own visit, one behind an earlier visit is of that.
    let order = |number: &str| {
        let mut orders = of_kind(&bundle, "ServiceRequest").into_iter();
        orders.find(|one| one["identifier"][0]["value"] == number).unwrap()["encounter"]["reference"].clone()
    };
    assert_eq!(order("A1"), reference(&visit(&bundle, "V471")));
    assert_eq!(order("A2"), reference(&visit(&bundle, "V471")));
    assert_eq!(order("A3"), reference(&visit(&bundle, "V473")));
}

#[test]
fn a_reaction_is_of_the_allergy_before_it() {
    let (bundle, report) = run(example("IAR.hl7").as_bytes());
    let allergy = &of_kind(&bundle, "AllergyIntolerance")[0];
    let reactions = allergy["reaction"].as_array().unwrap();
    assert_eq!(reactions.len(), 3);
    assert_eq!(reactions[0]["manifestation"][0]["coding"][0]["code"], "247472004");
    assert_eq!(reactions[0]["severity"], "mild");
    assert_eq!(reactions[0]["note"][0]["text"], "Antihistaminicum gegeven");
    assert_eq!(reactions[1]["severity"], "moderate");
    // FHIR demands what happened.
    assert_eq!(reactions[2]["manifestation"][0]["extension"][0]["valueCode"], "unknown");
    assert_eq!(allergy["note"][0]["text"], "Na een kuur");
    assert!(of_kind(&bundle, "DocumentReference").is_empty());
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn a_reaction_to_nothing_is_left() {
    let message = example("IAR.hl7");
    let message: String =
        message.lines().filter(|line| !line.starts_with("IAM")).map(|line| format!("{line}\r")).collect();
    let (bundle, report) = run(message.as_bytes());
    assert!(of_kind(&bundle, "AllergyIntolerance").is_empty());
    let left = report.ignored.iter().filter(|one| one.at.0.to_string().starts_with("IAR"));
    assert!(left.clone().count() > 8 && left.clone().all(|one| one.why.contains("no IAM")));
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn an_appointment_that_a_registration_tells_along_is_an_appointment() {
    let (bundle, report) = run(example("SCH-registration.hl7").as_bytes());
    let appointment = &of_kind(&bundle, "Appointment")[0];
    assert_eq!(appointment["start"], "2026-01-10T09:30:00+01:00");
    assert_eq!(appointment["serviceType"][0]["coding"][0]["code"], "76164006");
    let patient = reference(&of_kind(&bundle, "Patient")[0]);
    let participants = appointment["participant"].as_array().unwrap();
    assert!(participants.iter().any(|one| one["actor"]["reference"] == patient));
    assert!(participants.len() >= 4);
    assert_eq!(appointment["basedOn"].as_array().unwrap().len(), 1);
    assert_eq!(appointment["comment"], "Nuchter komen\nOver het onderzoek");
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn a_note_behind_a_group_of_resources_is_of_the_appointment_wherever_that_stands() {
    let patient = "PID|1||7393670^^^ZIS^PI\r";
    let (visit, note) = ("PV1|1|I|D1||||||||||||||||V471^^^LINDE^VN\r", "NTE|1||Nuchter komen\r");
    let (sch, room) = ("SCH|A7^HIS|F7^ZIS\r", "AIL|1||055^K1^^LINDE\r");
    for segments in [
        [visit, "RGS|1\r", note, sch, room],
        [visit, sch, room, "RGS|2\r", note],
        [visit, sch, room, "APR|T\r", note],
        [sch, visit, "RGS|1\r", note, room],
    ] {
        let header = "MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||ADT^A08|1|P|2.5.1\r";
        let (bundle, report) = run((header.to_owned() + patient + &segments.concat()).as_bytes());
        assert_eq!(of_kind(&bundle, "Appointment")[0]["comment"], "Nuchter komen", "{segments:?}");
        let lost = report.unmapped.iter().filter(|one| one.at.0.segment == *b"NTE").count();
        assert_eq!(lost, 0, "{segments:?}");
    }
}

#[test]
fn a_resource_of_an_appointment_that_is_not_told_of_is_left() {
    let message = example("SCH-registration.hl7");
    let message: String =
        message.lines().filter(|line| !line.starts_with("SCH")).map(|line| format!("{line}\r")).collect();
    let (bundle, report) = run(message.as_bytes());
    assert!(of_kind(&bundle, "Appointment").is_empty());
    assert!(report.unmapped.iter().all(|one| one.at.0.segment == *b"NTE"), "{report:?}");
    assert!(report.ignored.iter().any(|one| one.at.0.to_string().starts_with("AIL[1]-3")));
}

#[test]
fn the_numbers_from_which_a_patient_came_are_told_and_merge_nothing() {
    let options = ConvertOptions::demonstration();
    let message = example("MRG-3.hl7");
    let conversion = convert(message.as_bytes(), &options).unwrap();
    assert!(conversion.merges.is_empty());
    let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let numbers: Vec<_> =
        of_kind(&bundle, "Account").iter().map(|one| one["identifier"][0]["value"].clone()).collect();
    assert!(numbers.contains(&"A98".into()) && numbers.contains(&"A99".into()));
    assert_eq!(visit(&bundle, "V470")["status"], "unknown");
    assert_eq!(visit(&bundle, "V471")["status"], "in-progress");
    assert_eq!(of_kind(&bundle, "Patient")[0]["name"][1]["use"], "old");
    assert!(conversion.report("test", 0).unmapped.is_empty());
}

#[test]
fn what_stands_behind_the_end_of_a_datatype_is_kept_with_its_place() {
    let message = example("IN1.hl7").replace("|B^basis^99ZIS|", "|B^basis^99ZIS~Z|");
    let message = message.replace("SPO^Spouse^HL70063|19700203|", "SPO^Spouse^HL70063|19700203^^Zuid|");
    let (bundle, report) = run(message.replace('\n', "\r").as_bytes());
    let mut kept = Vec::new();
    for coverage in of_kind(&bundle, "Coverage") {
        for one in coverage["extension"].as_array().unwrap() {
            if one["url"].as_str().unwrap().ends_with("/v2-further-component") {
                kept.push((
                    one["extension"][0]["valueString"].clone(),
                    one["extension"][1]["valueString"].clone(),
                ));
            }
        }
    }
    assert_eq!(kept, [("IN1-15[2].1".into(), "Z".into()), ("IN1-18.3".into(), "Zuid".into())]);
    assert!(report.warnings.iter().filter(|one| one.code == "unexpected-component").count() == 2);
    assert!(report.unmapped.is_empty(), "{report:?}");
}

#[test]
fn an_event_segment_says_when_and_who_in_any_message() {
    let evn = "EVN||20260102101500+0100||02^Spoed^99ZIS|12345^Jansen^J^^^^^^VEKTIS|20260102100000+0100|LINDE";
    let rest = "PID|1||7393670^^^ZIS^PI||de Vries&de&Vries^Anna\rOBR|1||L1^LAB|2345-7^glucose^LN\r\
        OBX|1|NM|2345-7^glucose^LN||5.4|mmol/L|||||F\r";
    // HL7 has EVN in ADT, BAR, DFT and MDM.
    for event in ["ADT^A08", "ORU^R01", "DFT^P03"] {
        let message = format!("MSH|^~\\&|ZIS|LINDE|||20260102101700+0100||{event}|1|P|2.5.1\r{evn}\r{rest}");
        let (bundle, report) = run(message.as_bytes());
        let provenance = &of_kind(&bundle, "Provenance")[0];
        assert_eq!(provenance["recorded"], "2026-01-02T10:15:00+01:00", "{event}");
        assert_eq!(provenance["occurredDateTime"], "2026-01-02T10:00:00+01:00");
        assert_eq!(provenance["reason"][0]["coding"][0]["code"], "02");
        let parts: Vec<_> = provenance["agent"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["type"]["coding"][0]["code"].clone())
            .collect();
        assert!(parts.contains(&"enterer".into()) && parts.contains(&"custodian".into()));
        assert!(report.unmapped.is_empty(), "{report:?}");
    }
}

#[test]
fn an_event_segment_that_names_another_event_is_warned_of_and_msh_decides() {
    let message = |evn: &str| {
        format!(
            "MSH|^~\\&|ZIS|LINDE|||20260102||ADT^A08|1|P|2.5.1\rEVN|{evn}|20260102\rPID|1||7393670^^^ZIS^PI\r"
        )
    };
    let warned = |evn: &str| {
        let report = run(message(evn).as_bytes()).1;
        assert_eq!(report.event.as_deref(), Some("ADT^A08"));
        let mut all = report.warnings.iter();
        all.any(|one| one.code == "contradicts-other-field" && one.at.to_string().starts_with("EVN[1]-1"))
    };
    assert!(warned("A01"));
    assert!(!warned("a08") && !warned(""));
}
