//! Notes and their corrections: what a correction withdraws, in whatever order it arrives.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::world::{World, adt, after, assert_same};

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^Johanna||19610412|F";
const PV1: &str = "PV1|1|I|||||||||||||||||V1^^^LINDE^VN";

/// A registration with one note: text, OBX-11 and OBX-14.
fn note(minute: u32, text: &str, status: &str, written: &str) -> String {
    let obx = format!("OBX|1|TX|OPN^Opname^99zis||{text}||||||{status}|||{written}");
    adt("A08", minute, &[PID, PV1, &obx])
}

/// Text and status of all notes.
async fn notes(world: &World) -> Vec<(String, String)> {
    let documents = world.of_type("DocumentReference").await;
    let mut notes: Vec<(String, String)> = documents
        .iter()
        .map(|one| (crate::support::text_of(one), one["status"].as_str().unwrap().to_owned()))
        .collect();
    notes.sort();
    notes
}

fn is(text: &str, status: &str) -> (String, String) {
    (text.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_correction_takes_the_place_of_the_only_note_of_its_kind() {
    let (wrong, right) = (note(0, "DM2", "F", ""), note(30, "COPD", "C", ""));
    for order in [[wrong.clone(), right.clone()], [right.clone(), wrong.clone()]] {
        let world = after(&order).await;
        assert_eq!(notes(&world).await, [is("COPD", "current"), is("DM2", "superseded")]);
        let documents = world.of_type("DocumentReference").await;
        let by_status = |status: &str| documents.iter().find(|one| one["status"] == status).unwrap();
        let target = format!("DocumentReference/{}", by_status("superseded")["id"].as_str().unwrap());
        let relates = &by_status("current")["relatesTo"][0];
        assert_eq!(
            (&relates["code"], &relates["target"]["reference"]),
            (&"replaces".into(), &Value::from(target))
        );
    }
    let world = after(&[wrong]).await;
    let applied = world.send(&right).await;
    let why: Vec<&str> = applied
        .effects
        .iter()
        .filter(|one| one.resource.starts_with("DocumentReference/"))
        .filter_map(|one| one.why.as_deref())
        .collect();
    assert_eq!(why, ["corrected-by-another-note"], "the withdrawn note is among the effects");
}

#[tokio::test]
async fn two_notes_of_two_days_both_stand() {
    let world = after(&[note(0, "Dag een.", "F", ""), note(30, "Dag drie.", "F", "")]).await;
    assert_eq!(notes(&world).await, [is("Dag drie.", "current"), is("Dag een.", "current")]);
    let applied = world.send(&note(40, "Toch anders.", "C", "")).await;
    let why: Vec<&str> = applied.effects.iter().filter_map(|one| one.why.as_deref()).collect();
    assert!(why.contains(&"corrects-one-of-several-notes"), "{why:?}");
    assert!(notes(&world).await.iter().all(|(_, status)| status == "current"), "nobody can tell which one");
}

#[tokio::test]
async fn a_note_with_a_time_is_known_by_it() {
    let world = after(&[
        note(0, "DM2", "F", "202611050900"),
        note(5, "Tweede", "F", "202611050904"),
        note(30, "COPD", "C", "202611050900"),
        note(20, "te laat", "F", "202611050900"),
    ])
    .await;
    assert_eq!(notes(&world).await, [is("COPD", "current"), is("Tweede", "current")]);
}

#[tokio::test]
async fn a_withdrawal_takes_a_note_back_with_or_without_its_text() {
    let taken_back = after(&[note(0, "DM2", "F", ""), note(30, "DM2", "D", "")]).await;
    assert_eq!(notes(&taken_back).await, [is("DM2", "entered-in-error")]);
    let empty = after(&[note(0, "DM2", "F", ""), note(30, "", "W", "")]).await;
    assert_eq!(notes(&empty).await, [is("", "entered-in-error"), is("DM2", "superseded")]);
}

#[tokio::test]
async fn a_final_note_takes_the_place_of_the_one_that_was_preliminary() {
    let (draft, settled) = (note(0, "Mogelijk DM2.", "P", ""), note(30, "Geen DM2.", "F", ""));
    for order in [[draft.clone(), settled.clone()], [settled.clone(), draft.clone()]] {
        let world = after(&order).await;
        assert_eq!(notes(&world).await, [is("Geen DM2.", "current"), is("Mogelijk DM2.", "superseded")]);
    }
    let world = after(std::slice::from_ref(&draft)).await;
    let applied = world.send(&settled).await;
    let why: Vec<&str> = applied.effects.iter().filter_map(|one| one.why.as_deref()).collect();
    assert!(why.contains(&"corrected-by-another-note"), "{why:?}");
    let world = after(&[note(10, "Dag een.", "F", ""), draft.clone(), settled]).await;
    assert_eq!(
        notes(&world).await,
        [is("Dag een.", "current"), is("Geen DM2.", "current"), is("Mogelijk DM2.", "superseded")],
        "another final note stays"
    );
    let world = after(&[note(40, "Mogelijk COPD.", "P", ""), note(30, "DM2.", "F", "")]).await;
    assert!(notes(&world).await.iter().all(|(_, status)| status == "current"), "it is older");
    let several = [draft, note(10, "Mogelijk COPD.", "P", ""), note(30, "DM2.", "F", "")];
    let world = after(&several).await;
    assert!(notes(&world).await.iter().all(|(_, status)| status == "current"), "nobody can tell which one");
}

#[tokio::test]
async fn a_preliminary_and_a_final_note_of_one_message_are_two() {
    let obx =
        |nth: u32, text: &str, status: &str| format!("OBX|{nth}|TX|OPN^Opname^99zis||{text}||||||{status}");
    for (first, second) in [("een", "twee"), ("twee", "een")] {
        let message = adt("A08", 0, &[PID, PV1, &obx(1, first, "P"), &obx(2, second, "F")]);
        let world = after(&[message]).await;
        assert!(notes(&world).await.iter().all(|(_, status)| status == "current"));
    }
}

#[tokio::test]
async fn a_correction_to_nothing_deletes_the_note() {
    for status in ["C", "A", "D", "W"] {
        let messages = [note(0, "DM2", "F", ""), note(30, "\"\"", status, "")];
        for order in [[&messages[0], &messages[1]], [&messages[1], &messages[0]]] {
            let world = World::new();
            for message in order {
                world.send(message).await;
            }
            let ended = notes(&world).await;
            assert_eq!(ended, [is("", "entered-in-error"), is("DM2", "superseded")], "{status}");
        }
        let at = "202611050900";
        let world = after(&[note(0, "DM2", "F", at), note(30, "\"\"", status, at)]).await;
        assert_eq!(notes(&world).await, [is("", "entered-in-error")], "{status}, known by its time");
    }
}

#[tokio::test]
async fn a_correction_of_a_correction() {
    let messages = [note(0, "een", "F", ""), note(10, "twee", "C", ""), note(20, "drie", "C", "")];
    let world = after(&messages).await;
    assert_eq!(
        notes(&world).await,
        [is("drie", "current"), is("een", "superseded"), is("twee", "superseded")]
    );
    let again = world.all().await;
    for message in &messages {
        world.send(message).await;
    }
    assert_same(&world.all().await, &again, "a repeated note changes nothing");
}

#[tokio::test]
async fn a_note_and_its_correction_in_one_message() {
    let obx =
        |nth: u32, text: &str, status: &str| format!("OBX|{nth}|TX|OPN^Opname^99zis||{text}||||||{status}");
    for (first, second) in [("een", "twee"), ("twee", "een")] {
        let message = adt("A08", 0, &[PID, PV1, &obx(1, first, "F"), &obx(2, second, "C")]);
        let world = after(&[message]).await;
        let mut expected = [is(first, "superseded"), is(second, "current")];
        expected.sort();
        assert_eq!(notes(&world).await, expected);
    }
}

#[tokio::test]
async fn notes_of_two_kinds_do_not_correct_each_other() {
    let other = note(30, "COPD", "C", "").replace("OPN^Opname", "ONT^Ontslag");
    let world = after(&[note(0, "DM2", "F", ""), other]).await;
    assert!(notes(&world).await.iter().all(|(_, status)| status == "current"));
}

#[tokio::test]
async fn a_note_and_its_correction_at_the_same_time() {
    let messages: Vec<String> =
        vec![note(0, "een", "F", ""), note(10, "twee", "C", ""), note(20, "drie", "C", "")];
    let expected = after(&messages).await.all().await;
    for _ in 0..4 {
        let world = Arc::new(World::new());
        // Whoever is older writes nothing of the patient, and must be seen all the same.
        world.send(&adt("A08", 50, &[PID, PV1])).await;
        let sent = messages.iter().cloned().map(|message| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.send(&message).await })
        });
        for one in sent.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        let ended = world.of_type("DocumentReference").await;
        let documents = expected.values().filter(|one| one["resourceType"] == "DocumentReference");
        assert_eq!(ended.iter().collect::<Vec<_>>(), documents.collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Any notes and corrections, in any order, end the same.
    #[test]
    fn any_order_of_notes_ends_the_same(
        (said, shuffled) in prop::collection::vec((0..5usize, 0..4usize), 1..6)
            .prop_map(|all| {
                let texts = ["een", "twee", "drie", "", "\"\""];
                let statuses = ["F", "C", "D", "P"];
                all.into_iter()
                    .zip(0..)
                    .map(|((text, status), minute)| note(minute, texts[text], statuses[status], ""))
                    .collect::<Vec<String>>()
            })
            .prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle())),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (expected, ended) =
            runtime.block_on(async { (after(&said).await.all().await, after(&shuffled).await.all().await) });
        assert_same(&ended, &expected, "shuffled");
    }
}
