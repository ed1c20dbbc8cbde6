//! `zorgsluis audit`: checks the log, and reads it. Works beside a running server; each reading is
//! itself an entry, and comes first.

mod history;
mod verify;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use zorgsluis_audit_writer::{AuditError, Content, LogReader, to_audit_event};
use zorgsluis_domain::EntryId;
use zorgsluis_domain::port::PageRequest;
use zorgsluis_embedded::DataDirectory;

use crate::cli::{AuditCommand, ExportArgs, LogArgs, PeriodArgs, ProveArgs};
use crate::failure::Failure;
use crate::system::{LogAccess, organisation};
use crate::terminal::{out, out_part};

/// Entries that are read at a time.
const PAGE: usize = 500;

/// Runs the command.
pub(crate) async fn run(command: &AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(args).await,
        AuditCommand::History(args) => history::run(args).await,
        AuditCommand::Prove(args) => prove(args).await,
        AuditCommand::Export(args) => export(args).await,
    }
}

fn directory(args: &LogArgs) -> Result<DataDirectory, Failure> {
    DataDirectory::open_read(&args.data).map_err(Failure::wrong)
}

/// The organisation of a log that is there: nothing is read or verified of one that is not.
fn existing(args: &LogArgs) -> Result<String, Failure> {
    let organisation = organisation(&args.data, args.organisation.as_deref())?;
    if args.data.join("log").join(&organisation).is_dir() {
        Ok(organisation)
    } else {
        Err(Failure::wrong(format!("{}: there is no log of {organisation}", args.data.display())))
    }
}

/// A log opened for reading on behalf of the person at the command line.
struct Opened {
    directory: DataDirectory,
    access: LogAccess,
    reader: LogReader,
}

impl Opened {
    async fn open(args: &LogArgs) -> Result<Self, Failure> {
        let directory = directory(args)?;
        let organisation = existing(args)?;
        let access = LogAccess::open(&directory, &organisation).await?;
        let reader = access.reader(&directory);
        Ok(Self { directory, access, reader })
    }

    /// Covers the entries about these readings by a checkpoint.
    async fn close(self) -> Result<(), Failure> {
        self.access.writer.checkpoint().await.map_err(Failure::wrong)?;
        self.directory.close().await;
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

async fn prove(args: &ProveArgs) -> Result<(), Failure> {
    let id: EntryId =
        args.entry.parse().map_err(|_| Failure::usage(format!("{}: not the id of an entry", args.entry)))?;
    let opened = Opened::open(&args.log).await?;
    // What was written in the last seconds may not be covered by a checkpoint yet.
    opened.access.writer.checkpoint().await.map_err(Failure::wrong)?;
    let proof = opened.reader.prove(id).await.map_err(Failure::wrong)?;
    let keys = opened.access.writer.log().verifying_keys();
    let origin = format!("zorgsluis/{}", opened.access.organisation);
    let checkpoint = proof.verify(&origin, keys).map_err(Failure::wrong)?;
    if args.log.json {
        let json = serde_json::json!({
            "entry": id.to_string(),
            "size": checkpoint.checkpoint().size,
            "root": checkpoint.checkpoint().root.to_string(),
            "proof": proof.to_text(),
            "keys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        out!("{json}");
    } else {
        out_part!("{}", proof.to_text());
        for key in keys {
            eprintln!("verifies by the key {key}");
        }
    }
    opened.close().await
}

async fn export(args: &ExportArgs) -> Result<(), Failure> {
    let (from, to) = period(&args.period)?;
    let opened = Opened::open(&args.log).await?;
    let mut page = PageRequest::first(PAGE);
    loop {
        let lines = match opened.reader.period(from, to, &page).await {
            Ok(lines) => lines,
            Err(error @ AuditError::Unreadable { .. }) => {
                return Err(Failure::wrong(format!("{error}; see `zorgsluis audit verify`")));
            }
            Err(error) => return Err(Failure::wrong(error)),
        };
        for line in lines.items {
            match line.content {
                Content::Entry(entry) => out!("{}", to_audit_event(&entry)),
                Content::Erased => {
                    eprintln!("entry {} ({}): erased, its key was destroyed", line.index, line.id)
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
