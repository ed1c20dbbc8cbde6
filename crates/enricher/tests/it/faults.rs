//! A crash at any call of any port, before it did anything or after, when only the answer is lost: the
//! next delivery ends where an undisturbed one ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{
    AuditSink, Claim, FhirStore, IndexEvent, IndexedIdentifier, Journal, Outgoing, Page, PageRequest,
    PatientIndex, Queue, QueueDepth, Receipt, Received, ResourceKey, Search, StoredResource, TextAnalysis,
    TransactionError, Write, Written,
};
use zorgsluis_domain::text::{Analysis, Language};
use zorgsluis_domain::{AuditEntry, MessageId, Phi, PortError, Pseudonym, Stage, Way};
use zorgsluis_enricher::{Enricher, Settings};
use zorgsluis_worker::Process;

use super::engine::Words;
use super::world::{World, note};

/// Counts calls, and lets one of them fail.
#[derive(Default)]
struct Faults {
    calls: AtomicUsize,
    /// The point that fails, from 1: odd ones before a call is done, even ones after it.
    fails: AtomicUsize,
}

impl Faults {
    fn at(&self, nth: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.fails.store(nth, Ordering::SeqCst);
    }

    /// Whether this call fails before, and after it is done.
    fn next(&self) -> (bool, bool) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let fails = self.fails.load(Ordering::SeqCst);
        (fails == 2 * call + 1, fails == 2 * call + 2)
    }
}

fn down() -> PortError {
    PortError::unavailable("test", "a fault of the test")
}

struct Faulty<T: ?Sized>(Arc<T>, Arc<Faults>);

macro_rules! guarded {
    ($self:ident, $call:expr) => {{
        let (before, after) = $self.1.next();
        if before {
            return Err(down().into());
        }
        let answer = $call.await;
        if after {
            return Err(down().into());
        }
        answer
    }};
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
        guarded!(self, self.0.read_version(key, version))
    }
    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        guarded!(self, self.0.history(key, page))
    }
    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        guarded!(self, self.0.search(search))
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        guarded!(self, self.0.transaction(writes))
    }
}

#[async_trait]
impl PatientIndex for Faulty<dyn PatientIndex> {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        guarded!(self, self.0.resolve(identifiers))
    }
    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        guarded!(self, self.0.claim(identifier, patient))
    }
    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        guarded!(self, self.0.survivor(patient))
    }
    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        guarded!(self, self.0.merge(old, new))
    }
    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        guarded!(self, self.0.merged_into(survivor))
    }
    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        guarded!(self, self.0.release(identifier, patient))
    }
    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        guarded!(self, self.0.history(patient))
    }
}

#[async_trait]
impl AuditSink for Faulty<dyn AuditSink> {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
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
        guarded!(self, self.0.was_queued(message))
    }
    async fn latest(&self, page: &PageRequest) -> Result<Page<Way>, PortError> {
        guarded!(self, self.0.latest(page))
    }
}

#[async_trait]
impl Queue for Faulty<dyn Queue> {
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError> {
        guarded!(self, self.0.send(batch))
    }
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, PortError> {
        guarded!(self, self.0.receive(max, wait))
    }
    async fn delete(&self, receipts: &[Receipt]) -> Result<(), PortError> {
        guarded!(self, self.0.delete(receipts))
    }
    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Result<(), PortError> {
        guarded!(self, self.0.change_visibility(receipts, timeout))
    }
    async fn depth(&self) -> Result<QueueDepth, PortError> {
        guarded!(self, self.0.depth())
    }
}

#[async_trait]
impl TextAnalysis for Faulty<dyn TextAnalysis> {
    fn engine(&self) -> &str {
        self.0.engine()
    }
    fn version(&self) -> &str {
        self.0.version()
    }
    fn is_outside(&self) -> bool {
        self.0.is_outside()
    }
    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError> {
        guarded!(self, self.0.analyse(text, language))
    }
}

fn faulty(world: &World, faults: &Arc<Faults>) -> Enricher {
    let mut ports = world.ports();
    let faults = || Arc::clone(faults);
    ports.fhir = Arc::new(Faulty(ports.fhir, faults()));
    ports.patients = Arc::new(Faulty(ports.patients, faults()));
    ports.audit = Arc::new(Faulty(ports.audit, faults()));
    ports.journal = Arc::new(Faulty(ports.journal, faults()));
    ports.notices = Arc::new(Faulty(ports.notices, faults()));
    ports.engines.embedded = Arc::new(Faulty(ports.engines.embedded, faults()));
    let far: Arc<dyn TextAnalysis> = Arc::new(Words::outside());
    ports.engines.english = Some(Arc::new(Faulty(far, faults())));
    Enricher::new(ports, Settings::of("Ziekenhuis De Linde"))
}

/// A note, its correction, and the correction taken back; each delivered until it is done, with a crash
/// at the nth point. Says how it ended, and whether the point was reached.
async fn ended(nth: usize) -> (impl PartialEq + std::fmt::Debug, bool) {
    let world = World::new().await;
    let faults = Arc::new(Faults::default());
    let enricher = faulty(&world, &faults);
    faults.at(nth);
    let mut crashed = false;
    for text in ["pneumonie, metoprolol 50 mg", "koorts with the fever", "pneumonie"] {
        world.put(note(text, None)).await;
        let mut reference = world.applied().await;
        reference.notify = true;
        while enricher.process(&reference, "g1").await.is_err() {
            crashed = true;
        }
        world.enriched(reference.message).await;
    }
    let versions = world.suggestions().await;
    let mut entries: Vec<_> = world.entries().into_keys().collect();
    entries.sort();
    let mut notices = world.notices_waiting().await;
    notices.sort_by_key(|one| one.message.0);
    // The ids are under the key of each world: what counts is content.
    let mut said: Vec<String> = versions
        .iter()
        .map(|one| format!("{} {} {}", one["meta"]["versionId"], one["code"], one["verificationStatus"]))
        .collect();
    said.sort();
    ((said, entries.len(), notices), crashed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_is_mended_by_the_next_delivery() {
    let (expected, _) = ended(0).await;
    let mut points = 0;
    for nth in 1.. {
        let (state, crashed) = ended(nth).await;
        assert_eq!(state, expected, "crash at point {nth}");
        if !crashed {
            break;
        }
        points = nth;
    }
    assert!(points > 60, "every call before and after: {points}");
}
