//! The writer as a Lambda function behind the audit queue: `SqsEvent` in, [`Handled`] out.
//!
//! A body is an entry as JSON, or one that its sender sealed ([`envelope`]). All entries of a batch go
//! into one bundle, in the order of the batch. What can never be an entry is parked with its reason,
//! its body kept sealed in the payload store, and answered as success; when something that may pass
//! stands in the way, the message goes back to the queue, with the rest of its group. A panic hurts its own
//! message only.
//!
//! Every minute the clock calls for a checkpoint: [`Handler::checkpoint`].

mod park;
mod schedule;
mod tally;

pub use schedule::Standing;
pub use tally::{Handled, Kinds, Tally};

use std::collections::{BTreeSet, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsEvent, SqsMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tlog::{Appended, NewEntry};
use uuid::Uuid;
use zorgsluis_domain::port::{DeadLetters, Journal, Keys, PayloadStore, Sealed};
use zorgsluis_domain::{AuditEntry, Clock, EntryId};

use crate::content::{self, Disclosure, Opened, SealedEntry};
use crate::{AuditError, AuditWriter};

/// The longest body that is read, in bytes (SQS allows 1 MiB).
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Messages that are prepared at a time.
const PARALLEL: usize = 16;
/// What must be left before the deadline for a message to be looked at: the bundle has to be written yet.
const TO_COMMIT: SignedDuration = SignedDuration::from_secs(15);
/// What must be left for the answer.
const TO_ANSWER: SignedDuration = SignedDuration::from_secs(1);

/// A sealed entry as it travels through a queue.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    /// Version of this shape, 1.
    v: u8,
    id: EntryId,
    key: Uuid,
    /// Base64.
    ciphertext: String,
}

/// Seals an entry for the queue, as JSON without PHI.
pub async fn envelope(keys: &dyn Keys, entry: &AuditEntry) -> Result<String, AuditError> {
    let SealedEntry { id, sealed, .. } = content::seal(keys, entry).await?;
    let ciphertext = STANDARD.encode(sealed.ciphertext);
    serde_json::to_string(&Envelope { v: 1, id, key: sealed.key, ciphertext })
        .map_err(|_| AuditError::TooLong)
}

/// The function.
#[derive(Clone)]
pub struct Handler {
    writer: Arc<AuditWriter>,
    payloads: Arc<dyn PayloadStore>,
    journal: Arc<dyn Journal>,
    dead_letters: Arc<dyn DeadLetters>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").field("writer", &self.writer).finish_non_exhaustive()
    }
}

/// A message that cannot be an entry, with the code and the words for it.
struct Poison {
    code: &'static str,
    text: &'static str,
}

enum Prepared {
    Entry(Box<NewEntry>, Kinds),
    Poison(Poison),
    /// Trouble that may pass, or no time left.
    Back,
}

impl Handler {
    /// A handler that writes with `writer`, and parks with the next three.
    pub fn new(
        writer: Arc<AuditWriter>,
        payloads: Arc<dyn PayloadStore>,
        journal: Arc<dyn Journal>,
        dead_letters: Arc<dyn DeadLetters>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { writer, payloads, journal, dead_letters, clock }
    }

