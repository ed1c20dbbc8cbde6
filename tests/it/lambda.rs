//! Each sample message as an SQS event and as an API Gateway event, and what the functions make of them:
//! the same as the whole system makes of the messages over MLLP.
//!
//! The JSON files under `events/lambda/sqs` and `events/lambda/api` are made from `events/*.hl7`:
//! `ZORGSLUIS_WRITE_EVENTS=1 cargo test -p zorgsluis-tests lambda` writes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_converter::process::{Ports, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_domain::audit::{DataCategory, EventKind};
use zorgsluis_domain::port::{AuditSink, DeadLetters, Keys, PageRequest, Queue, Received};
use zorgsluis_domain::{AuditEntry, PortError};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_enricher::{Engines, Enricher};
use zorgsluis_ingest::{Ingest, ProfileRules};
use zorgsluis_notifier::{Notifier, SigningIdentity, SigningPem};
use zorgsluis_worker::Process;
use zorgsluis_worker::lambda::Handler;

use crate::harness::{Server, copy, events, import_providers, root};

fn folder(kind: &str) -> PathBuf {
    root().join("events/lambda").join(kind)
}

fn name(event: &Path) -> String {
    event.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The character set that MSH-18 declares, of the two that the events use.
fn text(message: &[u8]) -> String {
    match std::str::from_utf8(message) {
        Ok(text) => text.to_owned(),
        Err(_) => message.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn sqs(number: usize, message: &[u8]) -> Value {
    let id = format!("7a6b2f10-0000-4000-8000-{number:012}");
    json!({ "Records": [{
        "messageId": id,
        "receiptHandle": format!("AQEB-{id}"),
        "body": text(message),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": (1_795_000_000_000_u64 + number as u64).to_string(),
            "SequenceNumber": format!("{:020}", 18_000_000_000_000_000_000_u64 + number as u64),
            "MessageGroupId": "events",
            "SenderId": "AROAEXAMPLE:ingest",
            "MessageDeduplicationId": id,
            "ApproximateFirstReceiveTimestamp": (1_795_000_000_100_u64 + number as u64).to_string(),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:inbound.fifo",
        "awsRegion": "eu-west-1",
    }]})
}

fn api(number: usize, message: &[u8]) -> Value {
    let ascii = message.is_ascii();
    json!({
        "version": "2.0",
        "routeKey": "POST /hl7",
        "rawPath": "/hl7",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/hl7-v2",
            "content-length": message.len().to_string(),
            "host": "api.zorgsluis.example",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "r3pmxmplak",
            "authorizer": { "lambda": { "sender": "ziekenhuis-linde" } },
            "domainName": "api.zorgsluis.example",
            "domainPrefix": "api",
            "http": {
                "method": "POST",
                "path": "/hl7",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.17",
                "userAgent": "interface-engine/4.2",
            },
            "requestId": format!("JKJaXmPLv{number:06}="),
            "routeKey": "POST /hl7",
            "stage": "$default",
            "time": "16/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1_794_816_000_000_u64,
        },
        "body": if ascii { text(message) } else { STANDARD.encode(message) },
        "isBase64Encoded": !ascii,
    })
}

#[test]
fn each_message_stands_there_as_an_event_of_each_kind() {
    let write = std::env::var_os("ZORGSLUIS_WRITE_EVENTS").is_some();
    for (kind, make) in [("sqs", sqs as fn(usize, &[u8]) -> Value), ("api", api)] {
        let mut expected = BTreeMap::new();
        for (number, event) in events().iter().enumerate() {
            let json = make(number, &std::fs::read(event).unwrap());
            let json = serde_json::to_string_pretty(&json).unwrap() + "\n";
            expected.insert(format!("{}.json", name(event)), json);
        }
        if write {
            let _ = std::fs::remove_dir_all(folder(kind));
            std::fs::create_dir_all(folder(kind)).unwrap();
            for (file, json) in &expected {
                std::fs::write(folder(kind).join(file), json).unwrap();
            }
        }
        let there: BTreeMap<String, String> = std::fs::read_dir(folder(kind))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let json = std::fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), json)
            })
            .collect();
        assert_eq!(
            there.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "ZORGSLUIS_WRITE_EVENTS=1 writes them anew"
        );
        for (file, json) in expected {
            assert!(there[&file] == json, "{kind}/{file} is not the message of events/: write it anew");
        }
    }
}

