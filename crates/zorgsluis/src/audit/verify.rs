//! `zorgsluis audit verify`.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tlog::{Report, WitnessKey};
use zorgsluis_audit_writer::Verification;
use zorgsluis_domain::audit::Outcome;
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::{AuditEntry, PortError};
use zorgsluis_embedded::DataDirectory;

use super::progress::Progress;
use super::resume::StateFile;
use super::signatures;
use super::{bucket, directory, existing};
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, log_of, logged_in, reader_of};
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

/// What the files of the arguments hold.
pub(super) struct Inputs {
    pub(super) trusted: Option<Vec<u8>>,
    pub(super) since: Option<Vec<u8>>,
    pub(super) witnesses: Vec<WitnessKey>,
    state: Option<StateFile>,
}

impl Inputs {
    fn read(args: &VerifyArgs) -> Result<Self, Failure> {
        let of_bucket = &args.in_bucket;
        if args.data.is_some()
            && (of_bucket.key.is_some()
                || of_bucket.signing_key.is_some()
                || of_bucket.table_prefix.is_some())
        {
            let text = "--key, --signing-key and --table-prefix are about --bucket: with --data the keys of the \
                        directory are believed";
            return Err(Failure::usage(text));
        }
        Ok(Self {
            trusted: args.checkpoint.as_deref().map(checkpoint).transpose()?,
            since: args.since.as_deref().map(checkpoint).transpose()?,
            witnesses: args.witness.iter().map(|key| witness(key)).collect::<Result<_, _>>()?,
            state: args.resume.as_deref().map(StateFile::open).transpose()?,
        })
    }

    /// The state that is to be taken up.
    pub(super) fn resume(&self) -> Option<&[u8]> {
        self.state.as_ref()?.found.as_deref()
    }

    /// Keeps the state, where there is a file for it.
    pub(super) fn keep(&self, state: &dyn Fn() -> Vec<u8>) {
        if let Some(file) = &self.state {
            file.offer(state);
        }
    }
}

/// So many bundles at a time as was said, or as there are cores.
pub(super) fn jobs(args: &VerifyArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    args.jobs.map_or_else(cores, |jobs| usize::from(jobs.get()))
}

/// Runs the command.
pub(super) async fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let inputs = Inputs::read(args)?;
    let report = match &args.data {
        Some(data) => verify(data, args, &inputs).await?,
        None => {
            let report = bucket::verify(args, &inputs).await?;
            eprintln!("zorgsluis: this verification is not in the log: it only reads");
            report
        }
    };
    if let Some(file) = &inputs.state {
        file.remove()?;
    }
    told(args, &report)
}

/// Verifies the log of a data directory.
async fn verify(data: &Path, args: &VerifyArgs, inputs: &Inputs) -> Result<Report, Failure> {
    let directory = directory(data)?;
    let organisation = existing(data, args.organisation.as_deref())?;
    let log = log_of(&directory, &organisation)?;
    // Of a sealed log, in the one that continues it; where there is none, the report says that it is not logged.
    let home = logged_in(data, &organisation).unwrap_or_else(|_| organisation.clone());
    let sink = IntactOnly { directory: directory.clone(), organisation: home };
    let reader = reader_of(directory.clock(), log.clone(), Arc::new(sink), &organisation);

    let entries = log.status().await.map(|status| status.entries).unwrap_or_default();
    let progress = Progress::new(entries, "verified", args.json);
    let advance = |verified| progress.at(verified);
    let keep = |state: &dyn Fn() -> Vec<u8>| inputs.keep(state);
    let how = Verification {
        trusted: inputs.trusted.as_deref(),
        sealed: args.sealed,
        witnesses: &inputs.witnesses,
        progress: Some(&advance),
        jobs: jobs(args),
        since: inputs.since.as_deref(),
        resume: inputs.resume(),
        keep: Some(&keep),
    };
    let verified = reader.verify(how).await;
    progress.done();
    let verified = verified.map_err(|error| unverified(args, &error))?;
    if let Err(error) = &verified.logged {
        eprintln!("zorgsluis: this verification is not in the log: {error}");
    }
    directory.close().await;
    Ok(verified.report)
}

/// Why nothing can be said about the log.
pub(super) fn unverified(args: &VerifyArgs, error: &dyn std::fmt::Display) -> Failure {
    match &args.resume {
        Some(path) => Failure::wrong(format!("{}: {error}", path.display())),
        None => Failure::wrong(error),
    }
}

/// Prints the report; what is wrong makes the exit status.
fn told(args: &VerifyArgs, report: &Report) -> Result<(), Failure> {
    if args.json {
        out!("{}", as_json(report));
    } else {
        let elsewhere = args.checkpoint.is_some() || args.since.is_some();
        tell(report, elsewhere, Style::for_stdout());
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::named()) }
}

/// A checkpoint from a file; no more of it than a checkpoint can have.
pub(super) fn checkpoint(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(tlog::MAX_NOTE_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, &error))?;
    Ok(bytes)
}

fn witness(key: &str) -> Result<WitnessKey, Failure> {
    WitnessKey::parse(key).map_err(|error| Failure::usage(format!("--witness {key}: {error}")))
}

fn plural(n: u64, one: &str, many: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, many)
}

fn tell(report: &Report, trusted: bool, style: Style) {
    let size = plural(report.size, "entry", "entries");
    let bundles = plural(report.bundles, "bundle", "bundles");
    if let (true, Some(since)) = (report.is_clean(), report.since) {
        let read = plural(report.size.saturating_sub(since), "entry", "entries");
        out!("{} {read} in {bundles}, recomputed from entry {since} on", style.good("The log verifies:"));
    } else if report.is_clean() {
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
    if !trusted {
        out!(
            "  A rollback of everything is found only with --checkpoint FILE, kept elsewhere, or by a witness."
        );
    }
}

fn as_json(report: &Report) -> serde_json::Value {
    serde_json::json!({
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
