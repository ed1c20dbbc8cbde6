//! [`QueueSink`]: entries on their way to the log of another process.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use zorgsluis_domain::port::queue::MAX_BATCH;
use zorgsluis_domain::port::{AuditSink, Keys, Outgoing, Queue};
use zorgsluis_domain::{AuditEntry, PortError};

use crate::AuditError;
use crate::lambda::{MAX_BODY, envelope};

const OPERATION: &str = "audit.record";
/// The group, where the queue has groups. Entries carry their time and are logged once: order means nothing.
const GROUP: &str = "audit";

/// The [`AuditSink`] of functions that do not write the log themselves: seals each entry under the key of its
/// patient and sends it to the audit queue, behind which [`lambda::Handler`](crate::lambda::Handler) writes.
/// What the queue accepted is durable, and comes to the log at least once; the log keeps it once, by its id.
#[derive(Clone)]
pub struct QueueSink {
    keys: Arc<dyn Keys>,
    queue: Arc<dyn Queue>,
}

impl QueueSink {
    /// Seals with `keys` and sends to `queue`.
    #[must_use]
    pub fn new(keys: Arc<dyn Keys>, queue: Arc<dyn Queue>) -> Self {
        Self { keys, queue }
    }

    /// The entry as it travels.
    async fn seal(&self, entry: &AuditEntry) -> Result<Outgoing, PortError> {
        let too_long = || AuditError::TooLong.into_port(OPERATION);
        let body = envelope(self.keys.as_ref(), entry).await.map_err(|error| error.into_port(OPERATION))?;
        if body.len() > MAX_BODY {
            return Err(too_long());
        }
        Ok(Outgoing { body, group: GROUP.to_owned(), deduplication: entry.id.to_string() })
    }
}

#[async_trait]
impl AuditSink for QueueSink {
    /// Takes all entries or answers an error; then some may have been taken, and taking all of them again
    /// doubles nothing. One that is longer than the queue can carry is refused before any is sent.
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let mut sealed = Vec::with_capacity(entries.len());
        for entry in entries {
            sealed.push(self.seal(entry).await?);
        }
        let mut rest = sealed.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(MAX_BATCH).take_while(|message| {
                bytes += message.body.len();
                bytes <= MAX_BODY
            });
            let (batch, later) = rest.split_at(fits.count().max(1));
            for sent in self.queue.send(batch).await? {
                sent?;
            }
            rest = later;
        }
        Ok(())
    }
}

impl fmt::Debug for QueueSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSink").finish_non_exhaustive()
    }
}
