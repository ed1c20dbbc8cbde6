//! What a batch of entries came to, counted.

use aws_lambda_events::event::sqs::SqsBatchResponse;
use zorgsluis_domain::AuditEntry;
use zorgsluis_domain::audit::{EventKind, Outcome};

/// The reason of a denial where somebody brought credentials, and they were wrong.
const WRONG_CREDENTIALS: &str = "wrong-token";

/// How a batch ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handled {
    /// What the function answers: names what goes back to the queue, in the order of the batch.
    pub response: SqsBatchResponse,
    /// The same in numbers, for metrics.
    pub tally: Tally,
}

/// How the messages of a batch ended, counted; and what the entries that are new in the log tell an alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries that stand in the log now, also those that stood there before.
    pub processed: u64,
    /// Messages set aside for good.
    pub parked: u64,
    /// Messages that went back to the queue.
    pub retried: u64,
    /// Of the new entries.
    pub kinds: Kinds,
}

/// What entries tell an alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Accesses by the emergency procedure, or by breaking the glass.
    pub emergency_access: u64,
    /// Accesses denied, failed log-ins among them.
    pub denied: u64,
    /// Messages and requests refused.
    pub refused: u64,
    /// Denials of somebody who brought credentials that were wrong, and log-ins that failed.
    pub failed_logins: u64,
}

impl Kinds {
    /// What one entry adds.
    #[must_use]
    pub fn of(entry: &AuditEntry) -> Self {
        let failed = entry.event.outcome != Outcome::Success;
        let failed_login = failed && entry.event.kind == EventKind::LogIn;
        let denied = entry.event.kind == EventKind::AccessDenied || failed_login;
        let wrong = entry.event.outcome_reason.as_deref() == Some(WRONG_CREDENTIALS);
        Self {
            emergency_access: entry.is_emergency().into(),
            denied: denied.into(),
            refused: (entry.event.kind == EventKind::Refusal).into(),
            failed_logins: (failed_login || denied && wrong).into(),
        }
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.emergency_access = self.emergency_access.saturating_add(other.emergency_access);
        self.denied = self.denied.saturating_add(other.denied);
        self.refused = self.refused.saturating_add(other.refused);
        self.failed_logins = self.failed_logins.saturating_add(other.failed_logins);
    }
}
