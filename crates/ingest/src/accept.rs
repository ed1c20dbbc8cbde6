//! Accepting messages: durable first, acknowledged after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hl7v2::ack::{Condition, Header};
use hl7v2::{Message, ParseError, ParseOptions, batch};
use jiff::Timestamp;
use zorgsluis_domain::audit::{
    AccessMethod, Application, Deed, NetworkAccessPoint, Source as AuditSource, User,
};
use zorgsluis_domain::port::{Outgoing, Put, Queue};
use zorgsluis_domain::{AuditEntry, EntryId, PortError, Purpose, QueueReference, Stage, Transport};

use crate::acknowledge::acknowledgements;
use crate::counters::Counters;
use crate::gate::Gate;
use crate::prepare::{Facts, Prepared, prepare};
use crate::proof::Proof;
use crate::sweep::Watermark;
use crate::trouble::Trouble;
use crate::{
    Accepted, Acknowledgement, Count, Ports, Refusal, RefusedMessage, SenderRules, Settings, Source, Verdict,
};

/// Accepts messages, for the MLLP listener as for `POST /hl7`.
pub struct Ingest {
    pub(crate) ports: Ports,
    pub(crate) rules: Arc<dyn SenderRules>,
    pub(crate) settings: Settings,
    gate: Gate,
    counters: Counters,
    serial: AtomicU64,
    pub(crate) swept: Watermark,
    trouble: Trouble,
    /// Where entries of the log go back to that were set aside.
    pub(crate) audit_queue: Option<Arc<dyn Queue>>,
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ingest").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Ingest {
    /// Ingest over these ports, with these profiles.
    pub fn new(ports: Ports, rules: Arc<dyn SenderRules>, settings: Settings) -> Self {
        let gate = Gate::new(settings.queue_limit);
        Self {
            ports,
            rules,
            settings,
            gate,
            counters: Counters::default(),
            serial: AtomicU64::new(0),
            swept: Watermark::default(),
            trouble: Trouble::default(),
            audit_queue: None,
        }
    }

    /// Accepts one message, and says what to answer.
    ///
    /// When a positive acknowledgement comes back, the raw message and its reference in the queue are
    /// durable. It never fails: trouble becomes a negative acknowledgement with which the sender may try
    /// again, and what was done until then is recognised. The caller keeps the order of one connection by
    /// accepting its messages one after the other.
    pub async fn accept(&self, bytes: &[u8], source: &Source) -> Accepted {
        let now = self.ports.clock.now();
        let header = Header::read(bytes);
        let facts = Facts::of(&header, self.rules.as_ref());
        let prepared = self.prepare(bytes, &facts);
        let message = prepared.as_ref().ok().map(|prepared| prepared.message);
        let (verdict, refusal) = match &prepared {
            Ok(prepared) => self.store(bytes, prepared, source, now).await,
            Err(refusal) => self.refuse(bytes, &facts, refusal, source, now).await,
        };
        self.note(source.transport, verdict, now);
        log(verdict, refusal.as_ref());
        let acknowledgements = self.acknowledge(&header, &facts, verdict, refusal.as_ref(), now);
        let message = message.filter(|_| verdict.is_positive());
        let accepted = Accepted { verdict, acknowledgements, message, refusal };
        self.journal(&accepted, &facts, bytes.len(), source, now).await;
        accepted
    }

    /// Accepts whatever one request or frame brought: a message, several, or a batch (FHS, BHS). Each
    /// message of a batch is accepted on its own, in order, and has its own acknowledgements.
    ///
    /// A batch of more than [`Settings::batch_limit`] messages is refused as a whole.
    pub async fn accept_all(&self, bytes: &[u8], source: &Source) -> Vec<Accepted> {
        let options = ParseOptions { limits: self.settings.limits, charset: None };
        let several = matches!(
            Message::parse_with(bytes, &options),
            Err(ParseError::BatchEnvelope { .. } | ParseError::SecondHeader { .. })
        );
        if !several {
            return vec![self.accept(bytes, source).await];
        }
        if batch::messages(bytes).nth(self.settings.batch_limit).is_some() {
            return vec![self.refuse_batch(bytes, source).await];
        }
        let mut all = Vec::new();
        for entry in batch::messages(bytes) {
            all.push(self.accept(entry.bytes, source).await);
        }
        if all.is_empty() {
            // An envelope around nothing.
            all.push(self.accept(b"", source).await);
        }
        all
    }

    async fn refuse_batch(&self, bytes: &[u8], source: &Source) -> Accepted {
        let now = self.ports.clock.now();
        let refusal = Refusal {
            code: "batch-too-long",
            at: None,
            text: format!("more than {} messages in one batch", self.settings.batch_limit),
            condition: Condition::ValueTooLong,
        };
        let header = Header::read(bytes);
        let facts = Facts::of(&header, self.rules.as_ref());
        let (verdict, refusal) = self.refuse(bytes, &facts, &refusal, source, now).await;
        self.note(source.transport, verdict, now);
        log(verdict, refusal.as_ref());
        let acknowledgements = self.acknowledge(&header, &facts, verdict, refusal.as_ref(), now);
        Accepted { verdict, acknowledgements, message: None, refusal }
    }

