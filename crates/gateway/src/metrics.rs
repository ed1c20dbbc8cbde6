//! `GET /metrics`: counters in the text format of Prometheus. Labels are route templates, codes and names of
//! profiles: no PHI, and a bounded number of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use zorgsluis_domain::Transport;

use crate::Gateway;

type Key = (String, &'static str, u16);

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Key, (u64, Duration)>>,
}

impl Metrics {
    pub(crate) fn count(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        if let Ok(mut requests) = self.requests.lock() {
            let cell = requests.entry((route.to_owned(), method, status)).or_default();
            cell.0 += 1;
            cell.1 = cell.1.saturating_add(took);
        }
    }
}

/// The head of a metric.
fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

pub(crate) async fn show(State(gateway): State<Gateway>) -> impl IntoResponse {
    let mut out = String::new();
    head(&mut out, "zorgsluis_messages_total", "counter", "Messages that came in, by verdict.");
    for count in gateway.0.parts.ingest.counts() {
        let transport = match count.transport {
            Transport::Mllp => "mllp",
            Transport::Http => "http",
            Transport::Queue => "queue",
        };
        let (verdict, messages) = (count.verdict.name(), count.messages);
        let _ = writeln!(
            out,
            "zorgsluis_messages_total{{transport=\"{transport}\",verdict=\"{verdict}\"}} {messages}"
        );
    }
    head(&mut out, "zorgsluis_queue_messages", "gauge", "Messages in the queues.");
    // In the order in which a message passes them: none that is on its way is overlooked.
    for (queue, depth) in &gateway.0.parts.queues {
        if let Ok(depth) = depth.depth().await {
            for (state, messages) in [("waiting", depth.waiting), ("in-flight", depth.in_flight)] {
                let labels = format!("queue=\"{queue}\",state=\"{state}\"");
                let _ = writeln!(out, "zorgsluis_queue_messages{{{labels}}} {messages}");
            }
        }
    }
    if let Ok(report) = gateway.0.parts.log.report().await {
        head(&mut out, "zorgsluis_log_entries", "gauge", "Entries in the audit log.");
        let _ = writeln!(out, "zorgsluis_log_entries{{state=\"all\"}} {}", report.entries);
        let _ = writeln!(out, "zorgsluis_log_entries{{state=\"unsealed\"}} {}", report.unsealed);
        let _ = writeln!(out, "zorgsluis_log_entries{{state=\"pending\"}} {}", report.pending);
        if let Some(reconciliation) = report.reconciliation {
            let name = "zorgsluis_log_differences";
            head(&mut out, name, "gauge", "Differences between stores and log, by the last comparison.");
            let _ = writeln!(out, "{name} {}", reconciliation.differences);
            let name = "zorgsluis_log_compared_seconds";
            head(&mut out, name, "gauge", "When stores and log were compared last, in seconds since 1970.");
            let _ = writeln!(out, "{name} {}", reconciliation.at.as_second());
        }
    }
    if let Ok(requests) = gateway.0.metrics.requests.lock() {
        head(&mut out, "zorgsluis_http_requests_total", "counter", "Answered requests.");
        for ((route, method, status), (count, _)) in requests.iter() {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            let _ = writeln!(out, "zorgsluis_http_requests_total{{{labels}}} {count}");
        }
        head(&mut out, "zorgsluis_http_request_seconds_total", "counter", "Time spent on requests.");
        for ((route, method, status), (_, took)) in requests.iter() {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            let seconds = took.as_secs_f64();
            let _ = writeln!(out, "zorgsluis_http_request_seconds_total{{{labels}}} {seconds:.6}");
        }
    }
    if let Some(further) = &gateway.0.parts.further_metrics {
        out.push_str(&further());
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out)
}
