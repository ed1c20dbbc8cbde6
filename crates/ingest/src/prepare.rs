//! From bytes to everything that accepting needs to know. Of the ports only the pseudonyms are asked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hl7v2::ack::{Condition, Header, Problem};
use hl7v2::{Limits, Message, ParseOptions, Place};
use zorgsluis_converter::process::{message_id, shown_control_id, shown_event};
use zorgsluis_domain::port::{KeyOwner, Keys};
use zorgsluis_domain::{MessageId, Purpose};

use crate::{PatientIdentifier, Refusal, Sender, SenderRules, Unsupported};

/// What the header says, fit for journal and audit log.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) sender: Sender,
    /// `ADT^A01`; empty when it has not this shape.
    pub(crate) event: String,
    pub(crate) control_id: String,
}

impl Facts {
    /// As far as the header can be read; of bytes without one, the default profile.
    pub(crate) fn of(header: &Header<'_>, rules: &dyn SenderRules) -> Self {
        Self {
            sender: rules.sender(&header.component(3, 1), &header.component(4, 1)),
            event: shown_event(&header.component(9, 1), &header.component(9, 2)),
            control_id: shown_control_id(&header.component(10, 1)),
        }
    }
}

/// A message that can be accepted.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) message: MessageId,
    pub(crate) owner: KeyOwner,
    pub(crate) group: String,
}

/// Reads a message.
///
/// A panic of the parser or of a profile is caught here: one message hurts only itself.
pub(crate) fn prepare(
    bytes: &[u8],
    limits: Limits,
    sender: &Sender,
    rules: &dyn SenderRules,
    keys: &dyn Keys,
) -> Result<Prepared, Refusal> {
    catch_unwind(AssertUnwindSafe(|| read(bytes, limits, sender, rules, keys))).unwrap_or_else(|_| {
        Err(Refusal {
            code: "internal-error",
            at: None,
            text: "the message could not be read because of a fault in this software".to_owned(),
            condition: Condition::Internal,
        })
    })
}

fn read(
    bytes: &[u8],
    limits: Limits,
    sender: &Sender,
    rules: &dyn SenderRules,
    keys: &dyn Keys,
) -> Result<Prepared, Refusal> {
    let options = ParseOptions { limits, charset: sender.character_set };
    let message = Message::parse_with(bytes, &options).map_err(|error| {
        let Problem { condition, place, text, .. } = Problem::from(&error);
        Refusal { code: error.code(), at: place, text: text.into_owned(), condition }
    })?;
    if sender.unsupported == Unsupported::Reject && !rules.supports(&message) {
        return Err(unsupported());
    }
    let id = message_id(keys, Some(&message), bytes);
    let patient = rules.patient(&message);
    Ok(Prepared {
        message: id,
        owner: owner(patient.as_ref(), &sender.profile, keys),
        group: group(patient.as_ref(), &sender.profile, keys),
    })
}

/// The group of the inbound queue: the pseudonym of the patient, else of the sender.
fn group(patient: Option<&PatientIdentifier>, sender: &str, keys: &dyn Keys) -> String {
    let pseudonym = match patient {
        Some(patient) => keys.pseudonym(Purpose::QueueGroup, &patient.parts()),
        None => keys.pseudonym(Purpose::QueueGroup, &[b"sender", sender.as_bytes()]),
    };
    pseudonym.to_string()
}

/// Whose key protects the payload: the patient's, else the sender's.
fn owner(patient: Option<&PatientIdentifier>, sender: &str, keys: &dyn Keys) -> KeyOwner {
    match patient {
        Some(patient) => KeyOwner::Patient(keys.pseudonym(Purpose::KeyOwner, &patient.parts())),
        None => KeyOwner::Sender(sender.to_owned()),
    }
}

fn unsupported() -> Refusal {
    Refusal {
        code: "unsupported-event",
        at: Some(Place { repetition: 1, component: 2, ..Place::of_field(*b"MSH", 1, 9) }),
        text: "the event is not supported, and the profile of the sender refuses such messages".to_owned(),
        condition: Condition::UnsupportedEvent,
    }
}
