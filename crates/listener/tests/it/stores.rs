//! The listener before ingest over the embedded stores, with an audit log that is kept in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_domain::port::{AuditSink, Journal, PayloadStore, Queue};
use zorgsluis_domain::{AuditEntry, MessageId, PortError, Stage};
use zorgsluis_embedded::DataDirectory;
use zorgsluis_ingest::{Ingest, Ports, ProfileRules};
use zorgsluis_listener::IngestDoor;

const PROFILES: &str = r#"
[[sender]]
name = "talk"
application = "TALK"
application-ack = "on-accept"

[[sender]]
name = "strict"
application = "STRICT"
unsupported = "reject"
"#;

#[derive(Default)]
struct Entries(Mutex<Vec<AuditEntry>>);

#[async_trait]
impl AuditSink for Entries {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        self.0.lock().unwrap().extend_from_slice(entries);
        Ok(())
    }
}

pub(crate) struct Stores {
    directory: DataDirectory,
    entries: Arc<Entries>,
    _folder: TempDir,
}

impl Stores {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path()).unwrap();
        Self { directory, entries: Arc::default(), _folder: folder }
    }

    fn queue(&self) -> impl Queue + 'static {
        self.directory.queue("inbound", Duration::from_secs(60))
    }

    /// A door behind which at most so many messages wait.
    pub(crate) fn door(&self, queue_limit: u64) -> Arc<IngestDoor> {
        let ports = Ports {
            payloads: Arc::new(self.directory.payloads()),
            queue: Arc::new(self.queue()),
            journal: Arc::new(self.directory.journal()),
            dead_letters: Arc::new(self.directory.dead_letters()),
            audit: self.entries.clone(),
            keys: Arc::new(self.directory.keys()),
            clock: self.directory.clock(),
        };
        let rules = ProfileRules::new(Profiles::parse(&[("test.toml", PROFILES)]).unwrap());
        let settings = zorgsluis_ingest::Settings { queue_limit, ..Default::default() };
        let ingest = Ingest::new(ports, Arc::new(rules), settings);
        Arc::new(IngestDoor::new(Arc::new(ingest), self.directory.clock()))
    }

    /// The messages that wait, the oldest first.
    pub(crate) async fn waiting(&self) -> Vec<MessageId> {
        let received = self.queue().receive(10, Duration::ZERO).await.unwrap();
        let id = |body: &str| serde_json::from_str::<zorgsluis_domain::QueueReference>(body).unwrap().message;
        received.iter().map(|received| id(&received.body)).collect()
    }

    /// The bytes that were kept.
    pub(crate) async fn payload(&self, message: MessageId) -> Vec<u8> {
        self.directory.payloads().get(message).await.unwrap().bytes.expose_phi().clone()
    }

    /// The stages of a message.
    pub(crate) async fn way(&self, message: MessageId) -> Vec<Stage> {
        let way = self.directory.journal().get(message).await.unwrap().unwrap();
        way.steps.into_iter().map(|step| step.stage).collect()
    }

    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        self.entries.0.lock().unwrap().clone()
    }
}
