//! Cut off between the entry and the write, or before the answer: it is told so, and the next delivery completes it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_converter::process::{Ports, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::port::{
    FhirStore, Keys as _, Page, PageRequest, ResourceKey, Search, StoredResource, TransactionError, Write,
    Written,
};
use zorgsluis_domain::{PortError, QueueReference};
use zorgsluis_embedded::{DataDirectory, SqliteFhirStore, SystemRandom};
use zorgsluis_worker::Process as _;

use super::{kinds, part, reconcile};
use crate::harness::{events, root};

/// Where the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nowhere,
    /// Behind the entry, before the write.
    BeforeTheWrite,
    /// Behind the write, before the answer.
    BeforeTheAnswer,
    /// Behind the first write of a plan that takes several.
    BeforeTheSecond,
}

struct Store {
    store: SqliteFhirStore,
    fault: Fault,
    transactions: Arc<AtomicUsize>,
}

fn lost() -> PortError {
    PortError::Unavailable { operation: "fhir.transaction", retry_after: None, cause: None }
}

#[async_trait]
impl FhirStore for Store {
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError> {
        self.store.read(keys).await
    }

    async fn read_version(
        &self,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<StoredResource>, PortError> {
        self.store.read_version(key, version).await
    }

    async fn history(
        &self,
        key: &ResourceKey,
        page: &PageRequest,
    ) -> Result<Page<StoredResource>, PortError> {
        self.store.history(key, page).await
    }

    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError> {
        self.store.search(search).await
    }

    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
        let earlier = self.transactions.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::BeforeTheWrite || (self.fault == Fault::BeforeTheSecond && earlier > 0) {
            return Err(lost().into());
        }
        let written = self.store.transaction(writes).await?;
        if self.fault == Fault::BeforeTheAnswer { Err(lost().into()) } else { Ok(written) }
    }
}

/// Delivers a message to a converter that ends there. Whether it said that it was done, and how many transactions
/// it began.
async fn deliver(data: &Path, message: &[u8], fault: Fault) -> (bool, usize) {
    let transactions = Arc::new(AtomicUsize::new(0));
    let directory = DataDirectory::open(data).unwrap();
    let origin = "zorgsluis/demo-hospital";
    let signer = directory.log_signer(origin).unwrap();
    let log = AuditLog::new(
        Arc::new(directory.log_storage()),
        Arc::new(directory.entry_index("demo-hospital")),
        Arc::new(directory.keys()),
        "demo-hospital",
        origin,
        vec![tlog::Signer::verifying_key(&signer).clone()],
    )
    .unwrap();
    let writer = Arc::new(AuditWriter::open(log, &SystemRandom, Arc::new(signer)).await.unwrap());
    let queue = |name| Arc::new(directory.queue(name, Duration::from_secs(60)));
    let ports = Ports {
        payloads: Arc::new(directory.payloads()),
        fhir: Arc::new(Store {
            store: directory.fhir_store(),
            fault,
            transactions: Arc::clone(&transactions),
        }),
        patients: Arc::new(directory.patient_index()),
        keys: Arc::new(directory.keys()),
        audit: writer,
        journal: Arc::new(directory.journal()),
        dead_letters: Arc::new(directory.dead_letters()),
        notes: queue("notes"),
        notices: queue("notices"),
        clock: directory.clock(),
    };
    let key = IdentityKey::new(directory.keys().identity_key().expose_phi());
    let profiles = Profiles::load(&root().join("events/profiles")).unwrap();
    let processor = Processor::new(ports, ConvertOptions { profiles, key }, "demo-hospital");
    let received = "2026-11-02T08:30:00Z".parse().unwrap();
    let message = processor.accept(message, received).await.unwrap();
    let done = processor.process(&QueueReference::new(message, received), "a-patient").await.is_ok();
    directory.close().await;
    (done, transactions.load(Ordering::Relaxed))
}

fn first() -> Vec<u8> {
    std::fs::read(&events()[0]).unwrap()
}

/// More allergies than go into one transaction: what was listed is renewed last, in a version of its own.
fn large() -> Vec<u8> {
    let mut message = String::from(
        "MSH|^~\\&|ZIS|WEST|ZS|WEST|20261101120000+0100||ADT^A01^ADT_A01|L1|P|2.5|||||NLD|8859/1\r\
         EVN|A01|20261101120000+0100\r\
         PID|1||811111^^^WEST^PI||Proef&&Proef^A||19700101|F\r\
         PV1|1|I|W1||||||||||||||||V811111^^^WEST^VN\r",
    );
    for number in 1..=200 {
        message.push_str(&format!("AL1|{number}|DA|A{number}^Stof {number}^L\r"));
    }
    message.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_between_entry_and_write_it_is_announced_and_the_next_delivery_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(!deliver(&data, &first(), Fault::BeforeTheWrite).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), ["(announced-not-done)", "(waiting)"]);
    assert_eq!(part(&report, "writes"), (0, 0));
    let announced = report["found"].as_array().unwrap().len() - 1;

    assert!(deliver(&data, &first(), Fault::Nowhere).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), [""; 0]);
    let all = u64::try_from(announced).unwrap();
    assert_eq!(part(&report, "writes"), (all, all), "what was announced is what was done");
    assert_eq!(part(&report, "messages"), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_leaves_writes_with_their_entries_and_a_message_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(!deliver(&data, &first(), Fault::BeforeTheAnswer).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), ["(waiting)"]);
    let written = part(&report, "writes");
    assert!(written.0 == written.1 && written.0 > 0, "{report}");

    assert!(deliver(&data, &first(), Fault::Nowhere).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), [""; 0]);
    assert_eq!(part(&report, "writes"), written, "nothing was done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_of_a_plan_that_takes_several_transactions_has_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (done, transactions) = deliver(&data, &large(), Fault::Nowhere).await;
    assert!(done && transactions >= 3, "{transactions}");
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), [""; 0]);
    let (have, of) = part(&report, "writes");
    assert!(have == of && of > 200, "{report}");

    // Cut off in the middle, it is in part announced only; the next delivery completes it.
    let data = folder.path().join("cut-off");
    assert!(!deliver(&data, &large(), Fault::BeforeTheSecond).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    assert_eq!(kinds(&report), ["(announced-not-done)", "(waiting)"]);
    let begun = part(&report, "writes");
    assert!(begun.0 == begun.1 && begun.0 > 0 && begun.0 < have, "{report}");
    assert!(deliver(&data, &large(), Fault::Nowhere).await.0);
    let (report, complete) = reconcile(&data, &[]);
    assert!(complete, "{report}");
    let again = part(&report, "writes");
    assert!(again.0 == again.1 && again.0 >= have, "{report}");
    assert!(!kinds(&report).contains(&String::from("(announced-not-done)")), "{report}");
}
