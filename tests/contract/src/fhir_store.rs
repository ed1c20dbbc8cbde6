//! The contract of [`FhirStore`]: versions and transactions.

use serde_json::{Value, json};
use zorgsluis_domain::port::{
    FhirStore, PageRequest, Precondition, ResourceKey, StoredResource, TransactionError, Write, Written,
};
use zorgsluis_domain::{Phi, PortError};

pub fn key(reference: &str) -> ResourceKey {
    ResourceKey::parse(reference).unwrap()
}

/// A write of a resource; its type and id are set.
pub fn put(reference: &str, precondition: Precondition, mut resource: Value) -> Write {
    let key = key(reference);
    resource["resourceType"] = json!(key.resource_type);
    resource["id"] = json!(key.id);
    Write::Put { key, json: Phi::new(serde_json::to_vec(&resource).unwrap()), precondition }
}

pub fn value(resource: &StoredResource) -> Value {
    serde_json::from_slice(resource.json.expose_phi()).unwrap()
}

/// What every Encounter must have.
pub fn encounter() -> Value {
    json!({
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    })
}

async fn read(store: &impl FhirStore, reference: &str) -> Option<StoredResource> {
    store.read(&[key(reference)]).await.unwrap().remove(0)
}

fn written(reference: &str, version: u64) -> Written {
    Written { key: key(reference), version }
}

const ABSENT: Precondition = Precondition::Absent;
const fn version(number: u64) -> Precondition {
    Precondition::Version(number)
}

pub async fn each_write_makes_a_version<S: FhirStore>(store: S) {
    assert!(read(&store, "Patient/p1").await.is_none());
    let done = store.transaction(&[put("Patient/p1", ABSENT, json!({"gender": "male"}))]).await.unwrap();
    assert_eq!(done, [written("Patient/p1", 1)]);
    let done =
        store.transaction(&[put("Patient/p1", version(1), json!({"gender": "female"}))]).await.unwrap();
    assert_eq!(done, [written("Patient/p1", 2)]);

    let stored = read(&store, "Patient/p1").await.unwrap();
    assert_eq!((stored.version, stored.deleted, &stored.key), (2, false, &key("Patient/p1")));
    let resource = value(&stored);
    assert_eq!(resource["gender"], "female");
    assert_eq!(resource["meta"]["versionId"], "2");
    assert_eq!(crate::at(resource["meta"]["lastUpdated"].as_str().unwrap()), stored.last_updated);

    let first = store.read_version(&key("Patient/p1"), 1).await.unwrap().unwrap();
    assert_eq!((value(&first)["gender"].as_str(), first.version), (Some("male"), 1));
    assert!(first.last_updated <= stored.last_updated);
    assert!(store.read_version(&key("Patient/p1"), 3).await.unwrap().is_none());
    assert!(store.read_version(&key("Patient/p1"), u64::MAX).await.unwrap().is_none());
}

pub async fn reading_answers_in_the_order_asked<S: FhirStore>(store: S) {
    store
        .transaction(&[put("Patient/a", ABSENT, json!({})), put("Location/a", ABSENT, json!({}))])
        .await
        .unwrap();
    let found = store.read(&[key("Location/a"), key("Patient/b"), key("Patient/a")]).await.unwrap();
    let found: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.key.to_string())).collect();
    assert_eq!(found, [Some("Location/a".into()), None, Some("Patient/a".into())]);
}

pub async fn many_are_read_at_once<S: FhirStore>(store: S) {
    let name = |n: usize| format!("Location/l{n}");
    let writes: Vec<_> =
        (0..60).map(|n| put(&name(n), ABSENT, json!({"name": format!("Zaal {n}")}))).collect();
    store.transaction(&writes).await.unwrap();
    let gone = Write::Delete { key: key("Location/l7"), precondition: version(1) };
    store.transaction(&[gone]).await.unwrap();
    // More than one Bundle of HealthLake, some of them absent, one deleted, one twice.
    let keys: Vec<_> = (0..200).rev().chain([3]).map(|n| key(&name(n))).collect();
    let found = store.read(&keys).await.unwrap();
    assert_eq!(found.len(), keys.len());
    for (asked, found) in keys.iter().zip(&found) {
        let number: usize = asked.id.trim_start_matches('l').parse().unwrap();
        let Some(found) = found else {
            assert!(number >= 60, "{asked}");
            continue;
        };
        assert_eq!((&found.key, found.deleted), (asked, number == 7));
        if !found.deleted {
            assert_eq!(value(found)["name"], format!("Zaal {number}"));
        }
    }
    assert_eq!(found.iter().flatten().count(), 61);
    assert!(store.read(&[]).await.unwrap().is_empty());
}

