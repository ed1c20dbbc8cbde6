//! Joining is commutative, associative and idempotent: whatever the order and however often, the same.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use zorgsluis_domain::port::ResourceKey;

use super::rule::Key;
use super::stamp::{Moment, Rank, Stamp};
use super::state::{Register, State};
use super::whole::Whole;

fn stamp(merged: u32, rank: u8, at: i64, by: u8) -> Stamp {
    let rank = [Rank::Presumed, Rank::Mention, Rank::Registration][usize::from(rank)];
    let moment = Moment { at: Timestamp::from_second(at).unwrap(), sequence: 0, by: format!("message-{by}") };
    Stamp { merged, ..Stamp::new(rank, moment) }
}

/// One assertion; what it says is a function of path and stamp, as one message says one thing.
fn assertion() -> impl Strategy<Value = (String, Register)> {
    let paths = prop::sample::select(vec![
        "status",
        "period.start",
        "period.end",
        "period",
        "participant:ATND",
        "participant:REF",
        "participant",
        "location:ward-1",
        "location:ward-2",
        "location:ward-3",
        "identifier:bsn",
        "identifier:number",
        "identifier",
        "old:number",
        "meta.profile",
    ]);
    (paths, 0..2u32, 0..3u8, 0..4i64, 0..3u8).prop_map(|(path, merged, rank, at, by)| {
        let stamp = stamp(merged, rank, at, by);
        let said = format!("{rank}{at}{by}");
        let value = match path.split_once([':', '.']) {
            None if path != "status" => None,
            None => Some(json!({ "status": said })),
            Some(("period", child)) => Some(json!({ child: said })),
            Some(("meta", child)) => Some(json!({ child: [fhir::nl::ENCOUNTER] })),
            Some(("location", key)) => {
                Some(json!([{ "location": { "reference": key }, "status": "active" }]))
            }
            Some(("identifier", "bsn")) => Some(json!([{ "system": fhir::nl::BSN, "value": said }])),
            Some(("identifier", _)) => Some(json!([{ "value": "number", "assigner": { "display": said } }])),
            Some(("old", _)) => Some(json!(true)),
            Some((_, code)) => {
                let coding = json!({ "system": fhir::system::PARTICIPATION_TYPE, "code": code });
                Some(json!([{ "type": [{ "coding": [coding] }], "id": said }]))
            }
        };
        // A deletion is another message than one that says something.
        let stamp = if value.is_none() {
            let by = format!("{}-deletes", stamp.moment.by);
            Stamp { moment: Moment { by, ..stamp.moment }, ..stamp }
        } else {
            stamp
        };
        let path = match path {
            "identifier:number" | "old:number" => {
                path.replace("number", &Key::Identifier.of(&json!({ "value": "number" })))
            }
            _ => path.to_owned(),
        };
        (path, Register { stamp, value })
    })
}

/// Joins one after another, each time through what stands in the store.
fn joined(said: &[(String, Register)]) -> Map<String, Value> {
    let key = ResourceKey::new("Encounter", "1");
    let mut state = State::new(key.clone());
    for (path, register) in said {
        state.join_register(path.clone(), register.clone());
        state = State::of_stored(key.clone(), &state.render());
    }
    state.render()
}

fn result() -> impl Strategy<Value = Whole> {
    let statuses =
        prop::sample::select(vec!["preliminary", "final", "corrected", "cancelled", "entered-in-error"]);
    (statuses, 0..3i64, 0..6u8, prop::collection::vec(0..5u8, 0..4)).prop_map(
        |(status, at, by, mut results)| {
            results.dedup();
            let results: Vec<Value> =
                results.iter().map(|nth| json!({ "reference": format!("Observation/{nth}") })).collect();
            let mut content = Map::new();
            content.insert(String::from("status"), json!(status));
            content.insert(String::from("result"), Value::Array(results.clone()));
            let text = json!([status, at, results]).to_string();
            content.insert(String::from("conclusion"), json!(text));
            let moment = Moment {
                at: Timestamp::from_second(at).unwrap(),
                sequence: 0,
                by: format!("message-{by}-{text}"),
            };
            Whole::new(ResourceKey::new("DiagnosticReport", "1"), content, moment)
        },
    )
}

fn joined_results(said: &[Whole]) -> Map<String, Value> {
    let mut all = said.iter();
    let key = ResourceKey::new("DiagnosticReport", "1");
    let mut standing = all.next().unwrap().clone();
    for other in all {
        standing = Whole::of_stored(key.clone(), standing.render());
        standing.join(other.clone());
    }
    Whole::of_stored(key, standing.render()).render()
}

proptest! {
    #[test]
    fn registers_end_the_same_in_any_order(
        (said, shuffled) in prop::collection::vec(assertion(), 1..12)
            .prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle())),
    ) {
        let once = joined(&said);
        prop_assert_eq!(&joined(&shuffled), &once);
        let twice: Vec<_> = shuffled.iter().chain(&said).cloned().collect();
        prop_assert_eq!(&joined(&twice), &once);
    }

    #[test]
    fn results_end_the_same_in_any_order(
        (said, shuffled) in prop::collection::vec(result(), 1..8)
            .prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle())),
    ) {
        let once = joined_results(&said);
        prop_assert_eq!(&joined_results(&shuffled), &once);
        let twice: Vec<_> = shuffled.iter().chain(&said).cloned().collect();
        prop_assert_eq!(&joined_results(&twice), &once);
    }
}
