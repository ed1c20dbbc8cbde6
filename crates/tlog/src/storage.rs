//! [`LogStorage`]: the port to the objects that a log consists of.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

/// The objects of a log, in the shape of S3: whole objects under string keys, conditional writes.
///
/// Keys consist of `[0-9A-Za-z._/-]`, are at most 200 bytes long, never begin or end with `/` and
/// hold no empty, `.` or `..` part, so that a file system can use them as relative paths. A key is
/// never also the folder of another key (`tile/0/001` stands beside the folder `tile/0/001.p/`).
///
/// # Contract
/// * **Durability.** When a writing call returns `Ok`, its effect survives a crash of the process, of
///   the machine and a loss of power. (In a file system: temporary file, `fsync`, link or rename,
///   `fsync` of the folder, also of folders made on the way.)
/// * **Atomicity.** A reader sees a whole object or none, never a part, also while it is being
///   written and after a crash at any point. Temporary files never show up in [`list`](Self::list).
/// * **Read after write.** A call that begins after a write returned `Ok` sees that write, in every
///   process.
/// * **Errors.** [`StorageError::Transient`] (and [`StorageError::Hindered`], which names what is in
///   the way) leaves open whether the call took effect, or still will: callers must read to know. [`StorageError::Permanent`] promises that the call had no effect and
///   that repeating it is of no use.
/// * An implementation may repeat and back off by itself (SDKs do); the callers in this crate repeat a
///   few times without waiting, since they have no clock.
#[async_trait]
pub trait LogStorage: Send + Sync {
    /// Creates the object if the key does not exist (S3: `PUT` with `If-None-Match: *`). Of any
    /// number of concurrent calls with one key, in any processes, exactly one gets
    /// [`Created::New`], and its bytes are what stands there from then on.
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError>;

    /// The object, or `None` if there is none. [`StorageError::TooLarge`] if it is longer than
    /// `limit` bytes: the object is not read into memory then. [`StorageError::NoObject`] if something
    /// else stands there; such a key is in listings all the same.
    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError>;

    /// One version of an object, as [`rewritten`](Self::rewritten) names it: also one that another was laid
    /// over, or a delete marker. `None` if there is no such version, as everywhere in a storage that keeps
    /// none.
    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: usize,
    ) -> Result<Option<Object>, StorageError> {
        let _ = (key, version, limit);
        Ok(None)
    }

    /// When the object was written, by the clock of the storage. `None` if there is no object, or the storage
    /// tells no times. An operator's measure: nothing is decided by it.
    async fn written(&self, key: &str) -> Result<Option<SystemTime>, StorageError> {
        let _ = key;
        Ok(None)
    }

    /// Replaces the object if it still is the one that `expected` names (S3: `If-Match`), or creates
    /// it if `expected` is `None` and there is none. Compare and write are one atomic step across
    /// processes.
    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError>;

    /// Writes the object whatever stands there. Used for derived objects only (tiles), where every
    /// writer writes the same bytes; equal bytes may be left as they are.
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError>;

    /// The keys that begin with `prefix` (a plain string prefix, which may end inside a part) and are
    /// greater than `after`, in ascending byte order, at most `limit` of them. `limit` is at least 1;
    /// an implementation may return fewer, but at least one while there are more.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError>;

    /// Keys like [`list`](Self::list), but only those whose history shows more than one plain
    /// creation: a second version or a delete marker (S3: `ListObjectVersions`). Also lists a key
    /// whose newest version is a delete marker, which `list` does not show. `None`: this storage
    /// keeps no versions, so nothing can be said.
    async fn rewritten(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError>;
}

/// What [`LogStorage::create`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object stands there now, with the bytes given.
    New,
    /// The key existed; nothing was changed.
    AlreadyExists,
}

/// What [`LogStorage::replace_if`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// The object stands there now, with the bytes given.
    Done,
    /// Another object stands there than the one expected (or one at all, or none); nothing was changed.
    Changed,
}

