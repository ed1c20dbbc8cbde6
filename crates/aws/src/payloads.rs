//! Raw messages on S3, and what is asked about them in the table `messages`.
//!
//! # The order of writes
//!
//! A put writes the message's head first (its time of receipt, and the mark that it is not queued), then the
//! object. A crash in between leaves a head without an object: nothing was acknowledged, [`PayloadStore::get`]
//! says `NotFound`, and [`PayloadStore::unqueued`] looks whether there is an object before it offers a message.
//! The other order would leave an object that no listing and no sweep finds. When the sender comes again, the
//! put finds the head as it was and goes on from there: the time of receipt is the first one.
//!
//! [`PayloadStore::list`] does not look at the objects: it may name a message whose put broke off.

mod erase;
mod object;

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_s3::operation::head_object::HeadObjectError;
use futures_util::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::port::{
    DataClass, KeyOwner, Keys, Page, PageRequest, Payload, PayloadStore, Put, Sealed,
};
use zorgsluis_domain::{MessageId, Phi, PortError};

use crate::Clients;
use crate::failure::{failed, has_code};
use crate::hindered::hindered;
use crate::messages::{Listing, Messages, Place, head, partition, shard};
use crate::table::{Item, Patience, Row, busy, cursor, limit, page, parse_cursor, text};

/// Objects that are looked for at once.
const AT_ONCE: usize = 16;
/// A put that has not written its object after this time never will: no function and no request lives as long.
const BROKEN_OFF: SignedDuration = SignedDuration::from_hours(24);

/// Raw messages and the notes about them on S3, sealed under their owner (class dossier). Cheap to clone.
#[derive(Clone)]
pub struct S3Payloads {
    client: aws_sdk_s3::Client,
    bucket: String,
    messages: Messages,
    keys: Arc<dyn Keys>,
}

impl S3Payloads {
    /// The payloads in this bucket, with their heads in this table (`messages`, with its prefix).
    #[must_use]
    pub fn new(
        clients: &Clients,
        bucket: impl Into<String>,
        table: impl Into<Arc<str>>,
        keys: Arc<dyn Keys>,
    ) -> Self {
        Self {
            client: clients.s3.clone(),
            bucket: bucket.into(),
            messages: Messages::new(&clients.dynamodb, table),
            keys,
        }
    }

