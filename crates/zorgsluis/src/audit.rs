//! `zorgsluis audit`: checks the log, and reads it. Works beside a running server; each reading is
//! itself an entry, and comes first.

mod answers;
mod archive;
mod bucket;
mod cloudtrail;
mod progress;
mod prove;
mod rebuild;
mod reconcile;
mod record_access;
mod resume;
mod rotate;
mod seal;
mod signatures;
mod verified;
mod verify;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
#[cfg(feature = "aws")]
use tlog::Log;
use zorgsluis_audit_writer::{AuditLog, Content, LogReader, to_audit_event};
use zorgsluis_domain::Clock;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{AuditSink, Keys, PageRequest, PatientIndex, TombstoneStore};
use zorgsluis_embedded::DataDirectory;

use crate::aws;
use crate::cli::{AuditCommand, ExportArgs, LogArgs, PeriodArgs};
use crate::failure::Failure;
use crate::system::{LogAccess, log_of, logged_in, organisation, reader_of};
use crate::terminal::out;

/// Entries that are read at a time.
const PAGE: usize = 500;

/// Runs the command.
pub(crate) async fn run(command: &AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(args).await,
        AuditCommand::History(args) => answers::history(args).await,
        AuditCommand::User(args) => answers::user(args).await,
        AuditCommand::Department(args) => answers::department(args).await,
        AuditCommand::BreakGlass(args) => answers::emergency(args).await,
        AuditCommand::Denied(args) => answers::denied(args).await,
        AuditCommand::Prove(args) => prove::run(args).await,
        AuditCommand::RotateKey(args) => rotate::run(args).await,
        AuditCommand::Export(args) => export(args).await,
        AuditCommand::Archive(args) => archive::run(args).await,
        AuditCommand::Seal(args) => seal::run(args).await,
        AuditCommand::Rebuild(args) => rebuild::run(args).await,
        AuditCommand::RecordAccess(args) => record_access::run(args).await,
        AuditCommand::Reconcile(args) => reconcile::run(args).await,
    }
}

fn directory(data: &Path) -> Result<DataDirectory, Failure> {
    DataDirectory::open_read(data).map_err(Failure::wrong)
}

/// The organisation of a log that is there: nothing is read or verified of one that is not.
fn existing(data: &Path, named: Option<&str>) -> Result<String, Failure> {
    // Otherwise a name is complained of that nobody gave.
    if named.is_none() && crate::system::logs_in(data).is_empty() {
        let data = data.display();
        return Err(Failure::wrong(format!("{data}: no log stands here; is it a data directory?")));
    }
    let organisation = organisation(data, named)?;
    if data.join("log").join(&organisation).is_dir() {
        Ok(organisation)
    } else {
        Err(Failure::wrong(format!("{}: there is no log of {organisation}", data.display())))
    }
}

/// Of a log on AWS with those that it continues, the one that was named by itself; without a name all of them.
fn named(log: AuditLog, organisation: Option<&str>) -> Result<AuditLog, Failure> {
    let Some(organisation) = organisation else { return Ok(log) };
    let one = log.earlier().iter().chain([&log]).find(|one| one.shard() == organisation).cloned();
    one.map(|one| one.continuing(Vec::new())).ok_or_else(|| {
        let there = log.shard();
        Failure::usage(format!(
            "--organisation {organisation}: the environment names {there}, which does not continue it"
        ))
    })
}

/// Whether there is a log to be verified: also where all of it was hidden by delete markers.
#[cfg(feature = "aws")]
pub(crate) async fn is_there(log: &Log) -> Result<bool, Failure> {
    let (storage, prefix) = (log.storage(), log.paths().prefix());
    if !storage.list(prefix, None, 1).await.map_err(Failure::wrong)?.keys.is_empty() {
        return Ok(true);
    }
    let hidden = storage.rewritten(prefix, None, 1).await.map_err(Failure::wrong)?;
    Ok(hidden.is_some_and(|page| !page.objects.is_empty()))
}

