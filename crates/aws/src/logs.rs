//! Log lines: one JSON object each, on standard output, with the ids of the request.
//!
//! Lines of our own crates are written from the level that is asked for (`AWS_LAMBDA_LOG_LEVEL`, else
//! `ZORGSLUIS_LOG_LEVEL`, else `info`); those of others from `error` only: below that, SDK and runtime log
//! requests and events. Our own hold no PHI, at no level.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use zorgsluis_domain::Clock as _;

use crate::{Program, SystemClock};

/// The request that is being answered. A function answers one at a time; what runs aside in a task of its own
/// has no span, and belongs to it all the same.
static REQUEST: Mutex<Option<Request>> = Mutex::new(None);

struct Request {
    id: String,
    trace: Option<String>,
}

/// The crates whose lines hold no PHI: our libraries and programs; and `panic`, which names a place only.
const OURS: [&str; 10] = [
    "hl7v2",
    "fhir",
    "tlog",
    "panic",
    "ingest",
    "converter",
    "enricher",
    "notifier",
    "audit_writer",
    "listener",
];

/// Begins to log. A panic is logged by its place: its words may be about data.
pub fn start(program: Program) {
    #[expect(clippy::disallowed_methods, reason = "read once, at the start")]
    let level = ["AWS_LAMBDA_LOG_LEVEL", "ZORGSLUIS_LOG_LEVEL"]
        .iter()
        .find_map(|name| level(&std::env::var(name).ok()?))
        .unwrap_or(LevelFilter::INFO);
    let lines = Lines { program, write }.with_filter(Ours(level));
    // It fails only where a subscriber stands already: in a test.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(target: "panic", at = place, "a panic");
    }));
}

/// From here on lines name this request.
pub fn request(id: &str, trace: Option<&str>) {
    let trace = trace.and_then(|header| header.split(';').find_map(|part| part.strip_prefix("Root=")));
    *REQUEST.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Request { id: id.to_owned(), trace: trace.map(str::to_owned) });
}

/// Writes one line. What cannot be written is lost: there is nobody to tell.
pub(crate) fn write(line: &Value) {
    if let Ok(mut bytes) = serde_json::to_vec(line) {
        bytes.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&bytes);
    }
}

fn level(name: &str) -> Option<LevelFilter> {
    match name.to_ascii_lowercase().as_str() {
        // AWS has a level above error.
        "fatal" | "error" => Some(LevelFilter::ERROR),
        "warn" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

/// Which lines are written.
struct Ours(LevelFilter);

impl<S> Filter<S> for Ours {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let ours = OURS.contains(&root) || root.starts_with("zorgsluis_");
        *metadata.level() <= if ours { self.0 } else { LevelFilter::ERROR }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.max(LevelFilter::ERROR))
    }
}

/// Writes lines.
struct Lines {
    program: Program,
    write: fn(&Value),
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        (self.write)(&Value::Object(self.line(event)));
    }
}

impl Lines {
    fn line(&self, event: &Event<'_>) -> Map<String, Value> {
        let mut line = Map::new();
        let mut put = |name: &str, value: &str| {
            line.insert(name.to_owned(), value.into());
        };
        put("timestamp", &SystemClock.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        put("level", name(*event.metadata().level()));
        put("program", self.program.name());
        put("target", event.metadata().target());
        if let Some(request) = &*REQUEST.lock().unwrap_or_else(PoisonError::into_inner) {
            put("requestId", &request.id);
            if let Some(trace) = &request.trace {
                put("traceId", trace);
            }
        }
        event.record(&mut Fields(&mut line));
        line
    }
}

const fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// The fields of a line.
struct Fields<'l>(&'l mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.entry(field.name()).or_insert_with(|| value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    /// Not the chain of causes: they hold what services and parsers say.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WRITTEN: Mutex<Vec<Value>> = Mutex::new(Vec::new());

    #[test]
    fn lines_name_their_request_and_what_others_say_below_an_error_is_dropped() {
        let lines =
            Lines { program: Program::Converter, write: |line| WRITTEN.lock().unwrap().push(line.clone()) };
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(Ours(LevelFilter::DEBUG)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "zorgsluis_worker::deliver", "begins");
            request("8f5e", Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"));
            tracing::debug!(target: "converter", count = 3_u64, code = "panic", known = true, "done");
            tracing::trace!(target: "converter", "too fine");
            tracing::warn!(target: "aws_smithy_runtime::client", body = "PID|1||999911120", "a response");
            tracing::warn!(target: "zorgsluisx", "not ours");
            tracing::error!(target: "hyper", "a fault of theirs");
        });
        let written = WRITTEN.lock().unwrap();
        let messages: Vec<_> = written.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["begins", "done", "a fault of theirs"]);
        assert!(written[0].get("requestId").is_none());
        let line = &written[1];
        assert_eq!(line["requestId"], "8f5e");
        assert_eq!(line["traceId"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!((&line["level"], &line["program"]), (&"DEBUG".into(), &"converter".into()));
        assert_eq!(
            (&line["count"], &line["code"], &line["known"]),
            (&3.into(), &"panic".into(), &true.into())
        );
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24));
    }

    #[test]
    fn levels_are_known_by_the_names_that_lambda_gives_them() {
        for (name, level) in
            [("FATAL", LevelFilter::ERROR), ("WARN", LevelFilter::WARN), ("debug", LevelFilter::DEBUG)]
        {
            assert_eq!(super::level(name), Some(level));
        }
        assert_eq!(super::level("loud"), None);
    }
}
