//! A FIFO queue of the shape of Amazon SQS.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::PortError;

/// Messages in one request at most (SQS).
pub const MAX_BATCH: usize = 10;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The text, without PHI in the clear.
    pub body: String,
    /// Messages of one group are delivered in the order in which they were sent, one batch at a time.
    pub group: String,
    /// A second message with the same value inside five minutes is accepted and not delivered.
    pub deduplication: String,
}

/// Names one delivery of a message; a later delivery has another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// A delivered message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's id of the message.
    pub id: String,
    /// Of this delivery.
    pub receipt: Receipt,
    /// The text.
    pub body: String,
    /// Its group.
    pub group: String,
    /// 1 on the first delivery.
    pub receive_count: u32,
    /// When it was sent.
    pub sent: Timestamp,
}

/// How full a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Ready, or waiting for the group.
    pub waiting: u64,
    /// Delivered and not yet deleted.
    pub in_flight: u64,
}

/// A FIFO queue: at-least-once delivery, order per group, visibility time-out.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends up to [`MAX_BATCH`] messages, durably; one result a message, in order.
    async fn send(&self, batch: &[Outgoing]) -> Result<Vec<Result<String, PortError>>, PortError>;

    /// Up to `max` (≤ [`MAX_BATCH`]) messages, waiting up to `wait` for the first. They stay hidden
    /// for the queue's visibility time-out, and with them all later ones of their groups.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, PortError>;

    /// Done with these deliveries. A receipt that expired or is unknown is no error (at least once).
    async fn delete(&self, receipts: &[Receipt]) -> Result<(), PortError>;

    /// Shortens or extends the time until these deliveries become visible again; zero is at once.
    async fn change_visibility(&self, receipts: &[Receipt], timeout: Duration) -> Result<(), PortError>;

    /// How full it is (approximate on SQS).
    async fn depth(&self) -> Result<QueueDepth, PortError>;
}
