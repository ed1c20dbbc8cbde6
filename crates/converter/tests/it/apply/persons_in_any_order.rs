//! Stories of persons, visits and numbers: whatever the order in which their messages arrive, however often, at
//! once, and with a crash at every step, they end in the same state.
//!
//! What is parked because a number stands under somebody else is delivered again when others have been, as an
//! operator does: a move or a merger may have come since. The boundary is told by
//! [`two_who_claim_one_number_and_no_move_between_them_end_as_they_came`].

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use zorgsluis_converter::apply::{Apply, ApplyError};

use super::faults::with_crash_at;
use super::persons::{ONE, TWO, result, visit};
use super::world::{World, adt, assert_same};

pub(super) const NEW: &str = "PID|1||1000004^^^LINDE^PI||Bakker&&Bakker^Pieter||19481103|M";

/// Everything that could meet, in the order of sending. Any part of it is a story.
pub(super) fn everything() -> Vec<String> {
    let account = |pid: &str, number: &str| format!("{pid}||||||||||{number}^^^LINDE^AN");
    let link = [NEW, "PID|2||1000001^^^LINDE^PI||de Vries&de&Vries^J"];
    let diagnosis = "DG1|1||S72.0^heupfractuur^I10||20261105|A";
    vec![
        adt("A28", 0, &[ONE]),
        adt("A28", 1, &[&format!("{TWO}|||||06-00000001^PRN^CP"), "AL1|1|DA|764146007^penicilline^SCT|SV"]),
        adt("A01", 2, &[&account(ONE, "A1"), &visit("V1"), diagnosis]),
        result(5, ONE, "V1", 1),
        adt("A04", 6, &[TWO, &visit("V2"), "DG1|1||D50.9^anemie^I10||20261105|W"]),
        result(7, TWO, "V2", 2),
        // The visit was the other one's; the laboratory does not know.
        adt("A45", 10, &[TWO, "MRG|1000001^^^LINDE^PI||||V1^^^LINDE^VN", &visit("V1")]),
        result(12, ONE, "V1", 3),
        adt("A08", 14, &[TWO, &visit("V1"), diagnosis]),
        // Two visits are one, and it has another number.
        adt("A42", 20, &[TWO, "MRG|||||V2^^^LINDE^VN", &visit("V1")]),
        result(22, TWO, "V2", 4),
        adt("A50", 25, &[TWO, "MRG|||||V1^^^LINDE^VN", &visit("V3")]),
        result(27, TWO, "V1", 5),
        adt("A03", 29, &[TWO, &visit("V3")]),
        // So has the person.
        adt("A47", 30, &[NEW, "MRG|1000002^^^LINDE^PI"]),
        adt("A31", 33, &[&format!("{TWO}|||||06-00000002^PRN^CP"), "AL1|1|FA|91934008^pinda^SCT|MO"]),
        adt("A49", 34, &[&account(NEW, "A2"), "MRG|||A1^^^LINDE^AN"]),
        adt("A44", 34, &[&account(NEW, "A2"), "MRG|1000001^^^LINDE^PI||A2^^^LINDE^AN"]),
        adt("A24", 35, &link),
        adt("A37", 36, &link),
        // And the one who had the visit is the same person, after all.
        adt("A40", 40, &[NEW, "MRG|1000001^^^LINDE^PI"]),
        adt("A31", 42, &["PID|1||1000001^^^LINDE^PI||||||||||0900-0003^PRN^PH"]),
        adt("A29", 45, &[ONE]),
        adt("A28", 46, &[NEW]),
        result(50, ONE, "V2", 6),
    ]
}

/// The control ids of messages, which say minute and event.
pub(super) fn names(messages: &[String]) -> String {
    messages.iter().map(|message| message.split('|').nth(9).unwrap()).collect::<Vec<_>>().join(" ")
}

pub(super) fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

pub(super) fn shuffled(messages: Vec<String>, runner: &mut TestRunner) -> Vec<String> {
    Just(messages).prop_shuffle().new_tree(runner).unwrap().current()
}

/// Delivers each, and again what was parked, until nothing more is taken. Gives how many are left.
pub(super) async fn deliver(world: &World, apply: &Apply, messages: &[String]) -> usize {
    let mut left: Vec<&String> = messages.iter().collect();
    loop {
        let mut parked = Vec::new();
        for message in &left {
            match world.try_apply(apply, message).await {
                Ok(_) => {}
                Err(ApplyError::Refused { code: "subject-conflict", .. }) => parked.push(*message),
                Err(other) => panic!("{other}"),
            }
        }
        if parked.len() == left.len() || parked.is_empty() {
            return parked.len();
        }
        left = parked;
    }
}

