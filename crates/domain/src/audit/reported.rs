use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// That another system reported an event, and the event as it was submitted.
///
/// The entry's [`source`](super::AuditEntry::source) is then the submitter as we know it, by its credentials; what the
/// event says of its own source stands here, in `original`. The entry's fields hold what of the event maps to them, so
/// that it is found and shown like any other; `original` holds all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reported {
    /// The system that submitted the event: the name that its credentials stand for.
    pub submitter: String,
    /// When it was received: UTC, in whole microseconds. `recorded` of the entry is the time that the event states.
    pub received: Timestamp,
    /// The event as submitted: a FHIR R4 AuditEvent as JSON text. PHI: entries are sealed before they are stored.
    pub original: String,
}

impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reported")
            .field("submitter", &self.submitter)
            .field("received", &self.received)
            .field("original", &self.original.len())
            .finish()
    }
}
