//! A message from the queue to the store, with its way, its report and its entries.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};
use zorgsluis_converter::process::{Ports, Processor, REPORT};
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::{
    AuditSink, DataClass, DeadLetter, DeadLetters, Journal, KeyOwner, Keys, Outgoing, PageRequest,
    PayloadStore, Queue, Sealed,
};
use zorgsluis_domain::{MessageId, Phi, PortError, Pseudonym, Purpose, QueueReference, Stage};
use zorgsluis_worker::lambda::Handler;
use zorgsluis_worker::{Delivery, Outcome, Process as _, deliver, work};

use super::world::{World, adt, clock, options};

pub(super) fn processor(world: &World) -> Arc<Processor> {
    processor_with(world, Arc::new(world.directory.keys()))
}

fn processor_with(world: &World, keys: Arc<dyn Keys>) -> Arc<Processor> {
    processor_into(world, keys, world.trail.clone())
}

/// One that writes its entries there.
pub(super) fn processor_into(
    world: &World,
    keys: Arc<dyn Keys>,
    audit: Arc<dyn AuditSink>,
) -> Arc<Processor> {
    let directory = &world.directory;
    let ports = Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::clone(&world.store),
        patients: Arc::new(directory.patient_index()),
        keys,
        audit,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        notes: Arc::new(directory.queue("notes", Duration::from_secs(60))),
        notices: Arc::new(directory.queue("notices", Duration::from_secs(60))),
        clock: clock(),
    };
    Arc::new(Processor::new(ports, options(), "Ziekenhuis De Linde"))
}

/// Delivers a body once.
pub(super) async fn delivered(processor: &Arc<Processor>, body: &str) -> Outcome {
    let delivery = Delivery {
        body: body.to_owned(),
        group: String::from("g1"),
        sent: Some("2026-11-20T10:00:00Z".parse().unwrap()),
        receive_count: 1,
    };
    deliver(processor, &*clock(), &delivery).await
}

pub(super) fn event(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(name);
    String::from_utf8(std::fs::read(path).unwrap()).unwrap()
}

pub(super) async fn way(world: &World, message: MessageId) -> Vec<Stage> {
    let way = world.directory.journal().get(message).await.unwrap().unwrap();
    way.steps.into_iter().map(|step| step.stage).collect()
}

