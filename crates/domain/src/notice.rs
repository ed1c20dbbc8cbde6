//! Notices: what a provider is told of a patient.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{MessageId, Phi};

/// What happened in a message that somebody may want to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotifiedEvent {
    /// A01.
    Admission,
    /// A02.
    Transfer,
    /// A03.
    Discharge,
    /// A04, A28.
    Registration,
    /// R01.
    Result,
}

impl NotifiedEvent {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Admission, Self::Transfer, Self::Discharge, Self::Registration, Self::Result];

    /// Its name, as profiles and registers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::Transfer => "transfer",
            Self::Discharge => "discharge",
            Self::Registration => "registration",
            Self::Result => "result",
        }
    }

    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// An identifier of a provider or patient: system (a URI) and value.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessIdentifier {
    /// The identifier system: a URI, or `authority:<name>` or `sender:<facility>` where none is known.
    pub system: String,
    /// The identifier.
    pub value: String,
}

impl fmt::Debug for BusinessIdentifier {
    /// The system only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusinessIdentifier").field("system", &self.system).finish_non_exhaustive()
    }
}

/// Somebody whom a message names as one to be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRecipient {
    /// The place of the field: `PD1[1]-4[1]`.
    pub at: String,
    /// How the message identifies the provider.
    #[serde(default)]
    pub identifiers: Vec<BusinessIdentifier>,
    /// An e-mail address that stands there. It is never written to; it must be that of the directory. Where
    /// several different ones stand there, all of them with a blank between: that is no address, and equals none
    /// of the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What this one is told of, `Type/id`, where that is not all of [`NoticeOrder::about`]: the reports that he
    /// ordered. Empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

/// What the converter asks of the notifier: who is to be told of what. Kept sealed beside the message,
/// under the name [`NoticeOrder::NOTE`]. Holds PHI. As in [`crate::QueueReference`], a reader ignores fields that he
/// does not know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeOrder {
    /// Version of this shape, 1. A change that an older reader must not pass over raises it.
    pub v: u8,
    /// What happened.
    pub event: NotifiedEvent,
    /// Whom it happened to, by the id under which the patient was known when the message was applied.
    pub patient: Uuid,
    /// Patients who hold an identifier of this one, perhaps the same person: if one of them has opted out,
    /// nobody is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perhaps: Vec<Uuid>,
    /// The visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<Uuid>,
    /// When it happened, a FHIR dateTime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<String>,
    /// What the event is about beside patient and visit, `Type/id`: the reports of a result. A recipient with a
    /// list of his own ([`NamedRecipient::about`]) is told of that only.
    #[serde(default)]
    pub about: Vec<String>,
    /// Whom the message names, in the order of the profile.
    pub recipients: Vec<NamedRecipient>,
    /// The fields that the profile names (`PD1-4`) and that hold nobody.
    #[serde(default)]
    pub empty: Vec<String>,
}

impl NoticeOrder {
    /// The name under which it is kept beside its message.
    pub const NOTE: &'static str = "notice";
}

impl fmt::Debug for NoticeOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeOrder")
            .field("event", &self.event)
            .field("recipients", &self.recipients.len())
            .finish_non_exhaustive()
    }
}

/// The id of a notice: one for each message and provider. It is the tag by which a mail is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(pub Uuid);

impl NoticeId {
    /// The notice about a message to a provider.
    #[must_use]
    pub fn of(message: MessageId, provider: Uuid) -> Self {
        let name = [message.0.as_bytes().as_slice(), provider.as_bytes()].concat();
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, &name))
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for NoticeId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// How a notice is protected on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// S/MIME, signed and encrypted for the provider's certificate.
    Smime,
    /// No PHI in it: a link.
    WithoutPhi,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeState {
    /// It is about to be sent. A crash leaves it so.
    Reserved,
    /// The mail was handed over.
    Sent,
    /// The mail system refused it for good.
    Refused,
    /// Nobody can tell whether it was handed over: an operator decides.
    Unknown,
    /// An operator decided that it is not sent.
    Dropped,
}

impl NoticeState {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Dropped => "dropped",
        }
    }

    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reserved, Self::Sent, Self::Refused, Self::Unknown, Self::Dropped]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A line of the notice register. Holds no PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The message that it is about.
    pub message: MessageId,
    /// The provider in the directory.
    pub provider: Uuid,
    /// What happened.
    pub event: NotifiedEvent,
    /// How it is protected.
    pub protection: Protection,
    /// Where it stands.
    pub state: NoticeState,
    /// When it was reserved.
    pub reserved: Timestamp,
    /// When its state changed last.
    pub changed: Timestamp,
    /// What the mail system called it.
    pub receipt: Option<String>,
    /// Why it stands so: a code in kebab-case.
    pub why: Option<String>,
}

/// What became of one whom a message names as one to be told. Holds no PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeStep {
    /// The place in the message: `PD1[1]-4[1]`.
    pub at: String,
    /// The notice, when the provider is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// The provider in the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Uuid>,
    /// What became of it.
    pub outcome: NoticeOutcome,
    /// How the notice is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// Why, a code in kebab-case: `address-mismatch`, `opted-out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeOutcome {
    /// It was sent now.
    Sent,
    /// It had been sent before: nothing was done.
    SentBefore,
    /// It is not sent, by a wish or rule: opt-out, inactive provider, provider named twice.
    Withheld,
    /// It is not sent because something is wrong: provider not in the directory, another address.
    Refused,
    /// Nobody can tell whether it was sent: an operator decides.
    Unknown,
}

/// A mail, ready to be handed over.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// The notice, the tag by which the mail is found again.
    pub notice: NoticeId,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient, from the directory.
    pub to: String,
    /// The mail (RFC 5322), lines ending in CRLF.
    pub message: Phi<Vec<u8>>,
}
