//! A conflict that is told although the writes stand, as HealthLake's adapter may when a check turns out not to
//! have held (`docs/decisions/healthlake.md`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{
    FhirStore, Page, PageRequest, ResourceKey, Search, StoredResource, TransactionError, Write, Written,
};
use zorgsluis_enricher::{Enricher, Settings};
use zorgsluis_worker::Process;

use super::world::{World, note};

/// Does every transaction, and tells a conflict all the same for the nth that holds a check.
struct ToldLate {
    store: Arc<dyn FhirStore>,
    nth: usize,
    checked: AtomicUsize,
}

#[async_trait]
impl FhirStore for ToldLate {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        self.store.read(keys).await
    }
    async fn read_version(&self, key: &ResourceKey, n: u64) -> Result<Option<StoredResource>, PortError> {
        self.store.read_version(key, n).await
    }
    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        self.store.history(key, page).await
    }
    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        self.store.search(search).await
    }
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        let written = self.store.transaction(writes).await?;
        let checks: Vec<ResourceKey> = writes
            .iter()
            .filter(|write| matches!(write, Write::Check { .. }))
            .map(|write| write.key().clone())
            .collect();
        if !checks.is_empty() && self.checked.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            return Err(TransactionError::Conflict(checks));
        }
        Ok(written)
    }
}

/// A note, its correction, and the correction taken back, deceived at the nth transaction that holds a check. How it
/// ended, and whether there was such a transaction.
async fn ended(nth: usize) -> (impl PartialEq + std::fmt::Debug, bool) {
    let world = World::new().await;
    let mut ports = world.ports();
    let store = Arc::new(ToldLate { store: ports.fhir, nth, checked: AtomicUsize::new(0) });
    ports.fhir = Arc::clone(&store) as Arc<dyn FhirStore>;
    let enricher = Enricher::new(ports, Settings::of("Ziekenhuis De Linde"));
    for text in ["pneumonie, metoprolol 50 mg", "koorts", "pneumonie"] {
        world.put(note(text, Some("nl"))).await;
        let mut reference = world.applied().await;
        reference.notify = true;
        enricher.process(&reference, "g1").await.unwrap();
    }
    let mut said: Vec<String> = world
        .suggestions()
        .await
        .iter()
        .map(|one| format!("{} {} {}", one["meta"]["versionId"], one["code"], one["verificationStatus"]))
        .collect();
    said.sort();
    let notices = world.notices_waiting().await.len();
    ((said, notices), nth > 0 && store.checked.load(Ordering::SeqCst) >= nth)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_told_after_the_writes_doubles_and_loses_nothing() {
    let (expected, _) = ended(0).await;
    let mut points = 0;
    for nth in 1.. {
        let (state, reached) = ended(nth).await;
        assert_eq!(state, expected, "deceived at transaction {nth}");
        if !reached {
            break;
        }
        points = nth;
    }
    assert!(points >= 3, "transactions with a check: {points}");
}
