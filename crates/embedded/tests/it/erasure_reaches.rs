//! An erasure reaches what was never applied, what came under a number of two persons, and what an older copy of one
//! file brings back.

use std::path::Path;

use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{
    DataClass, DeadLetter, DeadLetters, FhirStore, IndexedIdentifier, Journal, KeyOwner, Keys, PageRequest,
    PatientIndex, ResourceKey,
};
use zorgsluis_domain::{Effect, MessageId, PortError, Stage, StepEffect};
use zorgsluis_embedded::{DataDirectory, Mixed};

use super::erasure::{ANNA, BRAM, is_erased, put, store, tombstone};

pub(crate) const CLARA: Uuid = Uuid::from_u128(0xc);

fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

pub(crate) fn identifier(directory: &DataDirectory, system: &str, value: &str) -> IndexedIdentifier {
    IndexedIdentifier::of(&directory.keys(), system, value)
}

pub(crate) async fn patient(directory: &DataDirectory, id: Uuid, number: &str) {
    let number = format!(r#""identifier":[{{"system":"urn:mrn","value":"{number}"}}]"#);
    put(directory, "Patient", &id.to_string(), &number).await;
}

/// A message under a number that wrote about these patients.
async fn under(directory: &DataDirectory, number: u128, of: &IndexedIdentifier, about: &[Uuid]) {
    store(directory, number, &KeyOwner::Patient(of.owner)).await;
    wrote(directory, number, about.iter().map(|id| format!("Patient/{id}"))).await;
}

async fn wrote(directory: &DataDirectory, number: u128, what: impl IntoIterator<Item = String>) {
    let effect = |resource| StepEffect { resource, effect: Effect::Created, why: None };
    let effects: Vec<_> = what.into_iter().map(effect).collect();
    if !effects.is_empty() {
        let applied = [Stage::Applied { effects }];
        let at = "2026-11-01T10:00:00Z".parse().unwrap();
        directory.journal().record(message(number), at, &applied).await.unwrap();
    }
}

async fn which_are_erased<const N: usize>(directory: &DataDirectory, numbers: [u128; N]) -> Vec<u128> {
    let mut erased = Vec::new();
    for number in numbers {
        if is_erased(directory, number).await {
            erased.push(number);
        }
    }
    erased
}

pub(crate) fn of(patient: Uuid, id: u128) -> Tombstone {
    Tombstone { id: Uuid::from_u128(id), patients: vec![patient], ..tombstone(DataClass::Dossier) }
}

pub(crate) async fn open(path: &Path) -> DataDirectory {
    DataDirectory::open(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_applied_goes_by_the_number_under_which_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    patient(&directory, ANNA, "1").await;
    // The profile names no system for this authority: no resource tells of it.
    let lab = identifier(&directory, "authority:LAB", "77");
    let other = identifier(&directory, "authority:LAB", "78");
    directory.patient_index().claim(&lab, ANNA).await.unwrap();
    directory.patient_index().claim(&other, BRAM).await.unwrap();
    under(&directory, 1, &lab, &[]).await;
    under(&directory, 2, &other, &[]).await;
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    let letter = DeadLetter {
        message: message(1),
        group: "g".into(),
        attempts: 1,
        received: at,
        parked: at,
        code: "unsupported-event".into(),
        at: None,
        text: "the event is not supported".into(),
    };
    directory.dead_letters().park(&letter).await.unwrap();
    let erasures = directory.erasures();
    let found = erasures.find(&[ANNA]).await.unwrap();
    assert_eq!((found.messages, found.unclear.len()), (1, 0));
    assert!(found.owners.contains(&lab.owner));
    erasures.apply(&of(ANNA, 1)).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 2]).await, [1]);
    assert_eq!(directory.dead_letters().list(&PageRequest::first(9)).await.unwrap().items, []);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_patients_under_one_number_each_loses_what_is_theirs_and_what_nobody_can_tell_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    patient(&directory, ANNA, "1").await;
    patient(&directory, BRAM, "2").await;
    patient(&directory, CLARA, "3").await;
    let number = identifier(&directory, "urn:mrn", "9");
    let own = identifier(&directory, "urn:mrn", "2");
    let index = directory.patient_index();
    // The number went from one to the other (A43).
    index.claim(&number, ANNA).await.unwrap();
    index.release(&number.pseudonym, ANNA).await.unwrap();
    index.claim(&number, BRAM).await.unwrap();
    index.claim(&own, BRAM).await.unwrap();
    under(&directory, 1, &number, &[ANNA]).await;
    under(&directory, 2, &number, &[BRAM]).await;
    under(&directory, 3, &number, &[]).await;
    under(&directory, 4, &own, &[]).await;
    let erasures = directory.erasures();
    let found = erasures.find(&[BRAM]).await.unwrap();
    assert_eq!((found.messages, &found.unclear), (2, &vec![Uuid::from_u128(3)]), "{found:?}");
    assert_eq!(found.owners, [own.owner], "the key of a shared number is no one's alone");
    erasures.apply(&of(BRAM, 1)).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 2, 3, 4]).await, [2, 4]);
    // A person found out whose it is.
    let told = erasures.find_all(&[vec![ANNA]], &[Uuid::from_u128(3)]).await.unwrap().remove(0);
    assert_eq!((told.messages, told.unclear), (2, vec![]));
    let named = Tombstone { messages: vec![Uuid::from_u128(3)], ..of(ANNA, 2) };
    erasures.apply(&named).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 2, 3, 4]).await, [1, 2, 3, 4]);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_kept_apart_under_one_number_are_told_apart_by_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    // Both resources bear it; the index gives it to one.
    patient(&directory, ANNA, "1").await;
    patient(&directory, BRAM, "1").await;
    let number = identifier(&directory, "urn:mrn", "1");
    directory.patient_index().claim(&number, ANNA).await.unwrap();
    under(&directory, 1, &number, &[ANNA]).await;
    under(&directory, 2, &number, &[BRAM]).await;
    under(&directory, 3, &number, &[]).await;
    let erasures = directory.erasures();
    for who in [ANNA, BRAM] {
        let found = erasures.find(&[who]).await.unwrap();
        assert_eq!((found.messages, found.unclear.len(), found.owners.len()), (1, 1, 0), "{who}");
    }
    erasures.apply(&of(ANNA, 1)).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 2, 3]).await, [1]);
    // Nobody else is left under it.
    erasures.apply(&of(BRAM, 2)).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 2, 3]).await, [1, 2, 3]);
    directory.close().await;
}