/// Takes entries and keeps them for the test to look at.
#[derive(Default)]
struct Entries(std::sync::Mutex<Vec<AuditEntry>>);

#[async_trait::async_trait]
impl AuditSink for Entries {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        self.0.lock().unwrap().extend_from_slice(entries);
        Ok(())
    }
}

/// The functions over embedded stores.
struct Functions {
    directory: DataDirectory,
    entries: Arc<Entries>,
    processor: Arc<Processor>,
    enricher: Arc<Enricher>,
    notifier: Arc<Notifier>,
    ingest: Ingest,
}

/// How long a message that was taken from a queue stays hidden.
const VISIBILITY: Duration = Duration::from_secs(60);

/// Reads notes.
fn enricher(directory: &DataDirectory, ports: &Ports) -> Enricher {
    let engine = Recogniser::embedded().unwrap();
    let ports = zorgsluis_enricher::Ports {
        payloads: Arc::clone(&ports.payloads),
        fhir: Arc::clone(&ports.fhir),
        patients: Arc::clone(&ports.patients),
        keys: Arc::clone(&ports.keys),
        audit: Arc::clone(&ports.audit),
        journal: Arc::clone(&ports.journal),
        dead_letters: Arc::clone(&ports.dead_letters),
        notices: Arc::clone(&ports.notices),
        engines: Engines { embedded: Arc::new(engine), english: None },
        clock: directory.clock(),
    };
    Enricher::new(ports, zorgsluis_enricher::Settings::of("demo-hospital"))
}

/// Tells providers, with the signing identity that the server made at its first start.
fn notifier(directory: &DataDirectory, ports: &Ports) -> Notifier {
    let pem =
        |name: &str| std::fs::read_to_string(directory.path().join("keys").join(name)).unwrap_or_default();
    let standing = SigningPem { certificate: pem("mail-signing.cert.pem"), key: pem("mail-signing.key.pem") };
    let from = "zorgsluis@localhost.localdomain";
    let signing = SigningIdentity::from_pem(&standing).unwrap_or_else(|_| {
        let new = SigningIdentity::generate("demo-hospital", from, directory.clock().now()).unwrap();
        SigningIdentity::from_pem(&new).unwrap()
    });
    let ports = zorgsluis_notifier::Ports {
        payloads: Arc::clone(&ports.payloads),
        fhir: Arc::clone(&ports.fhir),
        patients: Arc::clone(&ports.patients),
        directory: Arc::new(directory.provider_directory()),
        notices: Arc::new(directory.notice_register()),
        opt_outs: Arc::new(directory.opt_outs()),
        mailer: Arc::new(directory.outbox()),
        keys: Arc::clone(&ports.keys),
        audit: Arc::clone(&ports.audit),
        journal: Arc::clone(&ports.journal),
        dead_letters: Arc::clone(&ports.dead_letters),
        clock: directory.clock(),
    };
    let settings = zorgsluis_notifier::Settings::new(
        "demo-hospital",
        "demo-hospital",
        from,
        "http://127.0.0.1:8080",
        Arc::new(signing),
    );
    Notifier::new(ports, settings).unwrap()
}

/// What was received from a queue, as SQS hands it to a function.
fn as_sqs(received: &[Received]) -> Value {
    let record = |received: &Received| {
        json!({
            "messageId": received.id,
            "body": received.body,
            "attributes": {
                "ApproximateReceiveCount": received.receive_count.to_string(),
                "SentTimestamp": received.sent.as_millisecond().to_string(),
                "MessageGroupId": received.group,
            },
            "eventSource": "aws:sqs",
        })
    };
    json!({ "Records": received.iter().map(record).collect::<Vec<_>>() })
}

