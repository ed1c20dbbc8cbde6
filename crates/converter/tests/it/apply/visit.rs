//! The state of a visit, and where the patient is.

use serde_json::{Value, json};

use super::world::{World, adt, assert_same};

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";

/// An event of a visit: place, how it ended, when it ended, and what follows.
fn visit(event: &str, minute: u32, place: &str, how: &str, end: &str, more: &[&str]) -> String {
    let pv1 = format!(
        "PV1|1|I|{place}||||||||||||||||V1^^^LINDE^VN|||||||||||||||||{how}||||||||20261105083000|{end}"
    );
    adt(event, minute, &[&[PID, &pv1], more].concat())
}

fn here(encounter: &Value) -> usize {
    let locations = encounter["location"].as_array().unwrap();
    locations.iter().filter(|location| location["status"] == "active").count()
}

/// Every order of the messages ends in the same; gives the visit.
async fn in_any_order(messages: &[String]) -> Value {
    let told = World::new();
    for message in messages {
        told.send(message).await;
    }
    let expected = told.all().await;
    let count = messages.len();
    for turn in 0..count {
        for backwards in [false, true] {
            let world = World::new();
            for nth in 0..count {
                let nth = (nth + turn) % count;
                world.send(&messages[if backwards { count - 1 - nth } else { nth }]).await;
            }
            assert_same(&world.all().await, &expected, &format!("from {turn}, backwards {backwards}"));
        }
    }
    told.one("Encounter").await
}

#[tokio::test]
async fn who_was_discharged_lies_in_no_bed_until_that_is_taken_back() {
    let mut messages = vec![
        visit("A01", 0, "C3^12^1^LINDE", "", "", &[]),
        visit("A02", 10, "D1^04^2^LINDE", "", "", &[]),
        visit("A03", 20, "", "01^Naar huis^99ZIS", "20261105092000", &[]),
    ];
    let ended = in_any_order(&messages).await;
    assert_eq!((&ended["status"], here(&ended)), (&json!("finished"), 0));
    assert!(ended["hospitalization"]["dischargeDisposition"].is_object());
    messages.push(visit("A13", 30, "", "01^Naar huis^99ZIS", "20261105092000", &[]));
    let back = in_any_order(&messages).await;
    assert_eq!((&back["status"], here(&back)), (&json!("in-progress"), 1));
    assert_eq!(back["location"].as_array().unwrap().last().unwrap()["status"], "active");
    assert_eq!(back.pointer("/hospitalization/dischargeDisposition"), None);
    assert_eq!(back.pointer("/period/end"), None);
}

#[tokio::test]
async fn a_cancelled_admission_occupies_no_bed() {
    let place = "C3^12^1^LINDE";
    let messages = [visit("A01", 0, place, "", "", &[]), visit("A11", 10, place, "", "", &[])];
    let cancelled = in_any_order(&messages).await;
    assert_eq!((&cancelled["status"], here(&cancelled)), (&json!("cancelled"), 0));
}

#[tokio::test]
async fn a_diagnosis_that_is_taken_back_is_none_of_the_visit() {
    let hip = "DG1|1||S72.0^heupfractuur^I10||20261105|A";
    let anaemia = "DG1|2||D50.9^anemie^I10||20261105|W";
    let back = |segment: &str| format!("{segment}|||||||||||||||D");
    let message = |minute: u32, segments: &[&str]| visit("A08", minute, "", "", "", segments);
    let mut messages = vec![message(0, &[hip, anaemia]), message(10, &[&back(hip), anaemia])];
    assert_eq!(in_any_order(&messages).await["diagnosis"].as_array().unwrap().len(), 1);
    messages.push(message(20, &[&back(hip), &back(anaemia)]));
    assert_eq!(in_any_order(&messages).await.get("diagnosis"), None);
}
