//! The data directory as a whole.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tlog::{Created, EntryIndex, LogStorage, Signer};
use zorgsluis_domain::port::{
    DataClass, DeadLetters, FhirStore, IndexedIdentifier, Journal, KeyOwner, Keys, Outgoing, PageRequest,
    PatientIndex, PayloadStore, Precondition, ProviderDirectory, Queue,
};
use zorgsluis_domain::{PortError, Pseudonym, Purpose, Stage};
use zorgsluis_embedded::{DataDirectory, OpenError};

use super::{Home, LONG};
use zorgsluis_contract::records::letter;
use zorgsluis_contract::{at, fhir_store, log_index, message, registers};

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn outgoing(body: &str) -> Outgoing {
    Outgoing { body: body.into(), group: "g".into(), deduplication: body.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_has_a_directory() {
    let home = Home::new();
    let path = home.directory.path().to_path_buf();
    let second = DataDirectory::open(&path);
    let Err(OpenError::Held { pid, .. }) = second else { panic!("must be held: {second:?}") };
    assert_eq!(pid, Some(std::process::id()));
    home.directory.close().await;
    DataDirectory::open(&path).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_there_after_reopening() {
    let home = Home::new();
    let directory = &home.directory;
    directory.queue("inbound", LONG).send(&[outgoing("1"), outgoing("2")]).await.unwrap();
    let taken = directory.queue("inbound", LONG).receive(1, Duration::ZERO).await.unwrap();
    assert_eq!(taken.len(), 1);
    directory
        .payloads()
        .put(message(1), &KeyOwner::System, at("2024-03-07T10:00:00Z"), b"raw")
        .await
        .unwrap();
    let pseudonyms = Purpose::ALL.map(|purpose| directory.keys().pseudonym(purpose, &[b"x"]));
    let signer = directory.log_signer("log").unwrap().verifying_key().to_string();

    let home = home.reopened().await;
    let directory = &home.directory;
    // In flight when the server ended: visible again at once, and counted.
    let again = directory.queue("inbound", LONG).receive(10, Duration::ZERO).await.unwrap();
    assert_eq!(
        again.iter().map(|m| (m.body.as_str(), m.receive_count)).collect::<Vec<_>>(),
        [("1", 2), ("2", 1)]
    );
    // The receipt of the delivery before names nothing any more.
    directory.queue("inbound", LONG).delete(&[taken[0].receipt.clone()]).await.unwrap();
    assert_eq!(directory.queue("inbound", LONG).depth().await.unwrap().in_flight, 2);
    // Duplicates are known across the restart.
    directory.queue("inbound", LONG).send(&[outgoing("1")]).await.unwrap();
    assert_eq!(directory.queue("inbound", LONG).depth().await.unwrap().waiting, 0);
    assert_eq!(directory.payloads().get(message(1)).await.unwrap().bytes.expose_phi(), b"raw");
    assert_eq!(Purpose::ALL.map(|purpose| directory.keys().pseudonym(purpose, &[b"x"])), pseudonyms);
    assert_eq!(directory.log_signer("log").unwrap().verifying_key().to_string(), signer);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_of_different_names_are_apart() {
    let home = Home::new();
    let (one, two) = (home.directory.queue("one", LONG), home.directory.queue("two", LONG));
    one.send(&[outgoing("1")]).await.unwrap();
    two.send(&[outgoing("1")]).await.unwrap();
    let received = one.receive(10, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 1);
    two.delete(&[received[0].receipt.clone()]).await.unwrap();
    assert_eq!(one.depth().await.unwrap().in_flight, 1);
    assert_eq!(two.receive(10, Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_handle_of_a_queue_wakes_the_first() {
    let home = Home::new();
    let receiver = tokio::spawn({
        let queue = home.directory.queue("q", LONG);
        async move { queue.receive(1, Duration::from_secs(60)).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    home.directory.clone().queue("q", LONG).send(&[outgoing("1")]).await.unwrap();
    assert_eq!(receiver.await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_server_everything_is_read_and_the_log_is_written() {
    let home = Home::new();
    let server = &home.directory;
    server.payloads().put(message(1), &KeyOwner::System, at("2024-03-07T10:00:00Z"), b"raw").await.unwrap();
    let write = fhir_store::put("Patient/a", Precondition::Absent, json!({}));
    server.fhir_store().transaction(std::slice::from_ref(&write)).await.unwrap();

    let beside = DataDirectory::open_read(server.path()).unwrap();
    assert_eq!(beside.payloads().get(message(1)).await.unwrap().bytes.expose_phi(), b"raw");
    assert_eq!(
        beside.fhir_store().read(&[fhir_store::key("Patient/a")]).await.unwrap().iter().flatten().count(),
        1
    );
    assert_eq!(
        beside.keys().pseudonym(Purpose::Message, &[]),
        server.keys().pseudonym(Purpose::Message, &[])
    );
    let refused = |error: PortError| assert!(matches!(error, PortError::Refused { .. }), "{error}");
    refused(beside.queue("q", LONG).send(&[outgoing("1")]).await.unwrap_err());
    refused(
        beside.journal().record(message(1), at("2024-03-07T10:00:00Z"), &[Stage::Queued]).await.unwrap_err(),
    );
    refused(beside.dead_letters().park(&letter(1, "2024-03-07T10:00:00Z")).await.unwrap_err());
    assert!(beside.fhir_store().transaction(&[write]).await.is_err());

    // Keys and log are everybody's: what one writes, the other sees.
    let sealed = beside.keys().seal(&KeyOwner::System, DataClass::Log, b"", b"entry").await.unwrap();
    assert_eq!(server.keys().open(&sealed, b"").await.unwrap().expose_phi(), b"entry");
    assert_eq!(beside.log_storage().create("log/x/entries/0", b"b").await.unwrap(), Created::New);
    assert_eq!(server.log_storage().create("log/x/entries/0", b"c").await.unwrap(), Created::AlreadyExists);
    log_index::many_recorders_of_one_bundle_agree(beside.entry_index("x")).await;
    assert_eq!(server.entry_index("x").coverage().await.unwrap().through, 10);
    assert_eq!(server.entry_index("y").coverage().await.unwrap().through, 0);

    // A key that one process destroyed is gone from the memory of the other.
    beside.keys().destroy(&KeyOwner::System, DataClass::Log).await.unwrap();
    assert!(matches!(server.keys().open(&sealed, b"").await, Err(PortError::Erased { .. })));
    let fresh = server.keys().seal(&KeyOwner::System, DataClass::Log, b"", b"entry").await.unwrap();
    assert_ne!(fresh.key, sealed.key);
    beside.close().await;
    assert_eq!(server.keys().open(&fresh, b"").await.unwrap().expose_phi(), b"entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_data_directory_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let absent = DataDirectory::open_read(folder.path());
    assert!(matches!(absent, Err(OpenError::Absent { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

/// Makes of a directory what version 2 of `state.db` left.
fn to_version_2(path: &Path) {
    let connection = rusqlite::Connection::open(path.join("state.db")).unwrap();
    connection
        .execute_batch(
            "DROP TABLE patient_event; DROP TABLE opt_out; DROP TABLE provider; DROP TABLE provider_identifier;
             DROP TABLE provider_version; DROP TABLE notice; DROP TABLE erased; DROP INDEX payload_key;
             DROP TABLE erased_identifier; DROP TABLE released_stand_in; DROP TABLE identifiers_completed;
             DROP INDEX patient_identifier_patient; DROP INDEX patient_identifier_owner;
             ALTER TABLE patient_identifier DROP COLUMN owner; ALTER TABLE patient_identifier DROP COLUMN stand_in;
             DROP INDEX note_key;
             PRAGMA user_version = 2;",
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_an_earlier_version_gets_the_new_registers_and_keeps_what_it_has() {
    let home = Home::new();
    let identifier = IndexedIdentifier::of(&home.directory.keys(), "urn:test", "x");
    let patient = uuid::Uuid::from_u128(1);
    home.directory.patient_index().claim(&identifier, patient).await.unwrap();
    let path = home.directory.path().to_path_buf();
    home.directory.close().await;
    to_version_2(&path);
    let beside = DataDirectory::open_read(&path);
    assert!(matches!(beside, Err(OpenError::Schema { file: "state.db", found: 2, .. })), "{beside:?}");
    let directory = DataDirectory::open(&path).unwrap();
    let index = directory.patient_index();
    assert_eq!(index.resolve(&[identifier.pseudonym]).await.unwrap(), [Some(patient)]);
    assert!(index.history(patient).await.unwrap().is_empty(), "what happened before is not known");
    let provider = registers::provider(1, "de Wit", &["01004567"]);
    directory.provider_directory().put(&provider, None, directory.clock().now(), "import").await.unwrap();
    directory.close().await;
    let directory = DataDirectory::open(&path).unwrap();
    assert_eq!(directory.provider_directory().get(provider.id).await.unwrap().unwrap().provider, provider);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_named() {
    let home = Home::new();
    let path = home.directory.path().to_path_buf();
    home.directory.close().await;
    let connection = rusqlite::Connection::open(path.join("fhir.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let newer = DataDirectory::open(&path);
    assert!(matches!(newer, Err(OpenError::Schema { file: "fhir.db", found: 99, .. })), "{newer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_may_look_and_only_the_fhir_store_is_in_clear() {
    const MARKER: &str = "Zq7-PatiëntMarker-Wijk";
    let home = Home::new();
    let directory = &home.directory;
    let keys = directory.keys();
    let owner = KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &[MARKER.as_bytes()]));
    let sender = KeyOwner::Sender(MARKER.into());
    for (number, owner) in [(1, &owner), (2, &sender)] {
        let raw = MARKER.repeat(50);
        directory
            .payloads()
            .put(message(number), owner, at("2024-03-07T10:00:00Z"), raw.as_bytes())
            .await
            .unwrap();
        directory.payloads().put_note(message(number), owner, "outcome", raw.as_bytes()).await.unwrap();
    }
    let sealed = keys.seal(&owner, DataClass::Log, MARKER.as_bytes(), MARKER.as_bytes()).await.unwrap();
    directory.log_storage().create("log/x/entries/0", &sealed.ciphertext).await.unwrap();
    let identifier = IndexedIdentifier::of(&keys, "urn:test", MARKER);
    directory.patient_index().claim(&identifier, uuid::Uuid::from_u128(1)).await.unwrap();
    let group = keys.pseudonym(Purpose::QueueGroup, &[MARKER.as_bytes()]).to_string();
    let message = Outgoing { body: "{}".into(), group, deduplication: "1".into() };
    directory.queue("inbound", LONG).send(&[message]).await.unwrap();
    let patient = json!({"name": [{"family": MARKER}]});
    let write = fhir_store::put("Patient/a", Precondition::Absent, patient);
    directory.fhir_store().transaction(&[write]).await.unwrap();

    let path = directory.path().to_path_buf();
    let check = |state: &str| {
        let mut in_clear = Vec::new();
        for file in files(&path) {
            assert_eq!(mode(&file), 0o600, "{state}: {}", file.display());
            let bytes = std::fs::read(&file).unwrap();
            let name = file.strip_prefix(&path).unwrap().display().to_string();
            assert!(!name.contains(MARKER));
            if bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes()) {
                in_clear.push(name);
            }
        }
        assert!(!in_clear.is_empty(), "{state}: the marker must stand in the FHIR store");
        assert!(in_clear.iter().all(|name| name.starts_with("fhir.db")), "{state}: {in_clear:?}");
    };
    assert_eq!(mode(&path), 0o700);
    check("open");
    home.directory.close().await;
    check("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_key_leaves_no_trace_in_the_files() {
    let home = Home::new();
    let keys = home.directory.keys();
    let owner = KeyOwner::Patient(Pseudonym::from_bytes([1; 32]));
    for number in 2..40 {
        let other = KeyOwner::Patient(Pseudonym::from_bytes([number; 32]));
        keys.seal(&other, DataClass::Dossier, b"", b"x").await.unwrap();
    }
    keys.seal(&owner, DataClass::Dossier, b"", b"x").await.unwrap();
    let folder = home.directory.path().join("keys");
    let wrapped: Vec<Vec<u8>> = {
        let connection = rusqlite::Connection::open(folder.join("keys.db")).unwrap();
        let mut select = connection.prepare("SELECT wrapped FROM data_key").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let stands = |wrapped: &[u8]| {
        files(&folder)
            .iter()
            .any(|file| std::fs::read(file).unwrap().windows(wrapped.len()).any(|window| window == wrapped))
    };
    assert!(wrapped.iter().all(|wrapped| stands(wrapped)));
    keys.destroy(&owner, DataClass::Dossier).await.unwrap();
    assert_eq!(wrapped.iter().filter(|wrapped| !stands(wrapped)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn leftovers_of_a_killed_writer_are_tidied_away() {
    let home = Home::new();
    let path = home.directory.path().to_path_buf();
    home.directory.close().await;
    std::fs::write(path.join("tmp/0123456789abcdef"), b"half an obj").unwrap();
    let directory = DataDirectory::open(&path).unwrap();
    assert!(!path.join("tmp/0123456789abcdef").exists());
    assert!(directory.log_storage().list("log/", None, 10).await.unwrap().keys.is_empty());
    assert!(directory.dead_letters().list(&PageRequest::first(1)).await.unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_closing_stores_are_unavailable() {
    let home = Home::new();
    let (queue, index) = (home.directory.queue("q", LONG), home.directory.patient_index());
    home.directory.close().await;
    assert!(queue.send(&[outgoing("1")]).await.unwrap_err().is_transient());
    assert!(index.resolve(&[]).await.unwrap_err().is_transient());
}
