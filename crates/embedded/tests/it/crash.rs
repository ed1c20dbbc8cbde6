//! A process that is killed while it writes: what it had acknowledged is there, whole and once.
//!
//! The child is this test program again, told by an environment variable where to write. It does
//! all kinds of writes from many tasks, and after each one prints what it was told. The parent kills
//! it (SIGKILL) after some lines, opens the directory, and looks for everything that was printed.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tlog::{Created, EntryId, EntryIndex, IndexedBundle, IndexedEntry, LogStorage};
use uuid::Uuid;
use zorgsluis_domain::port::{
    Claim, FhirStore, IndexedIdentifier, Journal, KeyOwner, Keys, NoticeRegister, Outgoing, PatientIndex,
    PayloadStore, Precondition, ProviderDirectory, Put, Queue, Reservation,
};
use zorgsluis_domain::{Purpose, Stage};
use zorgsluis_embedded::DataDirectory;

use super::LONG;
use zorgsluis_contract::{at, fhir_store, message, registers};

const FOLDER: &str = "ZORGSLUIS_CRASH_TEST_FOLDER";
const ROUND: &str = "ZORGSLUIS_CRASH_TEST_ROUND";
const ROUNDS: u128 = 8;
const TASKS: u128 = 12;

/// Runs only when it is started as the child.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Some(folder), Some(round)) = (std::env::var_os(FOLDER), std::env::var_os(ROUND)) else { return };
    let round: u128 = round.to_str().unwrap().parse().unwrap();
    let directory = DataDirectory::open(PathBuf::from(folder)).unwrap();
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(write(directory.clone(), round * TASKS + task))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn told(what: &str, number: u128) {
    // One write for a line, so that a kill cannot cut it; the parent drops a last line without end.
    std::io::stdout().lock().write_all(format!("told {what} {number}\n").as_bytes()).unwrap();
}

/// Writes until it is killed.
async fn write(directory: DataDirectory, task: u128) {
    for step in 0..1_000_000 {
        let number = task * 1_000_000 + step;
        let keys = directory.keys();
        // A few patients, so that keys are made now and then.
        let patient = (number % 97).to_be_bytes();
        let owner = KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &[&patient]));
        let raw = number.to_be_bytes().repeat(50);
        let put = directory.payloads().put(message(number), &owner, at("2024-03-07T10:00:00Z"), &raw).await;
        assert_eq!(put.unwrap(), Put::Created);
        told("payload", number);
        let reference =
            Outgoing { body: number.to_string(), group: task.to_string(), deduplication: number.to_string() };
        directory.queue("inbound", LONG).send(&[reference]).await.unwrap().remove(0).unwrap();
        told("queue", number);
        directory
            .journal()
            .record(message(number), at("2024-03-07T10:00:00Z"), &[Stage::Queued])
            .await
            .unwrap();
        told("journal", number);
        let identifier = IndexedIdentifier::of(&keys, "urn:test", &number.to_string());
        let claim = directory.patient_index().claim(&identifier, Uuid::from_u128(number)).await;
        assert_eq!(claim.unwrap(), Claim::Claimed);
        told("claim", number);
        let provider = registers::provider(number, "de Wit", &[&number.to_string()]);
        let at = at("2024-03-07T10:00:00Z");
        directory.provider_directory().put(&provider, None, at, "import").await.unwrap();
        told("provider", number);
        let reserved = directory.notice_register().reserve(&registers::notice(number)).await.unwrap();
        assert_eq!(reserved, Reservation::New);
        told("notice", number);
        let writes = ["Patient", "Encounter"]
            .map(|kind| fhir_store::put(&format!("{kind}/{number}"), Precondition::Absent, json!({})));
        directory.fhir_store().transaction(&writes).await.unwrap();
        told("fhir", number);
        let object = directory.log_storage().create(&object(number), &raw).await.unwrap();
        assert_eq!(object, Created::New);
        told("object", number);
        let shard = directory.entry_index(&format!("shard-{task}"));
        let first = u64::try_from(step).unwrap();
        let entry = IndexedEntry { id: EntryId(number.to_be_bytes()), keys: Vec::new() };
        shard.record(&IndexedBundle { first, end: first + 1, entries: vec![entry] }).await.unwrap();
        told("index", number);
    }
}

