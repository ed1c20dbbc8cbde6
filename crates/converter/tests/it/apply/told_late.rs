//! A conflict that is told although the writes stand, as HealthLake's adapter may when a check turns out not to
//! have held (`docs/decisions/healthlake.md`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use zorgsluis_converter::apply::Applied;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{
    AuditSink, FhirStore, Page, PageRequest, PatientIndex, ResourceKey, Search, StoredResource,
    TransactionError, Write, Written,
};

use super::order::story;
use super::world::{World, assert_same};

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

/// What a message was said to have touched: the enricher goes by it.
fn touched(applied: &Applied) -> BTreeSet<String> {
    applied.effects.iter().map(|effect| effect.resource.clone()).collect()
}

/// The types of what was touched: ids are under the key of each world.
fn kinds(touched: &BTreeSet<String>) -> Vec<&str> {
    touched.iter().filter_map(|resource| resource.split('/').next()).collect()
}

/// Applies each message once, deceived at the nth transaction that holds a check. What each touched, by its rank,
/// and whether there was such a transaction.
async fn deceived(world: &World, messages: &[String], nth: usize) -> (Vec<BTreeSet<String>>, bool) {
    let store = Arc::new(ToldLate { store: Arc::clone(&world.store), nth, checked: AtomicUsize::new(0) });
    let index: Arc<dyn PatientIndex> = Arc::new(world.directory.patient_index());
    let trail: Arc<dyn AuditSink> = world.trail.clone();
    let apply = world.through(Arc::clone(&store) as Arc<dyn FhirStore>, index, trail);
    let mut said = Vec::new();
    for message in messages {
        said.push(touched(&world.try_apply(&apply, message).await.unwrap()));
    }
    (said, nth > 0 && store.checked.load(Ordering::SeqCst) >= nth)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_told_after_the_writes_doubles_and_loses_nothing() {
    let messages = story();
    let whole = World::new();
    let (said, _) = deceived(&whole, &messages, 0).await;
    let (expected, recorded) = (whole.all().await, entries(&whole));
    let mut points = 0;
    for nth in 1.. {
        let world = World::new();
        let (said_now, reached) = deceived(&world, &messages, nth).await;
        assert_same(&world.all().await, &expected, &format!("deceived at transaction {nth}"));
        for (rank, (now, before)) in said_now.iter().zip(&said).enumerate() {
            assert_eq!(kinds(now), kinds(before), "transaction {nth}, message {rank}: what it touched");
        }
        assert!(entries(&world) >= recorded, "transaction {nth}: the log lacks nothing");
        if !reached {
            break;
        }
        points = nth;
    }
    assert!(points >= 5, "transactions with a check: {points}");
}

fn entries(world: &World) -> usize {
    world.trail.0.lock().unwrap().len()
}
