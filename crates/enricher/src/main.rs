//! The function behind the queue of notes.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_aws::function::{self, Call, Failed, Function};
use zorgsluis_aws::{Parts, Program, Variable};
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_enricher::{Engines, Enricher, Ports, Settings};
use zorgsluis_worker::lambda::Handler;

fn main() -> ExitCode {
    function::run::<Behind>()
}

/// Behind the queue.
struct Behind(Handler<Enricher>);

impl Function for Behind {
    const PROGRAM: Program = Program::Enricher;
    type Event = SqsEvent;
    type Answer = SqsBatchResponse;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let keys = parts.keys().await?;
        let embedded = Arc::new(Recogniser::embedded().map_err(Failed::because)?);
        let ports = Ports {
            payloads: parts.payloads(&keys)?,
            fhir: parts.fhir(&keys)?,
            patients: parts.patients(),
            audit: Arc::new(QueueSink::new(Arc::clone(&keys), parts.queue(Variable::AuditQueue)?)),
            journal: parts.journal(),
            dead_letters: parts.dead_letters(),
            notices: parts.queue(Variable::NoticesQueue)?,
            engines: Engines { embedded, english: parts.english_engine()? },
            clock: parts.clock(),
            keys,
        };
        let enricher = Enricher::new(ports, Settings::of(parts.settings().organisation()));
        Ok(Self(function::worker(enricher, parts.clock(), parts.queue(Variable::NotesQueue)?)))
    }

    async fn handle(&self, event: SqsEvent, call: &Call) -> Result<SqsBatchResponse, Failed> {
        Ok(function::work(&self.0, event, call).await)
    }
}