impl Functions {
    fn over(data: &Path) -> Self {
        let directory = DataDirectory::open(data).unwrap();
        let profiles = Profiles::load(&root().join("events/profiles")).unwrap();
        let entries = Arc::new(Entries::default());
        let ports = Ports {
            payloads: Arc::new(directory.payloads()),
            fhir: Arc::new(directory.fhir_store()),
            patients: Arc::new(directory.patient_index()),
            keys: Arc::new(directory.keys()),
            audit: Arc::clone(&entries) as Arc<dyn AuditSink>,
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            notes: Arc::new(directory.queue("notes", VISIBILITY)),
            notices: Arc::new(directory.queue("notices", VISIBILITY)),
            clock: directory.clock(),
        };
        let key = IdentityKey::new(directory.keys().identity_key().expose_phi());
        let options = ConvertOptions { profiles: profiles.clone(), key };
        let ingest = Ingest::new(
            zorgsluis_ingest::Ports {
                payloads: Arc::clone(&ports.payloads),
                queue: Arc::new(directory.queue("inbound", VISIBILITY)),
                journal: Arc::clone(&ports.journal),
                dead_letters: Arc::clone(&ports.dead_letters),
                audit: Arc::clone(&ports.audit),
                keys: Arc::clone(&ports.keys),
                clock: Arc::clone(&ports.clock),
            },
            Arc::new(ProfileRules::new(profiles)),
            zorgsluis_ingest::Settings::default(),
        );
        let enricher = Arc::new(enricher(&directory, &ports));
        let notifier = Arc::new(notifier(&directory, &ports));
        let processor = Arc::new(Processor::new(ports, options, "demo-hospital"));
        Self { directory, entries, processor, enricher, notifier, ingest }
    }

    /// Through all functions, one after another.
    async fn pass(&self, event: Value) {
        self.invoke(&self.processor, event).await;
        self.drain("notes", &self.enricher).await;
        self.drain("notices", &self.notifier).await;
    }

    async fn invoke<P: Process>(&self, process: &Arc<P>, event: Value) {
        let handler = Handler::new(Arc::clone(process), self.directory.clock(), Duration::from_secs(1));
        let deadline = self.directory.clock().now() + jiff::SignedDuration::from_secs(60);
        let response = handler.handle(serde_json::from_value(event).unwrap(), deadline).await.response;
        assert!(response.batch_item_failures.is_empty(), "nothing goes back: what cannot succeed is parked");
    }

    /// Hands what stands in a queue to a function, each batch twice.
    async fn drain<P: Process>(&self, queue: &str, process: &Arc<P>) {
        let queue = self.directory.queue(queue, VISIBILITY);
        loop {
            let received = queue.receive(10, Duration::ZERO).await.unwrap();
            if received.is_empty() {
                return;
            }
            for _ in 0..2 {
                self.invoke(process, as_sqs(&received)).await;
            }
            let receipts: Vec<_> = received.into_iter().map(|received| received.receipt).collect();
            queue.delete(&receipts).await.unwrap();
        }
    }

    /// Dead letters, by reason.
    async fn parked(&self) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for letter in self.directory.dead_letters().list(&PageRequest::first(100)).await.unwrap().items {
            *reasons.entry(letter.code).or_default() += 1;
        }
        reasons
    }
}

/// A resource without what depends on the time when it was written or sent.
fn timeless(resource: &Value) -> Value {
    let mut resource = resource.clone();
    for (element, times) in [("meta", ["lastUpdated", "versionId"]), ("", ["recorded", "sent"])] {
        let holder = if element.is_empty() { &mut resource } else { &mut resource[element] };
        for time in times {
            holder.as_object_mut().unwrap().remove(time);
        }
    }
    resource
}

/// All resources as they stand in a server on this directory.
fn resources(data: &Path) -> BTreeMap<String, Value> {
    let server = Server::start_with(
        data,
        &["--profiles", root().join("events/profiles").to_str().unwrap()],
        std::process::Stdio::null(),
    );
    let mut found = BTreeMap::new();
    let (status, capabilities) = server.get("/fhir/metadata");
    assert_eq!(status, 200);
    let capabilities: Value = serde_json::from_str(&capabilities).unwrap();
    let kinds = capabilities["rest"][0]["resource"].as_array().unwrap().iter();
    // Events are no resources of the store: the log has them, for who has a right of their own.
    for kind in kinds.map(|kind| kind["type"].as_str().unwrap()).filter(|kind| *kind != "AuditEvent") {
        for resource in server.all(kind) {
            let key = format!(
                "{}/{}",
                resource["resourceType"].as_str().unwrap(),
                resource["id"].as_str().unwrap()
            );
            found.insert(key, resource);
        }
    }
    found
}

