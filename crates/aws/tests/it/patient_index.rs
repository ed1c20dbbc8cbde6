//! The patient index.

use std::sync::Arc;

use uuid::Uuid;
use zorgsluis_aws::{Clients, DynamoPatientIndex, SystemClock};
use zorgsluis_contract::patient_index::indexed;
use zorgsluis_domain::Pseudonym;
use zorgsluis_domain::port::{Claim, IndexChange, PatientIndex};

use super::ministack::World;
use super::suite::suite;

fn open(clients: &Clients, table: &str) -> DynamoPatientIndex {
    DynamoPatientIndex::new(clients, table, Arc::new(SystemClock))
}

async fn index(world: &World) -> DynamoPatientIndex {
    open(&world.clients, &world.table("patient-index").await)
}

suite!(the_contract, world => (super::index(&world).await), patient_index:
    an_identifier_stays_with_who_claimed_it_first,
    of_many_claims_at_once_one_wins,
    the_survivor_is_the_end_of_all_merges,
    a_merge_never_closes_a_circle_or_changes_its_mind,
    merges_at_once_close_no_circle,
    two_merges_at_once_of_four_patients_close_no_circle,
    an_identifier_of_a_merged_patient_is_held_by_the_survivor,
    what_was_released_can_be_claimed_by_another,
    the_history_tells_all_that_happened,
    lines_of_the_log_are_led_to_by_all_numbers_of_a_person,
    changes_of_one_patient_at_once_are_all_told,
);

fn identifier(number: u8) -> Pseudonym {
    Pseudonym::from_bytes([number; 32])
}

fn patient(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_is_released_and_claimed_at_once_has_one_holder() {
    let index = index(&World::new().await).await;
    index.claim(&indexed(1), patient(100)).await.unwrap();
    let releases: Vec<_> = (0..8)
        .map(|_| {
            let index = index.clone();
            tokio::spawn(async move { index.release(&identifier(1), patient(100)).await.unwrap() })
        })
        .collect();
    let claims: Vec<_> = (0..8)
        .map(|n| {
            let index = index.clone();
            tokio::spawn(async move { index.claim(&indexed(1), patient(n)).await.unwrap() })
        })
        .collect();
    let mut released = 0;
    for task in releases {
        released += usize::from(task.await.unwrap());
    }
    assert_eq!(released, 1);
    let mut claimed = 0;
    for task in claims {
        claimed += usize::from(task.await.unwrap() == Claim::Claimed);
    }
    let holder = index.resolve(&[identifier(1)]).await.unwrap()[0];
    assert_eq!(claimed, usize::from(holder.is_some()), "at most one, and it is the holder");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_identifiers_than_one_read_takes_each_is_resolved() {
    let index = index(&World::new().await).await;
    for n in [0, 99, 100, 249] {
        index.claim(&indexed(n), patient(u128::from(n))).await.unwrap();
    }
    let asked: Vec<_> = (0..250).map(identifier).chain([identifier(99)]).collect();
    let found = index.resolve(&asked).await.unwrap();
    assert_eq!(found.len(), 251);
    assert_eq!(found.iter().flatten().count(), 5);
    assert_eq!((found[100], found[250]), (Some(patient(100)), Some(patient(99))), "also one asked twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_merged_patients_are_found_however_many() {
    let index = index(&World::new().await).await;
    for n in 1..=120 {
        index.merge(patient(n), patient(1000)).await.unwrap();
    }
    index.merge(patient(2000), patient(120)).await.unwrap();
    index.merge(patient(1000), patient(3000)).await.unwrap();
    assert_eq!(index.merged_into(patient(3000)).await.unwrap().len(), 122);
    assert_eq!(index.history(patient(1000)).await.unwrap()[0].change, IndexChange::MergedInto(patient(3000)));
}
