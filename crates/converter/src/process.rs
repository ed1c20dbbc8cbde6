//! One message from the queue: converted, reported, applied, and its way written down.
//!
//! [`Processor`] is the use case behind the Lambda function ([`crate::lambda`]) and behind the worker of
//! `zorgsluis serve` ([`work`]). However often a message is delivered, it has one effect:
//!
//! * ids, plan and audit entries are made from the message, so a second run makes the same ones;
//! * `apply` changes nothing where the same was said before;
//! * what the journal says is done is not done again, until a replay.
//!
//! A message that can never succeed is parked: an entry in the audit log, a dead letter with reason and
//! place, a step in the journal. A fault in this software is such a reason too (`panic`).

mod outcome;
mod sender;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hl7v2::Message;
use jiff::Timestamp;
use zorgsluis_domain::audit::{AccessMethod, Action, Event, EventKind, Object, ObjectRole, Source, User};
use zorgsluis_domain::port::{
    AuditSink, DeadLetter, DeadLetters, FhirStore, Journal, KeyOwner, Keys, PatientIndex, Payload,
    PayloadStore, Put, Received,
};
use zorgsluis_domain::{
    AuditEntry, Clock, EntryId, MessageId, PortError, Purpose, QueueReference, Stage, Transport, Way,
};

pub use sender::{message_id, patient_of, shown_control_id, shown_event};
pub use worker::work;

use crate::apply::{Applied, Apply, ApplyError, Delivery, Prepared};
use crate::convert::{ConvertOptions, convert};
use crate::lambda::{Process, ProcessError};
use crate::profile::Demographics;

/// The name under which the report of a conversion is kept beside its message: an OperationOutcome.
pub const REPORT: &str = "conversion";

/// Places in one step of the journal at most; the report beside the message has all.
const PLACES: usize = 500;

/// The ports that processing works over.
#[derive(Clone)]
pub struct Ports {
    /// The raw messages.
    pub payloads: Arc<dyn PayloadStore>,
    /// The resources.
    pub fhir: Arc<dyn FhirStore>,
    /// Whose identifier is whose.
    pub patients: Arc<dyn PatientIndex>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// The way of each message.
    pub journal: Arc<dyn Journal>,
    /// What was set aside.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Processes messages. Cheap to clone.
#[derive(Clone)]
pub struct Processor {
    ports: Ports,
    options: Arc<ConvertOptions>,
    apply: Apply,
    source: Source,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is applied.
    Done,
    /// It can never succeed, and stands with the dead letters.
    Parked,
    /// Trouble that may pass: back to the queue, with the rest of its group, for this long.
    Retry(Duration),
}

/// A converted message, owned.
struct Converted {
    said: Prepared,
    stage: Stage,
    report: Vec<u8>,
    owner: KeyOwner,
}

impl Processor {
    /// Takes the ports, profiles and key, and the organisation that audit entries name.
    pub fn new(ports: Ports, options: ConvertOptions, organisation: &str) -> Self {
        let apply = Apply::new(
            Arc::clone(&ports.fhir),
            Arc::clone(&ports.patients),
            Arc::clone(&ports.keys),
            Arc::clone(&ports.audit),
            Arc::clone(&ports.clock),
            organisation,
        );
        let source = apply.source().clone();
        Self { ports, options: Arc::new(options), apply, source }
    }

    /// Processes what was received from the queue: a reference, or a raw message.
    pub async fn deliver(&self, received: &Received) -> Outcome {
        let reference: Option<QueueReference> = serde_json::from_str(&received.body).ok();
        let message = match reference {
            Some(ref reference) => reference.message,
            None => match self.accept(received.body.as_bytes(), received.sent).await {
                Ok(message) => message,
                Err(error) => return retry(received, &error),
            },
        };
        let processor = self.clone();
        let traceparent = reference.as_ref().and_then(|reference| reference.traceparent.clone());
        // A task of its own: a panic ends the task, not the worker.
        let ended = tokio::spawn(async move { processor.run(message, traceparent).await }).await;
        let (code, at, text) = match ended {
            Ok(Ok(())) => return self.how_it_ended(message, received).await,
            Ok(Err(ProcessError::Refused { code, at, text })) => (code, at, text),
            Ok(Err(ProcessError::Port(error))) if goes_back(&error) => return retry(received, &error),
            Ok(Err(ProcessError::Port(error))) => (error.code().to_owned(), None, error.to_string()),
            Err(_) => panicked(),
        };
        let letter = DeadLetter {
            message,
            group: received.group.clone(),
            received: reference.map_or(received.sent, |reference| reference.received),
            parked: self.ports.clock.now(),
            code,
            at,
            text,
            attempts: received.receive_count,
        };
        match self.park(&letter).await {
            Ok(()) => Outcome::Parked,
            Err(error) => retry(received, &error),
        }
    }

