//! A gateway on embedded stores in a folder of its own, with an audit sink that can be switched off.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tlog::Signer as _;
use tower::ServiceExt as _;
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::port::{
    AuditSink, DeadLetter, DeadLetters, FhirStore, Precondition, ResourceKey, Write,
};
use zorgsluis_domain::{AuditEntry, MessageId, Phi, PortError};
use zorgsluis_embedded::{DataDirectory, SystemRandom, search_parameters, searchable_types};
use zorgsluis_gateway::{
    AccessToken, Checkpoint, Client, Clients, Gateway, LogReport, LogState, Parts, Reconciliation,
    ResourceType, Right, SearchParameter, Settings, TokenHash, Verification,
};
use zorgsluis_ingest::{Ingest, Ports, ProfileRules};
use zorgsluis_notifier::Notifier;
use zorgsluis_registers::Registers;

use crate::letters::TestLetters;

/// Ids of ours are UUIDs.
pub(crate) const PATIENT: &str = "11111111-1111-5111-8111-111111111111";
pub(crate) const OTHER: &str = "22222222-2222-5222-8222-222222222222";
/// Passes the 11-test and belongs to nobody.
pub(crate) const BSN: &str = "999911120";
pub(crate) const FHIR_JSON: &str = "application/fhir+json";

#[derive(Default)]
pub(crate) struct Sink {
    pub(crate) entries: Mutex<Vec<AuditEntry>>,
    pub(crate) broken: AtomicBool,
    /// Loses the answer after the entries were taken.
    pub(crate) silent: AtomicBool,
    /// Where they go besides.
    pub(crate) log: Option<AuditWriter>,
}

/// The clients of tests: the token is the name, filled up.
pub(crate) struct KnownClients;

/// The token of a test's client.
pub(crate) fn token_of(client: &str) -> String {
    format!("{client:_<40}")
}

impl Clients for KnownClients {
    fn find(&self, token: &TokenHash) -> Result<Option<Client>, PortError> {
        let number = "https://epd.linde.example/patient";
        let known = [
            ("epd", Right::SubmitEvents, Some(number)),
            ("pacs", Right::SubmitEvents, None),
            ("privacy-officer", Right::ReadLog, None),
            ("auditor", Right::ReadLog, None),
        ];
        if *token == TokenHash::of(&token_of("unreadable")) {
            return Err(PortError::unavailable("clients.find", "switched off by the test"));
        }
        let found = known.into_iter().find(|(name, ..)| *token == TokenHash::of(&token_of(name)));
        Ok(found.map(|(name, right, system)| Client {
            name: name.into(),
            right,
            patient_system: system.map(Into::into),
        }))
    }
}

/// The embedded log of a data directory.
pub(crate) fn log_of(directory: &DataDirectory) -> AuditLog {
    let signer = directory.log_signer("zorgsluis/linde").unwrap();
    AuditLog::new(
        Arc::new(directory.log_storage()),
        Arc::new(directory.entry_index("linde")),
        Arc::new(directory.keys()),
        "linde",
        "zorgsluis/linde",
        vec![signer.verifying_key().clone()],
    )
    .unwrap()
}

pub(crate) async fn writer_of(directory: &DataDirectory) -> AuditWriter {
    let signer = Arc::new(directory.log_signer("zorgsluis/linde").unwrap());
    AuditWriter::open(log_of(directory), &SystemRandom, signer).await.unwrap()
}

#[async_trait]
impl AuditSink for Sink {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(PortError::unavailable("audit.record", "switched off by the test"));
        }
        if let Some(log) = &self.log {
            log.record(entries).await?;
        }
        self.entries.lock().unwrap().extend_from_slice(entries);
        if self.silent.swap(false, Ordering::SeqCst) {
            return Err(PortError::unavailable("audit.record", "the answer was lost"));
        }
        Ok(())
    }
}

struct Log;

#[async_trait]
impl LogState for Log {
    async fn report(&self) -> Result<LogReport, PortError> {
        Ok(LogReport {
            origin: "zorgsluis.example/linde".into(),
            entries: 1234,
            unsealed: 3,
            pending: 0,
            checkpoint: Some(Checkpoint {
                size: 1231,
                root: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                signed: Some("2026-11-02T08:00:00Z".parse().unwrap()),
            }),
            verification: Some(Verification {
                at: "2026-11-02T08:00:01Z".parse().unwrap(),
                entries: 1231,
                findings: 0,
            }),
            reconciliation: Some(Reconciliation {
                at: "2026-11-02T08:00:02Z".parse().unwrap(),
                of: 5678,
                have: 5676,
                differences: 2,
            }),
        })
    }
}

