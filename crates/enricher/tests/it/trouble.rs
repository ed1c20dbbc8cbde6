//! Messages in every state, and others who write at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use zorgsluis_contract::through::{AtTransactions, Through};
use zorgsluis_domain::port::{
    DeadLetters, FhirStore, Journal, PageRequest, PayloadStore, ResourceKey, TransactionError, Write, Written,
};
use zorgsluis_domain::{MessageId, PortError, QueueReference, Stage};
use zorgsluis_enricher::{Enricher, Settings, provenance_key};
use zorgsluis_worker::{Delivery, Outcome, Process, ProcessError, deliver};

use super::engine::Failure;
use super::world::{NOTE, PATIENT, World, clock, effects, key, note, time};

fn transient(ended: Result<(), ProcessError>) -> bool {
    matches!(ended, Err(ProcessError::Port(PortError::Unavailable { .. })))
}

#[tokio::test]
async fn what_was_done_is_not_done_again_until_a_replay() {
    let world = World::new().await;
    world.put(note("pneumonie", Some("nl"))).await;
    let mut reference = world.applied().await;
    reference.notify = true;
    let enricher = world.enricher();
    for _ in 0..3 {
        enricher.process(&reference, "g1").await.unwrap();
    }
    world.enriched(reference.message).await;
    assert_eq!(world.embedded.seen.lock().unwrap().len(), 1);
    let waiting = world.notices_waiting().await;
    assert_eq!(waiting, [reference.clone()], "told on once, as it came");

    let journal = world.directory.journal();
    let way = journal.get(reference.message).await.unwrap().unwrap();
    let applied = way.steps[1].stage.clone();
    journal.record(reference.message, time(), &[Stage::Replayed]).await.unwrap();
    assert!(transient(enricher.process(&reference, "g1").await), "the converter has not been there");
    journal.record(reference.message, time(), &[applied]).await.unwrap();
    enricher.process(&reference, "g1").await.unwrap();
    assert_eq!(world.embedded.seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_that_nobody_is_told_of_ends_here() {
    let world = World::new().await;
    world.read(note("pneumonie", Some("nl"))).await;
    assert_eq!(world.notices_waiting().await, []);
}

#[tokio::test]
async fn a_message_that_was_parked_is_left_alone() {
    let world = World::new().await;
    world.put(note("pneumonie", Some("nl"))).await;
    let reference = world.applied().await;
    let parked = Stage::Parked { code: "x".into(), at: None };
    world.directory.journal().record(reference.message, time(), &[parked]).await.unwrap();
    world.enricher().process(&reference, "g1").await.unwrap();
    assert!(world.embedded.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_overtakes_the_step_of_the_converter() {
    let world = World::new().await;
    world.put(note("pneumonie", Some("nl"))).await;
    let done = world.applied().await;
    let journal = world.directory.journal();
    let applied = journal.get(done.message).await.unwrap().unwrap().steps[1].stage.clone();
    let reference = QueueReference::new(MessageId(uuid::Uuid::from_u128(99)), time());
    let received = Stage::Queued;
    journal.record(reference.message, time(), &[received]).await.unwrap();
    let enricher = world.enricher();
    let (ended, ()) = tokio::join!(enricher.process(&reference, "g1"), async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        journal.record(reference.message, time(), &[applied]).await.unwrap();
    });
    ended.unwrap();
    assert_eq!(effects(&world.enriched(reference.message).await).len(), 2);
}

#[tokio::test]
async fn what_is_no_reference_or_unknown_is_parked() {
    let world = World::new().await;
    let unknown = QueueReference::new(MessageId(uuid::Uuid::from_u128(7)), time());
    let bodies = [String::from("nonsense"), serde_json::to_string(&unknown).unwrap()];
    let enricher = Arc::new(world.enricher());
    for body in bodies {
        let delivery = Delivery { body, group: "g1".into(), sent: Some(time()), receive_count: 1 };
        assert_eq!(deliver(&enricher, &*clock(), &delivery).await, Outcome::Parked);
    }
    let letters = world.directory.dead_letters().list(&PageRequest::first(10)).await.unwrap();
    assert_eq!(letters.items.len(), 2);
    assert!(letters.items.iter().any(|letter| letter.code == "not-found"));
    let far = "2030-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(world.directory.payloads().list(far, &PageRequest::first(9)).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn who_waits_for_a_notice_is_told_though_the_note_cannot_be_read() {
    let faults = [Failure::Panic, Failure::Lasting];
    for (fails, code) in faults.into_iter().zip(["panic", "refused"]) {
        let world = World::new().await;
        world.put(note("pneumonie", Some("nl"))).await;
        let mut reference = world.applied().await;
        reference.notify = true;
        let enricher = Arc::new(world.enricher());
        let body = serde_json::to_string(&reference).unwrap();
        let delivery = Delivery { body, group: "g1".into(), sent: Some(time()), receive_count: 1 };

        *world.embedded.fails.lock().unwrap() = Some(Failure::Passing);
        assert!(matches!(deliver(&enricher, &*clock(), &delivery).await, Outcome::Retry(_)));
        assert_eq!(world.notices_waiting().await, [], "it comes again, and may say more then");

        *world.embedded.fails.lock().unwrap() = Some(fails);
        assert_eq!(deliver(&enricher, &*clock(), &delivery).await, Outcome::Parked);
        assert_eq!(world.notices_waiting().await, [reference]);
        let letters = world.directory.dead_letters().list(&PageRequest::first(10)).await.unwrap();
        assert_eq!(letters.items[0].code, code);
    }
}

/// On one thread: while an engine reads, others go on. Were it not so, this would never end.
#[tokio::test(flavor = "current_thread")]
async fn a_long_note_stalls_nobody() {
    let world = World::new().await;
    world.put(note("pneumonie", Some("nl"))).await;
    let (tell, wait) = std::sync::mpsc::channel();
    *world.embedded.waits.lock().unwrap() = Some(wait);
    let reference = world.applied().await;
    let enricher = world.enricher();
    let others = async {
        while world.embedded.seen.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        tell.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(enricher.process(&reference, "g1"), others);
    ended.unwrap();
}

#[tokio::test]
async fn a_document_that_never_was_gives_nothing() {
    let world = World::new().await;
    let stage = world.again(&world.enricher()).await.unwrap();
    assert_eq!(effects(&stage), Vec::<String>::new());
}

#[tokio::test]
async fn a_merged_patient_is_followed_and_a_merger_under_way_waited_for() {
    let world = World::new().await;
    let survivor = "7f9c24e8-0000-5000-8000-000000000002";
    world.put(json!({ "resourceType": "Patient", "id": survivor })).await;
    let merged = json!({
        "resourceType": "Patient",
        "id": PATIENT,
        "link": [{ "type": "replaced-by", "other": { "reference": format!("Patient/{survivor}") } }],
    });
    world.put(merged).await;
    world.put(note("pneumonie", Some("nl"))).await;
    let reference = world.applied().await;
    let ended = world.enricher().process(&reference, "g1").await;
    assert!(matches!(ended, Err(ProcessError::Port(PortError::Conflict { .. }))), "back to the queue");
    let index = world.ports().patients;
    index.merge(PATIENT.parse().unwrap(), survivor.parse().unwrap()).await.unwrap();
    world.enricher().process(&reference, "g1").await.unwrap();
    let condition = world.suggestion("pneumonie").await;
    assert_eq!(condition["subject"]["reference"], format!("Patient/{survivor}"));
}

/// Before a transaction, somebody else writes.
struct Meddling {
    store: Arc<dyn FhirStore>,
    rounds: AtomicUsize,
    what: ResourceKey,
}

#[async_trait]
impl AtTransactions for Meddling {
    fn store(&self) -> &dyn FhirStore {
        self.store.as_ref()
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        if self.rounds.load(Ordering::SeqCst) > 0 {
            self.rounds.fetch_sub(1, Ordering::SeqCst);
            let stands = self.store.read(std::slice::from_ref(&self.what)).await?.pop().unwrap().unwrap();
            let precondition = zorgsluis_domain::port::Precondition::Version(stands.version);
            let touched = Write::Put { key: self.what.clone(), json: stands.json, precondition };
            self.store.transaction(&[touched]).await?;
        }
        self.store.transaction(writes).await
    }
}

fn meddled(world: &World, what: ResourceKey, rounds: usize) -> Enricher {
    let mut ports = world.ports();
    ports.fhir = Arc::new(Through(Meddling { store: ports.fhir, rounds: AtomicUsize::new(rounds), what }));
    Enricher::new(ports, Settings::of("Ziekenhuis De Linde"))
}

#[tokio::test]
async fn what_the_plan_rests_on_is_held_to() {
    for what in [key("DocumentReference", NOTE), key("Patient", PATIENT)] {
        let world = World::new().await;
        world.put(note("pneumonie", Some("nl"))).await;
        let stage = world.again(&meddled(&world, what.clone(), 3)).await.unwrap();
        assert_eq!(effects(&stage), ["Condition Created -", "Provenance Created -"], "{what}: planned again");
        world.put(note("koorts", Some("nl"))).await;
        let never = world.again(&meddled(&world, what, usize::MAX)).await;
        assert!(matches!(never, Err(ProcessError::Port(PortError::Conflict { .. }))), "bounded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_end_as_one() {
    let world = Arc::new(World::new().await);
    world.put(note("pneumonie, koorts, metoprolol", Some("nl"))).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let world = Arc::clone(&world);
        let reference = world.applied().await;
        // Contended is back to the queue: it comes again.
        running.spawn(async move { while world.enricher().process(&reference, "g1").await.is_err() {} });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    assert_eq!(world.version(&provenance_key(NOTE)).await, 1);
    for suggestion in world.suggestions().await {
        assert_eq!(suggestion["meta"]["versionId"], "1");
    }
}
