//! With the embedded recogniser itself.

use std::sync::Arc;

use serde_json::Value;
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_enricher::{Enricher, Settings, targets};

use super::suggestion::keep;
use super::world::{World, counts, note};

const DUTCH: &str = "Patiënte opgenomen wegens pneumonie re onderkwab, geen koorts. VG: hypertensie. \
    Moeder had diabetes. Start amoxicilline 500 mg 3dd1 p.o. gedurende 7 dagen; thuis metoprolol 50 mg 1dd1.";
const ENGLISH: &str = "Admitted with pneumonia. Denies chest pain. Mother had diabetes. \
    Started on amoxicillin 500 mg orally three times daily for 7 days.";

async fn read(text: &str) -> (World, Vec<Value>) {
    let world = World::new().await;
    let mut ports = world.ports();
    ports.engines.embedded = Arc::new(Recogniser::embedded().unwrap());
    world.put(note(text, None)).await;
    let stage = world.again(&Enricher::new(ports, Settings::of("Ziekenhuis De Linde"))).await.unwrap();
    assert!(counts(&stage)["NEGATION"] >= 1 && counts(&stage)["PERTAINS_TO_FAMILY"] >= 1);
    let all = world.suggestions().await;
    (world, all)
}

fn codes(all: &[Value], element: &str) -> Vec<String> {
    let mut codes: Vec<String> = all
        .iter()
        .filter_map(|one| Some(one.get(element)?["coding"][0]["code"].as_str()?.to_owned()))
        .collect();
    codes.sort();
    codes
}

#[tokio::test]
async fn a_dutch_note_gives_what_it_states_of_the_patient_and_nothing_else() {
    let (world, all) = read(DUTCH).await;
    assert_eq!(codes(&all, "code"), ["I10", "J18.9"]);
    assert_eq!(codes(&all, "medicationCodeableConcept"), ["C07AB02", "J01CA04"]);
    let provenance = world.provenance().await;
    for target in targets(&provenance) {
        let stands = all.iter().find(|one| one["id"] == target.key.id).unwrap();
        let concept = stands.get("code").or_else(|| stands.get("medicationCodeableConcept")).unwrap();
        let (_, place) = target.places[0].clone();
        let said: String = DUTCH.chars().skip(place.start as usize).take(place.len()).collect();
        assert_eq!(concept["text"], said, "the words stand where the Provenance says");
    }
    keep("recogniser-nl", &all);
    keep("recogniser-nl-provenance", &[provenance]);
}

#[tokio::test]
async fn an_english_note_too() {
    let (_, all) = read(ENGLISH).await;
    assert_eq!(codes(&all, "code"), ["J18.9"]);
    assert_eq!(codes(&all, "medicationCodeableConcept"), ["J01CA04"]);
    keep("recogniser-en", &all);
}
