//! The objects of the log in S3.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{EncodingType, ObjectLockMode};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tlog::{Created, Etag, Listing, LogStorage, Object, Replaced, RewrittenListing, StorageError};
use zorgsluis_domain::{Clock as _, PortError};

use crate::SystemClock;
use crate::clients::Clients;
use crate::failure::{failed, has_code};

/// S3 gives no more keys at a time.
const MAX_KEYS: usize = 1000;
/// How often a conditional write is repeated that met another one on its way (409).
const CONFLICTS: u32 = 6;
/// The longest key that [`LogStorage`] allows.
const MAX_KEY: usize = 200;

/// [`LogStorage`] in a bucket that keeps versions and has Object Lock.
///
/// What is created under `log/<shard>/entries/` and `log/<shard>/checkpoints/` is locked in COMPLIANCE mode for
/// the days of retention: nobody, not the root user either, can take away that version before. Nothing else is
/// locked, since it can be made again from the entries.
///
/// An S3 call that gets no answer is repeated by the SDK. A create or replacement that took effect the first
/// time is then told that something stands there: the callers in `tlog` read what it is before they believe
/// anything, as they do after an error.
#[derive(Debug, Clone)]
pub struct S3LogStorage {
    s3: aws_sdk_s3::Client,
    pub(super) bucket: Arc<str>,
    retention_days: u32,
}

impl S3LogStorage {
    /// The objects in `bucket`. Entries are locked for `retention_days`, counted from when they are written.
    #[must_use]
    pub fn new(clients: &Clients, bucket: &str, retention_days: u32) -> Self {
        Self { s3: clients.s3.clone(), bucket: bucket.into(), retention_days }
    }

    pub(super) const fn s3(&self) -> &aws_sdk_s3::Client {
        &self.s3
    }

    fn write(&self, key: &str, bytes: &[u8]) -> PutObjectFluentBuilder {
        self.s3
            .put_object()
            .bucket(&*self.bucket)
            .key(key)
            .content_type("application/octet-stream")
            .body(ByteStream::from(Bytes::copy_from_slice(bytes)))
    }

    /// Sends a conditional write until S3 has decided: `Ok(false)` when the condition did not hold.
    async fn conditional(
        &self,
        operation: &'static str,
        request: impl Fn() -> PutObjectFluentBuilder,
    ) -> Result<bool, StorageError> {
        let mut conflicts = 0;
        loop {
            let Err(error) = request().send().await else { return Ok(true) };
            // 412: the condition does not hold. 404: there is no object for If-Match, or a marker lies on it.
            if has_code(&error, "PreconditionFailed") || has_code(&error, "NoSuchKey") {
                return Ok(false);
            }
            // Another write to this key was under way, and S3 decided nothing: "retry the upload".
            if !has_code(&error, "ConditionalRequestConflict") || conflicts == CONFLICTS {
                return Err(fault(operation, error));
            }
            conflicts += 1;
            tokio::time::sleep(Duration::from_millis(20 << conflicts)).await;
        }
    }

    fn locked_until(&self) -> DateTime {
        let term = i64::from(self.retention_days).saturating_mul(86_400);
        DateTime::from_secs(SystemClock.now().as_second().saturating_add(term))
    }
}

/// Whether objects under this key are created once, and locked.
fn is_locked(key: &str) -> bool {
    let mut parts = key.split('/');
    parts.next() == Some("log")
        && parts.next().is_some()
        && matches!(parts.next(), Some("entries" | "checkpoints"))
}

/// A key as [`LogStorage`] allows it.
fn check(key: &str) -> Result<&str, StorageError> {
    let fits = key.len() <= MAX_KEY
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if fits { Ok(key) } else { Err(StorageError::permanent("not a key of a log's object")) }
}

