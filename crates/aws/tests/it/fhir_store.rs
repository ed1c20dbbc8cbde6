//! The FHIR store on HealthLake, over the stand-in: the contract, what is refused, and what may stand in a URL.
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::panic, reason = "tests")]

mod trouble;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use zorgsluis_aws::{Clients, Endpoints, HealthLake, HealthLakeLimits};
use zorgsluis_contract::fhir_store::{key, put, value};
use zorgsluis_domain::port::{
    DataClass, FhirStore, KeyOwner, Keys, PageRequest, Precondition, Sealed, Search, TransactionError, Write,
    Written,
};
use zorgsluis_domain::{Phi, PortError, Pseudonym, Purpose};
use zorgsluis_stand_ins::faults::{Answer, Fault};
use zorgsluis_stand_ins::gate::{Gate, Running};
use zorgsluis_stand_ins::healthlake;

use crate::ministack::{REGION, credentials};
use crate::suite::suite;

const ABSENT: Precondition = Precondition::Absent;
const BUNDLE: &str = "POST /r4/";
const BSN: &str = "999911120";

/// Keys of which nothing but a pseudonym is asked here.
struct OnlyPseudonyms(u8);

#[async_trait]
impl Keys for OnlyPseudonyms {
    fn pseudonym(&self, _: Purpose, _: &[&[u8]]) -> Pseudonym {
        Pseudonym::from_bytes([self.0; 32])
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        unreachable!()
    }

    async fn seal(&self, _: &KeyOwner, _: DataClass, _: &[u8], _: &[u8]) -> Result<Sealed, PortError> {
        unreachable!()
    }

    async fn open(&self, _: &Sealed, _: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        unreachable!()
    }

    async fn destroy(&self, _: &KeyOwner, _: DataClass) -> Result<u64, PortError> {
        unreachable!()
    }
}

/// A data store of one test's own.
struct DataStore {
    clients: Clients,
    endpoint: String,
    gate: Gate,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl DataStore {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = zorgsluis_stand_ins::sigv4::Keys::new([(
            credentials().access_key_id(),
            credentials().secret_access_key(),
        )]);
        let (service, gate) = healthlake::service(folder.path(), keys).unwrap();
        let running = Running::start(([127, 0, 0, 1], 0).into(), service).await.unwrap();
        let endpoint = format!("http://{}{}", running.address, healthlake::PATH);
        let clients = Clients::load(REGION, &Endpoints::default(), Some(credentials())).await;
        Self { clients, endpoint, gate, _running: running, _folder: folder }
    }

    fn with(&self, limits: HealthLakeLimits) -> HealthLake {
        HealthLake::new(&self.clients, &self.endpoint, &OnlyPseudonyms(7), limits).unwrap()
    }

    fn store(&self) -> HealthLake {
        self.with(HealthLakeLimits { bundles_per_second: 500, ..HealthLakeLimits::default() })
    }

    /// One that gives up soon.
    fn hasty(&self) -> HealthLake {
        self.with(HealthLakeLimits {
            attempt: Duration::from_millis(300),
            operation: Duration::from_secs(1),
            attempts: 2,
            ..HealthLakeLimits::default()
        })
    }

    fn fault(&self, next: u32, answer: Answer, on: &str) {
        self.gate.faults.set(Fault::new(next, answer).on(on));
    }

    /// Starts a transaction that is put off for a second when it comes the first time.
    fn busy_for_a_second(
        &self,
        writes: Vec<Write>,
    ) -> tokio::task::JoinHandle<Result<Vec<Written>, TransactionError>> {
        let mut fault = Fault::new(1, Answer::Status(429)).on(BUNDLE);
        fault.retry_after = Some(1);
        self.gate.faults.set(fault);
        let store = self.store();
        tokio::spawn(async move { store.transaction(&writes).await })
    }

    fn bundles(&self) -> usize {
        self.gate.lines().iter().filter(|line| line.ends_with("/r4/")).count()
    }
}

suite!(the_contract, _world => (DataStore::new().await.store()), fhir_store:
    each_write_makes_a_version,
    reading_answers_in_the_order_asked,
    many_are_read_at_once,
    a_deletion_has_a_version_to_hold_to,
    a_deletion_is_a_version_and_history_stays,
    a_transaction_is_done_as_a_whole_or_not_at_all,
    a_check_holds_a_transaction_to_what_was_read,
    what_can_never_be_written_is_refused,
    decimals_keep_their_precision,
    of_many_writers_none_overwrites_another,
);

