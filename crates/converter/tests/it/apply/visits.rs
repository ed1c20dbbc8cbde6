//! Stories of visits, in any order and twice: the same in the end, and what was told.

use serde_json::json;

use super::ward::{
    ONE, PID, THREE, TWO, Told, admit, discharge, encounter, ends, in_any_order, in_any_order_of, places,
    time, told, transfer,
};
use super::world::World;

#[tokio::test]
async fn a_stay_from_its_plan_to_its_end() {
    let story = [
        Told { class: "P", place: THREE, pv2: "|||||||20261105090000", ..told("A05", 0) },
        Told { place: THREE, ..told("A14", 5) },
        admit(10, ONE),
        Told { place: ONE, pending: TWO, ..told("A15", 20) },
        transfer(30, TWO, ONE),
        Told {
            place: TWO,
            pv2: "||||||||||||||||||||||||||||||||||||||||||||||20261105120000",
            ..told("A21", 40)
        },
        Told { place: TWO, ..told("A22", 60) },
        Told { place: TWO, pv2: "||||||||20261106", ..told("A16", 70) },
        discharge(80),
    ];
    let visit = ends(&story, "finished", &[("bed1", "completed"), ("bed2", "completed")]).await;
    let when = |nth: usize| visit["location"][nth]["period"].clone();
    assert_eq!(when(0), json!({ "start": time(10), "end": time(30) }));
    assert_eq!(when(1), json!({ "start": time(30), "end": time(80) }));
    let history = visit["statusHistory"].as_array().unwrap();
    let statuses: Vec<&str> = history.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["planned", "in-progress", "onleave", "in-progress", "finished"]);
    assert_eq!(history[2]["period"], json!({ "start": time(40), "end": time(60) }));
}

#[tokio::test]
async fn short_stays_elsewhere_keep_the_bed() {
    const THEATRE: &str = "OK^2^theatre";
    let departs = Told { place: ONE, temporary: THEATRE, ..told("A09", 10) };
    let arrives = Told { place: ONE, temporary: THEATRE, ..told("A10", 15) };
    let returns = Told { place: ONE, prior_temporary: THEATRE, ..told("A10", 40) };
    let there = [admit(0, ONE), departs.clone(), arrives.clone()];
    ends(&there, "in-progress", &[("bed1", "active"), ("theatre", "active")]).await;
    let story = [admit(0, ONE), departs.clone(), arrives.clone(), returns];
    let visit = ends(&story, "in-progress", &[("bed1", "active"), ("theatre", "completed")]).await;
    assert_eq!(visit["location"][1]["period"], json!({ "start": time(10), "end": time(40) }));
    let story = [
        admit(0, ONE),
        departs,
        arrives,
        Told { place: ONE, happened: Some(15), ..told("A32", 50) },
        Told { place: ONE, happened: Some(10), ..told("A33", 60) },
    ];
    ends(&story, "in-progress", &[("bed1", "active")]).await;
}

#[tokio::test]
async fn two_patients_swap_their_beds_whoever_stands_first() {
    const OTHER: &str = "PID|2||1000002^^^LINDE^PI||Riet^B||19700101|M";
    let swap = Told { place: TWO, prior: ONE, ..told("A17", 20) };
    let other = Told { visit: "V2", place: ONE, prior: TWO, ..told("A17", 20) };
    let groups = [swap.group(PID), other.group(OTHER)];
    let first = Told { visit: "V2", ..admit(5, TWO) };
    let admitted = [admit(0, ONE).message(), first.of(&[first.group(OTHER)])];
    let mut beds = Vec::new();
    for groups in [[0, 1], [1, 0]].map(|order| order.map(|nth| groups[nth].clone())) {
        let messages = [&admitted[..], &[swap.of(&groups)]].concat();
        in_any_order(&messages).await;
        let world = World::new();
        for message in &messages {
            world.send(message).await;
        }
        let all = world.all().await;
        beds.push([places(&world, encounter(&all, "V1")).await, places(&world, encounter(&all, "V2")).await]);
    }
    let was = |left: &str, now: &str| {
        vec![(left.to_owned(), "completed".to_owned()), (now.to_owned(), "active".to_owned())]
    };
    assert_eq!(beds[0], [was("bed1", "bed2"), was("bed2", "bed1")]);
    assert_eq!(beds[0], beds[1]);
}