pub async fn a_deletion_has_a_version_to_hold_to<S: FhirStore>(store: S) {
    let delete = |precondition| Write::Delete { key: key("Patient/p1"), precondition };
    let check = |precondition| Write::Check { key: key("Patient/p1"), precondition };
    store.transaction(&[put("Patient/p1", ABSENT, json!({}))]).await.unwrap();
    store.transaction(&[delete(version(1))]).await.unwrap();
    let gone = store.read_version(&key("Patient/p1"), 2).await.unwrap().unwrap();
    assert!(gone.deleted && gone.version == 2);
    // Deleting it again and checking it write nothing.
    assert_eq!(store.transaction(&[delete(version(2))]).await.unwrap(), [written("Patient/p1", 2)]);
    let done = store.transaction(&[check(version(2)), put("Patient/p2", ABSENT, json!({}))]).await.unwrap();
    assert_eq!(done, [written("Patient/p1", 2), written("Patient/p2", 1)]);
    let stale = store.transaction(&[put("Patient/p1", version(1), json!({}))]).await;
    assert!(matches!(stale, Err(TransactionError::Conflict(keys)) if keys == [key("Patient/p1")]));
    let done = store.transaction(&[put("Patient/p1", version(2), json!({}))]).await.unwrap();
    assert_eq!(done, [written("Patient/p1", 3)]);
    let late = store.transaction(&[delete(version(2))]).await;
    assert!(matches!(late, Err(TransactionError::Conflict(keys)) if keys == [key("Patient/p1")]));
}

pub async fn a_deletion_is_a_version_and_history_stays<S: FhirStore>(store: S) {
    store.transaction(&[put("Patient/p1", ABSENT, json!({"gender": "male"}))]).await.unwrap();
    let delete = Write::Delete { key: key("Patient/p1"), precondition: version(1) };
    assert_eq!(store.transaction(&[delete]).await.unwrap(), [written("Patient/p1", 2)]);
    let stored = read(&store, "Patient/p1").await.unwrap();
    assert!(stored.deleted && stored.version == 2 && stored.json.expose_phi().is_empty());

    // Deleted is not there: deleting again writes nothing, creating goes on counting.
    let again = Write::Delete { key: key("Patient/p1"), precondition: ABSENT };
    assert_eq!(store.transaction(&[again]).await.unwrap(), [written("Patient/p1", 2)]);
    let never = Write::Delete { key: key("Patient/p2"), precondition: ABSENT };
    assert_eq!(store.transaction(&[never]).await.unwrap(), [written("Patient/p2", 0)]);
    assert!(read(&store, "Patient/p2").await.is_none());
    let done = store.transaction(&[put("Patient/p1", ABSENT, json!({"gender": "other"}))]).await.unwrap();
    assert_eq!(done, [written("Patient/p1", 3)]);

    let mut seen = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let found = store.history(&key("Patient/p1"), &page).await.unwrap();
        seen.extend(found.items.iter().map(|version| (version.version, version.deleted)));
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [(3, false), (2, true), (1, false)]);
    assert!(store.history(&key("Patient/p9"), &PageRequest::first(5)).await.unwrap().items.is_empty());
}

pub async fn a_transaction_is_done_as_a_whole_or_not_at_all<S: FhirStore>(store: S) {
    store
        .transaction(&[put("Patient/a", ABSENT, json!({})), put("Patient/b", ABSENT, json!({}))])
        .await
        .unwrap();
    let failed = store
        .transaction(&[
            put("Patient/c", ABSENT, json!({})),
            put("Patient/a", version(2), json!({"gender": "male"})),
            put("Patient/d", version(1), json!({})),
            Write::Delete { key: key("Patient/b"), precondition: version(1) },
            put("Location/a", ABSENT, json!({})),
        ])
        .await;
    let Err(TransactionError::Conflict(mut keys)) = failed else { panic!("must conflict: {failed:?}") };
    keys.sort();
    assert_eq!(keys, [key("Patient/a"), key("Patient/d")]);
    assert!(read(&store, "Patient/c").await.is_none());
    assert!(read(&store, "Location/a").await.is_none());
    assert_eq!(read(&store, "Patient/a").await.unwrap().version, 1);
    assert!(!read(&store, "Patient/b").await.unwrap().deleted);
    // One that is refused has no effect either.
    let broken = Write::Put { key: key("Patient/e"), json: Phi::new(b"{".to_vec()), precondition: ABSENT };
    let refused = store.transaction(&[put("Patient/c", ABSENT, json!({})), broken]).await;
    assert!(matches!(refused, Err(TransactionError::Port(PortError::Refused { .. }))));
    assert!(read(&store, "Patient/c").await.is_none());
}

