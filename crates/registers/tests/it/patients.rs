use std::sync::Arc;

use uuid::Uuid;
use zorgsluis_converter::IdentityKey;
use zorgsluis_domain::audit::Action;
use zorgsluis_domain::port::{
    Claim, FhirStore as _, IndexChange, IndexEvent, IndexedIdentifier, Keys as _, OptOuts as _, PatientIndex,
    Precondition, ResourceKey, Write,
};
use zorgsluis_domain::{Phi, PortError, Pseudonym};
use zorgsluis_registers::{By, Files, Options, Ports, RegisterError, Registers, Source};

use crate::{World, csv, problems};

const HOSPITAL: &str = "https://ziekenhuis-linde.example/fhir/NamingSystem/patientnummer";
const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
const MAPPING: &str = r#"
    separator = ";"
    identifiers = [
      { column = "BSN", system = "http://fhir.nl/fhir/NamingSystem/bsn" },
      { column = "Nummer", system = "https://ziekenhuis-linde.example/fhir/NamingSystem/patientnummer" },
    ]
    opted-out = "Bezwaar"
"#;

impl World {
    fn of(&self, system: &str, value: &str) -> IndexedIdentifier {
        IndexedIdentifier::of(&self.directory.keys(), system, value)
    }

    async fn patient(&self, system: &str, value: &str) -> Option<Uuid> {
        self.directory.patient_index().resolve(&[self.of(system, value).pseudonym]).await.unwrap()[0]
    }

    /// What a message with this number gives.
    fn id(&self, system: &str, value: &str) -> Uuid {
        IdentityKey::new(self.directory.keys().identity_key().expose_phi()).patient(system, value)
    }

    async fn rows(&self, rows: &[&str]) -> zorgsluis_registers::Report {
        let data = format!("Nummer;BSN;Bezwaar\n{}\n", rows.join("\n"));
        self.patients(csv(&data, MAPPING, &Files::new())).await.unwrap()
    }
}

#[tokio::test]
async fn one_row_is_one_person_under_the_id_that_a_message_would_give() {
    let world = World::new();
    let report = world.rows(&["1000001;999911120;", "1000002;;", ";999990019;nee"]).await;
    assert_eq!((report.created, report.refused, report.written), (3, 0, true), "{report:?}");
    let id = world.id(HOSPITAL, "1000001");
    assert_eq!(world.patient(HOSPITAL, "1000001").await, Some(id));
    assert_eq!(world.patient(BSN, "999911120").await, Some(id), "the hospital's number is behind the id");
    assert_eq!(world.patient(BSN, "999990019").await, Some(world.id(BSN, "999990019")));
    let history = world.directory.patient_index().history(id).await.unwrap();
    assert!(matches!(history[0].change, IndexChange::Claimed(_)) && history.len() == 2);
    // An entry about the import, and one for each patient.
    let entries = world.entries();
    assert_eq!(entries.len(), 4);
    assert!(entries[0].patient.is_none());
    assert_eq!(entries[1].patient.as_ref().unwrap().reference, format!("Patient/{id}"));
    assert_eq!(entries[1].event.action, Action::Create);
    let json = serde_json::to_string(&entries).unwrap();
    for phi in ["999911120", "1000001", "999990019"] {
        assert!(!json.contains(phi), "{phi}");
    }
    let again = world.rows(&["1000001;999911120;", "1000002;;", ";999990019;nee"]).await;
    assert_eq!((again.created, again.changed, again.unchanged), (0, 0, 3));
    // A further number of somebody known.
    let more = world.rows(&["1000002;999990020;"]).await;
    assert_eq!((more.changed, more.refused), (1, 0), "{more:?}");
}

