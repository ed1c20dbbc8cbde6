//! Messages through the converter and the enricher.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use zorgsluis_converter::process::Processor;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::port::{DeadLetters, Journal, PageRequest, Queue};
use zorgsluis_domain::{QueueReference, Stage};
use zorgsluis_worker::{Delivery, Outcome, deliver};

use super::suggestion::keep;
use super::world::{World, clock, effects, time};

struct Hospital {
    world: World,
    processor: Arc<Processor>,
}

const PID: &str = "PID|1||1000001^^^LINDE^PI||de Vries&de&Vries^J||19610412|F";
const OLD: &str = "PID|1||1000009^^^LINDE^PI||Vries&&Vries^J||1961|U";
const VISIT: &str = "PV1|1|I|C3^12^1^LINDE||||||||||||||||V2026001^^^LINDE^VN";

fn adt(event: &str, minute: u32, segments: &[&str]) -> String {
    let at = format!("2026110509{minute:02}00");
    let body = segments.join("\r");
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||ADT^{event}|T{minute}|P|2.4|||||NLD|8859/1\r\
         EVN|{event}|{at}\r{body}\r"
    )
}

/// A report of the laboratory with a note.
fn report(minute: u32, pid: &str, status: &str, note: &str) -> String {
    let at = format!("2026110509{minute:02}00");
    format!(
        "MSH|^~\\&|LABSYS|LINDE|ZORGSLUIS|LINDE|{at}||ORU^R01|L{minute}|P|2.4|||||NLD|8859/1\r{pid}\r\
         OBR|1|A1^ZIS|F1^LABSYS|EL^elektrolyten^99zli|||20261105080000|||||||||||||||{at}||LAB|{status}\r\
         NTE|1|L|{note}\r\
         OBX|1|NM|K^kalium^99zli||4.1|mmol/L|3.5-5.0||||{status}|||20261105080000\r"
    )
}

