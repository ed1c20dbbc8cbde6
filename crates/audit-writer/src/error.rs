//! [`AuditError`]: why the log could not be written or read.

use std::error::Error;
use std::sync::Arc;

use tlog::{DescribeError, IndexError, LogError};
use zorgsluis_domain::PortError;

/// Why the log could not be written or read. The texts are safe to log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The log itself.
    #[error("audit log: {0}")]
    Log(#[source] Arc<LogError>),
    /// Its index.
    #[error("audit log: {0}")]
    Index(#[source] Arc<IndexError>),
    /// The keys that seal and open entries.
    #[error("audit log: {0}")]
    Keys(#[source] Arc<PortError>),
    /// Where the entry about a reading goes: without it, nothing is disclosed.
    #[error("audit log: the reading could not be logged: {0}")]
    NotLogged(#[source] Arc<PortError>),
    /// Randomness.
    #[error("audit log: {0}")]
    Random(#[source] Arc<PortError>),
    /// The shard's name, or the name of the log in checkpoints, is not one.
    #[error("audit log: {0}")]
    Name(&'static str),
    /// An entry is longer than the log can hold.
    #[error("audit log: an entry is longer than the log can hold")]
    TooLong,
    /// Stored content under this code is not an entry.
    #[error("audit log: entry {index} cannot be read ({code})")]
    Unreadable {
        /// Its index.
        index: u64,
        /// Why.
        code: &'static str,
    },
    /// No entry has this id.
    #[error("audit log: there is no such entry")]
    NoSuchEntry,
    /// The index was made by an older scheme of keys, and would answer incompletely.
    #[error(
        "audit log: the index was made by an older version and has to be made anew (`zorgsluis audit rebuild`)"
    )]
    IndexOutdated,
    /// The cursor of a page is not one that was given out.
    #[error("audit log: not a cursor of this listing")]
    Cursor,
    /// This process does not sign checkpoints.
    #[error("audit log: this process has no signing key")]
    NoSigner,
    /// It took longer than there was time.
    #[error("audit log: the time was up")]
    TimeUp,
}

impl AuditError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Log(error) => error.is_transient(),
            Self::Index(error) => error.is_transient(),
            Self::Keys(error) | Self::NotLogged(error) | Self::Random(error) => error.is_transient(),
            Self::TimeUp => true,
            _ => false,
        }
    }

    /// A word for what failed, for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(error) if matches!(**error, LogError::Sealed) => "log-sealed",
            Self::Log(error) if matches!(**error, LogError::IndexRebuilding) => "index-rebuilding",
            Self::Log(error) if error.is_transient() => "log-unavailable",
            Self::Log(_) => "log",
            Self::Index(error) if matches!(**error, IndexError::Rebuilding) => "index-rebuilding",
            Self::Index(_) => "log-index",
            Self::Keys(error) | Self::NotLogged(error) | Self::Random(error) => error.code(),
            Self::Name(_) => "name",
            Self::TooLong => "too-long",
            Self::Unreadable { code, .. } => code,
            Self::NoSuchEntry => "no-such-entry",
            Self::IndexOutdated => "index-outdated",
            Self::Cursor => "cursor",
            Self::NoSigner => "no-signer",
            Self::TimeUp => "out-of-time",
        }
    }

    /// Whether it is the index that is damaged: it derives from the log, and can be made anew.
    #[must_use]
    pub fn is_index_damaged(&self) -> bool {
        self.damaged_in_index().is_some()
    }

    /// The operation of the index that met the damage.
    fn damaged_in_index(&self) -> Option<&'static str> {
        let causes = std::iter::successors(Some(self as &dyn Error), |error| (*error).source());
        causes.filter_map(port_error).find_map(|cause| match cause {
            PortError::Damaged { operation, .. } if operation.starts_with("log_index.") => Some(*operation),
            _ => None,
        })
    }

    /// The error of the port that the log serves.
    #[must_use]
    pub fn into_port(self, operation: &'static str) -> PortError {
        let reason = self.to_string();
        // Who is told of it can tell what is damaged.
        let operation = self.damaged_in_index().unwrap_or(operation);
        match self {
            error if error.is_transient() => PortError::unavailable(operation, error),
            Self::NoSuchEntry => PortError::NotFound { operation },
            Self::TooLong | Self::IndexOutdated | Self::Cursor | Self::NoSigner | Self::Name(_) => {
                PortError::Refused { operation, reason }
            }
            Self::Log(error) if matches!(*error, LogError::Sealed) => {
                PortError::Refused { operation, reason }
            }
            _ => PortError::Damaged { operation, reason },
        }
    }
}

/// The error of a port in a chain of causes; one that is shared stands there as what shares it.
fn port_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a PortError> {
    cause.downcast_ref().or_else(|| cause.downcast_ref::<Arc<PortError>>().map(AsRef::as_ref))
}

impl From<LogError> for AuditError {
    fn from(error: LogError) -> Self {
        Self::Log(Arc::new(error))
    }
}

impl From<Arc<LogError>> for AuditError {
    fn from(error: Arc<LogError>) -> Self {
        Self::Log(error)
    }
}

impl From<IndexError> for AuditError {
    fn from(error: IndexError) -> Self {
        Self::Index(Arc::new(error))
    }
}

impl AuditError {
    pub(crate) fn keys(error: PortError) -> Self {
        Self::Keys(Arc::new(error))
    }

    /// What failed inside a description, if it was the keys.
    pub(crate) fn describe(self) -> DescribeError {
        DescribeError(Box::new(self))
    }
}
