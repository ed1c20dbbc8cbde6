//! `zorgsluis audit verify`.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tlog::{Checkpoint, CheckpointError, Code, Finding, Note, Report, WitnessKey};
use zorgsluis_audit_writer::{AuditLog, Verification};
use zorgsluis_domain::audit::Outcome;
use zorgsluis_domain::port::AuditSink;
use zorgsluis_domain::{AuditEntry, Clock, PortError};
use zorgsluis_embedded::DataDirectory;

use super::progress::Progress;
use super::resume::StateFile;
use super::verified::{as_json, tell};
use super::{bucket, directory, existing, named};
use crate::aws;
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, chain_of, log_of, logged_in, others_sealed, reader_of};
use crate::terminal::{Style, out};

/// Logs a verification that found nothing. A log that is damaged is evidence: nothing is added to it.
struct IntactOnly {
    home: Home,
    /// Nothing was found wrong with the logs that were verified before.
    intact: bool,
}

/// Where a verification is logged.
#[derive(Clone)]
enum Home {
    /// In the log of this organisation.
    Directory(DataDirectory, String),
    /// On AWS: it goes into the audit queue.
    Queue(Arc<dyn AuditSink>),
}

#[async_trait]
impl AuditSink for IntactOnly {
    async fn record(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        let refused = |reason: String| PortError::Refused { operation: "audit.record", reason };
        if !self.intact || entries.iter().any(|entry| entry.event.outcome != Outcome::Success) {
            return Err(refused(String::from("nothing is added to a damaged log")));
        }
        let (directory, organisation) = match &self.home {
            Home::Directory(directory, organisation) => (directory, organisation),
            Home::Queue(queue) => return queue.record(entries).await,
        };
        let log = LogAccess::open(directory, organisation)
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
        if args.in_bucket.bucket.is_none()
            && (of_bucket.key.is_some()
                || of_bucket.signing_key.is_some()
                || of_bucket.table_prefix.is_some())
        {
            let text = "--key, --signing-key and --table-prefix are about --bucket: with --data the keys of the \
                        directory are believed, with --aws that of the environment";
            return Err(Failure::usage(text));
        }
        Ok(Self {
            trusted: args.checkpoint.as_deref().map(checkpoint).transpose()?,
            since: args.since.as_deref().map(checkpoint).transpose()?,
            witnesses: args.witness.iter().map(|key| witness(key)).collect::<Result<_, _>>()?,
            state: args.resume.as_deref().map(StateFile::open).transpose()?,
        })
    }

