use std::error::Error as StdError;
use std::time::Duration;

/// Why a port could not do what was asked.
///
/// The text of each variant is safe to log: it names the operation, never a value. What the store or
/// service said stands in the source of the error, which may hold PHI and is therefore never printed
/// by default.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// What was asked for is not there.
    #[error("{operation}: not found")]
    NotFound {
        /// The port's operation, for example `payload.get`.
        operation: &'static str,
    },
    /// A precondition (If-Match, If-None-Match, a condition on an item) did not hold: somebody else
    /// was first. Read again and decide again.
    #[error("{operation}: precondition failed")]
    Conflict {
        /// The port's operation.
        operation: &'static str,
    },
    /// The request can never succeed as it stands.
    #[error("{operation}: refused: {reason}")]
    Refused {
        /// The port's operation.
        operation: &'static str,
        /// Why, in words that are safe to log.
        reason: String,
    },
    /// The key that protects this was destroyed: the data is erased for good.
    #[error("{operation}: erased")]
    Erased {
        /// The port's operation.
        operation: &'static str,
    },
    /// What stands in the store cannot be what was put there.
    #[error("{operation}: stored data is damaged: {reason}")]
    Damaged {
        /// The port's operation.
        operation: &'static str,
        /// What is wrong, in words that are safe to log.
        reason: String,
    },
    /// Trouble that may pass: try again later.
    #[error("{operation}: unavailable")]
    Unavailable {
        /// The port's operation.
        operation: &'static str,
        /// How long the service asked to wait, when it did.
        retry_after: Option<Duration>,
        /// What the store or service said; not for logs.
        #[source]
        cause: Option<Box<dyn StdError + Send + Sync>>,
    },
}

impl PortError {
    /// Trouble that may pass, with its inner cause.
    pub fn unavailable(operation: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable { operation, retry_after: None, cause: Some(cause.into()) }
    }

    /// Whether the same request may succeed later without any change.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// A short name for reports and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not-found",
            Self::Conflict { .. } => "conflict",
            Self::Refused { .. } => "refused",
            Self::Erased { .. } => "erased",
            Self::Damaged { .. } => "damaged",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}
