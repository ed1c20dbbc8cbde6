//! Sets of which a message says one member: who cares for the patient, allergies with an action, circumstances and
//! consents, in any order and each delivered twice.

use serde_json::Value;

use super::documents::{mdm, txa};
use super::persons::{ONE, visit};
use super::world::{adt, after_each_order};

const DOCTOR: &str = "01004568^Oudman^K.^^^^^^VEKTIS";

fn rol(action: &str, role: &str, who: &str, more: &str) -> String {
    format!("ROL|R-2^ZIS|{action}|{role}^^HL70443|{who}|{more}")
}

#[tokio::test]
async fn who_leaves_the_team_has_an_end_and_whoever_stays_has_none() {
    let messages = [
        adt("A08", 0, &[ONE, &rol("AD", "TN", DOCTOR, "20261101"), &rol("AD", "CP", DOCTOR, "20261101")]),
        adt("A08", 10, &[ONE, &rol("UP", "TN", DOCTOR, "20261102")]),
        adt("A08", 20, &[ONE, &rol("DE", "TN", DOCTOR, "20261102|20261105")]),
    ];
    let team = after_each_order(&messages).await.one("CareTeam").await;
    let members = team["participant"].as_array().unwrap();
    let of = |role: &str| members.iter().find(|one| one["role"][0]["coding"][0]["code"] == role).unwrap();
    assert_eq!(members.len(), 2, "{team:#}");
    assert_eq!(
        (&of("TN")["period"]["start"], &of("TN")["period"]["end"]),
        (&Value::from("2026-11-02"), &Value::from("2026-11-05"))
    );
    assert_eq!(of("CP")["period"].get("end"), None);
    // And comes back.
    let again = [&messages[1..], &[adt("A08", 30, &[ONE, &rol("AD", "TN", DOCTOR, "20261106")])]].concat();
    let team = after_each_order(&again).await.one("CareTeam").await;
    assert_eq!(team["participant"][0]["period"].get("end"), None);
}

#[tokio::test]
async fn an_allergy_with_an_action_says_nothing_of_the_others() {
    let iam = |action: &str, code: &str, severity: &str| format!("IAM|1|DA|{code}|{severity}||{action}|");
    let (amoxicillin, other) = ("J01CA04^Amoxicilline^ATC", "J01CA05^Iets^ATC");
    let messages = [
        adt("A60", 0, &[ONE, &iam("A", amoxicillin, "SV"), &iam("A", other, "MO")]),
        adt("A60", 10, &[ONE, &iam("U", amoxicillin, "MI")]),
        adt("A60", 20, &[ONE, &iam("D", other, "")]),
    ];
    let allergies = after_each_order(&messages).await.of_type("AllergyIntolerance").await;
    let of = |code: &str| allergies.iter().find(|one| one["code"]["coding"][0]["code"] == code).unwrap();
    assert_eq!(allergies.len(), 2);
    assert_eq!(of("J01CA04")["clinicalStatus"]["coding"][0]["code"], "active");
    assert_eq!(of("J01CA05")["clinicalStatus"]["coding"][0]["code"], "inactive");
    assert!(!of("J01CA04").to_string().contains("\"SV\""), "the later word on how bad it is");
    // Known again later.
    let again = [&messages[1..], &[adt("A60", 30, &[ONE, &iam("A", other, "MO")])]].concat();
    let allergies = after_each_order(&again).await.of_type("AllergyIntolerance").await;
    assert!(allergies.iter().all(|one| one["clinicalStatus"]["coding"][0]["code"] == "active"));
}

#[tokio::test]
async fn the_last_word_on_the_circumstances_of_a_person_stands() {
    let pd1 = |living: &str, donor: &str| format!("PD1||{living}|||||{donor}");
    let messages = [
        adt("A31", 0, &[ONE, &pd1("A", "Y")]),
        adt("A31", 10, &[ONE, &pd1("F", "N")]),
        adt("A31", 20, &[ONE, &pd1("", "")]),
    ];
    let world = after_each_order(&messages).await;
    let patient = world.one("Patient").await.to_string();
    assert!(patient.contains("v2-living-arrangement") && patient.contains("\"F\""), "{patient}");
    let donor = world.one("Observation").await;
    assert!(donor["valueCodeableConcept"].to_string().contains("\"N\""), "{donor:#}");
}

#[tokio::test]
async fn a_consent_has_the_status_that_was_told_last() {
    let con = |status: &str, decided: &str| {
        format!("CON|1|002^Medical procedure^HL70496|||||||||{status}^^HL70498|20261101||{decided}")
    };
    let message = |minute: u32, con: &str| {
        let told = mdm("T02", minute, &txa("B1", "", "AU", "AV"), "Toestemming.");
        told.replace("OBX|1", &format!("{con}\rOBX|1"))
    };
    let messages = [
        message(0, &con("P", "")),
        message(10, &con("A", "20261105093000+0100")),
        message(20, &con("R", "20261105100000+0100")),
    ];
    let consent = after_each_order(&messages).await.one("Consent").await;
    assert_eq!(consent["status"], "rejected", "{consent:#}");
    // What restricts the record (ARV) stands with the patient.
    let arv = |action: &str| format!("ARV|1|{action}^^HL70206|DEM^Persoonsgegevens^HL70717");
    let messages =
        [adt("A31", 0, &[ONE, &arv("A")]), adt("A31", 10, &[ONE]), adt("A01", 20, &[ONE, &visit("V1")])];
    let patient = after_each_order(&messages).await.one("Patient").await;
    assert_eq!(patient["meta"]["security"][0]["code"], "R", "{patient:#}");
}
