//! Messages that can never succeed as they stand, with their reason.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Page, PageRequest};
use crate::{MessageId, PortError};

/// [`DeadLetter::group`] of what came through the audit queue: no group of the inbound queue is called so.
pub const AUDIT_QUEUE: &str = "/audit";

/// A message that was set aside. Holds no PHI: the message itself stays in the payload store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message.
    pub message: MessageId,
    /// The group of the inbound queue that it came from, to keep its place in a replay. Of what came through the audit
    /// queue, [`AUDIT_QUEUE`]; empty of what came through any other.
    pub group: String,
    /// When it was received.
    pub received: Timestamp,
    /// When it was parked.
    pub parked: Timestamp,
    /// Kebab-case reason.
    pub code: String,
    /// Place in the message, `PID[1]-3[1].1`, when known.
    pub at: Option<String>,
    /// What is wrong, in words without a value of the message.
    pub text: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// The dead letters.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Parks a message. Parking the same message again replaces reason and time.
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError>;

    /// Oldest receipt first.
    async fn list(&self, page: &PageRequest) -> Result<Page<DeadLetter>, PortError>;

    /// One of them.
    async fn get(&self, message: MessageId) -> Result<Option<DeadLetter>, PortError>;

    /// Takes one away, once it is back in the queue, if it still stands as it was read; says whether it did.
    /// A letter with which the message was parked again meanwhile stays. Check and removal are one step.
    async fn remove(&self, letter: &DeadLetter) -> Result<bool, PortError>;
}