    /// Refuses checkpoints that are of none of these logs.
    fn are_of(&self, logs: &[&AuditLog]) -> Result<(), Failure> {
        for (option, bytes) in [("--checkpoint", &self.trusted), ("--since", &self.since)] {
            let Some(Ok(origin)) = bytes.as_deref().map(origin_of) else { continue };
            if !logs.iter().any(|log| log.tlog().origin() == origin) {
                let logs: Vec<&str> = logs.iter().map(|log| log.tlog().origin()).collect();
                let logs = logs.join(", ");
                return Err(Failure::usage(format!("{option}: is a checkpoint of {origin}, not of {logs}")));
            }
        }
        Ok(())
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

/// A log that was verified.
struct Verified {
    /// The name of its organisation.
    log: String,
    report: Report,
}

/// Runs the command.
pub(super) async fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let inputs = Inputs::read(args)?;
    let verified = match &args.data {
        Some(data) => in_directory(data, args, &inputs).await?,
        None if args.aws => on_aws(args, &inputs).await?,
        None => {
            let report = bucket::verify(args, &inputs).await?;
            say!("zorgsluis: this verification is not in the log: it only reads");
            vec![Verified { log: args.organisation.clone().unwrap_or_default(), report }]
        }
    };
    if let Some(file) = &inputs.state {
        file.remove()?;
    }
    told(args, &inputs, &verified)
}

/// What is verified, and where that is logged.
struct Meant {
    /// With the sealed logs that it continues, but for where one log was named.
    log: AuditLog,
    /// Sealed logs that stand beside it, and that something should continue.
    beside: Vec<String>,
    home: Home,
    clock: Arc<dyn Clock>,
}

/// Verifies the log of a data directory, and the sealed logs that it continues.
async fn in_directory(data: &Path, args: &VerifyArgs, inputs: &Inputs) -> Result<Vec<Verified>, Failure> {
    let directory = directory(data)?;
    let organisation = existing(data, args.organisation.as_deref())?;
    // A name means the one log. What it continues cannot be told where its first entry cannot be read: a finding.
    let log = match args.organisation {
        Some(_) => log_of(&directory, &organisation).await?,
        None => match chain_of(&directory, &organisation).await {
            Ok(chain) => chain,
            Err(_) => log_of(&directory, &organisation).await?,
        },
    };
    // Of a sealed log, in the one that continues it; where there is none, the report says that it is not logged.
    let home = logged_in(data, &organisation).unwrap_or_else(|_| organisation.clone());
    let meant = Meant {
        beside: others_sealed(&directory, log.shard()),
        log,
        home: Home::Directory(directory.clone(), home),
        clock: directory.clock(),
    };
    let verified = verify(&meant, args, inputs).await?;
    directory.close().await;
    Ok(verified)
}

/// Verifies the log that the environment names, and the sealed logs in the bucket that it continues: a bucket may
/// hold others, which are not its concern.
async fn on_aws(args: &VerifyArgs, inputs: &Inputs) -> Result<Vec<Verified>, Failure> {
    let aws::OpenLog { log, sink, clock, .. } = aws::verified_log().await?;
    let log = named(log, args.organisation.as_deref())?;
    let meant = Meant { log, beside: Vec::new(), home: Home::Queue(sink), clock };
    let verified = verify(&meant, args, inputs).await?;
    match verified.iter().find(|one| !one.report.versions_checked) {
        Some(one) => Err(without_versions(&format!("the bucket of {}", one.log))),
        None => Ok(verified),
    }
}

/// Where a bucket keeps no versions, nothing can be said of what stands in it.
pub(super) fn without_versions(bucket: &str) -> Failure {
    Failure::wrong(format!("{bucket}: keeps no versions, so that it cannot hold a log"))
}

/// Verifies one log after the other; the newest comes first.
async fn verify(meant: &Meant, args: &VerifyArgs, inputs: &Inputs) -> Result<Vec<Verified>, Failure> {
    let log = &meant.log;
    let logs: Vec<&AuditLog> = log.earlier().iter().chain([log]).rev().collect();
    inputs.are_of(&logs)?;

    let progress = Progress::new(log.entries_in_all().await.unwrap_or_default(), "verified", args.json);
    let keep = |state: &dyn Fn() -> Vec<u8>| inputs.keep(state);
    let mut done: Vec<Verified> = Vec::new();
    for (at, one) in logs.iter().enumerate() {
        let newest = at == 0;
        let before = done.iter().map(|one| one.report.size).sum::<u64>();
        let advance = |verified| progress.at(before.saturating_add(verified));
        let beside = match args.organisation {
            Some(_) => Vec::new(),
            None => {
                let led_to = newest.then_some(&logs[..]);
                succession(&meant.beside, one, logs.get(at + 1).copied(), led_to).await?
            }
        };
        let intact = done.iter().all(|one| one.report.is_clean());
        let sink = IntactOnly { home: meant.home.clone(), intact };
        let reader = reader_of(Arc::clone(&meant.clock), (*one).clone(), Arc::new(sink), one.shard());
        let since = of_log(inputs.since.as_deref(), one);
        let how = Verification {
            trusted: of_log(inputs.trusted.as_deref(), one),
            sealed: args.sealed && newest,
            witnesses: if newest { &inputs.witnesses } else { &[] },
            progress: Some(&advance),
            jobs: jobs(args),
            since,
            resume: inputs.resume().filter(|_| newest),
            keep: newest.then_some(&keep as _),
            beside: &beside,
        };
        let verified = reader.verify(how).await;
        if verified.is_err() {
            progress.done();
        }
        let verified = verified.map_err(|error| unverified(args, &error))?;
        if let Err(error) = &verified.logged {
            say!("zorgsluis: this verification of {} is not in the log: {error}", one.shard());
        }
        done.push(Verified { log: one.shard().to_owned(), report: verified.report });
        // What stands below it is trusted: also the logs before.
        if since.is_some() {
            break;
        }
    }
    progress.done();
    Ok(done)
}

/// A checkpoint, if it is one of this log.
fn of_log<'a>(checkpoint: Option<&'a [u8]>, log: &AuditLog) -> Option<&'a [u8]> {
    checkpoint.filter(|bytes| origin_of(bytes).ok().as_deref() == Some(log.tlog().origin()))
}

