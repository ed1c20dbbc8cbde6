//! The sweep: raw messages that were never queued.
//!
//! The queue is only a doorbell. A crash between the raw message and its reference leaves a message that
//! nobody works on; its sender has no acknowledgement and will send it again, but it need not wait for that.

use std::sync::Mutex;
use std::time::Duration;

use hl7v2::ack::Header;
use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::port::PageRequest;
use zorgsluis_domain::{MessageId, PortError, QueueReference, Stage};

use crate::prepare::Facts;
use crate::proof::Proof;
use crate::{Ingest, IngestError};

/// Messages in one page of the sweep.
const PAGE: usize = 500;

/// What was received this long before the end of the last sweep is looked at again: its time of receipt was
/// read before it was durable.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Messages that stood nowhere in the queue's book and are queued now, oldest first.
    pub queued: Vec<MessageId>,
    /// Messages that were not queued and cannot be read any more: erased, or damaged.
    pub unreadable: Vec<MessageId>,
}

/// Up to where everything is known to be queued.
#[derive(Debug, Default)]
pub(crate) struct Watermark(Mutex<Option<(Timestamp, Timestamp)>>);

impl Watermark {
    /// From where to look.
    fn start(&self, now: Timestamp) -> Timestamp {
        let last = self.0.lock().ok().and_then(|last| *last);
        match last {
            Some((at, through)) if at <= now => through.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN),
            _ => Timestamp::MIN,
        }
    }

    /// A sweep of `now` has looked at everything received before `through`.
    fn done(&self, now: Timestamp, through: Timestamp) {
        if let Ok(mut last) = self.0.lock() {
            *last = Some((now, through));
        }
    }
}

impl Ingest {
    /// Finds messages received at least `age` ago that were never queued, and queues them. Run it at start
    /// (with no age, before anything is accepted) and every few minutes (with a minute of age, so that what
    /// is just being accepted is left alone; a message queued twice has one effect).
    ///
    /// The first sweep of a process looks at everything, later ones at what came since an hour before the
    /// last one; a clock that was put back makes the next one look at everything again. As a function that is one
    /// look at everything for each start of the function: on DynamoDB a few queries of an index that holds nothing
    /// but what is not queued, so it costs what it finds.
    pub async fn sweep(&self, age: Duration) -> Result<Swept, IngestError> {
        let now = self.ports.clock.now();
        let before = now.checked_sub(age).unwrap_or(now);
        let mut swept = Swept::default();
        let start = self.swept.start(now);
        let end = before.checked_add(SignedDuration::from_micros(1)).unwrap_or(before);
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = self.ports.payloads.unqueued(start..end, &page).await.map_err(IngestError::Store)?;
            for (message, _) in &found.items {
                match self.queue_stored(*message).await {
                    Ok(true) => swept.queued.push(*message),
                    Ok(false) => swept.unreadable.push(*message),
                    Err(error) => return Err(IngestError::Store(error)),
                }
            }
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        self.swept.done(now, before);
        if !swept.queued.is_empty() || !swept.unreadable.is_empty() {
            tracing::warn!(
                queued = swept.queued.len(),
                unreadable = swept.unreadable.len(),
                "the sweep found messages that were never queued"
            );
        }
        Ok(swept)
    }

    /// Queues a stored message; false when it cannot be read.
    async fn queue_stored(&self, message: MessageId) -> Result<bool, PortError> {
        let payload = match self.ports.payloads.get(message).await {
            Ok(payload) => payload,
            Err(error) if error.is_transient() => return Err(error),
            Err(_) => return Ok(false),
        };
        let bytes = payload.bytes.expose_phi();
        let facts = Facts::of(&Header::read(bytes), self.rules.as_ref());
        let prepared = self.prepare(bytes, &facts);
        // It was readable when it was stored. Should limits or profiles have changed since, it still goes to
        // the converter, which parks it with its reason.
        let group = prepared.map_or_else(|_| format!("message-{message}"), |prepared| prepared.group);
        let proof = Proof::of(self.ports.payloads.as_ref(), message).await?;
        let mut reference = QueueReference::new(message, payload.received);
        reference.authenticated = proof.as_ref().map(|proof| proof.authenticated.clone());
        reference.peer = proof.as_ref().and_then(|proof| proof.peer);
        self.enqueue(&reference, &group, message.to_string()).await?;
        // How it came, and from whom, is known of what was proved only; the way of others begins here, until
        // their sender comes again.
        let received = proof.map(|proof| Stage::Received {
            transport: proof.transport,
            sender: proof.authenticated,
            event: facts.event,
            control_id: facts.control_id,
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            peer: proof.peer,
        });
        let stages: Vec<Stage> = received.into_iter().chain([Stage::Queued]).collect();
        self.ports.journal.record(message, self.ports.clock.now(), &stages).await?;
        Ok(true)
    }
}
