//! Where entries of the NEN 7513 log go.

use async_trait::async_trait;

use crate::{AuditEntry, PortError};

/// Takes entries. Nothing is disclosed or written before the entry about it was taken.
#[async_trait]
pub trait AuditSink: Send + Sync {
    /// Takes the entries durably: when this returns `Ok`, they are in the log or will be, whatever
    /// fails next. An entry with an id that the log has is taken and not doubled.
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError>;
}
