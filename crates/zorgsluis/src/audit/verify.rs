//! `zorgsluis audit verify`.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use indicatif::{ProgressBar, ProgressStyle};
use tlog::Report;
use zorgsluis_audit_writer::Verification;
use zorgsluis_domain::audit::Outcome;
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::{AuditEntry, PortError};
use zorgsluis_embedded::DataDirectory;

use super::{bucket, directory, existing};
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, log_of, reader_of};
use crate::terminal::{Style, count, out};

/// Logs a verification that found nothing. A log that is damaged is evidence: nothing is added to it.
struct IntactOnly {
    directory: DataDirectory,
    organisation: String,
}

#[async_trait]
impl AuditSink for IntactOnly {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let refused = |reason: String| PortError::Refused { operation: "audit.record", reason };
        if entries.iter().any(|entry| entry.event.outcome != Outcome::Success) {
            return Err(refused(String::from("nothing is added to a damaged log")));
        }
        let log = LogAccess::open(&self.directory, &self.organisation)
            .await
            .map_err(|_| refused(String::from("the log cannot be opened for writing")))?;
        log.writer.record(entries).await?;
        log.writer.checkpoint().await.map(drop).map_err(|error| error.into_port("audit.checkpoint"))
    }
}

/// Runs the command.
pub(super) async fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let trusted = match &args.checkpoint {
        Some(path) => Some(checkpoint(path)?),
        None => None,
    };
    let Some(data) = &args.data else {
        let report = bucket::verify(args, trusted.as_deref()).await?;
        eprintln!("zorgsluis: this verification is not in the log: it only reads");
        return told(args, &report);
    };
    let directory = directory(data)?;
    let organisation = existing(data, args.organisation.as_deref())?;
    let log = log_of(&directory, &organisation)?;
    let sink = IntactOnly { directory: directory.clone(), organisation: organisation.clone() };
    let reader = reader_of(directory.clock(), log.clone(), Arc::new(sink), &organisation);

    let entries = log.status().await.map(|status| status.entries).unwrap_or_default();
    let bar = progress(entries);
    let advance = {
        let bar = bar.clone();
        move |verified| bar.set_position(verified)
    };
    let how = Verification { trusted: trusted.as_deref(), sealed: args.sealed, progress: Some(&advance) };
    let verified = reader.verify(how).await.map_err(Failure::wrong)?;
    bar.finish_and_clear();
    if let Err(error) = &verified.logged {
        eprintln!("zorgsluis: this verification is not in the log: {error}");
    }
    directory.close().await;
    told(args, &verified.report)
}

/// Prints the report; what is wrong makes the exit status.
fn told(args: &VerifyArgs, report: &Report) -> Result<(), Failure> {
    if args.json {
        out!("{}", as_json(report));
    } else {
        tell(report, args.checkpoint.is_some(), Style::for_stdout());
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::named()) }
}

/// A checkpoint from a file; no more of it than a checkpoint can have.
fn checkpoint(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(tlog::MAX_NOTE_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, &error))?;
    Ok(bytes)
}

/// A bar, where there is a terminal and enough to do.
pub(super) fn progress(entries: u64) -> ProgressBar {
    if entries < 10_000 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(entries);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} entries, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn plural(n: u64, one: &str, many: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, many)
}

fn tell(report: &Report, trusted: bool, style: Style) {
    let size = plural(report.size, "entry", "entries");
    let bundles = plural(report.bundles, "bundle", "bundles");
    if report.is_clean() {
        out!("{} {size} in {bundles}, recomputed from the first", style.good("The log verifies:"));
    } else {
        out!("{} {size} in {bundles}", style.bad("The log does not verify:"));
        for finding in &report.findings {
            // A key is whatever somebody wrote there.
            out!("  {}", finding.to_string().replace(char::is_control, "\u{fffd}"));
        }
        if report.more_findings > 0 {
            out!("  and {} more", report.more_findings);
        }
    }
    out!("  root        {}", report.root);
    match report.checkpoint {
        Some(size) => out!("  checkpoint  covers {}", plural(size, "entry", "entries")),
        None => out!("  checkpoint  none that can be believed"),
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
    if !trusted {
        out!("  A rollback of everything is found only with --checkpoint FILE, kept elsewhere.");
    }
}

fn as_json(report: &Report) -> serde_json::Value {
    serde_json::json!({
        "clean": report.is_clean(),
        "size": report.size,
        "bundles": report.bundles,
        "root": report.root.to_string(),
        "checkpoint": report.checkpoint,
        "unsealedTail": report.unsealed_tail,
        "unindexed": report.unindexed,
        "erased": report.erased,
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