/// A log opened for reading on behalf of the person at the command line.
struct Opened {
    keys: Arc<dyn Keys>,
    patients: Arc<dyn PatientIndex>,
    log: AuditLog,
    reader: LogReader,
    clock: Arc<dyn Clock>,
    /// On AWS: where tombstones are kept.
    tombstones: Option<Arc<dyn TombstoneStore>>,
    /// The data directory, if that is where the log stands.
    local: Option<(DataDirectory, LogAccess)>,
}

impl Opened {
    async fn open(args: &LogArgs) -> Result<Self, Failure> {
        let Some(data) = &args.stores.data else { return Self::on_aws(args).await };
        let directory = directory(data)?;
        let organisation = existing(data, args.organisation.as_deref())?;
        // Readings of a sealed log are logged in the one that continues it.
        let access = LogAccess::open(&directory, &logged_in(data, &organisation)?).await?;
        // A name means the one log; without it the answer tells of the logs that it continues, too.
        let log = match args.organisation {
            Some(_) => log_of(&directory, &organisation).await?,
            None => access.writer.log().clone(),
        };
        let sink = Arc::clone(&access.writer) as Arc<dyn AuditSink>;
        Ok(Self {
            keys: Arc::new(directory.keys()),
            patients: Arc::new(directory.patient_index()),
            reader: reader_of(directory.clock(), log.clone(), sink, &organisation),
            log,
            clock: directory.clock(),
            tombstones: None,
            local: Some((directory, access)),
        })
    }

    /// The entries about the readings go into the audit queue.
    async fn on_aws(args: &LogArgs) -> Result<Self, Failure> {
        let aws::OpenLog { keys, patients, log, sink, clock, tombstones } = aws::log().await?;
        let log = named(log, args.organisation.as_deref())?;
        let organisation = log.shard().to_owned();
        let reader = reader_of(Arc::clone(&clock), log.clone(), sink, &organisation);
        Ok(Self { keys, patients, log, reader, clock, tombstones: Some(tombstones), local: None })
    }

    /// What was destroyed.
    async fn tombstones(&self) -> Result<Vec<Tombstone>, Failure> {
        match (&self.local, &self.tombstones) {
            (Some((directory, _)), _) => directory.erasures().tombstones().await.map_err(Failure::wrong),
            (None, Some(kept)) => kept.read().await.map_err(Failure::wrong),
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Covers what is in the log by a checkpoint; on AWS the clock sees to that, every minute.
    async fn cover(&self) -> Result<(), Failure> {
        match &self.local {
            Some((_, access)) => {
                access.writer.checkpoint().await.map(drop).map_err(|error| Failure::log(&error))
            }
            None => Ok(()),
        }
    }

    /// Covers the entries about these readings.
    async fn close(self) -> Result<(), Failure> {
        self.cover().await?;
        if let Some((directory, _)) = self.local {
            directory.close().await;
        }
        Ok(())
    }
}

/// The period as instants: from the beginning of the first day to the end of the last, UTC.
fn period(args: &PeriodArgs) -> Result<(Timestamp, Timestamp), Failure> {
    let start = |date: Date| {
        date.to_zoned(TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
            .map_err(|error| Failure::usage(error.to_string()))
    };
    let from = args.from.map_or(Ok(Timestamp::UNIX_EPOCH), start)?;
    let to = match args.to {
        Some(day) => start(day.tomorrow().map_err(|error| Failure::usage(error.to_string()))?)?,
        None => Timestamp::MAX,
    };
    if from < to { Ok((from, to)) } else { Err(Failure::usage("--from lies behind --to")) }
}

async fn export(args: &ExportArgs) -> Result<(), Failure> {
    let (from, to) = period(&args.period)?;
    let opened = Opened::open(&args.log).await?;
    let mut page = PageRequest::first(PAGE);
    loop {
        let lines = opened.reader.period(from, to, &page).await.map_err(|error| Failure::log(&error))?;
        for line in lines.items {
            match line.content {
                Content::Entry(entry) => out!("{}", to_audit_event(&entry)),
                Content::Erased => {
                    say!("entry {} ({}): erased, its key was destroyed", line.index, line.id)
                }
            }
        }
        match lines.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    opened.close().await
}
