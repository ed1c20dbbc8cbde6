//! Crashes between steps, and others who write at the same time.

use std::sync::Arc;

use super::faults::with_crash_at;
use super::order::story;
use super::world::{World, adt, assert_same, oru};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_is_mended_by_the_second_delivery() {
    // What the emergency room registered, its result, the merger, and what comes for the old number.
    let story = story();
    let messages: Vec<String> = [0, 6, 7, 10, 11].iter().map(|nth| story[*nth].clone()).collect();
    let whole = World::new();
    for message in &messages {
        whole.send(message).await;
    }
    let expected = whole.all().await;
    let mut points = 0;
    for nth in 1.. {
        let world = World::new();
        let crashed = with_crash_at(&world, &messages, nth).await;
        assert_same(&world.all().await, &expected, &format!("crash at point {nth}"));
        if !crashed {
            break;
        }
        points = nth;
    }
    assert!(points > 30, "every claim, entry, transaction and link is a point: {points}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_at_once_ends_as_one_after_the_other() {
    let sequential = World::new();
    for message in story() {
        sequential.send(&message).await;
    }
    let expected = sequential.all().await;
    for _ in 0..4 {
        let world = Arc::new(World::new());
        let mut running = tokio::task::JoinSet::new();
        for message in story().into_iter().chain(story()) {
            let world = Arc::clone(&world);
            // Contended means back to the queue: it comes again.
            running.spawn(async move { while world.try_apply(&world.apply, &message).await.is_err() {} });
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
        assert_same(&world.all().await, &expected, "all at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_races_a_merger_follows_it() {
    let new = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
    let old = |rest: &str| format!("PID|1||1000009^^^LINDE^PI||Vries&&Vries^J||{rest}");
    for round in 0..6 {
        let world = Arc::new(World::new());
        world.send(&adt("A28", 0, &[new, "PV1|1|N"])).await;
        if round % 2 == 0 {
            world.send(&adt("A28", 1, &[&old("1961|U"), "PV1|1|N"])).await;
        }
        let mut messages = vec![adt("A40", 10, &[new, "MRG|1000009^^^LINDE^PI"])];
        for nth in 0..6 {
            let lab = oru(20 + nth, &old(""), "4.1", "F");
            messages.push(lab.replace("F1^", &format!("F{nth}^")).replace("A1^", &format!("A{nth}^")));
        }
        messages.push(adt("A31", 40, &[&old("|||||||06-00000009^PRN^CP"), "PV1|1|N"]));
        let mut running = tokio::task::JoinSet::new();
        for message in messages {
            let world = Arc::clone(&world);
            running.spawn(async move { while world.try_apply(&world.apply, &message).await.is_err() {} });
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
        let survivor = world.one("Patient").await;
        assert_eq!(survivor["telecom"][0]["value"], "06-00000009");
        let here = format!("Patient/{}", survivor["id"].as_str().unwrap());
        let observations = world.of_type("Observation").await;
        assert_eq!(observations.len(), 6);
        for observation in observations {
            assert_eq!(observation["subject"]["reference"], here.as_str(), "nothing stays behind");
        }
    }
}
