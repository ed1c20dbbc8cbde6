//! Trouble on the wire: waits, silence, answers that are lost, others in between.

use std::time::{Duration, Instant};

use zorgsluis_aws::{Clients, Endpoints, HealthLake, HealthLakeLimits};
use zorgsluis_contract::fhir_store::{key, value};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{FhirStore, PageRequest, Precondition, TransactionError, Write};
use zorgsluis_stand_ins::faults::{Answer, Fault, Silence};

use super::{ABSENT, BSN, BUNDLE, DataStore, OnlyPseudonyms, patient, search, shown};
use crate::ministack::{REGION, credentials};

#[tokio::test]
async fn a_short_wait_that_is_asked_for_is_kept() {
    let data = DataStore::new().await;
    let mut fault = Fault::new(1, Answer::Status(429)).on(BUNDLE);
    fault.retry_after = Some(1);
    data.gate.faults.set(fault);
    let start = Instant::now();
    data.store().transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(data.bundles(), 2);
}

#[tokio::test]
async fn a_long_wait_goes_back_to_the_caller() {
    for status in [429, 503] {
        let data = DataStore::new().await;
        let mut fault = Fault::new(1, Answer::Status(status)).on(BUNDLE);
        fault.retry_after = Some(30);
        data.gate.faults.set(fault);
        let error = data.store().transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap_err();
        let wait = Some(Duration::from_secs(30));
        let TransactionError::Port(PortError::Unavailable { retry_after, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!((retry_after, data.bundles()), (wait, 1), "{status}");
    }
}

#[tokio::test]
async fn attempts_have_an_end() {
    let data = DataStore::new().await;
    data.gate.faults.set(Fault::new(100, Answer::Status(500)));
    let error = data.hasty().read(&[key("Patient/a")]).await.unwrap_err();
    assert!(matches!(error, PortError::Unavailable { .. }));
    assert_eq!(data.gate.lines().len(), 2);
}

#[tokio::test]
async fn no_answer_is_trouble_in_time() {
    let data = DataStore::new().await;
    data.gate.faults.set(Fault::new(100, Answer::Silence(Silence::Hang)));
    let start = Instant::now();
    assert!(matches!(data.hasty().read(&[key("Patient/a")]).await, Err(PortError::Unavailable { .. })));
    let error = data.hasty().transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap_err();
    assert!(matches!(error, TransactionError::Port(PortError::Unavailable { .. })), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_that_breaks_is_opened_again() {
    let data = DataStore::new().await;
    data.fault(1, Answer::Silence(Silence::Cut), BUNDLE);
    data.store().transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap();
    assert_eq!(data.store().read(&[key("Patient/a")]).await.unwrap()[0].as_ref().unwrap().version, 1);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_has_one_effect() {
    let data = DataStore::new().await;
    let store = data.store();
    store.transaction(&[patient("a", ABSENT, "Jansen"), patient("c", ABSENT, "Oud")]).await.unwrap();
    data.fault(1, Answer::Silence(Silence::Drop), BUNDLE);
    let done = store
        .transaction(&[
            patient("a", Precondition::Version(1), "de Vries"),
            patient("b", ABSENT, "de Vries"),
            Write::Delete { key: key("Patient/c"), precondition: Precondition::Version(1) },
        ])
        .await
        .unwrap();
    let done: Vec<_> = done.iter().map(|written| (written.key.to_string(), written.version)).collect();
    assert_eq!(done, [("Patient/a".into(), 2), ("Patient/b".into(), 1), ("Patient/c".into(), 2)]);
    for (reference, versions) in [("Patient/a", 2), ("Patient/b", 1), ("Patient/c", 2)] {
        let history = store.history(&key(reference), &PageRequest::first(10)).await.unwrap();
        assert_eq!(history.items.len(), versions, "{reference}");
    }
}

#[tokio::test]
async fn what_another_wrote_is_not_taken_for_a_write_whose_answer_was_lost() {
    let data = DataStore::new().await;
    let store = data.store();
    store.transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap();
    // The first attempt never came; meanwhile another wrote.
    data.fault(1, Answer::Silence(Silence::Hang), BUNDLE);
    let hasty = data.with(HealthLakeLimits {
        attempt: Duration::from_millis(500),
        operation: Duration::from_secs(5),
        ..HealthLakeLimits::default()
    });
    let late = tokio::spawn(async move {
        hasty.transaction(&[patient("a", Precondition::Version(1), "de Vries")]).await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    store.transaction(&[patient("a", Precondition::Version(1), "Bakker")]).await.unwrap();
    let conflict = late.await.unwrap();
    assert!(
        matches!(&conflict, Err(TransactionError::Conflict(keys)) if *keys == [key("Patient/a")]),
        "{conflict:?}"
    );
    let stands = store.read(&[key("Patient/a")]).await.unwrap().remove(0).unwrap();
    assert_eq!((stands.version, value(&stands)["name"][0]["family"].as_str()), (2, Some("Bakker")));
}

#[tokio::test]
async fn requests_with_a_bundle_are_paced() {
    let data = DataStore::new().await;
    let store = data.with(HealthLakeLimits { bundles_per_second: 4, ..HealthLakeLimits::default() });
    let start = Instant::now();
    for number in 0..6 {
        store.transaction(&[patient(&number.to_string(), ABSENT, "Jansen")]).await.unwrap();
    }
    // Four at once, two at a quarter of a second each.
    assert!(start.elapsed() >= Duration::from_millis(450), "{:?}", start.elapsed());
}

#[tokio::test]
async fn another_signature_is_trouble_that_an_operator_mends() {
    let data = DataStore::new().await;
    data.store().transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap();
    let other = aws_credential_types::Credentials::new(
        credentials().access_key_id(),
        "not the secret of that key",
        None,
        None,
        "tests",
    );
    let clients = Clients::load(REGION, &Endpoints::default(), Some(other)).await;
    let store =
        HealthLake::new(&clients, &data.endpoint, &OnlyPseudonyms(7), HealthLakeLimits::default()).unwrap();
    for error in [
        store.read(&[key("Patient/a")]).await.unwrap_err(),
        store.search(&search("identifier", BSN, 5)).await.unwrap_err(),
        match store.transaction(&[patient("b", ABSENT, "Jansen")]).await.unwrap_err() {
            TransactionError::Port(error) => error,
            other => panic!("{other}"),
        },
    ] {
        assert!(matches!(error, PortError::Unavailable { .. }), "{error}");
        for value in [BSN, "Jansen", "Patient/"] {
            assert!(!shown(&error).contains(value) && !format!("{error:?}").contains(value), "{error:?}");
        }
    }
    assert!(data.store().read(&[key("Patient/b")]).await.unwrap()[0].is_none());
}

#[tokio::test]
async fn a_data_store_that_is_not_there_does_not_look_empty() {
    let data = DataStore::new().await;
    let endpoint = data.endpoint.replace("0123456789abcdef/r4", "fedcba9876543210/r4");
    let limits = HealthLakeLimits { attempts: 1, ..HealthLakeLimits::default() };
    let store = HealthLake::new(&data.clients, &endpoint, &OnlyPseudonyms(7), limits).unwrap();
    assert!(matches!(store.read(&[key("Patient/a")]).await, Err(PortError::Unavailable { .. })));
    assert!(matches!(store.read_version(&key("Patient/a"), 1).await, Err(PortError::Unavailable { .. })));
    let page = PageRequest::first(5);
    assert!(matches!(store.history(&key("Patient/a"), &page).await, Err(PortError::Unavailable { .. })));
    assert!(matches!(store.search(&search("family", "x", 5)).await, Err(PortError::Unavailable { .. })));
    let error = store.transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap_err();
    assert!(matches!(error, TransactionError::Port(PortError::Unavailable { .. })), "{error}");
}

#[tokio::test]
async fn a_check_holds_while_its_transaction_waits() {
    let data = DataStore::new().await;
    let store = data.store();
    store.transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap();
    // What was checked is changed behind the first look, before the Bundle is taken.
    let held = data.busy_for_a_second(vec![
        Write::Check { key: key("Patient/a"), precondition: Precondition::Version(1) },
        patient("b", ABSENT, "Jansen"),
    ]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    store.transaction(&[patient("a", Precondition::Version(1), "de Vries")]).await.unwrap();
    let conflict = held.await.unwrap();
    assert!(
        matches!(&conflict, Err(TransactionError::Conflict(keys)) if *keys == [key("Patient/a")]),
        "{conflict:?}"
    );
    assert!(store.read(&[key("Patient/b")]).await.unwrap()[0].is_none(), "nothing of it was done");
}

#[tokio::test]
async fn what_came_while_its_absence_was_checked_is_told_afterwards() {
    let data = DataStore::new().await;
    let store = data.store();
    let held = data.busy_for_a_second(vec![
        Write::Check { key: key("Patient/a"), precondition: ABSENT },
        patient("b", ABSENT, "Jansen"),
    ]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    store.transaction(&[patient("a", ABSENT, "de Vries")]).await.unwrap();
    let conflict = held.await.unwrap();
    assert!(
        matches!(&conflict, Err(TransactionError::Conflict(keys)) if *keys == [key("Patient/a")]),
        "{conflict:?}"
    );
    // No entry of a Bundle can hold it to absence: the write stands, and the caller plans again.
    assert_eq!(store.read(&[key("Patient/b")]).await.unwrap()[0].as_ref().unwrap().version, 1);
}

#[tokio::test]
async fn who_is_held_up_longer_than_an_operation_may_take_is_told_at_once() {
    let data = DataStore::new().await;
    let store = data.store();
    let mut fault = Fault::new(1, Answer::Status(429)).on(BUNDLE);
    fault.retry_after = Some(40);
    data.gate.faults.set(fault);
    for _ in 0..2 {
        let start = Instant::now();
        let error = store.transaction(&[patient("a", ABSENT, "Jansen")]).await.unwrap_err();
        let TransactionError::Port(PortError::Unavailable { retry_after: Some(wait), .. }) = error else {
            panic!("{error}")
        };
        assert!(wait > Duration::from_secs(30) && start.elapsed() < Duration::from_secs(10), "{wait:?}");
    }
    assert_eq!(data.bundles(), 1, "the second was not sent");
}
