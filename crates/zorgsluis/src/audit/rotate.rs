//! `zorgsluis audit rotate-key`.

use tlog::Signer as _;
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::cli::RotateKeyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, origin, rotate_key};
use crate::terminal::out;

/// Runs the command.
pub(super) async fn run(args: &RotateKeyArgs) -> Result<(), Failure> {
    let organisation = existing(&args.data, args.organisation.as_deref())?;
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