/// What is wrong with how a log continues the one before it. `chain`, of the newest: all logs that were led to; and
/// the sealed ones `beside` them must be among these.
async fn succession(
    beside: &[String],
    log: &AuditLog,
    before: Option<&AuditLog>,
    chain: Option<&[&AuditLog]>,
) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    match before {
        Some(before) => found.extend(log.check_succession(before).await.map_err(Failure::wrong)?),
        // What cannot be read is a finding of the verification itself.
        None => {
            if let Ok(Some(named)) = log.succession().await {
                found.push(Finding {
                    code: Code::Entry("predecessor-missing"),
                    object: None,
                    index: Some(0),
                    detail: Some(format!("it {named}, and that log is not here")),
                });
            }
        }
    }
    let Some(chain) = chain else { return Ok(found) };
    let led_to = |name: &String| chain.iter().any(|log| log.shard() == name);
    for name in beside.iter().filter(|name| !led_to(name)) {
        found.push(Finding {
            code: Code::Entry("succession-missing"),
            object: Some(format!("log/{name}/sealed")),
            index: None,
            detail: Some(String::from("no first entry of another log says that it continues this one")),
        });
    }
    Ok(found)
}

/// Why nothing can be said about the log.
pub(super) fn unverified(args: &VerifyArgs, error: &dyn std::fmt::Display) -> Failure {
    match &args.resume {
        Some(path) => Failure::wrong(format!("{}: {error}", path.display())),
        None => Failure::wrong(error),
    }
}

/// Prints the reports; what is wrong makes the exit status.
fn told(args: &VerifyArgs, inputs: &Inputs, verified: &[Verified]) -> Result<(), Failure> {
    let clean = verified.iter().all(|one| one.report.is_clean());
    if args.json {
        let mut reports = verified.iter().map(|one| as_json(&one.log, &one.report));
        let mut json = reports.next().unwrap_or_default();
        if let Some(members) = json.as_object_mut() {
            members.insert("earlier".into(), reports.collect());
            members.insert("clean".into(), clean.into());
        }
        out!("{json}");
    } else {
        for one in verified {
            tell(&one.report, (verified.len() > 1).then_some(&one.log), Style::for_stdout());
        }
        let trusted = inputs.trusted.as_deref().and_then(size_of);
        if let (true, Some(size), Some(path)) = (clean, trusted, &args.checkpoint) {
            out!("  It continues the {size} entries of {}.", path.display());
        }
        let witnessed =
            |one: &Verified| one.report.witnessed.iter().any(|witnessed| witnessed.time.is_some());
        if args.checkpoint.is_none() && args.since.is_none() && !verified.iter().any(witnessed) {
            out!(
                "  A rollback of everything is found only with --checkpoint FILE, kept elsewhere, or by a witness."
            );
        }
    }
    if clean { Ok(()) } else { Err(Failure::named()) }
}

/// A checkpoint from a file. What is none of any log is a mistake of who named the file, and nothing is said about
/// the log then.
pub(super) fn checkpoint(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(tlog::MAX_NOTE_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", path.display())))?;
    origin_of(&bytes).map_err(|_| {
        let path = path.display();
        Failure::usage(format!(
            "{path}: is not a checkpoint: a signed note with name, size and root of a log"
        ))
    })?;
    Ok(bytes)
}

/// The name of the log of a checkpoint, whoever signed it.
pub(super) fn origin_of(checkpoint: &[u8]) -> Result<String, CheckpointError> {
    Ok(Checkpoint::parse(Note::parse(checkpoint)?.text())?.origin)
}

/// How many entries a checkpoint covers.
fn size_of(checkpoint: &[u8]) -> Option<u64> {
    Some(Checkpoint::parse(Note::parse(checkpoint).ok()?.text()).ok()?.size)
}

fn witness(key: &str) -> Result<WitnessKey, Failure> {
    WitnessKey::parse(key).map_err(|error| Failure::usage(format!("--witness {key}: {error}")))
}