pub async fn a_check_holds_a_transaction_to_what_was_read<S: FhirStore>(store: S) {
    let check = |reference: &str, precondition| Write::Check { key: key(reference), precondition };
    store.transaction(&[put("Patient/a", ABSENT, json!({}))]).await.unwrap();
    let done = store
        .transaction(&[
            check("Patient/a", version(1)),
            check("Patient/b", ABSENT),
            put("Encounter/e", ABSENT, encounter()),
        ])
        .await
        .unwrap();
    assert_eq!(done, [written("Patient/a", 1), written("Patient/b", 0), written("Encounter/e", 1)]);
    assert!(read(&store, "Patient/b").await.is_none(), "a check writes nothing");
    for stale in [check("Patient/a", version(2)), check("Patient/a", ABSENT), check("Patient/b", version(1))]
    {
        let failed = store.transaction(&[put("Encounter/e", version(1), encounter()), stale]).await;
        assert!(matches!(failed, Err(TransactionError::Conflict(keys)) if keys.len() == 1));
    }
    assert_eq!(read(&store, "Encounter/e").await.unwrap().version, 1);
    // About the state before the transaction, also of what the transaction writes.
    let done = store
        .transaction(&[put("Patient/a", version(1), json!({})), check("Patient/a", version(1))])
        .await
        .unwrap();
    assert_eq!(done[0], written("Patient/a", 2));
}

pub async fn what_can_never_be_written_is_refused<S: FhirStore>(store: S) {
    let many: Vec<_> = (0..161).map(|n| put(&format!("Patient/{n}"), ABSENT, json!({}))).collect();
    let twice = vec![put("Patient/a", ABSENT, json!({})), put("Patient/a", ABSENT, json!({}))];
    let foreign = vec![Write::Put {
        key: key("Patient/a"),
        json: Phi::new(br#"{"resourceType":"Patient","id":"b"}"#.to_vec()),
        precondition: ABSENT,
    }];
    let unnameable = vec![put("Patient/a_b", ABSENT, json!({}))];
    for writes in [&many, &twice, &foreign, &unnameable] {
        let refused = store.transaction(writes).await;
        assert!(matches!(refused, Err(TransactionError::Port(PortError::Refused { .. }))));
    }
    assert!(read(&store, "Patient/a").await.is_none() && read(&store, "Patient/0").await.is_none());
    assert_eq!(store.transaction(&many[..160]).await.unwrap().len(), 160);
    assert!(store.transaction(&[]).await.unwrap().is_empty());
}

pub async fn decimals_keep_their_precision<S: FhirStore>(store: S) {
    let json = br#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},"valueQuantity":{"value":5.10}}"#.to_vec();
    let write = Write::Put { key: key("Observation/o"), json: Phi::new(json), precondition: ABSENT };
    store.transaction(&[write]).await.unwrap();
    let stored = read(&store, "Observation/o").await.unwrap();
    assert!(String::from_utf8(stored.json.into_phi()).unwrap().contains("5.10"));
}

pub async fn of_many_writers_none_overwrites_another<S: FhirStore + Clone + 'static>(store: S) {
    store.transaction(&[put("Patient/a", ABSENT, json!({"multipleBirthInteger": 0}))]).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    loop {
                        let stored = read(&store, "Patient/a").await.unwrap();
                        let mut resource = value(&stored);
                        let count = resource["multipleBirthInteger"].as_u64().unwrap() + 1;
                        resource["multipleBirthInteger"] = json!(count);
                        let write = put("Patient/a", version(stored.version), resource);
                        match store.transaction(&[write]).await {
                            Ok(_) => break,
                            Err(TransactionError::Conflict(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stored = read(&store, "Patient/a").await.unwrap();
    assert_eq!((stored.version, value(&stored)["multipleBirthInteger"].as_u64()), (41, Some(40)));
}
