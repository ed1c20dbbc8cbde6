//! `zorgsluis audit rotate-key`.

use tlog::Signer as _;
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::cli::RotateKeyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, is_sealed, origin, others_sealed, rotate_key};
use crate::terminal::out;

/// Runs the command.
pub(super) async fn run(args: &RotateKeyArgs) -> Result<(), Failure> {
    let organisation = existing(&args.data, args.organisation.as_deref())?;
    if is_sealed(&args.data, &organisation) {
        let (text, data) = ("is sealed, and keeps the key that signed it", args.data.display());
        return Err(Failure::wrong(format!(
            "the log of {organisation} {text}; leave --organisation out, or begin the log that continues it: \
             zorgsluis audit seal --data {data} --successor NAME"
        )));
    }
    let directory = DataDirectory::open(&args.data).map_err(Failure::wrong)?;
    let before = directory.log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    let log = LogAccess::open(&directory, &organisation).await?;
    let signed = rotate_key(&directory, &log).await?;
    let now = directory.present_log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    let sealed = others_sealed(&directory, &organisation);
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
    if !sealed.is_empty() {
        out!("Sealed logs keep the key that signed them: {}", sealed.join(", "));
    }
    out!(
        "Give the new key to those who verify your log. Who knows the one before learns it from the hand-over."
    );
    Ok(())
}