/// An object as it was read.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its whole content.
    pub bytes: Bytes,
    /// Names this content for [`LogStorage::replace_if`].
    pub etag: Etag,
}

/// An opaque name for one state of an object: differs when the content differs (a hash will do).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(pub String);

/// One page of [`LogStorage::list`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Whole keys (not relative to the prefix), ascending.
    pub keys: Vec<String>,
    /// More may follow: ask again with `after` = the last key.
    pub more: bool,
}

/// One page of [`LogStorage::rewritten`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewrittenListing {
    /// Ascending by key.
    pub objects: Vec<Rewritten>,
    /// More may follow: ask again with `after` = the last key.
    pub more: bool,
}

/// A key whose history is more than one creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole key.
    pub key: String,
    /// Versions with content.
    pub versions: u32,
    /// Delete markers.
    pub delete_markers: u32,
    /// The version with content that was written first, for [`LogStorage::get_version`]; `None` if none is
    /// left.
    pub first: Option<String>,
}

/// Why a storage call failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Time-out, throttling, server trouble, a lost answer: the call may have taken effect, or may
    /// still. Read before you believe anything.
    #[error("the log's storage did not answer; whether the call took effect is unknown")]
    Transient(#[source] Option<Cause>),
    /// The storage cannot do it now: disk full, quota reached, no permission, mounted for reading
    /// only. That says nothing about what it holds, and the same call succeeds once somebody made room
    /// or gave the right. Like [`Transient`](Self::Transient) it leaves open whether the call took
    /// effect.
    #[error("the log's storage cannot do it now: {reason}")]
    Hindered {
        /// What is in the way: fixed words, safe to log.
        reason: &'static str,
        /// The inner cause.
        #[source]
        cause: Option<Cause>,
    },
    /// Refused for good: not a valid key, say. Had no effect.
    #[error("the log's storage refused the call")]
    Permanent(#[source] Option<Cause>),
    /// Something stands under the key that is no object of this storage (in a file system: a folder, a
    /// link, a pipe). It was not read.
    #[error("what stands there is no object: {reason}")]
    NoObject {
        /// What it is: fixed words.
        reason: &'static str,
    },
    /// The object is longer than the caller's limit.
    #[error("the object is longer than {limit} bytes")]
    TooLarge {
        /// The caller's limit, in bytes.
        limit: usize,
    },
}

/// The inner cause of a failed call of a port; for the operator, not for a message.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl StorageError {
    /// Whether the same call may succeed later (and may have succeeded already).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Hindered { .. })
    }

    /// What an operating system's error means: never that the log is damaged.
    #[must_use]
    pub fn from_io(cause: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let reason = match cause.kind() {
            ErrorKind::StorageFull => "the disk is full",
            ErrorKind::QuotaExceeded => "the quota is used up",
            ErrorKind::FileTooLarge => "a file may not grow so large here",
            ErrorKind::PermissionDenied => "permission denied",
            ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
            // EIO has no kind of its own.
            _ if cause.raw_os_error() == Some(5) => "the medium reports an error",
            _ => return Self::transient(cause),
        };
        Self::Hindered { reason, cause: Some(cause.into()) }
    }

    /// A transient error with its cause.
    pub fn transient(cause: impl Into<Cause>) -> Self {
        Self::Transient(Some(cause.into()))
    }

    /// A permanent error with its cause.
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self::Permanent(Some(cause.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn no_error_of_the_system_is_for_good() {
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
            ErrorKind::PermissionDenied,
            ErrorKind::ReadOnlyFilesystem,
        ] {
            let error = StorageError::from_io(kind.into());
            assert!(matches!(error, StorageError::Hindered { .. }) && error.is_transient(), "{error}");
            assert!(!error.to_string().contains("damage"), "{error}");
        }
        for other in
            [Error::from_raw_os_error(5), ErrorKind::Interrupted.into(), ErrorKind::NotADirectory.into()]
        {
            assert!(StorageError::from_io(other).is_transient());
        }
    }
}