async fn ended(messages: &[String]) -> BTreeMap<String, Value> {
    let world = World::new();
    assert_eq!(deliver(&world, &world.apply, messages).await, 0);
    world.all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_ends_the_same_in_any_order_and_twice() {
    let expected = ended(&everything()).await;
    let mut runner = runner(1);
    for nth in 0..12 {
        let mut order = shuffled(everything(), &mut runner);
        if nth == 0 {
            order = everything().into_iter().rev().collect();
        }
        if nth % 3 == 2 {
            order = shuffled([order, everything()].concat(), &mut runner);
        }
        assert_same(&ended(&order).await, &expected, &format!("order {nth}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_part_of_it_ends_the_same_in_any_order() {
    let mut runner = runner(2);
    let all = everything();
    for round in 0..16 {
        let part = proptest::sample::subsequence(all.clone(), 4..12).new_tree(&mut runner).unwrap().current();
        // Without the move or the merger that tells whose the visit is, two claim one number: see below.
        let world = World::new();
        if deliver(&world, &world.apply, &part).await > 0 {
            continue;
        }
        let expected = world.all().await;
        for nth in 0..3 {
            let order = shuffled(part.clone(), &mut runner);
            let world = World::new();
            let when = format!("round {round}, order {nth}: {} after {}", names(&order), names(&part));
            assert_eq!(deliver(&world, &world.apply, &order).await, 0, "{when}: taken once, taken always");
            assert_same(&world.all().await, &expected, &when);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_at_once_ends_as_one_after_the_other() {
    let expected = ended(&everything()).await;
    for _ in 0..2 {
        let world = Arc::new(World::new());
        let mut running = tokio::task::JoinSet::new();
        for message in everything() {
            let world = Arc::clone(&world);
            // Contended means back to the queue: it comes again. So does what was parked.
            running.spawn(async move { while world.try_apply(&world.apply, &message).await.is_err() {} });
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
        assert_same(&world.all().await, &expected, "all at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_is_mended_by_the_second_delivery() {
    let all = everything();
    let number = "1000001^^^LINDE^PI";
    let moved = [
        adt("A01", 0, &[&format!("PID|1||{number}~P9^^^REGIO^PT||Bos&&Bos^T"), &visit("V1")]),
        adt(
            "A43",
            10,
            &[
                &format!("PID|1||{number}~P5^^^REGIO^PT||Bakker&&Bakker^P"),
                &format!("MRG|{number}~P9^^^REGIO^PT"),
            ],
        ),
    ];
    let told = |which: &[usize]| which.iter().map(|nth| all[*nth].clone()).collect::<Vec<_>>();
    // A visit moves and late results follow; visits are merged and renumbered; numbers and accounts change.
    for (name, messages) in [
        ("a move", told(&[2, 3, 6, 7])),
        ("visits that are one", told(&[4, 5, 9, 11])),
        ("numbers that change", told(&[1, 14, 16, 18, 19])),
        ("a number that moves", moved.to_vec()),
    ] {
        let whole = World::new();
        assert!(!with_crash_at(&whole, &messages, 0).await);
        let expected = whole.all().await;
        let mut points = 0;
        for nth in 1.. {
            let world = World::new();
            let crashed = with_crash_at(&world, &messages, nth).await;
            assert_same(&world.all().await, &expected, &format!("{name}: crash at point {nth}"));
            if !crashed {
                break;
            }
            points = nth;
        }
        assert!(points > 12, "{name}: every claim, entry, transaction and link is a point: {points}");
    }
}

/// The boundary: nothing but a move or a merger takes a number from the one who came first.
#[tokio::test]
async fn two_who_claim_one_number_and_no_move_between_them_end_as_they_came() {
    let both = [adt("A01", 0, &[ONE, &visit("V1")]), adt("A01", 10, &[TWO, &visit("V1")])];
    let mut holders = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        let messages = order.map(|nth| both[nth].clone());
        assert_eq!(deliver(&world, &world.apply, &messages).await, 1);
        holders.push(world.one("Encounter").await["subject"]["reference"].clone());
    }
    assert_ne!(holders[0], holders[1]);
}
