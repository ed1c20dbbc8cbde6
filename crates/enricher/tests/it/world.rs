//! A hospital on embedded stores, with notes that are put straight into the FHIR store or come by message.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use zorgsluis_domain::audit::EventKind;
use zorgsluis_domain::port::clock::FixedClock;
use zorgsluis_domain::port::{
    AuditSink, FhirStore, Journal, PageRequest, Precondition, Queue, ResourceKey, Search, Write,
};
use zorgsluis_domain::{
    AuditEntry, Clock, Effect, EntryId, MessageId, Phi, PortError, Pseudonym, QueueReference, Stage,
    StepEffect, Transport,
};
use zorgsluis_embedded::{DataDirectory, searchable_types};
use zorgsluis_enricher::{Engines, Enricher, Ports, Settings, provenance_key};
use zorgsluis_worker::{Process, ProcessError};

use super::engine::Words;

/// Keeps entries as the log does: one of an id.
#[derive(Default)]
pub(crate) struct Trail(pub(crate) Mutex<HashMap<EntryId, AuditEntry>>);

#[async_trait]
impl AuditSink for Trail {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let mut all = self.0.lock().unwrap();
        for entry in entries {
            all.entry(entry.id).or_insert_with(|| entry.clone());
        }
        Ok(())
    }
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) directory: DataDirectory,
    pub(crate) store: Arc<dyn FhirStore>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) embedded: Arc<Words>,
    messages: AtomicU64,
}

pub(crate) const PATIENT: &str = "7f9c24e8-0000-5000-8000-000000000001";
pub(crate) const NOTE: &str = "7f9c24e8-0000-5000-8000-00000000000a";
pub(crate) const VISIT: &str = "7f9c24e8-0000-5000-8000-0000000000e1";

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock(time()))
}

pub(crate) fn time() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(crate) fn key(kind: &str, id: &str) -> ResourceKey {
    ResourceKey::new(kind, id)
}

