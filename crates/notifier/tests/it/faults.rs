//! A fault at every call of every port: an error before it did anything, an error after it did, and the
//! process killed before and after. Whatever happens, no mail goes twice and none is forgotten.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;
use zorgsluis_domain::notice::{
    BusinessIdentifier, Notice, NoticeId, NoticeOutcome, NoticeState, OutgoingMail, Protection,
};
use zorgsluis_domain::port::{
    AuditSink, Claim, DeadLetter, DeadLetters, FhirStore, IndexEvent, IndexedIdentifier, Journal, KeyOwner,
    MailError, MailTrace, Mailer, NoticeRegister, OptOut, OptOuts, Page, PageRequest, PatientIndex, Payload,
    PayloadStore, Provider, ProviderDirectory, ProviderError, Put, Reservation, ResourceKey, Search,
    StoredProvider, StoredResource, TransactionError, Write, Written,
};
use zorgsluis_domain::{AuditEntry, MessageId, Phi, PortError, Pseudonym, Stage, Way};
use zorgsluis_notifier::{Notifier, Ports};
use zorgsluis_worker::{Delivery, Outcome, deliver};

use crate::certificates::recipient;
use crate::world::{BRUG, World, agb, named, start};

/// Counts the calls, and lets one of them fail.
#[derive(Default)]
pub(crate) struct Faults {
    calls: AtomicUsize,
    /// The point that fails, from 1: each call has four.
    fails: AtomicUsize,
    pub(crate) fired: AtomicBool,
    pub(crate) killed: Notify,
    /// The log takes nothing.
    pub(crate) no_audit: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    ErrorBefore,
    ErrorAfter,
    KillBefore,
    KillAfter,
    Never,
}

impl Faults {
    pub(crate) fn at(&self, point: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.fired.store(false, Ordering::SeqCst);
        self.fails.store(point, Ordering::SeqCst);
    }

    fn next(&self) -> When {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let Some(mode) = self.fails.load(Ordering::SeqCst).checked_sub(1 + 4 * call) else {
            return When::Never;
        };
        let when = match mode {
            0 => When::ErrorBefore,
            1 => When::ErrorAfter,
            2 => When::KillBefore,
            3 => When::KillAfter,
            _ => return When::Never,
        };
        self.fired.store(true, Ordering::SeqCst);
        when
    }

    /// Nothing happens any more.
    async fn die(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}

fn down() -> PortError {
    PortError::unavailable("test", "a fault of the test")
}

/// A port behind faults.
struct Faulty<T: ?Sized>(Arc<T>, Arc<Faults>);

macro_rules! guarded {
    ($self:ident, $call:expr) => {
        guarded!($self, $call, Err(down().into()), Err(down().into()))
    };
    ($self:ident, $call:expr, $before:expr, $after:expr) => {{
        let when = $self.1.next();
        match when {
            When::ErrorBefore => return $before,
            When::KillBefore => $self.1.die().await,
            _ => {}
        }
        let answer = $call.await;
        match when {
            When::ErrorAfter => return $after,
            When::KillAfter => $self.1.die().await,
            _ => {}
        }
        answer
    }};
}

#[async_trait]
impl Mailer for Faulty<dyn Mailer> {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        guarded!(self, self.0.send(mail), Err(MailError::NotSent(down())), Err(MailError::Unknown))
    }
    async fn trace(&self, notice: NoticeId) -> Result<MailTrace, PortError> {
        guarded!(self, self.0.trace(notice))
    }
}

#[async_trait]
impl NoticeRegister for Faulty<dyn NoticeRegister> {
    async fn reserve(&self, notice: &Notice) -> Result<Reservation, PortError> {
        guarded!(self, self.0.reserve(notice))
    }
    async fn settle(
        &self,
        id: NoticeId,
        from: &[NoticeState],
        to: NoticeState,
        at: Timestamp,
        receipt: Option<&str>,
        why: Option<&str>,
    ) -> Result<bool, PortError> {
        guarded!(self, self.0.settle(id, from, to, at, receipt, why))
    }
    async fn get(&self, id: NoticeId) -> Result<Option<Notice>, PortError> {
        guarded!(self, self.0.get(id))
    }
    async fn list(&self, state: Option<NoticeState>, page: &PageRequest) -> Result<Page<Notice>, PortError> {
        self.0.list(state, page).await
    }
}