/// A dossier of which some messages are sealed under a key that others use, too; and a copy of each file.
async fn served(path: &Path) -> DataDirectory {
    let directory = open(path).await;
    patient(&directory, ANNA, "1").await;
    put(&directory, "Observation", "hers", &format!(r#""subject":{{"reference":"Patient/{ANNA}"}}"#)).await;
    let number = identifier(&directory, "urn:mrn", "1");
    directory.patient_index().claim(&number, ANNA).await.unwrap();
    under(&directory, 1, &number, &[ANNA]).await;
    let sender = KeyOwner::Sender("zis".into());
    for number in [2, 3, 4] {
        store(&directory, number, &sender).await;
    }
    wrote(&directory, 2, [format!("Patient/{ANNA}"), "Observation/hers".into()]).await;
    // This one says nothing of the patient herself.
    wrote(&directory, 3, ["Observation/hers".into()]).await;
    wrote(&directory, 4, [format!("Patient/{BRAM}"), "Observation/his".into()]).await;
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_any_single_file_brings_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = served(&data).await;
    let owner = KeyOwner::Patient(identifier(&directory, "urn:mrn", "1").owner);
    let sealed = directory.keys().seal(&owner, DataClass::Dossier, b"", b"x").await.unwrap();
    directory.close().await;
    let files = ["keys/keys.db", "state.db", "fhir.db"];
    let before = folder.path().join("before");
    std::fs::create_dir_all(before.join("keys")).unwrap();
    for file in files {
        std::fs::copy(data.join(file), before.join(file)).unwrap();
    }
    let directory = open(&data).await;
    let found = directory.erasures().find(&[ANNA]).await.unwrap();
    let (owners, keys) = (found.owners, found.keys);
    let decided = Tombstone { at: directory.clock().now(), owners, keys, ..of(ANNA, 1) };
    directory.erasures().apply(&decided).await.unwrap();
    directory.erasures().scrub().await.unwrap();
    directory.erasures().complete(&decided).await.unwrap();
    directory.close().await;
    for file in files {
        std::fs::copy(before.join(file), data.join(file)).unwrap();
        let directory = open(&data).await;
        let erasures = directory.erasures();
        let known = std::slice::from_ref(&decided);
        assert_eq!(erasures.mixed(known).await.unwrap(), None, "{file}");
        assert_eq!(erasures.pending(known).await.unwrap(), known, "{file}");
        erasures.apply(&decided).await.unwrap();
        erasures.complete(&decided).await.unwrap();
        assert_eq!(erasures.pending(known).await.unwrap(), [], "{file}");
        assert!(
            matches!(directory.keys().open(&sealed, b"").await, Err(PortError::Erased { .. })),
            "{file}: the key"
        );
        assert_eq!(which_are_erased(&directory, [1, 2, 3, 4]).await, [1, 2, 3], "{file}");
        let keys = [("Patient", ANNA.to_string()), ("Observation", "hers".into())]
            .map(|(kind, id)| ResourceKey::new(kind, id));
        let standing = directory.fhir_store().read(&keys).await.unwrap();
        assert!(standing.iter().all(Option::is_none), "{file}");
        directory.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_older_than_the_messages_are_named_and_so_is_an_erasure_that_nothing_knows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    served(&data).await.close().await;
    let old = std::fs::read(data.join("keys/keys.db")).unwrap();
    let directory = open(&data).await;
    directory.erasures().apply(&of(ANNA, 7)).await.unwrap();
    directory.close().await;
    std::fs::write(data.join("keys/keys.db"), &old).unwrap();
    let directory = open(&data).await;
    let mixed = directory.erasures().mixed(&[]).await.unwrap();
    let tombstone = Uuid::from_u128(7);
    assert_eq!(mixed, Some(Mixed::Unknown { file: "state.db", tombstone }));
    assert_eq!(directory.erasures().mixed(&[of(ANNA, 7)]).await.unwrap(), None);
    // Something new came under a key that the older table never had.
    let late = identifier(&directory, "urn:mrn", "late");
    under(&directory, 9, &late, &[]).await;
    directory.close().await;
    std::fs::write(data.join("keys/keys.db"), &old).unwrap();
    let directory = open(&data).await;
    assert_eq!(directory.erasures().mixed(&[of(ANNA, 7)]).await.unwrap(), Some(Mixed::OlderKeys));
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_after_the_decision_outlives_an_older_table_that_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = served(&data).await;
    let decided = Tombstone { at: directory.clock().now(), ..of(ANNA, 1) };
    directory.erasures().apply(&decided).await.unwrap();
    // She comes again: a new dossier under a new key, in the table of which nobody noted the erasure any more.
    let number = identifier(&directory, "urn:mrn", "1");
    directory.patient_index().claim(&number, ANNA).await.unwrap();
    under(&directory, 5, &number, &[ANNA]).await;
    directory.close().await;
    let table = rusqlite::Connection::open(data.join("keys/keys.db")).unwrap();
    table.execute("DELETE FROM erasure", []).unwrap();
    drop(table);
    let directory = open(&data).await;
    directory.erasures().apply(&decided).await.unwrap();
    assert_eq!(which_are_erased(&directory, [1, 5]).await, [1]);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_a_patient_is_judged_by_the_whole_resource() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    patient(&directory, ANNA, "1").await;
    patient(&directory, BRAM, "2").await;
    let about = |who: Uuid| format!(r#""subject":{{"reference":"Patient/{who}"}}"#);
    let names = |what: &str| format!(r#""target":[{{"reference":"Observation/{what}"}}]"#);
    put(&directory, "Observation", "hers", &about(ANNA)).await;
    put(&directory, "Observation", "his", &about(BRAM)).await;
    // Named hers first, and is about him by now.
    put(&directory, "List", "handed-on", &names("hers")).await;
    put(&directory, "List", "handed-on", &about(BRAM)).await;
    // Is about both; and one that is about her only.
    let both = r#""target":[{"reference":"Observation/hers"},{"reference":"Observation/his"}]"#;
    put(&directory, "Provenance", "of-both", both).await;
    put(&directory, "Provenance", "of-her", &names("hers")).await;
    let erasures = directory.erasures();
    let found = erasures.find(&[ANNA]).await.unwrap();
    assert_eq!(found.left, ["List/handed-on", "Provenance/of-both"]);
    erasures.apply(&of(ANNA, 1)).await.unwrap();
    let store = directory.fhir_store();
    let keys = ["handed-on", "of-both", "of-her"]
        .map(|id| ResourceKey::new(if id == "handed-on" { "List" } else { "Provenance" }, id));
    let standing: Vec<bool> = store.read(&keys).await.unwrap().iter().map(Option::is_some).collect();
    assert_eq!(standing, [true, true, false]);
    assert!(store.read_version(&keys[0], 1).await.unwrap().is_none(), "what named hers is gone");
    // When the other one goes, too, nothing is left of both.
    erasures.apply(&of(BRAM, 2)).await.unwrap();
    assert!(store.read(&keys).await.unwrap().iter().all(Option::is_none));
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_dossiers_are_read_and_rewritten_as_often_as_one() {
    let mut efforts = Vec::new();
    for many in [1, 12] {
        let folder = tempfile::tempdir().unwrap();
        let directory = open(&folder.path().join("data")).await;
        let people: Vec<Uuid> = (0..many).map(|n| Uuid::from_u128(0x100 + n)).collect();
        for (n, id) in people.iter().enumerate() {
            patient(&directory, *id, &n.to_string()).await;
            let hers = format!(r#""subject":{{"reference":"Patient/{id}"}}"#);
            put(&directory, "Observation", &format!("o{n}"), &hers).await;
            let of_it = format!(r#""target":[{{"reference":"Observation/o{n}"}}]"#);
            put(&directory, "Provenance", &format!("p{n}"), &of_it).await;
        }
        let erasures = directory.erasures();
        let numbers: Vec<Vec<Uuid>> = people.iter().map(|id| vec![*id]).collect();
        let found = erasures.find_all(&numbers, &[]).await.unwrap();
        assert!(found.iter().all(|found| found.resources == 3), "{found:?}");
        let tombstones: Vec<_> = people.iter().map(|id| of(*id, id.as_u128() << 8)).collect();
        let erased = erasures.apply_all(&tombstones).await.unwrap();
        assert!(erased.iter().all(|erased| erased.resources == 3), "{erased:?}");
        erasures.scrub().await.unwrap();
        efforts.push(erasures.effort());
        directory.close().await;
    }
    // Once for what names the patients, then for what names that and so on; two files written anew.
    assert_eq!(efforts, [(6, 2), (6, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_dossiers_that_were_cut_off_the_rest_is_completed_and_nothing_is_destroyed_twice() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    for (id, number) in [(ANNA, "1"), (BRAM, "2")] {
        patient(&directory, id, number).await;
        let number = identifier(&directory, "urn:mrn", number);
        directory.patient_index().claim(&number, id).await.unwrap();
        under(&directory, id.as_u128(), &number, &[id]).await;
    }
    let erasures = directory.erasures();
    let both = [of(ANNA, 1), of(BRAM, 2)];
    // The first was done when the power went.
    assert_eq!(erasures.apply(&both[0]).await.unwrap().messages, 1);
    // She is known anew since.
    patient(&directory, ANNA, "1").await;
    let number = identifier(&directory, "urn:mrn", "1");
    under(&directory, 5, &number, &[ANNA]).await;
    let erased = erasures.apply_all(&both).await.unwrap();
    let counted: Vec<_> =
        erased.iter().map(|erased| (erased.messages, erased.resources, erased.keys)).collect();
    assert_eq!(counted, [(0, 0, 0), (1, 1, 1)]);
    assert_eq!(which_are_erased(&directory, [0xa, 0xb, 5]).await, [0xa, 0xb]);
    directory.close().await;
}
