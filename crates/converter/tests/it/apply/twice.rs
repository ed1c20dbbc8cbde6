//! Whatever is delivered twice changes nothing; and two who write about one patient at once end as in a row.

use std::sync::Arc;

use zorgsluis_converter::convert;
use zorgsluis_domain::Effect;

use super::persons::{ONE, TWO, visit};
use super::world::{World, adt, assert_same, effects, oru};
use crate::support::events;

/// The messages of `events/` that can be converted, each with the name of its file.
fn told() -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(events()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hl7"));
    files.sort();
    let options = super::world::options();
    let read = files.iter().filter_map(|path| {
        let text = String::from_utf8(std::fs::read(path).unwrap()).ok()?;
        convert(text.as_bytes(), &options).ok()?;
        Some((path.file_name().unwrap().to_str().unwrap().to_owned(), text))
    });
    read.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_delivery_of_every_event_leaves_the_store_as_it_is() {
    let messages = told();
    assert!(messages.len() > 120, "{}", messages.len());
    let world = World::new();
    for (name, message) in &messages {
        // What stands under somebody else is parked, the second time as well.
        let Ok(_) = world.try_apply(&world.apply, message).await else { continue };
        let again = world.send(message).await;
        let written = effects(&again, Effect::Changed) + effects(&again, Effect::Created);
        assert_eq!(written, 0, "{name}: {:?}", again.effects);
    }
    // And all of them once more, long after.
    let before = world.all().await;
    for (_, message) in &messages {
        let _parked = world.try_apply(&world.apply, message).await;
    }
    assert_same(&world.all().await, &before, "all again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_write_about_one_patient_at_once_end_as_in_a_row() {
    let account = |number: &str| format!("{ONE}||||||||||{number}^^^LINDE^AN");
    let unnumbered = format!("PV1|1|I|C3^12^1^LINDE{}20261105080000", "|".repeat(41));
    let messages = [
        adt("A28", 0, &[ONE]),
        adt("A31", 1, &[&format!("{ONE}|||||06-00000001^PRN^CP"), "AL1|1|DA|764146007^penicilline^SCT|SV"]),
        adt("A01", 2, &[&account("A1"), &unnumbered]),
        adt("A49", 3, &[&account("A2"), "MRG|||A1^^^LINDE^AN"]),
        oru(4, &format!("{}\r{unnumbered}", account("A1")), "4.1", "P"),
        oru(5, &format!("{}\r{unnumbered}", account("A2")), "4.2", "F"),
        adt("A03", 6, &[&account("A2"), &unnumbered]),
        adt("A24", 7, &[ONE, &TWO.replace("PID|1", "PID|2")]),
        adt("A40", 8, &["PID|1||1000004^^^LINDE^PI||Bakker&&Bakker^Pieter", "MRG|1000001^^^LINDE^PI"]),
        adt("A37", 9, &["PID|1||1000004^^^LINDE^PI||Bakker", &TWO.replace("PID|1", "PID|2")]),
        adt("A01", 10, &[ONE, &visit("V9")]),
    ];
    let expected = World::new();
    for message in &messages {
        expected.send(message).await;
    }
    let expected = expected.all().await;
    for round in 0..4 {
        let world = Arc::new(World::new());
        let mut running = tokio::task::JoinSet::new();
        for message in [messages.as_slice(), messages.as_slice()].concat() {
            let world = Arc::clone(&world);
            // Contended means back to the queue: it comes again.
            running.spawn(async move { while world.try_apply(&world.apply, &message).await.is_err() {} });
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap();
        }
        assert_same(&world.all().await, &expected, &format!("round {round}"));
    }
}
