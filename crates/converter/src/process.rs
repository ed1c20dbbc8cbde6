//! One message from the queue: converted, reported, applied, and its way written down.
//!
//! [`Processor`] is the use case behind the inbound queue ([`zorgsluis_worker::Process`]). However often a
//! message is delivered, it has one effect:
//!
//! * ids, plan and audit entries are made from the message, so a second run makes the same ones;
//! * `apply` changes nothing where the same was said before;
//! * what the journal says is done is not done again, until a replay.
//!
//! A message with notes goes on to the queue of the enricher, one of which somebody may have to be told to
//! that of the notifier (behind the enricher, when it has both). A message that can never succeed is parked.

mod outcome;
mod sender;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hl7v2::Message;
use jiff::Timestamp;
use zorgsluis_domain::notice::NoticeOrder;
use zorgsluis_domain::port::{
    AuditSink, DeadLetter, DeadLetters, FhirStore, Journal, KeyOwner, Keys, PatientIndex, Payload,
    PayloadStore, Queue,
};
use zorgsluis_domain::{Clock, MessageId, PortError, Purpose, QueueReference, Stage, Way};
use zorgsluis_worker::{Parking, Process, ProcessError, send_on};

pub use sender::{message_id, patient_of, shown_control_id, shown_event};

use crate::apply::{Applied, Apply, ApplyError, Delivery, Prepared};
use crate::conversion::Conversion;
use crate::convert::{ConvertOptions, convert};
use crate::notice::Notice;
use crate::profile::Demographics;

/// The name under which the report of a conversion is kept beside its message: an OperationOutcome.
pub const REPORT: &str = "conversion";

/// Places in one step of the journal at most; the report beside the message has all.
const PLACES: usize = 500;

/// Bytes of a message that is converted where it may take its time, so that nobody else's message waits for it:
/// conversion goes at some twenty megabytes a second.
const LARGE: usize = 256 * 1024;

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
    /// The queue of the enricher.
    pub notes: Arc<dyn Queue>,
    /// The queue of the notifier.
    pub notices: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Processes messages. Cheap to clone.
#[derive(Clone)]
pub struct Processor {
    ports: Ports,
    options: Arc<ConvertOptions>,
    apply: Apply,
    parking: Parking,
    unmapped: Arc<AtomicU64>,
}