#[tokio::test]
async fn the_index_decides_where_it_knows_better() {
    let world = World::new();
    let (first, survivor) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let index = world.directory.patient_index();
    index.claim(&world.of(BSN, "999911120"), first).await.unwrap();
    index.merge(first, survivor).await.unwrap();
    let report = world.rows(&["1000001;999911120;ja"]).await;
    assert_eq!((report.created, report.changed, report.refused), (0, 1, 0), "{report:?}");
    let holder = world.patient(HOSPITAL, "1000001").await.unwrap();
    assert_eq!(index.survivor(holder).await.unwrap(), survivor);
    assert!(world.directory.opt_outs().opted_out(&[survivor]).await.unwrap(), "the wish is the survivor's");
}

#[tokio::test]
async fn numbers_of_different_patients_are_reported_and_never_merged() {
    let world = World::new();
    world.rows(&["1000001;999911120;", "1000002;999990019;"]).await;
    let report = world.rows(&["1000001;999990019;", "1000003;;"]).await;
    assert_eq!(problems(&report), [(2, "BSN", "identifier-conflict", true)]);
    assert_eq!((report.created, report.refused, report.written), (1, 1, true), "others are taken");
    // In one file, too: the same BSN for two numbers of one hospital.
    let data = ["1000007;999990020;", "1000008;999990020;"];
    assert!(fhir_passes("999990020"), "the test's own BSN");
    let report = world.rows(&data).await;
    assert_eq!(report.problems.len(), 1, "{report:?}");
    assert_eq!(problems(&report)[0].2, "identifier-conflict");
    assert_eq!(world.patient(HOSPITAL, "1000008").await, None);
}

fn fhir_passes(bsn: &str) -> bool {
    let digits: Vec<i32> = bsn.bytes().map(|digit| i32::from(digit - b'0')).collect();
    let sum: i32 =
        digits.iter().zip([9, 8, 7, 6, 5, 4, 3, 2, -1]).map(|(digit, weight)| digit * weight).sum();
    sum % 11 == 0
}

#[tokio::test]
async fn a_number_of_a_stored_patient_forbids_another_of_the_same_kind() {
    let world = World::new();
    let id = Uuid::from_u128(9);
    world.directory.patient_index().claim(&world.of(BSN, "999911120"), id).await.unwrap();
    let json = format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"{HOSPITAL}","value":"1000001"}}]}}"#
    );
    let key = ResourceKey::new("Patient", id.to_string());
    let write = Write::Put { key, json: Phi::new(json.into_bytes()), precondition: Precondition::Absent };
    world.directory.fhir_store().transaction(&[write]).await.unwrap();
    let report = world.rows(&["1000002;999911120;"]).await;
    assert_eq!(problems(&report), [(2, "Nummer", "identifier-conflict", true)]);
    assert_eq!(world.patient(HOSPITAL, "1000002").await, None);
    assert_eq!(world.rows(&["1000001;999911120;"]).await.changed, 1);
}

#[tokio::test]
async fn a_bsn_that_fails_the_test_is_nobodys() {
    let world = World::new();
    let report = world.rows(&["1000001;999940003;", ";999940003;"]).await;
    assert_eq!(
        problems(&report),
        [
            (2, "BSN", "bsn-fails-11-test", false),
            (3, "BSN", "bsn-fails-11-test", false),
            (3, "BSN", "identifier-missing", true),
        ]
    );
    assert!(!report.written, "a row without any identifier is a faulty file");
    let report = world.rows(&["1000001;999940003;"]).await;
    assert_eq!((report.created, report.written), (1, true));
    assert_eq!(world.patient(BSN, "999940003").await, None);
}

#[tokio::test]
async fn a_wish_is_added_and_never_taken_back_by_a_file() {
    let world = World::new();
    world.rows(&["1000001;;ja", "1000002;;"]).await;
    let id = world.id(HOSPITAL, "1000001");
    let opt_outs = world.directory.opt_outs();
    assert!(opt_outs.opted_out(&[id]).await.unwrap());
    assert_eq!(opt_outs.history(id).await.unwrap()[0].by, "import");
    assert_eq!(world.rows(&["1000001;;nee"]).await.unchanged, 1);
    assert!(opt_outs.opted_out(&[id]).await.unwrap());
    let unknown = world.rows(&["1000002;;misschien"]).await;
    assert_eq!(problems(&unknown), [(2, "Bezwaar", "opted-out-unknown", true)]);
}

