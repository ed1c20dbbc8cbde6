//! What an erasure finds beyond what was applied; and what still leads to the log afterwards.

use std::fs;

use zorgsluis_domain::port::{IndexedIdentifier, KeyOwner, PatientIndex as _, PayloadStore as _};
use zorgsluis_domain::{MessageId, PortError};
use zorgsluis_embedded::DataDirectory;

use crate::erase::{
    AT_REQUEST, BSN, JOKE, erase, event, hospital, only_joke, patient, run_with, standing, verified,
};
use crate::harness::{Server, code, run, stderr, stdout};

#[test]
fn what_was_set_aside_goes_with_the_patient_and_the_number_still_leads_to_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = hospital(folder.path());
    let name = data.to_str().unwrap();
    // An event that is not supported: set aside, applied to nobody. Without a profile, its number has no system.
    let server = Server::start(&data);
    let aside = String::from_utf8_lossy(&event("01")).replace("ADT^A01", "ADT^A99");
    let aside = aside.replace("LINDE000001", "LINDE000077").into_bytes();
    assert!(aside != event("01"));
    assert_eq!(code(&server.send(&aside)), "AA");
    server.settle();
    assert!(server.stop().success());
    let letters = |data: &std::path::Path| {
        let state = rusqlite::Connection::open(data.join("state.db")).unwrap();
        state.query_row("SELECT count(*) FROM dead_letter", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(letters(&data), 1);
    let done = erase(&data, JOKE, AT_REQUEST);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(!stdout(&done).contains("left: message"), "{}", stdout(&done));
    assert_eq!(letters(&data), 0);
    assert_eq!(standing(&data, &only_joke()), Vec::<String>::new());

    // By number, by a pseudonym that is kept for it.
    let history = |arguments: &[&str]| {
        let all =
            [&["audit", "history", "--data", name, "--format", "csv", "--lang", "nl"], arguments].concat();
        run_with(JOKE, &all)
    };
    let by_number = history(&["--identifier", BSN]);
    assert!(by_number.status.success(), "{}", stderr(&by_number));
    let told = stdout(&by_number);
    assert!(told.contains("op verzoek van de cliënt (gevraagd door: de cliënt)"), "{told}");
    assert!(told.matches("bericht ontvangen").count() >= 8, "{told}");
    assert!(!history(&["--identifier", "urn:other|-"]).status.success());
    let again = erase(&data, JOKE, AT_REQUEST);
    assert!(stdout(&again).contains("already destroyed"), "{}{}", stdout(&again), stderr(&again));
    assert_eq!(patient(&again), patient(&done));
    verified(&data);
}

#[test]
fn a_hold_is_lifted_once_and_ends_on_no_day_that_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Server::start(&data).stop().success());
    let name = data.to_str().unwrap();
    let who = "00000000-0000-5000-8000-00000000000a";
    let add = |until: &str| {
        let mut arguments = vec!["holds", "add", "--data", name, "--patient", who, "--ground", "law"];
        arguments.extend(["--reference", "A-1", "--until", until]);
        run(arguments)
    };
    let over = add("2026-01-01");
    assert_eq!(over.status.code(), Some(2));
    assert!(stderr(&over).contains("that day is over"), "{}", stderr(&over));
    assert_eq!(stdout(&run(["holds", "list", "--data", name])), "no holds\n");
    let held = add("2999-12-31");
    let hold = stdout(&held).split(' ').next().unwrap().to_owned();
    let lift = || stdout(&run(["holds", "lift", "--data", name, &hold]));
    assert_eq!(lift(), format!("{hold} lifted\n"));
    assert!(lift().starts_with(&format!("{hold} was lifted already, on ")));
}

#[tokio::test]
async fn what_could_be_of_two_patients_is_named_and_goes_when_a_person_says_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let one = "00000000-0000-5000-8000-00000000000a".parse().unwrap();
    let other = "00000000-0000-5000-8000-00000000000b".parse().unwrap();
    let message = MessageId("00000000-0000-5000-8000-000000000007".parse().unwrap());
    let own_message = MessageId("00000000-0000-5000-8000-000000000008".parse().unwrap());
    let directory = DataDirectory::open(&data).unwrap();
    let number = IndexedIdentifier::of(&directory.keys(), "urn:mrn", "1");
    let index = directory.patient_index();
    index.claim(&number, one).await.unwrap();
    index.release(&number.pseudonym, one).await.unwrap();
    index.claim(&number, other).await.unwrap();
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    let payloads = directory.payloads();
    payloads.put(message, &KeyOwner::Patient(number.owner), at, b"MSH|").await.unwrap();
    // Something that is the other's alone.
    let own = IndexedIdentifier::of(&directory.keys(), "urn:mrn", "2");
    index.claim(&own, other).await.unwrap();
    payloads.put(own_message, &KeyOwner::Patient(own.owner), at, b"MSH|").await.unwrap();
    directory.close().await;
    let erase = |more: &[&str]| {
        let (data, who) = (data.to_str().unwrap(), other.to_string());
        run([&["erase", "--data", data, "--patient", &who], AT_REQUEST, more].concat())
    };
    let looked = erase(&["--dry-run"]);
    assert!(stdout(&looked).contains("would be destroyed: 1 message, 0 resources"), "{}", stdout(&looked));
    assert!(stdout(&looked).contains(&format!("left: message {message} ")), "{}", stdout(&looked));
    let done = erase(&["--message", &message.to_string()]);
    assert!(stdout(&done).contains("destroyed: 2 messages"), "{}{}", stdout(&done), stderr(&done));
    let tombstones = fs::read_to_string(folder.path().join("data.tombstones")).unwrap();
    assert!(tombstones.contains(&message.to_string()), "{tombstones}");
    let directory = DataDirectory::open(&data).unwrap();
    let gone = directory.payloads().get(message).await;
    assert!(matches!(gone, Err(PortError::Erased { .. })), "{gone:?}");
    directory.close().await;
}

#[test]
fn an_erasure_makes_no_data_directory_of_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().to_str().unwrap();
    fs::write(folder.path().join("precious"), "mine").unwrap();
    let who = "00000000-0000-4000-8000-000000000001";
    let one = ["--patient", who, "--class", "dossier", "--reason", "patient-request", "--dry-run"];
    for arguments in [&["--again"][..], &one] {
        let refused = run([&["erase", "--data", name], arguments].concat());
        assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
        assert!(stderr(&refused).contains("is not a data directory"), "{}", stderr(&refused));
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["precious"]);
}

#[test]
fn on_a_sealed_log_an_erasure_names_the_command_that_helps() {
    let folder = tempfile::tempdir().unwrap();
    let data = hospital(folder.path());
    let sealed = run(["audit", "seal", "--data", data.to_str().unwrap()]);
    assert!(sealed.status.success(), "{}", stderr(&sealed));
    let refused = erase(&data, JOKE, AT_REQUEST);
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("--successor NAME"), "{}", stderr(&refused));
}
