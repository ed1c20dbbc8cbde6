//! An erasure on AWS: keys, resources with their histories, messages past their lock, rows; at any call broken off and
//! done again, and done again in a table that was restored.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_contract::fhir_store::{key, put};
use zorgsluis_domain::erasure::{Hold, HoldGround, Tombstone};
use zorgsluis_domain::port::{
    Claim, DataClass, DeadLetters, Erased, ErasureStore, FhirStore, IndexedIdentifier, KeyOwner, PageRequest,
    PatientIndex, PayloadStore, Precondition, TombstoneStore,
};
use zorgsluis_domain::retention::Reason;
use zorgsluis_domain::{PortError, Purpose};
use zorgsluis_stand_ins::faults::{Answer, Fault};

use crate::erasure_world::{BSN, Hospital, MINE, OTHER, message, now, two_patients};
use crate::ministack::World;

#[tokio::test(flavor = "multi_thread")]
async fn all_of_one_patient_goes_for_good_and_nothing_of_another() {
    let hospital = two_patients().await;
    let found = hospital.erasures.find(&[MINE]).await.unwrap();
    assert_eq!((found.resources, found.messages, found.involuntary_care), (2, 2, 0));
    assert_eq!(found.birth.map(|birth| birth.to_string()).as_deref(), Some("1980-06-23"));
    assert_eq!(found.owners, [hospital.pseudonym(Purpose::KeyOwner, "999990019")]);
    assert!(found.last_change.is_some_and(|at| now().duration_since(at) < SignedDuration::from_mins(5)));

    let tombstone = hospital.decided().await;
    let erased = hospital.erasures.apply(&tombstone).await.unwrap();
    assert_eq!((erased.keys, erased.messages, erased.resources), (1, 2, 2));
    assert_eq!(hospital.erasures.pending(std::slice::from_ref(&tombstone)).await.unwrap().len(), 1);
    hospital.erasures.complete(&tombstone).await.unwrap();
    assert!(hospital.erasures.pending(std::slice::from_ref(&tombstone)).await.unwrap().is_empty());
    hospital.is_erased().await;
    // The number still leads to lines of the log, which stay, also those from before anybody here knew the patient.
    let number = IndexedIdentifier::of(&hospital.keys, BSN, "999990019");
    assert_eq!(hospital.index.erased_with(&number.pseudonym).await.unwrap(), [MINE]);
    assert_eq!(hospital.index.in_log(MINE).await.unwrap(), [MINE, number.stand_in]);
    let remembered = hospital.erasures.remembered().await.unwrap();
    assert_eq!(remembered, [(MINE, Some(number.stand_in))]);
    // Once more is no harm.
    assert_eq!(hospital.erasures.apply(&tombstone).await.unwrap(), Erased::default());
    hospital.is_erased().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_which_no_line_is_left_leads_nowhere() {
    let hospital = two_patients().await;
    let tombstone = hospital.decided().await;
    hospital.erase(&tombstone).await.unwrap();
    hospital.erasures.forget_numbers(hospital.erasures.remembered().await.unwrap()).await.unwrap();
    let number = IndexedIdentifier::of(&hospital.keys, BSN, "999990019");
    assert!(hospital.index.erased_with(&number.pseudonym).await.unwrap().is_empty());
    assert_eq!(hospital.index.in_log(MINE).await.unwrap(), [MINE]);
    assert!(hospital.erasures.remembered().await.unwrap().is_empty());
    let rows = items(&hospital.world, "patient-index").await;
    let of_mine = rows.iter().filter(|row| format!("{row:?}").contains(&number.pseudonym.to_string()));
    assert_eq!(of_mine.count(), 0, "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_cut_off_at_any_resource_is_completed_by_the_next() {
    for (nth, answer) in [Answer::Status(500), Answer::Silence(zorgsluis_stand_ins::faults::Silence::Drop)]
        .into_iter()
        .enumerate()
    {
        let hospital = two_patients().await;
        let tombstone = hospital.decided().await;
        hospital.gate.faults.set(Fault::new(1, answer).on("POST /$erase"));
        let cut = hospital.erase(&tombstone).await;
        assert!(cut.is_err_and(|error| error.is_transient()), "{nth}");
        assert_eq!(hospital.erasures.pending(std::slice::from_ref(&tombstone)).await.unwrap().len(), 1);
        hospital.erase(&tombstone).await.unwrap();
        hospital.is_erased().await;
    }
}

/// What a table was before, as point-in-time recovery brings it back.
async fn items(world: &World, table: &str) -> Vec<std::collections::HashMap<String, AttributeValue>> {
    let scan = world.clients.dynamodb.scan().table_name(format!("{}-{table}", world.name));
    scan.send().await.unwrap().items.unwrap()
}

async fn restore(world: &World, table: &str, items: Vec<std::collections::HashMap<String, AttributeValue>>) {
    let name = format!("{}-{table}", world.name);
    world.clients.dynamodb.delete_table().table_name(&name).send().await.unwrap();
    world.table(table).await;
    for item in items {
        world.clients.dynamodb.put_item().table_name(&name).set_item(Some(item)).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_table_brings_back_goes_again_and_a_new_dossier_stays() {
    for table in ["keys", "messages", "patient-index", "notices", "dead-letters"] {
        let hospital = two_patients().await;
        let before = items(&hospital.world, table).await;
        let tombstone = hospital.decided().await;
        hospital.erase(&tombstone).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        // The patient comes back, and a new dossier begins under a new key.
        let owner = KeyOwner::Patient(hospital.pseudonym(Purpose::KeyOwner, "999990019"));
        if table != "keys" {
            hospital.came(3_000, &owner).await;
        }
        restore(&hospital.world, table, before).await;
        let known = hospital.tombstones.read().await.unwrap();
        assert_eq!(known, std::slice::from_ref(&tombstone), "no table takes it along");
        let pending = hospital.erasures.pending(&known).await.unwrap();
        assert_eq!(pending.len(), 1, "{table}: it is known that it was restored");
        hospital.erase(&tombstone).await.unwrap();
        assert!(hospital.erasures.pending(&known).await.unwrap().is_empty(), "{table}");
        hospital.is_erased_after(table).await;
        if table != "keys" {
            assert!(hospital.payloads.get(message(3_000)).await.is_ok(), "{table}: the new dossier stands");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_dossiers_are_found_and_destroyed_with_as_many_scans_as_one() {
    let hospital = two_patients().await;
    let before = hospital.erasures.effort().0;
    let one = hospital.erasures.find(&[MINE]).await.unwrap();
    let of_one = hospital.erasures.effort().0 - before;
    let both = hospital.erasures.find_all(&[vec![MINE], vec![OTHER]], &[]).await.unwrap();
    assert_eq!(hospital.erasures.effort().0, before + 2 * of_one);
    assert_eq!((&both[0], both[1].resources, both[1].messages), (&one, 2, 2));
    let mine = hospital.decided().await;
    let other = Tombstone {
        id: Uuid::from_u128(98),
        patients: vec![OTHER],
        owners: both[1].owners.clone(),
        ..mine.clone()
    };
    let before = hospital.erasures.effort().0;
    let erased = hospital.erasures.apply_all(&[mine, other]).await.unwrap();
    assert_eq!(hospital.erasures.effort().0, before + of_one);
    assert!(erased.iter().all(|one| (one.keys, one.messages, one.resources) == (1, 2, 2)), "{erased:?}");
    for patient in [MINE, OTHER] {
        assert!(hospital.erasures.find(&[patient]).await.unwrap().is_nothing());
        assert!(hospital.index.history(patient).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_two_patients_goes_when_both_are_erased() {
    for together in [false, true] {
        let hospital = two_patients().await;
        let planned = json!({ "resourceType": "Appointment", "status": "booked", "participant": [
            { "actor": { "reference": format!("Patient/{MINE}") }, "status": "accepted" },
            { "actor": { "reference": format!("Patient/{OTHER}") }, "status": "accepted" } ] });
        let place = format!("Appointment/{}", Uuid::from_u128(6));
        hospital.fhir.transaction(&[put(&place, Precondition::Absent, planned)]).await.unwrap();
        assert_eq!(hospital.erasures.find(&[MINE]).await.unwrap().left, std::slice::from_ref(&place));
        let mine = hospital.decided().await;
        let found = hospital.erasures.find(&[OTHER]).await.unwrap();
        let other = Tombstone {
            id: Uuid::from_u128(98),
            patients: vec![OTHER],
            owners: found.owners,
            at: now(),
            ..mine.clone()
        };
        if together {
            hospital.tombstones.add(&other).await.unwrap();
            hospital.erasures.apply_all(&[mine, other]).await.unwrap();
        } else {
            hospital.erase(&mine).await.unwrap();
            let stands = hospital.fhir.history(&key(&place), &PageRequest::first(10)).await.unwrap();
            assert_eq!(stands.items.len(), 1);
            hospital.tombstones.add(&other).await.unwrap();
            hospital.erase(&other).await.unwrap();
        }
        let gone = hospital.fhir.history(&key(&place), &PageRequest::first(10)).await.unwrap();
        assert!(gone.items.is_empty(), "together: {together}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_involuntary_care_go_and_the_rest_of_the_dossier_stays() {
    let hospital = two_patients().await;
    let record = json!({ "resourceType": "Procedure", "status": "completed",
        "subject": { "reference": format!("Patient/{MINE}") },
        "category": { "coding": [{ "system": "http://snomed.info/sct", "code": "225317005" }] } });
    let place = format!("Procedure/{}", Uuid::from_u128(5));
    hospital.fhir.transaction(&[put(&place, Precondition::Absent, record)]).await.unwrap();
    let mut tombstone = hospital.decided().await;
    tombstone.class = DataClass::Wzd;
    assert_eq!(hospital.erasures.find(&[MINE]).await.unwrap().involuntary_care, 1);
    let erased = hospital.erasures.apply(&tombstone).await.unwrap();
    assert_eq!((erased.resources, erased.messages), (1, 0));
    let found = hospital.erasures.find(&[MINE]).await.unwrap();
    assert_eq!((found.resources, found.messages, found.involuntary_care), (2, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_another_patient_by_now_loses_the_versions_that_were_about_this_one() {
    let hospital = two_patients().await;
    let observation = format!("Observation/{}", Uuid::from_u128(1_100));
    let moved: Value = json!({ "resourceType": "Observation", "status": "final",
        "code": { "text": "sodium" }, "subject": { "reference": format!("Patient/{OTHER}") } });
    let write = put(&observation, Precondition::Version(1), moved);
    hospital.fhir.transaction(&[write]).await.unwrap();
    let found = hospital.erasures.find(&[MINE]).await.unwrap();
    assert_eq!((found.resources, found.left), (1, vec![observation.clone()]));
    let tombstone = hospital.decided().await;
    hospital.erase(&tombstone).await.unwrap();
    let versions = hospital.fhir.history(&key(&observation), &PageRequest::first(10)).await.unwrap();
    assert_eq!(versions.items.iter().map(|one| one.version).collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_is_created_once_and_locked() {
    let hospital = Hospital::new().await;
    let tombstone = hospital.decided().await;
    let other = Tombstone { reason: Reason::TermEnded, ..tombstone.clone() };
    hospital.tombstones.add(&other).await.unwrap();
    assert_eq!(
        hospital.tombstones.read().await.unwrap(),
        std::slice::from_ref(&tombstone),
        "the first stays"
    );
    let bucket = format!("{}-log", hospital.world.name);
    let name = format!("tombstones/umc/{}", tombstone.id);
    let head = hospital.world.clients.s3.head_object().bucket(&bucket).key(&name).send().await.unwrap();
    assert_eq!(head.object_lock_mode.map(|mode| mode.as_str().to_owned()).as_deref(), Some("COMPLIANCE"));
    let version = head.version_id.unwrap();
    let remove = hospital.world.clients.s3.delete_object().bucket(&bucket).key(&name).version_id(version);
    assert!(remove.bypass_governance_retention(true).send().await.is_err(), "nobody takes it away");
    // One of a later release is not passed over.
    hospital.world.object(&bucket, "tombstones/umc/later", b"{\"v\":2}").await;
    let read = hospital.tombstones.read().await;
    assert!(read.is_err_and(|error| error.to_string().contains("tombstones/umc/later")));
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_declared_listed_and_lifted() {
    let hospital = Hospital::new().await;
    let hold = |number: u128, patient| Hold {
        id: Uuid::from_u128(number),
        patient,
        class: None,
        ground: HoldGround::Claim,
        reference: String::from("2026-0117"),
        since: now(),
        until: None,
        lifted: None,
    };
    let (one, other) = (hold(1, MINE), hold(2, OTHER));
    for hold in [&one, &other, &one] {
        hospital.erasures.add_hold(hold).await.unwrap();
    }
    assert_eq!(hospital.erasures.holds(Some(&[MINE])).await.unwrap(), std::slice::from_ref(&one));
    let at = now();
    let lifted = hospital.erasures.lift_hold(one.id, at).await.unwrap().unwrap();
    assert_eq!(lifted.lifted, Some(at));
    // Declared again, or lifted again, it stays as it was lifted.
    hospital.erasures.add_hold(&one).await.unwrap();
    assert_eq!(hospital.erasures.lift_hold(one.id, now()).await.unwrap(), Some(lifted.clone()));
    assert_eq!(hospital.erasures.holds(None).await.unwrap(), [lifted, other]);
    assert_eq!(hospital.erasures.lift_hold(Uuid::from_u128(3), at).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_moved_to_another_patient_takes_nothing_of_the_one_who_had_it() {
    let hospital = two_patients().await;
    // The number of the other patient moves to this one (A43).
    let moved = IndexedIdentifier::of(&hospital.keys, BSN, "999911120");
    assert!(hospital.index.release(&moved.pseudonym, OTHER).await.unwrap());
    assert_eq!(hospital.index.claim(&moved, MINE).await.unwrap(), Claim::Claimed);

    let found = hospital.erasures.find(&[MINE]).await.unwrap();
    assert_eq!(found.owners, [hospital.pseudonym(Purpose::KeyOwner, "999990019")]);
    assert_eq!(found.unclear, [message(2_001).0], "of a dead letter under it nobody can tell whose it is");
    let tombstone = hospital.decided().await;
    hospital.erase(&tombstone).await.unwrap();
    assert!(hospital.payloads.get(message(2_000)).await.is_ok(), "the other's message can be read");
    assert!(hospital.payloads.get(message(2_001)).await.is_ok());
    assert!(hospital.letters.get(message(2_001)).await.unwrap().is_some());
    assert!(hospital.payloads.get(message(1_000)).await.is_err());

    // And the other way round: what was the other's before is not all of who has it now.
    let found = hospital.erasures.find(&[OTHER]).await.unwrap();
    assert_eq!((found.resources, found.messages), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_another_patient_has_though_the_index_gives_it_to_one_is_of_both() {
    let hospital = two_patients().await;
    let resource =
        json!({ "resourceType": "Patient", "identifier": [{ "system": BSN, "value": "999990019" }] });
    let third = format!("Patient/{}", Uuid::from_u128(0x3333_0000_0000_8000_8000_0000_0000_0003));
    hospital.fhir.transaction(&[put(&third, Precondition::Absent, resource)]).await.unwrap();
    let found = hospital.erasures.find(&[MINE]).await.unwrap();
    assert_eq!((found.owners, found.unclear), (Vec::new(), vec![message(1_001).0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_before_anything_is_searched() {
    let hospital = two_patients().await;
    let tombstone = hospital.decided().await;
    hospital.gate.faults.set(Fault::new(1, Answer::Status(500)));
    assert!(hospital.erase(&tombstone).await.is_err());
    let read = hospital.payloads.get(message(1_000)).await;
    assert!(matches!(read, Err(PortError::Erased { .. })), "{read:?}");
    let owner = KeyOwner::Patient(hospital.pseudonym(Purpose::KeyOwner, "999990019"));
    hospital.came(3_000, &owner).await;
    hospital.erase(&tombstone).await.unwrap();
    hospital.is_erased().await;
    assert!(hospital.payloads.get(message(3_000)).await.is_ok(), "what came in between can be read");
}
