//! The metrics in the text format of Prometheus, version 0.0.4. Labels are names that stand here: no PHI, no
//! text of the other side, and a bounded number of them.

use std::fmt::Write as _;

use crate::Snapshot;
use crate::metrics::{Histogram, Metrics};
use crate::tls::Tls;

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The head of a metric.
fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A metric without labels.
fn single(out: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    head(out, name, kind, help);
    let _ = writeln!(out, "{name} {value}");
}

/// A metric with one label.
fn by<'v>(
    out: &mut String,
    (name, kind, help): (&str, &str, &str),
    label: &str,
    values: impl IntoIterator<Item = (&'v str, u64)>,
) {
    head(out, name, kind, help);
    for (of, value) in values {
        let _ = writeln!(out, "{name}{{{label}=\"{of}\"}} {value}");
    }
}

fn histogram(out: &mut String, name: &str, help: &str, histogram: &Histogram) {
    head(out, name, "histogram", help);
    let (bounds, all, sum) = histogram.read();
    for (bound, count) in bounds {
        let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {all}\n{name}_sum {sum:.6}\n{name}_count {all}");
}

pub(crate) fn text(metrics: &Metrics, limit: u64, tls: Option<&Tls>, verdicts: &[(&str, u64)]) -> String {
    let counts = metrics.snapshot();
    let mut out = String::with_capacity(8 << 10);
    connections(&mut out, &counts, limit);
    if !verdicts.is_empty() {
        by(
            &mut out,
            ("zorgsluis_mllp_messages_total", "counter", "What became of messages, by verdict."),
            "verdict",
            verdicts.iter().copied(),
        );
    }
    messages(&mut out, &counts);
    histogram(
        &mut out,
        "zorgsluis_mllp_answer_seconds",
        "From a whole frame to its answer, written.",
        &metrics.answer_time,
    );
    if let Some(tls) = tls {
        handshakes(&mut out, metrics, tls);
    }
    out
}

fn connections(out: &mut String, counts: &Snapshot, limit: u64) {
    let ports = |all: u64, tls: u64| [("plain", all.saturating_sub(tls)), ("tls", tls)];
    by(
        out,
        ("zorgsluis_mllp_connections_total", "counter", "Connections that were taken."),
        "port",
        ports(counts.connections_total, counts.tls_connections_total),
    );
    by(
        out,
        ("zorgsluis_mllp_connections_open", "gauge", "Connections that are open."),
        "port",
        ports(counts.connections_open, counts.tls_connections_open),
    );
    single(out, "zorgsluis_mllp_connections_limit", "gauge", "Connections that may be open.", limit);
    single(
        out,
        "zorgsluis_mllp_connections_paused_total",
        "counter",
        "How often a connection had to wait because of the limit.",
        counts.connections_paused,
    );
    single(
        out,
        "zorgsluis_mllp_connections_refused_total",
        "counter",
        "Connections closed at once because their address had as many as it may have.",
        counts.connections_refused,
    );
    by(
        out,
        ("zorgsluis_mllp_connections_ended_total", "counter", "Connections that ended, by reason."),
        "reason",
        [
            ("closed", counts.ends_closed),
            ("idle", counts.ends_idle),
            ("frame-time", counts.ends_frame_time),
            ("pace", counts.ends_pace),
            ("write-time", counts.ends_write_time),
            ("junk", counts.ends_junk),
            ("tls-on-plain", counts.ends_tls_on_plain),
            ("failed", counts.ends_failed),
            ("drained", counts.ends_drained),
        ],
    );
}

fn messages(out: &mut String, counts: &Snapshot) {
    single(out, "zorgsluis_mllp_frames_total", "counter", "Whole frames with content.", counts.frames);
    let bytes = "Bytes of the content of whole frames.";
    single(out, "zorgsluis_mllp_frame_bytes_total", "counter", bytes, counts.frame_bytes);
    let bytes = "Bytes of answers, with their framing.";
    single(out, "zorgsluis_mllp_answer_bytes_total", "counter", bytes, counts.answer_bytes);
    let flight = "Frames that are being accepted or answered.";
    single(out, "zorgsluis_mllp_in_flight", "gauge", flight, counts.in_flight);
    let junk = "Bytes outside frames, line ends not counted.";
    single(out, "zorgsluis_mllp_junk_bytes_total", "counter", junk, counts.junk_bytes);
    by(
        out,
        ("zorgsluis_mllp_broken_frames_total", "counter", "Frames that could not be used, by reason."),
        "reason",
        [
            ("frame-too-long", counts.broken_too_long),
            ("frame-interrupted", counts.broken_interrupted),
            ("frame-unterminated", counts.broken_unterminated),
            ("frame-empty", counts.broken_empty),
        ],
    );
    by(
        out,
        ("zorgsluis_mllp_answers_total", "counter", "Answers that were written, by MSA-1."),
        "code",
        [
            ("AA", counts.answers_aa),
            ("AE", counts.answers_ae),
            ("AR", counts.answers_ar),
            ("CA", counts.answers_ca),
            ("CE", counts.answers_ce),
            ("CR", counts.answers_cr),
        ],
    );
}

fn handshakes(out: &mut String, metrics: &Metrics, tls: &Tls) {
    histogram(
        out,
        "zorgsluis_mllp_tls_handshake_seconds",
        "TLS handshakes that succeeded.",
        &metrics.handshake_time,
    );
    by(
        out,
        ("zorgsluis_mllp_tls_handshake_failures_total", "counter", "TLS handshakes that failed, by reason."),
        "reason",
        metrics.handshake_failures().into_iter().map(|(failure, count)| (failure.name(), count)),
    );
    let reloads = tls.reloads();
    by(
        out,
        ("zorgsluis_mllp_tls_reloads_total", "counter", "Changes of the files of certificates, by result."),
        "result",
        [("in-force", reloads.done), ("failed", reloads.failed)],
    );
    single(
        out,
        "zorgsluis_mllp_tls_files_in_force",
        "gauge",
        "1 when the files as they were last read are in force, 0 when older ones are.",
        u64::from(reloads.current),
    );
    let name = "zorgsluis_mllp_certificate_expiry_timestamp_seconds";
    head(out, name, "gauge", "When the first of each kind expires, in seconds since 1970.");
    for (of, at) in tls.expiry().named() {
        let _ = writeln!(out, "{name}{{of=\"{of}\"}} {at}");
    }
}
