//! `zorgsluis audit rotate-key`.

use tlog::Signer as _;
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::cli::RotateKeyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, is_sealed, logs_in, origin, rotate_key};
use crate::terminal::out;

/// Runs the command.
pub(super) async fn run(args: &RotateKeyArgs) -> Result<(), Failure> {
    let organisation = existing(&args.data, args.organisation.as_deref())?;
    // One key signs all logs of a directory, and a sealed one takes no hand-over: nobody could check it any more.
    if let Some(sealed) = logs_in(&args.data).into_iter().find(|log| is_sealed(&args.data, log)) {
        let text =
            format!("the log of {sealed} is sealed, and its checkpoint is signed by the key that would go");
        return Err(Failure::wrong(format!("the key stays: {text}")));
    }
    let directory = DataDirectory::open(&args.data).map_err(Failure::wrong)?;
    let before = directory.log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    let log = LogAccess::open(&directory, &organisation).await?;
    let signed = rotate_key(&directory, &log).await?;
    let now = directory.present_log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    directory.close().await;
    let (before, now) = (before.verifying_key(), now.verifying_key());
    let handover = format!("log/{organisation}/checkpoints/key-{:08x}", now.id());
    let size = signed.checkpoint().size;
    if args.json {
        let json = serde_json::json!({
            "before": before.to_string(), "now": now.to_string(), "size": size, "handover": handover,
        });
        out!("{json}");
        return Ok(());
    }
    out!("before  {before}");
    out!("now     {now}");
    out!("took over at entry {size}; signed by both: {handover}");
    out!(
        "Give the new key to those who verify your log. Who knows the one before learns it from the hand-over."
    );
    Ok(())
}
