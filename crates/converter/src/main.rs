//! The function behind the inbound queue.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_aws::function::{self, Call, Failed, Function, Metric};
use zorgsluis_aws::{Parts, Program, Variable};
use zorgsluis_converter::process::{Ports, Processor};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, IdentityKey};
use zorgsluis_worker::lambda::Handler;

fn main() -> ExitCode {
    function::run::<Converter>()
}

struct Converter {
    handler: Handler<Processor>,
    processor: Processor,
}

impl Function for Converter {
    const PROGRAM: Program = Program::Converter;
    type Event = SqsEvent;
    type Answer = SqsBatchResponse;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let keys = parts.keys().await?;
        let profiles = parts.profiles().await?;
        let profiles: Vec<(&str, &str)> = profiles.iter().map(|(name, text)| (&**name, &**text)).collect();
        let ports = Ports {
            payloads: parts.payloads(&keys)?,
            fhir: parts.fhir(&keys)?,
            patients: parts.patients(),
            audit: Arc::new(QueueSink::new(Arc::clone(&keys), parts.queue(Variable::AuditQueue)?)),
            journal: parts.journal(),
            dead_letters: parts.dead_letters(),
            notes: parts.queue(Variable::NotesQueue)?,
            notices: parts.queue(Variable::NoticesQueue)?,
            clock: parts.clock(),
            keys: Arc::clone(&keys),
        };
        let options = ConvertOptions {
            profiles: Profiles::parse(&profiles).map_err(Failed::because)?,
            key: IdentityKey::new(keys.identity_key().expose_phi()),
        };
        let processor = Processor::new(ports, options, parts.settings().organisation());
        let queue = parts.queue(Variable::InboundQueue)?;
        Ok(Self { handler: function::worker(processor.clone(), parts.clock(), queue), processor })
    }

    async fn handle(&self, event: SqsEvent, call: &Call) -> Result<SqsBatchResponse, Failed> {
        let before = self.processor.unmapped();
        let response = function::work(&self.handler, event, call).await;
        call.metrics.add(Metric::Unmapped, self.processor.unmapped().saturating_sub(before));
        Ok(response)
    }
}
