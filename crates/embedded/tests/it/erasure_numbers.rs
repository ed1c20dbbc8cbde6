//! A number leads to the log as long as lines stand there, and what an earlier version kept of one is completed.

use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::PatientIndex;

use super::erasure::{ANNA, BRAM, put};
use super::erasure_reaches::{CLARA, identifier, of, open, patient};

#[tokio::test(flavor = "multi_thread")]
async fn a_number_leads_to_the_log_after_the_dossier_is_gone_until_no_line_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    patient(&directory, ANNA, "1").await;
    let number = identifier(&directory, "urn:mrn", "1");
    let index = directory.patient_index();
    index.claim(&number, ANNA).await.unwrap();
    index.merge(BRAM, ANNA).await.unwrap();
    assert_eq!(index.in_log(BRAM).await.unwrap(), [ANNA, BRAM, number.stand_in]);
    let both = Tombstone { patients: vec![ANNA, BRAM], ..of(ANNA, 1) };
    directory.erasures().apply(&both).await.unwrap();
    assert_eq!(index.resolve(&[number.pseudonym]).await.unwrap(), [None]);
    assert_eq!(index.erased_with(&number.pseudonym).await.unwrap(), [ANNA]);
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, BRAM, number.stand_in]);
    assert_eq!(index.in_log(BRAM).await.unwrap(), [BRAM, ANNA, number.stand_in]);
    // Known anew under another id, merged, and erased again: one person all the way.
    index.merge(ANNA, CLARA).await.unwrap();
    directory.erasures().apply(&Tombstone { patients: vec![CLARA, ANNA], ..of(CLARA, 2) }).await.unwrap();
    assert_eq!(index.in_log(CLARA).await.unwrap(), [CLARA, ANNA, BRAM, number.stand_in]);
    let erasures = directory.erasures();
    let remembered = erasures.remembered().await.unwrap();
    assert_eq!(remembered, [(ANNA, Some(number.stand_in))]);
    erasures.forget_numbers(remembered).await.unwrap();
    assert!(index.erased_with(&number.pseudonym).await.unwrap().is_empty());
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_kept_of_a_number_is_completed_from_the_resources() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = open(&data).await;
    patient(&directory, ANNA, "1").await;
    let number = identifier(&directory, "urn:mrn", "1");
    let lab = identifier(&directory, "authority:LAB", "77");
    let index = directory.patient_index();
    index.claim(&number, ANNA).await.unwrap();
    index.claim(&lab, ANNA).await.unwrap();
    directory.close().await;
    let state = rusqlite::Connection::open(data.join("state.db")).unwrap();
    state.execute("UPDATE patient_identifier SET owner = NULL, stand_in = NULL", []).unwrap();
    drop(state);
    let directory = open(&data).await;
    let index = directory.patient_index();
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA]);
    directory.erasures().complete_identifiers().await.unwrap();
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, number.stand_in]);
    // One of which no resource tells is completed when it comes again.
    index.claim(&lab, ANNA).await.unwrap();
    assert_eq!(index.in_log(ANNA).await.unwrap().len(), 3);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_from_before_stay_with_the_first_who_had_a_number_wherever_it_moves() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = open(&data).await;
    let number = identifier(&directory, "urn:mrn", "1");
    let index = directory.patient_index();
    index.claim(&number, ANNA).await.unwrap();
    assert!(index.release(&number.pseudonym, ANNA).await.unwrap());
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, number.stand_in], "nobody has it");
    index.claim(&number, BRAM).await.unwrap();
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, number.stand_in]);
    assert_eq!(index.in_log(BRAM).await.unwrap(), [BRAM]);
    // What an earlier version wrote: it followed the number.
    directory.close().await;
    let state = rusqlite::Connection::open(data.join("state.db")).unwrap();
    let old = "UPDATE patient_identifier SET stand_in = (SELECT stand_in FROM released_stand_in);
        DROP TABLE released_stand_in; PRAGMA user_version = 5;";
    state.execute_batch(old).unwrap();
    drop(state);
    let directory = open(&data).await;
    let index = directory.patient_index();
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, number.stand_in]);
    assert_eq!(index.in_log(BRAM).await.unwrap(), [BRAM]);
    // And after the first one's dossier is gone, for whoever has it next.
    directory.erasures().apply(&of(ANNA, 1)).await.unwrap();
    assert!(index.release(&number.pseudonym, BRAM).await.unwrap());
    index.claim(&number, CLARA).await.unwrap();
    assert_eq!(index.in_log(ANNA).await.unwrap(), [ANNA, number.stand_in]);
    assert_eq!(index.in_log(BRAM).await.unwrap(), [BRAM]);
    assert_eq!(index.in_log(CLARA).await.unwrap(), [CLARA]);
    // The first who had it gets it back.
    let second = identifier(&directory, "urn:mrn", "2");
    index.claim(&second, BRAM).await.unwrap();
    index.release(&second.pseudonym, BRAM).await.unwrap();
    index.claim(&second, CLARA).await.unwrap();
    index.release(&second.pseudonym, CLARA).await.unwrap();
    index.claim(&second, BRAM).await.unwrap();
    directory.erasures().apply(&of(BRAM, 2)).await.unwrap();
    assert_eq!(index.in_log(BRAM).await.unwrap(), [BRAM, second.stand_in]);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_cannot_be_read_stops_an_erasure_before_anything_is_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let directory = open(&data).await;
    patient(&directory, ANNA, "1").await;
    directory.close().await;
    let state = rusqlite::Connection::open(data.join("state.db")).unwrap();
    let step = "INSERT INTO way_step (message, n, at, stage) VALUES (zeroblob(16), 0, 0, '{\"resource\":')";
    state.execute(step, []).unwrap();
    drop(state);
    let directory = open(&data).await;
    let erasures = directory.erasures();
    assert!(erasures.find(&[ANNA]).await.is_err());
    assert!(erasures.apply(&of(ANNA, 1)).await.is_err());
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_two_whose_dossiers_go_together_goes_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(&folder.path().join("data")).await;
    for (id, number) in [(ANNA, "1"), (BRAM, "2"), (CLARA, "3")] {
        patient(&directory, id, number).await;
    }
    let swap = |one: Uuid, other: Uuid| {
        format!(r#""target":[{{"reference":"Patient/{one}"}},{{"reference":"Patient/{other}"}}]"#)
    };
    put(&directory, "Provenance", "both", &swap(ANNA, BRAM)).await;
    put(&directory, "Provenance", "third", &swap(ANNA, CLARA)).await;
    let erased = directory.erasures().apply_all(&[of(ANNA, 1), of(BRAM, 2)]).await.unwrap();
    assert_eq!(erased.iter().map(|one| one.resources).sum::<u64>(), 3, "each once");
    let fhir = rusqlite::Connection::open(folder.path().join("data/fhir.db")).unwrap();
    let mut left = fhir.prepare("SELECT id FROM resource WHERE type = 'Provenance'").unwrap();
    let left: Vec<String> = left.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(left, ["third"]);
    directory.close().await;
}
