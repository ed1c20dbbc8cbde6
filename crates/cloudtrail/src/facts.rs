//! What the entries of the log say, as far as CloudTrail can tell of the same.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::{EventKind, ObjectRole, Outcome};
use zorgsluis_domain::{AuditEntry, EntryId, MessageId};

/// When an entry was recorded, and which it is.
pub(crate) type Logged = (Timestamp, EntryId);

/// An entry that announced writes.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) logged: Logged,
    pub(crate) message: Option<MessageId>,
    /// The function that said so.
    pub(crate) function: &'static str,
}

/// What the log says.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Entries that name a message, by the message.
    pub(crate) messages: HashMap<Uuid, Vec<Logged>>,
    /// That a message was taken in and worked on.
    pub(crate) imported: BTreeMap<Uuid, Logged>,
    /// Entries that name a resource.
    pub(crate) resources: HashMap<String, Vec<Logged>>,
    pub(crate) announced: Vec<Announced>,
    /// Disclosures, by the notice.
    pub(crate) disclosed: BTreeMap<Uuid, Logged>,
    pub(crate) erased: Vec<Timestamp>,
    /// Direct access past the system, recorded by whoever did it; and what was copied out.
    pub(crate) direct: Vec<Timestamp>,
    pub(crate) exported: Vec<Timestamp>,
    /// When the last entry was recorded.
    pub(crate) end: Option<Timestamp>,
}

impl Facts {
    pub(crate) fn take(&mut self, id: EntryId, entry: &AuditEntry) {
        let logged = (entry.recorded, id);
        self.end = self.end.max(Some(entry.recorded));
        // What another system reports of its own stores explains nothing of what was done to these.
        if entry.reported.is_some() {
            return;
        }
        let mut message = None;
        for object in &entry.objects {
            match object.role {
                ObjectRole::Message => {
                    if let Ok(id) = object.id.parse::<Uuid>() {
                        self.messages.entry(id).or_default().push(logged);
                        message = message.or(Some(MessageId(id)));
                    }
                }
                ObjectRole::Resource => {
                    self.resources.entry(object.id.clone()).or_default().push(logged);
                }
                _ => {}
            }
        }
        if let Some(patient) = &entry.patient {
            self.resources.entry(patient.reference.clone()).or_default().push(logged);
        }
        let succeeded = entry.event.outcome == Outcome::Success;
        let versioned = || {
            let mut resources = entry.objects.iter().filter(|object| object.role == ObjectRole::Resource);
            resources.any(|object| object.version.is_some())
        };
        match entry.event.kind {
            kind if succeeded && kind.writes() => {
                if let (EventKind::Import, Some(message)) = (entry.event.kind, message) {
                    self.imported.entry(message.0).or_insert(logged);
                }
                if versioned() {
                    let function = function(&entry.source.source_id);
                    self.announced.push(Announced { logged, message, function });
                }
            }
            EventKind::Disclosure if succeeded => {
                let notices =
                    entry.objects.iter().filter_map(|object| object.id.strip_prefix("Communication/"));
                for notice in notices.filter_map(|id| id.parse().ok()) {
                    self.disclosed.entry(notice).or_insert(logged);
                }
            }
            EventKind::Erasure if succeeded => self.erased.push(entry.recorded),
            EventKind::DirectAccess => self.direct.push(entry.recorded),
            EventKind::Export => self.exported.push(entry.recorded),
            _ => {}
        }
    }
}

/// The function that a source names.
fn function(source: &str) -> &'static str {
    ["enricher", "notifier"].into_iter().find(|name| source.contains(name)).unwrap_or("converter")
}
