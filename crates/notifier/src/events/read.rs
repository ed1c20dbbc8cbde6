//! The events of SES on the wire.
//!
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>; EventBridge puts them
//! under `detail`.

use jiff::Timestamp;
use serde::Deserialize;
use zorgsluis_domain::Phi;
use zorgsluis_domain::notice::NoticeId;
use zorgsluis_worker::ProcessError;

use super::settle::{BOUNCED, NOT_RENDERED, REJECTED};

/// The tag by which a mail is known; the mailer sets it.
const TAG: &str = "notice";

/// What an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The mail system has it: sent, delivered, or delayed.
    Taken,
    /// It came back for now, or for no known reason: a mailbox that is full, an answer of a machine. SES tries no
    /// more; nobody can tell whether it was read.
    PerhapsBounced,
    /// It arrived, and the receiver complained.
    Complained,
    /// It came back for good: there is no such mailbox.
    Bounced,
    /// It did not go: a virus in it, or nothing that is a mail.
    NotSent(&'static str),
}

impl Told {
    /// Its name in log lines and entries of the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taken => "mail-taken",
            Self::PerhapsBounced => super::settle::PERHAPS_BOUNCED,
            Self::Complained => super::settle::COMPLAINED,
            Self::Bounced => BOUNCED,
            Self::NotSent(why) => why,
        }
    }
}

/// An event about a mail of ours.
#[derive(Debug, Clone)]
pub struct MailEvent {
    /// What it says.
    pub told: Told,
    /// The notice, by the mail's tag.
    pub notice: NoticeId,
    /// What SES calls the mail: its receipt.
    pub mail: String,
    /// When SES took the mail.
    pub sent: Timestamp,
    /// When it happened.
    pub at: Timestamp,
    /// The addresses that it is about.
    pub recipients: Phi<Vec<String>>,
}

#[derive(Deserialize)]
struct Envelope {
    detail: Published,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: Timestamp,
    message_id: String,
    #[serde(default)]
    tags: std::collections::BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

impl MailEvent {
    /// Reads what the queue holds: an event of EventBridge, or what SES publishes by itself. `None` when it is about
    /// no mail with a notice's tag, or of a kind of which nothing is made (opened, clicked).
    ///
    /// # Errors
    ///
    /// [`ProcessError::Refused`] when it is neither.
    pub fn read(body: &str) -> Result<Option<Self>, ProcessError> {
        // serde's errors quote values.
        let published = serde_json::from_str::<Envelope>(body)
            .map(|envelope| envelope.detail)
            .or_else(|_| serde_json::from_str::<Published>(body))
            .map_err(|_| unreadable("mail-event-unreadable", "the body is no event of the mail system"))?;
        let Published { event_type, mail, bounce, complaint } = published;
        let tag = mail.tags.get(TAG).and_then(|values| values.first());
        let Some(notice) = tag.and_then(|tag| tag.parse().ok()) else { return Ok(None) };
        let incomplete = || unreadable("mail-event-incomplete", "the event lacks what its kind demands");
        let mut recipients = Vec::new();
        let mut at = mail.timestamp;
        let told = match event_type.as_str() {
            "Send" | "Delivery" | "DeliveryDelay" => Told::Taken,
            "Bounce" => {
                let bounce = bounce.ok_or_else(incomplete)?;
                (recipients, at) = (bounce.bounced_recipients, bounce.timestamp);
                if bounce.bounce_type == "Permanent" { Told::Bounced } else { Told::PerhapsBounced }
            }
            "Complaint" => {
                let complaint = complaint.ok_or_else(incomplete)?;
                (recipients, at) = (complaint.complained_recipients, complaint.timestamp);
                Told::Complained
            }
            "Reject" => Told::NotSent(REJECTED),
            "Rendering Failure" | "RenderingFailure" => Told::NotSent(NOT_RENDERED),
            "Open" | "Click" | "Subscription" => return Ok(None),
            _ => return Err(unreadable("mail-event-unknown", "the event is of a kind that is not known")),
        };
        let recipients = recipients.into_iter().map(|recipient| bare(&recipient.email_address)).collect();
        Ok(Some(Self {
            told,
            notice,
            mail: mail.message_id,
            sent: mail.timestamp,
            at,
            recipients: Phi::new(recipients),
        }))
    }
}

fn unreadable(code: &str, text: &str) -> ProcessError {
    ProcessError::refused(code, None, text)
}

/// `"De Brug" <praktijk@brug.example>` → `praktijk@brug.example`.
fn bare(address: &str) -> String {
    let inner = address.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
    inner.unwrap_or(address).trim().to_owned()
}
