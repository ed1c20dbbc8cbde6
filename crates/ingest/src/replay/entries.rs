//! Entries of the log that were set aside, back into the audit queue.

use std::sync::Arc;

use zorgsluis_domain::Stage;
use zorgsluis_domain::port::{DeadLetter, Outgoing, Queue};

use super::{Replayed, Requester, after_parking};
use crate::{Ingest, IngestError};

impl Ingest {
    /// Lets a [`replay`](Self::replay) take back entries of the log, too: what the audit queue's function set aside
    /// goes back into this queue.
    #[must_use]
    pub fn with_audit_queue(mut self, queue: Arc<dyn Queue>) -> Self {
        self.audit_queue = Some(queue);
        self
    }

    /// Sends each as it came. What the log has already it does not take twice, so that one which a crash left both in
    /// the queue and with the dead letters does no harm.
    pub(super) async fn replay_entries(
        &self,
        queue: &dyn Queue,
        letters: &[DeadLetter],
        by: &Requester,
        replayed: &mut Replayed,
    ) -> Result<(), IngestError> {
        for letter in letters {
            // Its body may be an entry in clear: that it is opened is recorded first.
            let entry = self.replay_entry(letter, by);
            self.ports.audit.record(&[entry]).await.map_err(IngestError::Audit)?;
            let body = match self.ports.payloads.get(letter.message).await {
                Ok(payload) => String::from_utf8(payload.bytes.expose_phi().clone()).map_err(|_| "damaged"),
                Err(error) if error.is_transient() => return Err(IngestError::Store(error)),
                Err(error) => Err(error.code()),
            };
            let body = match body {
                Ok(body) => body,
                Err(code) => {
                    replayed.failed.push((letter.message, code));
                    continue;
                }
            };
            let now = self.ports.clock.now();
            let way = self.ports.journal.get(letter.message).await.map_err(IngestError::Store)?;
            let at = after_parking(letter, way.as_ref(), now);
            self.journal_replay(letter, at, Stage::Replayed).await?;
            let deduplication = format!("{}-{}-{}", letter.message, now.as_nanosecond(), self.serial());
            // The group is for a queue that has groups: entries are logged once, and have no order.
            let outgoing = Outgoing { body, group: String::from("audit"), deduplication };
            let sent = queue.send(&[outgoing]).await.map_err(IngestError::Store)?.into_iter().next();
            match sent {
                Some(Ok(_)) => {
                    self.journal_replay(letter, at, Stage::Queued).await?;
                    self.ports.dead_letters.remove(letter).await.map_err(IngestError::Store)?;
                    replayed.queued.push(letter.message);
                }
                Some(Err(error)) => replayed.failed.push((letter.message, error.code())),
                None => replayed.failed.push((letter.message, "unavailable")),
            }
        }
        Ok(())
    }
}
