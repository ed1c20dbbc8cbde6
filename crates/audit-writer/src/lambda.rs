//! The writer as a Lambda function behind the audit queue: `SqsEvent` in, `SqsBatchResponse` out.
//!
//! A body is an entry as JSON, or one that its sender sealed ([`envelope`]). All entries of a batch go
//! into one bundle, in the order of the batch. What can never be an entry is parked with its reason,
//! its body kept sealed in the payload store, and answered as success; when something that may pass
//! stands in the way, the message goes back to the queue, with the rest of its group.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tlog::NewEntry;
use uuid::Uuid;
use zorgsluis_domain::port::{DeadLetter, DeadLetters, KeyOwner, Keys, PayloadStore, Sealed};
use zorgsluis_domain::{AuditEntry, Clock, EntryId, MessageId, PortError};

use crate::content::{self, Opened, SealedEntry};
use crate::{AuditError, AuditWriter};

/// The longest body that is read, in bytes (SQS allows 1 MiB).
const MAX_BODY: usize = 1 << 20;

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
    let SealedEntry { id, sealed } = content::seal(keys, entry).await?;
    let ciphertext = STANDARD.encode(sealed.ciphertext);
    serde_json::to_string(&Envelope { v: 1, id, key: sealed.key, ciphertext })
        .map_err(|_| AuditError::TooLong)
}

/// The function.
#[derive(Clone)]
pub struct Handler {
    writer: Arc<AuditWriter>,
    payloads: Arc<dyn PayloadStore>,
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
    Entry(Box<NewEntry>),
    Poison(Poison),
    /// Trouble that may pass.
    Back,
}

impl Handler {
    /// A handler that writes with `writer`, and parks with the other two.
    pub fn new(
        writer: Arc<AuditWriter>,
        payloads: Arc<dyn PayloadStore>,
        dead_letters: Arc<dyn DeadLetters>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { writer, payloads, dead_letters, clock }
    }

    /// Works through a batch. The answer names what goes back to the queue, in the order of the batch.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut back: HashSet<usize> = HashSet::new();
        let mut blocked: HashSet<String> = HashSet::new();
        let mut entries: Vec<NewEntry> = Vec::new();
        let mut logged: Vec<usize> = Vec::new();
        for (at, message) in event.records.iter().enumerate() {
            // Once one message of a group waits, the later ones wait behind it.
            let group = message.attributes.get("MessageGroupId");
            let waits = group.is_some_and(|group| blocked.contains(group));
            let done = !waits
                && match self.prepare(message).await {
                    Prepared::Entry(entry) => {
                        entries.push(*entry);
                        logged.push(at);
                        true
                    }
                    Prepared::Poison(poison) => self.park(message, &poison).await.is_ok(),
                    Prepared::Back => false,
                };
            if !done {
                back.insert(at);
                blocked.extend(group.cloned());
            }
        }
        if self.writer.commit(entries.into()).await.is_err() {
            // It is not the messages' fault: they come again, and what the log has it does not double.
            back.extend(logged);
        }
        let mut response = SqsBatchResponse::default();
        for (at, message) in event.records.into_iter().enumerate() {
            if back.contains(&at) {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
        }
        response
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
                Ok(entry) => self.writer.seal_entry(&entry).await.map(Ok),
                Err(_) => return poison("not-an-entry", "the message is not an entry of the log"),
            }
        };
        match prepared {
            Ok(Ok(entry)) => Prepared::Entry(Box::new(entry)),
            Ok(Err(poison)) => Prepared::Poison(poison),
            Err(AuditError::TooLong) => poison("too-long", "the entry is longer than the log can hold"),
            Err(_) => Prepared::Back,
        }
    }

    /// An entry that its sender sealed: opened once, for its index keys, and logged as it came.
    async fn adopt(&self, envelope: Envelope) -> Result<Result<NewEntry, Poison>, AuditError> {
        let unopenable =
            Poison { code: "sealed-entry-unopenable", text: "the sealed entry cannot be opened" };
        let Ok(ciphertext) = STANDARD.decode(&envelope.ciphertext) else { return Ok(Err(unopenable)) };
        if envelope.v != 1 {
            return Ok(Err(Poison { code: "unknown-version", text: "a sealed entry of an unknown version" }));
        }
        let sealed = SealedEntry { id: envelope.id, sealed: Sealed { key: envelope.key, ciphertext } };
        match content::open(self.writer.log().keys.as_ref(), &sealed).await? {
            Opened::Entry(entry) => self.writer.adopt(&entry, sealed).map(Ok),
            Opened::Erased => {
                Ok(Err(Poison { code: "erased", text: "the key of the sealed entry has been destroyed" }))
            }
            Opened::Faulty(_) => Ok(Err(unopenable)),
        }
    }

    /// Keeps the body, sealed, and parks the message. Doing it again changes nothing.
    async fn park(&self, message: &SqsMessage, poison: &Poison) -> Result<(), PortError> {
        let body = message.body.as_deref().unwrap_or_default();
        let parked = self.clock.now();
        let received = sent(&message.attributes).unwrap_or(parked);
        let id = MessageId(Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("audit queue {}", message.message_id.as_deref().unwrap_or_default()).as_bytes(),
        ));
        self.payloads.put(id, &KeyOwner::System, received, body.as_bytes()).await?;
        let attempts = message.attributes.get("ApproximateReceiveCount");
        let letter = DeadLetter {
            message: id,
            group: message.attributes.get("MessageGroupId").cloned().unwrap_or_default(),
            received,
            parked,
            code: poison.code.to_owned(),
            at: None,
            text: poison.text.to_owned(),
            attempts: attempts.and_then(|count| count.parse().ok()).unwrap_or(1),
        };
        self.dead_letters.park(&letter).await
    }
}

fn sent(attributes: &HashMap<String, String>) -> Option<Timestamp> {
    Timestamp::from_millisecond(attributes.get("SentTimestamp")?.parse().ok()?).ok()
}
