//! Prescriptions, what is dispensed and given on them, and vaccinations, in whatever order they arrive.

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::world::{World, adt, after, assert_same, ends_the_same_in_reverse};

const PID: &str = "PID|1||1000002^^^LINDE^PI~999990032^^^NLMINBIZA^NNNLD||Bakker&&Bakker^P||19481103|M";

/// A message: minute of 5 November 2026 after nine, kind, ORC-1, number, ORC-16, and what follows.
fn rx(minute: u32, kind: &str, control: &str, number: &str, why: &str, more: &[&str]) -> String {
    let at = format!("2026110509{minute:02}00");
    let body = more.iter().map(|segment| format!("{segment}\r")).collect::<String>();
    format!(
        "MSH|^~\\&|ZIS|LINDE|APOTHEEK|LINDE|{at}||{kind}|M{minute}{control}|P|2.5.1|||||NLD|8859/1\r{PID}\r\
         ORC|{control}|{number}^EVS|F{number}^APO||||||{at}|||01004567^de Wit^A^^^^^^VEKTIS||||{why}\r{body}"
    )
}

const OMP: &str = "OMP^O09^OMP_O09";
const RDE: &str = "RDE^O11^RDE_O11";
const RDS: &str = "RDS^O13^RDS_O13";
const RAS: &str = "RAS^O17^RAS_O17";

const RXO: &str = "RXO|13404^PARACETAMOL TABLET 500MG^PRK|1||stuks";
const GIVEN: &str = "RXA|0|1|20261105093000||13404^PARACETAMOL TABLET 500MG^PRK|1|stuks||||||||LOT1|||||CP|A";

fn story() -> Vec<String> {
    vec![
        rx(0, OMP, "NW", "A", "", &["TQ1|1||BID", RXO, "NTE|1|P|Let op de nieren."]),
        rx(1, OMP, "NW", "B", "", &[RXO]),
        rx(3, RDE, "NW", "A", "", &[RXO, "RXE||13404^PARACETAMOL TABLET 500MG^PRK|1||stuks||||N|20|stuks"]),
        rx(5, OMP, "XO", "A", "", &["TQ1|1||TID", "RXO|13404^PARACETAMOL TABLET 500MG^PRK|2||stuks"]),
        rx(10, OMP, "HD", "B", "NPO^nuchter^99evs", &[]),
        rx(12, OMP, "RL", "B", "", &[]),
        rx(
            20,
            RDS,
            "RE",
            "A",
            "",
            &[RXO, "RXD|1|13404^PARACETAMOL TABLET 500MG^PRK|20261105092000|20|stuks"],
        ),
        rx(30, RAS, "RE", "A", "", &[GIVEN]),
        rx(32, RAS, "RE", "A", "", &[&GIVEN.replace("|1|stuks", "|2|stuks").replace("CP|A", "CP|U")]),
        rx(33, RAS, "RE", "B", "", &[&GIVEN.replace("0|1|", "0|7|")]),
        rx(34, RAS, "RE", "B", "", &[&GIVEN.replace("0|1|", "0|7|").replace("CP|A", "CP|D")]),
        rx(40, OMP, "DC", "A", "ALL^allergie^99evs", &[]),
    ]
}

/// The prescription of a number, as it was ordered.
async fn ordered(world: &World, number: &str) -> Value {
    let all = world.of_type("MedicationRequest").await;
    let of = |one: &Value| one["identifier"].as_array().unwrap().iter().any(|id| id["value"] == number);
    all.into_iter().find(|one| one["intent"] == "original-order" && of(one)).unwrap()
}

#[tokio::test]
async fn a_prescription_its_change_and_its_end() {
    let world = after(&story()).await;
    let first = ordered(&world, "A").await;
    assert_eq!(first["status"], "stopped");
    assert_eq!(first["statusReason"]["coding"][0]["code"], "ALL");
    assert_eq!(first["authoredOn"], "2026-11-05T09:00:00+01:00", "neither changed nor stopped then");
    let dosage = &first["dosageInstruction"][0];
    assert_eq!(dosage["timing"]["repeat"]["frequency"], 3);
    assert_eq!(dosage["doseAndRate"][0]["doseQuantity"]["value"], 2);
    assert_eq!(first["note"][0]["text"], "Let op de nieren.");
    let second = ordered(&world, "B").await;
    assert_eq!(second["status"], "active", "released again");
    assert_eq!(second.get("statusReason"), None, "why it was held goes with that");
}

