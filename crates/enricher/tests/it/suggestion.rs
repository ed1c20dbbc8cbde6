//! What is written, and what never is.

use std::path::Path;

use serde_json::{Value, json};
use zorgsluis_domain::Stage;
use zorgsluis_domain::audit::{AccessMethod, EventKind};
use zorgsluis_domain::port::Journal;
use zorgsluis_enricher::{MACHINE_EXTRACTED, ORIGIN, provenance_key, targets};
use zorgsluis_worker::Process;

use super::world::{NOTE, PATIENT, VISIT, World, counts, effects, key, note, time};

/// Keeps what was written where `tests/validate.sh` finds it.
pub(crate) fn keep(name: &str, resources: &[Value]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suggestions");
    std::fs::create_dir_all(&folder).unwrap();
    for (nth, resource) in resources.iter().enumerate() {
        std::fs::write(folder.join(format!("{name}-{nth}.json")), resource.to_string()).unwrap();
    }
}

#[tokio::test]
async fn a_condition_is_suggested_with_its_words_and_its_places() {
    let world = World::new().await;
    let stage = world.read(note("😀 Opname wegens longontsteking. Pneumonie links.", Some("nl"))).await;
    assert_eq!(effects(&stage), ["Condition Created -", "Provenance Created -"]);
    let condition = world.suggestion("longontsteking").await;
    let coding = |pointer: &str| condition.pointer(pointer).unwrap().clone();
    assert_eq!(coding("/verificationStatus/coding/0/code"), "unconfirmed");
    assert_eq!(coding("/clinicalStatus/coding/0/code"), "active");
    assert_eq!(coding("/category/0/coding/0/code"), "encounter-diagnosis");
    assert_eq!(
        coding("/code/coding"),
        json!([{
            "system": "http://hl7.org/fhir/sid/icd-10-cm",
            "code": "J18.9",
            "display": "Pneumonia, unspecified organism",
        }])
    );
    assert_eq!(coding("/subject/reference"), format!("Patient/{PATIENT}"));
    assert_eq!(coding("/encounter/reference"), format!("Encounter/{VISIT}"));
    assert_eq!(coding("/recordedDate"), "2026-11-05T09:00:00+01:00");
    assert_eq!(coding("/evidence/0/detail/0/reference"), format!("DocumentReference/{NOTE}"));
    assert_eq!(coding("/meta/tag/0/system"), ORIGIN);
    assert_eq!(coding("/meta/tag/0/code"), MACHINE_EXTRACTED);

    let provenance = world.provenance().await;
    let [target] = targets(&provenance).try_into().unwrap();
    assert_eq!(target.key.id, condition["id"]);
    assert_eq!(target.places, [(0, 16..30), (0, 32..41)], "code points, one concept, both mentions");
    assert_eq!(provenance["recorded"], time().to_string());
    assert_eq!(provenance["agent"][0]["who"]["display"], "words 1");
    assert_eq!(provenance["entity"][0]["what"]["reference"], format!("DocumentReference/{NOTE}"));
    assert!(provenance["target"][0].to_string().contains(r#""valueString":"OBX[1]-5[1]""#), "the field");
    keep("condition", &[condition, provenance]);
}

#[tokio::test]
async fn a_medicine_is_suggested_with_what_the_note_says_of_taking_it() {
    let world = World::new().await;
    let text = "Start metoprolol 50 mg 2 tabletten 2dd oraal 7 dagen. Thuis paracetamol.";
    world.read(note(text, Some("nl"))).await;
    let metoprolol = world.suggestion("metoprolol").await;
    assert_eq!(metoprolol["status"], "unknown", "nobody has confirmed that it is taken");
    assert_eq!(
        metoprolol["medicationCodeableConcept"]["coding"],
        json!([{ "system": "http://www.whocc.no/atc", "code": "C07AB02", "display": "metoprolol" }])
    );
    assert_eq!(metoprolol["derivedFrom"][0]["reference"], format!("DocumentReference/{NOTE}"));
    assert_eq!(metoprolol["context"]["reference"], format!("Encounter/{VISIT}"));
    assert!(metoprolol["informationSource"]["reference"].as_str().unwrap().starts_with("Practitioner/"));
    assert_eq!(
        metoprolol["dosage"],
        json!([{
            "text": "50 mg 2 tabletten 2dd oraal 7 dagen",
            "timing": {
                "repeat": { "boundsDuration": {
                    "value": 7, "unit": "dagen", "system": "http://unitsofmeasure.org", "code": "d",
                } },
                "code": { "text": "2dd" },
            },
            "route": { "text": "oraal" },
            "doseAndRate": [{ "doseQuantity": { "value": 2, "unit": "tabletten" } }],
        }])
    );
    let paracetamol = world.suggestion("paracetamol").await;
    assert_eq!(paracetamol.get("dosage"), None);
    let resources = [metoprolol, paracetamol, world.provenance().await];
    keep("medication", &resources);
}

#[tokio::test]
async fn what_is_not_said_of_the_patient_is_not_suggested() {
    let world = World::new().await;
    let text = "Geen koorts. Moeder diabetes. Mogelijk pneumonie. Misschien benauwdheid. Vroeger metoprolol.";
    let stage = world.read(note(text, Some("nl"))).await;
    assert_eq!(effects(&stage), Vec::<String>::new());
    let expected = [
        ("HYPOTHETICAL", 1),
        ("LOW_SCORE", 1),
        ("MEDICAL_CONDITION", 4),
        ("MEDICATION", 1),
        ("NEGATION", 1),
        ("PAST_HISTORY", 1),
        ("PERTAINS_TO_FAMILY", 1),
    ];
    assert_eq!(counts(&stage), expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(world.version(&provenance_key(NOTE)).await, 0, "nothing to tell of");
}

#[tokio::test]
async fn what_is_over_is_inactive_unless_the_note_also_says_that_it_is_not() {
    let world = World::new().await;
    world.read(note("Vroeger pneumonie. Vroeger diabetes, nu diabetes. Ook benauwdheid.", Some("nl"))).await;
    let status = async |words| world.suggestion(words).await["clinicalStatus"]["coding"][0]["code"].clone();
    assert_eq!(status("pneumonie").await, "inactive");
    assert_eq!(status("diabetes").await, "active");
    let uncoded = world.suggestion("benauwdheid").await;
    assert_eq!(uncoded["code"], json!({ "text": "benauwdheid" }), "without a code the words stay");
    keep("uncoded", &world.suggestions().await);
}

#[tokio::test]
async fn a_note_without_visit_date_and_author_gives_what_it_can() {
    let world = World::new().await;
    let mut bare = note("pneumonie en metoprolol", None);
    for element in ["context", "date", "author"] {
        bare.as_object_mut().unwrap().remove(element);
    }
    world.read(bare).await;
    let condition = world.suggestion("pneumonie").await;
    for element in ["category", "encounter", "recordedDate"] {
        assert_eq!(condition.get(element), None, "{element}");
    }
    keep("bare", &world.suggestions().await);
}

#[tokio::test]
async fn only_plain_text_in_a_language_that_is_read_is_read() {
    let world = World::new().await;
    let without = |change: fn(&mut Value)| {
        let mut document = note("pneumonie", Some("nl"));
        change(&mut document);
        document
    };
    let cases = [
        without(|one| one["content"][0]["attachment"]["contentType"] = json!("application/pdf")),
        without(|one| one["content"][0]["attachment"]["data"] = json!("no base64")),
        without(|one| one["content"][0]["attachment"]["data"] = json!("/w==")),
        without(|one| one["content"][0]["attachment"]["language"] = json!("de")),
        without(|one| one["subject"] = json!({ "reference": "Group/1" })),
        without(|one| one["status"] = json!("superseded")),
        without(|one| one["docStatus"] = json!("entered-in-error")),
    ];
    for case in cases {
        let stage = world.read(case.clone()).await;
        assert_eq!(effects(&stage), Vec::<String>::new(), "{case}");
        assert!(matches!(stage, Stage::Enriched { notes: 0, .. }));
    }
    let parameter =
        without(|one| one["content"][0]["attachment"]["contentType"] = json!("text/plain; charset=utf-8"));
    assert_eq!(effects(&world.read(parameter).await).len(), 2);
}

#[tokio::test]
async fn the_ids_tell_nothing_and_differ_between_documents() {
    let world = World::new().await;
    world.read(note("pneumonie", Some("nl"))).await;
    let mut other = note("pneumonie", Some("nl"));
    let id = "7f9c24e8-0000-5000-8000-00000000000b";
    other["id"] = json!(id);
    world.put(other).await;
    let reference = world.applied().await;
    let effect = zorgsluis_domain::StepEffect {
        resource: format!("DocumentReference/{id}"),
        effect: zorgsluis_domain::Effect::Created,
        why: None,
    };
    let journal = world.directory.journal();
    journal.record(reference.message, time(), &[Stage::Applied { effects: vec![effect] }]).await.unwrap();
    world.enricher().process(&reference, "g1").await.unwrap();
    let conditions: Vec<String> =
        world.all().await.into_keys().filter(|key| key.starts_with("Condition/")).collect();
    assert_eq!(conditions.len(), 2);
    let elsewhere = World::new().await;
    elsewhere.read(note("pneumonie", Some("nl"))).await;
    let mine = elsewhere.suggestion("pneumonie").await;
    let mine = key("Condition", mine["id"].as_str().unwrap()).to_string();
    assert!(!conditions.contains(&mine), "another identity key gives other ids");
}

#[tokio::test]
async fn every_reading_and_writing_is_recorded_once() {
    let world = World::new().await;
    world.read(note("pneumonie en metoprolol", Some("nl"))).await;
    assert_eq!(world.kinds(), [EventKind::ResourceCreate, EventKind::ResourceRead]);
    for entry in world.entries().values() {
        assert_eq!(entry.users[0].id, "zorgsluis/enricher");
        assert_eq!(entry.access_method, AccessMethod::Queue);
        assert_eq!(entry.event.trigger.as_deref(), Some("ORU^R01"));
        assert_eq!(entry.patient.as_ref().unwrap().reference, format!("Patient/{PATIENT}"));
        let objects: Vec<&str> = entry.objects.iter().map(|object| object.id.as_str()).collect();
        match entry.event.kind {
            EventKind::ResourceRead => assert_eq!(objects[1], format!("DocumentReference/{NOTE}")),
            _ => assert_eq!(objects.len(), 4, "message, Provenance, Condition, MedicationStatement"),
        }
    }
}

#[tokio::test]
async fn a_great_many_findings_are_written_in_parts() {
    let world = World::new().await;
    // Words that no two of are alike, each a concept of its own.
    let many = Many(420);
    let mut ports = world.ports();
    ports.engines.embedded = std::sync::Arc::new(many);
    let enricher = zorgsluis_enricher::Enricher::new(ports, zorgsluis_enricher::Settings::of("De Linde"));
    let text: String = (0..420).map(|nth| format!("w{nth:03} ")).collect();
    world.put(note(&text, Some("nl"))).await;
    let stage = world.again(&enricher).await.unwrap();
    assert_eq!(effects(&stage).len(), 421);
    assert_eq!(world.suggestions().await.len(), 420);
    let version = world.version(&provenance_key(NOTE)).await;
    assert!(effects(&world.again(&enricher).await.unwrap()).iter().all(|one| one.contains("same-content")));
    assert_eq!(world.version(&provenance_key(NOTE)).await, version);
}

/// Finds every four characters of a text a condition.
struct Many(u32);

#[async_trait::async_trait]
impl zorgsluis_domain::port::TextAnalysis for Many {
    fn engine(&self) -> &str {
        "many"
    }

    fn version(&self) -> &str {
        "1"
    }

    fn is_outside(&self) -> bool {
        false
    }

    async fn analyse(
        &self,
        _: &zorgsluis_domain::Phi<String>,
        language: Option<zorgsluis_domain::text::Language>,
    ) -> Result<zorgsluis_domain::text::Analysis, zorgsluis_domain::PortError> {
        let entity = |nth: u32| {
            json!({
                "Id": nth, "BeginOffset": nth * 5, "EndOffset": nth * 5 + 4, "Score": 0.9, "Text": "",
                "Category": "MEDICAL_CONDITION", "Type": "DX_NAME",
            })
        };
        let entities: Vec<Value> = (0..self.0).map(entity).collect();
        let analysis = json!({ "Entities": entities, "Language": language, "ModelVersion": "1" });
        Ok(serde_json::from_value(analysis).unwrap())
    }
}
