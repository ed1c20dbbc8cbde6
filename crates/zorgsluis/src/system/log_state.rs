//! Keeps the log covered by checkpoints, and tells how it stands.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use zorgsluis_audit_writer::{AuditError, AuditWriter, Verification};
use zorgsluis_domain::{Clock, PortError};
use zorgsluis_embedded::reconcile::Tally;
use zorgsluis_gateway::{LogReport, LogState};

/// The log, as its keeper knows it.
pub(crate) struct LogKeeper {
    writer: Arc<AuditWriter>,
    clock: Arc<dyn Clock>,
    verified: Mutex<Option<zorgsluis_gateway::Verification>>,
    reconciled: Mutex<Option<zorgsluis_gateway::Reconciliation>>,
    /// When the last checkpoint of this process was signed, and of how many entries.
    signed: Mutex<Option<(jiff::Timestamp, u64)>>,
}

impl LogKeeper {
    pub(crate) fn new(writer: Arc<AuditWriter>, clock: Arc<dyn Clock>) -> Self {
        Self {
            writer,
            clock,
            verified: Mutex::default(),
            reconciled: Mutex::default(),
            signed: Mutex::default(),
        }
    }

    /// Signs a checkpoint, if there is anything that the last one does not cover.
    pub(crate) async fn checkpoint(&self) -> Result<(), AuditError> {
        let status = self.writer.log().status().await?;
        if status.covered == Some(status.entries) {
            return Ok(());
        }
        let signed = self.writer.checkpoint().await?;
        let mut last = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((self.clock.now(), signed.checkpoint().size));
        Ok(())
    }

    /// Verifies the whole log.
    pub(crate) async fn verify(&self) -> Result<tlog::Report, AuditError> {
        let report = self.writer.log().verify(Verification::default()).await?;
        let findings = u64::try_from(report.findings.len()).unwrap_or(u64::MAX) + report.more_findings;
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        *verified =
            Some(zorgsluis_gateway::Verification { at: self.clock.now(), entries: report.size, findings });
        Ok(report)
    }
}

impl LogKeeper {
    /// Remembers what a comparison of the stores with the log came to.
    pub(crate) fn reconciled(&self, tally: &Tally) {
        let all = tally.all();
        let mut last = self.reconciled.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(zorgsluis_gateway::Reconciliation {
            at: self.clock.now(),
            of: all.of,
            have: all.have,
            differences: tally.differences,
        });
    }
}

#[async_trait]
impl LogState for LogKeeper {
    async fn report(&self) -> Result<LogReport, PortError> {
        let log = self.writer.log();
        let status = log.status().await.map_err(|error| error.into_port("log.status"))?;
        let signed = *self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = status.covered.zip(status.root).map(|(size, root)| zorgsluis_gateway::Checkpoint {
            size,
            root,
            signed: signed.filter(|(_, of)| *of == size).map(|(at, _)| at),
        });
        Ok(LogReport {
            origin: format!("zorgsluis/{}", log.shard()),
            entries: status.entries,
            unsealed: status.entries.saturating_sub(status.covered.unwrap_or(0)),
            pending: 0,
            checkpoint,
            verification: self.verified.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            reconciliation: self.reconciled.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }
}
