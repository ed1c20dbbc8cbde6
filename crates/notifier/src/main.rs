//! The function behind the queue of notices, and behind that of the events of mails.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_aws::function::{self, Call, Failed, Function, Metric};
use zorgsluis_aws::{Parts, Program, Variable};
use zorgsluis_notifier::events::lambda::MailEvents;
use zorgsluis_notifier::{Notifier, Ports, Settings, SigningIdentity, SigningPem};
use zorgsluis_worker::lambda::Handler;

fn main() -> ExitCode {
    function::run::<Behind>()
}

/// How the queue of the events of mails is called, behind the prefix of the deployment.
const MAIL_EVENTS: &str = "mail-events";

/// Behind both queues.
struct Behind {
    notices: Handler<Notifier>,
    events: MailEvents,
}

impl Function for Behind {
    const PROGRAM: Program = Program::Notifier;
    type Event = SqsEvent;
    type Answer = SqsBatchResponse;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let settings = parts.settings();
        let keys = parts.keys().await?;
        let ports = Ports {
            payloads: parts.payloads(&keys)?,
            fhir: parts.fhir(&keys)?,
            patients: parts.patients(),
            directory: parts.providers(),
            notices: parts.notices(),
            opt_outs: parts.opt_outs(),
            mailer: parts.mailer()?,
            audit: Arc::new(QueueSink::new(Arc::clone(&keys), parts.queue(Variable::AuditQueue)?)),
            journal: parts.journal(),
            dead_letters: parts.dead_letters(),
            clock: parts.clock(),
            keys,
        };
        let signing = parts.mail_signing().await?;
        let pem = SigningPem { certificate: signing.certificate, key: signing.key };
        let organisation = settings.organisation();
        let notices = Settings::new(
            organisation,
            signing.name.as_deref().unwrap_or(organisation),
            settings.need(Variable::MailFrom)?,
            settings.need(Variable::Pages)?.trim_end_matches('/'),
            Arc::new(SigningIdentity::from_pem(&pem).map_err(Failed::because)?),
        );
        let notifier = Notifier::new(ports, notices).map_err(Failed::because)?;
        let handler = function::worker(notifier.clone(), parts.clock(), parts.queue(Variable::NoticesQueue)?);
        let events = MailEvents::new(Arc::new(notifier), handler.reserve());
        Ok(Self { notices: handler, events })
    }

    async fn handle(&self, event: SqsEvent, call: &Call) -> Result<SqsBatchResponse, Failed> {
        // A batch is of one queue.
        let queue = event.records.first().and_then(|record| record.event_source_arn.as_deref());
        if !queue.is_some_and(|queue| queue.ends_with(MAIL_EVENTS)) {
            return Ok(function::work(&self.notices, event, call).await);
        }
        let told = self.events.handle(event, call.deadline).await;
        let tally = told.handled.tally;
        for (metric, count) in [
            (Metric::Processed, tally.done),
            (Metric::Parked, tally.parked),
            (Metric::Retried, tally.retried),
            (Metric::MailBounced, told.bounced),
            (Metric::MailComplained, told.complained),
        ] {
            call.metrics.add(metric, count);
        }
        Ok(told.handled.response)
    }
}
