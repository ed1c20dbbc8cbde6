//! What the operator page shows of the audit log.

use async_trait::async_trait;
use jiff::Timestamp;
use zorgsluis_domain::PortError;

/// The state of the log, as whoever keeps it knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogReport {
    /// The log's name, for example `zorgsluis/main`.
    pub origin: String,
    /// Entries in the log.
    pub entries: u64,
    /// Entries behind the last checkpoint: written, not yet sealed by a signature.
    pub unsealed: u64,
    /// Entries taken, not yet in the log.
    pub pending: u64,
    /// The last checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// The last verification of the whole log.
    pub verification: Option<Verification>,
    /// The last comparison of what the stores hold with what the log says.
    pub reconciliation: Option<Reconciliation>,
}

/// A signed checkpoint (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries that it covers.
    pub size: u64,
    /// The root hash, as text.
    pub root: String,
    /// When it was signed, when that is known.
    pub signed: Option<Timestamp>,
}

/// A verification of the whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When.
    pub at: Timestamp,
    /// Entries that were verified.
    pub entries: u64,
    /// What was found wrong; 0 means that the log verifies.
    pub findings: u64,
}

/// A comparison of what the stores hold with what the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// When.
    pub at: Timestamp,
    /// What was compared: writes, readings, mails, messages, changes of registers.
    pub of: u64,
    /// How many of these stand in the stores and have their entry.
    pub have: u64,
    /// Differences; 0 means that the log is complete.
    pub differences: u64,
}

/// Tells the state of the log. Holds no PHI; reads no entries.
#[async_trait]
pub trait LogState: Send + Sync {
    /// The state at this moment.
    async fn report(&self) -> Result<LogReport, PortError>;
}
