//! What is written into the NEN 7513 log about a notice.
//!
//! Ids are made from the message and what the entry says, so that a second delivery writes the same one.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::audit::{
    AccessMethod, Application, Deed, EntryBuilder, NetworkAccessPoint, Object, ObjectRole, PurposeOfUse,
    Source, User,
};
use zorgsluis_domain::notice::{Notice, NoticeId};
use zorgsluis_domain::port::{Provider, ResourceKey};
use zorgsluis_domain::{AuditEntry, EntryId, QueueReference, Way};

use crate::communication;

const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";
const UZI: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers";

#[derive(Clone)]
pub(crate) struct Trail<'a> {
    source: &'a Source,
    reference: &'a QueueReference,
    patient: Uuid,
    sender: String,
    trigger: String,
    replays: usize,
}

impl<'a> Trail<'a> {
    pub(crate) fn new(
        source: &'a Source,
        reference: &'a QueueReference,
        patient: Uuid,
        way: Option<&Way>,
    ) -> Self {
        let (sender, trigger) = way.and_then(Way::origin).unwrap_or(("unknown", ""));
        let (sender, trigger) = (sender.to_owned(), trigger.to_owned());
        let replays = way.map(Way::replays).unwrap_or_default();
        Self { source, reference, patient, sender, trigger, replays }
    }

    /// Before a mail is handed over: to whom, about whom, what it tells; and when an operator asked for it to be
    /// sent again, if one did.
    pub(crate) fn disclosure(
        &self,
        notice: NoticeId,
        provider: &Provider,
        address: &str,
        read: &[(ResourceKey, u64)],
        again: Option<Timestamp>,
        now: Timestamp,
    ) -> AuditEntry {
        // What is read again later in another version is told of in another entry.
        let told: Vec<String> = read.iter().map(|(key, version)| format!("{key} {version}")).collect();
        let mut name = format!("disclose {notice} {address} {}", told.join(" "));
        if let Some(again) = again {
            name.push_str(&format!(" again {again}"));
        }
        let read = read.iter().map(|(key, version)| (key.to_string(), Some(*version)));
        self.entry(self.id(&name), told_to(provider, Some(address), notice), now).resources(read).build()
    }

    /// Before the Communication of a notice is written: which version it will be. One for each version and state.
    pub(crate) fn communication(
        &self,
        notice: NoticeId,
        version: u64,
        resource: &Value,
        now: Timestamp,
    ) -> AuditEntry {
        let status = resource.get("status").and_then(Value::as_str).unwrap_or_default();
        let key = communication::key(notice);
        let deed = if version == 1 { Deed::created() } else { Deed::updated() };
        let name = format!("communication {notice} {version} {status}");
        self.entry(self.id(&name), deed, now).resources([(key.to_string(), Some(version))]).build()
    }

    /// A mail did not go, or perhaps not, although the log says that it would.
    pub(crate) fn failed(&self, line: &Notice, provider: &Provider, why: &str, now: Timestamp) -> AuditEntry {
        let name = format!("failed {} {why} {}", line.id, line.changed);
        // The register tells both times, to a delivery and to an operator's decision alike: one entry.
        let id = EntryId::derived(line.reserved, &format!("notify {name}"));
        self.entry(id, told_to(provider, None, line.id).failed(why), now).build()
    }

    /// Somebody whom the message names is not told.
    pub(crate) fn refused(
        &self,
        at: &str,
        why: &str,
        provider: Option<(&Provider, NoticeId)>,
        now: Timestamp,
    ) -> AuditEntry {
        let name = format!("refused {} {at} {why} {}", self.reference.message, self.replays);
        let entry = self.entry(self.id(&name), Deed::refused(why), now);
        match provider {
            Some((provider, notice)) => entry
                .user(user(provider, None))
                .resources([(communication::key(notice).to_string(), None)])
                .build(),
            None => entry.build(),
        }
    }

    fn id(&self, name: &str) -> EntryId {
        EntryId::derived(self.reference.received, &format!("notify {name}"))
    }

    fn entry(&self, id: EntryId, deed: Deed, now: Timestamp) -> EntryBuilder {
        let sender =
            User { purpose: Some(PurposeOfUse::Treatment), ..User::system(self.sender.clone(), true) };
        AuditEntry::of(deed.triggered_by(Some(&self.trigger)))
            .at(id, now)
            .by(sender)
            .through(AccessMethod::Internal, Application::zorgsluis())
            .reported_by(self.source.clone())
            .user(User::system("zorgsluis", false))
            .patient(format!("Patient/{}", self.patient))
            .message(self.reference.message.to_string())
            .traceparent(self.reference.traceparent.clone())
    }
}

/// That a provider is told, with the Communication that says so.
fn told_to(provider: &Provider, address: Option<&str>, notice: NoticeId) -> Deed {
    let communication = Object::new(ObjectRole::Resource, communication::key(notice).to_string());
    Deed::disclosed(user(provider, address), communication)
}

fn user(provider: &Provider, address: Option<&str>) -> User {
    let of = |system: &str| {
        provider.identifiers.iter().find(|known| known.system == system).map(|known| known.value.clone())
    };
    User {
        name: Some(provider.name.clone()),
        network: address.map(|address| NetworkAccessPoint::Uri(format!("mailto:{address}"))),
        agb: of(AGB),
        uzi: of(UZI),
        purpose: Some(PurposeOfUse::Treatment),
        ..User::system(provider.id.to_string(), false)
    }
}
