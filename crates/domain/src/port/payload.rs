//! The raw messages, encrypted.

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{KeyOwner, Page, PageRequest};
use crate::{MessageId, Phi, PortError};

/// What came of a create-only put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was not there and is durable now.
    Created,
    /// It was there already, and is durable.
    AlreadyThere,
}

/// A stored raw message.
#[derive(Debug, Clone)]
pub struct Payload {
    /// The message.
    pub message: MessageId,
    /// When it was received.
    pub received: Timestamp,
    /// The bytes as they came.
    pub bytes: Phi<Vec<u8>>,
}

/// Keeps raw messages, encrypted under the key of their patient (class dossier).
#[async_trait]
pub trait PayloadStore: Send + Sync {
    /// Stores durably, create-only: when this returns, a loss of power loses nothing.
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        bytes: &[u8],
    ) -> Result<Put, PortError>;

    /// Reads a message. [`PortError::NotFound`], [`PortError::Erased`].
    async fn get(&self, message: MessageId) -> Result<Payload, PortError>;

    /// Ids and times of receipt, oldest first.
    async fn list(
        &self,
        received_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError>;

    /// Those received in `received` that the [journal](super::Journal) does not know as queued, oldest first:
    /// for the sweep. Its cost must grow with what was received in that time at most, not with a question for
    /// each message. Where payloads and journal stand in one database it is a join; elsewhere the adapter
    /// keeps an index of what is not queued yet (on DynamoDB a sparse index over an attribute that the put
    /// sets and the step [`Stage::Queued`](crate::Stage::Queued) takes away).
    async fn unqueued(
        &self,
        received: Range<Timestamp>,
        page: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError>;

    /// Keeps a document about a message beside it (the OperationOutcome of its conversion), sealed
    /// under the same owner, replacing an earlier one of that name.
    async fn put_note(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), PortError>;

    /// Reads such a document.
    async fn get_note(&self, message: MessageId, name: &str) -> Result<Phi<Vec<u8>>, PortError>;
}