pub(super) async fn only_message(world: &World) -> MessageId {
    let far = "2030-01-01T00:00:00Z".parse().unwrap();
    let page = world.directory.payloads().list(far, &PageRequest::first(10)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    page.items[0].0
}

fn kinds(world: &World) -> Vec<EventKind> {
    let entries = world.trail.0.lock().unwrap();
    entries.values().map(|entry| entry.event.kind).collect()
}

#[tokio::test]
async fn a_raw_message_goes_the_whole_way_once() {
    let world = World::new();
    let processor = processor(&world);
    let body = event("01-adt-a01-admission.hl7");
    assert_eq!(delivered(&processor, &body).await, Outcome::Done);
    let message = only_message(&world).await;
    let stages = way(&world, message).await;
    assert!(matches!(
        stages.as_slice(),
        [
            Stage::Received { .. },
            Stage::Queued,
            Stage::Converted { .. },
            Stage::Applied { .. },
            Stage::Audited { .. }
        ]
    ));
    let report = world.directory.payloads().get_note(message, REPORT).await.unwrap();
    let report: Value = serde_json::from_slice(report.expose_phi()).unwrap();
    assert_eq!(report["resourceType"], "OperationOutcome");
    for phi in ["Zilverreiger", "999990019", "1000001", "Vries"] {
        assert!(!report.to_string().contains(phi), "{phi}");
    }
    let mut recorded = kinds(&world);
    recorded.sort_by_key(|kind| format!("{kind:?}"));
    assert_eq!(recorded, [EventKind::Import, EventKind::ResourceCreate]);
    let stands = world.all().await;

    // As a reference, later: nothing happens a second time.
    let reference = QueueReference::new(message, "2026-11-20T10:00:00Z".parse().unwrap());
    let reference = serde_json::to_string(&reference).unwrap();
    assert_eq!(delivered(&processor, &reference).await, Outcome::Done);
    assert_eq!(world.all().await, stands);
    assert_eq!(way(&world, message).await.len(), stages.len());
    assert_eq!(kinds(&world).len(), 2);
}

#[tokio::test]
async fn the_name_that_a_sender_proved_is_the_user_of_its_entries() {
    let world = World::new();
    let processor = processor(&world);
    let received = "2026-11-20T10:00:00Z".parse().unwrap();
    let message = processor.accept(event("01-adt-a01-admission.hl7").as_bytes(), received).await.unwrap();
    let mut reference = QueueReference::new(message, received);
    reference.authenticated = Some(String::from("epd.linde.example"));
    let body = serde_json::to_string(&reference).unwrap();
    assert_eq!(delivered(&processor, &body).await, Outcome::Done);
    let entries = world.trail.0.lock().unwrap();
    assert!(!entries.is_empty());
    for user in entries.values().map(|entry| &entry.users[0]) {
        assert_eq!(user.id, "epd.linde.example");
        // What the message says of itself stands beside it.
        assert!(user.requestor && user.alternate_id.as_ref().is_some_and(|said| !said.is_empty()));
    }
}

#[tokio::test]
async fn what_cannot_succeed_is_parked_with_its_reason_and_place() {
    for (name, code, at) in [
        ("91-damaged-header.hl7", "invalid-delimiters", "MSH"),
        ("92-adt-a01-without-patient.hl7", "no-patient", "PID[1]"),
        ("95-adt-a19-unsupported.hl7", "unsupported-event", "MSH[1]-9[1]"),
    ] {
        let world = World::new();
        let processor = processor(&world);
        assert_eq!(delivered(&processor, &event(name)).await, Outcome::Parked, "{name}");
        assert_eq!(delivered(&processor, &event(name)).await, Outcome::Done, "{name}: once is enough");
        let message = only_message(&world).await;
        let letter = world.directory.dead_letters().get(message).await.unwrap().unwrap();
        assert_eq!(letter.code, code, "{name}");
        assert!(letter.at.is_some_and(|place| place.starts_with(at)), "{name}");
        assert_eq!(kinds(&world), [EventKind::Refusal], "{name}");
        assert!(world.all().await.is_empty(), "{name}");
        let parked = way(&world, message).await;
        assert_eq!(parked.iter().filter(|stage| matches!(stage, Stage::Parked { .. })).count(), 1);
    }
}

#[tokio::test]
async fn what_is_lost_from_the_store_is_parked_not_repeated() {
    let world = World::new();
    let unknown = MessageId("00000000-0000-8000-8000-000000000001".parse().unwrap());
    let reference = QueueReference::new(unknown, "2026-11-20T10:00:00Z".parse().unwrap());
    let body = serde_json::to_string(&reference).unwrap();
    assert_eq!(delivered(&processor(&world), &body).await, Outcome::Parked);
    let letter = world.directory.dead_letters().get(unknown).await.unwrap().unwrap();
    assert_eq!(letter.code, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_empties_the_queue_and_stops() {
    let world = World::new();
    let queue = world.directory.queue("inbound", Duration::from_secs(60));
    let names = [
        "01-adt-a01-admission.hl7",
        "02-adt-a02-transfer.hl7",
        "95-adt-a19-unsupported.hl7",
        "06-adt-a03-discharge.hl7",
    ];
    for (nth, name) in names.iter().enumerate() {
        let message =
            Outgoing { body: event(name), group: String::from("one"), deduplication: nth.to_string() };
        queue.send(&[message]).await.unwrap().remove(0).unwrap();
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let working = tokio::spawn(work(Arc::new(queue.clone()), processor(&world), clock(), stopped));
    while queue.depth().await.unwrap() != zorgsluis_domain::port::QueueDepth::default() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    working.await.unwrap();
    assert_eq!(world.one("Encounter").await["status"], "finished");
    let parked = world.directory.dead_letters().list(&PageRequest::first(10)).await.unwrap();
    assert_eq!(parked.items.len(), 1);
}

#[tokio::test]
async fn the_function_behind_the_queue_has_one_effect() {
    let world = World::new();
    let handler = Handler::new(processor(&world), clock(), Duration::from_secs(1));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/lambda/sqs-single-adt.json");
    let event: SqsEvent = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let deadline = "2026-11-22T12:05:00Z".parse().unwrap();
    for _ in 0..2 {
        let answer = handler.handle(event.clone(), deadline).await.response;
        assert!(answer.batch_item_failures.is_empty());
        assert_eq!(world.of_type("Patient").await.len(), 1);
    }
    assert!(world.directory.dead_letters().list(&PageRequest::first(1)).await.unwrap().items.is_empty());
    assert_eq!(kinds(&world).iter().filter(|kind| **kind == EventKind::Import).count(), 1);
}

#[tokio::test]
async fn a_sender_that_may_only_fill_overwrites_no_registration() {
    let world = World::new();
    let processor = processor(&world);
    let pid = |rest: &str| format!("PID|1||1000001^^^LINDE^PI||{rest}");
    let registered = adt("A28", 0, &[&pid("de Vries&de&Vries^J||19610412"), "PV1|1|N"]);
    let laboratory =
        adt("A31", 10, &[&pid("Fries&&Fries^J||19610412|F"), "PV1|1|N"]).replace("|ZIS|", "|LABSYS|");
    for message in [registered, laboratory] {
        assert_eq!(delivered(&processor, &message).await, Outcome::Done);
    }
    let patient = world.one("Patient").await;
    assert_eq!((&patient["name"][0]["family"], &patient["gender"]), (&json!("de Vries"), &json!("female")));
}

/// Keys that remember in which thread the owner of a message was asked for: the one that converts it.
struct Watched<K> {
    keys: K,
    seen: Arc<Mutex<Vec<ThreadId>>>,
}

#[async_trait]
impl<K: Keys> Keys for Watched<K> {
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        if purpose == Purpose::KeyOwner {
            self.seen.lock().unwrap().push(std::thread::current().id());
        }
        self.keys.pseudonym(purpose, parts)
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        self.keys.identity_key()
    }

    async fn seal(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, PortError> {
        self.keys.seal(owner, class, context, plaintext).await
    }

    async fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        self.keys.open(sealed, context).await
    }

    async fn destroy(&self, owner: &KeyOwner, class: DataClass) -> Result<u64, PortError> {
        self.keys.destroy(owner, class).await
    }
}

#[tokio::test]
async fn a_large_message_is_converted_where_nobody_waits_for_it() {
    let world = World::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keys = Watched { keys: world.directory.keys(), seen: Arc::clone(&seen) };
    let processor = processor_with(&world, Arc::new(keys));
    let here = std::thread::current().id();
    let received = "2026-11-20T10:00:00Z".parse().unwrap();
    for (minute, large) in [(0, false), (10, true)] {
        let more = format!("ZZZ|{}", "x".repeat(if large { 300_000 } else { 3 }));
        let message = adt("A28", minute, &["PID|1||1000001^^^LINDE^PI||Sluis&&Sluis^A", "PV1|1|N", &more]);
        let id = processor.accept(message.as_bytes(), received).await.unwrap();
        seen.lock().unwrap().clear();
        processor.process(&QueueReference::new(id, received), "g1").await.unwrap();
        let threads = seen.lock().unwrap().clone();
        assert!(!threads.is_empty());
        // Who claims a number asks too, always here.
        assert_eq!(threads.iter().any(|thread| *thread != here), large, "large: {large}");
    }
    assert_eq!(world.one("Patient").await["name"][0]["family"], "Sluis");
}

#[tokio::test]
async fn what_the_notifier_set_aside_goes_to_it_again_after_a_replay() {
    let world = World::new();
    let processor = processor(&world);
    let message = adt(
        "A28",
        0,
        &["PID|1||1000001^^^LINDE^PI||Sluis&&Sluis^A", "PD1||||01004567^de Wit^A^^^^^^VEKTIS", "PV1|1|N"],
    );
    let received = "2026-11-20T10:00:00Z".parse().unwrap();
    let id = processor.accept(message.as_bytes(), received).await.unwrap();
    let reference = QueueReference::new(id, received);
    let notices = world.directory.queue("notices", Duration::from_secs(60));
    let waiting = async || notices.depth().await.unwrap().waiting;
    processor.process(&reference, "g1").await.unwrap();
    assert_eq!(waiting().await, 1);
    // Somebody whom it names is not in the directory.
    let letter = DeadLetter {
        message: id,
        group: String::from("g1"),
        received,
        parked: clock().now(),
        code: String::from("recipient-unknown"),
        at: None,
        text: String::new(),
        attempts: 1,
    };
    processor.park(&letter).await.unwrap();
    processor.process(&reference, "g1").await.unwrap();
    assert_eq!(waiting().await, 1, "it is set aside");
    let later = clock().now().checked_add(Duration::from_secs(1)).unwrap();
    world.directory.journal().record(id, later, &[Stage::Replayed]).await.unwrap();
    processor.process(&reference, "g1").await.unwrap();
    assert_eq!(waiting().await, 2);
    let sent = notices.receive(10, Duration::ZERO).await.unwrap();
    let sent: QueueReference = serde_json::from_str(&sent[0].body).unwrap();
    assert!(sent.notify && sent.message == id);
}