/// A note of the patient, as the converter writes it.
pub(crate) fn note(text: &str, language: Option<&str>) -> Value {
    let mut attachment = json!({ "contentType": "text/plain", "data": STANDARD.encode(text) });
    if let Some(language) = language {
        attachment["language"] = json!(language);
    }
    let end = text.chars().count();
    attachment["extension"] = json!([{
        "url": "https://zorgsluis.github.io/fhir/StructureDefinition/v2-source",
        "extension": [
            { "url": "place", "valueString": "OBX[1]-5[1]" },
            { "url": "begin", "valueInteger": 0 },
            { "url": "end", "valueInteger": end },
        ],
    }]);
    json!({
        "resourceType": "DocumentReference",
        "id": NOTE,
        "status": "current",
        "subject": { "reference": format!("Patient/{PATIENT}") },
        "date": "2026-11-05T09:00:00+01:00",
        "author": [{ "reference": "Practitioner/7f9c24e8-0000-5000-8000-0000000000d1" }],
        "content": [{ "attachment": attachment }],
        "context": { "encounter": [{ "reference": format!("Encounter/{VISIT}") }] },
    })
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let world = Self {
            _folder: folder,
            store: Arc::new(directory.fhir_store()),
            directory,
            trail: Arc::default(),
            embedded: Arc::new(Words::embedded("1")),
            messages: AtomicU64::new(0),
        };
        world.put(json!({ "resourceType": "Patient", "id": PATIENT })).await;
        world
    }

    pub(crate) fn ports(&self) -> Ports {
        let directory = &self.directory;
        Ports {
            payloads: Arc::new(directory.payloads()),
            fhir: Arc::clone(&self.store),
            patients: Arc::new(directory.patient_index()),
            keys: Arc::new(directory.keys()),
            audit: self.trail.clone(),
            journal: Arc::new(directory.journal()),
            dead_letters: Arc::new(directory.dead_letters()),
            notices: Arc::new(self.notices()),
            engines: Engines { embedded: self.embedded.clone(), english: None },
            clock: clock(),
        }
    }

    pub(crate) fn notices(&self) -> impl Queue + use<> {
        self.directory.queue("notices", Duration::from_secs(60))
    }

    pub(crate) fn enricher(&self) -> Enricher {
        Enricher::new(self.ports(), Settings::of("Ziekenhuis De Linde"))
    }

    /// Puts a resource over what stands.
    pub(crate) async fn put(&self, resource: Value) {
        let key = key(resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let stands = self.store.read(std::slice::from_ref(&key)).await.unwrap().pop().unwrap();
        let precondition = match stands {
            Some(stands) if !stands.deleted => Precondition::Version(stands.version),
            _ => Precondition::Absent,
        };
        let json = Phi::new(resource.to_string().into_bytes());
        self.store.transaction(&[Write::Put { key, json, precondition }]).await.unwrap();
    }

    pub(crate) async fn delete(&self, key: ResourceKey) {
        let version = self.version(&key).await;
        let precondition = Precondition::Version(version);
        self.store.transaction(&[Write::Delete { key, precondition }]).await.unwrap();
    }

    /// A message whose converter touched the note.
    pub(crate) async fn applied(&self) -> QueueReference {
        let nth = self.messages.fetch_add(1, Ordering::SeqCst);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&nth.to_be_bytes());
        let message = MessageId::from_pseudonym(&Pseudonym::from_bytes(bytes));
        let effect =
            StepEffect { resource: format!("DocumentReference/{NOTE}"), effect: Effect::Changed, why: None };
        let received = Stage::Received {
            transport: Transport::Mllp,
            sender: "zis".into(),
            event: "ORU^R01".into(),
            control_id: "1".into(),
            bytes: 1,
            peer: None,
        };
        let stages = [received, Stage::Applied { effects: vec![effect] }];
        self.directory.journal().record(message, time(), &stages).await.unwrap();
        QueueReference::new(message, time())
    }

    /// The note comes with a new message, and is read.
    pub(crate) async fn read(&self, note: Value) -> Stage {
        self.put(note).await;
        self.again(&self.enricher()).await.unwrap()
    }

    /// A new message that touched the note, read by this enricher.
    pub(crate) async fn again(&self, enricher: &Enricher) -> Result<Stage, ProcessError> {
        let reference = self.applied().await;
        enricher.process(&reference, "g1").await?;
        Ok(self.enriched(reference.message).await)
    }

    /// The only step of the enricher on the way of a message.
    pub(crate) async fn enriched(&self, message: MessageId) -> Stage {
        let way = self.directory.journal().get(message).await.unwrap().unwrap();
        let mut stages: Vec<Stage> = way.steps.into_iter().map(|step| step.stage).collect();
        stages.retain(|stage| matches!(stage, Stage::Enriched { .. }));
        assert_eq!(stages.len(), 1);
        stages.remove(0)
    }

    pub(crate) async fn version(&self, key: &ResourceKey) -> u64 {
        self.store.read(std::slice::from_ref(key)).await.unwrap().pop().unwrap().map_or(0, |one| one.version)
    }

    pub(crate) async fn get(&self, key: &ResourceKey) -> Value {
        let stored = self.store.read(std::slice::from_ref(key)).await.unwrap().pop().unwrap().unwrap();
        serde_json::from_slice(stored.json.expose_phi()).unwrap()
    }

    pub(crate) async fn provenance(&self) -> Value {
        self.get(&provenance_key(NOTE)).await
    }

    /// The suggestions from the note that were ever made, in the order of the Provenance.
    pub(crate) async fn suggestions(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for target in zorgsluis_enricher::targets(&self.provenance().await) {
            all.push(self.get(&target.key).await);
        }
        all
    }

    /// The only suggestion with these words.
    pub(crate) async fn suggestion(&self, words: &str) -> Value {
        let mut all = self.suggestions().await;
        let text = |one: &Value| {
            let concept = one.get("code").or_else(|| one.get("medicationCodeableConcept")).unwrap();
            concept["text"] == words
        };
        all.retain(text);
        assert_eq!(all.len(), 1, "{words}");
        all.remove(0)
    }

    /// Everything that stands and can be searched, without version and time of the store.
    pub(crate) async fn all(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for kind in searchable_types() {
            let mut after = None;
            loop {
                let search = Search {
                    resource_type: kind.to_owned(),
                    parameters: Phi::new(Vec::new()),
                    page: PageRequest { after, limit: 100 },
                };
                let page = self.store.search(&search).await.unwrap();
                for stored in page.items {
                    let mut value: Value = serde_json::from_slice(stored.json.expose_phi()).unwrap();
                    let meta = value["meta"].as_object_mut().unwrap();
                    meta.remove("versionId");
                    meta.remove("lastUpdated");
                    if meta.is_empty() {
                        value.as_object_mut().unwrap().shift_remove("meta");
                    }
                    all.insert(stored.key.to_string(), value);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        all
    }

    pub(crate) fn entries(&self) -> HashMap<EntryId, AuditEntry> {
        self.trail.0.lock().unwrap().clone()
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<EventKind> = self.entries().values().map(|entry| entry.event.kind).collect();
        kinds.sort_by_key(|kind| format!("{kind:?}"));
        kinds
    }

    pub(crate) async fn notices_waiting(&self) -> Vec<QueueReference> {
        let received = self.notices().receive(10, Duration::ZERO).await.unwrap();
        received.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect()
    }
}

/// What a step of the enricher did: `Type` or reason, by effect.
pub(crate) fn effects(stage: &Stage) -> Vec<String> {
    let Stage::Enriched { effects, .. } = stage else { panic!("not read") };
    let mut said: Vec<String> = effects
        .iter()
        .map(|one| {
            let kind = one.resource.split('/').next().unwrap();
            format!("{kind} {:?} {}", one.effect, one.why.as_deref().unwrap_or("-"))
        })
        .collect();
    said.sort();
    said
}

pub(crate) fn counts(stage: &Stage) -> BTreeMap<String, u32> {
    let Stage::Enriched { entities, .. } = stage else { panic!("not read") };
    entities.clone()
}
