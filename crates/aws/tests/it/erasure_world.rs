//! The stores of a hospital, from which somebody is erased.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectLockRetentionMode};
use aws_sdk_s3::types::{DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRule};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use zorgsluis_aws::{
    AwsErasures, AwsKeys, DynamoDeadLetters, DynamoJournal, DynamoNoticeRegister, DynamoPatientIndex,
    HealthLake, HealthLakeLimits, Pace, S3Payloads, S3Tombstones, SystemClock,
};
use zorgsluis_contract::fhir_store::{key, put};
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::notice::{
    Notice, NoticeId, NoticeOutcome, NoticeState, NoticeStep, NotifiedEvent, Protection,
};
use zorgsluis_domain::port::{
    Claim, DataClass, DeadLetter, DeadLetters, ErasureStore, FhirStore, IndexedIdentifier, Journal, KeyOwner,
    Keys, NoticeRegister, PageRequest, PatientIndex, PayloadStore, Precondition, Put, TombstoneStore,
};
use zorgsluis_domain::retention::Reason;
use zorgsluis_domain::{Clock, Effect, MessageId, PortError, Pseudonym, Purpose, Stage, StepEffect};
use zorgsluis_stand_ins::gate::{Gate, Running};
use zorgsluis_stand_ins::healthlake;

use crate::ministack::{REGION, World, credentials};

pub(crate) const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
pub(crate) const MINE: Uuid = Uuid::from_u128(0x1111_0000_0000_8000_8000_0000_0000_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0x2222_0000_0000_8000_8000_0000_0000_0002);

pub(crate) fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

/// The stores of a hospital, in which two patients are known.
pub(crate) struct Hospital {
    pub(crate) world: World,
    pub(crate) keys: AwsKeys,
    pub(crate) payloads: S3Payloads,
    pub(crate) journal: DynamoJournal,
    pub(crate) index: DynamoPatientIndex,
    pub(crate) notices: DynamoNoticeRegister,
    pub(crate) letters: DynamoDeadLetters,
    pub(crate) fhir: HealthLake,
    pub(crate) tombstones: S3Tombstones,
    pub(crate) erasures: AwsErasures,
    pub(crate) raw: String,
    pub(crate) gate: Gate,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Hospital {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let keys = world.keys().await;
        let raw = world.raw_bucket("raw").await;
        let table = world.table("messages").await;
        let payloads = S3Payloads::new(&world.clients, raw.as_str(), table.as_str(), Arc::new(keys.clone()));
        let journal = DynamoJournal::new(&world.clients, table);
        let index = DynamoPatientIndex::new(
            &world.clients,
            world.table("patient-index").await,
            Arc::new(SystemClock),
        );
        let notices = DynamoNoticeRegister::new(&world.clients, world.table("notices").await);
        let letters = DynamoDeadLetters::new(&world.clients, world.table("dead-letters").await);
        world.table("holds").await;
        world.table("log-index").await;
        let folder = tempfile::tempdir().unwrap();
        let allowed = zorgsluis_stand_ins::sigv4::Keys::new([(
            credentials().access_key_id(),
            credentials().secret_access_key(),
        )]);
        let (service, gate) = healthlake::service(folder.path(), allowed).unwrap();
        let running = Running::start(([127, 0, 0, 1], 0).into(), service).await.unwrap();
        let endpoint = format!("http://{}{}", running.address, healthlake::PATH);
        let limits = HealthLakeLimits { bundles_per_second: 500, attempts: 1, ..HealthLakeLimits::default() };
        let fhir = HealthLake::new(&world.clients, &endpoint, &keys, limits).unwrap();
        let tombstones = S3Tombstones::new(&world.clients, &world.log_bucket().await, "umc", 30);
        let erasures = AwsErasures::new(
            &world.clients,
            &world.name,
            &raw,
            fhir.clone(),
            keys.clone(),
            tombstones.clone(),
        )
        // Nothing is under way here.
        .at_pace(Pace { settle: Duration::ZERO, ..Pace::default() });
        Self {
            world,
            keys,
            payloads,
            journal,
            index,
            notices,
            letters,
            fhir,
            tombstones,
            erasures,
            raw,
            gate,
            _running: running,
            _folder: folder,
        }
    }

