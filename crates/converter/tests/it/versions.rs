//! What old versions of HL7 v2 wrote otherwise.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::support::{of_kind, run};

/// HL7 v2.1: no trigger in MSH-9, PID-2 to 4 are numbers of the patient, a name has no type.
const V21: &str = "MSH|^~\\&|ZIS|HOSP|||19900101103000||ADT|1|P|2.1\rEVN|A01|19900101103000\r\
    PID||99^^^X|123|456|Jansen^Anna^M||19500101|F||||||020-1234567\rPV1||I|3A^12^1||||1234^Smit^J\r";

#[test]
fn a_message_of_version_2_1_is_read_by_its_event_segment_and_loses_nothing() {
    let (bundle, report) = run(V21.as_bytes());
    assert_eq!(report.event.as_deref(), Some("ADT^A01"));
    assert_eq!(report.unmapped, []);
    let patient = &of_kind(&bundle, "Patient")[0];
    let numbers: Vec<_> = patient["identifier"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    for number in ["123", "99", "456"] {
        assert!(numbers.iter().any(|found| *found == number), "{number}: {numbers:?}");
    }
    assert_eq!(patient["name"][0]["family"], "Jansen");
    assert_eq!(patient["telecom"][0]["value"], "020-1234567");
    assert_eq!(of_kind(&bundle, "Encounter")[0]["class"]["code"], "IMP");
}

/// `tests/versions/2.1.hl7` to `2.8.hl7`: the same admission, discharge, change, result and order, in the form of
/// each version. One segment a line, a blank line behind each message.
const VERSIONS: [&str; 9] = ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.6", "2.7", "2.8"];

/// What a version has no place for.
const NOT_SAID: &[(&str, &str, &str)] = &[("2.1", "AllergyIntolerance.", "AL1 came with v2.2")];

/// What the messages mean, element by element. References stand as what they lead to.
const ELEMENTS: &[&str] = &[
    "Patient.identifier.value",
    "Patient.name.family",
    "Patient.name.given",
    "Patient.gender",
    "Patient.birthDate",
    "Patient.address.line",
    "Patient.address.city",
    "Patient.address.postalCode",
    "Patient.address.country",
    "Patient.telecom.value",
    "Patient.telecom.use",
    "Patient.maritalStatus.coding.code",
    "Encounter.identifier.value",
    "Encounter.status",
    "Encounter.class.code",
    "Encounter.type.coding.code",
    "Encounter.serviceType.coding.code",
    "Encounter.subject",
    "Encounter.period.start",
    "Encounter.period.end",
    "Encounter.participant.individual",
    "Encounter.participant.type.coding.code",
    "Encounter.location.location",
    "Encounter.diagnosis.condition",
    "Encounter.diagnosis.use.coding.code",
    "Encounter.hospitalization.dischargeDisposition.coding.code",
    "Practitioner.name.family",
    "Practitioner.name.given",
    "RelatedPerson.patient",
    "RelatedPerson.name.family",
    "RelatedPerson.name.given",
    "RelatedPerson.relationship.coding.code",
    "RelatedPerson.address.city",
    "RelatedPerson.telecom.value",
    "AllergyIntolerance.code.coding.code",
    "AllergyIntolerance.code.coding.display",
    "AllergyIntolerance.category",
    "AllergyIntolerance.criticality",
    "Condition.code.coding.system",
    "Condition.code.coding.code",
    "Condition.onsetDateTime",
    "Condition.encounter",
    "Procedure.code.coding.code",
    "Procedure.performer.actor",
    "Procedure.performedPeriod.start",
    "Procedure.performedPeriod.end",
    "Coverage.payor",
    "Coverage.beneficiary",
    "Coverage.identifier.value",
    "Coverage.subscriberId",
    "Coverage.class.value",
    "Coverage.period.start",
    "DiagnosticReport.identifier.value",
    "DiagnosticReport.status",
    "DiagnosticReport.code.coding.code",
    "DiagnosticReport.effectiveDateTime",
    "DiagnosticReport.issued",
    "DiagnosticReport.resultsInterpreter",
    "DiagnosticReport.result",
    "DiagnosticReport.specimen",
    "Observation.code.coding.code",
    "Observation.valueQuantity.value",
    "Observation.valueQuantity.code",
    "Observation.valueCodeableConcept.coding.code",
    "Observation.valueDateTime",
    "Observation.interpretation.coding.code",
    "Observation.referenceRange.low.value",
    "Observation.effectiveDateTime",
    "Specimen.type.coding.code",
    "Specimen.collection.collectedDateTime",
    "Specimen.receivedTime",
    "ServiceRequest.identifier.value",
    "ServiceRequest.requisition.value",
    "ServiceRequest.basedOn.identifier.value",
    "ServiceRequest.status",
    "ServiceRequest.intent",
    "ServiceRequest.priority",
    "ServiceRequest.code.coding.code",
    "ServiceRequest.requester",
    "ServiceRequest.authoredOn",
    "ServiceRequest.occurrenceTiming.repeat.boundsPeriod.start",
    "ServiceRequest.occurrenceTiming.repeat.period",
    "ServiceRequest.note.text",
    "Provenance.activity.coding.code",
    "MessageHeader.eventCoding.code",
];

fn messages(version: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/versions").join(format!("{version}.hl7"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n\n").map(|message| message.trim().replace('\n', "\r") + "\r").collect()
}

