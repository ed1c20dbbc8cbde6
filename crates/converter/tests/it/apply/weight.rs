//! What counts more of what is told before and after mergers, whatever the order of arrival.

use super::ward::{ONE as BED, Told, told};
use super::world::{World, adt, after_each_order, oru};

/// A registration, then a merger, then a laboratory that still uses the old number: the registration counts more
/// than a mention, whether the merger came between them or not.
#[tokio::test]
async fn a_mention_under_the_old_number_after_a_merger_ends_the_same_in_every_order() {
    let registered = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
    let mentioned = "PID|1||1000001^^^LINDE^PI||Vries^Johanna||1961|F";
    after_each_order(&[
        adt("A28", 0, &[registered]),
        adt("A40", 10, &["PID|1||1000004^^^LINDE^PI", "MRG|1000001^^^LINDE^PI"]),
        oru(20, mentioned, "4.1", "F"),
    ])
    .await;
}

/// A number that is merged once more after what it was merged into went on: what weighs more does not depend on
/// which of the two mergers was told first.
#[tokio::test]
async fn mergers_one_after_the_other_end_the_same_in_every_order() {
    let number = |last: u32, more: &str| format!("PID|1||100000{last}^^^LINDE^PI||{more}");
    after_each_order(&[
        adt("A28", 5, &[&number(2, "Bakker^P||1948")]),
        adt("A28", 25, &[&number(1, "Bakker^Pieter||19481103")]),
        adt("A40", 20, &[&number(3, ""), "MRG|1000002^^^LINDE^PI"]),
        adt("A40", 30, &[&number(2, ""), "MRG|1000001^^^LINDE^PI"]),
    ])
    .await;
}

/// A hospital that says again and again when a patient was discharged: the visit does not grow with each.
#[tokio::test]
async fn updates_that_repeat_a_discharge_are_remembered_by_the_first_and_the_last() {
    let again =
        |minute| Told { discharged: Some(10), happened: None, place: BED, ..told("A08", minute) }.message();
    let world = World::new();
    world.send(&Told { place: BED, ..told("A01", 0) }.message()).await;
    for minute in 11..41 {
        world.send(&again(minute)).await;
    }
    let visit = world.one("Encounter").await;
    let kept = visit["meta"]["extension"].as_array().unwrap().iter();
    let events = kept.filter(|one| one["url"].as_str().unwrap().ends_with("/visit-event"));
    assert_eq!(events.count(), 3, "the admission, and the discharge as told first and last");
    assert_eq!(visit["status"], "finished");
    // A cancel among them counts as it would without.
    let world = after_each_order(&[
        again(11),
        again(12),
        Told { discharged: Some(10), place: BED, ..told("A13", 13) }.message(),
        again(14),
    ])
    .await;
    assert_eq!(world.one("Encounter").await["status"], "finished");
}
