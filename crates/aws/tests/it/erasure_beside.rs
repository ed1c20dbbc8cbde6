//! An erasure on AWS beside functions that run: what comes in meanwhile is kept apart, what was under way goes too.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;
use zorgsluis_aws::Pace;
use zorgsluis_contract::fhir_store::{key, put};
use zorgsluis_domain::port::{
    Claim, ErasureStore, FhirStore, IndexedIdentifier, KeyOwner, PageRequest, PatientIndex, PayloadStore,
    Precondition,
};
use zorgsluis_domain::{PortError, Pseudonym, Purpose};

use crate::erasure_world::{BSN, Hospital, MINE, OTHER, message, two_patients};

const NUMBER: &str = "999990019";

impl Hospital {
    fn owner(&self) -> Pseudonym {
        self.pseudonym(Purpose::KeyOwner, NUMBER)
    }

    fn number(&self) -> Pseudonym {
        self.pseudonym(Purpose::PatientIndex, NUMBER)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_while_an_erasure_runs_waits_and_begins_a_new_dossier() {
    let hospital = two_patients().await;
    let apart = [(vec![MINE], vec![hospital.owner()])];
    let at = hospital.erasures.set_apart(&apart).await.unwrap().unwrap();

    // Nobody writes about them, and nobody reads what goes; who only asks is answered, and others are not held up.
    let numbers = [hospital.number()];
    let refused = hospital.index.resolve_to_write(&numbers).await;
    assert!(matches!(refused, Err(PortError::Unavailable { retry_after: Some(_), .. })), "{refused:?}");
    assert_eq!(hospital.index.resolve(&numbers).await.unwrap(), [Some(MINE)]);
    let other = [hospital.pseudonym(Purpose::PatientIndex, "999911120")];
    assert_eq!(hospital.index.resolve_to_write(&other).await.unwrap(), [Some(OTHER)]);
    let read = hospital.payloads.get(message(1_000)).await;
    assert!(read.is_err_and(|error| error.is_transient()));
    assert!(hospital.payloads.get(message(2_000)).await.is_ok());

    // A message is received; and what was under way still writes.
    hospital.came(3_000, &KeyOwner::Patient(hospital.owner())).await;
    assert!(hospital.payloads.get(message(3_000)).await.is_ok(), "under a key of its own");
    let late = format!("Observation/{}", Uuid::from_u128(3_100));
    let result = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "potassium" },
        "subject": { "reference": format!("Patient/{MINE}") } });
    hospital.fhir.transaction(&[put(&late, Precondition::Absent, result)]).await.unwrap();

    let tombstone = hospital.decided_at(at).await;
    hospital.erase(&tombstone).await.unwrap();
    hospital.is_erased().await;
    let versions = hospital.fhir.history(&key(&late), &PageRequest::first(10)).await.unwrap();
    assert!(versions.items.is_empty(), "what was under way wrote about nobody else");
    // The message comes again, and finds that nobody has the number.
    assert!(hospital.payloads.get(message(3_000)).await.is_ok());
    assert_eq!(hospital.index.resolve_to_write(&numbers).await.unwrap(), [None]);
    let again = IndexedIdentifier::of(&hospital.keys, BSN, NUMBER);
    assert_eq!(hospital.index.claim(&again, MINE).await.unwrap(), Claim::Claimed);
    assert_eq!(hospital.index.history(MINE).await.unwrap().len(), 1, "and nothing is known of before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_apart_and_not_decided_goes_on_by_itself_and_all_of_it_goes_later() {
    let hospital = two_patients().await;
    let pace = Pace { settle: Duration::ZERO, fence: Duration::from_millis(1_500) };
    let impatient = hospital.erasures.clone().at_pace(pace);
    let apart = [(vec![MINE], vec![hospital.owner()])];
    impatient.set_apart(&apart).await.unwrap();
    hospital.came(3_000, &KeyOwner::Patient(hospital.owner())).await;
    let numbers = [hospital.number()];
    assert!(hospital.index.resolve_to_write(&numbers).await.is_err());
    tokio::time::sleep(pace.fence).await;
    assert_eq!(hospital.index.resolve_to_write(&numbers).await.unwrap(), [Some(MINE)]);
    for number in [1_000, 3_000] {
        assert!(hospital.payloads.get(message(number)).await.is_ok(), "{number}");
    }

    // Both keys are the patient's.
    let at = hospital.erasures.set_apart(&apart).await.unwrap().unwrap();
    let tombstone = hospital.decided_at(at).await;
    let erased = hospital.erasures.apply(&tombstone).await.unwrap();
    assert_eq!(erased.keys, 2);
    hospital.erasures.complete(&tombstone).await.unwrap();
    assert!(hospital.payloads.get(message(3_000)).await.is_err());
    hospital.is_erased().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_takes_no_key_of_what_came_in_meanwhile() {
    let hospital = two_patients().await;
    let apart = [(vec![MINE], vec![hospital.owner()])];
    let at = hospital.erasures.set_apart(&apart).await.unwrap().unwrap();
    hospital.came(3_000, &KeyOwner::Patient(hospital.owner())).await;
    // The new key seems to be older than the decision.
    let tombstone = hospital.decided_at(at + SignedDuration::from_secs(30)).await;
    hospital.erase(&tombstone).await.unwrap();
    hospital.is_erased().await;
    assert!(hospital.payloads.get(message(3_000)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_fence_that_has_ended_what_was_written_since_stays() {
    let hospital = two_patients().await;
    let tombstone = hospital.decided().await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    // Nobody was kept from writing: it may be of a new dossier.
    let late = format!("Observation/{}", Uuid::from_u128(3_100));
    let result = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "potassium" },
        "subject": { "reference": format!("Patient/{MINE}") } });
    hospital.fhir.transaction(&[put(&late, Precondition::Absent, result)]).await.unwrap();
    hospital.erase(&tombstone).await.unwrap();
    let versions = hospital.fhir.history(&key(&late), &PageRequest::first(10)).await.unwrap();
    assert_eq!(versions.items.len(), 1);
}
