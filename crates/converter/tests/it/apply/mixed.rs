//! Everything together: what is told of visits, persons, results, orders and documents meets in one story, and
//! whichever part of it arrives, in whatever order, ends in the same state.
//!
//! `ZORGSLUIS_STORIES=ROUNDS,SEED` tries other stories, and more of them.

use proptest::strategy::{Strategy, ValueTree};

use super::persons_in_any_order::{deliver, everything, names, runner, shuffled};
use super::story::{of_the_department, of_the_pharmacy, of_the_ward};
use super::world::{World, assert_same};

/// All that is told, in the order of sending.
fn all() -> Vec<String> {
    let mut all = [everything(), of_the_ward(), of_the_department(), of_the_pharmacy()].concat();
    all.sort_by_key(|message| message.split('|').nth(6).unwrap().to_owned());
    all
}

#[test]
fn every_message_of_the_story_can_be_converted() {
    let options = super::world::options();
    for message in all() {
        let converted = zorgsluis_converter::convert(message.as_bytes(), &options);
        assert!(converted.is_ok(), "{message}: {:?}", converted.err());
    }
}

/// Why two orders of a story end in two states; `None` where they do not.
async fn difference(told: &[String], other: &[String]) -> Option<String> {
    let mut ends = Vec::new();
    for order in [told, other] {
        let world = World::new();
        let parked = deliver(&world, &world.apply, order).await;
        ends.push((parked, world.all().await));
    }
    let [(parked, expected), (left, ended)] = <[_; 2]>::try_from(ends).ok()?;
    // Without the move or the merger that tells whose the visit is, two claim one number.
    if parked > 0 {
        return None;
    }
    if left > 0 {
        return Some(format!("{left} are parked"));
    }
    let differs = |key: &&String| expected.get(*key) != ended.get(*key);
    let key = expected.keys().chain(ended.keys()).find(differs)?;
    let text = |value: Option<&serde_json::Value>| value.map_or(String::new(), |value| format!("{value:#}"));
    Some(format!("{key}\n--- {}\n+++ {}", text(expected.get(key)), text(ended.get(key))))
}

/// The fewest messages of two orders that still end in two states.
async fn least(mut told: Vec<String>, mut other: Vec<String>) -> String {
    let mut why = difference(&told, &other).await.unwrap_or_default();
    let mut at = 0;
    while let Some(left_out) = told.get(at).cloned() {
        let without =
            |all: &[String]| all.iter().filter(|one| **one != left_out).cloned().collect::<Vec<_>>();
        let (fewer, others) = (without(&told), without(&other));
        match difference(&fewer, &others).await {
            Some(still) => (told, other, why) = (fewer, others, still),
            None => at += 1,
        }
    }
    format!("{}\nand {}\n{why}", names(&told), names(&other))
}

#[expect(clippy::disallowed_methods, reason = "how long to try is told from outside")]
fn rounds() -> (usize, u8) {
    let given = std::env::var("ZORGSLUIS_STORIES").unwrap_or_default();
    let (rounds, seed) = given.split_once(',').unwrap_or(("6", "3"));
    (rounds.parse().unwrap(), seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn any_part_of_all_that_meets_ends_the_same_in_any_order() {
    let all = all();
    let (rounds, seed) = rounds();
    let mut runner = runner(seed);
    for round in 0..rounds {
        let size = if round % 3 == 0 { 20..40 } else { 4..14 };
        let part = proptest::sample::subsequence(all.clone(), size).new_tree(&mut runner).unwrap().current();
        for nth in 0..3 {
            let mut order = shuffled(part.clone(), &mut runner);
            if nth == 2 {
                order = shuffled([order, part.clone()].concat(), &mut runner);
            }
            if difference(&part, &order).await.is_some() {
                panic!("round {round}: {}", least(part, order).await);
            }
        }
    }
}

/// Two messages of the story that come at once end as if one had waited for the other.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_at_once_ends_as_if_it_had_come_in_a_row() {
    let all = all();
    let (rounds, seed) = rounds();
    let mut runner = runner(seed.wrapping_add(1));
    for round in 0..rounds.div_ceil(2) {
        let part = proptest::sample::subsequence(all.clone(), 8..16).new_tree(&mut runner).unwrap().current();
        let expected = World::new();
        if deliver(&expected, &expected.apply, &part).await > 0 {
            continue;
        }
        let world = World::new();
        let order = shuffled(part.clone(), &mut runner);
        let (one, other) = order.split_at(order.len() / 2);
        let parked = tokio::join!(deliver(&world, &world.apply, one), deliver(&world, &world.apply, other));
        if parked != (0, 0) {
            assert_eq!(deliver(&world, &world.apply, &order).await, 0, "round {round}: {}", names(&order));
        }
        assert_same(&world.all().await, &expected.all().await, &format!("round {round}: {}", names(&part)));
    }
}

/// The minimal case of what [`any_part_of_all_that_meets_ends_the_same_in_any_order`] found: an account moved
/// before the visit was said to be on it, and the stub of a merged visit, which goes along.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_visit_follows_an_account_that_moved_before_it_was_named() {
    let told = ["T2A01", "T10A45", "D17T10", "T20A42", "T34A49", "T34A44"];
    let story: Vec<String> = [everything(), of_the_ward()].concat();
    let id = |message: &String| message.split('|').nth(9).unwrap().to_owned();
    let story: Vec<String> = story.into_iter().filter(|one| told.contains(&id(one).as_str())).collect();
    assert_eq!(story.len(), told.len());
    for order in [[5, 0, 1, 2, 3, 4], [1, 2, 4, 5, 3, 0], [5, 4, 3, 2, 1, 0]] {
        let order: Vec<String> = order.iter().map(|nth| story[*nth].clone()).collect();
        if let Some(why) = difference(&story, &order).await {
            panic!("{}: {why}", names(&order));
        }
    }
}
