//! [`Behind`]: the function behind the audit queue, which the clock also calls: for a checkpoint every minute, for the
//! copy of it that is kept of each day, and for the witnesses.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use jiff::SignedDuration;
use serde_json::Value;
use zorgsluis_aws::function::{Call, Failed, Function, Metric};
use zorgsluis_aws::{Parts, Program, SystemRandom, Variable};

use crate::lambda::{Handler, Standing};
use crate::{AuditLog, AuditWriter, RemoteWitness, Witnesses};

/// How long all witnesses together may take, and what is left of the call's time after them.
const WITNESSES: Duration = Duration::from_secs(20);
const TO_END: SignedDuration = SignedDuration::from_secs(3);

/// Behind the audit queue, and behind the clock.
pub struct Behind {
    handler: Handler,
    witnesses: Witnesses,
    parts: Parts,
}

impl Function for Behind {
    const PROGRAM: Program = Program::AuditWriter;
    type Event = Value;
    type Answer = Option<SqsBatchResponse>;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let settings = parts.settings();
        let keys = parts.keys().await?;
        let organisation = settings.organisation();
        let origin = format!("zorgsluis/{organisation}");
        let signer = parts.log_signer(Variable::LogSigningKey, &origin).await?;
        let log = AuditLog::new(
            parts.log_storage()?,
            parts.entry_index(organisation),
            Arc::clone(&keys),
            organisation,
            &origin,
            vec![signer.verifying_key().clone()],
        )
        .map_err(Failed::because)?;
        let mut writer =
            AuditWriter::open(log.clone(), &SystemRandom, signer).await.map_err(Failed::because)?;
        if settings.get(Variable::LogNextSigningKey).is_some() {
            // Entries are taken without it, too: it only signs once it has taken over.
            match parts.log_signer(Variable::LogNextSigningKey, &origin).await {
                Ok(next) => writer = writer.followed_by(next),
                Err(failed) => {
                    tracing::error!(reason = failed.reason(), "the next signing key cannot be used")
                }
            }
        }
        let remote = RemoteWitness::list(settings.get(Variable::LogWitnesses).unwrap_or_default());
        let witnesses = Witnesses::new(&log, remote.map_err(Failed::because)?);
        let (payloads, letters) = (parts.payloads(&keys)?, parts.dead_letters());
        let handler = Handler::new(Arc::new(writer), payloads, parts.journal(), letters, parts.clock());
        Ok(Self { handler, witnesses, parts })
    }

    async fn handle(&self, event: Value, call: &Call) -> Result<Option<SqsBatchResponse>, Failed> {
        // An event of the clock (EventBridge) says what it is; a batch holds records.
        if event.get("Records").is_none() {
            if event.get("detail-type").and_then(Value::as_str) != Some("Scheduled Event") {
                return Err(Failed::because("neither a batch of the audit queue nor an event of the clock"));
            }
            return self.checkpoint(call).await.map(|()| None);
        }
        let batch = serde_json::from_value(event).map_err(|_| Failed::because("not a batch of a queue"))?;
        let handled = self.handler.handle(batch, call.deadline).await;
        let (tally, kinds) = (handled.tally, handled.tally.kinds);
        for (metric, count) in [
            (Metric::Processed, tally.processed),
            (Metric::Parked, tally.parked),
            (Metric::Retried, tally.retried),
            (Metric::EmergencyAccess, kinds.emergency_access),
            (Metric::Denied, kinds.denied),
            (Metric::FailedLogins, kinds.failed_logins),
        ] {
            call.metrics.add(metric, count);
        }
        Ok(Some(handled.response))
    }
}

impl std::fmt::Debug for Behind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Behind").field("handler", &self.handler).finish_non_exhaustive()
    }
}

impl Behind {
    async fn checkpoint(&self, call: &Call) -> Result<(), Failed> {
        let Standing { unsealed, age, trouble, .. } = self.handler.checkpoint(call.deadline).await;
        for (metric, count) in [(Metric::Unsealed, unsealed), (Metric::CheckpointAge, age)] {
            if let Some(count) = count {
                call.metrics.add(metric, count);
            }
        }
        self.submit(call).await;
        trouble.map_or(Ok(()), |error| Err(Failed::because(error)))
    }

    /// Brings the checkpoint that stands before the witnesses. One that does not cosign is counted, and no trouble.
    async fn submit(&self, call: &Call) {
        if self.witnesses.is_empty() {
            return;
        }
        let left = call.deadline.duration_since(self.parts.clock().now()).saturating_sub(TO_END);
        let left = Duration::try_from(left).unwrap_or_default();
        let asked = self.witnesses.submit(left.min(WITNESSES)).await;
        call.metrics.add(Metric::WitnessMissed, asked.missed);
        call.metrics.add(Metric::WitnessRefused, asked.refused);
    }
}
