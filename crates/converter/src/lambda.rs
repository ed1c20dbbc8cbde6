//! The converter as a Lambda function behind the inbound queue: `SqsEvent` in, `SqsBatchResponse` out.
//!
//! What this module knows is the queue, not the message: which deliveries belong together, what goes
//! back to the queue and what is set aside for good. Converting and applying one message is the use
//! case behind [`Process`].
//!
//! The rules:
//!
//! * A body is a reference to a stored payload ([`QueueReference`] as JSON), or a raw HL7 v2 message
//!   that somebody put straight into the queue (it begins with `MSH`); such a message is stored first,
//!   so that from there on both go the same way.
//! * Messages of one group (the FIFO attribute `MessageGroupId`) go one after another, groups beside
//!   each other. When one message goes back to the queue, the rest of its group goes back with it,
//!   untouched, or an older message would overtake a newer one.
//! * What can never succeed (damaged, unsupported, refused by the store) is parked as a dead letter
//!   with its reason and answered as success: SQS would redeliver it until it dragged its whole group
//!   into the dead-letter queue. Only trouble that may pass goes back.
//! * A panic hurts its own message only, which is parked with the reason `panic`.
//! * Nothing is started when less than [`Handler::reserve`] is left before the deadline: it goes back.
//! * A message delivered twice is processed twice; the use case gives it one effect.
//!
//! No body, and nothing of one, stands in an answer, an error or a log line.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use hl7v2::charset::Charset;
use jiff::Timestamp;
use zorgsluis_domain::port::DeadLetter;
use zorgsluis_domain::{Clock, MessageId, PortError, QueueReference};

/// The use case behind the queue: one message at a time.
#[async_trait]
pub trait Process: Send + Sync + 'static {
    /// Stores a raw message that came straight into the queue, durably, and gives it its id. The same
    /// bytes give the same id. Takes anything, also what is no HL7 v2: it is parked under that id.
    async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError>;

    /// Converts and applies a stored message. Doing it again changes nothing.
    async fn process(&self, message: MessageId) -> Result<(), ProcessError>;

    /// Sets a message aside for good.
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError>;
}

/// Why a message was not processed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It can never succeed as it stands: park it.
    #[error("refused ({code})")]
    Refused {
        /// Kebab-case reason, for example `unsupported-event`.
        code: String,
        /// Place in the message, when known.
        at: Option<String>,
        /// The reason in words, without a value of the message.
        text: String,
    },
    /// A port failed. Trouble that may pass goes back to the queue; what will not is parked.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The function: a use case, a clock, and how it deals with a batch.
pub struct Handler<P> {
    process: Arc<P>,
    clock: Arc<dyn Clock>,
    reserve: Duration,
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self { process: Arc::clone(&self.process), clock: Arc::clone(&self.clock), reserve: self.reserve }
    }
}

/// How a delivery ended, for the queue.
enum End {
    Done,
    Back,
}

