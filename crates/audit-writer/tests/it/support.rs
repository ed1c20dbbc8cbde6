//! A log in memory with real encryption, and entries about invented people.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use jiff::Timestamp;
use tlog::memory::{MemoryIndex, MemoryStorage};
use tlog::{EntryIndex, LocalSigner, LogStorage, Report, Signer};
use uuid::Uuid;
use zorgsluis_audit_writer::{AuditLog, AuditWriter, LogReader, ReadBy, Verification};
use zorgsluis_domain::audit::{
    AccessMethod, Action, Application, Deed, Event, EventKind, NetworkAccessPoint, PatientObject, Source,
    User,
};
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{AuditSink, DataClass, KeyOwner, Keys, Random, Sealed};
use zorgsluis_domain::{AuditEntry, EntryId, Phi, PortError, Pseudonym, Purpose};

pub(crate) const ORIGIN: &str = "ziekenhuis.example/log/linde";
pub(crate) const ANNA: &str = "Patient/5c2f7e1a-9d0b-5e6f-8a41-3b7d9c0e1f22";
pub(crate) const BRAM: &str = "Patient/77aa1b34-0c1d-5e2f-8b3a-4d5e6f708192";
/// What must not stand anywhere in clear.
pub(crate) const NAME: &str = "van der Waterman";

/// The data key of each owner and class, and whether it was destroyed.
type DataKeys = HashMap<(KeyOwner, DataClass), (Uuid, bool)>;

/// AES-256-GCM under a key of each owner and class.
#[derive(Default)]
pub(crate) struct TestKeys {
    keys: Arc<Mutex<DataKeys>>,
    pub(crate) away: AtomicBool,
    /// Opening is a fault of the software.
    pub(crate) panics: AtomicBool,
    nonces: AtomicU64,
}

fn hmac(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, purpose.as_bytes()));
    for part in parts {
        context.update(&(part.len() as u32).to_be_bytes());
        context.update(part);
    }
    context.sign().as_ref().try_into().unwrap()
}

fn cipher(key: Uuid) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &hmac("data", &[key.as_bytes()])).unwrap())
}

impl TestKeys {
    /// The same keys once more.
    pub(crate) fn share(&self) -> Self {
        Self { keys: self.keys.clone(), ..Self::default() }
    }

    fn check(&self, operation: &'static str) -> Result<(), PortError> {
        let away = self.away.load(Ordering::SeqCst);
        if away { Err(PortError::Unavailable { operation, retry_after: None, cause: None }) } else { Ok(()) }
    }
}

#[async_trait]
impl Keys for TestKeys {
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym {
        Pseudonym::from_bytes(hmac(purpose.name(), parts))
    }

    fn identity_key(&self) -> Phi<[u8; 32]> {
        Phi::new([0; 32])
    }

    async fn seal(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, PortError> {
        self.check("keys.seal")?;
        let number = self.nonces.fetch_add(1, Ordering::SeqCst);
        let fresh = Uuid::from_u128(u128::from(number) + 1);
        let (key, _) = *self.keys.lock().unwrap().entry((owner.clone(), class)).or_insert((fresh, false));
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        let mut sealed = plaintext.to_vec();
        let used = Nonce::assume_unique_for_key(nonce);
        cipher(key).seal_in_place_append_tag(used, Aad::from(context), &mut sealed).unwrap();
        Ok(Sealed { key, ciphertext: [&nonce, &sealed[..]].concat() })
    }

    async fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Phi<Vec<u8>>, PortError> {
        self.check("keys.open")?;
        assert!(!self.panics.load(Ordering::SeqCst), "as a test wants it");
        let operation = "keys.open";
        let known = self.keys.lock().unwrap().values().find(|(key, _)| *key == sealed.key).copied();
        match known {
            None => return Err(PortError::NotFound { operation }),
            Some((_, true)) => return Err(PortError::Erased { operation }),
            Some((_, false)) => {}
        }
        let damaged = || PortError::Damaged { operation, reason: "not what was sealed".into() };
        let (nonce, ciphertext) = sealed.ciphertext.split_at_checked(12).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut opened = ciphertext.to_vec();
        let length = cipher(sealed.key)
            .open_in_place(nonce, Aad::from(context), &mut opened)
            .map_err(|_| damaged())?
            .len();
        opened.truncate(length);
        Ok(Phi::new(opened))
    }

    async fn destroy(&self, owner: &KeyOwner, class: DataClass) -> Result<u64, PortError> {
        let mut keys = self.keys.lock().unwrap();
        let Some(key) = keys.get_mut(&(owner.clone(), class)) else { return Ok(0) };
        Ok(u64::from(!std::mem::replace(&mut key.1, true)))
    }
}

/// Counts.
#[derive(Default)]
pub(crate) struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        let next = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        bytes.fill(0);
        for (to, from) in bytes.iter_mut().zip(next.to_be_bytes()) {
            *to = from;
        }
        Ok(())
    }
}