#[tokio::test]
async fn an_outpatient_becomes_an_inpatient_and_the_class_keeps_its_history() {
    let story = [
        Told { class: "O", admitted: Some(0), ..told("A04", 0) },
        Told { place: ONE, admitted: Some(0), ..told("A06", 30) },
        Told { class: "O", admitted: Some(0), ..told("A07", 50) },
    ];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["class"]["code"], "AMB");
    let history = visit["classHistory"].as_array().unwrap();
    let codes: Vec<&str> = history.iter().map(|one| one["class"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["AMB", "IMP", "AMB"]);
    assert_eq!(history[1]["period"], json!({ "start": time(30), "end": time(50) }));
}

#[tokio::test]
async fn a_deleted_visit_was_entered_in_error() {
    let story = [admit(0, ONE), transfer(10, TWO, ONE), Told { happened: None, ..told("A23", 20) }];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["status"], "entered-in-error");
}

#[tokio::test]
async fn the_attending_doctor_changes_and_changes_back() {
    let one = "03999201^Waterman^H^^^^^^VEKTIS";
    let two = "03999202^Lisdodde^A^^^^^^VEKTIS";
    let admitted = Told { doctor: one, ..admit(0, ONE) };
    let changed = Told { doctor: two, ..told("A54", 10) };
    let back = Told { doctor: one, ..told("A55", 20) };
    let at_first = in_any_order_of(std::slice::from_ref(&admitted)).await;
    let later = in_any_order_of(&[admitted.clone(), changed.clone()]).await;
    let again = in_any_order_of(&[admitted, changed, back]).await;
    assert_ne!(at_first["participant"], later["participant"]);
    assert_eq!(at_first["participant"], again["participant"]);
    assert_eq!(later["participant"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_with_one_role_one_ends_and_the_other_goes_on() {
    let one = "03999201^Waterman^H^^^^^^VEKTIS";
    let two = "03999202^Lisdodde^A^^^^^^VEKTIS";
    let role = |minute: u32, action: &str, who: &str, times: &str| {
        let told = Told { happened: None, ..told("A08", minute) };
        told.of(&[format!("{}ROL||{action}|CP^^HL70443|{who}|{times}\r", told.group(PID))])
    };
    let story = [
        admit(0, ONE).message(),
        role(10, "AD", one, "20261105"),
        role(20, "AD", two, "20261105"),
        role(30, "DE", one, "|20261105093000"),
    ];
    let visit = in_any_order(&story).await;
    let parts = visit["participant"].as_array().unwrap();
    let ends: Vec<_> = parts.iter().map(|part| part["period"]["end"].is_string()).collect();
    assert_eq!(parts.len(), 2, "{visit:#}");
    assert_eq!(ends.iter().filter(|ended| **ended).count(), 1, "{visit:#}");
    // Who ends a part without saying since when leaves its beginning open.
    let ended = parts.iter().find(|part| part["period"]["end"].is_string()).unwrap();
    assert_eq!(ended["period"].get("start"), None);
}

#[tokio::test]
async fn the_last_word_on_a_bed_stands_and_no_patient_is_in_it() {
    let bed = |minute: u32, status: &str| {
        Told { happened: None, ..told("A20", minute) }.of(&[format!("NPU|{ONE}^LINDE|{status}\r")])
    };
    let messages = [bed(0, "O"), bed(10, "H"), bed(20, "U"), bed(30, "K")];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let world = World::new();
        for nth in order {
            world.send(&messages[nth]).await;
        }
        let all = world.all().await;
        let bed = all.values().find(|value| value["name"] == "bed1").unwrap();
        assert_eq!(bed["operationalStatus"]["code"], "K", "{order:?}");
        assert!(all.keys().all(|key| !key.starts_with("Patient/")));
    }
}
