//! What an erasure takes, and what it leaves.

use std::collections::BTreeSet;

use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{
    DataClass, FhirStore, Journal, KeyOwner, Keys, PayloadStore, Precondition, Put, ResourceKey, Write,
};
use zorgsluis_domain::retention::Reason;
use zorgsluis_domain::{Effect, MessageId, Phi, PortError, Purpose, Stage, StepEffect};
use zorgsluis_embedded::{DataDirectory, TombstoneFile};

pub(crate) const ANNA: Uuid = Uuid::from_u128(0xa);
pub(crate) const BRAM: Uuid = Uuid::from_u128(0xb);

pub(crate) fn tombstone(class: DataClass) -> Tombstone {
    Tombstone {
        v: 1,
        id: Uuid::from_u128(0xdead),
        at: "2026-11-22T10:00:00Z".parse().unwrap(),
        class,
        reason: Reason::PatientRequest,
        patients: vec![ANNA],
        owners: Vec::new(),
        keys: Vec::new(),
        messages: Vec::new(),
        lines: Vec::new(),
    }
}

pub(crate) async fn put(directory: &DataDirectory, kind: &str, id: &str, rest: &str) {
    let json = format!(r#"{{"resourceType":"{kind}","id":"{id}",{rest}}}"#);
    let key = ResourceKey::new(kind, id);
    let store = directory.fhir_store();
    let precondition = match store.read(std::slice::from_ref(&key)).await.unwrap().remove(0) {
        Some(standing) => Precondition::Version(standing.version),
        None => Precondition::Absent,
    };
    let write = Write::Put { key, json: Phi::new(json.into_bytes()), precondition };
    store.transaction(&[write]).await.unwrap();
}

async fn filled(directory: &DataDirectory) {
    let number = |value: &str| format!(r#""identifier":[{{"system":"urn:mrn","value":"{value}"}}]"#);
    put(directory, "Patient", &ANNA.to_string(), &format!(r#"{},"birthDate":"2012-05-10""#, number("1")))
        .await;
    put(directory, "Patient", &BRAM.to_string(), &number("2")).await;
    let about = |who: Uuid| format!(r#""subject":{{"reference":"Patient/{who}"}}"#);
    put(directory, "Observation", "of-anna", &about(ANNA)).await;
    put(directory, "Observation", "of-bram", &about(BRAM)).await;
    // Moved from one to the other: the older version is about Anna.
    put(directory, "Observation", "moved", &about(ANNA)).await;
    put(directory, "Observation", "moved", &about(BRAM)).await;
    // Bram's, and names Anna.
    let mother = format!(r#"{},"focus":[{{"reference":"Patient/{ANNA}"}}]"#, about(BRAM));
    put(directory, "Observation", "of-bram-and-anna", &mother).await;
    let restraint = format!(r#"{},"category":{{"coding":[{{"code":"225317005"}}]}}"#, about(ANNA));
    put(directory, "Procedure", "restraint", &restraint).await;
    put(directory, "Provenance", "p1", r#""target":[{"reference":"Observation/of-anna"}]"#).await;
    put(directory, "Provenance", "p2", r#""target":[{"reference":"Observation/of-bram"}]"#).await;
    put(directory, "Practitioner", "d1", r#""active":true"#).await;
}

/// The resources that stand there, of those above.
async fn standing(directory: &DataDirectory) -> BTreeSet<String> {
    let keys: Vec<_> = [
        ("Patient", ANNA.to_string()),
        ("Patient", BRAM.to_string()),
        ("Observation", "of-anna".into()),
        ("Observation", "of-bram".into()),
        ("Observation", "moved".into()),
        ("Observation", "of-bram-and-anna".into()),
        ("Procedure", "restraint".into()),
        ("Provenance", "p1".into()),
        ("Provenance", "p2".into()),
        ("Practitioner", "d1".into()),
    ]
    .into_iter()
    .map(|(kind, id)| ResourceKey::new(kind, id))
    .collect();
    let found = directory.fhir_store().read(&keys).await.unwrap();
    found.into_iter().flatten().map(|resource| resource.key.to_string()).collect()
}

fn owner(directory: &DataDirectory, value: &str) -> KeyOwner {
    KeyOwner::Patient(directory.keys().pseudonym(Purpose::KeyOwner, &[b"urn:mrn", value.as_bytes()]))
}

pub(crate) async fn store(directory: &DataDirectory, number: u128, owner: &KeyOwner) -> Put {
    let at = "2026-11-01T10:00:00Z".parse().unwrap();
    directory.payloads().put(MessageId(Uuid::from_u128(number)), owner, at, b"MSH|").await.unwrap()
}

pub(crate) async fn is_erased(directory: &DataDirectory, number: u128) -> bool {
    match directory.payloads().get(MessageId(Uuid::from_u128(number))).await {
        Err(PortError::Erased { .. }) => true,
        Err(error) => panic!("{error}"),
        Ok(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_a_patient_goes_and_what_is_about_another_stays() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path().join("data")).unwrap();
    filled(&directory).await;
    let all = standing(&directory).await;
    let (annas, brams) = (owner(&directory, "1"), owner(&directory, "2"));
    let sender = KeyOwner::Sender("zis".into());
    for (number, owner) in [(1, &annas), (2, &brams), (3, &sender), (4, &sender)] {
        assert_eq!(store(&directory, number, owner).await, Put::Created);
    }
    // One that named no patient, and wrote about her; the journal tells.
    let effect = StepEffect { resource: "Observation/of-anna".into(), effect: Effect::Created, why: None };
    let applied = Stage::Applied { effects: vec![effect] };
    let three = MessageId(Uuid::from_u128(3));
    directory.journal().record(three, "2026-11-01T10:00:00Z".parse().unwrap(), &[applied]).await.unwrap();

    let erasures = directory.erasures();
    let found = erasures.find(&[ANNA]).await.unwrap();
    assert_eq!((found.messages, found.involuntary_care), (2, 1));
    assert_eq!(found.birth, Some("2012-05-10".parse().unwrap()));
    assert_eq!(found.left, ["Observation/moved", "Observation/of-bram-and-anna"]);

    let tombstone = tombstone(DataClass::Dossier);
    assert_eq!(erasures.pending(std::slice::from_ref(&tombstone)).await.unwrap().len(), 1);
    let erased = erasures.apply(&tombstone).await.unwrap();
    assert_eq!((erased.messages, erased.keys), (2, 1), "{erased:?}");
    let gone: Vec<_> = all.difference(&standing(&directory).await).cloned().collect();
    let anna = format!("Patient/{ANNA}");
    assert_eq!(gone, ["Observation/of-anna", &anna, "Procedure/restraint", "Provenance/p1"]);
    // Of what was moved to another, the version about her is gone.
    let moved = ResourceKey::new("Observation", "moved");
    let versions = [1, 2].map(|version| (version, directory.fhir_store(), moved.clone()));
    for (version, store, key) in versions {
        assert_eq!(store.read_version(&key, version).await.unwrap().is_some(), version == 2);
    }
    assert!(is_erased(&directory, 1).await && is_erased(&directory, 3).await);
    assert!(!is_erased(&directory, 2).await && !is_erased(&directory, 4).await);
    // What came before is known, and is not to be queued again.
    assert_eq!(store(&directory, 1, &annas).await, Put::AlreadyThere);
    assert!(directory.journal().was_queued(MessageId(Uuid::from_u128(1))).await.unwrap());
    assert!(directory.journal().get(three).await.unwrap().is_none_or(|way| way.steps.is_empty()));

    // Cut off before it is complete, and something new comes meanwhile: only what was decided is destroyed.
    assert_eq!(store(&directory, 5, &annas).await, Put::Created);
    put(&directory, "Observation", "of-anna", r#""status":"final""#).await;
    erasures.apply(&tombstone).await.unwrap();
    assert!(!is_erased(&directory, 5).await);
    assert!(standing(&directory).await.contains("Observation/of-anna"));
    erasures.scrub().await.unwrap();
    erasures.complete(&tombstone).await.unwrap();
    assert_eq!(erasures.pending(&[tombstone]).await.unwrap(), []);
    directory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_involuntary_care_go_alone() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path().join("data")).unwrap();
    filled(&directory).await;
    let all = standing(&directory).await;
    let annas = owner(&directory, "1");
    let sealed = directory.keys().seal(&annas, DataClass::Wzd, b"", b"plan").await.unwrap();
    store(&directory, 1, &annas).await;
    let erasures = directory.erasures();
    let tombstone = tombstone(DataClass::Wzd);
    for _ in 0..2 {
        erasures.apply(&tombstone).await.unwrap();
        let gone: Vec<_> = all.difference(&standing(&directory).await).cloned().collect();
        assert_eq!(gone, ["Procedure/restraint"]);
    }
    assert!(matches!(directory.keys().open(&sealed, b"").await, Err(PortError::Erased { .. })));
    assert!(!is_erased(&directory, 1).await);
    directory.close().await;
}

#[test]
fn a_file_of_tombstones_only_grows_and_a_line_cut_off_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = TombstoneFile::beside(&folder.path().join("data")).unwrap();
    assert_eq!(file.path(), folder.path().join("data.tombstones"));
    assert_eq!(file.read().unwrap(), []);
    let (one, two) =
        (tombstone(DataClass::Dossier), Tombstone { id: Uuid::from_u128(2), ..tombstone(DataClass::Log) });
    file.add(&one).unwrap();
    file.add(&one).unwrap();
    let whole = std::fs::read(file.path()).unwrap();
    std::fs::write(file.path(), [&whole[..], br#"{"v":1,"id""#].concat()).unwrap();
    assert_eq!(file.read().unwrap(), std::slice::from_ref(&one));
    file.add(&two).unwrap();
    assert_eq!(file.read().unwrap(), [one, two]);
    std::fs::write(file.path(), "{}\n").unwrap();
    assert!(file.read().unwrap_err().to_string().contains("line 1"));
}
