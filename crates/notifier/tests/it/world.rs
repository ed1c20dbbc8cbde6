//! A hospital on embedded stores, with invented people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::notice::{
    BusinessIdentifier, NamedRecipient, Notice, NoticeId, NoticeOrder, NoticeStep, NotifiedEvent,
    OutgoingMail,
};
use zorgsluis_domain::port::{
    AuditSink, DeadLetters, FhirStore, Journal, KeyOwner, MailError, MailTrace, Mailer, NoticeRegister,
    PayloadStore, Precondition, Provider, ProviderDirectory, ResourceKey, Write,
};
use zorgsluis_domain::text::Language;
use zorgsluis_domain::{
    AuditEntry, Clock, EntryId, MessageId, Phi, PortError, QueueReference, Stage, Transport,
};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_notifier::{Notifier, Ports, Settings, SigningIdentity, SigningPem};
use zorgsluis_worker::{Delivery, Outcome, ProcessError, deliver};

pub(crate) const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";
pub(crate) const BRUG: &str = "01012345";
pub(crate) const PRACTICE: &str = "praktijk@brug.example";

/// A clock that a test turns.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn turn(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += seconds.seconds();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Keeps entries as the log does: one of an id.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Mutex<BTreeMap<EntryId, AuditEntry>>);

#[async_trait]
impl AuditSink for Log {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let mut all = self.0.lock().unwrap();
        for entry in entries {
            all.entry(entry.id).or_insert_with(|| entry.clone());
        }
        Ok(())
    }
}

/// Takes every mail, as often as it comes; `knows` says whether it can tell afterwards.
pub(crate) struct Post {
    pub(crate) mails: Mutex<Vec<OutgoingMail>>,
    pub(crate) knows: bool,
    pub(crate) refuses: Mutex<Option<String>>,
    pub(crate) puts_off: Mutex<Option<MailError>>,
    pub(crate) log: Arc<Log>,
}

impl Post {
    pub(crate) fn of(&self, notice: NoticeId) -> usize {
        self.mails.lock().unwrap().iter().filter(|mail| mail.notice == notice).count()
    }

    pub(crate) fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        // Write before disclose.
        let told = format!("Communication/{}", mail.notice);
        let logged = self.log.0.lock().unwrap().values().any(|entry| {
            entry.event.kind == zorgsluis_domain::audit::EventKind::Disclosure
                && entry.objects.iter().any(|object| object.id == told)
        });
        assert!(logged, "a mail goes out that the log does not know of");
        if let Some(code) = self.refuses.lock().unwrap().clone() {
            return Err(MailError::Refused(code));
        }
        if let Some(error) = self.puts_off.lock().unwrap().take() {
            return Err(error);
        }
        // Others may do something meanwhile.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.mails.lock().unwrap().push(mail.clone());
        Ok(String::from("taken"))
    }

    async fn trace(&self, notice: NoticeId) -> Result<MailTrace, PortError> {
        Ok(match (self.knows, self.of(notice)) {
            (false, _) => MailTrace::Unknown,
            (true, 0) => MailTrace::Absent,
            (true, _) => MailTrace::Sent(String::from("taken")),
        })
    }
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) directory: DataDirectory,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) log: Arc<Log>,
    pub(crate) post: Arc<Post>,
    pub(crate) settings: Settings,
    pub(crate) patient: Uuid,
    pub(crate) encounter: Uuid,
}

/// The organisation's signing certificate: made once for all tests of a process.
pub(crate) fn signing() -> &'static SigningPem {
    static MADE: std::sync::OnceLock<SigningPem> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        SigningIdentity::generate("Ziekenhuis De Linde", "berichten@linde.example", start()).unwrap()
    })
}

