//! The function behind the API, which also sweeps: finds messages that were stored and never queued.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde_json::Value;
use zorgsluis_audit_writer::QueueSink;
use zorgsluis_aws::function::{self, Call, Failed, Function, Metric};
use zorgsluis_aws::{Parts, Program, Variable};
use zorgsluis_converter::profile::Profiles;
use zorgsluis_ingest::{Ingest, Ports, ProfileRules, Settings, Verdict, lambda};

/// A message younger than this may still be on its way into the queue.
const SWEEP_AGE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    function::run::<Behind>()
}

/// Behind the API, and behind the clock.
struct Behind(Ingest);

impl Function for Behind {
    const PROGRAM: Program = Program::Ingest;
    type Event = Value;
    type Answer = Option<ApiGatewayV2httpResponse>;

    async fn start(parts: Parts) -> Result<Self, Failed> {
        let keys = parts.keys().await?;
        let profiles = parts.profiles().await?;
        let profiles: Vec<(&str, &str)> = profiles.iter().map(|(name, text)| (&**name, &**text)).collect();
        let profiles = Profiles::parse(&profiles).map_err(Failed::because)?;
        let ports = Ports {
            payloads: parts.payloads(&keys)?,
            queue: parts.queue(Variable::InboundQueue)?,
            journal: parts.journal(),
            dead_letters: parts.dead_letters(),
            audit: Arc::new(QueueSink::new(Arc::clone(&keys), parts.queue(Variable::AuditQueue)?)),
            keys,
            clock: parts.clock(),
        };
        let settings =
            Settings { organisation: parts.settings().organisation().to_owned(), ..Default::default() };
        Ok(Self(Ingest::new(ports, Arc::new(ProfileRules::new(profiles)), settings)))
    }

    async fn handle(&self, event: Value, call: &Call) -> Result<Option<ApiGatewayV2httpResponse>, Failed> {
        // An event of the clock (EventBridge) says where it comes from; a request says what was asked.
        if event.get("requestContext").is_none() {
            if event.get("detail-type").and_then(Value::as_str) != Some("Scheduled Event") {
                return Err(Failed::because("neither a request nor an event of the clock"));
            }
            self.0.sweep(SWEEP_AGE).await.map_err(Failed::because)?;
            return Ok(None);
        }
        let request =
            serde_json::from_value(event).map_err(|_| Failed::because("not a request of this API"))?;
        let before = self.counted();
        let response = lambda::handle(&self.0, request, call.traceparent.as_deref()).await;
        let after = self.counted();
        call.metrics.add(Metric::Accepted, after.0.saturating_sub(before.0));
        call.metrics.add(Metric::Refused, after.1.saturating_sub(before.1));
        Ok(Some(response))
    }
}

impl Behind {
    /// Messages accepted and refused since the start.
    fn counted(&self) -> (u64, u64) {
        let of = |wanted: Verdict| {
            self.0.counts().iter().filter(|count| count.verdict == wanted).map(|count| count.messages).sum()
        };
        (of(Verdict::Accepted), of(Verdict::Refused))
    }
}