    /// Notes that a frame was refused before it was a message: too long, cut off, empty. `head` is its
    /// beginning, as far as it was kept; the listener answers by itself, and negatively in any case.
    pub async fn refuse_frame(&self, head: &[u8], refusal: &Refusal, source: &Source) -> Verdict {
        let now = self.ports.clock.now();
        let facts = Facts::of(&Header::read(head), self.rules.as_ref());
        let (verdict, refusal) = self.refuse(head, &facts, refusal, source, now).await;
        self.note(source.transport, verdict, now);
        log(verdict, refusal.as_ref());
        verdict
    }

    pub(crate) fn prepare(&self, bytes: &[u8], facts: &Facts) -> Result<Prepared, Refusal> {
        let (rules, keys) = (self.rules.as_ref(), self.ports.keys.as_ref());
        prepare(bytes, self.settings.limits, &facts.sender, rules, keys)
    }

    fn acknowledge(
        &self,
        header: &Header<'_>,
        facts: &Facts,
        verdict: Verdict,
        refusal: Option<&Refusal>,
        now: Timestamp,
    ) -> Vec<Acknowledgement> {
        let application_ack = facts.sender.application_ack;
        acknowledgements(header, application_ack, verdict, refusal, now, || self.serial())
    }

    /// The durable part: the name that the sender proved, if any; raw message, then reference. Nothing else
    /// stands between a message and its acknowledgement.
    async fn store(
        &self,
        bytes: &[u8],
        prepared: &Prepared,
        source: &Source,
        now: Timestamp,
    ) -> (Verdict, Option<Refusal>) {
        let done = async {
            if !self.gate.admit(self.ports.queue.as_ref(), now).await? {
                return Ok(Verdict::Busy);
            }
            if let Some(name) = &source.authenticated
                && !self.ports.journal.was_queued(prepared.message).await?
            {
                // Before the message: once that is stored, the sweep may find it.
                let proof = Proof::new(name.clone(), source.transport, source.address());
                proof.keep(self.ports.payloads.as_ref(), prepared.message, &prepared.owner).await?;
            }
            let put = self.ports.payloads.put(prepared.message, &prepared.owner, now, bytes).await?;
            if put == Put::AlreadyThere && self.ports.journal.was_queued(prepared.message).await? {
                return Ok(Verdict::Duplicate);
            }
            // Created, or there already but never queued: a crash came in between.
            let mut reference = QueueReference::new(prepared.message, now);
            reference.traceparent = source.traceparent.clone().filter(|text| is_traceparent(text));
            reference.authenticated.clone_from(&source.authenticated);
            reference.peer = source.address();
            self.enqueue(&reference, &prepared.group, prepared.message.to_string()).await?;
            Ok::<_, PortError>(Verdict::Accepted)
        };
        match done.await {
            Ok(Verdict::Busy) => (Verdict::Busy, Some(busy())),
            Ok(verdict) => (verdict, None),
            Err(error) => (Verdict::Unavailable, Some(unavailable(&error))),
        }
    }

    /// Puts one reference into the queue.
    pub(crate) async fn enqueue(
        &self,
        reference: &QueueReference,
        group: &str,
        deduplication: String,
    ) -> Result<(), PortError> {
        let outgoing = Outgoing { body: body(reference)?, group: group.to_owned(), deduplication };
        match self.ports.queue.send(&[outgoing]).await?.into_iter().next() {
            Some(result) => result.map(|_| ()),
            None => Err(PortError::unavailable("queue.send", "no result for the message")),
        }
    }

    /// A refusal is an entry of the audit log. As long as it cannot be written, the sender is asked to come
    /// back.
    async fn refuse(
        &self,
        bytes: &[u8],
        facts: &Facts,
        refusal: &Refusal,
        source: &Source,
        now: Timestamp,
    ) -> (Verdict, Option<Refusal>) {
        let content = self.ports.keys.pseudonym(Purpose::Message, &[bytes]);
        let name = format!("refusal {content} {}", self.serial());
        let profile = facts.sender.profile.as_str();
        let mut user = User::system(source.sender(profile), true);
        user.alternate_id = source.authenticated.as_ref().map(|_| profile.to_owned());
        user.network = source.peer.clone().map(NetworkAccessPoint::Ip);
        let access = match source.transport {
            Transport::Mllp => AccessMethod::Mllp,
            Transport::Http => AccessMethod::Http,
            Transport::Queue => AccessMethod::Queue,
        };
        let entry = AuditEntry::of(Deed::refused(refusal.code).triggered_by(Some(&facts.event)))
            .at(EntryId::derived(now, &name), now)
            .by(user)
            .through(access, Application::zorgsluis())
            .reported_by(self.audit_source())
            .traceparent(source.traceparent.clone().filter(|text| is_traceparent(text)))
            .build();
        match self.ports.audit.record(&[entry]).await {
            Ok(()) => {
                self.counters.refused(now, source.transport, &facts.sender.profile, refusal);
                (Verdict::Refused, Some(refusal.clone()))
            }
            Err(error) => (Verdict::Unavailable, Some(unavailable(&error))),
        }
    }

