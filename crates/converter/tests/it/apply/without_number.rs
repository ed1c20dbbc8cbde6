//! Visits that have no number of their own, and accounts that have none: what they are known through may be merged
//! or get another number, and no message says what becomes of them.

use serde_json::Value;

use super::persons::{ONE, visit};
use super::world::{World, adt, after_each_order, oru};

fn account(number: &str) -> String {
    format!("{ONE}||||||||||{number}^^^LINDE^AN")
}

/// A visit without PV1-19, admitted at eight.
fn unnumbered(class: &str) -> String {
    format!("PV1|1|{class}|C3^12^1^LINDE{}20261105080000", "|".repeat(41))
}

/// The visits that are no stub.
async fn visits(world: &World) -> Vec<Value> {
    let mut all = world.of_type("Encounter").await;
    all.retain(|one| one["status"] != "entered-in-error");
    all
}

#[tokio::test]
async fn a_visit_is_found_under_the_new_number_of_its_account() {
    let result = oru(5, &format!("{}\r{}", account("A1"), unnumbered("I")), "4.1", "F");
    for (event, result) in [("A35", None), ("A41", None), ("A49", Some(result))] {
        let messages = [
            adt("A01", 0, &[&account("A1"), &unnumbered("I")]),
            adt(event, 10, &[&account("A2"), "MRG|||A1^^^LINDE^AN"]),
            adt("A03", 20, &[&account("A2"), &unnumbered("I")]),
        ];
        let messages: Vec<String> = messages.into_iter().chain(result).collect();
        let world = after_each_order(&messages).await;
        let stays = visits(&world).await;
        assert_eq!(stays.len(), 1, "{event}");
        assert_eq!(stays[0]["status"], "finished");
        let here = format!("Encounter/{}", stays[0]["id"].as_str().unwrap());
        let results = [world.of_type("Observation").await, world.of_type("DiagnosticReport").await].concat();
        assert_eq!(results.len(), if event == "A49" { 2 } else { 0 });
        for one in results {
            assert_eq!(one["encounter"]["reference"], here.as_str(), "{event}");
        }
        let numbers = stays[0]["identifier"].as_array().unwrap();
        let of = |number: &str| numbers.iter().find(|one| one["value"] == number).unwrap();
        assert_eq!((&of("A1")["use"], &of("A2")["use"]), (&Value::from("old"), &Value::Null), "{event}");
    }
}

#[tokio::test]
async fn an_account_of_which_no_visit_was_told_makes_none_up() {
    let messages = [
        adt("A01", 0, &[&account("A1"), &visit("V1")]),
        adt("A49", 10, &[&account("A2"), "MRG|||A1^^^LINDE^AN"]),
    ];
    let world = after_each_order(&messages).await;
    assert_eq!(world.of_type("Encounter").await.len(), 1);
}

#[tokio::test]
async fn a_visit_goes_along_each_step_of_its_account() {
    let messages = [
        adt("A01", 0, &[&account("A1"), &unnumbered("I")]),
        adt("A49", 10, &[&account("A2"), "MRG|||A1^^^LINDE^AN"]),
        adt("A41", 20, &[&account("A3"), "MRG|||A2^^^LINDE^AN"]),
        adt("A03", 30, &[&account("A1"), &unnumbered("I")]),
    ];
    let world = after_each_order(&messages).await;
    let stays = visits(&world).await;
    assert_eq!((stays.len(), &stays[0]["status"]), (1, &Value::from("finished")));
}

#[tokio::test]
async fn the_account_of_a_visit_goes_along_when_the_visit_has_another_number() {
    let bar = |event: &str, minute: u32, number: &str, more: &str| {
        adt("A01", minute, &[ONE, &visit(number), more]).replace("ADT^A01", &format!("BAR^{event}"))
    };
    let messages = [
        bar("P01", 0, "V1", "ACC|20261105071500|02^Val op straat^99ZIS|Lindelaan"),
        adt("A50", 10, &[ONE, "MRG|||||V1^^^LINDE^VN", &visit("V2")]),
        bar("P06", 20, "V2", ""),
    ];
    let world = after_each_order(&messages).await;
    let all = world.of_type("Account").await;
    let text = Value::from(all.clone()).to_string();
    let stays: Vec<&Value> = all.iter().filter(|one| one["servicePeriod"].is_object()).collect();
    assert_eq!(stays.len(), 1, "{text}");
    assert_eq!(stays[0]["status"], "inactive");
    assert!(stays[0].to_string().contains("Lindelaan"), "{text}");
}

#[tokio::test]
async fn a_change_of_class_leaves_a_visit_without_number_what_it_is() {
    let messages = [
        adt("A04", 0, &[ONE, &unnumbered("O")]),
        adt("A06", 10, &[ONE, &unnumbered("I").replace("080000", "0800")]),
        adt("A07", 20, &[ONE, &unnumbered("O")]),
    ];
    let world = after_each_order(&messages).await;
    let visit = world.one("Encounter").await;
    assert_eq!(visit["class"]["code"], "AMB");
    assert_eq!(visit["classHistory"][0]["class"]["code"], "AMB", "it began as one of the outpatients");
}
