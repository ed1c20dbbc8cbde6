//! `zorgsluis erase --aws` and `holds --aws`, as an operator gives them.

use serde_json::json;
use uuid::Uuid;
use zorgsluis_contract::fhir_store::put;
use zorgsluis_domain::port::{IndexedIdentifier, KeyOwner, Precondition};
use zorgsluis_domain::{Effect, MessageId, Purpose, Stage, StepEffect};
use zorgsluis_stand_ins::gate::Running;
use zorgsluis_stand_ins::healthlake;

use crate::deployment::{Deployment, ORGANISATION, patient};
use crate::erasure_world::{BSN, now};
use crate::ministack::credentials;

const NUMBER: &str = "999990019";
const MESSAGE: MessageId = MessageId(Uuid::from_u128(7_000));

/// A deployment with a log of six entries about three patients, and a dossier of the first of them.
struct Hospital {
    deployment: Deployment,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Hospital {
    async fn new() -> Self {
        let mut deployment = Deployment::new().await;
        for table in ["notices", "holds"] {
            deployment.world.table(table).await;
        }
        let folder = tempfile::tempdir().unwrap();
        let credentials = credentials();
        let allowed = zorgsluis_stand_ins::sigv4::Keys::new([(
            credentials.access_key_id(),
            credentials.secret_access_key(),
        )]);
        let (service, _) = healthlake::service(folder.path(), allowed).unwrap();
        let running = Running::start(([127, 0, 0, 1], 0).into(), service).await.unwrap();
        deployment.set("ZORGSLUIS_FHIR_STORE", &format!("http://{}{}", running.address, healthlake::PATH));
        deployment.set("ZORGSLUIS_RAW_BUCKET", &deployment.world.raw_bucket("locked").await);
        deployment.set("ZORGSLUIS_ERASURE_WAIT_SECONDS", "1");
        let function = deployment.function().await;
        assert!(function.write(0..6).await.is_empty());
        function.tick().await.0.unwrap();
        Self { deployment, _running: running, _folder: folder }
    }

    /// A patient with an observation, from a message.
    async fn lives(&self) {
        let parts = self.deployment.parts();
        let keys = parts.keys().await.unwrap();
        let mine = patient(0);
        let id: Uuid = mine.trim_start_matches("Patient/").parse().unwrap();
        parts.patients().claim(&IndexedIdentifier::of(&*keys, BSN, NUMBER), id).await.unwrap();
        let observation = format!("Observation/{}", Uuid::from_u128(7_100));
        let writes = [
            put(
                &mine,
                Precondition::Absent,
                json!({ "resourceType": "Patient", "birthDate": "1980-06-23",
                "identifier": [{ "system": BSN, "value": NUMBER }] }),
            ),
            put(
                &observation,
                Precondition::Absent,
                json!({ "resourceType": "Observation", "status": "final",
                "code": { "text": "sodium" }, "subject": { "reference": mine } }),
            ),
        ];
        parts.fhir(&keys).unwrap().transaction(&writes).await.unwrap();
        let owner =
            KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &[BSN.as_bytes(), NUMBER.as_bytes()]));
        parts.payloads(&keys).unwrap().put(MESSAGE, &owner, now(), b"MSH|^~\\&|INVENTED").await.unwrap();
        let effects =
            [mine, observation].map(|resource| StepEffect { resource, effect: Effect::Created, why: None });
        let applied = Stage::Applied { effects: effects.into() };
        parts.journal().record(MESSAGE, now(), &[applied]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_held_refused_released_and_destroyed() {
    let hospital = Hospital::new().await;
    hospital.lives().await;
    let deployment = &hospital.deployment;
    let whose = ["--patient", &patient(0)];
    let erase =
        [&["erase", "--aws", "--class", "dossier", "--reason", "patient-request"][..], &whose].concat();

    let held = ["holds", "add", "--aws", "--ground", "claim", "--reference", "2026-0117"];
    deployment.run(&[&held[..], &whose].concat()).await.well();
    let refused = deployment.run(&erase).await.refused();
    assert!(refused.contains("a duty runs"), "{refused}");
    let listed = deployment.run(&["holds", "list", "--aws", "--json"]).await.json();
    let hold = listed.as_array().map_or(&listed, |holds| &holds[0]);
    deployment.run(&["holds", "lift", "--aws", hold["id"].as_str().unwrap()]).await.well();

    let looked = deployment.run(&[&erase[..], &["--dry-run"]].concat()).await.well();
    assert!(looked.contains("would be destroyed: 1 message, 2 resources"), "{looked}");
    let done = deployment.run(&[&erase[..], &["--json"]].concat()).await;
    assert!(done.err.contains("waits until what is under way has ended"), "{done:?}");
    assert_eq!(done.json()["erased"], true);

    let parts = deployment.parts();
    let keys = parts.keys().await.unwrap();
    let read = parts.payloads(&keys).unwrap().get(MESSAGE).await;
    assert!(matches!(read, Err(zorgsluis_domain::PortError::Erased { .. })), "{read:?}");
    let number = IndexedIdentifier::of(&*keys, BSN, NUMBER).pseudonym;
    assert_eq!(parts.patients().resolve_to_write(&[number]).await.unwrap(), [None]);
    let again = deployment.run(&erase).await.well();
    assert!(again.contains("already destroyed"), "{again}");
    let again = deployment.run(&["erase", "--aws", "--again"]).await.well();
    assert!(again.contains("nothing to destroy again"), "{again}");
    // The log stays, and so does what it says of the patient.
    let history =
        deployment.run(&["audit", "history", "--aws", "--patient", &patient(0), "--json"]).await.json();
    assert_eq!(history["lines"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_go_when_their_term_is_over_and_no_sooner() {
    let hospital = Hospital::new().await;
    let deployment = &hospital.deployment;
    // About two patients, of 2020.
    let function = deployment.function().await;
    assert!(function.write_at(1_590_000_000, 10..12).await.is_empty());
    function.tick().await.0.unwrap();
    let term = ["erase", "--aws", "--class", "log", "--reason", "term-ended", "--patient", &patient(1)];
    let refused = deployment.run(&term).await.refused();
    assert!(refused.contains("a duty runs") && refused.contains("lines of 2020"), "{refused}");
    let looked = deployment.run(&["erase", "--aws", "--expired", "--dry-run"]).await.well();
    assert!(looked.contains("log: 2 lines about 2 patients would be destroyed"), "{looked}");
    let done = deployment.run(&["erase", "--aws", "--expired", "--class", "log"]).await.well();
    assert!(done.contains("log: 2 lines about 2 patients destroyed"), "{done}");
    let again = deployment.run(&["erase", "--aws", "--expired"]).await.well();
    assert!(again.contains("nothing whose term is over"), "{again}");
    let history = deployment.run(&["audit", "history", "--aws", "--patient", &patient(1), "--json"]).await;
    assert_eq!(history.json()["lines"].as_array().unwrap().len(), 2, "those of this year stay");
    assert!(history.err.contains("2020"), "{}", history.err);
    let report = deployment.verify(&[]).await.json();
    assert_eq!((&report["clean"], &report["size"]), (&true.into(), &8.into()), "{report} of {ORGANISATION}");
}
