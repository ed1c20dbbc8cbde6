//! Replay while the converter works: over the embedded stores, with the worker of `zorgsluis serve`.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use zorgsluis_converter::process::{self, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::port::{
    DeadLetter, Outgoing, PageRequest, Queue, QueueDepth, Receipt, Received, queue::MAX_BATCH,
};
use zorgsluis_domain::{MessageId, PortError};
use zorgsluis_embedded::{DataDirectory, SqliteQueue, SystemClock};
use zorgsluis_ingest::{Ingest, Ports, ProfileRules, Replay, Requester, Settings};
use zorgsluis_worker::{Delivery, Outcome, deliver, work};

use crate::doubles::Doubles;
use crate::support::{adt, mllp};

const MESSAGES: usize = 40;

struct World {
    _folder: tempfile::TempDir,
    directory: DataDirectory,
    queue: SqliteQueue,
    trail: Doubles,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let queue = directory.queue("inbound", Duration::from_secs(60));
        Self { _folder: folder, directory, queue, trail: Doubles::new() }
    }

    fn profiles() -> Profiles {
        Profiles::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/profiles")).unwrap()
    }

    fn processor(&self) -> Arc<Processor> {
        let ports = process::Ports {
            payloads: Arc::new(self.directory.payloads()),
            fhir: Arc::new(self.directory.fhir_store()),
            patients: Arc::new(self.directory.patient_index()),
            keys: Arc::new(self.directory.keys()),
            audit: Arc::new(self.trail.clone()),
            journal: Arc::new(self.directory.journal()),
            dead_letters: Arc::new(self.directory.dead_letters()),
            notes: Arc::new(self.directory.queue("notes", Duration::from_secs(60))),
            notices: Arc::new(self.directory.queue("notices", Duration::from_secs(60))),
            clock: Arc::new(SystemClock),
        };
        let options = ConvertOptions { profiles: Self::profiles(), key: IdentityKey::demonstration() };
        Arc::new(Processor::new(ports, options, "Ziekenhuis De Linde"))
    }

    fn ingest(&self, queue: Arc<dyn Queue>) -> Ingest {
        let ports = Ports {
            payloads: Arc::new(self.directory.payloads()),
            queue,
            journal: Arc::new(self.directory.journal()),
            dead_letters: Arc::new(self.directory.dead_letters()),
            audit: Arc::new(self.trail.clone()),
            keys: Arc::new(self.directory.keys()),
            clock: Arc::new(SystemClock),
        };
        Ingest::new(ports, Arc::new(ProfileRules::new(Self::profiles())), Settings::default())
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        use zorgsluis_domain::port::DeadLetters;
        self.directory.dead_letters().list(&PageRequest::first(1000)).await.unwrap().items
    }

    async fn settled(&self) {
        while self.queue.depth().await.unwrap() != QueueDepth::default() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Accepts messages of an event that the converter does not know, each of its own patient.
async fn accept_unsupported(ingest: &Ingest) -> HashSet<MessageId> {
    let mut accepted = HashSet::new();
    for n in 0..MESSAGES {
        let message = adt("ZIS", "A19", &format!("M{n}"), &format!("{}", 1_000_000 + n));
        accepted.insert(ingest.accept(&message, &mllp()).await.message.unwrap());
    }
    accepted
}

fn messages(letters: &[DeadLetter]) -> HashSet<MessageId> {
    letters.iter().map(|letter| letter.message).collect()
}

/// A queue with the quickest worker there can be: what is sent has been processed and deleted before the
/// sender hears that it was taken.
struct AtOnce {
    queue: SqliteQueue,
    processor: Arc<Processor>,
}

#[async_trait]
impl Queue for AtOnce {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        let sent = self.queue.send(batch).await?;
        loop {
            let received = self.queue.receive(MAX_BATCH, Duration::ZERO).await?;
            if received.is_empty() {
                return Ok(sent);
            }
            for one in received {
                let outcome = deliver(&self.processor, &SystemClock, &Delivery::from(&one)).await;
                assert_eq!(outcome, Outcome::Parked);
                self.queue.delete(&[one.receipt]).await?;
            }
        }
    }

    async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Received>, PortError> {
        self.queue.receive(most, wait).await
    }

    async fn delete(&self, receipts: &[Receipt]) -> Result<(), PortError> {
        self.queue.delete(receipts).await
    }

    async fn change_visibility(&self, receipts: &[Receipt], after: Duration) -> Result<(), PortError> {
        self.queue.change_visibility(receipts, after).await
    }

    async fn depth(&self) -> Result<QueueDepth, PortError> {
        self.queue.depth().await
    }
}

#[tokio::test]
async fn a_worker_quicker_than_the_replay_loses_nothing() {
    let world = World::new();
    let queue = AtOnce { queue: world.queue.clone(), processor: world.processor() };
    let ingest = world.ingest(Arc::new(queue));
    let accepted = accept_unsupported(&ingest).await;
    let before = world.letters().await;
    assert_eq!(messages(&before), accepted);
    for _ in 0..3 {
        let replayed = ingest.replay(Replay::All, &Requester::command_line()).await.unwrap();
        assert_eq!((replayed.queued.len(), replayed.failed.len()), (MESSAGES, 0));
        assert_eq!(messages(&world.letters().await), accepted);
    }
    let after = world.letters().await;
    assert!(before.iter().zip(&after).all(|(old, new)| old.parked < new.parked), "each was tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_beside_a_running_worker_lose_nothing() {
    let world = World::new();
    let queue: Arc<dyn Queue> = Arc::new(world.queue.clone());
    let ingest = world.ingest(Arc::clone(&queue));
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(work(queue, world.processor(), Arc::new(SystemClock), stopped));
    let accepted = accept_unsupported(&ingest).await;
    world.settled().await;
    for _ in 0..5 {
        let (one, other) = (Requester::command_line(), Requester::command_line());
        let (one, other) = tokio::join!(ingest.replay(Replay::All, &one), ingest.replay(Replay::All, &other));
        assert!(one.is_ok() && other.is_ok());
    }
    world.settled().await;
    stop.send(true).unwrap();
    working.await.unwrap();
    assert_eq!(messages(&world.letters().await), accepted);
}
