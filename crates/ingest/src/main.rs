//! The function behind the API, which also sweeps: finds messages that were stored and never queued.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
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
    type Answer = Value;

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

    async fn handle(&self, event: Value, call: &Call) -> Result<Value, Failed> {
        // An event of the clock (EventBridge) says where it comes from; a request says what was asked.
        if event.get("requestContext").is_none() {
            if event.get("detail-type").and_then(Value::as_str) != Some("Scheduled Event") {
                return Err(Failed::because("neither a request nor an event of the clock"));
            }
            self.0.sweep(SWEEP_AGE).await.map_err(Failed::because)?;
            return Ok(Value::Null);
        }
        let before = self.counted();
        let response = self.request(event, call.traceparent.as_deref()).await?;
        let after = self.counted();
        call.metrics.add(Metric::Accepted, after.0.saturating_sub(before.0));
        call.metrics.add(Metric::Refused, after.1.saturating_sub(before.1));
        Ok(response)
    }
}

impl Behind {
    /// A request of a REST API, or of an HTTP API: that one names the version of its format.
    async fn request(&self, event: Value, trace: Option<&str>) -> Result<Value, Failed> {
        let unknown = |_| Failed::because("not a request of API Gateway");
        if event.get("version").and_then(Value::as_str) == Some("2.0") {
            let request = serde_json::from_value(event).map_err(unknown)?;
            return json(&lambda::handle(&self.0, request, trace).await);
        }
        let request = serde_json::from_value(event).map_err(unknown)?;
        json(&lambda::handle_rest(&self.0, request, trace).await)
    }

    /// Messages accepted and refused since the start.
    fn counted(&self) -> (u64, u64) {
        let of = |wanted: Verdict| {
            self.0.counts().iter().filter(|count| count.verdict == wanted).map(|count| count.messages).sum()
        };
        (of(Verdict::Accepted), of(Verdict::Refused))
    }
}

fn json(response: &impl Serialize) -> Result<Value, Failed> {
    serde_json::to_value(response).map_err(|_| Failed::because("an answer that is no JSON"))
}