#[tokio::test]
async fn a_bundle_of_patients_gives_the_same() {
    let world = World::new();
    let bundle = serde_json::json!({ "resourceType": "Bundle", "entry": [
        { "resource": { "resourceType": "Patient", "identifier": [
            { "system": BSN, "value": "999911120" }, { "system": HOSPITAL, "value": "1000001" },
            { "use": "old", "system": HOSPITAL, "value": "1000000" }, { "value": "without system" } ] } },
        { "resource": { "resourceType": "Patient" } },
    ]});
    let data = serde_json::to_vec(&bundle).unwrap();
    let report = world.patients(Source::Bundle(&data)).await.unwrap();
    assert_eq!(problems(&report), [(0, "entry[1].resource.identifier", "identifier-missing", true)]);
    let options = Options { partly: true, dry_run: false };
    let report =
        world.registers.import_patients(&Source::Bundle(&data), options, &By::command_line()).await.unwrap();
    assert_eq!(report.created, 1);
    assert_eq!(world.patient(BSN, "999911120").await, Some(world.id(HOSPITAL, "1000001")));
    assert_eq!(world.patient(HOSPITAL, "1000000").await, None);
}

#[tokio::test]
async fn without_an_audit_entry_nobody_is_taken() {
    let world = World::new();
    world.break_log();
    let data = "Nummer;BSN;Bezwaar\n1000001;;ja\n";
    let refused = world.patients(csv(data, MAPPING, &Files::new())).await;
    assert!(matches!(refused, Err(RegisterError::Audit(_))));
    assert_eq!(world.patient(HOSPITAL, "1000001").await, None);
}

/// An index in which somebody claims identifiers behind the back of who asked: it knew none of them.
struct Overtaken(Arc<dyn PatientIndex>);

#[async_trait::async_trait]
impl PatientIndex for Overtaken {
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        Ok(vec![None; identifiers.len()])
    }
    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError> {
        self.0.claim(identifier, patient).await
    }
    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError> {
        self.0.survivor(patient).await
    }
    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError> {
        self.0.merge(old, new).await
    }
    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError> {
        self.0.merged_into(survivor).await
    }
    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError> {
        self.0.release(identifier, patient).await
    }
    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError> {
        self.0.history(patient).await
    }
}

#[tokio::test]
async fn a_wish_stands_under_an_id_that_a_number_leads_to_or_nowhere() {
    let world = World::new();
    let index = world.directory.patient_index();
    let other = Uuid::from_u128(1);
    index.claim(&world.of(HOSPITAL, "1000001"), other).await.unwrap();
    index.claim(&world.of(HOSPITAL, "1000002"), other).await.unwrap();
    let ports = Ports {
        patients: Arc::new(Overtaken(Arc::new(world.directory.patient_index()))),
        ..crate::ports(&world.directory, &world.audit)
    };
    let registers = Registers::new(ports, "linde");
    // All numbers of the first went to another meanwhile; the second keeps one.
    let data = "Nummer;BSN;Bezwaar\n1000001;;ja\n1000002;999911120;ja\n1000003;;ja\n";
    let files = Files::new();
    let source = csv(data, MAPPING, &files);
    let report = registers.import_patients(&source, Options::default(), &By::command_line()).await.unwrap();
    let conflicts = [(2, "Nummer", "identifier-conflict", true), (3, "Nummer", "identifier-conflict", true)];
    assert_eq!(problems(&report), conflicts);
    let opt_outs = world.directory.opt_outs();
    for (number, stands) in [("1000001", false), ("1000002", true), ("1000003", true)] {
        let id = world.id(HOSPITAL, number);
        assert_eq!(opt_outs.opted_out(&[id]).await.unwrap(), stands, "{number}");
    }
}