/// The files of the outbox: the ids of notices.
fn mails(data: &Path) -> std::collections::BTreeSet<std::ffi::OsString> {
    let files: std::collections::BTreeSet<_> =
        std::fs::read_dir(data.join("outbox")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(files.len() > 3, "providers were told: {}", files.len());
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_give_what_the_whole_system_gives() {
    let temporary = tempfile::tempdir().unwrap();
    let (by_mllp, by_function) = (temporary.path().join("mllp"), temporary.path().join("function"));
    let profiles = root().join("events/profiles");
    // The same keys on both sides, so that ids are the same: two copies of one new directory.
    assert!(Server::start(&by_mllp).stop().success());
    import_providers(&by_mllp);
    copy(&by_mllp, &by_function);
    let arguments = ["--profiles", profiles.to_str().unwrap()];
    let server = Server::start_with(&by_mllp, &arguments, std::process::Stdio::null());
    let mut refused = 0;
    for event in events() {
        let answer = server.send(&std::fs::read(&event).unwrap());
        refused += usize::from(answer.contains("MSA|AR"));
        server.settle();
    }
    assert!(server.stop().success());

    let functions = Functions::over(&by_function);
    for event in events() {
        let path = folder("sqs").join(format!("{}.json", name(&event)));
        let event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        functions.pass(event.clone()).await;
        // Delivered a second time: nothing happens twice.
        functions.pass(event).await;
    }
    let parked = functions.parked().await;
    let standing = DataDirectory::open_read(&by_mllp).unwrap();
    let by_server = standing.dead_letters().list(&PageRequest::first(100)).await.unwrap().items.len();
    standing.close().await;
    assert_eq!(parked.values().sum::<usize>(), by_server + refused, "{parked:?}");
    assert!(parked.contains_key("recipient-address-mismatch"), "{parked:?}");
    let entries = std::mem::take(&mut *functions.entries.0.lock().unwrap());
    assert!(entries.iter().any(|entry| entry.event.kind == EventKind::PatientMerge));
    assert!(entries.iter().any(|entry| entry.data_categories.contains(&DataCategory::Results)));
    let ids: std::collections::BTreeSet<_> = entries.iter().map(|entry| entry.id).collect();
    assert!(ids.len() > 60, "an entry for each message and more: {}", ids.len());
    functions.directory.clone().close().await;
    drop(functions);

    assert_eq!(mails(&by_mllp), mails(&by_function), "the same notices");
    let (one, other) = (resources(&by_mllp), resources(&by_function));
    // For tests/validate.sh: what stands in the store, to be validated strictly.
    if let Some(folder) = std::env::var_os("ZORGSLUIS_WRITE_RESOURCES").map(PathBuf::from) {
        std::fs::create_dir_all(&folder).unwrap();
        for (key, resource) in &one {
            std::fs::write(folder.join(key.replace('/', "-") + ".json"), resource.to_string()).unwrap();
        }
    }
    assert!(one.len() > 100);
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (key, resource) in &one {
        assert_eq!(timeless(resource), timeless(&other[key]), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_function_accepts_the_same_messages() {
    let temporary = tempfile::tempdir().unwrap();
    let functions = Functions::over(&temporary.path().join("data"));
    let (mut accepted, mut refused) = (0_u64, 0);
    for event in events() {
        let path = folder("api").join(format!("{}.json", name(&event)));
        let event = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        match zorgsluis_ingest::lambda::handle(&functions.ingest, event, None).await.status_code {
            202 => accepted += 1,
            400 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused, 2, "the damaged ones");
    let queue = functions.directory.queue("inbound", Duration::from_secs(60));
    assert_eq!(queue.depth().await.unwrap().waiting, accepted - 1, "one came twice");
}
