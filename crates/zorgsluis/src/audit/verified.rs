//! What a verification says, in words and as JSON.

use tlog::Report;

use super::signatures;
use crate::terminal::{Style, count, out};

fn plural(n: u64, one: &str, many: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, many)
}

/// Tells a report: of the log of this name, where there are several.
pub(super) fn tell(report: &Report, of: Option<&str>, style: Style) {
    let log = of.map_or_else(|| String::from("The log"), |name| format!("The log of {name}"));
    let size = plural(report.size, "entry", "entries");
    let bundles = plural(report.bundles, "bundle", "bundles");
    if let (true, Some(since)) = (report.is_clean(), report.since) {
        let read = plural(report.size.saturating_sub(since), "entry", "entries");
        out!(
            "{} {read} in {bundles}, recomputed from entry {since} on",
            style.good(format!("{log} verifies:"))
        );
    } else if report.is_clean() {
        out!("{} {size} in {bundles}, recomputed from the first", style.good(format!("{log} verifies:")));
    } else {
        out!("{} {size} in {bundles}", style.bad(format!("{log} does not verify:")));
        for finding in &report.findings {
            // A key is whatever somebody wrote there.
            out!("  {}", finding.to_string().replace(char::is_control, "\u{fffd}"));
        }
        if report.more_findings > 0 {
            out!("  and {} more", report.more_findings);
        }
    }
    if let Some(since) = report.since {
        let below = plural(since, "entry", "entries");
        out!("  not read    the {below} before: trusted by the checkpoint given, which the log continues");
    }
    out!("  root        {}", report.root);
    match report.checkpoint {
        Some(size) => out!("  checkpoint  covers {}", plural(size, "entry", "entries")),
        None => out!("  checkpoint  none that can be believed"),
    }
    if report.sealed && report.unsealed_tail == 0 {
        out!("  sealed      nothing stands behind its last checkpoint");
    }
    if report.unsealed_tail > 0 {
        let tail = plural(report.unsealed_tail, "entry", "entries");
        out!("  unsealed    {tail} behind the checkpoint, which no signature covers yet");
    }
    if let Some(unindexed) = report.unindexed.filter(|unindexed| *unindexed > 0) {
        out!("  index       {} not in it yet", plural(unindexed, "entry", "entries"));
    }
    if let Some(erased) = report.erased.filter(|erased| *erased > 0) {
        out!("  erased      {}: the key was destroyed, the proof stands", plural(erased, "entry", "entries"));
    }
    signatures::tell(report);
}

/// A report as JSON, of the log of this name; empty where nobody named one.
pub(super) fn as_json(log: &str, report: &Report) -> serde_json::Value {
    serde_json::json!({
        "log": Some(log).filter(|log| !log.is_empty()),
        "clean": report.is_clean(),
        "size": report.size,
        "bundles": report.bundles,
        "since": report.since,
        "root": report.root.to_string(),
        "checkpoint": report.checkpoint,
        "unsealedTail": report.unsealed_tail,
        "sealed": report.sealed,
        "unindexed": report.unindexed,
        "erased": report.erased,
        "signedBy": report.signed_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "handovers": signatures::handovers(report),
        "witnesses": signatures::witnesses(report),
        "versionsChecked": report.versions_checked,
        "findings": report.findings.iter().map(|finding| serde_json::json!({
            "code": finding.code.as_str(),
            "at": finding.object.clone()
                .or_else(|| finding.index.map(|index| format!("entry {index}")))
                .unwrap_or_else(|| String::from("log")),
            "index": finding.index,
            "detail": finding.detail,
        })).collect::<Vec<_>>(),
        "moreFindings": report.more_findings,
    })
}