/// Everything that is logged in this process. One subscriber for all: those of single threads miss what
/// another thread asked for first.
static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();

fn log() -> &'static Mutex<Vec<u8>> {
    LOG.get_or_init(|| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(move || Lines(Arc::clone(&sink)))
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        lines
    })
}

/// What was logged until now.
pub(crate) fn logged() -> String {
    String::from_utf8(log().lock().unwrap().clone()).unwrap()
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) directory: DataDirectory,
    pub(crate) audit: Arc<Sink>,
    pub(crate) gateway: Gateway,
    pub(crate) notifier: Notifier,
    /// Lets no Communication be written, as if the store were away.
    pub(crate) store_away: Arc<AtomicBool>,
    pub(crate) token: AccessToken,
    _folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of the first issue of an OperationOutcome.
    pub(crate) fn issue(&self) -> String {
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
        assert_eq!(self.headers["content-type"], FHIR_JSON);
        outcome["issue"][0]["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        log();
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let audit = Arc::new(Sink::default());
        Self::over(folder, directory, audit)
    }

    /// One whose entries go into the embedded log.
    pub(crate) async fn with_log() -> Self {
        log();
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let audit = Arc::new(Sink { log: Some(writer_of(&directory).await), ..Sink::default() });
        Self::over(folder, directory, audit)
    }

    fn over(folder: TempDir, directory: DataDirectory, audit: Arc<Sink>) -> Self {
        let queue = Arc::new(directory.queue("inbound", Duration::from_secs(60)));
        let notices = Arc::new(directory.queue("notices", Duration::from_secs(60)));
        let ports = Ports {
            payloads: Arc::new(directory.payloads()),
            queue: queue.clone(),
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            audit: audit.clone(),
            keys: Arc::new(directory.keys()),
            clock: directory.clock(),
        };
        let rules = Arc::new(ProfileRules::new(Profiles::builtin()));
        let ingest = Arc::new(Ingest::new(ports, rules, zorgsluis_ingest::Settings::default()));
        let token = AccessToken::generate().unwrap();
        let notifier = crate::letters::notifier(&directory, audit.clone());
        let store_away = Arc::new(AtomicBool::new(false));
        let letters = TestLetters { notifier: notifier.clone(), store_away: store_away.clone() };
        let parts = Parts {
            ingest,
            store: Arc::new(directory.fhir_store()),
            standing: Arc::new(directory.fhir_store()),
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            queues: vec![("inbound", queue), ("notices", notices)],
            registers: registers(&directory, audit.clone()),
            letters: Arc::new(letters),
            audit: audit.clone(),
            log: Arc::new(Log),
            audit_log: log_of(&directory),
            patients: Arc::new(directory.patient_index()),
            keys: Arc::new(directory.keys()),
            clients: Arc::new(KnownClients),
            further_metrics: None,
            clock: directory.clock(),
        };
        let resource_types = searchable_types()
            .map(|name| ResourceType {
                name,
                parameters: search_parameters(name)
                    .iter()
                    .map(|parameter| SearchParameter { name: parameter.name, kind: parameter.kind.code() })
                    .collect(),
            })
            .collect();
        let settings = Settings { token: token.clone(), organisation: "linde".into(), resource_types };
        let gateway = Gateway::new(parts, settings).unwrap();
        Self { directory, audit, gateway, notifier, store_away, token, _folder: folder }
    }

    /// A world with one patient and what belongs to her.
    pub(crate) async fn with_patient() -> Self {
        let world = Self::new();
        world.put("Patient", PATIENT, &patient("Sluiswachter", BSN)).await;
        world
            .put(
                "Observation",
                "33333333-3333-5333-8333-333333333333",
                &format!(
                    r#"{{"resourceType":"Observation","id":"33333333-3333-5333-8333-333333333333","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"2823-3"}}]}},"subject":{{"reference":"Patient/{PATIENT}"}},"valueQuantity":{{"value":4.50,"unit":"mmol/L"}}}}"#
                ),
            )
            .await;
        world
    }

    pub(crate) async fn put(&self, kind: &str, id: &str, json: &str) {
        let store = self.directory.fhir_store();
        let key = ResourceKey::new(kind, id);
        let current = store.read(std::slice::from_ref(&key)).await.unwrap().remove(0);
        let precondition = match current {
            Some(current) if !current.deleted => Precondition::Version(current.version),
            _ => Precondition::Absent,
        };
        let write = Write::Put { key, json: Phi::new(json.as_bytes().to_vec()), precondition };
        store.transaction(&[write]).await.unwrap();
    }

    pub(crate) async fn delete(&self, kind: &str, id: &str, version: u64) {
        let key = ResourceKey::new(kind, id);
        let write = Write::Delete { key, precondition: Precondition::Version(version) };
        self.directory.fhir_store().transaction(&[write]).await.unwrap();
    }

    pub(crate) async fn park(&self, message: MessageId, at: &str) {
        let letter = DeadLetter {
            message,
            group: "g".into(),
            received: at.parse().unwrap(),
            parked: at.parse().unwrap(),
            code: "unsupported-event".into(),
            at: Some("MSH[1]-9[1].2".into()),
            text: "no conversion is written for this message type and event".into(),
            attempts: 1,
        };
        self.directory.dead_letters().park(&letter).await.unwrap();
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080")
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token.reveal())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50000))));
        let response = self.gateway.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// GET with the token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request("GET", path).header("authorization", self.bearer());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// POST of a form with the token.
    pub(crate) async fn search(&self, kind: &str, form: &str) -> Answer {
        let request = self
            .request("POST", &format!("/fhir/{kind}/_search"))
            .header("authorization", self.bearer())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }

    /// Signs in; the session's cookie and form token.
    pub(crate) async fn sign_in(&self) -> (String, String) {
        let request = self
            .request("POST", "/login")
            .body(Body::from(format!("token={}", self.token.reveal())))
            .unwrap();
        let answer = self.send(request).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("; HttpOnly; SameSite=Strict;"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = self.page("/", &cookie).await;
        let (_, rest) = page.body.split_once("name=\"form_token\" value=\"").unwrap();
        (cookie, rest.split('"').next().unwrap().to_owned())
    }

    pub(crate) async fn page(&self, path: &str, cookie: &str) -> Answer {
        let request = self.request("GET", path).header("cookie", cookie).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(crate) async fn post_form(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let request =
            self.request("POST", path).header("cookie", cookie).body(Body::from(form.to_owned())).unwrap();
        self.send(request).await
    }

    /// Offers a file for a register.
    pub(crate) async fn import(&self, register: &str, envelope: &Value) -> Answer {
        let request = self
            .request("POST", &format!("/registers/{register}"))
            .header("authorization", self.bearer())
            .body(Body::from(envelope.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// Takes the entries written so far.
    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        std::mem::take(&mut self.audit.entries.lock().unwrap())
    }
}

fn registers(directory: &DataDirectory, audit: Arc<Sink>) -> Registers {
    let ports = zorgsluis_registers::Ports {
        providers: Arc::new(directory.provider_directory()),
        patients: Arc::new(directory.patient_index()),
        opt_outs: Arc::new(directory.opt_outs()),
        notices: Arc::new(directory.notice_register()),
        fhir: Arc::new(directory.fhir_store()),
        keys: Arc::new(directory.keys()),
        audit,
        clock: directory.clock(),
    };
    Registers::new(ports, "linde")
}

pub(crate) fn patient(family: &str, bsn: &str) -> String {
    patient_with_id(PATIENT, family, bsn)
}

pub(crate) fn patient_with_id(id: &str, family: &str, bsn: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{bsn}"}}],"name":[{{"use":"official","text":"Arie {family}","family":"{family}","given":["Arie"]}}],"gender":"male","birthDate":"1961-04-12"}}"#
    )
}

/// An ADT of an invented person.
pub(crate) fn adt(control_id: &str) -> String {
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|20261102083000+0100||ADT^A01^ADT_A01|{control_id}|P|2.5\r\
         EVN|A01|20261102083000\r\
         PID|1||{BSN}^^^NLMINBIZA^NNNLD~1000001^^^LINDE^PI||Sluiswachter&&Sluiswachter^Arie^^^^^L||19610412|M\r\
         PV1|1|I\r"
    )
}

/// Keeps an answer where the FHIR validator can read it.
pub(crate) fn keep(name: &str, answer: &Answer) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fhir-answers");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.json")), &answer.body).unwrap();
}