    /// Done or parked: a message that was parked in an earlier delivery is not processed again.
    async fn how_it_ended(&self, message: MessageId, received: &Received) -> Outcome {
        match self.ports.journal.get(message).await {
            Ok(way) => match way.as_ref().and_then(last_end) {
                Some(Stage::Parked { .. }) => Outcome::Parked,
                _ => Outcome::Done,
            },
            Err(error) => retry(received, &error),
        }
    }

    /// Converts and applies a stored message.
    async fn run(&self, message: MessageId, traceparent: Option<String>) -> Result<(), ProcessError> {
        let way = self.ports.journal.get(message).await?;
        if way.as_ref().and_then(last_end).is_some() {
            return Ok(());
        }
        let payload = self.ports.payloads.get(message).await?;
        let delivery = Delivery { message, received: payload.received, traceparent };
        let converted = self.convert(&payload, &delivery)?;
        self.ports.payloads.put_note(message, &converted.owner, REPORT, &converted.report).await?;
        match self.apply.apply_prepared(&converted.said, &delivery).await {
            Ok(applied) => self.done(message, converted.stage, applied).await,
            Err(ApplyError::Port(error)) => Err(error.into()),
            Err(ApplyError::Contended) => Err(PortError::Conflict { operation: "apply" }.into()),
            Err(error @ ApplyError::NotJson) => Err(refused("not-json", None, error.to_string())),
            Err(ApplyError::Refused { code, text }) => Err(refused(code, None, text.to_owned())),
        }
    }

    async fn done(&self, message: MessageId, converted: Stage, applied: Applied) -> Result<(), ProcessError> {
        let stages = [
            converted,
            Stage::Applied { effects: applied.effects },
            Stage::Audited { entries: applied.entries },
        ];
        self.ports.journal.record(message, self.ports.clock.now(), &stages).await?;
        Ok(())
    }

    /// Converts; a panic becomes a refusal.
    fn convert(&self, payload: &Payload, delivery: &Delivery) -> Result<Converted, ProcessError> {
        let converted = catch_unwind(AssertUnwindSafe(|| {
            let conversion = convert(payload.bytes.expose_phi(), &self.options)
                .map_err(|refusal| refused(refusal.code, Some(refusal.at.clone()), refusal.text))?;
            let line = conversion.report("queue", 0);
            let owner =
                conversion.patients.first().and_then(|patient| patient.identifiers.first()).map_or_else(
                    || KeyOwner::Sender(conversion.profile.to_owned()),
                    |first| self.owner(first.expose_phi()),
                );
            let said = Prepared::new(&conversion, delivery)
                .map_err(|error| refused("not-json", None, error.to_string()))?;
            let profile = self.options.profiles.by_name(conversion.profile);
            let fills = profile.is_some_and(|profile| profile.demographics == Demographics::Fill);
            let said = if fills { said.filling() } else { said };
            let report = outcome::operation_outcome(&line);
            Ok(Converted { said, stage: outcome::stage(&line, PLACES), report, owner })
        }));
        converted.unwrap_or_else(|_| {
            let (code, at, text) = panicked();
            Err(ProcessError::Refused { code, at, text })
        })
    }

    fn owner(&self, patient: &crate::PatientIdentifier) -> KeyOwner {
        let parts = [patient.system.as_bytes(), patient.value.as_bytes()];
        KeyOwner::Patient(self.ports.keys.pseudonym(Purpose::KeyOwner, &parts))
    }

