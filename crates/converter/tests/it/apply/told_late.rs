//! A conflict that is told although the writes stand, as HealthLake's adapter may when a check turns out not to
//! have held (`docs/decisions/healthlake.md`).

use std::collections::BTreeSet;
use std::sync::Arc;

use zorgsluis_contract::through::ToldLate;
use zorgsluis_converter::apply::Applied;
use zorgsluis_domain::port::{AuditSink, FhirStore, PatientIndex};

use super::order::story;
use super::world::{World, assert_same};

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
    let store = Arc::new(ToldLate::before(Arc::clone(&world.store), nth));
    let index: Arc<dyn PatientIndex> = Arc::new(world.directory.patient_index());
    let trail: Arc<dyn AuditSink> = world.trail.clone();
    let apply = world.through(Arc::clone(&store) as Arc<dyn FhirStore>, index, trail);
    let mut said = Vec::new();
    for message in messages {
        said.push(touched(&world.try_apply(&apply, message).await.unwrap()));
    }
    (said, store.has_told())
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
