//! What ingest asks of a sender's profile.

use hl7v2::{Charset, Message};
use zorgsluis_domain::Phi;

/// What becomes of an event that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unsupported {
    /// Accepted and stored; the converter puts it to the dead letters, from where it can be replayed once
    /// it is supported.
    #[default]
    Keep,
    /// Refused (AR, CR) and not stored, so that a resend cannot double it.
    Reject,
}

/// Whether an application acknowledgement is sent in enhanced mode (HL7 v2.5.1 §2.9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApplicationAck {
    /// None: the accept acknowledgement is all that the sender gets.
    #[default]
    None,
    /// AA as soon as the message is durable, as far as MSH-16 asks for it.
    OnAccept,
}

/// What the profile of a sender says, as far as ingest needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name of the profile; stands in the journal, in audit entries and in metrics.
    pub profile: String,
    /// Reads messages in this character set whatever MSH-18 says.
    pub character_set: Option<Charset>,
    /// What becomes of an event that is not supported.
    pub unsupported: Unsupported,
    /// Application acknowledgements in enhanced mode.
    pub application_ack: ApplicationAck,
}

/// The identifier by which a sender knows a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientIdentifier {
    /// The system, a URI (or, for an authority without one, a name that is the same for every message of
    /// that sender).
    pub system: String,
    /// The value.
    pub value: Phi<String>,
}

impl PatientIdentifier {
    /// What its pseudonyms are made of: system and value.
    pub(crate) fn parts(&self) -> [&[u8]; 2] {
        [self.system.as_bytes(), self.value.expose_phi().as_bytes()]
    }
}

/// The senders' profiles.
pub trait SenderRules: Send + Sync {
    /// The profile of a sending application (MSH-3) and facility (MSH-4). A sender without a profile of its
    /// own has the default one.
    fn sender(&self, application: &str, facility: &str) -> Sender;

    /// The identifier in PID-3 that this sender's profile names as its own. `None` when the message names
    /// no patient.
    fn patient(&self, message: &Message<'_>) -> Option<PatientIdentifier>;

    /// Whether a conversion is written for the message's event.
    fn supports(&self, message: &Message<'_>) -> bool;
}