/// A converted message, owned.
struct Converted {
    said: Prepared,
    stage: Stage,
    report: Vec<u8>,
    owner: KeyOwner,
    notice: Option<NoticeOrder>,
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
        let parking = Parking {
            payloads: Arc::clone(&ports.payloads),
            keys: Arc::clone(&ports.keys),
            journal: Arc::clone(&ports.journal),
            dead_letters: Arc::clone(&ports.dead_letters),
            audit: Arc::clone(&ports.audit),
            source: apply.source().clone(),
        };
        Self { ports, options: Arc::new(options), apply, parking, unmapped: Arc::default() }
    }

    /// Fields that were not understood, in all messages that were converted since the start; of a message that
    /// was delivered twice they count twice.
    #[must_use]
    pub fn unmapped(&self) -> u64 {
        self.unmapped.load(Ordering::Relaxed)
    }

    /// Converts and applies a stored message, and sends it on.
    async fn run(&self, reference: &QueueReference, group: &str) -> Result<(), ProcessError> {
        let message = reference.message;
        let way = self.ports.journal.get(message).await?;
        if way.as_ref().is_some_and(has_ended) {
            return Ok(());
        }
        let payload = self.ports.payloads.get(message).await?;
        let delivery = Delivery {
            message,
            received: payload.received,
            traceparent: reference.traceparent.clone(),
            authenticated: reference.authenticated.clone(),
            peer: reference.peer,
        };
        let received = payload.received;
        let converted = self.convert_aside(payload, &delivery).await?;
        self.ports.payloads.put_note(message, &converted.owner, REPORT, &converted.report).await?;
        let applied = match self.apply.apply_prepared(&converted.said, &delivery).await {
            Ok(applied) => applied,
            Err(ApplyError::Port(error)) => return Err(error.into()),
            Err(ApplyError::Contended) => return Err(PortError::Conflict { operation: "apply" }.into()),
            Err(error @ ApplyError::NotJson) => {
                return Err(ProcessError::refused("not-json", None, error.to_string()));
            }
            Err(ApplyError::Refused { code, text }) => return Err(ProcessError::refused(code, None, text)),
        };
        let replays = way.as_ref().map(Way::replays).unwrap_or_default();
        let Converted { stage, owner, notice, .. } = converted;
        let notify = match notice {
            Some(order) => self.keep_order(message, &owner, order, &applied).await?,
            None => false,
        };
        let reference = QueueReference { received, notify, ..reference.clone() };
        self.send_on(&reference, group, replays, &applied).await?;
        let stages =
            [stage, Stage::Applied { effects: applied.effects }, Stage::Audited { entries: applied.entries }];
        self.ports.journal.record(message, self.ports.clock.now(), &stages).await?;
        Ok(())
    }

    /// Keeps what the notifier is to do beside the message. The patient is the one whom the message was
    /// applied to, who may be known under another id than the message alone gives.
    async fn keep_order(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        mut order: NoticeOrder,
        applied: &Applied,
    ) -> Result<bool, ProcessError> {
        if let Some(patient) = applied.patients.first() {
            order.patient = *patient;
        }
        order.perhaps = applied.conflicts.iter().map(|conflict| conflict.holder).collect();
        let json = serde_json::to_vec(&order)
            .map_err(|error| ProcessError::refused("not-json", None, error.to_string()))?;
        self.ports.payloads.put_note(message, owner, NoticeOrder::NOTE, &json).await?;
        Ok(true)
    }

    /// To the enricher, when there are notes; else to the notifier, when somebody may have to be told.
    async fn send_on(
        &self,
        reference: &QueueReference,
        group: &str,
        replays: usize,
        applied: &Applied,
    ) -> Result<(), ProcessError> {
        let notes = applied.effects.iter().any(|effect| effect.resource.starts_with("DocumentReference/"));
        let (queue, name) = match (notes, reference.notify) {
            (true, _) => (&self.ports.notes, "notes"),
            (false, true) => (&self.ports.notices, "notices"),
            (false, false) => return Ok(()),
        };
        send_on(&**queue, reference, group, format!("{}-{name}-{replays}", reference.message)).await?;
        Ok(())
    }

    /// Converts; a large message in a thread for such work.
    async fn convert_aside(&self, payload: Payload, delivery: &Delivery) -> Result<Converted, ProcessError> {
        if payload.bytes.expose_phi().len() <= LARGE {
            return self.convert(&payload, delivery);
        }
        let (processor, delivery) = (self.clone(), delivery.clone());
        let converting = tokio::task::spawn_blocking(move || processor.convert(&payload, &delivery));
        converting.await.unwrap_or_else(|_| Err(ProcessError::panicked()))
    }

    /// Converts; a panic becomes a refusal.
    fn convert(&self, payload: &Payload, delivery: &Delivery) -> Result<Converted, ProcessError> {
        let converted = catch_unwind(AssertUnwindSafe(|| {
            let conversion = convert(payload.bytes.expose_phi(), &self.options).map_err(|refusal| {
                ProcessError::refused(refusal.code, Some(refusal.at.clone()), refusal.text)
            })?;
            let line = conversion.report("queue", 0);
            let unmapped = u64::try_from(line.unmapped.len()).unwrap_or(u64::MAX);
            self.unmapped.fetch_add(unmapped, Ordering::Relaxed);
            let owner =
                conversion.patients.first().and_then(|patient| patient.identifiers.first()).map_or_else(
                    || KeyOwner::Sender(conversion.profile.to_owned()),
                    |first| self.owner(first.expose_phi()),
                );
            let said = Prepared::new(&conversion, delivery)
                .map_err(|error| ProcessError::refused("not-json", None, error.to_string()))?;
            let profile = self.options.profiles.by_name(conversion.profile);
            let fills = profile.is_some_and(|profile| profile.demographics == Demographics::Fill);
            let said = if fills { said.filling() } else { said };
            let report = outcome::operation_outcome(&line);
            let notice = notice_order(&conversion);
            Ok(Converted { said, stage: outcome::stage(&line, PLACES), report, owner, notice })
        }));
        converted.unwrap_or_else(|_| Err(ProcessError::panicked()))
    }

    fn owner(&self, patient: &crate::PatientIdentifier) -> KeyOwner {
        let parts = [patient.system.as_bytes(), patient.value.as_bytes()];
        KeyOwner::Patient(self.ports.keys.pseudonym(Purpose::KeyOwner, &parts))
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
        let event = message.as_ref().map(sender::event).unwrap_or_default();
        let control_id = message.as_ref().map(sender::control_id).unwrap_or_default();
        let shown = [sender.to_owned(), event, control_id];
        drop(message);
        self.parking.store(id, &owner, received, raw, shown).await?;
        Ok(id)
    }

    async fn process(&self, reference: &QueueReference, group: &str) -> Result<(), ProcessError> {
        self.run(reference, group).await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
        self.parking.park(letter).await
    }
}

/// Whether the way ended since the last replay, as far as this stage goes.
fn has_ended(way: &Way) -> bool {
    way.since_replay().any(|stage| matches!(stage, Stage::Applied { .. } | Stage::Parked { .. }))
}

/// What the notifier is to do, if the sender's profile tells somebody of this event.
fn notice_order(conversion: &Conversion<'_>) -> Option<NoticeOrder> {
    let Notice { event, patient, encounter, occurred, about, recipients, empty } =
        conversion.notice.clone()?;
    Some(NoticeOrder {
        v: 1,
        event,
        patient,
        perhaps: Vec::new(),
        encounter,
        occurred,
        about,
        recipients,
        empty,
    })
}