fn object(number: u128) -> String {
    format!("log/{}/entries/{number:020}", number % 7)
}

/// Starts the child, kills it after some acknowledgements, and gives what it was told.
fn run_and_kill(folder: &Path, round: u128, lines: usize) -> Vec<(String, u128)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut told = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            break;
        }
        // The test harness prints lines of its own, the first of them without an end.
        if let Some((_, words)) = line.split_once("told ") {
            let mut words = words.split_whitespace();
            let what = words.next().unwrap().to_owned();
            told.push((what, words.next().unwrap().parse().unwrap()));
        }
        if told.len() == lines {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(status.code().is_none(), "the child must end by the kill: {status}");
    assert!(told.len() >= lines);
    told
}

/// Every acknowledged write is there; of a message acknowledged to the queue there is one.
async fn check(directory: &DataDirectory, told: &[(String, u128)]) {
    let keys = directory.keys();
    for (what, number) in told {
        let number = *number;
        let raw = number.to_be_bytes().repeat(50);
        let there = match what.as_str() {
            "payload" => *directory.payloads().get(message(number)).await.unwrap().bytes.expose_phi() == raw,
            // Looked at below, all at once.
            "queue" => true,
            "journal" => directory.journal().was_queued(message(number)).await.unwrap(),
            "claim" => {
                let identifier = IndexedIdentifier::of(&keys, "urn:test", &number.to_string());
                directory.patient_index().resolve(&[identifier.pseudonym]).await.unwrap()
                    == [Some(Uuid::from_u128(number))]
            }
            "provider" => {
                let found = directory.provider_directory().get(Uuid::from_u128(number)).await.unwrap();
                let by_number = [registers::identifier(&number.to_string())];
                let by_number = directory.provider_directory().find(&by_number).await.unwrap();
                found.is_some() && by_number.len() == 1
            }
            "notice" => {
                let notice = registers::notice(number);
                // Reserved once, it is never new again.
                directory.notice_register().reserve(&notice).await.unwrap() == Reservation::Standing(notice)
            }
            "fhir" => {
                let both = ["Patient", "Encounter"].map(|kind| fhir_store::key(&format!("{kind}/{number}")));
                directory.fhir_store().read(&both).await.unwrap().iter().flatten().count() == 2
            }
            "object" => {
                let found = directory.log_storage().get(&object(number), 10_000).await.unwrap();
                found.is_some_and(|found| found.bytes[..] == raw)
            }
            "index" => {
                let shard = directory.entry_index(&format!("shard-{}", number / 1_000_000));
                shard.places(&[EntryId(number.to_be_bytes())]).await.unwrap()[0].is_some()
            }
            other => panic!("{other}"),
        };
        assert!(there, "{what} {number} was acknowledged and is lost");
    }
    let queue = directory.queue("inbound", LONG);
    let mut queued = Vec::new();
    loop {
        let batch = queue.receive(10, Duration::ZERO).await.unwrap();
        if batch.is_empty() {
            break;
        }
        queued.extend(batch.iter().map(|message| message.body.parse::<u128>().unwrap()));
        let receipts: Vec<_> = batch.into_iter().map(|message| message.receipt).collect();
        queue.delete(&receipts).await.unwrap();
    }
    let unique: HashSet<_> = queued.iter().copied().collect();
    assert_eq!(unique.len(), queued.len(), "no message is there twice");
    for (what, number) in told {
        assert!(what != "queue" || unique.contains(number), "queue {number} was acknowledged and is lost");
    }
    // A reference is queued after its payload only.
    for number in queued {
        assert!(directory.payloads().get(message(number)).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    for round in 0..ROUNDS {
        // Between just after the start and some hundred writes later.
        let lines = 1 + usize::try_from(round * round * 11).unwrap();
        let told = run_and_kill(&path, round, lines);
        let directory = DataDirectory::open(&path).unwrap();
        check(&directory, &told).await;
        let leftovers = std::fs::read_dir(path.join("tmp")).unwrap();
        assert!(leftovers.flatten().all(|entry| entry.file_name() == "replace.lock"));
        directory.close().await;
        for file in ["state.db", "fhir.db", "index.db", "keys/keys.db"] {
            let connection = rusqlite::Connection::open(path.join(file)).unwrap();
            let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok", "{file}");
        }
    }
}
