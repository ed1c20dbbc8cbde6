//! The way of each message, stage by stage, for operators. Holds no PHI.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Page, PageRequest};
use crate::{MessageId, PortError, Stage, Way};

/// Keeps the way of each message.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Adds steps to a message's way, durably.
    async fn record(&self, message: MessageId, at: Timestamp, stages: &[Stage]) -> Result<(), PortError>;

    /// One way.
    async fn get(&self, message: MessageId) -> Result<Option<Way>, PortError>;

    /// Whether a reference to the message was put into the inbound queue.
    async fn was_queued(&self, message: MessageId) -> Result<bool, PortError>;

    /// The latest first (by first step).
    async fn latest(&self, page: &PageRequest) -> Result<Page<Way>, PortError>;
}
