//! The function behind the audit queue, on the events of `events/lambda/`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use zorgsluis_audit_writer::lambda::{Handler, Kinds, Tally, envelope};
use zorgsluis_domain::audit::{Action, Event, EventKind, PurposeOfUse};
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{
    DeadLetter, DeadLetters, Journal, KeyOwner, Page, PageRequest, Payload, PayloadStore, Put,
};
use zorgsluis_domain::{MessageId, Phi, PortError, Stage, Way, WayStep};

use crate::support::{ANNA, NAME, World, entry, time};

/// Keeps what is parked, or is away.
#[derive(Default)]
pub(crate) struct Shelf {
    letters: Mutex<BTreeMap<MessageId, DeadLetter>>,
    bodies: Mutex<BTreeMap<MessageId, Vec<u8>>>,
    ways: Mutex<BTreeMap<MessageId, Vec<WayStep>>>,
    away: bool,
    /// Nothing is set aside: the call has no end.
    hangs: bool,
}

impl Shelf {
    fn check(&self) -> Result<(), PortError> {
        let away = PortError::Unavailable { operation: "shelf", retry_after: None, cause: None };
        if self.away { Err(away) } else { Ok(()) }
    }
}

const NOT_ASKED: PortError = PortError::NotFound { operation: "not part of this test" };

#[async_trait]
impl PayloadStore for Shelf {
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        _: Timestamp,
        bytes: &[u8],
    ) -> Result<Put, PortError> {
        self.check()?;
        if self.hangs {
            std::future::pending::<()>().await;
        }
        assert_eq!(*owner, KeyOwner::System);
        self.bodies.lock().unwrap().insert(message, bytes.to_vec());
        Ok(Put::Created)
    }
    async fn get(&self, _: MessageId) -> Result<Payload, PortError> {
        Err(NOT_ASKED)
    }
    async fn list(&self, _: Timestamp, _: &PageRequest) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        Err(NOT_ASKED)
    }
    async fn unqueued(
        &self,
        _: std::ops::Range<Timestamp>,
        _: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        Err(NOT_ASKED)
    }
    async fn put_note(&self, _: MessageId, _: &KeyOwner, _: &str, _: &[u8]) -> Result<(), PortError> {
        Err(NOT_ASKED)
    }
    async fn get_note(&self, _: MessageId, _: &str) -> Result<Phi<Vec<u8>>, PortError> {
        Err(NOT_ASKED)
    }
}

#[async_trait]
impl Journal for Shelf {
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError> {
        self.check()?;
        let steps = stages.iter().map(|stage| WayStep { at, stage: stage.clone() });
        self.ways.lock().unwrap().entry(message).or_default().extend(steps);
        Ok(())
    }
    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError> {
        let steps = self.ways.lock().unwrap().get(&message).cloned();
        Ok(steps.map(|steps| Way { message, steps }))
    }
    async fn was_queued(&self, _: MessageId) -> Result<bool, PortError> {
        Err(NOT_ASKED)
    }
    async fn latest(&self, _: &PageRequest) -> Result<Page<Way>, PortError> {
        Err(NOT_ASKED)
    }
}

#[async_trait]
impl DeadLetters for Shelf {
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.check()?;
        self.letters.lock().unwrap().insert(letter.message, letter.clone());
        Ok(())
    }
    async fn list(&self, _: &PageRequest) -> Result<Page<DeadLetter>, PortError> {
        Err(NOT_ASKED)
    }
    async fn get(&self, _: MessageId) -> Result<Option<DeadLetter>, PortError> {
        Err(NOT_ASKED)
    }
    async fn remove(&self, _: &DeadLetter) -> Result<bool, PortError> {
        Err(NOT_ASKED)
    }
}

/// A deadline a minute from now.
pub(crate) fn in_time() -> Timestamp {
    time(120)
}

fn event(name: &str) -> SqsEvent {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/lambda").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) async fn handler(world: &World, shelf: &Arc<Shelf>) -> Handler {
    let clock = Arc::new(FixedClock(time(60)));
    Handler::new(world.writer().await, shelf.clone(), shelf.clone(), shelf.clone(), clock)
}

pub(crate) fn failed(response: &SqsBatchResponse) -> Vec<&str> {
    response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
}