/// A log in memory.
pub(crate) struct World {
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) index: Arc<MemoryIndex>,
    pub(crate) keys: Arc<TestKeys>,
    pub(crate) random: Arc<TestRandom>,
    pub(crate) log: AuditLog,
}

pub(crate) fn signer() -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_seed(ORIGIN, &[3; 32]).unwrap())
}

impl World {
    pub(crate) fn new() -> Self {
        let (storage, index) = (Arc::new(MemoryStorage::new()), Arc::new(MemoryIndex::new()));
        let keys = Arc::new(TestKeys::default());
        let log = log_on(storage.clone(), index.clone(), keys.clone());
        Self { storage, index, keys, random: Arc::default(), log }
    }

    pub(crate) async fn writer(&self) -> Arc<AuditWriter> {
        self.writer_on(self.log.clone()).await
    }

    pub(crate) async fn writer_on(&self, log: AuditLog) -> Arc<AuditWriter> {
        Arc::new(AuditWriter::open(log, self.random.as_ref(), signer()).await.unwrap())
    }

    pub(crate) fn reader(&self, sink: Arc<dyn AuditSink>) -> LogReader {
        let by = ReadBy {
            user: User::system("privacy-officer", true),
            responsible: None,
            access: AccessMethod::CommandLine,
            source: source(),
        };
        let clock = Arc::new(FixedClock(time(900)));
        LogReader::new(self.log.clone(), sink, clock, self.random.clone(), by)
    }

    pub(crate) async fn verify(&self) -> Report {
        self.log.verify(Verification::default()).await.unwrap()
    }
}

pub(crate) fn log_on(
    storage: Arc<dyn LogStorage>,
    index: Arc<dyn EntryIndex>,
    keys: Arc<dyn Keys>,
) -> AuditLog {
    let verifying = vec![signer().verifying_key().clone()];
    AuditLog::new(storage, index, keys, "linde", ORIGIN, verifying).unwrap()
}

/// A time: seconds after 2026-11-16T08:00:00Z.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_794_816_000 + seconds).unwrap()
}

pub(crate) fn source() -> Source {
    Source { enterprise_site_id: "ziekenhuis-linde".into(), source_id: "gateway".into(), source_type: 4 }
}

/// Somebody reads a result of a patient.
pub(crate) fn entry(number: u64, patient: Option<&str>) -> AuditEntry {
    let at = time(number as i64);
    let user = User {
        name: Some(format!("H.J. {NAME}")),
        network: Some(NetworkAccessPoint::Ip("192.0.2.44".into())),
        uzi: Some("900030787".into()),
        ..User::system("arts-17", true)
    };
    let id = EntryId::derived(at, &format!("entry {number}"));
    let event = Event::success(EventKind::ResourceRead, Action::Read);
    let mut entry = AuditEntry::of(Deed::read())
        .at(id, at)
        .by(user)
        .through(AccessMethod::Http, Application::zorgsluis())
        .reported_by(source())
        .build()
        .with_resources([(format!("Observation/obs-{number}"), Some(1))]);
    entry.event = event;
    entry.patient = patient.map(|reference| PatientObject { reference: reference.into() });
    entry
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