/// What stands in a body.
enum Body<'b> {
    Reference(QueueReference),
    Raw(Cow<'b, [u8]>),
    /// Neither; the code says why.
    Unknown(&'static str),
}

impl<P: Process> Handler<P> {
    /// A handler that starts no message with less than `reserve` left.
    pub fn new(process: Arc<P>, clock: Arc<dyn Clock>, reserve: Duration) -> Self {
        Self { process, clock, reserve }
    }

    /// How much time a message must have left to be started.
    #[must_use]
    pub const fn reserve(&self) -> Duration {
        self.reserve
    }

    /// Works through a batch. `deadline` is when the function is stopped. The answer names what goes
    /// back to the queue, in the order of the batch; a record without a message id goes back under an
    /// empty name, which SQS takes as the whole batch.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
        let mut groups: Vec<Vec<(usize, SqsMessage)>> = Vec::new();
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut ids: Vec<String> = Vec::with_capacity(event.records.len());
        for (index, record) in event.records.into_iter().enumerate() {
            ids.push(record.message_id.clone().unwrap_or_default());
            let group = match record.attributes.get("MessageGroupId") {
                // A standard queue has no groups and no order: every message for itself.
                None => groups.len(),
                Some(name) => *by_name.entry(name.clone()).or_insert(groups.len()),
            };
            match groups.get_mut(group) {
                Some(members) => members.push((index, record)),
                None => groups.push(vec![(index, record)]),
            }
        }
        let mut running = tokio::task::JoinSet::new();
        let mut back: Vec<usize> = Vec::new();
        for group in groups {
            let handler = self.clone();
            running.spawn(async move { handler.group(group, deadline).await });
        }
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(indices) => back.extend(indices),
                // A group's own task does not panic (its messages run in tasks of their own); should it
                // all the same, nobody knows how far it came, and all goes back: twice is harmless.
                Err(_) => back = (0..ids.len()).collect(),
            }
        }
        back.sort_unstable();
        back.dedup();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = back
            .into_iter()
            .filter_map(|index| ids.get(index))
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier.clone_from(id);
                failure
            })
            .collect();
        response
    }

    /// One after another; answers the indices of what goes back.
    async fn group(&self, records: Vec<(usize, SqsMessage)>, deadline: Timestamp) -> Vec<usize> {
        let mut records = records.into_iter();
        let mut back = Vec::new();
        for (index, record) in records.by_ref() {
            let left = deadline.duration_since(self.clock.now());
            let end = if left < jiff::SignedDuration::try_from(self.reserve).unwrap_or_default() {
                End::Back
            } else {
                let handler = self.clone();
                // A task of its own: a panic ends the task, not its neighbours.
                let copy = record.clone();
                match tokio::spawn(async move { handler.one(&record).await }).await {
                    Ok(end) => end,
                    Err(_) => self.park_after_panic(copy).await,
                }
            };
            if matches!(end, End::Back) {
                back.push(index);
                break;
            }
        }
        back.extend(records.map(|(index, _)| index));
        back
    }

    async fn one(&self, record: &SqsMessage) -> End {
        let message = match self.message(record).await {
            Ok(Ok(message)) => message,
            Ok(Err((message, code))) => {
                let text = String::from("the body is neither a reference to a stored message nor HL7 v2");
                return self.set_aside(record, message, code.to_owned(), None, text).await;
            }
            Err(_) => return End::Back,
        };
        match self.process.process(message).await {
            Ok(()) => End::Done,
            Err(ProcessError::Refused { code, at, text }) => {
                self.set_aside(record, message, code, at, text).await
            }
            // Somebody else wrote in between: try again later, with what they wrote.
            Err(ProcessError::Port(PortError::Conflict { .. })) => End::Back,
            Err(ProcessError::Port(error)) if error.is_transient() => End::Back,
            Err(ProcessError::Port(error)) => {
                self.set_aside(record, message, error.code().to_owned(), None, error.to_string()).await
            }
        }
    }

    /// The stored message that a record is about, or its id and why it is none.
    async fn message(
        &self,
        record: &SqsMessage,
    ) -> Result<Result<MessageId, (MessageId, &'static str)>, PortError> {
        let text = record.body.as_deref().unwrap_or_default();
        match body(text) {
            Body::Reference(reference) => Ok(Ok(reference.message)),
            Body::Raw(bytes) => self.process.accept(&bytes, self.sent(record)).await.map(Ok),
            Body::Unknown(code) => {
                let id = self.process.accept(text.as_bytes(), self.sent(record)).await?;
                Ok(Err((id, code)))
            }
        }
    }

    async fn set_aside(
        &self,
        record: &SqsMessage,
        message: MessageId,
        code: String,
        at: Option<String>,
        text: String,
    ) -> End {
        let letter = DeadLetter {
            message,
            group: record.attributes.get("MessageGroupId").cloned().unwrap_or_default(),
            received: self.received(record),
            parked: self.clock.now(),
            code,
            at,
            text,
            attempts: attempts(record),
        };
        match self.process.park(&letter).await {
            Ok(()) => End::Done,
            Err(_) => End::Back,
        }
    }

    /// Which message it was is found out again: the panic took that with it. Storing is safe to
    /// repeat, and where that is what panicked, the message goes back and SQS counts for us.
    async fn park_after_panic(&self, record: SqsMessage) -> End {
        let handler = self.clone();
        let parked = tokio::spawn(async move {
            let message = match handler.message(&record).await {
                Ok(Ok(message) | Err((message, _))) => message,
                Err(_) => return End::Back,
            };
            let text = String::from("the software failed on this message; it is not the sender's fault");
            handler.set_aside(&record, message, String::from("panic"), None, text).await
        });
        parked.await.unwrap_or(End::Back)
    }

    /// When the message was put into the queue: the same in every delivery.
    fn sent(&self, record: &SqsMessage) -> Timestamp {
        record
            .attributes
            .get("SentTimestamp")
            .and_then(|millis| millis.parse().ok())
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .unwrap_or_else(|| self.clock.now())
    }

    /// When the message was received: as the reference says it.
    fn received(&self, record: &SqsMessage) -> Timestamp {
        match body(record.body.as_deref().unwrap_or_default()) {
            Body::Reference(reference) => reference.received,
            _ => self.sent(record),
        }
    }
}

/// How often SQS has delivered the message, this time included.
fn attempts(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn body(text: &str) -> Body<'_> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{b}');
    if trimmed.starts_with("MSH") {
        return Body::Raw(as_declared(trimmed));
    }
    if !trimmed.starts_with('{') {
        return Body::Unknown("not-a-message");
    }
    match serde_json::from_str::<QueueReference>(trimmed) {
        Ok(reference) if reference.v == 1 => Body::Reference(reference),
        Ok(_) => Body::Unknown("unknown-reference-version"),
        Err(_) => Body::Unknown("unknown-reference"),
    }
}

/// A message in a queue is Unicode, whatever MSH-18 says. What is stored must be what MSH-18 says, or
/// whoever reads it would read `Ã«` for `ë`; a message whose header names no such character set stays
/// as it is, and the parser recognises UTF-8.
fn as_declared(text: &str) -> Cow<'_, [u8]> {
    let as_it_is = Cow::Borrowed(text.as_bytes());
    if text.is_ascii() {
        return as_it_is;
    }
    let Ok(message) = hl7v2::Message::parse(text.as_bytes()) else { return as_it_is };
    let name = message.header().field(18).value().text();
    let Ok(charset) = Charset::for_name(&name) else { return as_it_is };
    if charset == Charset::UTF8 {
        return as_it_is;
    }
    let encoded = charset.encode(text);
    if charset.decode(&encoded) == text { encoded } else { as_it_is }
}