#[async_trait]
impl ProviderDirectory for Faulty<dyn ProviderDirectory> {
    async fn find(&self, identifiers: &[BusinessIdentifier]) -> Result<Vec<StoredProvider>, PortError> {
        guarded!(self, self.0.find(identifiers))
    }
    async fn find_by_address(&self, address: &str) -> Result<Vec<StoredProvider>, PortError> {
        guarded!(self, self.0.find_by_address(address))
    }
    async fn get(&self, id: Uuid) -> Result<Option<StoredProvider>, PortError> {
        guarded!(self, self.0.get(id))
    }
    async fn put(
        &self,
        provider: &Provider,
        expected: Option<u64>,
        at: Timestamp,
        by: &str,
    ) -> Result<u64, ProviderError> {
        guarded!(self, self.0.put(provider, expected, at, by))
    }
    async fn list(&self, page: &PageRequest) -> Result<Page<StoredProvider>, PortError> {
        self.0.list(page).await
    }
    async fn history(&self, id: Uuid) -> Result<Vec<StoredProvider>, PortError> {
        guarded!(self, self.0.history(id))
    }
}

#[async_trait]
impl OptOuts for Faulty<dyn OptOuts> {
    async fn opted_out(&self, patients: &[Uuid]) -> Result<bool, PortError> {
        guarded!(self, self.0.opted_out(patients))
    }
    async fn put(&self, wish: &OptOut) -> Result<(), PortError> {
        self.0.put(wish).await
    }
    async fn history(&self, patient: Uuid) -> Result<Vec<OptOut>, PortError> {
        self.0.history(patient).await
    }
}

#[async_trait]
impl AuditSink for Faulty<dyn AuditSink> {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        if self.1.no_audit.load(Ordering::SeqCst) {
            return Err(down());
        }
        guarded!(self, self.0.record(entries))
    }
}

#[async_trait]
impl Journal for Faulty<dyn Journal> {
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError> {
        guarded!(self, self.0.record(message, at, stages))
    }
    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError> {
        guarded!(self, self.0.get(message))
    }
    async fn was_queued(&self, message: MessageId) -> Result<bool, PortError> {
        self.0.was_queued(message).await
    }
    async fn latest(&self, page: &PageRequest) -> Result<Page<Way>, PortError> {
        self.0.latest(page).await
    }
}

#[async_trait]
impl DeadLetters for Faulty<dyn DeadLetters> {
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        guarded!(self, self.0.park(letter))
    }
    async fn list(&self, page: &PageRequest) -> Result<Page<DeadLetter>, PortError> {
        self.0.list(page).await
    }
    async fn get(&self, message: MessageId) -> Result<Option<DeadLetter>, PortError> {
        guarded!(self, self.0.get(message))
    }
    async fn remove(&self, letter: &DeadLetter) -> Result<bool, PortError> {
        self.0.remove(letter).await
    }
}

#[async_trait]
impl PayloadStore for Faulty<dyn PayloadStore> {
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        bytes: &[u8],
    ) -> Result<Put, PortError> {
        self.0.put(message, owner, received, bytes).await
    }
    async fn get(&self, message: MessageId) -> Result<Payload, PortError> {
        self.0.get(message).await
    }
    async fn list(
        &self,
        before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        self.0.list(before, page).await
    }
    async fn unqueued(
        &self,
        received: Range<Timestamp>,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        self.0.unqueued(received, page).await
    }
    async fn put_note(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), PortError> {
        self.0.put_note(message, owner, name, bytes).await
    }
    async fn get_note(&self, message: MessageId, name: &str) -> Result<Phi<Vec<u8>>, PortError> {
        guarded!(self, self.0.get_note(message, name))
    }
}

#[async_trait]
impl PatientIndex for Faulty<dyn PatientIndex> {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        self.0.resolve(identifiers).await
    }
    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        self.0.claim(identifier, patient).await
    }
    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        guarded!(self, self.0.survivor(patient))
    }
    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        self.0.merge(old, new).await
    }
    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        guarded!(self, self.0.merged_into(survivor))
    }
    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        self.0.release(identifier, patient).await
    }
    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        self.0.history(patient).await
    }
}

#[async_trait]
impl FhirStore for Faulty<dyn FhirStore> {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        guarded!(self, self.0.read(keys))
    }
    async fn read_version(
        &self,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<StoredResource>, PortError> {
        self.0.read_version(key, version).await
    }
    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        self.0.history(key, page).await
    }
    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        guarded!(self, self.0.search(search))
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        guarded!(self, self.0.transaction(writes))
    }
}