#[tokio::test]
async fn the_entries_of_a_batch_stand_in_the_log_in_their_order() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    assert!(failed(&handler.handle(event("audit-sqs-entries.json"), in_time()).await.response).is_empty());
    // Delivered again, and with one entry twice in one batch: nothing is doubled.
    assert!(failed(&handler.handle(event("audit-sqs-entries.json"), in_time()).await.response).is_empty());
    assert!(failed(&handler.handle(event("audit-sqs-duplicate.json"), in_time()).await.response).is_empty());
    let report = world.verify().await;
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.size, report.bundles), (3, 1));
    let reader = world.reader(world.writer().await);
    let lines = reader.period(time(0), time(10), &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(lines.iter().map(|line| line.index).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(shelf.letters.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_can_never_be_an_entry_is_parked_with_its_reason() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    assert!(failed(&handler.handle(event("audit-sqs-poison.json"), in_time()).await.response).is_empty());
    assert_eq!(world.log.status().await.unwrap().entries, 2);
    let letters: Vec<_> = shelf.letters.lock().unwrap().values().cloned().collect();
    let mut parked: Vec<_> = letters
        .iter()
        .map(|letter| (letter.received, letter.code.as_str(), letter.attempts, letter.group.as_str()))
        .collect();
    parked.sort_unstable();
    assert_eq!(
        parked,
        [
            (time(8), "not-an-entry", 4, "/audit"),
            (time(9), "not-an-entry", 1, "/audit"),
            (time(10), "entry-without-user", 1, "/audit"),
        ]
    );
    // The bodies are kept where everything is sealed; the letters hold nothing of them.
    assert_eq!(shelf.bodies.lock().unwrap().len(), 3);
    assert!(letters.iter().all(|letter| !format!("{letter:?}").contains(NAME)));
    handler.handle(event("audit-sqs-poison.json"), in_time()).await;
    assert_eq!(shelf.letters.lock().unwrap().len(), 3);
    // Each way says once that it was queued, so that no sweep takes it for a message that never was.
    let ways = shelf.ways.lock().unwrap().clone();
    assert_eq!(ways.keys().collect::<Vec<_>>(), shelf.letters.lock().unwrap().keys().collect::<Vec<_>>());
    for way in ways.values() {
        let [received, queued, parked] = way.as_slice() else { panic!("{way:?}") };
        assert!(matches!(received.stage, Stage::Received { .. }) && queued.stage == Stage::Queued, "{way:?}");
        assert!(matches!(parked.stage, Stage::Parked { .. }), "{way:?}");
    }
}

#[tokio::test]
async fn a_sweep_finds_nothing_of_what_was_parked() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let directory = zorgsluis_embedded::DataDirectory::open(folder.path().join("data")).unwrap();
    let payloads = Arc::new(directory.payloads());
    let handler = Handler::new(
        world.writer().await,
        payloads.clone(),
        Arc::new(directory.journal()),
        Arc::new(directory.dead_letters()),
        Arc::new(FixedClock(time(60))),
    );
    for _ in 0..2 {
        handler.handle(event("audit-sqs-poison.json"), in_time()).await;
        let page = PageRequest::first(10);
        assert_eq!(payloads.list(Timestamp::MAX, &page).await.unwrap().items.len(), 3);
        let unqueued = payloads.unqueued(Timestamp::MIN..Timestamp::MAX, &page).await.unwrap();
        assert_eq!(unqueued.items, []);
    }
}

#[tokio::test]
async fn trouble_that_may_pass_sends_the_group_back() {
    let world = World::new();
    let shelf = Arc::new(Shelf { away: true, ..Shelf::default() });
    let handler = handler(&world, &shelf).await;
    let batch = event("audit-sqs-poison.json");
    let ids: Vec<_> = batch.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
    // The first is logged; the second cannot be parked now, and the rest of the group waits behind it.
    assert_eq!(failed(&handler.handle(batch, in_time()).await.response), ids[1..]);
    assert_eq!(world.log.status().await.unwrap().entries, 1);

    world.keys.away.store(true, Ordering::SeqCst);
    let mut batch = event("audit-sqs-entries.json");
    batch.records[2].attributes.remove("MessageGroupId");
    let ids: Vec<_> = batch.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
    assert_eq!(failed(&handler.handle(batch, in_time()).await.response), ids);
    world.keys.away.store(false, Ordering::SeqCst);
    assert!(failed(&handler.handle(event("audit-sqs-entries.json"), in_time()).await.response).is_empty());
    assert_eq!(world.log.status().await.unwrap().entries, 3);
}

#[tokio::test]
async fn when_the_log_takes_nothing_all_entries_come_again() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    world.writer().await.seal().await.unwrap();
    let batch = event("audit-sqs-entries.json");
    let ids: Vec<_> = batch.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
    assert_eq!(failed(&handler.handle(batch, in_time()).await.response), ids);
    assert!(shelf.letters.lock().unwrap().is_empty(), "it is not the messages' fault");
}

