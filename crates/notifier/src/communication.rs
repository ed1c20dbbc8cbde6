//! The FHIR Communication of a notice: that a provider was told, or why not. Nothing clinical stands in it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use zorgsluis_domain::notice::{NoticeId, NoticeOrder, Protection};
use zorgsluis_domain::port::{FhirStore, Precondition, Provider, ResourceKey, TransactionError, Write};
use zorgsluis_domain::text::Language;
use zorgsluis_domain::{EntryId, Phi, PortError};

use crate::Ports;
use crate::letter::event_name;
use crate::trail::Trail;

/// How often a write is tried when others write the same resource.
const ATTEMPTS: usize = 8;
const REASON: &str = "https://zorgsluis.github.io/fhir/CodeSystem/notice-reason";

/// Where a notice stands, for the Communication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status<'a> {
    /// It is about to be sent.
    InProgress,
    /// The mail was handed over; at this time, where it is known; with what the receiver said of it.
    Completed(Option<Timestamp>, Option<&'a str>),
    /// It is not sent, by a wish or rule.
    NotDone(&'a str),
    /// The mail system refused it.
    Stopped(&'a str),
    /// Nobody can tell.
    Unknown(&'a str),
}

/// A Communication to be written.
pub(crate) struct Communication<'a> {
    pub(crate) notice: NoticeId,
    pub(crate) order: &'a NoticeOrder,
    pub(crate) patient: Uuid,
    pub(crate) provider: &'a Provider,
    pub(crate) sender: &'a str,
    pub(crate) protection: Option<Protection>,
    pub(crate) status: Status<'a>,
}

/// The key of the Communication of a notice.
pub(crate) fn key(notice: NoticeId) -> ResourceKey {
    ResourceKey::new("Communication", notice.to_string())
}

/// What the Communication of a notice says of it; `None` when there is none.
pub(crate) async fn status(store: &dyn FhirStore, notice: NoticeId) -> Result<Option<String>, PortError> {
    let stored = store.read(&[key(notice)]).await?.pop().flatten().filter(|stored| !stored.deleted);
    Ok(stored.and_then(|stored| {
        let said: Value = serde_json::from_slice(stored.json.expose_phi()).ok()?;
        said.get("status")?.as_str().map(str::to_owned)
    }))
}

impl Communication<'_> {
    /// Writes it unless it stands so; before that, the entry that it will be. Adds the ids of entries.
    pub(crate) async fn write(
        &self,
        ports: &Ports,
        trail: &Trail<'_>,
        entries: &mut Vec<EntryId>,
    ) -> Result<(), PortError> {
        const OPERATION: &str = "notifier.communication";
        let key = key(self.notice);
        for _ in 0..ATTEMPTS {
            let standing = ports.fhir.read(std::slice::from_ref(&key)).await?.pop().flatten();
            let version = standing.as_ref().map_or(1, |stored| stored.version.saturating_add(1));
            let standing = standing.filter(|stored| !stored.deleted);
            let mut resource = self.resource();
            if let Some(stored) = &standing {
                let Ok(Value::Object(mut said)) = serde_json::from_slice(stored.json.expose_phi()) else {
                    return Err(PortError::Damaged { operation: OPERATION, reason: String::from("no JSON") });
                };
                // A delivery that comes late does not take back what another completed.
                let late =
                    self.status == Status::InProgress && said.get("status") == Some(&json!("completed"));
                // Version and time are the store's.
                said.remove("meta");
                // When it went is known once, and stays known.
                if let (Status::Completed(None, Some(_)), Some(sent)) = (self.status, said.get("sent"))
                    && let Some(resource) = resource.as_object_mut()
                {
                    resource.insert(String::from("sent"), sent.clone());
                }
                if late || Value::Object(said) == resource {
                    return Ok(());
                }
            }
            let entry = trail.communication(self.notice, version, &resource, ports.clock.now());
            ports.audit.record(std::slice::from_ref(&entry)).await?;
            if !entries.contains(&entry.id) {
                entries.push(entry.id);
            }
            let precondition =
                standing.map_or(Precondition::Absent, |stored| Precondition::Version(stored.version));
            let json = Phi::new(resource.to_string().into_bytes());
            let write = Write::Put { key: key.clone(), json, precondition };
            match ports.fhir.transaction(&[write]).await {
                Ok(_) => return Ok(()),
                Err(TransactionError::Conflict(_)) => {}
                Err(TransactionError::Port(error)) => return Err(error),
            }
        }
        Err(PortError::Conflict { operation: OPERATION })
    }

    fn resource(&self) -> Value {
        let coding = |system: &str, code: &str, display: &str| json!({ "coding": [{ "system": system, "code": code, "display": display }] });
        let (status, why, sent) = match self.status {
            Status::InProgress => ("in-progress", None, None),
            Status::Completed(at, why) => ("completed", why, at),
            Status::NotDone(why) => ("not-done", Some(why), None),
            Status::Stopped(why) => ("stopped", Some(why), None),
            Status::Unknown(why) => ("unknown", Some(why), None),
        };
        let mut resource = Map::new();
        let mut set = |name: &str, value: Value| resource.insert(name.to_owned(), value);
        set("resourceType", json!("Communication"));
        set("id", json!(self.notice.to_string()));
        set("language", json!("nl"));
        set("status", json!(status));
        if let Some(why) = why {
            set("statusReason", json!({ "coding": [{ "system": REASON, "code": why }] }));
        }
        let category = "http://terminology.hl7.org/CodeSystem/communication-category";
        set("category", json!([coding(category, "notification", "Notification")]));
        let medium = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode";
        set("medium", json!([coding(medium, "EMAILWRIT", "email")]));
        set("subject", json!({ "reference": format!("Patient/{}", self.patient) }));
        let about: Vec<Value> = self
            .order
            .about
            .iter()
            .filter(|about| ResourceKey::parse(about).is_some())
            .map(|about| json!({ "reference": about }))
            .collect();
        if !about.is_empty() {
            set("about", Value::Array(about));
        }
        if let Some(encounter) = self.order.encounter {
            set("encounter", json!({ "reference": format!("Encounter/{encounter}") }));
        }
        if let Some(sent) = sent {
            set("sent", json!(sent));
        }
        set("recipient", json!([self.recipient()]));
        set("sender", json!({ "type": "Organization", "display": self.sender }));
        set("payload", json!([{ "contentString": self.text() }]));
        Value::Object(resource)
    }

    /// A logical reference: the provider stands in the directory, not in the store.
    fn recipient(&self) -> Value {
        let mut recipient = json!({ "type": "Practitioner", "display": self.provider.name });
        let official = "http://fhir.nl/fhir/NamingSystem/";
        let known = &self.provider.identifiers;
        let best = known.iter().find(|known| known.system.starts_with(official)).or(known.first());
        if let (Some(best), Some(recipient)) = (best, recipient.as_object_mut()) {
            let mut identifier = Map::new();
            if best.system.starts_with("http") || best.system.starts_with("urn:") {
                identifier.insert(String::from("system"), json!(best.system));
            }
            identifier.insert(String::from("value"), json!(best.value));
            recipient.insert(String::from("identifier"), Value::Object(identifier));
        }
        recipient
    }

    fn text(&self) -> String {
        let event = event_name(self.order.event, Language::Dutch);
        match self.protection {
            Some(Protection::Smime) => format!("Melding van {event}, ondertekend en versleuteld per e-mail"),
            Some(Protection::WithoutPhi) => {
                format!("Melding van {event}, per e-mail zonder inhoud, met een link")
            }
            None => format!("Melding van {event}"),
        }
    }
}
