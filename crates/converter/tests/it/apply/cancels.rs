//! A cancel takes back what it cancels, and no more: before what it cancels, after it, doubled, and taken back itself.

use serde_json::Value;

use super::ward::{ONE, THREE, TWO, Told, admit, discharge, ends, in_any_order_of, told, transfer};

#[tokio::test]
async fn a_cancelled_transfer_leaves_no_trace() {
    let back = Told { place: ONE, prior: TWO, ..told("A12", 30) };
    let story =
        [admit(0, ONE), transfer(10, TWO, ONE), Told { place: TWO, happened: None, ..told("A08", 20) }, back];
    ends(&story, "in-progress", &[("bed1", "active")]).await;
}

#[tokio::test]
async fn only_the_last_of_two_transfers_is_taken_back() {
    let again = Told { minute: 21, ..transfer(20, THREE, TWO) };
    let story = [
        admit(0, ONE),
        transfer(10, TWO, ONE),
        transfer(20, THREE, TWO),
        again,
        Told { place: TWO, happened: None, ..told("A12", 30) },
    ];
    ends(&story, "in-progress", &[("bed1", "completed"), ("bed2", "active")]).await;
}

#[tokio::test]
async fn the_transfer_that_happened_then_is_the_one_taken_back() {
    let story = [
        admit(0, ONE),
        transfer(10, TWO, ONE),
        transfer(20, THREE, ONE),
        Told { place: THREE, happened: Some(10), ..told("A12", 30) },
    ];
    ends(&story, "in-progress", &[("bed1", "completed"), ("bed3", "active")]).await;
}

#[tokio::test]
async fn a_cancelled_admission_is_planned_again_where_it_was_planned() {
    let planned = Told { class: "P", place: THREE, ..told("A05", 0) };
    let cancel = Told { place: ONE, admitted: Some(10), ..told("A11", 30) };
    let story = [planned.clone(), admit(10, ONE), transfer(20, TWO, ONE), cancel.clone()];
    let visit = in_any_order_of(&story).await;
    assert_eq!(visit["status"], "planned");
    let nobody = |visit: &Value| {
        let places = visit["location"].as_array().unwrap();
        places.iter().all(|place| place["status"] == "planned")
    };
    assert!(nobody(&visit), "{visit:#}");
    let visit = in_any_order_of(&[admit(10, ONE), transfer(20, TWO, ONE), cancel.clone()]).await;
    assert_eq!(visit["status"], "cancelled");
    assert!(nobody(&visit), "{visit:#}");
    // Admitted all the same, later.
    let story = [planned, admit(10, ONE), cancel, admit(40, TWO)];
    ends(&story, "in-progress", &[("bed2", "active")]).await;
}

#[tokio::test]
async fn a_cancelled_plan_does_not_undo_the_admission() {
    let planned = Told { class: "P", place: THREE, ..told("A05", 0) };
    let cancel = Told { class: "P", happened: None, ..told("A38", 20) };
    ends(&[planned.clone(), admit(10, ONE), cancel.clone()], "in-progress", &[("bed1", "active")]).await;
    assert_eq!(in_any_order_of(&[planned.clone(), cancel]).await["status"], "cancelled");
    let pending = Told { place: ONE, ..told("A14", 5) };
    let given_up = Told { happened: None, ..told("A27", 20) };
    assert_eq!(in_any_order_of(&[planned, pending.clone(), given_up.clone()]).await["status"], "planned");
    assert_eq!(in_any_order_of(&[pending, given_up]).await["status"], "cancelled");
}

#[tokio::test]
async fn a_cancelled_discharge_ends_on_leave_if_it_was_on_leave() {
    let leave = Told { place: ONE, ..told("A21", 10) };
    let back = Told { discharged: Some(20), ..told("A13", 30) };
    let story = [admit(0, ONE), leave, discharge(20), back];
    let visit = ends(&story, "onleave", &[("bed1", "reserved")]).await;
    assert_eq!(visit.pointer("/period/end"), None);
}

#[tokio::test]
async fn leave_and_return_and_what_cancels_them() {
    let leave = Told {
        place: ONE,
        pv2: "||||||||||||||||||||||||||||||||||||||||||||||20261105120000",
        ..told("A21", 10)
    };
    let back = Told { place: ONE, ..told("A22", 20) };
    let no_return = Told { place: ONE, happened: Some(20), ..told("A53", 30) };
    let no_leave = Told { place: ONE, happened: Some(10), ..told("A52", 40) };
    let story = [admit(0, ONE), leave.clone(), back.clone(), no_return.clone()];
    let visit = ends(&story, "onleave", &[("bed1", "reserved")]).await;
    let expected = |visit: &Value| {
        let extensions = visit["extension"].as_array().cloned().unwrap_or_default();
        extensions.iter().any(|one| one["url"].as_str().unwrap().ends_with("v2-expected-return"))
    };
    assert!(expected(&visit));
    let story = [admit(0, ONE), leave, back, no_return, no_leave];
    let visit = ends(&story, "in-progress", &[("bed1", "active")]).await;
    assert!(!expected(&visit));
    assert_eq!(visit.get("statusHistory"), None, "there was no leave");
}

