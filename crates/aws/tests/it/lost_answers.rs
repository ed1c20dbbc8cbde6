//! Writes whose answer is lost: the SDK repeats them, and where it gave up, the caller does.

use std::sync::Arc;

use uuid::Uuid;
use zorgsluis_aws::{
    DynamoDeadLetters, DynamoNoticeRegister, DynamoOptOuts, DynamoPatientIndex, DynamoProviderDirectory,
    SystemClock,
};
use zorgsluis_contract::{at, records, registers};
use zorgsluis_domain::notice::NoticeState;
use zorgsluis_domain::port::{
    Claim, DeadLetters, IndexedIdentifier, NoticeRegister, OptOut, OptOuts, PatientIndex, ProviderDirectory,
    Reservation,
};
use zorgsluis_domain::{PortError, Pseudonym};

use super::lossy::Lossy;
use super::ministack::World;

/// More than the SDK tries.
const ALL: u32 = 10;

fn is_unavailable<T>(answer: &Result<T, PortError>) -> bool {
    matches!(answer, Err(PortError::Unavailable { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_patient_index_is_done_once() {
    let world = World::new().await;
    let (line, table) =
        (Lossy::new(&world, "TransactWriteItems", 0).await, world.table("patient-index").await);
    let index = DynamoPatientIndex::new(&line.clients, table, Arc::new(SystemClock));
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let identifier = Pseudonym::from_bytes([1; 32]);
    let indexed =
        IndexedIdentifier { pseudonym: identifier, owner: identifier, stand_in: Uuid::from_u128(3) };
    line.lose(1);
    assert_eq!(index.claim(&indexed, one).await.unwrap(), Claim::Claimed, "the SDK repeats it");
    assert!(line.lost_all());
    line.lose(1);
    index.merge(one, other).await.unwrap();
    line.lose(1);
    assert!(index.release(&identifier, one).await.unwrap());
    line.lose(ALL);
    assert!(is_unavailable(&index.claim(&indexed, other).await));
    line.lose(0);
    assert_eq!(index.claim(&indexed, other).await.unwrap(), Claim::Held, "it was done");
    assert_eq!(index.history(one).await.unwrap().len(), 3);
    assert_eq!(index.history(other).await.unwrap().len(), 2);
    assert_eq!(index.merged_into(other).await.unwrap(), [one]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_is_new_once_and_is_settled_once() {
    let world = World::new().await;
    let (line, table) = (Lossy::new(&world, "TransactWriteItems", 0).await, world.table("notices").await);
    let register = DynamoNoticeRegister::new(&line.clients, table);
    let wanted = registers::notice(1);
    line.lose(1);
    assert_eq!(register.reserve(&wanted).await.unwrap(), Reservation::New, "who reserved it sends");
    assert!(matches!(register.reserve(&wanted).await.unwrap(), Reservation::Standing(_)));
    line.lose(1);
    let (from, later) = ([NoticeState::Reserved], at("2026-11-02T12:00:01Z"));
    assert!(
        register.settle(wanted.id, &from, NoticeState::Sent, later, Some("receipt"), None).await.unwrap()
    );
    assert!(line.lost_all());
    // Where nobody knows, nobody sends: it stands, reserved.
    let other = registers::notice(2);
    line.lose(ALL);
    assert!(is_unavailable(&register.reserve(&other).await));
    line.lose(0);
    assert_eq!(register.reserve(&other).await.unwrap(), Reservation::Standing(other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_a_provider_is_written_once() {
    let world = World::new().await;
    let (line, table) = (Lossy::new(&world, "TransactWriteItems", 0).await, world.table("providers").await);
    let directory = DynamoProviderDirectory::new(&line.clients, table);
    let provider = registers::provider(1, "A", &["01004567"]);
    let now = at("2026-11-02T12:00:00Z");
    line.lose(1);
    assert_eq!(directory.put(&provider, None, now, "import").await.unwrap(), 1);
    line.lose(ALL);
    assert!(directory.put(&provider, Some(1), now, "import").await.is_err());
    line.lose(0);
    assert_eq!(directory.put(&provider, Some(1), now, "import").await.unwrap(), 2, "that was this version");
    assert_eq!(directory.history(provider.id).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_parked_and_removed_and_a_wish_written_once() {
    let world = World::new().await;
    let line = Lossy::new(&world, "TransactWriteItems", 0).await;
    let table = world.table("dead-letters").await;
    let letters = DynamoDeadLetters::new(&line.clients, table.as_str());
    let letter = records::letter(1, "2024-03-07T10:00:00Z");
    let puts = Lossy::new(&world, "PutItem", 1).await;
    DynamoDeadLetters::new(&puts.clients, table).park(&letter).await.unwrap();
    assert!(puts.lost_all());
    line.lose(1);
    assert!(letters.remove(&letter).await.unwrap(), "it was this one");
    assert!(!letters.remove(&letter).await.unwrap());
    let register = DynamoOptOuts::new(&line.clients, world.table("opt-outs").await);
    let patient = Uuid::from_u128(1);
    let wish = OptOut { patient, opted_out: true, at: letter.parked, by: "import".into() };
    line.lose(ALL);
    assert!(is_unavailable(&register.put(&wish).await));
    line.lose(0);
    register.put(&wish).await.unwrap();
    assert_eq!(register.history(patient).await.unwrap(), [wish]);
}