/// When the tests play: a little later than now, so that what openssl makes is valid.
pub(crate) fn start() -> Timestamp {
    static START: std::sync::OnceLock<Timestamp> = std::sync::OnceLock::new();
    *START.get_or_init(|| zorgsluis_embedded::SystemClock.now() + 1.hour())
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_post(true).await
    }

    pub(crate) async fn with_post(knows: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(Mutex::new(start())));
        let directory = DataDirectory::open_with_clock(folder.path().join("data"), clock.clone()).unwrap();
        let identity = SigningIdentity::from_pem(signing()).unwrap();
        let mut settings = Settings::new(
            "linde",
            "Ziekenhuis De Linde",
            "berichten@linde.example",
            "https://berichten.linde.example",
            Arc::new(identity),
        );
        settings.in_hand = Duration::from_secs(60);
        let log = Arc::new(Log::default());
        let post = Post {
            mails: Mutex::default(),
            knows,
            refuses: Mutex::default(),
            puts_off: Mutex::default(),
            log: log.clone(),
        };
        let world = Self {
            folder,
            directory,
            clock,
            log,
            post: Arc::new(post),
            settings,
            patient: Uuid::from_u128(0x7f9c_24e8_0000_5000_8000_0000_0000_0001),
            encounter: Uuid::from_u128(0x7f9c_24e8_0000_5000_8000_0000_0000_00e1),
        };
        world.furnish().await;
        world
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn ports(&self) -> Ports {
        let directory = &self.directory;
        Ports {
            payloads: Arc::new(directory.payloads()),
            fhir: Arc::new(directory.fhir_store()),
            patients: Arc::new(directory.patient_index()),
            directory: Arc::new(directory.provider_directory()),
            notices: Arc::new(directory.notice_register()),
            opt_outs: Arc::new(directory.opt_outs()),
            mailer: self.post.clone(),
            keys: Arc::new(directory.keys()),
            audit: self.log.clone(),
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            clock: self.clock.clone(),
        }
    }

    pub(crate) fn notifier(&self) -> Notifier {
        Notifier::new(self.ports(), self.settings.clone()).unwrap()
    }

    pub(crate) async fn put(&self, resource: Value) {
        let kind = resource["resourceType"].as_str().unwrap();
        let key = ResourceKey::new(kind, resource["id"].as_str().unwrap());
        let store = self.directory.fhir_store();
        let standing = store.read(std::slice::from_ref(&key)).await.unwrap().pop().unwrap();
        let precondition =
            standing.map_or(Precondition::Absent, |stored| Precondition::Version(stored.version));
        let json = Phi::new(resource.to_string().into_bytes());
        store.transaction(&[Write::Put { key, json, precondition }]).await.unwrap();
    }

    /// The patient, the visit, what is known of them.
    async fn furnish(&self) {
        let patient = format!("Patient/{}", self.patient);
        let encounter = format!("Encounter/{}", self.encounter);
        self.put(json!({
            "resourceType": "Patient", "id": self.patient.to_string(),
            "identifier": [
                { "system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120" },
                { "type": { "coding": [{ "code": "PI" }] }, "value": "7393670" },
            ],
            "name": [{ "use": "official", "text": "Johanna van den Berg-de Vries" }],
            "birthDate": "1961-04-12", "gender": "female",
        }))
        .await;
        self.put(json!({
            "resourceType": "Practitioner", "id": "7f9c24e8-0000-5000-8000-0000000000d1",
            "name": [{ "use": "official", "text": "dr. K. Smit" }],
        }))
        .await;
        self.put(json!({
            "resourceType": "Location", "id": "7f9c24e8-0000-5000-8000-0000000000c3",
            "name": "C3", "description": "Cardiologie", "mode": "instance",
        }))
        .await;
        self.put(json!({
            "resourceType": "Encounter", "id": self.encounter.to_string(), "status": "in-progress",
            "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" },
            "subject": { "reference": patient },
            "participant": [{
                "type": [{ "coding": [{ "code": "ATND" }] }],
                "individual": { "reference": "Practitioner/7f9c24e8-0000-5000-8000-0000000000d1" },
            }],
            "period": { "start": "2026-11-22T10:10:00+01:00" },
            "location": [{ "location": { "reference": "Location/7f9c24e8-0000-5000-8000-0000000000c3" } }],
        }))
        .await;
        let condition = |id: &str, words: &str, software: bool, verification: &str| {
            json!({
                "resourceType": "Condition", "id": id,
                "meta": { "tag": if software { json!([{ "system": "https://zorgsluis.github.io/fhir/CodeSystem/tags", "code": "machine-extracted" }]) } else { json!([{ "code": "hand" }]) } },
                "clinicalStatus": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active" }] },
                "verificationStatus": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": verification }] },
                "code": { "text": words },
                "subject": { "reference": patient }, "encounter": { "reference": encounter },
            })
        };
        self.put(condition(
            "7f9c24e8-0000-5000-8000-0000000000a1",
            "Instabiele angina pectoris",
            false,
            "confirmed",
        ))
        .await;
        self.put(condition(
            "7f9c24e8-0000-5000-8000-0000000000a2",
            "Diabetes mellitus type 2",
            true,
            "unconfirmed",
        ))
        .await;
        self.put(condition("7f9c24e8-0000-5000-8000-0000000000a3", "Longembolie", false, "refuted")).await;
        self.put(json!({
            "resourceType": "MedicationStatement", "id": "7f9c24e8-0000-5000-8000-0000000000b1",
            "meta": { "tag": [{ "code": "machine-extracted" }] }, "status": "active",
            "medicationCodeableConcept": { "text": "metformine" },
            "subject": { "reference": patient }, "dosage": [{ "text": "500 mg, 2dd1" }],
        }))
        .await;
    }

    /// A practice in the directory.
    pub(crate) fn practice(&self) -> Provider {
        Provider {
            id: Uuid::from_u128(0xb201),
            identifiers: vec![agb(BRUG)],
            name: String::from("Huisartsenpraktijk De Brug"),
            organisation: None,
            address: Some(String::from(PRACTICE)),
            language: Language::Dutch,
            certificate: None,
            opted_out: BTreeSet::new(),
            active: true,
            address_fault: None,
        }
    }

    pub(crate) async fn enlist(&self, provider: &Provider) {
        let directory = self.directory.provider_directory();
        let expected = directory.get(provider.id).await.unwrap().map(|stored| stored.version);
        directory.put(provider, expected, start(), "import").await.unwrap();
    }

    pub(crate) fn order(&self, recipients: Vec<NamedRecipient>) -> NoticeOrder {
        NoticeOrder {
            v: 1,
            event: NotifiedEvent::Admission,
            patient: self.patient,
            perhaps: Vec::new(),
            encounter: Some(self.encounter),
            occurred: Some(String::from("2026-11-22T10:10:00+01:00")),
            about: Vec::new(),
            recipients,
            empty: Vec::new(),
        }
    }

    /// A message with an order, as the converter leaves it.
    pub(crate) async fn message(&self, order: &NoticeOrder) -> QueueReference {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let message = MessageId(Uuid::from_u128(0xfeed_0000 + u128::from(number)));
        let payloads = self.directory.payloads();
        let owner = KeyOwner::Sender(String::from("linde"));
        payloads.put(message, &owner, start(), b"MSH|^~\\&|ZIS").await.unwrap();
        let bytes = serde_json::to_vec(order).unwrap();
        payloads.put_note(message, &owner, NoticeOrder::NOTE, &bytes).await.unwrap();
        let received = Stage::Received {
            transport: Transport::Mllp,
            sender: String::from("linde-zis"),
            event: String::from("ADT^A01"),
            control_id: format!("MSG{number}"),
            bytes: 12,
            peer: None,
        };
        self.directory.journal().record(message, start(), &[received]).await.unwrap();
        QueueReference { notify: true, ..QueueReference::new(message, start()) }
    }

    /// Tells one practice named by its AGB, and gives the steps.
    pub(crate) async fn notify(&self, order: &NoticeOrder) -> (QueueReference, Result<(), ProcessError>) {
        let reference = self.message(order).await;
        let ended = self.notifier().notify(&reference).await;
        (reference, ended)
    }

    /// One delivery by the worker, with its parking.
    pub(crate) async fn delivered(&self, reference: &QueueReference) -> Outcome {
        let delivery = Delivery {
            body: serde_json::to_string(reference).unwrap(),
            group: String::from("patient"),
            sent: Some(start()),
            receive_count: 1,
        };
        deliver(&Arc::new(self.notifier()), &*self.clock, &delivery).await
    }

    pub(crate) async fn replayed(&self, reference: &QueueReference) {
        self.clock.turn(1);
        let journal = self.directory.journal();
        journal.record(reference.message, self.clock.now(), &[Stage::Replayed]).await.unwrap();
        self.clock.turn(1);
    }

    /// The steps of the last `Notified`.
    pub(crate) async fn steps(&self, reference: &QueueReference) -> Vec<NoticeStep> {
        let way = self.directory.journal().get(reference.message).await.unwrap().unwrap();
        let found = way.steps.into_iter().rev().find_map(|step| match step.stage {
            Stage::Notified { notices, .. } => Some(notices),
            _ => None,
        });
        found.unwrap_or_default()
    }

    pub(crate) async fn line(&self, notice: NoticeId) -> Option<Notice> {
        self.directory.notice_register().get(notice).await.unwrap()
    }

    pub(crate) async fn communication(&self, notice: NoticeId) -> Option<Value> {
        let key = ResourceKey::new("Communication", notice.to_string());
        let stored = self.directory.fhir_store().read(&[key]).await.unwrap().pop().unwrap()?;
        Some(serde_json::from_slice(stored.json.expose_phi()).unwrap())
    }

    pub(crate) async fn letter(
        &self,
        reference: &QueueReference,
    ) -> Option<zorgsluis_domain::port::DeadLetter> {
        self.directory.dead_letters().get(reference.message).await.unwrap()
    }

    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        self.log.0.lock().unwrap().values().cloned().collect()
    }

    pub(crate) fn last_mail(&self) -> Vec<u8> {
        self.post.mails.lock().unwrap().last().unwrap().message.expose_phi().clone()
    }
}

pub(crate) fn agb(value: &str) -> BusinessIdentifier {
    BusinessIdentifier { system: String::from(AGB), value: value.to_owned() }
}

/// Somebody named by an AGB code in PD1-4.
pub(crate) fn named(value: &str) -> NamedRecipient {
    NamedRecipient {
        at: String::from("PD1[1]-4[1]"),
        identifiers: vec![agb(value)],
        address: None,
        about: Vec::new(),
    }
}

pub(crate) fn code(ended: Result<(), ProcessError>) -> String {
    match ended {
        Ok(()) => String::from("ok"),
        Err(ProcessError::Refused { code, .. }) => code,
        Err(ProcessError::Port(error)) => format!("port {}", error.code()),
    }
}
