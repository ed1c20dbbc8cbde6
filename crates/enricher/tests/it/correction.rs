//! Repeated and corrected notes, and what a person changed meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use zorgsluis_domain::Stage;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_enricher::{Enricher, Settings, provenance_key, targets};
use zorgsluis_worker::Process;

use super::engine::Words;
use super::suggestion::keep;
use super::world::{NOTE, World, effects, key, note};

fn id(resource: &Value) -> zorgsluis_domain::port::ResourceKey {
    key(resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

fn verification(condition: &Value) -> &str {
    condition["verificationStatus"]["coding"][0]["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_repeated_note_changes_nothing() {
    let world = World::new().await;
    world.read(note("pneumonie, metoprolol 50 mg", Some("nl"))).await;
    let before = (world.suggestions().await, world.provenance().await);
    let entries = world.entries().len();
    // The same text in a new version of the document, with another message.
    let stage = world.read(note("pneumonie, metoprolol 50 mg", Some("nl"))).await;
    assert_eq!(
        effects(&stage),
        ["Condition Unchanged same-content", "MedicationStatement Unchanged same-content"]
    );
    assert_eq!((world.suggestions().await, world.provenance().await), before, "not even a version");
    assert_eq!(world.entries().len(), entries + 1, "that the note was read");
}

#[tokio::test]
async fn a_correction_withdraws_what_the_note_does_not_say_any_more() {
    let world = World::new().await;
    world.read(note("pneumonie en koorts, metoprolol", Some("nl"))).await;
    let stage = world.read(note("Geen pneumonie. Wel koorts.", Some("nl"))).await;
    assert_eq!(
        effects(&stage),
        [
            "Condition Changed no-longer-in-the-note",
            "Condition Unchanged same-content",
            "MedicationStatement Changed no-longer-in-the-note",
            "Provenance Changed -",
        ]
    );
    let pneumonia = world.suggestion("pneumonie").await;
    assert_eq!(verification(&pneumonia), "entered-in-error");
    assert_eq!(pneumonia.get("clinicalStatus"), None, "con-5");
    assert_eq!(world.suggestion("metoprolol").await["status"], "entered-in-error");
    assert_eq!(verification(&world.suggestion("koorts").await), "unconfirmed");
    let withdrawn: Vec<bool> = targets(&world.provenance().await)
        .iter()
        .map(|target| target.withdrawn && target.places.is_empty())
        .collect();
    assert_eq!(withdrawn.iter().filter(|one| **one).count(), 2);
    let mut all = world.suggestions().await;
    all.push(world.provenance().await);
    keep("withdrawn", &all);
    assert!(world.kinds().contains(&EventKind::ResourceUpdate));

    // Found again, it comes back; and to repeat that changes nothing.
    let stage = world.read(note("Toch pneumonie. Wel koorts.", Some("nl"))).await;
    assert!(effects(&stage).contains(&"Condition Changed again-in-the-note".to_owned()));
    let pneumonia = world.suggestion("pneumonie").await;
    assert_eq!(verification(&pneumonia), "unconfirmed");
    assert_eq!(pneumonia["clinicalStatus"]["coding"][0]["code"], "active");
}

#[tokio::test]
async fn a_document_that_counts_no_longer_takes_its_suggestions_along() {
    for end in ["superseded", "entered-in-error", "deleted"] {
        let world = World::new().await;
        world.read(note("pneumonie, metoprolol", Some("nl"))).await;
        let mut over = note("pneumonie, metoprolol", Some("nl"));
        over["status"] = json!(end);
        if end == "deleted" {
            world.delete(key("DocumentReference", NOTE)).await;
        } else {
            world.put(over).await;
        }
        let stage = world.again(&world.enricher()).await.unwrap();
        assert!(matches!(stage, Stage::Enriched { notes: 0, .. }));
        assert_eq!(effects(&stage).len(), 3, "{end}");
        assert_eq!(verification(&world.suggestion("pneumonie").await), "entered-in-error");
        let provenance = world.provenance().await;
        assert_eq!(provenance["agent"][0]["who"]["display"], "words 1", "who read it last");
        let again = world.again(&world.enricher()).await.unwrap();
        assert!(effects(&again).iter().all(|one| one.ends_with("withdrawn-before")));
        assert_eq!(world.provenance().await, provenance);
        assert!(world.entries().values().all(|entry| entry.patient.is_some()), "of whom, also then");
    }
}

#[tokio::test]
async fn what_a_person_changed_is_theirs() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 5] = [
        ("confirmed", |one| one["verificationStatus"]["coding"][0]["code"] = json!("confirmed")),
        ("refuted", |one| one["verificationStatus"]["coding"][0]["code"] = json!("refuted")),
        ("rejected", |one| {
            one["verificationStatus"]["coding"][0] = json!({
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": "entered-in-error",
            });
            one.as_object_mut().unwrap().remove("clinicalStatus");
        }),
        ("annotated", |one| one["note"] = json!([{ "text": "besproken" }])),
        ("untagged", |one| {
            one["meta"].as_object_mut().unwrap().remove("tag");
        }),
    ];
    for (what, change) in changes {
        let world = World::new().await;
        world.read(note("pneumonie", Some("nl"))).await;
        let mut condition = world.suggestion("pneumonie").await;
        change(&mut condition);
        let condition_key = id(&condition);
        world.put(condition).await;
        let theirs = world.get(&condition_key).await;
        for text in ["pneumonie", "pneumonie, koorts", "Geen pneumonie.", "pneumonie"] {
            let stage = world.read(note(text, Some("nl"))).await;
            let left = "Condition Unchanged changed-by-somebody-else".to_owned();
            assert!(effects(&stage).contains(&left), "{what}: {text}");
            assert_eq!(world.get(&condition_key).await, theirs, "{what}: {text}");
        }
    }
}

#[tokio::test]
async fn what_a_person_deleted_stays_deleted() {
    let world = World::new().await;
    world.read(note("pneumonie, koorts", Some("nl"))).await;
    let condition = id(&world.suggestion("pneumonie").await);
    world.delete(condition.clone()).await;
    let stage = world.read(note("pneumonie, koorts!", Some("nl"))).await;
    assert!(effects(&stage).contains(&"Condition Unchanged deleted-by-somebody-else".to_owned()));
    assert_eq!(world.version(&condition).await, 2, "the deletion");
    assert_eq!(targets(&world.provenance().await).len(), 1);
}

#[tokio::test]
async fn what_others_put_into_meta_stays_and_is_no_change() {
    let world = World::new().await;
    world.read(note("pneumonie", Some("nl"))).await;
    let mut condition = world.suggestion("pneumonie").await;
    let label = json!({ "system": "https://example.org/labels", "code": "seen" });
    condition["meta"]["tag"].as_array_mut().unwrap().insert(0, label.clone());
    world.put(condition.clone()).await;
    let stage = world.read(note("pneumonie ", Some("nl"))).await;
    assert_eq!(effects(&stage), ["Condition Unchanged same-content"]);
    world.read(note("Geen pneumonie.", Some("nl"))).await;
    let condition = world.get(&id(&condition)).await;
    assert_eq!(verification(&condition), "entered-in-error");
    assert_eq!(condition["meta"]["tag"][0], label);
}

#[tokio::test]
async fn another_version_of_the_engine_says_so() {
    let world = World::new().await;
    world.read(note("pneumonie", Some("nl"))).await;
    let mut ports = world.ports();
    ports.engines.embedded = std::sync::Arc::new(Words::embedded("2"));
    let stage = world.again(&Enricher::new(ports, Settings::of("De Linde"))).await.unwrap();
    assert_eq!(effects(&stage), ["Condition Unchanged same-content", "Provenance Changed -"]);
    assert_eq!(world.provenance().await["agent"][0]["who"]["display"], "words 2");
}

#[tokio::test]
async fn an_older_message_that_is_read_late_revives_nothing() {
    let world = World::new().await;
    world.put(note("pneumonie", Some("nl"))).await;
    let older = world.applied().await;
    world.read(note("Geen pneumonie.", Some("nl"))).await;
    world.enricher().process(&older, "g1").await.unwrap();
    assert_eq!(world.version(&provenance_key(NOTE)).await, 0, "the note says none as it stands");
}

/// What is unconfirmed and counts, in the words of its code.
async fn standing(world: &World) -> BTreeSet<String> {
    if world.version(&provenance_key(NOTE)).await == 0 {
        return BTreeSet::new();
    }
    let all = world.suggestions().await;
    let counts = |one: &&Value| one["status"] == "unknown" || one.get("clinicalStatus").is_some();
    let code =
        |one: &Value| one["code"]["coding"].to_string() + &one["medicationCodeableConcept"].to_string();
    all.iter().filter(counts).map(code).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Versions of a note, each delivered at once, late or twice: what counts is what the last one says.
    #[test]
    fn any_order_of_deliveries_ends_in_what_the_note_says(
        versions in prop::collection::vec(
            (prop::collection::btree_set(prop::sample::select(vec![
                "pneumonie", "Geen koorts", "koorts", "metoprolol", "vroeger diabetes", "diabetes",
            ]), 0..4), any::<bool>()),
            1..5,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (ended, expected) = runtime.block_on(async {
            let texts: Vec<String> = versions
                .iter()
                .map(|(words, _)| format!("Note. {}.", words.iter().copied().collect::<Vec<_>>().join(". ")))
                .collect();
            let world = World::new().await;
            let mut late = Vec::new();
            for (text, (_, at_once)) in texts.iter().zip(&versions) {
                world.put(note(text, Some("nl"))).await;
                let reference = world.applied().await;
                if *at_once {
                    world.enricher().process(&reference, "g1").await.unwrap();
                }
                late.push(reference);
            }
            for reference in late.iter().rev().chain(&late) {
                world.enricher().process(reference, "g1").await.unwrap();
            }
            let fresh = World::new().await;
            fresh.read(note(texts.last().unwrap(), Some("nl"))).await;
            (standing(&world).await, standing(&fresh).await)
        });
        prop_assert_eq!(ended, expected);
    }
}
