//! The entries of the NEN 7513 log about the reading of notes.

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::{
    AccessMethod, Application, Deed, EntryBuilder, LegalBasis, Object, ObjectRole, PurposeOfUse, Source, User,
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
        self.entry(&name, Deed::read(), patient)
            .resources([(document.key.to_string(), Some(document.version))])
            .build()
    }

    /// Recorded before what is known of the patient is used to mask a note.
    pub(crate) fn of_known(&self, people: &[StoredResource], patient: Option<Uuid>) -> AuditEntry {
        let all: Vec<_> = people.iter().map(|one| (one.key.to_string(), Some(one.version))).collect();
        let names: Vec<String> = people.iter().map(|one| format!("{} {}", one.key, one.version)).collect();
        let name = format!("known {}", names.join(" "));
        self.entry(&name, Deed::read(), patient).resources(all).build()
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
        let checks = masked.then(|| String::from("de-identified")).into_iter().collect();
        let text = Object {
            version: Some(document.version),
            ..Object::new(ObjectRole::Resource, document.key.to_string())
        };
        let deed = Deed::disclosed(User::system(engine.name.clone(), false), text);
        self.entry(&name, deed, patient).legal_basis(LegalBasis { checks, ..LegalBasis::default() }).build()
    }

    /// Recorded before a plan is carried out.
    pub(crate) fn of_plan(&self, plan: &Plan, patient: Option<Uuid>) -> Vec<AuditEntry> {
        let digest = digest(plan);
        let kinds =
            [(Effect::Created, Deed::created(), "create"), (Effect::Changed, Deed::updated(), "update")];
        let entries = kinds.into_iter().filter_map(|(effect, deed, name)| {
            let written: Vec<(String, Option<u64>)> = plan
                .writes
                .iter()
                .filter(|write| write.effect == effect)
                .map(|write| (write.key.to_string(), Some(write.version)))
                .collect();
            let name = format!("write {name} {digest}");
            (!written.is_empty()).then(|| self.entry(&name, deed, patient).resources(written).build())
        });
        entries.collect()
    }

    fn entry(&self, name: &str, deed: Deed, patient: Option<Uuid>) -> EntryBuilder {
        let id = EntryId::derived(self.received, &format!("enrich {} {name}", self.message));
        let enricher = User {
            purpose: Some(PurposeOfUse::Treatment),
            ..User::system(self.source.source_id.clone(), true)
        };
        AuditEntry::of(deed.triggered_by(self.trigger))
            .at(id, self.now)
            .by(enricher)
            .through(AccessMethod::Queue, Application::zorgsluis())
            .reported_by(self.source.clone())
            .patient_if_any(patient.map(|patient| format!("Patient/{patient}")))
            .message(self.message.to_string())
            .traceparent(self.traceparent.map(str::to_owned))
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