/// What stands at the path, and what a reference leads to.
fn found(bundle: &Value, at: &Value, path: &str) -> Vec<String> {
    match (at, path.split_once('.').unwrap_or((path, ""))) {
        (Value::Array(items), _) => items.iter().flat_map(|item| found(bundle, item, path)).collect(),
        (Value::Object(members), ("", _)) => {
            members.get("reference").map(|to| name(bundle, to)).into_iter().collect()
        }
        (Value::Object(members), (step, rest)) => {
            members.get(step).map(|value| found(bundle, value, rest)).unwrap_or_default()
        }
        (Value::Null, _) => Vec::new(),
        (Value::String(text), _) => vec![text.clone()],
        (other, _) => vec![other.to_string()],
    }
}

/// What a resource is called.
fn name(bundle: &Value, reference: &Value) -> String {
    let entries = bundle["entry"].as_array().unwrap();
    let resource = &entries.iter().find(|entry| entry["fullUrl"] == *reference).unwrap()["resource"];
    let kind = resource["resourceType"].as_str().unwrap();
    let says = match kind {
        "Location" => {
            let above = resource.get("partOf").map(|above| name(bundle, &above["reference"]) + "/");
            return above.unwrap_or_default() + resource["name"].as_str().unwrap();
        }
        "PractitionerRole" => return name(bundle, &resource["practitioner"]["reference"]),
        "Organization" => "name",
        "Observation" | "Condition" | "ServiceRequest" => "code.coding.code",
        "Specimen" => "type.coding.code",
        _ => "identifier.value",
    };
    format!("{kind} {}", found(bundle, resource, says).join(" "))
}

/// The elements of a Bundle, a line each.
fn meaning(bundle: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for path in ELEMENTS {
        let (kind, rest) = path.split_once('.').unwrap();
        for resource in of_kind(bundle, kind) {
            lines.extend(found(bundle, &resource, rest).into_iter().map(|value| format!("{path} = {value}")));
        }
    }
    lines
}

