//! The function behind the audit queue, which the clock also calls: for a checkpoint every minute, and for the
//! copy of it that is kept of each day.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use serde_json::Value;
use tlog::Signer;
use zorgsluis_audit_writer::lambda::{Handler, Standing};
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_aws::function::{self, Call, Failed, Function, Metric};
use zorgsluis_aws::{DynamoEntryIndex, KmsSigner, Parts, Program, S3LogStorage, SystemRandom, Variable};

fn main() -> ExitCode {
    function::run::<Behind>()
}

/// Behind the audit queue, and behind the clock.
struct Behind(Handler);

impl Function for Behind {
    const PROGRAM: Program = Program::AuditWriter;
    type Event = Value;
    type Answer = Option<SqsBatchResponse>;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let (settings, clients) = (parts.settings(), parts.clients());
        let keys = parts.keys().await?;
        let organisation = settings.organisation();
        let origin = format!("zorgsluis/{organisation}");
        let signer: Arc<dyn Signer> =
            Arc::new(KmsSigner::load(clients, settings.need(Variable::LogSigningKey)?, &origin).await?);
        let retention = settings.number(Variable::LogRetentionDays)?;
        let log = AuditLog::new(
            Arc::new(S3LogStorage::new(clients, settings.need(Variable::LogBucket)?, retention)),
            Arc::new(DynamoEntryIndex::new(clients, &settings.table("log-index"), organisation)),
            Arc::clone(&keys),
            organisation,
            &origin,
            vec![signer.verifying_key().clone()],
        )
        .map_err(Failed::because)?;
        let writer = AuditWriter::open(log, &SystemRandom, signer).await.map_err(Failed::because)?;
        let (payloads, letters) = (parts.payloads(&keys)?, parts.dead_letters());
        Ok(Self(Handler::new(Arc::new(writer), payloads, parts.journal(), letters, parts.clock())))
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
        let handled = self.0.handle(batch, call.deadline).await;
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

impl Behind {
    async fn checkpoint(&self, call: &Call) -> Result<(), Failed> {
        let Standing { unsealed, age, trouble, .. } = self.0.checkpoint(call.deadline).await;
        for (metric, count) in [(Metric::Unsealed, unsealed), (Metric::CheckpointAge, age)] {
            if let Some(count) = count {
                call.metrics.add(metric, count);
            }
        }
        trouble.map_or(Ok(()), |error| Err(Failed::because(error)))
    }
}
