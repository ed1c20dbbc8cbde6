//! `zorgsluis audit seal`: closes a log for good, and begins the one that continues it.

use std::path::Path;
use std::sync::Arc;

use tlog::{LogPaths, SignedCheckpoint, Signer as _, VerifyingKey};
use zorgsluis_audit_writer::{AuditWriter, LogReader};
use zorgsluis_domain::port::AuditSink;
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::aws::{self, LogInBucket, OpenWriter, Written};
use crate::cli::SealArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, is_sealed, logs_in, origin, reader_of};
use crate::terminal::{Style, count, out};

/// Runs the command.
pub(super) async fn run(args: &SealArgs) -> Result<(), Failure> {
    match &args.data {
        Some(data) => embedded(data, args).await,
        None => on_aws(args).await,
    }
}

async fn embedded(data: &Path, args: &SealArgs) -> Result<(), Failure> {
    let logs = logs_in(data).into_iter();
    let logs: Vec<_> = logs.map(|name| LogInBucket { sealed: is_sealed(data, &name), name }).collect();
    let organisation = match sealed_before(args, &logs)? {
        Some(sealed) => sealed,
        None => existing(data, args.organisation.as_deref())?,
    };
    if let Some(successor) = &args.successor {
        may_begin(&logs, &organisation, successor)?;
    }
    // The lock of a server: what it would take in could not be logged any more.
    let directory = DataDirectory::open(data).map_err(Failure::wrong)?;
    let access = LogAccess::open(&directory, &organisation).await?;
    let closed = close(&access.writer, &access.reader(&directory), args).await?;
    let mut key = None;
    if let Some(successor) = &args.successor {
        // Opening it beside the sealed one makes its first entry, which names that one's last state.
        let next = LogAccess::open(&directory, successor).await?;
        next.writer.checkpoint().await.map_err(Failure::wrong)?;
        let signer = directory.present_log_signer(&origin(successor)).map_err(Failure::wrong)?;
        key = Some(signer.verifying_key().clone());
    }
    directory.close().await;
    tell(args, &organisation, &closed, key.as_ref(), &logs);
    Ok(())
}

/// The functions may run: what they bring later finds the place taken, and goes back to its queue.
async fn on_aws(args: &SealArgs) -> Result<(), Failure> {
    let logs = aws::logs().await?;
    let opened = aws::writer(Written::Environment(args.organisation.as_deref())).await?;
    let organisation = opened.writer.log().shard().to_owned();
    let open = logs.iter().any(|log| log.name == organisation && !log.sealed);
    if args.organisation.is_none() && open && logs.iter().any(|log| log.sealed) {
        return Err(sealed_already(&logs));
    }
    if let Some(successor) = &args.successor {
        // A bucket may hold the logs of several organisations, side by side.
        let named = |log: &&LogInBucket| log.name == organisation || log.name == *successor;
        let chain: Vec<_> = logs.iter().filter(named).cloned().collect();
        may_begin(&chain, &organisation, successor)?;
    }
    let closed = close(&opened.writer, &reader(&opened), args).await?;
    let mut key = None;
    if let Some(successor) = &args.successor {
        let next = aws::writer(Written::Successor(successor)).await?;
        begin(&next.writer, &reader(&next), &closed.0).await?;
        key = next.writer.log().verifying_keys().first().cloned();
    }
    tell(args, &organisation, &closed, key.as_ref(), &logs);
    if let Some(waiting) = aws::waiting().await.filter(|waiting| *waiting > 0) {
        let messages = count(usize::try_from(waiting).unwrap_or(usize::MAX), "message", "messages");
        say!("zorgsluis: {messages} in the audit queue: they wait there for the log that continues");
    }
    Ok(())
}

fn reader(opened: &OpenWriter) -> LogReader {
    let log = opened.writer.log();
    let sink = Arc::clone(&opened.writer) as Arc<dyn AuditSink>;
    reader_of(Arc::clone(&opened.clock), log.clone(), sink, log.shard())
}

/// Last entry, last checkpoint, seal; and whether it was sealed already. Again when it was cut off on the way; what
/// stands of it stays.
async fn close(
    writer: &AuditWriter,
    reader: &LogReader,
    args: &SealArgs,
) -> Result<(SignedCheckpoint, bool), Failure> {
    let log = writer.log();
    let already = log.tlog().seal(log.verifying_keys()).await.map_err(Failure::wrong)?.is_some();
    // Closed, but the seal not written: cut off in between.
    let closed = matches!(writer.catch_up().await, Err(error) if error.code() == "log-sealed");
    if !already && !closed {
        reader.log_sealing(args.successor.as_deref()).await.map_err(Failure::wrong)?;
    }
    Ok((writer.seal().await.map_err(Failure::wrong)?, already))
}