suite!(searching, _world => (DataStore::new().await.store()), fhir_search:
    tokens_match_with_and_without_system,
    strings_match_from_their_beginning,
    dates_match_at_their_precision,
    references_match_by_id_and_type,
    only_current_resources_are_found,
    pages_stay_put_while_resources_come,
    what_is_not_understood_is_refused,
);

fn patient(id: &str, precondition: Precondition, family: &str) -> Write {
    let reference = format!("Patient/{id}");
    let bsn = json!([{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]);
    put(&reference, precondition, json!({"identifier": bsn, "name": [{"family": family}]}))
}

fn search(name: &str, value: &str, limit: usize) -> Search {
    Search {
        resource_type: "Patient".into(),
        parameters: Phi::new(vec![(name.into(), value.into())]),
        page: PageRequest::first(limit),
    }
}

/// The text of an error and of its `Debug` without the source: what might be printed.
fn shown(error: &PortError) -> String {
    format!("{error}")
}

#[tokio::test]
async fn what_the_store_refuses_is_told_without_a_value() {
    let data = DataStore::new().await;
    let wrong = put("Patient/a", ABSENT, json!({"name": [{"family": "Jansen"}], "birthDate": "19800623"}));
    let good = patient("b", ABSENT, "Jansen");
    let refused = data.store().transaction(&[good, wrong]).await;
    let Err(TransactionError::Port(PortError::Refused { reason, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(reason, "status 400, value at Bundle.entry[1].resource.birthDate");
    assert!(data.store().read(&[key("Patient/b")]).await.unwrap()[0].is_none());
}

#[tokio::test]
async fn a_reference_to_nothing_is_refused() {
    let data = DataStore::new().await;
    let about = json!({"status": "final", "code": {"text": "c"}, "subject": {"reference": "Patient/a"}});
    let write = put("Observation/o", ABSENT, about);
    let refused = data.store().transaction(std::slice::from_ref(&write)).await;
    assert!(matches!(refused, Err(TransactionError::Port(PortError::Refused { .. }))), "{refused:?}");
    data.store().transaction(&[write, patient("a", ABSENT, "Jansen")]).await.unwrap();
    let found = data.store().read(&[key("Observation/o")]).await.unwrap().remove(0).unwrap();
    assert_eq!(value(&found)["subject"]["reference"], "Patient/a", "references stay relative");
}

#[tokio::test]
async fn too_many_writes_are_refused_before_anything_is_sent() {
    let data = DataStore::new().await;
    let writes: Vec<_> = (0..161).map(|n| patient(&n.to_string(), ABSENT, "Jansen")).collect();
    let refused = data.store().transaction(&writes).await;
    assert!(matches!(refused, Err(TransactionError::Port(PortError::Refused { .. }))));
    assert_eq!(data.gate.lines(), [""; 0]);
}

#[tokio::test]
async fn a_note_that_is_too_long_is_refused_before_anything_is_sent() {
    use base64::Engine;
    let data = DataStore::new().await;
    let note = |characters: usize| {
        let text = base64::engine::general_purpose::STANDARD.encode("é".repeat(characters));
        let attachment = json!({"contentType": "text/plain", "data": text});
        put(
            "DocumentReference/d",
            ABSENT,
            json!({"status": "current", "content": [{"attachment": attachment}]}),
        )
    };
    let refused = data.store().transaction(&[note(10_001)]).await;
    let Err(TransactionError::Port(PortError::Refused { reason, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert!(reason.starts_with("note-too-long"), "{reason}");
    assert_eq!(data.gate.lines(), [""; 0]);
    data.store().transaction(&[note(10_000)]).await.unwrap();
}

#[tokio::test]
async fn nothing_that_is_looked_for_stands_in_a_url_or_a_cursor() {
    let data = DataStore::new().await;
    let store = data.store();
    let id = "6f2c8c3e-70ab-5e0c-9d3c-2f6f4a6d1b11";
    let about = format!("Patient/{id}");
    let mut writes = vec![patient(id, ABSENT, "Jansen")];
    for number in 0..5 {
        let observation =
            json!({"status": "final", "code": {"text": "c"}, "subject": {"reference": about.as_str()}});
        writes.push(put(&format!("Observation/o{number}"), ABSENT, observation));
    }
    store.transaction(&writes).await.unwrap();
    for (resource_type, name, value) in [
        ("Patient", "identifier", BSN),
        ("Patient", "family", "Jansen"),
        ("Observation", "patient", about.as_str()),
    ] {
        let mut search = Search { resource_type: resource_type.into(), ..search(name, value, 2) };
        let mut seen = 0;
        loop {
            let page = store.search(&search).await.unwrap();
            seen += page.items.len();
            let Some(next) = page.next else { break };
            for part in [value, id, BSN, "Jansen", name] {
                assert!(!next.contains(part), "{next}");
            }
            search.page.after = Some(next);
        }
        assert_eq!(seen, if resource_type == "Patient" { 1 } else { 5 });
    }
    let lines = data.gate.lines();
    assert_eq!(lines.len(), 1 + 1 + 1 + 3);
    for line in &lines {
        for part in [BSN, "Jansen", "Patient%2F", "identifier", "family", "patient=", id, "?"] {
            assert!(!line.contains(part), "{line}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_search_only_and_as_it_was_given() {
    let data = DataStore::new().await;
    let store = data.store();
    let writes: Vec<_> = (0..3).map(|n| patient(&n.to_string(), ABSENT, "Jansen")).collect();
    store.transaction(&writes).await.unwrap();
    let next = store.search(&search("family", "jansen", 1)).await.unwrap().next.unwrap();
    let go_on = |name: &str, value: &str, after: String| {
        let mut search = search(name, value, 1);
        search.page.after = Some(after);
        search
    };
    assert_eq!(store.search(&go_on("family", "jansen", next.clone())).await.unwrap().items.len(), 1);
    let mut tampered = next.clone().into_bytes();
    tampered[20] = if tampered[20] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    for (search, why) in [
        (go_on("family", "bakker", next.clone()), "another search"),
        (go_on("family", "jansen", tampered), "changed"),
        (go_on("family", "jansen", next[..10].to_owned()), "cut off"),
        (go_on("family", "jansen", "page=x".into()), "made up"),
    ] {
        let refused = store.search(&search).await;
        assert!(matches!(refused, Err(PortError::Refused { .. })), "{why}: {refused:?}");
    }
    let other =
        HealthLake::new(&data.clients, &data.endpoint, &OnlyPseudonyms(8), HealthLakeLimits::default())
            .unwrap();
    let refused = other.search(&go_on("family", "jansen", next.clone())).await;
    assert!(matches!(refused, Err(PortError::Refused { .. })), "the key of another organisation");
    let page = PageRequest { after: Some(next), limit: 1 };
    assert!(matches!(store.history(&key("Patient/0"), &page).await, Err(PortError::Refused { .. })));
}

#[tokio::test]
async fn what_cannot_be_a_key_is_never_a_path() {
    let data = DataStore::new().await;
    let store = data.store();
    for odd in [("Patient", ".."), ("Patient", "a/../../b"), ("Patient", "a?b"), ("patient", "a"), ("", "")] {
        let odd = zorgsluis_domain::port::ResourceKey::new(odd.0, odd.1);
        assert!(store.read(std::slice::from_ref(&odd)).await.unwrap()[0].is_none());
        assert!(store.read_version(&odd, 1).await.unwrap().is_none());
        assert!(store.history(&odd, &PageRequest::first(1)).await.unwrap().items.is_empty());
    }
    assert_eq!(data.gate.lines(), [""; 0]);
}

#[tokio::test]
async fn only_https_leads_away_from_this_machine() {
    let clients = Clients::load(REGION, &Endpoints::default(), Some(credentials())).await;
    for endpoint in [
        "http://healthlake.eu-west-1.amazonaws.com/datastore/d/r4/",
        "ftp://x/",
        "",
        "https://x/r4?key=1",
        "https://somebody@x/r4/",
    ] {
        let refused = HealthLake::new(&clients, endpoint, &OnlyPseudonyms(7), HealthLakeLimits::default());
        assert!(matches!(refused, Err(PortError::Refused { .. })), "{endpoint}");
    }
}