    pub(crate) fn pseudonym(&self, purpose: Purpose, number: &str) -> Pseudonym {
        self.keys.pseudonym(purpose, &[BSN.as_bytes(), number.as_bytes()])
    }

    /// A patient with an observation, from a message with a note of which somebody was told; and a dead letter.
    pub(crate) async fn lives(&self, patient: Uuid, number: &str, first: u128) {
        let owner = KeyOwner::Patient(self.pseudonym(Purpose::KeyOwner, number));
        let claimed = self.index.claim(&IndexedIdentifier::of(&self.keys, BSN, number), patient).await;
        assert_eq!(claimed.unwrap(), Claim::Claimed);
        let (observation, notice) = (Uuid::from_u128(first + 100), NoticeId(Uuid::from_u128(first + 200)));
        let resource = json!({ "resourceType": "Patient", "birthDate": "1980-06-23",
            "identifier": [{ "system": BSN, "value": number }] });
        let (patient, observation) = (format!("Patient/{patient}"), format!("Observation/{observation}"));
        let result = json!({ "resourceType": "Observation", "status": "final",
            "code": { "text": "sodium" }, "subject": { "reference": patient } });
        let writes =
            [put(&patient, Precondition::Absent, resource), put(&observation, Precondition::Absent, result)];
        self.fhir.transaction(&writes).await.unwrap();
        let came = self.came(first, &owner).await;
        self.payloads.put_note(came, &owner, "report.json", b"what was not understood").await.unwrap();
        let effects = [&patient, &observation].map(|resource| StepEffect {
            resource: resource.clone(),
            effect: Effect::Created,
            why: None,
        });
        let told = NoticeStep {
            at: String::from("PD1[1]-4[1]"),
            notice: Some(notice),
            provider: None,
            outcome: NoticeOutcome::Sent,
            protection: None,
            why: None,
        };
        let event = NotifiedEvent::Admission;
        let stages =
            [Stage::Applied { effects: effects.into() }, Stage::Notified { event, notices: vec![told] }];
        self.journal.record(came, now(), &stages).await.unwrap();
        let reserved = Notice {
            id: notice,
            message: came,
            provider: Uuid::from_u128(7),
            event,
            protection: Protection::Smime,
            state: NoticeState::Reserved,
            reserved: now(),
            changed: now(),
            receipt: None,
            why: None,
        };
        self.notices.reserve(&reserved).await.unwrap();
        let parked = self.came(first + 1, &owner).await;
        let letter = DeadLetter {
            message: parked,
            group: String::from("group"),
            received: now(),
            parked: now(),
            code: String::from("unsupported-event"),
            at: None,
            text: String::from("nothing here"),
            attempts: 1,
        };
        self.letters.park(&letter).await.unwrap();
    }

    pub(crate) async fn came(&self, number: u128, owner: &KeyOwner) -> MessageId {
        let put = self.payloads.put(message(number), owner, now(), b"MSH|^~\\&|INVENTED").await.unwrap();
        assert_eq!(put, Put::Created);
        message(number)
    }

    /// Decides, and keeps what is decided where no table takes it along.
    pub(crate) async fn decided(&self) -> Tombstone {
        self.decided_at(now()).await
    }

    /// The same, as of a moment.
    pub(crate) async fn decided_at(&self, at: Timestamp) -> Tombstone {
        let found = self.erasures.find(&[MINE]).await.unwrap();
        let tombstone = Tombstone {
            v: 1,
            id: Uuid::from_u128(99),
            at: Timestamp::from_microsecond(at.as_microsecond()).unwrap(),
            class: DataClass::Dossier,
            reason: Reason::PatientRequest,
            patients: vec![MINE],
            owners: found.owners,
            keys: Vec::new(),
            messages: Vec::new(),
            lines: Vec::new(),
        };
        self.tombstones.add(&tombstone).await.unwrap();
        tombstone
    }

    pub(crate) async fn erase(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        self.erasures.apply(tombstone).await?;
        self.erasures.complete(tombstone).await
    }

