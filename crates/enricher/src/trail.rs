//! The entries of the NEN 7513 log about the reading of notes.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::{
    AccessMethod, Action, Event, EventKind, Object, ObjectRole, PatientObject, PurposeOfUse, Source, User,
};
use zorgsluis_domain::port::{ResourceKey, StoredResource};
use zorgsluis_domain::{AuditEntry, Effect, EntryId, MessageId};

use crate::engine::EngineName;
use crate::identity::canonical;
use crate::note::Document;
use crate::plan::Plan;

/// What every entry about one message has in common. The ids of entries are made from the message and
/// what was done: a second delivery gives the same ones, which the log keeps once.
pub(crate) struct Trail<'a> {
    pub(crate) message: MessageId,
    pub(crate) received: Timestamp,
    pub(crate) traceparent: Option<&'a str>,
    /// The event of the message, `ADT^A01`.
    pub(crate) trigger: Option<&'a str>,
    pub(crate) source: &'a Source,
    pub(crate) now: Timestamp,
}

impl Trail<'_> {
    /// Recorded before a document is read by an engine.
    pub(crate) fn of_reading(&self, document: &Document, patient: Option<Uuid>) -> AuditEntry {
        let name = format!("read {} {}", document.key, document.version);
        self.entry(&name, Event::success(EventKind::ResourceRead, Action::Read), patient)
            .with_resources([(document.key.to_string(), Some(document.version))])
    }

    /// Recorded before what is known of the patient is used to mask a note.
    pub(crate) fn of_known(&self, people: &[StoredResource], patient: Option<Uuid>) -> AuditEntry {
        let all: Vec<_> = people.iter().map(|one| (one.key.to_string(), Some(one.version))).collect();
        let names: Vec<String> = people.iter().map(|one| format!("{} {}", one.key, one.version)).collect();
        let name = format!("known {}", names.join(" "));
        self.entry(&name, Event::success(EventKind::ResourceRead, Action::Read), patient).with_resources(all)
    }

    /// Recorded before a text goes to an engine outside.
    pub(crate) fn of_disclosure(
        &self,
        document: &Document,
        attachment: u32,
        engine: &EngineName,
        masked: bool,
        patient: Option<Uuid>,
    ) -> AuditEntry {
        let name = format!("disclose {} {} {attachment} {}", document.key, document.version, engine.name);
        let mut entry = self
            .entry(&name, Event::success(EventKind::Disclosure, Action::Read), patient)
            .with_resources([(document.key.to_string(), Some(document.version))]);
        entry.users.push(User::system(engine.name.clone(), false));
        entry.legal_basis.checks.extend(masked.then(|| String::from("de-identified")));
        entry
    }

    /// Recorded before a plan is carried out.
    pub(crate) fn of_plan(&self, plan: &Plan, patient: Option<Uuid>) -> Vec<AuditEntry> {
        let digest = digest(plan);
        let kinds = [
            (Effect::Created, EventKind::ResourceCreate, Action::Create, "create"),
            (Effect::Changed, EventKind::ResourceUpdate, Action::Update, "update"),
        ];
        let entries = kinds.into_iter().filter_map(|(effect, kind, action, name)| {
            let written: Vec<(String, Option<u64>)> = plan
                .writes
                .iter()
                .filter(|write| write.effect == effect)
                .map(|write| (write.key.to_string(), Some(write.version)))
                .collect();
            let name = format!("write {name} {digest}");
            (!written.is_empty())
                .then(|| self.entry(&name, Event::success(kind, action), patient).with_resources(written))
        });
        entries.collect()
    }

    fn entry(&self, name: &str, mut event: Event, patient: Option<Uuid>) -> AuditEntry {
        let id = EntryId::derived(self.received, &format!("enrich {} {name}", self.message));
        event.trigger = self.trigger.filter(|trigger| !trigger.is_empty()).map(str::to_owned);
        let enricher = User {
            purpose: Some(PurposeOfUse::Treatment),
            ..User::system(self.source.source_id.clone(), true)
        };
        let mut entry =
            AuditEntry::new(id, self.now, event, enricher, AccessMethod::Queue, self.source.clone());
        entry.patient = patient.map(|patient| PatientObject { reference: format!("Patient/{patient}") });
        entry.objects.push(Object::new(ObjectRole::Message, self.message.to_string()));
        entry.traceparent = self.traceparent.map(str::to_owned);
        entry
    }
}

/// Tells one plan from another: what is written, over which versions, to what.
fn digest(plan: &Plan) -> Uuid {
    let mut name = String::new();
    for write in &plan.writes {
        name.push_str(&keyed(&write.key, write.version));
        canonical(&serde_json::Value::Object(write.resource.clone()), &mut name);
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

fn keyed(key: &ResourceKey, version: u64) -> String {
    format!("{key} {version} ")
}