    /// The entry about a refusal. One for each time that a message is set aside: again after a replay.
    fn refusal(&self, letter: &DeadLetter, way: Option<&Way>) -> AuditEntry {
        let steps = way.map(|way| way.steps.as_slice()).unwrap_or_default();
        let replays = steps.iter().filter(|step| matches!(step.stage, Stage::Replayed)).count();
        let name = format!("park {} {} {replays}", letter.message, letter.code);
        let (sender, trigger) = steps
            .iter()
            .find_map(|step| match &step.stage {
                Stage::Received { sender, event, .. } => Some((sender.clone(), event.clone())),
                _ => None,
            })
            .unwrap_or_else(|| (String::from("unknown"), String::new()));
        let mut event = Event::failure(EventKind::Refusal, Action::Execute, letter.code.clone());
        event.trigger = Some(trigger).filter(|trigger| !trigger.is_empty());
        let mut entry = AuditEntry::new(
            EntryId::derived(letter.received, &name),
            letter.parked,
            event,
            User::system(sender, true),
            AccessMethod::Queue,
            self.source.clone(),
        );
        entry.users.push(User::system("zorgsluis", false));
        entry.objects.push(Object::new(ObjectRole::Message, letter.message.to_string()));
        entry
    }
}

#[async_trait]
impl Process for Processor {
    async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError> {
        let message = Message::parse(raw).ok();
        let profile = message.as_ref().map(|message| self.options.profiles.for_message(message));
        let id = message_id(self.ports.keys.as_ref(), message.as_ref(), raw);
        let sender = profile.map_or("unknown", |profile| profile.name.as_str());
        let patient =
            message.as_ref().zip(profile).and_then(|(message, profile)| patient_of(message, profile));
        let owner =
            patient.map_or_else(|| KeyOwner::Sender(sender.to_owned()), |patient| self.owner(&patient));
        let stage = Stage::Received {
            transport: Transport::Queue,
            sender: sender.to_owned(),
            event: message.as_ref().map(sender::event).unwrap_or_default(),
            control_id: message.as_ref().map(sender::control_id).unwrap_or_default(),
            bytes: raw.len() as u64,
        };
        drop(message);
        if self.ports.payloads.put(id, &owner, received, raw).await? == Put::Created {
            self.ports.journal.record(id, received, &[stage]).await?;
        }
        Ok(id)
    }

    async fn process(&self, message: MessageId) -> Result<(), ProcessError> {
        self.run(message, None).await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        let way = self.ports.journal.get(letter.message).await?;
        if matches!(way.as_ref().and_then(last_end), Some(Stage::Parked { .. })) {
            return Ok(());
        }
        let entry = self.refusal(letter, way.as_ref());
        let id = entry.id;
        self.ports.audit.record(&[entry]).await?;
        self.ports.dead_letters.park(letter).await?;
        let parked = Stage::Parked { code: letter.code.clone(), at: letter.at.clone() };
        let stages = [Stage::Audited { entries: vec![id] }, parked];
        self.ports.journal.record(letter.message, letter.parked, &stages).await
    }
}

/// The step with which the way ended, if it did since the last replay.
fn last_end(way: &Way) -> Option<&Stage> {
    way.steps
        .iter()
        .rev()
        .map(|step| &step.stage)
        .take_while(|stage| !matches!(stage, Stage::Replayed))
        .find(|stage| matches!(stage, Stage::Applied { .. } | Stage::Parked { .. }))
}

fn refused(code: &str, at: Option<String>, text: String) -> ProcessError {
    ProcessError::Refused { code: code.to_owned(), at, text }
}

fn panicked() -> (String, Option<String>, String) {
    let text = String::from("the software failed on this message; it is not the sender's fault");
    (String::from("panic"), None, text)
}

/// Others wrote in between, or a service is away: later.
fn goes_back(error: &PortError) -> bool {
    error.is_transient() || matches!(error, PortError::Conflict { .. })
}

/// Longer with each delivery, unless the service says how long.
fn retry(received: &Received, error: &PortError) -> Outcome {
    let asked = match error {
        PortError::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    };
    let longer = Duration::from_millis(250_u64 << received.receive_count.min(8));
    Outcome::Retry(asked.unwrap_or(longer))
}