pub(crate) fn behind(ports: &Ports, faults: &Arc<Faults>) -> Ports {
    let clone = || Arc::clone(faults);
    Ports {
        payloads: Arc::new(Faulty(ports.payloads.clone(), clone())),
        fhir: Arc::new(Faulty(ports.fhir.clone(), clone())),
        patients: Arc::new(Faulty(ports.patients.clone(), clone())),
        directory: Arc::new(Faulty(ports.directory.clone(), clone())),
        notices: Arc::new(Faulty(ports.notices.clone(), clone())),
        opt_outs: Arc::new(Faulty(ports.opt_outs.clone(), clone())),
        mailer: Arc::new(Faulty(ports.mailer.clone(), clone())),
        keys: ports.keys.clone(),
        audit: Arc::new(Faulty(ports.audit.clone(), clone())),
        journal: Arc::new(Faulty(ports.journal.clone(), clone())),
        dead_letters: Arc::new(Faulty(ports.dead_letters.clone(), clone())),
        clock: ports.clock.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_sends_twice_or_forgets_where_the_mailer_knows() {
    every_fault(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_sends_twice_or_forgets_where_the_mailer_cannot_tell() {
    every_fault(false).await;
}

async fn every_fault(knows: bool) {
    let folder = tempfile::tempdir().unwrap();
    let held = recipient(folder.path(), "P-256", &["keyUsage=critical,keyAgreement"]);
    let world = World::with_post(knows).await;
    let mut first = world.practice();
    first.certificate = Some(held.der.clone());
    let mut second = world.practice();
    (second.id, second.identifiers) = (Uuid::from_u128(2), vec![agb("01000002")]);
    second.address = Some(String::from("tweede@brug.example"));
    world.enlist(&first).await;
    world.enlist(&second).await;
    // Two who are told, one who cannot be: the whole way with its dead letter.
    let order = world.order(vec![named(BRUG), named("01999999"), named("01000002")]);
    let faults = Arc::new(Faults::default());
    let notifier = Arc::new(Notifier::new(behind(&world.ports(), &faults), world.settings.clone()).unwrap());
    let (mut points, mut unknown) = (0, 0);
    for point in 1.. {
        let reference = world.message(&order).await;
        let delivery = Delivery {
            body: serde_json::to_string(&reference).unwrap(),
            group: String::from("patient"),
            sent: Some(start()),
            receive_count: 1,
        };
        faults.at(point);
        let mut ended = tokio::select! {
            outcome = deliver(&notifier, &*world.clock, &delivery) => Some(outcome),
            () = faults.killed.notified() => None,
        };
        let fired = faults.fired.load(Ordering::SeqCst);
        faults.at(0);
        let mut redeliveries = 0;
        while !matches!(ended, Some(Outcome::Done | Outcome::Parked)) {
            redeliveries += 1;
            assert!(redeliveries < 8, "point {point} never ends");
            world.clock.turn(61);
            ended = Some(deliver(&notifier, &*world.clock, &delivery).await);
        }
        // Once more changes nothing.
        deliver(&notifier, &*world.clock, &delivery).await;
        let steps = world.steps(&reference).await;
        assert_eq!(steps.len(), 3, "point {point}");
        assert_eq!(steps[1].outcome, NoticeOutcome::Refused);
        assert_eq!(world.letter(&reference).await.unwrap().code, "recipient-unknown", "point {point}");
        for (step, protection) in [(&steps[0], Protection::Smime), (&steps[2], Protection::WithoutPhi)] {
            let notice = step.notice.unwrap();
            let line = world.line(notice).await.unwrap();
            let mails = world.post.of(notice);
            let status = world.communication(notice).await.unwrap()["status"].clone();
            assert!(mails <= 1, "point {point}: sent {mails} times");
            assert_eq!(step.protection, Some(protection));
            match line.state {
                NoticeState::Sent => {
                    assert_eq!((mails, step.outcome), (1, NoticeOutcome::Sent), "point {point}");
                    assert_eq!(status, "completed", "point {point}");
                }
                NoticeState::Unknown => {
                    unknown += 1;
                    assert!(!knows, "point {point}: who knows is not left in doubt");
                    assert_eq!(
                        (step.outcome, status),
                        (NoticeOutcome::Unknown, serde_json::json!("unknown"))
                    );
                }
                state => assert_eq!(state, NoticeState::Sent, "point {point}"),
            }
        }
        if !fired {
            points = point;
            break;
        }
    }
    assert!(points > 150, "{points} points were tried");
    assert_eq!(unknown > 0, !knows, "the narrow place was hit");
}