impl Hospital {
    async fn new() -> Self {
        let world = World::new().await;
        let ports = world.ports();
        let ports = zorgsluis_converter::process::Ports {
            payloads: ports.payloads,
            fhir: ports.fhir,
            patients: ports.patients,
            keys: ports.keys,
            audit: ports.audit,
            journal: ports.journal,
            dead_letters: ports.dead_letters,
            notes: Arc::new(world.directory.queue("notes", Duration::from_secs(60))),
            notices: ports.notices,
            clock: ports.clock,
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/profiles");
        let options =
            ConvertOptions { profiles: Profiles::load(&folder).unwrap(), key: IdentityKey::demonstration() };
        let processor = Arc::new(Processor::new(ports, options, "Ziekenhuis De Linde"));
        Self { world, processor }
    }

    /// Brings a message all the way to its notices; the step of the enricher.
    async fn send(&self, message: &str) -> Option<Stage> {
        let delivery = Delivery {
            body: message.to_owned(),
            group: String::from("g1"),
            sent: Some(time()),
            receive_count: 1,
        };
        let outcome = deliver(&self.processor, &*clock(), &delivery).await;
        let letters = self.world.directory.dead_letters().list(&PageRequest::first(1)).await.unwrap();
        assert_eq!((outcome, letters.items), (Outcome::Done, Vec::new()));
        let notes = self.world.directory.queue("notes", Duration::from_secs(60));
        let received = notes.receive(10, Duration::ZERO).await.unwrap().pop()?;
        assert_eq!(received.group, "g1");
        let enricher = Arc::new(self.world.enricher());
        assert_eq!(deliver(&enricher, &*clock(), &Delivery::from(&received)).await, Outcome::Done);
        notes.delete(&[received.receipt]).await.unwrap();
        let reference: QueueReference = serde_json::from_str(&received.body).unwrap();
        Some(self.world.enriched(reference.message).await)
    }

    async fn conditions(&self) -> BTreeMap<String, Value> {
        let mut all = self.world.all().await;
        all.retain(|key, _| key.starts_with("Condition/"));
        all
    }

    /// Of all Conditions: the words and where they come from, clinical and verification status.
    async fn statuses(&self) -> Vec<String> {
        let said = |one: &Value| {
            let code = |element: &str| one[element]["coding"][0]["code"].as_str().unwrap_or("-").to_owned();
            let tagged = one["meta"].get("tag").is_some();
            let from = if tagged { "note" } else { "message" };
            format!("{from} {} {} {}", code("code"), code("clinicalStatus"), code("verificationStatus"))
        };
        let mut all: Vec<String> = self.conditions().await.values().map(said).collect();
        all.sort();
        all
    }
}

#[tokio::test]
async fn a_list_of_diagnoses_withdraws_no_suggestion() {
    let hospital = Hospital::new().await;
    let with = |diagnosis: &str| format!("DG1|1||{diagnosis}^^I10|||A");
    let note = "OBX|1|TX|ANAM^Anamnese^99zli||Opname met pneumonie en koorts.||||||F";
    let stage = hospital.send(&adt("A01", 1, &[PID, VISIT, note, &with("J18.9")])).await.unwrap();
    assert_eq!(effects(&stage), ["Condition Created -", "Condition Created -", "Provenance Created -"]);
    let suggested = ["note J18.9 active unconfirmed", "note R50.9 active unconfirmed"];
    let before = hospital.statuses().await;
    assert_eq!(before.len(), 3, "what the message states is suggested as well: it is evidence");
    assert!(suggested.iter().all(|one| before.iter().any(|other| other == one)), "{before:?}");
    // The next message lists another diagnosis, and the first one no more.
    hospital.send(&adt("A08", 2, &[PID, VISIT, &with("I10")])).await;
    let after = hospital.statuses().await;
    assert_eq!(after.len(), 4);
    assert!(after.iter().any(|one| one.starts_with("message J18.9 inactive")), "{after:?}");
    assert!(suggested.iter().all(|one| after.iter().any(|other| other == one)), "{after:?}");
}

#[tokio::test]
async fn a_corrected_report_withdraws_what_its_note_said() {
    let hospital = Hospital::new().await;
    let first = report(1, PID, "F", "Beeld past bij pneumonie.");
    assert_eq!(hospital.send(&first).await.map(|stage| effects(&stage).len()), Some(2));
    let corrected = report(2, PID, "C", "Beeld past niet: geen pneumonie, wel koorts.");
    let stage = hospital.send(&corrected).await.unwrap();
    assert_eq!(
        effects(&stage),
        ["Condition Changed no-longer-in-the-note", "Condition Created -", "Provenance Changed -"]
    );
    let expected = ["note J18.9 - entered-in-error", "note R50.9 active unconfirmed"];
    assert_eq!(hospital.statuses().await, expected);
    // The first report comes late, as another message.
    let late = first.replace("|L1|", "|L1B|");
    let stage = hospital.send(&late).await.unwrap();
    assert!(effects(&stage).iter().all(|one| one.contains("Unchanged")), "{stage:?}");
    assert_eq!(hospital.statuses().await, expected);
    let provenance: Vec<Value> = hospital
        .world
        .all()
        .await
        .into_iter()
        .filter(|(key, one)| key.starts_with("Provenance/") && one.to_string().contains("note-range"))
        .map(|(_, one)| one)
        .collect();
    assert!(provenance[0].to_string().contains(r#""valueString":"NTE[1]-3[1]""#), "{}", provenance[0]);
    keep("whole-way", &hospital.conditions().await.into_values().chain(provenance).collect::<Vec<_>>());
}

#[tokio::test]
async fn suggestions_go_along_in_a_merger_and_later_notes_follow() {
    let hospital = Hospital::new().await;
    hospital.send(&report(1, OLD, "F", "Beeld past bij pneumonie, start metoprolol 50 mg.")).await;
    hospital.send(&adt("A40", 2, &[PID, "MRG|1000009^^^LINDE^PI"])).await;
    let subjects = async || {
        let mut all = hospital.world.all().await;
        all.retain(|key, _| key.starts_with("Condition/") || key.starts_with("MedicationStatement/"));
        assert!(all.len() > 1);
        let subject = |one: &Value| one["subject"]["reference"].as_str().unwrap().to_owned();
        all.values().map(subject).collect::<BTreeSet<String>>()
    };
    let moved = subjects().await;
    // The same report, repeated under the old number: nothing new, and it is still of the survivor.
    let stage = hospital
        .send(&report(3, OLD, "F", "Beeld past bij pneumonie en koorts, metoprolol 50 mg."))
        .await
        .unwrap();
    assert_eq!(
        effects(&stage),
        [
            "Condition Created -",
            "Condition Unchanged same-content",
            "MedicationStatement Unchanged same-content",
            "Provenance Changed -",
        ]
    );
    assert_eq!(subjects().await, moved);
    let patients = hospital.world.all().await;
    let survivor = patients.iter().find(|(_, one)| one.to_string().contains("\"replaces\"")).unwrap().0;
    assert_eq!(moved, BTreeSet::from([survivor.clone()]));
}

#[tokio::test]
async fn no_words_of_a_note_stand_in_the_journal_or_the_queues() {
    let hospital = Hospital::new().await;
    let stage = hospital.send(&report(1, PID, "F", "Beeld past bij pneumonie.")).await.unwrap();
    let said = serde_json::to_string(&stage).unwrap();
    for phi in ["pneumonie", "Pneumonia", "J18", "Vries", "1000001"] {
        assert!(!said.contains(phi), "{phi}");
    }
    let latest = hospital.world.directory.journal();
    let page = latest.latest(&PageRequest::first(10)).await.unwrap();
    assert!(!serde_json::to_string(&page.items[0]).unwrap().contains("pneumonie"));
}