    /// Nothing of the first patient is left, and all of the second stands.
    pub(crate) async fn is_erased(&self) {
        self.is_erased_after("").await;
    }

    /// The same, after this table was restored and the erasure done again.
    pub(crate) async fn is_erased_after(&self, restored: &str) {
        let found = self.erasures.find(&[MINE]).await.unwrap();
        assert!(found.is_nothing(), "{found:?}");
        let observation = format!("Observation/{}", Uuid::from_u128(1_100));
        for gone in [format!("Patient/{MINE}"), observation] {
            let versions = self.fhir.history(&key(&gone), &PageRequest::first(10)).await.unwrap();
            assert!(versions.items.is_empty(), "{gone}: {}", versions.items.len());
        }
        for number in [1_000, 1_001] {
            let read = self.payloads.get(message(number)).await;
            assert!(matches!(read, Err(PortError::Erased { .. })), "{number}: {read:?}");
            assert_eq!(self.journal.get(message(number)).await.unwrap(), None);
            assert_eq!(self.letters.get(message(number)).await.unwrap(), None);
            assert_eq!(self.versions(&format!("messages/{}", message(number))).await, 1, "{number}");
            assert_eq!(self.versions(&format!("notes/{}", message(number))).await, 0, "{number}");
            // The same bytes once more bring nothing back.
            let owner = KeyOwner::Patient(self.pseudonym(Purpose::KeyOwner, "999990019"));
            let again = self.payloads.put(message(number), &owner, now(), b"MSH|^~\\&|INVENTED").await;
            assert_eq!(again.unwrap(), Put::AlreadyThere);
            // Of a dead letter that a restored table of messages brought back, nothing leads to its head any more.
            let queued = self.journal.was_queued(message(number)).await.unwrap();
            assert_eq!(queued, restored != "messages" || number != 1_001, "and it is never queued: {number}");
        }
        assert_eq!(self.notices.get(NoticeId(Uuid::from_u128(1_200))).await.unwrap(), None);
        let numbers = ["999990019", "999911120"].map(|number| self.pseudonym(Purpose::PatientIndex, number));
        assert_eq!(self.index.resolve(&numbers).await.unwrap(), [None, Some(OTHER)]);
        assert!(self.index.history(MINE).await.unwrap().is_empty());

        let found = self.erasures.find(&[OTHER]).await.unwrap();
        assert_eq!((found.resources, found.messages), (2, 2), "what is about the other stands");
        assert!(self.payloads.get(message(2_000)).await.is_ok());
        assert!(self.letters.get(message(2_001)).await.unwrap().is_some());
        assert!(self.notices.get(NoticeId(Uuid::from_u128(2_200))).await.unwrap().is_some());
    }

    async fn versions(&self, prefix: &str) -> usize {
        let listed = self.world.clients.s3.list_object_versions().bucket(&self.raw).prefix(prefix);
        let listed = listed.send().await.unwrap();
        listed.versions.unwrap_or_default().len() + listed.delete_markers.unwrap_or_default().len()
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

impl World {
    /// The bucket of raw messages: locked for a year, as it is deployed.
    pub(crate) async fn raw_bucket(&self, named: &str) -> String {
        let called = format!("{}-{named}", self.name);
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(REGION))
            .build();
        let request = self.clients.s3.create_bucket().bucket(&called).create_bucket_configuration(place);
        request.object_lock_enabled_for_bucket(true).send().await.unwrap();
        let retention =
            DefaultRetention::builder().mode(ObjectLockRetentionMode::Governance).days(365).build();
        let configuration = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(ObjectLockRule::builder().default_retention(retention).build())
            .build();
        let locked = self.clients.s3.put_object_lock_configuration().bucket(&called);
        locked.object_lock_configuration(configuration).send().await.unwrap();
        called
    }
}

pub(crate) async fn two_patients() -> Hospital {
    let hospital = Hospital::new().await;
    hospital.lives(MINE, "999990019", 1_000).await;
    hospital.lives(OTHER, "999911120", 2_000).await;
    hospital
}