#[tokio::test]
async fn an_entry_may_travel_sealed() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    let sealed = envelope(world.keys.as_ref(), &entry(1, Some(ANNA))).await.unwrap();
    assert!(!sealed.contains(NAME) && !sealed.contains(ANNA));
    let mut batch = event("audit-sqs-entries.json");
    batch.records[0].body = Some(sealed.clone());
    batch.records[1].body = Some(sealed.replace("\"v\":1", "\"v\":2"));
    let at = sealed.len() - 40;
    let mut broken = sealed.clone();
    broken.replace_range(at..=at, if sealed.as_bytes()[at] == b'A' { "B" } else { "A" });
    batch.records[2].body = Some(broken);
    assert!(failed(&handler.handle(batch, in_time()).await.response).is_empty());
    let codes: Vec<_> = shelf.letters.lock().unwrap().values().map(|letter| letter.code.clone()).collect();
    assert!(codes.contains(&"unknown-version".into()) && codes.contains(&"sealed-entry-unopenable".into()));
    let reader = world.reader(world.writer().await);
    let lines = reader.history(ANNA, time(0), time(10), &PageRequest::first(10)).await.unwrap().items;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].id, entry(1, Some(ANNA)).id);
}

#[tokio::test]
async fn the_tally_counts_what_is_new_and_what_tells_an_alarm() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    let mut batch = event("audit-sqs-poison.json");
    let denial = |number, reason: &str| {
        let mut entry = entry(number, None);
        entry.event = Event::failure(EventKind::AccessDenied, Action::Execute, reason);
        entry
    };
    let mut emergency = entry(3, Some(ANNA));
    emergency.legal_basis.emergency = true;
    let mut broke_glass = entry(4, Some(ANNA));
    broke_glass.users[0].purpose = Some(PurposeOfUse::BreakGlass);
    let mut refusal = entry(5, None);
    refusal.event = Event::failure(EventKind::Refusal, Action::Execute, "not-hl7");
    let entries =
        [denial(1, "wrong-token"), denial(2, "no-token"), emergency, broke_glass, refusal, entry(6, None)];
    let template = batch.records[0].clone();
    for entry in entries {
        let mut record = template.clone();
        record.message_id = Some(entry.id.to_string());
        record.body = Some(serde_json::to_string(&entry).unwrap());
        batch.records.push(record);
    }
    let tally = handler.handle(batch.clone(), in_time()).await.tally;
    let kinds = Kinds { emergency_access: 2, denied: 2, refused: 1, failed_logins: 1 };
    assert_eq!(tally, Tally { processed: 8, parked: 3, retried: 0, kinds });
    // What comes a second time rings no alarm again.
    let again = handler.handle(batch, in_time()).await.tally;
    assert_eq!(again, Tally { processed: 8, parked: 3, retried: 0, kinds: Kinds::default() });
}

#[tokio::test]
async fn what_cannot_be_done_in_time_goes_back() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    let batch = event("audit-sqs-entries.json");
    let ids: Vec<_> = batch.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
    // The clock stands at 60.
    for deadline in [time(0), time(60), time(74), Timestamp::MIN] {
        let handled = handler.handle(batch.clone(), deadline).await;
        assert_eq!(failed(&handled.response), ids);
        assert_eq!(handled.tally, Tally { retried: 3, ..Tally::default() });
    }
    assert_eq!(world.log.status().await.unwrap().entries, 0);
    assert!(failed(&handler.handle(batch, time(76)).await.response).is_empty());
}

#[tokio::test]
async fn a_service_without_an_answer_does_not_cost_the_rest_of_the_batch_its_time() {
    let world = World::new();
    let shelf = Arc::new(Shelf { hangs: true, ..Shelf::default() });
    let handler = handler(&world, &shelf).await;
    let batch = event("audit-sqs-poison.json");
    let ids: Vec<_> = batch.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
    // The clock stands at 60: a tenth of a second is left for what is not the bundle.
    let deadline = time(75) + jiff::SignedDuration::from_millis(100);
    let handled = handler.handle(batch, deadline).await;
    assert_eq!(failed(&handled.response), ids[1..]);
    assert_eq!((handled.tally.processed, handled.tally.parked), (1, 0));
}

#[tokio::test]
async fn a_panic_hurts_its_own_message_only() {
    let world = World::new();
    let shelf = Arc::new(Shelf::default());
    let handler = handler(&world, &shelf).await;
    let mut batch = event("audit-sqs-entries.json");
    batch.records[1].body = Some(envelope(world.keys.as_ref(), &entry(1, Some(ANNA))).await.unwrap());
    world.keys.panics.store(true, Ordering::SeqCst);
    let handled = handler.handle(batch, in_time()).await;
    assert!(failed(&handled.response).is_empty());
    assert_eq!((handled.tally.processed, handled.tally.parked), (2, 1));
    let codes: Vec<_> = shelf.letters.lock().unwrap().values().map(|letter| letter.code.clone()).collect();
    assert_eq!(codes, ["panic"]);
}
