//! Engines outside the organisation.

use std::sync::Arc;

use zorgsluis_domain::Stage;
use zorgsluis_enricher::{Enricher, Settings};

use super::engine::{Failure, Words};
use super::world::{World, effects, note};

fn enricher(world: &World, english: &Arc<Words>) -> Enricher {
    let mut ports = world.ports();
    ports.engines.english = Some(english.clone());
    Enricher::new(ports, Settings::of("Ziekenhuis De Linde"))
}

#[tokio::test]
async fn english_goes_outside_and_dutch_never_does() {
    for (text, language, goes) in [
        ("pneumonia with the fever", Some("en"), true),
        ("pneumonia with the fever", None, true),
        ("pneumonie met koorts", Some("nl"), false),
        ("pneumonie met koorts", None, false),
    ] {
        let world = World::new().await;
        let far = Arc::new(Words::outside());
        world.put(note(text, language)).await;
        let stage = world.again(&enricher(&world, &far)).await.unwrap();
        assert_eq!(effects(&stage).len(), 3);
        assert_eq!(!far.seen.lock().unwrap().is_empty(), goes, "{text} {language:?}");
        let Stage::Enriched { engine, .. } = stage else { panic!() };
        assert_eq!(engine, if goes { "far-away" } else { "words" });
    }
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for_and_one_that_refuses_is_replaced() {
    let world = World::new().await;
    let far = Arc::new(Words::outside());
    world.put(note("pneumonia with the fever", Some("en"))).await;
    *far.fails.lock().unwrap() = Some(Failure::Passing);
    assert!(world.again(&enricher(&world, &far)).await.is_err());
    *far.fails.lock().unwrap() = Some(Failure::Lasting);
    let Stage::Enriched { engine, .. } = world.again(&enricher(&world, &far)).await.unwrap() else {
        panic!()
    };
    assert_eq!(engine, "words");
}
