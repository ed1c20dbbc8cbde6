//! `zorgsluis audit rebuild`: tiles and index anew, from the entries alone.

use std::path::Path;

use zorgsluis_audit_writer::{AuditError, AuditLog, Rebuild};
use zorgsluis_embedded::DataDirectory;

use super::existing;
use super::progress::Progress;
use crate::aws;
use crate::cli::RebuildArgs;
use crate::failure::Failure;
use crate::system::{log_of, logs_in};
use crate::terminal::{Style, count, out};

/// Runs the command.
pub(super) async fn run(args: &RebuildArgs) -> Result<(), Failure> {
    let Some(data) = &args.data else { return rebuild(&aws::log().await?.log, args).await };
    let mut organisations = match &args.organisation {
        Some(named) => vec![existing(data, Some(named))?],
        None => logs_in(data),
    };
    if organisations.is_empty() {
        return Err(Failure::wrong(format!("{}: there is no log", data.display())));
    }
    // The lock of a server: an index that is not complete yet cannot tell a server what is logged already.
    let (directory, emptied) = if args.tiles_only {
        (DataDirectory::open_read(data).map_err(Failure::wrong)?, false)
    } else {
        DataDirectory::open_to_rebuild(data).map_err(Failure::wrong)?
    };
    if emptied {
        organisations = logs_in(data);
        tell_of_old_index(data);
    }
    for organisation in &organisations {
        rebuild(&log_of(&directory, organisation).await?, args).await?;
    }
    directory.close().await;
    Ok(())
}

fn tell_of_old_index(data: &Path) {
    let aside = data.join("index.db.damaged");
    if aside.exists() {
        say!("zorgsluis: index.db is no sound database: set aside as {}", aside.display());
    }
}

async fn rebuild(log: &AuditLog, args: &RebuildArgs) -> Result<(), Failure> {
    // How many there are nobody knows before: the checkpoint says how many it covers.
    let covered = log.tlog().checkpoint(log.verifying_keys()).await.ok().flatten();
    let progress =
        Progress::new(covered.map_or(0, |signed| signed.checkpoint().size), "gone through", args.json);
    let advance = |entries| progress.at(entries);
    let (tiles, index) = (!args.index_only, !args.tiles_only);
    let rebuilt = log.rebuild_parts(Rebuild { tiles, index, progress: Some(&advance) }).await;
    progress.done();
    let entries = rebuilt.map_err(|error| refused(log.shard(), &error))?;
    let what = match (tiles, index) {
        (true, true) => "tiles and index",
        (true, false) => "tiles",
        _ => "index",
    };
    if args.json {
        let json = serde_json::json!({
            "log": log.shard(), "entries": entries, "tiles": tiles, "index": index,
        });
        out!("{json}");
    } else {
        let size = count(usize::try_from(entries).unwrap_or(usize::MAX), "entry", "entries");
        let done = Style::for_stdout().good("made anew:");
        out!("{}: {what} {done} {size}, which lead to the checkpoint", log.shard());
    }
    Ok(())
}

/// Nothing is made of entries that are not what was signed.
fn refused(log: &str, error: &AuditError) -> Failure {
    if error.is_transient() {
        Failure::wrong(format!("{log}: {error}"))
    } else {
        Failure::wrong(format!("{log}: {error}; see `zorgsluis audit verify`"))
    }
}
