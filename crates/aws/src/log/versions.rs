//! Which objects of the log have been written or deleted a second time.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{BucketVersioningStatus, EncodingType};
use tlog::{Rewritten, RewrittenListing, StorageError};

use super::storage::{S3LogStorage, decoded, fault, page_size};

/// Versions in one answer; S3 gives no more.
const PAGE: usize = 1000;

/// What is known of a key while its versions are listed, the newest first.
#[derive(Default)]
struct History {
    versions: u32,
    delete_markers: u32,
    /// The oldest version so far.
    first: Option<String>,
}

impl S3LogStorage {
    /// Walks through all versions behind `after`. `None` for a bucket that keeps none.
    pub(super) async fn rewritten_from(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        if !self.keeps_versions().await? {
            return Ok(None);
        }
        let limit = limit.max(1);
        let mut found = RewrittenListing::default();
        let mut open: BTreeMap<String, History> = BTreeMap::new();
        let (mut key, mut version) = (after.map(str::to_owned), None);
        loop {
            let page = self
                .s3()
                .list_object_versions()
                .bucket(&*self.bucket)
                .prefix(prefix)
                .set_key_marker(key.take())
                .set_version_id_marker(version.take())
                .max_keys(page_size(PAGE))
                .encoding_type(EncodingType::Url)
                .send()
                .await
                .map_err(|error| fault("log.versions", error))?;
            let encoding = page.encoding_type.as_ref();
            for object in page.versions.unwrap_or_default() {
                let history = open.entry(decoded(object.key.unwrap_or_default(), encoding)).or_default();
                history.versions = history.versions.saturating_add(1);
                history.first = object.version_id;
            }
            for marker in page.delete_markers.unwrap_or_default() {
                let history = open.entry(decoded(marker.key.unwrap_or_default(), encoding)).or_default();
                history.delete_markers = history.delete_markers.saturating_add(1);
            }
            let truncated = page.is_truncated.unwrap_or_default();
            // The versions of one key may go on in the next answer.
            let last = if truncated { open.pop_last() } else { None };
            for (key, history) in std::mem::take(&mut open) {
                if history.versions < 2 && history.delete_markers == 0 {
                    continue;
                }
                if found.objects.len() == limit {
                    found.more = true;
                    return Ok(Some(found));
                }
                let History { versions, delete_markers, first } = history;
                found.objects.push(Rewritten { key, versions, delete_markers, first });
            }
            open.extend(last);
            if !truncated {
                return Ok(Some(found));
            }
            key = page.next_key_marker.map(|key| decoded(key, encoding));
            version = page.next_version_id_marker;
            if key.is_none() {
                return Err(StorageError::transient("a listing that goes on without saying where"));
            }
        }
    }

    async fn keeps_versions(&self) -> Result<bool, StorageError> {
        let answer = self.s3().get_bucket_versioning().bucket(&*self.bucket).send().await;
        let status = answer.map_err(|error| fault("log.versioning", error))?.status;
        Ok(status == Some(BucketVersioningStatus::Enabled))
    }
}
