//! Ports that fail when told to: before they did anything, or after, when only the answer is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use uuid::Uuid;
use zorgsluis_domain::port::{
    AuditSink, Claim, FhirStore, IndexEvent, IndexedIdentifier, Page, PageRequest, PatientIndex, ResourceKey,
    Search, StoredResource, TransactionError, Write, Written,
};
use zorgsluis_domain::{AuditEntry, PortError, Pseudonym};

use super::world::World;

/// Counts the calls that change something, and lets one of them fail.
#[derive(Default)]
pub(crate) struct Faults {
    calls: AtomicUsize,
    /// The call that fails, from 1; 0 is none. Every call fails twice over: see [`Faults::at`].
    fails: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
    Never,
}

impl Faults {
    /// Lets the nth point fail: odd ones before a call is done, even ones after it.
    pub(crate) fn at(&self, nth: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.fails.store(nth, Ordering::SeqCst);
    }

    fn next(&self) -> When {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fails.load(Ordering::SeqCst) {
            fails if fails == 2 * call + 1 => When::Before,
            fails if fails == 2 * call + 2 => When::After,
            _ => When::Never,
        }
    }
}

fn down() -> PortError {
    PortError::unavailable("test", "a fault of the test")
}

/// A port behind faults.
pub(crate) struct Faulty<T: ?Sized>(pub(crate) Arc<T>, pub(crate) Arc<Faults>);

macro_rules! guarded {
    ($self:ident, $call:expr) => {{
        let when = $self.1.next();
        if when == When::Before {
            return Err(down().into());
        }
        let answer = $call.await;
        if when == When::After {
            return Err(down().into());
        }
        answer
    }};
}

#[async_trait]
impl FhirStore for Faulty<dyn FhirStore> {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        self.0.read(keys).await
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
        self.0.search(search).await
    }

    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        guarded!(self, self.0.transaction(writes))
    }
}

#[async_trait]
impl PatientIndex for Faulty<dyn PatientIndex> {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        self.0.resolve(identifiers).await
    }

    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        guarded!(self, self.0.claim(identifier, patient))
    }

    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        self.0.survivor(patient).await
    }

    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        self.0.merged_into(survivor).await
    }

    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        guarded!(self, self.0.merge(old, new))
    }

    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        guarded!(self, self.0.release(identifier, patient))
    }

    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        self.0.history(patient).await
    }
}

#[async_trait]
impl AuditSink for Faulty<dyn AuditSink> {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        guarded!(self, self.0.record(entries))
    }
}

/// Applies each message until it succeeds, with a crash at the nth point; says whether that was reached.
pub(crate) async fn with_crash_at(world: &World, messages: &[String], nth: usize) -> bool {
    let faults = Arc::new(Faults::default());
    let store: Arc<dyn FhirStore> = Arc::new(Faulty(Arc::clone(&world.store), Arc::clone(&faults)));
    let index: Arc<dyn PatientIndex> = Arc::new(world.directory.patient_index());
    let index: Arc<dyn PatientIndex> = Arc::new(Faulty(index, Arc::clone(&faults)));
    let trail: Arc<dyn AuditSink> = world.trail.clone();
    let trail: Arc<dyn AuditSink> = Arc::new(Faulty(trail, Arc::clone(&faults)));
    let apply = world.through(store, index, trail);
    faults.at(nth);
    let mut crashed = false;
    for message in messages {
        if world.try_apply(&apply, message).await.is_err() {
            crashed = true;
            world.try_apply(&apply, message).await.unwrap();
        }
    }
    crashed
}
