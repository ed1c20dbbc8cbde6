//! What an erasure asks of the payloads beyond the port.
//!
//! All versions of the object of an erased message go, past their lock (GOVERNANCE), which the role of erasure alone
//! may. In its place comes one of the same shape, empty, that names a key which was destroyed: so a sender that sends
//! the same bytes again is told that they are there, and brings nothing back.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::Sealed;
use zorgsluis_domain::{MessageId, PortError};

use super::{S3Payloads, object};
use crate::failure::{failed, has_code};
use crate::hindered::hindered;
use crate::messages::{Place, head};
use crate::table::{Patience, Row, Write};

const OPERATION: &str = "payload.erase";
/// Bytes of an object in front of what was sealed.
const HEADER: i64 = 28;

impl S3Payloads {
    /// Whether the content of a message stands there.
    pub(crate) async fn stands(&self, message: MessageId) -> Result<bool, PortError> {
        let key = object::message_key(message);
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => Ok(found.content_length.is_some_and(|length| length > HEADER)),
            Err(error) if matches!(error.as_service_error(), Some(HeadObjectError::NotFound(_))) => Ok(false),
            // An answer to HEAD has no body, and so no code: what it is else is trouble.
            Err(error) => Err(PortError::unavailable(OPERATION, error)),
        }
    }

    /// The data key under which a message is sealed; `None` when there is no object.
    pub(crate) async fn sealed_under(&self, message: MessageId) -> Result<Option<Uuid>, PortError> {
        let key = object::message_key(message);
        let range = format!("bytes=0-{}", HEADER - 1);
        let answer = match self.client.get_object().bucket(&self.bucket).key(key).range(range).send().await {
            Ok(answer) => answer,
            Err(error) if has_code(&error, "NoSuchKey") => return Ok(None),
            Err(error) => return Err(hindered(OPERATION, error)),
        };
        let bytes = answer.body.collect().await.map_err(|error| PortError::unavailable(OPERATION, error))?;
        Ok(Some(object::read_message(OPERATION, &bytes.into_bytes())?.1.key))
    }

    /// When a message was received, as its head says.
    pub(crate) async fn received(&self, message: MessageId) -> Result<Option<Timestamp>, PortError> {
        let found = self.messages.table.get(OPERATION, head(message)).await?;
        let Some(found) = found else { return Ok(None) };
        let row = Row::new(OPERATION, &found);
        row.has("received_at").then(|| Place::read(&row, "received_at").map(|(at, _)| at)).transpose()
    }

    /// Takes content and notes of a message away. In its place stands what is said to be sealed under `tombstone`,
    /// and it is never queued again.
    pub(crate) async fn erase(&self, message: MessageId, tombstone: Uuid) -> Result<(), PortError> {
        let received = self.received(message).await?;
        // Unconditionally: where the head is gone, the same bytes would be queued once more.
        let queued = Write::update(head(message), "SET queued = :true REMOVE unqueued_in")
            .value(":true", AttributeValue::Bool(true));
        if self.messages.table.transact(OPERATION, vec![queued]).await?.is_err() {
            return Err(PortError::unavailable(OPERATION, "the head of a message could not be written"));
        }
        self.remove_versions(&object::notes_of(message), false).await?;
        let key = object::message_key(message);
        let sealed = Sealed { key: tombstone, ciphertext: Vec::new() };
        let body = object::write_message(received.unwrap_or(Timestamp::UNIX_EPOCH), &sealed);
        let mut patience = Patience::new(OPERATION);
        // The bucket lets nobody write over a message, so it goes first. Should its sender come again in that moment,
        // what was created then goes too: it is the same bytes.
        loop {
            let done = self.sealed_under(message).await? == Some(tombstone);
            self.remove_versions(&key, done).await?;
            if done || self.create(OPERATION, key.clone(), body.clone()).await? {
                return Ok(());
            }
            patience.wait().await?;
        }
    }

    /// Removes the versions of all objects that begin so, and the markers; of the newest version not, if it is to
    /// stay.
    async fn remove_versions(&self, prefix: &str, but_newest: bool) -> Result<(), PortError> {
        let request = self.client.list_object_versions().bucket(&self.bucket).prefix(prefix);
        let (mut key, mut version): (Option<String>, Option<String>) = (None, None);
        loop {
            let page = request
                .clone()
                .set_key_marker(key.take())
                .set_version_id_marker(version.take())
                .send()
                .await
                .map_err(|error| hindered(OPERATION, error))?;
            let versions = page.versions.unwrap_or_default().into_iter().filter_map(|one| {
                let stays = but_newest && one.is_latest.unwrap_or_default();
                (!stays).then_some((one.key?, one.version_id?))
            });
            let markers = page.delete_markers.unwrap_or_default().into_iter();
            let markers = markers.filter_map(|one| Some((one.key?, one.version_id?)));
            for (key, version) in versions.chain(markers) {
                self.remove_version(key, version).await?;
            }
            if !page.is_truncated.unwrap_or_default() {
                return Ok(());
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
            if key.is_none() {
                return Err(PortError::unavailable(
                    OPERATION,
                    "a listing that does not say where it goes on",
                ));
            }
        }
    }

    async fn remove_version(&self, key: String, version: String) -> Result<(), PortError> {
        let remove = self.client.delete_object().bucket(&self.bucket).key(key).version_id(version);
        match remove.bypass_governance_retention(true).send().await {
            Ok(_) => Ok(()),
            Err(error) if has_code(&error, "NoSuchVersion") || has_code(&error, "NoSuchKey") => Ok(()),
            Err(error) if has_code(&error, "AccessDenied") => Err(PortError::Refused {
                operation: OPERATION,
                reason: String::from(
                    "S3 does not let this role delete a locked version (docs/erasure.md, On AWS)",
                ),
            }),
            Err(error) => Err(failed(OPERATION, error)),
        }
    }
}