/// The log that an earlier call sealed, when this one repeats it. Where a sealed log stands, another is sealed by its
/// name only: a command that is given twice must not close what continues the first.
fn sealed_before(args: &SealArgs, logs: &[LogInBucket]) -> Result<Option<String>, Failure> {
    let (sealed, open): (Vec<&LogInBucket>, Vec<_>) = logs.iter().partition(|log| log.sealed);
    if args.organisation.is_some() || sealed.is_empty() || open.is_empty() {
        return Ok(None);
    }
    match (sealed.as_slice(), args.successor.as_deref()) {
        ([only], Some(successor)) if open.iter().any(|log| log.name == successor) => {
            Ok(Some(only.name.clone()))
        }
        _ => Err(sealed_already(logs)),
    }
}

fn sealed_already(logs: &[LogInBucket]) -> Failure {
    let names = |sealed: bool| {
        let names = logs.iter().filter(|log| log.sealed == sealed).map(|log| log.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let (sealed, open) = (names(true), names(false));
    Failure::usage(format!(
        "sealed already: {sealed}; --organisation says which other log is to be sealed ({open})"
    ))
}

/// A log continues another under a name of its own.
fn may_begin(logs: &[LogInBucket], organisation: &str, successor: &str) -> Result<(), Failure> {
    LogPaths::new(successor).map_err(|error| Failure::usage(format!("--successor {successor}: {error}")))?;
    match logs.iter().find(|there| there.name != organisation && !there.sealed) {
        _ if successor == organisation => Err(Failure::usage("--successor: a log cannot continue itself")),
        Some(other) if other.name != successor => {
            Err(Failure::usage(format!("--successor {successor}: {} already continues here", other.name)))
        }
        _ if logs.iter().any(|log| log.sealed && log.name == successor) => {
            Err(Failure::usage(format!("--successor {successor}: is sealed itself")))
        }
        _ => Ok(()),
    }
}

/// The first entry of the log that continues names the last state of the one before.
async fn begin(writer: &AuditWriter, reader: &LogReader, of: &SignedCheckpoint) -> Result<(), Failure> {
    let status = writer.log().status().await.map_err(Failure::wrong)?;
    if status.entries == 0 {
        reader.log_succession(of.checkpoint()).await.map_err(Failure::wrong)?;
        writer.checkpoint().await.map_err(Failure::wrong)?;
    }
    Ok(())
}

/// `key` is that of the log that continues, under that log's name; `logs` are those that stood here before.
fn tell(
    args: &SealArgs,
    organisation: &str,
    (signed, already): &(SignedCheckpoint, bool),
    key: Option<&VerifyingKey>,
    logs: &[LogInBucket],
) {
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    if args.json {
        let json = serde_json::json!({
            "log": organisation, "sealed": true, "already": already, "size": size,
            "root": root.to_string(), "checkpoint": signed.to_text(), "successor": args.successor,
            "successorKey": key.map(ToString::to_string),
        });
        out!("{json}");
        return;
    }
    let style = Style::for_stdout();
    let how = if *already { "was sealed already:" } else { "is sealed:" };
    out!("{organisation} {} {size} entries, root {root}", style.good(how));
    match (&args.successor, &args.data) {
        (Some(successor), Some(data)) => {
            out!("  {successor} continues it: zorgsluis serve --data {}", data.display())
        }
        (Some(successor), None) => {
            out!("  {successor} continues it: name it in ZORGSLUIS_ORGANISATION of all functions")
        }
        (None, _) if logs.iter().any(|log| !log.sealed && log.name != organisation) => {
            let open = logs.iter().filter(|log| !log.sealed && log.name != organisation);
            let open: Vec<&str> = open.map(|log| log.name.as_str()).collect();
            out!("  Entries are still taken by {}.", open.join(", "));
        }
        (None, _) => out!("  Nothing can be logged here until a log continues it: --successor NAME."),
    }
    if let Some(key) = key {
        out!("  Its archives are checked with its own key: {key}");
    }
    out!(
        "  Check it with `zorgsluis audit verify --sealed --organisation {organisation}`, and keep its checkpoint."
    );
}
