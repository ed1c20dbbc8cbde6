//! A conflict that is told although the writes stand, as HealthLake's adapter may when a check turns out not to
//! have held (`docs/decisions/healthlake.md`).

use std::sync::Arc;

use zorgsluis_contract::through::ToldLate;
use zorgsluis_domain::port::FhirStore;
use zorgsluis_enricher::{Enricher, Settings};
use zorgsluis_worker::Process;

use super::world::{World, note};

/// A note, its correction, and the correction taken back, deceived at the nth transaction that holds a check. How it
/// ended, and whether there was such a transaction.
async fn ended(nth: usize) -> (impl PartialEq + std::fmt::Debug, bool) {
    let world = World::new().await;
    let mut ports = world.ports();
    let store = Arc::new(ToldLate::before(ports.fhir, nth));
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
    ((said, notices), store.has_told())
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
