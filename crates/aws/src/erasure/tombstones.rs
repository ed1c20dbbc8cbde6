//! Tombstones in the bucket of the log, where no restored table takes them along.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectLockMode;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::TombstoneStore;
use zorgsluis_domain::{Clock as _, PortError};

use crate::failure::{failed, has_code};
use crate::hindered::hindered;
use crate::{Clients, SystemClock};

/// Objects that are read at once.
const AT_ONCE: usize = 16;
/// The most bytes of one: a hundred patients with all their years.
const LONGEST: i64 = 1 << 20;

/// The tombstones of an organisation: `tombstones/<organisation>/<id>` in the bucket of the log, one line of JSON each,
/// created once and never changed.
///
/// They stand under Object Lock in COMPLIANCE mode for as long as an entry of the log: a tombstone that somebody could
/// take away would let a restored table bring back what was destroyed. They hold ids and pseudonyms, nothing that tells
/// who the patient is.
#[derive(Debug, Clone)]
pub struct S3Tombstones {
    s3: aws_sdk_s3::Client,
    bucket: Arc<str>,
    prefix: Arc<str>,
    retention_days: u32,
}

impl S3Tombstones {
    /// Those of `organisation`, in the bucket of the log; locked for `retention_days` from when they are written.
    #[must_use]
    pub fn new(clients: &Clients, bucket: &str, organisation: &str, retention_days: u32) -> Self {
        let prefix = format!("tombstones/{organisation}/");
        Self { s3: clients.s3.clone(), bucket: bucket.into(), prefix: prefix.into(), retention_days }
    }

    async fn keys(&self, operation: &'static str) -> Result<Vec<String>, PortError> {
        let mut pages =
            self.s3.list_objects_v2().bucket(&*self.bucket).prefix(&*self.prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| hindered(operation, error))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    async fn one(&self, operation: &'static str, key: String) -> Result<Tombstone, PortError> {
        let damaged =
            || PortError::Damaged { operation, reason: format!("{key} is not a tombstone of this release") };
        let answer = self.s3.get_object().bucket(&*self.bucket).key(&key).send().await;
        let answer = answer.map_err(|error| hindered(operation, error))?;
        if answer.content_length.is_none_or(|length| length > LONGEST) {
            return Err(damaged());
        }
        let bytes = answer.body.collect().await.map_err(|error| PortError::unavailable(operation, error))?;
        std::str::from_utf8(&bytes.into_bytes()).ok().and_then(Tombstone::parse).ok_or_else(damaged)
    }
}

#[async_trait]
impl TombstoneStore for S3Tombstones {
    async fn read(&self) -> Result<Vec<Tombstone>, PortError> {
        const OPERATION: &str = "tombstones.read";
        let reads = self.keys(OPERATION).await?.into_iter().map(|key| self.one(OPERATION, key));
        let mut all: Vec<Tombstone> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
        all.sort_by_key(|tombstone| (tombstone.at, tombstone.id));
        Ok(all)
    }

    async fn add(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        const OPERATION: &str = "tombstones.add";
        let term = i64::from(self.retention_days).saturating_mul(86_400);
        let until = SystemClock.now().as_second().saturating_add(term);
        let put = self
            .s3
            .put_object()
            .bucket(&*self.bucket)
            .key(format!("{}{}", self.prefix, tombstone.id))
            .content_type("application/json")
            .if_none_match("*")
            .object_lock_mode(ObjectLockMode::Compliance)
            .object_lock_retain_until_date(aws_sdk_s3::primitives::DateTime::from_secs(until))
            .body(ByteStream::from(tombstone.to_line().into_bytes()));
        match put.send().await {
            Ok(_) => Ok(()),
            // It stands there: written before, or by this call, whose answer was lost.
            Err(error) if has_code(&error, "PreconditionFailed") => Ok(()),
            Err(error) if has_code(&error, "ConditionalRequestConflict") => {
                Err(PortError::unavailable(OPERATION, error))
            }
            Err(error) => Err(failed(OPERATION, error)),
        }
    }

    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }
}
