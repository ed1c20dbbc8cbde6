//! Engines outside the organisation.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{Analysis, Concept, Language};
use zorgsluis_domain::{Phi, PortError, Stage};
use zorgsluis_enricher::{Enricher, Settings, targets};

use super::engine::{Failure, Words};
use super::world::{NOTE, PATIENT, World, effects, note};

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

/// An engine that tells its model with its answer only.
struct Later(Arc<Words>);

#[async_trait]
impl TextAnalysis for Later {
    fn engine(&self) -> &str {
        self.0.engine()
    }

    fn version(&self) -> &str {
        "interface 1"
    }

    fn is_outside(&self) -> bool {
        true
    }

    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError> {
        let found = self.0.analyse(text, language).await?;
        Ok(Analysis { model_version: "interface 1; model 7".into(), ..found })
    }
}

#[tokio::test]
async fn what_is_said_to_have_read_is_what_the_answer_names() {
    let world = World::new().await;
    world.put(note("pneumonia with the fever", Some("en"))).await;
    let mut ports = world.ports();
    ports.engines.english = Some(Arc::new(Later(Arc::new(Words::outside()))));
    let enricher = Enricher::new(ports, Settings::of("Ziekenhuis De Linde"));
    let Stage::Enriched { version, .. } = world.again(&enricher).await.unwrap() else { panic!() };
    assert_eq!(version, "interface 1; model 7");
    assert!(world.provenance().await.to_string().contains("interface 1; model 7"));
}

#[tokio::test]
async fn a_code_of_snomed_ct_stands_beside_that_of_icd_10() {
    struct Coded(Arc<Words>);

    #[async_trait]
    impl TextAnalysis for Coded {
        fn engine(&self) -> &str {
            self.0.engine()
        }

        fn version(&self) -> &str {
            self.0.version()
        }

        fn is_outside(&self) -> bool {
            true
        }

        async fn analyse(
            &self,
            text: &Phi<String>,
            language: Option<Language>,
        ) -> Result<Analysis, PortError> {
            let mut found = self.0.analyse(text, language).await?;
            for entity in &mut found.entities {
                entity.snomed_ct_concepts =
                    vec![Concept { description: "Pneumonia".into(), code: "233604007".into(), score: 0.9 }];
            }
            Ok(found)
        }
    }

    let world = World::new().await;
    world.put(note("the pneumonia", Some("en"))).await;
    let mut ports = world.ports();
    ports.engines.english = Some(Arc::new(Coded(Arc::new(Words::outside()))));
    world.again(&Enricher::new(ports, Settings::of("Ziekenhuis De Linde"))).await.unwrap();
    let codings = world.suggestion("pneumonia").await["code"]["coding"].clone();
    let systems: Vec<&str> =
        codings.as_array().unwrap().iter().map(|coding| coding["system"].as_str().unwrap()).collect();
    assert_eq!(systems, ["http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"]);
}

/// A patient and her sister, with what a note may say of them.
async fn people(world: &World) {
    world
        .put(json!({
            "resourceType": "Patient",
            "id": PATIENT,
            "identifier": [{ "system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120" }],
            "name": [{ "text": "Anna van Zilverberg", "family": "van Zilverberg", "given": ["Anna"] }],
            "telecom": [{ "system": "phone", "value": "06-00000012" }],
            "birthDate": "1961-04-12",
            "address": [{ "line": ["Rietkraagsteeg 12"], "city": "Waterloze" }],
        }))
        .await;
    world
        .put(json!({
            "resourceType": "RelatedPerson",
            "id": "7f9c24e8-0000-5000-8000-0000000000f1",
            "patient": { "reference": format!("Patient/{PATIENT}") },
            "name": [{ "family": "Oeverkant", "given": ["Mathilde"] }],
        }))
        .await;
}

const LETTER: &str = "Mrs van Zilverberg (BSN 999911120, Rietkraagsteeg 12), with her sister Mathilde Oeverkant: \
    the pneumonia, fever, metoprolol 50 mg.";
const NAMES: [&str; 5] = ["Zilverberg", "999911120", "Rietkraagsteeg", "Mathilde", "Oeverkant"];

#[tokio::test]
async fn what_goes_outside_names_nobody_and_what_comes_back_is_of_the_note() {
    let world = World::new().await;
    people(&world).await;
    let far = Arc::new(Words::outside());
    world.put(note(LETTER, Some("en"))).await;
    let stage = world.again(&enricher(&world, &far)).await.unwrap();
    assert_eq!(effects(&stage).len(), 4);
    let sent = far.seen.lock().unwrap().clone();
    assert_eq!(sent.len(), 1);
    for name in NAMES {
        assert!(!sent[0].contains(name), "{name}: {}", sent[0]);
    }
    assert!(sent[0].contains("pneumonia, fever, metoprolol 50 mg"));
    for target in targets(&world.provenance().await) {
        let (_, place) = target.places[0].clone();
        let said: String = LETTER.chars().skip(place.start as usize).take(place.len()).collect();
        assert!(["pneumonia", "fever", "metoprolol"].contains(&said.as_str()), "{said}");
    }
    assert_eq!(world.suggestion("metoprolol").await["dosage"][0]["text"], "50 mg");

    let entries = world.entries();
    let disclosure = entries.values().find(|one| one.event.kind == EventKind::Disclosure).unwrap();
    assert_eq!(disclosure.users[0].id, "far-away");
    assert_eq!(disclosure.legal_basis.checks, ["de-identified"]);
    let note = format!("DocumentReference/{NOTE}");
    assert!(disclosure.objects.iter().any(|object| object.id == note), "{:?}", disclosure.objects);
    let read = entries.values().filter(|one| one.event.kind == EventKind::ResourceRead);
    let objects: Vec<String> =
        read.flat_map(|one| one.objects.iter().map(|object| object.id.clone())).collect();
    assert!(objects.contains(&format!("Patient/{PATIENT}")), "who was looked up to be masked");
    assert!(objects.iter().any(|one| one.starts_with("RelatedPerson/")));
}

#[tokio::test]
async fn an_organisation_may_decide_that_texts_go_as_they_are() {
    let world = World::new().await;
    people(&world).await;
    let far = Arc::new(Words::outside());
    let mut ports = world.ports();
    ports.engines.english = Some(far.clone());
    let settings = Settings { deidentify: false, ..Settings::of("Ziekenhuis De Linde") };
    world.put(note(LETTER, Some("en"))).await;
    world.again(&Enricher::new(ports, settings)).await.unwrap();
    assert_eq!(*far.seen.lock().unwrap(), [LETTER]);
    let entries = world.entries();
    let disclosure = entries.values().find(|one| one.event.kind == EventKind::Disclosure).unwrap();
    assert!(disclosure.legal_basis.checks.is_empty());
}

#[tokio::test]
async fn a_disclosure_is_recorded_before_it_happens_and_once() {
    let world = World::new().await;
    let far = Arc::new(Words::outside());
    world.put(note("pneumonia with the fever", Some("en"))).await;
    *far.fails.lock().unwrap() = Some(Failure::Passing);
    let reference = world.applied().await;
    let enricher = enricher(&world, &far);
    assert!(zorgsluis_worker::Process::process(&enricher, &reference, "g1").await.is_err());
    let disclosures = || world.kinds().iter().filter(|kind| **kind == EventKind::Disclosure).count();
    assert_eq!(disclosures(), 1, "it may have gone out");
    zorgsluis_worker::Process::process(&enricher, &reference, "g1").await.unwrap();
    assert_eq!(disclosures(), 1);
}
