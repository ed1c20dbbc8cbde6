//! Persons who are linked and not, when some of them are one.

use serde_json::Value;

use super::world::{World, adt, after_each_order};

const ONE: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
const THREE: &str = "PID|2||1000003^^^LINDE^PI||Bos&&Bos^T||19801130|F";
const FOUR: &str = "PID|1||1000004^^^LINDE^PI||Bakker&&Bakker^Pieter||19481103|M";

/// How many links say *see also*.
async fn links(world: &World) -> usize {
    let all = world.of_type("Patient").await;
    let links = all.iter().flat_map(|one| one["link"].as_array().cloned().unwrap_or_default());
    links.filter(|link: &Value| link["type"] == "seealso").count()
}

#[tokio::test]
async fn a_link_under_a_number_that_was_merged_is_taken_away_on_both_sides() {
    let messages = [
        adt("A24", 10, &[ONE, THREE]),
        adt("A40", 20, &[FOUR, "MRG|1000001^^^LINDE^PI"]),
        adt("A37", 30, &[FOUR, THREE]),
    ];
    assert_eq!(links(&after_each_order(&messages[..2]).await).await, 2);
    assert_eq!(links(&after_each_order(&messages).await).await, 0);
}

#[tokio::test]
async fn a_link_that_is_taken_away_under_the_old_number_stays_away() {
    let messages = [
        adt("A24", 10, &[FOUR, THREE]),
        adt("A40", 20, &[FOUR, "MRG|1000001^^^LINDE^PI"]),
        adt("A37", 30, &[ONE, THREE]),
    ];
    assert_eq!(links(&after_each_order(&messages).await).await, 0);
    let again = [&messages[1..], &[adt("A24", 40, &[FOUR, THREE])]].concat();
    assert_eq!(links(&after_each_order(&again).await).await, 2);
}

#[tokio::test]
async fn a_link_between_two_who_both_became_others_is_taken_away() {
    let five = "PID|2||1000005^^^LINDE^PI||Bos&&Bos^T||19801130|F";
    let messages = [
        adt("A24", 10, &[ONE, THREE]),
        adt("A40", 20, &[FOUR, "MRG|1000001^^^LINDE^PI"]),
        adt("A40", 25, &[&five.replace("PID|2", "PID|1"), "MRG|1000003^^^LINDE^PI"]),
        adt("A37", 30, &[FOUR, five]),
    ];
    assert_eq!(links(&after_each_order(&messages).await).await, 0);
}