    /// Tells the journal. The message is durable by now, so that trouble here is no reason to keep its
    /// acknowledgement back: the sweep finds a message that the journal does not know as queued, and a
    /// second delivery has no second effect.
    async fn journal(
        &self,
        accepted: &Accepted,
        facts: &Facts,
        bytes: usize,
        source: &Source,
        now: Timestamp,
    ) {
        let Some(message) = accepted.message else { return };
        let received = Stage::Received {
            transport: source.transport,
            sender: source.sender(&facts.sender.profile).to_owned(),
            event: facts.event.clone(),
            control_id: facts.control_id.clone(),
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            peer: source.address(),
        };
        let acknowledged = accepted
            .acknowledgements
            .iter()
            .map(|acknowledgement| Stage::Acknowledged { code: acknowledgement.code.to_string() });
        let told = async {
            let mut stages = if accepted.duplicate() {
                // A crash, or the sweep after it, may have left the way without its beginning.
                let way = self.ports.journal.get(message).await?;
                let known = way.is_some_and(|way| {
                    way.steps.iter().any(|step| matches!(step.stage, Stage::Received { .. }))
                });
                if known { vec![Stage::Duplicate] } else { vec![received, Stage::Duplicate] }
            } else {
                vec![received, Stage::Queued]
            };
            stages.extend(acknowledged);
            self.ports.journal.record(message, now, &stages).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%message, code = error.code(), "the journal could not be written");
        }
    }

    fn note(&self, transport: Transport, verdict: Verdict, now: Timestamp) {
        self.counters.count(transport, verdict);
        self.trouble.note(verdict, now);
    }

    /// Counts since start, for every way in and every verdict.
    pub fn counts(&self) -> Vec<Count> {
        self.counters.snapshot()
    }

    /// The latest messages that were refused since start, the last one first.
    pub fn recent_refusals(&self) -> Vec<RefusedMessage> {
        self.counters.recent_refusals()
    }

    /// Whether a message would be accepted at this moment: what a health check asks. False when the queue is
    /// full; an error when the stores cannot be used.
    ///
    /// After a message could not be made durable, no word is believed but a write: until one has been
    /// accepted again, each question (at most one a second) writes a small note into the payload store.
    pub async fn accepts(&self) -> Result<bool, PortError> {
        let depth = self.ports.queue.depth().await?;
        self.trouble.passed(self.ports.payloads.as_ref(), self.ports.clock.now()).await?;
        Ok(depth.waiting.saturating_add(depth.in_flight) < self.settings.queue_limit)
    }

    pub(crate) fn audit_source(&self) -> AuditSource {
        AuditSource {
            enterprise_site_id: self.settings.organisation.clone(),
            source_id: "ingest".to_owned(),
            source_type: 4,
        }
    }

    /// A number that no other call of this process gets.
    pub(crate) fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }
}

/// The text that travels through the queue.
pub(crate) fn body(reference: &QueueReference) -> Result<String, PortError> {
    serde_json::to_string(reference).map_err(|error| PortError::unavailable("queue.send", error))
}

fn busy() -> Refusal {
    Refusal {
        code: "busy",
        at: None,
        text: "too many messages are waiting; try again".to_owned(),
        condition: Condition::Internal,
    }
}

fn unavailable(error: &PortError) -> Refusal {
    tracing::error!(code = error.code(), error = %error, "a message could not be made durable");
    Refusal {
        code: "unavailable",
        at: None,
        text: "the message could not be stored; try again".to_owned(),
        condition: Condition::Internal,
    }
}

fn log(verdict: Verdict, refusal: Option<&Refusal>) {
    match refusal {
        None => tracing::debug!(verdict = verdict.name(), "message accepted"),
        Some(refusal) => tracing::info!(
            verdict = verdict.name(),
            code = refusal.code,
            at = refusal.at.map(tracing::field::display),
            "message not accepted"
        ),
    }
}

/// W3C Trace Context §3.2: `00-<32 hex>-<16 hex>-<2 hex>`, lower case. Nothing else gets into the queue.
fn is_traceparent(text: &str) -> bool {
    let lengths = [2, 32, 16, 2];
    let mut parts = text.split('-');
    lengths.iter().all(|length| {
        parts.next().is_some_and(|part| {
            part.len() == *length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    }) && parts.next().is_none()
}