/// A key of a listing: encoded where S3 says so, because XML cannot hold every character that a key can.
pub(super) fn decoded(key: String, encoding: Option<&EncodingType>) -> String {
    if encoding != Some(&EncodingType::Url) {
        return key;
    }
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(super) fn page_size(limit: usize) -> i32 {
    i32::try_from(limit.clamp(1, MAX_KEYS)).unwrap_or(1)
}

/// What a failed call means for the log.
pub(super) fn fault<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let reason = match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("AccessDenied") => Some("permission denied"),
        Some("InvalidObjectState") => Some("the object is archived and has to be restored first"),
        Some("NoSuchBucket") => Some("there is no such bucket"),
        Some("ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
            Some("the credentials are not accepted")
        }
        Some("RequestTimeTooSkewed" | "RequestExpired") => Some("the clock of this machine is off"),
        _ => None,
    };
    match (failed(operation, error), reason) {
        (cause, Some(reason)) => StorageError::Hindered { reason, cause: Some(cause.into()) },
        (cause @ (PortError::Refused { .. } | PortError::Damaged { .. }), None) => {
            StorageError::permanent(cause)
        }
        (cause, None) => StorageError::transient(cause),
    }
}

#[async_trait]
impl LogStorage for S3LogStorage {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        check(key)?;
        let request = || {
            let request = self.write(key, bytes).if_none_match("*");
            if is_locked(key) {
                request
                    .object_lock_mode(ObjectLockMode::Compliance)
                    .object_lock_retain_until_date(self.locked_until())
            } else {
                request
            }
        };
        Ok(match self.conditional("log.create", request).await? {
            true => Created::New,
            false => Created::AlreadyExists,
        })
    }

    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        self.read(check(key)?, None, limit).await
    }

    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        self.read(check(key)?, Some(version), limit).await
    }

    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        let head = self.s3.head_object().bucket(&*self.bucket).key(check(key)?).send().await;
        let head = match head {
            Ok(head) => head,
            Err(error) if matches!(error.as_service_error(), Some(HeadObjectError::NotFound(_))) => {
                return Ok(None);
            }
            // An answer to HEAD has no body, and so no code: what it is else is trouble.
            Err(error) => return Err(StorageError::transient(error)),
        };
        Ok(head.last_modified.and_then(|written| SystemTime::try_from(written).ok()))
    }

    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        check(key)?;
        let request = || match expected {
            Some(Etag(etag)) => self.write(key, bytes).if_match(etag),
            None => self.write(key, bytes).if_none_match("*"),
        };
        Ok(match self.conditional("log.replace", request).await? {
            true => Replaced::Done,
            false => Replaced::Changed,
        })
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        check(key)?;
        self.write(key, bytes).send().await.map(drop).map_err(|error| fault("log.put", error))
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        let page = self
            .s3
            .list_objects_v2()
            .bucket(&*self.bucket)
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned))
            .max_keys(page_size(limit))
            .encoding_type(EncodingType::Url)
            .send()
            .await
            .map_err(|error| fault("log.list", error))?;
        let more = page.is_truncated.unwrap_or_default();
        let encoding = page.encoding_type;
        let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
        Ok(Listing { keys: keys.map(|key| decoded(key, encoding.as_ref())).collect(), more })
    }

    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        self.rewritten_from(prefix, after, limit).await
    }
}

impl S3LogStorage {
    async fn read(
        &self,
        key: &str,
        version: Option<&str>,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        let request = self.s3.get_object().bucket(&*self.bucket).key(key);
        let answer = match request.set_version_id(version.map(str::to_owned)).send().await {
            Ok(answer) => answer,
            Err(error) if has_code(&error, "NoSuchKey") || has_code(&error, "NoSuchVersion") => {
                return Ok(None);
            }
            Err(error) => return Err(fault("log.get", error)),
        };
        // Without its length nothing is read: S3 always states it.
        let length = answer.content_length.and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| length > limit) {
            return Err(StorageError::TooLarge { limit });
        }
        let etag = Etag(answer.e_tag.unwrap_or_default());
        let bytes = answer.body.collect().await.map_err(StorageError::transient)?.into_bytes();
        Ok(Some(Object { bytes, etag }))
    }
}
