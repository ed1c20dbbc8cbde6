use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::MessageId;

/// What travels through the queues (inbound, notes, notices): a reference to a stored payload. Holds no PHI.
///
/// Whoever reads one ignores fields that he does not know, so that a new version of the software may add some
/// while an older one still works on the queue:
///
/// ```
/// # let json = r#"{"v":1,"message":"00000000-0000-8000-8000-000000000001","received":"2026-11-02T08:30:00Z",
/// #     "priority":3}"#;
/// let reference: zorgsluis_domain::QueueReference = serde_json::from_str(json)?;
/// assert_eq!(reference.v, 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueReference {
    /// Version of this shape, 1. A change that an older reader must not pass over raises it.
    pub v: u8,
    /// The message; its payload is stored under the same id.
    pub message: MessageId,
    /// When it was accepted.
    pub received: Timestamp,
    /// W3C traceparent of the request that brought it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The name of the system that the sender has proved to be, by its client certificate, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<String>,
    /// The network address from which it came: of a system, no PHI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// Behind the converter: whether somebody may have to be told ([`crate::notice::NoticeOrder`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify: bool,
}

impl QueueReference {
    /// A reference in the present shape.
    pub const fn new(message: MessageId, received: Timestamp) -> Self {
        Self { v: 1, message, received, traceparent: None, authenticated: None, peer: None, notify: false }
    }
}

/// How a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Over the MLLP listener.
    Mllp,
    /// `POST /hl7`.
    Http,
    /// Straight into the queue, as raw HL7 in the body.
    Queue,
}

/// What became of one resource when a message was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEffect {
    /// `Type/id` of the resource (ids are name-based UUIDs and hold no PHI).
    pub resource: String,
    /// `created`, `changed`, or `unchanged`.
    pub effect: Effect,
    /// Why it was left as it was, or which rule applied, for example `older-than-stored`. A fixed
    /// vocabulary, never a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What an applied message did to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It was not there.
    Created,
    /// It stands in a new version.
    Changed,
    /// It was left as it was.
    Unchanged,
}

/// One stage of a message's way. Holds no PHI: counts, codes and places only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its bytes are durable in the payload store.
    Received {
        /// How it came.
        transport: Transport,
        /// The name of the sender's profile.
        sender: String,
        /// Message type and event, `ADT^A01`; empty when MSH-9 has not this shape.
        event: String,
        /// MSH-10; empty when its shape does not rule out that it names a person.
        control_id: String,
        /// Size in bytes.
        bytes: u64,
        /// The network address from which it came, when that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<IpAddr>,
    },
    /// A reference stands in the inbound queue.
    Queued,
    /// The sender has its acknowledgement.
    Acknowledged {
        /// MSA-1.
        code: String,
    },
    /// It came again; nothing was done a second time.
    Duplicate,
    /// It became a Bundle.
    Converted {
        /// Fields that stand in the Bundle.
        mapped: u32,
        /// Fields left out by a named decision.
        ignored: u32,
        /// Places of fields that were not understood.
        unmapped: Vec<String>,
        /// Places and codes of warnings, `PID[1]-7[1].1 invalid-date`.
        warnings: Vec<String>,
    },
    /// The Bundle stands in the FHIR store.
    Applied {
        /// Resource by resource.
        effects: Vec<StepEffect>,
    },
    /// Its notes were read.
    Enriched {
        /// The engine, `zorgsluis-recogniser`.
        engine: String,
        /// Its version, vocabulary included.
        version: String,
        /// How many notes were read.
        notes: u32,
        /// How many entities of each category were found: `MEDICAL_CONDITION`.
        entities: std::collections::BTreeMap<String, u32>,
        /// What was written and withdrawn, resource by resource.
        effects: Vec<StepEffect>,
    },
    /// Providers were told, or not.
    Notified {
        /// What happened.
        event: crate::notice::NotifiedEvent,
        /// One by one, whom the message names.
        notices: Vec<crate::notice::NoticeStep>,
    },
    /// An entry about it stands in the audit log.
    Audited {
        /// Ids of the entries.
        entries: Vec<crate::EntryId>,
    },
    /// It stands with the dead letters.
    Parked {
        /// Kebab-case reason, for example `unsupported-event`.
        code: String,
        /// Place in the message, when known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// It was taken back from the dead letters into the queue.
    Replayed,
}

/// A stage and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayStep {
    /// When.
    pub at: Timestamp,
    /// What.
    pub stage: Stage,
}

/// The way of one message, oldest step first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The message.
    pub message: MessageId,
    /// Its steps.
    pub steps: Vec<WayStep>,
}

impl Way {
    /// The stages since the message was taken back into the queue last (or all), the oldest first.
    pub fn since_replay(&self) -> impl DoubleEndedIterator<Item = &Stage> {
        let last = self.steps.iter().rposition(|step| matches!(step.stage, Stage::Replayed));
        self.steps.iter().skip(last.map_or(0, |at| at + 1)).map(|step| &step.stage)
    }

    /// The sender's profile and the event, as the journal shows them; none when the message was not received
    /// in the ordinary way.
    #[must_use]
    pub fn origin(&self) -> Option<(&str, &str)> {
        self.steps.iter().find_map(|step| match &step.stage {
            Stage::Received { sender, event, .. } => Some((sender.as_str(), event.as_str())),
            _ => None,
        })
    }

    /// The network address from which the message came, when the journal knows it.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.steps.iter().find_map(|step| match &step.stage {
            Stage::Received { peer, .. } => *peer,
            _ => None,
        })
    }

    /// How often the message was taken back into the queue.
    #[must_use]
    pub fn replays(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.stage, Stage::Replayed)).count()
    }
}