    /// Works through a batch. `deadline` is when the function is stopped: what cannot be done before goes back.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> Handled {
        let mut batch = Batch::default();
        let prepared = event.records.iter().map(|message| self.prepare_in_time(message, deadline));
        // Opening a sealed entry may need its key from afar: several at a time, in the order of the batch.
        let mut prepared = stream::iter(prepared.collect::<Vec<_>>()).buffered(PARALLEL);
        for (at, message) in event.records.iter().enumerate() {
            let Some(prepared) = prepared.next().await else { break };
            // Once one message of a group waits, the later ones wait behind it.
            let group = message.attributes.get("MessageGroupId");
            let done = !group.is_some_and(|group| batch.blocked.contains(group))
                && match prepared {
                    Prepared::Entry(entry, kinds) => {
                        batch.entries.push(*entry);
                        batch.logged.push((at, kinds));
                        true
                    }
                    Prepared::Poison(poison) => {
                        let parked = self.park_in_time(message, &poison, deadline).await;
                        batch.tally.parked += u64::from(parked);
                        parked
                    }
                    Prepared::Back => false,
                };
            if !done {
                batch.back.insert(at);
                batch.blocked.extend(group.cloned());
            }
        }
        match self.commit(std::mem::take(&mut batch.entries), deadline).await {
            Some(places) => {
                batch.tally.processed = places.len().try_into().unwrap_or(u64::MAX);
                for ((_, kinds), place) in batch.logged.iter().zip(places) {
                    if place.new {
                        batch.tally.kinds.add(*kinds);
                    }
                }
            }
            // It is not the messages' fault: they come again, and what the log has it does not double.
            None => batch.back.extend(batch.logged.iter().map(|(at, _)| *at)),
        }
        drop(prepared);
        batch.into_handled(event)
    }

    /// What is left before the deadline, less what has to stay.
    fn left(&self, deadline: Timestamp, reserve: SignedDuration) -> Option<Duration> {
        let left = deadline.duration_since(self.clock.now()).checked_sub(reserve)?;
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// Puts the entries into the log; `None` when that failed, or took too long. Stopping half way is safe.
    async fn commit(&self, entries: Vec<NewEntry>, deadline: Timestamp) -> Option<Vec<Appended>> {
        if entries.is_empty() {
            return Some(Vec::new());
        }
        let count = entries.len();
        let committed = match self.left(deadline, TO_ANSWER) {
            Some(left) => {
                let committed = AssertUnwindSafe(self.writer.commit(entries.into())).catch_unwind();
                tokio::time::timeout(left, committed).await.ok()
            }
            None => None,
        };
        let (code, error) = match committed {
            Some(Ok(Ok(places))) => return Some(places),
            Some(Ok(Err(error))) => (error.code(), error.to_string()),
            Some(Err(_)) => ("panic", String::from("the software failed")),
            None => ("out-of-time", AuditError::TimeUp.to_string()),
        };
        tracing::error!(code, error, entries = count, "entries could not be put into the log");
        None
    }

    async fn prepare_in_time(&self, message: &SqsMessage, deadline: Timestamp) -> Prepared {
        // A call without an answer must not hold up the batch past the time to write it.
        let prepared = match self.left(deadline, TO_COMMIT) {
            Some(left) => {
                let prepared = AssertUnwindSafe(self.prepare(message)).catch_unwind();
                tokio::time::timeout(left, prepared).await.ok()
            }
            None => None,
        };
        let Some(prepared) = prepared else {
            tracing::warn!(code = "out-of-time", "a message goes back to the audit queue");
            return Prepared::Back;
        };
        prepared.unwrap_or(Prepared::Poison(Poison { code: "panic", text: "the software failed on it" }))
    }

    async fn prepare(&self, message: &SqsMessage) -> Prepared {
        let poison = |code, text| Prepared::Poison(Poison { code, text });
        let body = message.body.as_deref().unwrap_or_default();
        if body.len() > MAX_BODY {
            return poison("too-long", "the message is longer than an entry can be");
        }
        let prepared = if let Ok(envelope) = serde_json::from_str::<Envelope>(body) {
            self.adopt(envelope).await
        } else {
            match serde_json::from_str::<AuditEntry>(body) {
                Ok(entry) if entry.users.is_empty() => {
                    return poison("entry-without-user", "an entry names at least one user");
                }
                Ok(entry) => {
                    let kinds = Kinds::of(&entry);
                    self.writer.seal_entry(&entry).await.map(|sealed| Ok((sealed, kinds)))
                }
                Err(_) => return poison("not-an-entry", "the message is not an entry of the log"),
            }
        };
        match prepared {
            Ok(Ok((entry, kinds))) => Prepared::Entry(Box::new(entry), kinds),
            Ok(Err(poison)) => Prepared::Poison(poison),
            Err(AuditError::TooLong) => poison("too-long", "the entry is longer than the log can hold"),
            Err(error) => {
                let code = error.code();
                tracing::warn!(code, %error, "a message goes back to the audit queue");
                Prepared::Back
            }
        }
    }

    /// An entry that its sender sealed: opened once, for its index keys, and logged as it came.
    async fn adopt(&self, envelope: Envelope) -> Result<Result<(NewEntry, Kinds), Poison>, AuditError> {
        let unopenable =
            Poison { code: "sealed-entry-unopenable", text: "the sealed entry cannot be opened" };
        let Ok(ciphertext) = STANDARD.decode(&envelope.ciphertext) else { return Ok(Err(unopenable)) };
        if envelope.v != 1 {
            return Ok(Err(Poison { code: "unknown-version", text: "a sealed entry of an unknown version" }));
        }
        let sealed = Sealed { key: envelope.key, ciphertext };
        let mut sealed = SealedEntry { id: envelope.id, sealed, commitment: None };
        let (opened, disclosure) = content::open(self.writer.log().keys.as_ref(), &sealed).await?;
        match opened {
            Opened::Entry(entry) => {
                sealed.commitment = disclosure.as_ref().map(Disclosure::commitment);
                self.writer.adopt(&entry, sealed).map(|adopted| Ok((adopted, Kinds::of(&entry))))
            }
            Opened::Erased => {
                Ok(Err(Poison { code: "erased", text: "the key of the sealed entry has been destroyed" }))
            }
            Opened::Faulty(_) => Ok(Err(unopenable)),
        }
    }
}

/// What a batch has come to so far.
#[derive(Default)]
struct Batch {
    entries: Vec<NewEntry>,
    /// Which messages the entries came with, and what they tell.
    logged: Vec<(usize, Kinds)>,
    back: BTreeSet<usize>,
    blocked: HashSet<String>,
    tally: Tally,
}

impl Batch {
    fn into_handled(self, event: SqsEvent) -> Handled {
        let mut handled = Handled { tally: self.tally, ..Handled::default() };
        handled.tally.retried = self.back.len().try_into().unwrap_or(u64::MAX);
        for (at, message) in event.records.into_iter().enumerate() {
            if self.back.contains(&at) {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.message_id.unwrap_or_default();
                handled.response.batch_item_failures.push(failure);
            }
        }
        handled
    }
}