#[tokio::test]
async fn what_is_given_is_corrected_and_deleted() {
    let world = after(&story()).await;
    let given = world.of_type("MedicationAdministration").await;
    assert_eq!(given.len(), 2);
    let corrected = given.iter().find(|one| one["status"] == "completed").unwrap();
    assert_eq!(corrected["dosage"]["dose"]["value"], 2);
    assert!(given.iter().any(|one| one["status"] == "entered-in-error"));
}

#[tokio::test]
async fn who_repeats_a_prescription_does_not_wake_it() {
    let stopped = [rx(0, OMP, "NW", "A", "", &[RXO]), rx(10, OMP, "DC", "A", "", &[])];
    // The pharmacy repeats the order as it was placed.
    let dispensed = rx(20, RDS, "NW", "A", "", &[RXO, "RXD|1|13404^PARACETAMOL^PRK|20261105092000|20|stuks"]);
    for messages in [[&stopped[0], &stopped[1], &dispensed], [&dispensed, &stopped[1], &stopped[0]]] {
        let world = after(messages).await;
        assert_eq!(ordered(&world, "A").await["status"], "stopped");
        let dispense = world.one("MedicationDispense").await;
        let prescription = dispense["authorizingPrescription"][0]["reference"].as_str().unwrap();
        assert_eq!(
            prescription,
            format!("MedicationRequest/{}", ordered(&world, "A").await["id"].as_str().unwrap())
        );
    }
}

#[tokio::test]
async fn a_dispense_before_its_prescription_and_an_end_before_its_beginning_end_the_same() {
    ends_the_same_in_reverse(story()).await;
}

#[test]
fn any_order_of_arrival_ends_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let expected = after(&story()).await.all().await;
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..8 {
            let shuffled = Just(story()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            let when: Vec<&str> = shuffled.iter().map(|one| one.split('|').nth(9).unwrap()).collect();
            assert_same(&after(&shuffled).await.all().await, &expected, &format!("{when:?}"));
        }
    });
}

fn vaccination(minute: u32, action: &str, lot: &str) -> String {
    let rxa =
        format!("RXA|0|1|20261105||207^COVID-19^CVX|0.5|mL||00^nieuw^NIP001||||||{lot}|||||CP|{action}");
    rx(minute, "VXU^V04^VXU_V04", "RE", "V", "", &[&rxa])
}

#[tokio::test]
async fn a_deleted_vaccination_stays_an_error_and_goes_along_in_a_merger() {
    let [told, changed, deleted] = [(0, "A", "LOT1"), (5, "U", "LOT2"), (9, "D", "")]
        .map(|(minute, action, lot)| vaccination(minute, action, lot));
    for messages in [[&told, &changed, &deleted], [&deleted, &changed, &told], [&changed, &deleted, &told]] {
        let world = after(messages).await;
        let given = world.one("Immunization").await;
        assert_eq!(
            (given["status"].as_str(), given["lotNumber"].as_str()),
            (Some("entered-in-error"), Some("LOT2"))
        );
    }
    let world = after([&told, &rx(1, RAS, "RE", "A", "", &[GIVEN])]).await;
    let pid = "PID|1||1000077^^^LINDE^PI||Bakker&&Bakker^P||19481103|M";
    world.send(&adt("A40", 20, &[pid, "MRG|1000002^^^LINDE^PI"])).await;
    let patients = world.of_type("Patient").await;
    let survivor =
        patients.iter().find(|one| one["active"] != false).unwrap()["id"].as_str().unwrap().to_owned();
    let reference = format!("Patient/{survivor}");
    assert_eq!(world.one("Immunization").await["patient"]["reference"], reference.as_str());
    assert_eq!(world.one("MedicationAdministration").await["subject"]["reference"], reference.as_str());
}