#[tokio::test]
async fn a_planned_transfer_and_a_planned_discharge_are_taken_back() {
    let transfer = Told { place: ONE, pending: TWO, ..told("A15", 10) };
    let discharge = Told { place: ONE, pv2: "||||||||20261106", ..told("A16", 20) };
    let story = [
        admit(0, ONE),
        transfer,
        discharge,
        Told { place: ONE, happened: None, ..told("A26", 30) },
        Told { place: ONE, happened: None, pv2: "||||||||20261106", ..told("A25", 40) },
    ];
    let visit = ends(&story, "in-progress", &[("bed1", "active")]).await;
    assert_eq!(visit.get("extension"), None, "no end is planned");
}

#[tokio::test]
async fn a_cancel_that_is_told_again_takes_nothing_more() {
    let both = [admit(0, ONE), transfer(10, TWO, ONE), transfer(20, THREE, TWO)];
    let cancel = Told { place: TWO, happened: Some(20), ..told("A12", 30) };
    let again = Told { minute: 31, ..cancel.clone() };
    let story = [&both[..], &[cancel, again]].concat();
    ends(&story, "in-progress", &[("bed1", "completed"), ("bed2", "active")]).await;
    // The same of leaves.
    let leave = |minute| Told { place: ONE, ..told("A21", minute) };
    let back = |minute| Told { place: ONE, ..told("A22", minute) };
    let cancel = Told { place: ONE, happened: Some(40), ..told("A53", 50) };
    let again = Told { minute: 51, ..cancel.clone() };
    let story = [admit(0, ONE), leave(10), back(20), leave(30), back(40), cancel, again];
    let visit = ends(&story, "onleave", &[("bed1", "reserved")]).await;
    let history = visit["statusHistory"].as_array().unwrap();
    assert_eq!(history.len(), 4, "the first return stands: {history:#?}");
}

#[tokio::test]
async fn a_cancel_leaves_what_was_told_after_it() {
    // Discharged, not so, and discharged again.
    let not_so = Told { discharged: Some(20), ..told("A13", 30) };
    let story = [admit(0, ONE), discharge(20), not_so.clone(), discharge(40)];
    let visit = ends(&story, "finished", &[("bed1", "completed")]).await;
    assert_eq!(visit["period"]["end"], super::ward::time(40));
    let again = Told { discharged: Some(40), ..told("A13", 50) };
    let story = [&story[..], &[again]].concat();
    let visit = ends(&story, "in-progress", &[("bed1", "active")]).await;
    assert_eq!(visit.pointer("/period/end"), None);
    // On leave, not so, and on leave again.
    let leave = |minute| Told { place: ONE, ..told("A21", minute) };
    let not_so = Told { place: ONE, happened: Some(10), ..told("A52", 20) };
    ends(&[admit(0, ONE), leave(10), not_so, leave(30)], "onleave", &[("bed1", "reserved")]).await;
    // Planned, given up, and planned again.
    let planned = |minute| Told { class: "P", place: THREE, ..told("A05", minute) };
    let given_up = Told { class: "P", happened: None, ..told("A38", 10) };
    let visit = in_any_order_of(&[planned(0), given_up, planned(20)]).await;
    assert_eq!(visit["status"], "planned");
}

#[tokio::test]
async fn a_cancel_of_what_was_never_told_changes_no_more_than_it_says() {
    for (event, status) in [("A12", "in-progress"), ("A32", "in-progress"), ("A33", "in-progress")] {
        let cancel = Told { place: ONE, happened: None, ..told(event, 20) };
        ends(&[admit(0, ONE), cancel], status, &[("bed1", "active")]).await;
    }
    for event in ["A25", "A26", "A27", "A38", "A55"] {
        let cancel = Told { happened: None, ..told(event, 20) };
        ends(&[admit(0, ONE), cancel], "in-progress", &[("bed1", "active")]).await;
    }
    // Nobody was discharged, and nobody on leave.
    for event in ["A13", "A52"] {
        let cancel = Told { place: ONE, happened: None, ..told(event, 20) };
        ends(&[admit(0, ONE), cancel], "in-progress", &[("bed1", "active")]).await;
    }
}

#[tokio::test]
async fn a_cancel_with_nulls_takes_back_no_other_thing() {
    let null = |event, minute| Told { happened: None, ..told(event, minute) };
    let bare = |told: &Told<'_>, at: &str, with: &str| told.message().replacen(at, with, 1);
    // PV1-42 and PV1-43 are nulls: the place where the patient is stays.
    let planned = Told { place: ONE, pending: TWO, ..told("A15", 10) };
    for (event, first) in [("A26", planned.clone()), ("A12", transfer(10, TWO, ONE))] {
        let cancel = Told { place: ONE, ..null(event, 30) };
        let places = "V1^^^LINDE^VN|||||||||||||||||||||||";
        let message = bare(&cancel, places, &format!("{places}\"\"|\"\""));
        assert!(message.contains("|\"\"|\"\""), "{message}");
        let messages = [admit(0, ONE).message(), first.message(), message];
        let visit = super::ward::in_any_order(&messages).await;
        let open: Vec<&Value> = visit["location"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|place| place["status"] != "completed")
            .collect();
        assert_eq!((open.len(), &open[0]["status"]), (1, &Value::from("active")), "{event}: {visit:#}");
    }
}