#[test]
fn the_same_visit_in_every_version_means_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/versions/meaning.txt");
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    let expected: Vec<BTreeSet<String>> =
        expected.split("\n\n").map(|part| part.lines().map(str::to_owned).collect()).collect();
    let options = ConvertOptions::demonstration();
    let mut other = Vec::new();
    for version in VERSIONS {
        for (nth, message) in messages(version).iter().enumerate() {
            let conversion = convert(message.as_bytes(), &options).unwrap();
            let bundle: Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
            let event = conversion.report("test", 0);
            let name = event.event.unwrap_or_default();
            other.extend(
                event.unmapped.iter().map(|one| format!("{version} {name}: {} not understood", one.at.0)),
            );
            let meant = meaning(&bundle);
            let known = expected.get(nth).cloned().unwrap_or_default();
            let unsaid =
                |line: &String| NOT_SAID.iter().any(|(of, path, _)| *of == version && line.starts_with(path));
            other.extend(
                known
                    .difference(&meant)
                    .filter(|line| !unsaid(line))
                    .map(|line| format!("{version} {name}: - {line}")),
            );
            other.extend(meant.difference(&known).map(|line| format!("{version} {name}: + {line}")));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
}

fn only(bundle: &Value, kind: &str) -> Value {
    let all = of_kind(bundle, kind);
    assert_eq!(all.len(), 1, "{kind}: {all:?}");
    all[0].clone()
}

fn message(version: &str, kind: &str, segments: &[&str]) -> String {
    let pid = "PID|1||1000001^^^LINDE||de Vries^Johanna||19610412|F";
    let header = format!("MSH|^~\\&|ZIS|LINDE|||19940311150000||{kind}|M1|P|{version}");
    [header.as_str(), pid].iter().chain(segments).map(|segment| format!("{segment}\r")).collect()
}

fn understood(bytes: &str) -> Value {
    let (bundle, report) = run(bytes.as_bytes());
    assert_eq!(report.unmapped, [], "{bytes}");
    bundle
}

#[test]
fn a_point_in_time_is_no_more_exact_than_its_second_component_says() {
    for (sent, meant) in [
        ("19940311143015^Y", "1994"),
        ("19940311143015^L", "1994-03"),
        ("19940311143015^D", "1994-03-11"),
        ("19940311143015^H", "1994-03-11T14:00:00+01:00"),
        ("19940311143015^M", "1994-03-11T14:30:00+01:00"),
        ("19940311143015.25^S", "1994-03-11T14:30:15+01:00"),
        ("19940311^S", "1994-03-11"),
        ("199403111430+0000^d", "1994-03-11"),
        ("19940311143015^", "1994-03-11T14:30:15+01:00"),
    ] {
        let pv1 = format!("PV1|1|I|3A||||||||||||||||500123{}{sent}", "|".repeat(25));
        let bundle = understood(&message("2.2", "ADT^A01", &[&pv1]));
        assert_eq!(only(&bundle, "Encounter")["period"]["start"], meant, "{sent}");
    }
}

#[test]
fn a_letter_behind_a_time_that_is_not_its_precision_is_none() {
    // TQ.6 is the priority, and stands behind the end (TQ.5).
    let orc = "ORC|NW|9001^ZIS|||||1^Q6H^^19940312080000^19940313080000^S";
    let obr = "OBR|1|9001^ZIS||KAL^Kalium^L";
    let request = only(&understood(&message("2.2", "ORM^O01", &[orc, obr])), "ServiceRequest");
    assert_eq!(request["priority"], "stat");
    assert_eq!(request["occurrenceTiming"]["repeat"]["boundsPeriod"]["end"], "1994-03-13T08:00:00+01:00");
    // Within a component TS.2 is a subcomponent.
    let orc = "ORC|NW|9001^ZIS|||||1^Q6H^^19940312080000&D^^S";
    let request = only(&understood(&message("2.2", "ORM^O01", &[orc, obr])), "ServiceRequest");
    assert_eq!(request["occurrenceTiming"]["repeat"]["boundsPeriod"]["start"], "1994-03-12");
    // What is no letter of the table is reported or kept, and changes nothing.
    let message = message(
        "2.2",
        "ADT^A01",
        &["PV1|1|I|3A||||||||||||||||500123|||||||||||||||||||||||||19940311143000^Q"],
    );
    let (bundle, report) = run(message.as_bytes());
    assert_eq!(only(&bundle, "Encounter")["period"]["start"], "1994-03-11T14:30:00+01:00");
    let places = report.unmapped.iter().map(|one| one.at.0).chain(report.ignored.iter().map(|one| one.at.0));
    let reported = places.into_iter().any(|place| place.to_string() == "PV1[1]-44[1].2");
    assert!(reported || bundle.to_string().contains("\"Q\""));
}

#[test]
fn a_birth_date_that_was_filled_up_with_noughts_has_no_hour() {
    let text = message("2.2", "ADT^A01", &["PV1|1|I|3A||||||||||||||||500123"])
        .replace("|19610412|", "|19610412000000^D|");
    let patient = only(&understood(&text), "Patient");
    assert_eq!(patient["birthDate"], "1961-04-12");
    assert!(patient.get("_birthDate").is_none());
}

#[test]
fn who_read_a_result_is_a_composite_that_grew() {
    let obr = |reader: &str| {
        format!("OBR|1|9001^ZIS|7001^LAB|KAL^Kalium^L|||19940311||||||||||||||||||F|||||||{reader}")
    };
    for (version, reader) in [
        // CN; CM with the person and the place in a component each; NDL; XCN, which many send.
        ("2.1", "4321^Vermeer^Karin"),
        ("2.2", "4321&Vermeer&Karin^199403111600^199403111630^3A&12&1&LINDE"),
        ("2.3", "4321&Vermeer&Karin^199403111600^199403111630^3A^12^1^LINDE"),
        ("2.5", "4321&Vermeer&Karin&&&&&&^199403111600^199403111630^3A^12^1^LINDE"),
        ("2.5", "4321^Vermeer^Karin^^^^^^LINDE"),
    ] {
        let bundle =
            understood(&message(version, "ORU^R01", &[&obr(reader), "OBX|1|NM|K^Kalium^L||4.1||||||F"]));
        let report = only(&bundle, "DiagnosticReport");
        let who = name(&bundle, &report["resultsInterpreter"][0]["reference"]);
        assert_eq!(who, "Practitioner 4321", "{reader}");
        assert_eq!(only(&bundle, "Practitioner")["name"][0]["family"], "Vermeer", "{reader}");
    }
}

#[test]
fn a_practitioner_of_version_2_2_stands_before_what_he_is() {
    let pv1 = "PV1|1|I|3A||||||||||||||||500123";
    let pr1 = "PR1|1|L|PCI|Dotteren|199403111530||45|||||8765&Kok&Piet^RS";
    let bundle = understood(&message("2.2", "ADT^A08", &[pv1, pr1]));
    let performer = &only(&bundle, "Procedure")["performer"][0];
    assert_eq!(name(&bundle, &performer["actor"]["reference"]), "Practitioner 8765");
    assert_eq!(performer["function"]["coding"][0]["system"], "http://terminology.hl7.org/CodeSystem/v2-0133");
    assert_eq!(performer["function"]["coding"][0]["code"], "RS");
}

#[test]
fn numbers_names_and_amounts_of_old_versions_lose_nothing() {
    // CK, PN, TN with an extension and a word, a specimen with all parts of its source, an amount without currency,
    // a merge before A40, a message without EVN.
    let pid = "PID|1|E-7^4^M11|1000001^9^M10|ALT-3|Vries^Johanna^M^^Mw.^MD|Jansen|19610412|F|Bakker^Jo||\
        Lindelaan 12^achter^Lindedorp^ZH^1234 AB^NL^H^Oost||(020)123-4567X12CThuis~020-7654321||NL|M|RK|77^1^M10|999-99|RB-1^NL";
    let header =
        |kind: &str, version: &str| format!("MSH|^~\\&|ZIS|LINDE|||19940311150000||{kind}|M1|P|{version}\r");
    let bundle =
        understood(&format!("{}{pid}\rPV1|1|I|3A^12^1||||1234^Smit^Jan^A^MD\r", header("ADT^A01", "2.1")));
    let patient = only(&bundle, "Patient");
    let numbers = found(&bundle, &patient, "identifier.value");
    for number in ["E-7", "1000001", "ALT-3", "999-99", "RB-1"] {
        assert!(numbers.iter().any(|one| one == number), "{number}: {numbers:?}");
    }
    assert_eq!(found(&bundle, &patient, "telecom.value"), ["(020)123-4567X12CThuis", "020-7654321"]);
    assert_eq!(patient["address"][0]["line"][1], "achter");
    assert_eq!(only(&bundle, "Practitioner")["name"][0]["suffix"][0], "MD");

    let obr = "OBR|1|9001^ZIS|7001^LAB|KWEEK^Kweek^L|||19940311||||||||BLD&Bloed&HL70070^EDTA^nuchter^ARM&arm&L^LI&links&L||||||||||F";
    let bundle =
        understood(&message("2.2", "ORU^R01", &[obr, "OBX|1|CN|VERW^Verwijzer^L||1234^Smit^Jan||||||F"]));
    let specimen = only(&bundle, "Specimen");
    assert_eq!(specimen["type"]["coding"][0]["code"], "BLD");
    assert_eq!(specimen["collection"]["bodySite"]["coding"][0]["code"], "ARM");
    assert_eq!(specimen["note"][0]["text"], "nuchter");
    assert_eq!(only(&bundle, "Observation")["valueString"], "1234^Smit^Jan");

    let ft1 = |amount: &str| format!("FT1|1|T-1||19940311|19940311|CG|190205|Verpleegdag|||{amount}");
    for (version, amount, currency) in
        [("2.1", "125.00", Value::Null), ("2.3", "125.00&NLG^UP", Value::from("NLG"))]
    {
        let bundle =
            understood(&message(version, if version == "2.1" { "DFT" } else { "DFT^P03" }, &[&ft1(amount)]));
        let charge = only(&bundle, "ChargeItem");
        let money = charge.to_string();
        assert!(money.contains("125.00"), "{version}: {money}");
        assert_eq!(money.contains("NLG"), !currency.is_null(), "{version}: {money}");
    }
    understood(&format!(
        "{}PID|1||1000001^9^M10^LINDE||Vries^Johanna\rMRG|2000002^3^M10^LINDE|ALT-9\r",
        header("ADT^A34", "2.2")
    ));
}

#[test]
fn the_kind_of_a_message_is_enough_where_it_had_one_event() {
    for (kind, event) in [("ORU", "R01"), ("ORM", "O01"), ("RDE", "O01"), ("DFT", "P03"), ("VXU", "V04")] {
        let text = message("2.1", kind, &["PV1|1|I|3A||||||||||||||||500123"]);
        match convert(text.as_bytes(), &ConvertOptions::demonstration()) {
            Ok(conversion) => {
                let event = Some(format!("{kind}^{event}"));
                assert_eq!(conversion.report("test", 0).event, event);
            }
            // About nothing, which is another matter.
            Err(refusal) => assert_ne!(refusal.code, "unsupported-event", "{kind}"),
        }
    }
    let (text, options) = (message("2.1", "ADT", &[]), ConvertOptions::demonstration());
    assert_eq!(convert(text.as_bytes(), &options).unwrap_err().code, "unsupported-event");
}

/// Before v2.4 all messages about medicines had the event O01.
#[test]
fn the_older_names_of_pharmacy_events_mean_the_same() {
    let order = "ORC|RE|9001^EVS|7001^APO";
    for (kind, event, segments, of) in [
        ("RDE", "O11", &["RXE||13404^PARACETAMOL^PRK|1||stuks"][..], "MedicationRequest"),
        ("RDS", "O13", &["RXD|1|13404^PARACETAMOL^PRK|199403111600|20|stuks"], "MedicationDispense"),
        ("RGV", "O15", &["RXG|1|||13404^PARACETAMOL^PRK|1||stuks"], "MedicationRequest"),
        ("RAS", "O17", &["RXA|0|1|199403111600||13404^PARACETAMOL^PRK|1|stuks"], "MedicationAdministration"),
    ] {
        let segments = [&[order], segments].concat();
        let of_event =
            |event: &str| of_kind(&understood(&message("2.3", &format!("{kind}^{event}"), &segments)), of);
        let older = of_event("O01");
        assert_eq!(older.len(), 1, "{kind}");
        assert_eq!(older, of_event(event), "{kind}");
    }
}

#[test]
fn who_ordered_read_and_gets_a_copy_stands_in_the_same_place_before_and_after_participation_segments() {
    let prt = |role: &str, who: &str| format!("PRT||AD||{role}^rol^HL70912|{who}");
    let obr = "OBR|1|9001^ZIS|7001^LAB|KAL^Kalium^L|||19940311||||||||||||||||||F";
    let bundle = understood(&message(
        "2.8",
        "ORU^R01",
        &[
            obr,
            &prt("OP", "1234^Smit^Jan"),
            &prt("PI", "4321^Vermeer^Karin"),
            &prt("RCT", "7777^Mol^Ria"),
            "PRT||DE||ARI^rol^HL70912|6666^Weg^Wim",
            "OBX|1|NM|K^Kalium^L||4.1||||||F",
        ],
    ));
    let report = only(&bundle, "DiagnosticReport");
    assert_eq!(found(&bundle, &report["resultsInterpreter"], ""), ["Practitioner 4321"]);
    let copies: Vec<_> = report["extension"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["url"].as_str().unwrap().ends_with("v2-result-copies-to"))
        .collect();
    assert_eq!(name(&bundle, &copies[0]["valueReference"]["reference"]), "Practitioner 7777");
    let request = only(&bundle, "ServiceRequest");
    assert_eq!(name(&bundle, &request["requester"]["reference"]), "Practitioner 1234");
}
