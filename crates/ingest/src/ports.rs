//! What ingest stands on, and what can be set.

use std::sync::Arc;

use hl7v2::Limits;
use zorgsluis_domain::Clock;
use zorgsluis_domain::port::{AuditSink, DeadLetters, Journal, Keys, PayloadStore, Queue};

/// The ports that ingest works over.
#[derive(Clone)]
pub struct Ports {
    /// The raw messages.
    pub payloads: Arc<dyn PayloadStore>,
    /// The inbound queue.
    pub queue: Arc<dyn Queue>,
    /// The way of each message.
    pub journal: Arc<dyn Journal>,
    /// What was set aside, for [`Ingest::replay`](crate::Ingest::replay).
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The NEN 7513 log.
    pub audit: Arc<dyn AuditSink>,
    /// Pseudonyms.
    pub keys: Arc<dyn Keys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What a message may hold.
    pub limits: Limits,
    /// Messages that may wait in the queue; above it senders are asked to come back. Default 100,000.
    pub queue_limit: u64,
    /// Messages in one batch (FHS, BHS) at most. Default 1,000.
    pub batch_limit: usize,
    /// AuditEnterpriseSiteID: the organisation that audit entries name.
    pub organisation: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            queue_limit: 100_000,
            batch_limit: 1_000,
            organisation: "zorgsluis".to_owned(),
        }
    }
}