    /// Notes when a message was received, the first time, and that it is not queued unless it is. Answers when
    /// it was received.
    async fn note_received(
        &self,
        operation: &'static str,
        message: MessageId,
        received: Timestamp,
    ) -> Result<Timestamp, PortError> {
        let place = Place::of(received, message);
        self.messages.note_day(operation, Listing::Received, place.day()).await?;
        let table = &self.messages.table;
        let received = "SET received_at = if_not_exists(received_at, :at), \
                        received_in = if_not_exists(received_in, :in)";
        let update = |expression: String| {
            table
                .client()
                .update_item()
                .table_name(table.name())
                .set_key(Some(head(message)))
                .update_expression(expression)
                .expression_attribute_values(":at", place.attribute())
                .expression_attribute_values(":in", partition(place.day(), shard(message)))
                .return_values(ReturnValue::AllNew)
        };
        let standing = |item: Option<Item>| {
            let item = item.unwrap_or_default();
            Ok(Place::read(&Row::new(operation, &item), "received_at")?.0)
        };
        let marked = update(format!("{received}, unqueued_in = :shard"))
            .expression_attribute_values(":shard", text(shard(message)))
            .condition_expression("attribute_not_exists(queued)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .send()
            .await;
        match marked {
            Ok(marked) => standing(marked.attributes),
            // It was queued before, or its step was faster than this.
            Err(error) if has_code(&error, "ConditionalCheckFailedException") => {
                let noted = update(received.to_owned()).send().await;
                standing(noted.map_err(|error| busy(operation, error))?.attributes)
            }
            Err(error) => Err(busy(operation, error)),
        }
    }

    /// Creates an object; false when there is one.
    async fn create(&self, operation: &'static str, key: String, body: Vec<u8>) -> Result<bool, PortError> {
        let body = bytes::Bytes::from(body);
        let mut patience = Patience::new(operation);
        loop {
            let put = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(&key)
                .if_none_match("*")
                .body(body.clone().into())
                .send()
                .await;
            match put {
                Ok(_) => return Ok(true),
                Err(error) if has_code(&error, "PreconditionFailed") => return Ok(false),
                // Another create of the same object is not done yet: it may still fail.
                Err(error) if has_code(&error, "ConditionalRequestConflict") => patience.wait().await?,
                Err(error) => return Err(hindered(operation, error)),
            }
        }
    }

    async fn read(&self, operation: &'static str, key: String) -> Result<Vec<u8>, PortError> {
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await;
        let object = object.map_err(|error| {
            if has_code(&error, "NoSuchKey") {
                PortError::NotFound { operation }
            } else if has_code(&error, "InvalidObjectState") {
                // In the archive: nobody reads it until an operator has it restored.
                failed(operation, error)
            } else {
                hindered(operation, error)
            }
        })?;
        let body = object.body.collect().await.map_err(|cause| PortError::unavailable(operation, cause))?;
        Ok(body.to_vec())
    }

    /// Whether a message has its object.
    async fn is_there(&self, operation: &'static str, message: MessageId) -> Result<bool, PortError> {
        let key = object::message_key(message);
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.as_service_error(), Some(HeadObjectError::NotFound(_))) => Ok(false),
            // An answer to HEAD has no body, and so no code: what it is else is trouble.
            Err(error) => Err(PortError::unavailable(operation, error)),
        }
    }

    /// Takes the mark away that a message is not queued. Should its sender come again, the put sets it again.
    async fn forget(
        &self,
        operation: &'static str,
        message: MessageId,
        received: Timestamp,
    ) -> Result<(), PortError> {
        let table = &self.messages.table;
        let removed = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(head(message)))
            .update_expression("REMOVE unqueued_in")
            .condition_expression("received_at = :at")
            .expression_attribute_values(":at", Place::of(received, message).attribute())
            .send()
            .await;
        match removed {
            Err(error) if !has_code(&error, "ConditionalCheckFailedException") => Err(busy(operation, error)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl PayloadStore for S3Payloads {
    async fn put(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        received: Timestamp,
        content: &[u8],
    ) -> Result<Put, PortError> {
        const OPERATION: &str = "payload.put";
        let received = self.note_received(OPERATION, message, received).await?;
        let context = object::message_context(message, received);
        let sealed = self.keys.seal(owner, DataClass::Dossier, context.as_bytes(), content).await?;
        let body = object::write_message(received, &sealed);
        let created = self.create(OPERATION, object::message_key(message), body).await?;
        Ok(if created { Put::Created } else { Put::AlreadyThere })
    }

    async fn get(&self, message: MessageId) -> Result<Payload, PortError> {
        const OPERATION: &str = "payload.get";
        let body = self.read(OPERATION, object::message_key(message)).await?;
        let (received, sealed) = object::read_message(OPERATION, &body)?;
        let context = object::message_context(message, received);
        let bytes = self.keys.open(&sealed, context.as_bytes()).await?;
        Ok(Payload { message, received, bytes })
    }

    async fn list(
        &self,
        received_before: Timestamp,
        request: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        const OPERATION: &str = "payload.list";
        let limit = limit(request);
        let from = start(OPERATION, request, Timestamp::MIN)?;
        let until = Place::before(received_before);
        let found = self.messages.received(OPERATION, &from, &until, limit + 1).await?;
        Ok(swapped(page(found, limit, |(at, message)| cursor(*at, message))))
    }

    async fn unqueued(
        &self,
        received: Range<Timestamp>,
        request: &PageRequest,
    ) -> Result<Page<(MessageId, Timestamp)>, PortError> {
        const OPERATION: &str = "payload.unqueued";
        let limit = limit(request);
        let from = start(OPERATION, request, received.start)?;
        let until = Place::before(received.end);
        let found = self.messages.unqueued(OPERATION, &from, &until, limit + 1).await?;
        let found = page(found, limit, |(at, message)| cursor(*at, message));
        let broken_off = received.end.checked_sub(BROKEN_OFF).unwrap_or(Timestamp::MIN);
        let items: Vec<_> = futures_util::stream::iter(found.items)
            .map(|(at, message)| async move {
                let there = self.is_there(OPERATION, message).await?;
                if !there && at < broken_off {
                    self.forget(OPERATION, message, at).await?;
                }
                Ok::<_, PortError>(there.then_some((message, at)))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next: found.next })
    }

    async fn put_note(
        &self,
        message: MessageId,
        owner: &KeyOwner,
        name: &str,
        content: &[u8],
    ) -> Result<(), PortError> {
        const OPERATION: &str = "payload.put_note";
        let key = object::note_key(OPERATION, message, name)?;
        let context = object::note_context(message, name);
        let sealed = self.keys.seal(owner, DataClass::Dossier, context.as_bytes(), content).await?;
        let body = object::write_note(&sealed);
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(body.into()).send().await;
        put.map(|_| ()).map_err(|error| hindered(OPERATION, error))
    }

    async fn get_note(&self, message: MessageId, name: &str) -> Result<Phi<Vec<u8>>, PortError> {
        const OPERATION: &str = "payload.get_note";
        let body = self.read(OPERATION, object::note_key(OPERATION, message, name)?).await?;
        let sealed: Sealed = object::read_note(OPERATION, &body)?;
        self.keys.open(&sealed, object::note_context(message, name).as_bytes()).await
    }
}

/// Where a listing begins.
fn start(operation: &'static str, page: &PageRequest, first: Timestamp) -> Result<Place, PortError> {
    match &page.after {
        Some(after) => {
            let (at, message) = parse_cursor(operation, after)?;
            Ok(Place::behind(at, message))
        }
        None => Ok(Place::before(first)),
    }
}

fn swapped(page: Page<(Timestamp, MessageId)>) -> Page<(MessageId, Timestamp)> {
    Page { items: page.items.into_iter().map(|(at, message)| (message, at)).collect(), next: page.next }
}

impl std::fmt::Debug for S3Payloads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Payloads").finish_non_exhaustive()
    }
}
