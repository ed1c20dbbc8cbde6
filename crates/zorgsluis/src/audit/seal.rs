//! `zorgsluis audit seal`: closes a log for good, and begins the one that continues it.

use std::path::Path;

use tlog::{LogPaths, SignedCheckpoint};
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::cli::SealArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, is_sealed, logs_in};
use crate::terminal::{Style, out};

/// Runs the command.
pub(super) async fn run(args: &SealArgs) -> Result<(), Failure> {
    let organisation = match sealed_before(args)? {
        Some(sealed) => sealed,
        None => existing(&args.data, args.organisation.as_deref())?,
    };
    let successor = args.successor.as_deref();
    if let Some(successor) = successor {
        may_begin(&args.data, &organisation, successor)?;
    }
    // The lock of a server: what it would take in could not be logged any more.
    let directory = DataDirectory::open(&args.data).map_err(Failure::wrong)?;
    let access = LogAccess::open(&directory, &organisation).await?;
    let already = is_sealed(&args.data, &organisation);
    // Closed, but the seal not written: cut off in between.
    let closed = matches!(access.writer.catch_up().await, Err(error) if error.code() == "log-sealed");
    if !already && !closed {
        access.reader(&directory).log_sealing(successor).await.map_err(Failure::wrong)?;
    }
    // Again when it was cut off between the last checkpoint and the seal; one that stands stays.
    let signed = access.writer.seal().await.map_err(Failure::wrong)?;
    if let Some(successor) = successor {
        begin(&directory, successor).await?;
    }
    directory.close().await;
    tell(args, &organisation, &signed, already);
    Ok(())
}

/// The log that an earlier call sealed, when this one repeats it. Where a sealed log stands, another is sealed by its
/// name only: a command that is given twice must not close what continues the first.
fn sealed_before(args: &SealArgs) -> Result<Option<String>, Failure> {
    let logs = logs_in(&args.data);
    let (sealed, open): (Vec<String>, Vec<String>) =
        logs.into_iter().partition(|log| is_sealed(&args.data, log));
    if args.organisation.is_some() || sealed.is_empty() || open.is_empty() {
        return Ok(None);
    }
    match (sealed.as_slice(), args.successor.as_deref()) {
        ([only], Some(successor)) if open.iter().any(|log| log == successor) => Ok(Some(only.clone())),
        _ => Err(Failure::usage(format!(
            "sealed already: {}; --organisation says which other log is to be sealed ({})",
            sealed.join(", "),
            open.join(", ")
        ))),
    }
}

/// A log continues another under a name of its own.
fn may_begin(data: &Path, organisation: &str, successor: &str) -> Result<(), Failure> {
    LogPaths::new(successor).map_err(|error| Failure::usage(format!("--successor {successor}: {error}")))?;
    match logs_in(data).into_iter().find(|there| there != organisation && !is_sealed(data, there)) {
        _ if successor == organisation => Err(Failure::usage("--successor: a log cannot continue itself")),
        Some(other) if other != successor => {
            Err(Failure::usage(format!("--successor {successor}: {other} already continues here")))
        }
        _ if is_sealed(data, successor) => {
            Err(Failure::usage(format!("--successor {successor}: is sealed itself")))
        }
        _ => Ok(()),
    }
}

/// The log that continues: opening it beside the sealed one makes its first entry, which names that one's last state.
async fn begin(directory: &DataDirectory, successor: &str) -> Result<(), Failure> {
    let access = LogAccess::open(directory, successor).await?;
    access.writer.checkpoint().await.map(drop).map_err(Failure::wrong)
}

fn tell(args: &SealArgs, organisation: &str, signed: &SignedCheckpoint, already: bool) {
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    if args.json {
        let json = serde_json::json!({
            "log": organisation, "sealed": true, "already": already, "size": size,
            "root": root.to_string(), "checkpoint": signed.to_text(), "successor": args.successor,
        });
        out!("{json}");
        return;
    }
    let style = Style::for_stdout();
    let how = if already { "was sealed already:" } else { "is sealed:" };
    out!("{organisation} {} {size} entries, root {root}", style.good(how));
    match &args.successor {
        Some(successor) => out!("  {successor} continues it: zorgsluis serve --data {}", args.data.display()),
        None => out!("  Nothing can be logged here until a log continues it: --successor NAME."),
    }
    out!(
        "  Check it with `zorgsluis audit verify --sealed --organisation {organisation}`, and keep its checkpoint."
    );
}
