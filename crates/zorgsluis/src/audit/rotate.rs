//! `zorgsluis audit rotate-key`.

use std::path::Path;

use tlog::{SignedCheckpoint, Signer as _, VerifyingKey};
use zorgsluis_embedded::DataDirectory;

use super::existing;
use crate::aws::{self, OpenWriter, Written};
use crate::cli::RotateKeyArgs;
use crate::failure::Failure;
use crate::system::{LogAccess, is_sealed, log_rotation, origin, others_sealed, rotate_key};
use crate::terminal::out;

/// What was done.
struct Rotated {
    organisation: String,
    before: VerifyingKey,
    now: VerifyingKey,
    /// The hand-over.
    signed: SignedCheckpoint,
    /// Logs that keep the key before.
    sealed: Vec<String>,
}

const KEEPS: &str = "is sealed, and keeps the key that signed it";

/// Runs the command.
pub(super) async fn run(args: &RotateKeyArgs) -> Result<(), Failure> {
    let rotated = match (&args.data, &args.new_key) {
        (Some(data), _) => embedded(data, args).await?,
        (None, Some(key)) => on_aws(key, args).await?,
        (None, None) => return Err(Failure::usage("--new-key names the KMS key that takes over")),
    };
    tell(&rotated, args);
    Ok(())
}

async fn embedded(data: &Path, args: &RotateKeyArgs) -> Result<Rotated, Failure> {
    let organisation = existing(data, args.organisation.as_deref())?;
    if is_sealed(data, &organisation) {
        return Err(Failure::wrong(format!(
            "the log of {organisation} {KEEPS}; leave --organisation out, or begin the log that continues it: \
             zorgsluis audit seal --data {} --successor NAME",
            data.display()
        )));
    }
    let directory = DataDirectory::open(data).map_err(Failure::wrong)?;
    let before = directory.log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    let log = LogAccess::open(&directory, &organisation).await?;
    let signed = rotate_key(&directory, &log).await?;
    let now = directory.present_log_signer(&origin(&organisation)).map_err(Failure::wrong)?;
    let sealed = others_sealed(&directory, &organisation);
    directory.close().await;
    let (before, now) = (before.verifying_key().clone(), now.verifying_key().clone());
    Ok(Rotated { organisation, before, now, signed, sealed })
}

/// The key that the environment names is the one before; both stay in KMS.
async fn on_aws(key: &str, args: &RotateKeyArgs) -> Result<Rotated, Failure> {
    let OpenWriter { writer, clock } =
        aws::writer(Written::Environment(args.organisation.as_deref())).await?;
    let log = writer.log();
    let organisation = log.shard().to_owned();
    let tlog = log.tlog();
    if tlog.seal(log.verifying_keys()).await.map_err(Failure::wrong)?.is_some() {
        return Err(Failure::wrong(format!("the log of {organisation} {KEEPS}")));
    }
    let next = aws::signer(key, &organisation).await?;
    let now = next.verifying_key().clone();
    let chain = tlog.key_chain(log.verifying_keys()).await.map_err(Failure::wrong)?;
    let done = chain.handovers().iter().any(|handover| *handover.to() == now);
    let present = log.verifying_keys().first();
    if !done && present == Some(&now) {
        return Err(Failure::usage(format!("--new-key {key}: this key signs the log already")));
    }
    if let Some(other) = chain.handovers().iter().find(|one| !done && Some(one.from()) == present) {
        let text = format!(
            "ZORGSLUIS_LOG_SIGNING_KEY names a key from which another took over: name that one first ({})",
            other.to()
        );
        return Err(Failure::wrong(text));
    }
    log_rotation(&writer, &*clock, &now).await?;
    writer.rotate_key(next).await.map_err(Failure::wrong)?;
    let chain = tlog.key_chain(std::slice::from_ref(&now)).await.map_err(Failure::wrong)?;
    let handover = chain.handovers().iter().find(|handover| *handover.to() == now);
    let handover = handover.ok_or_else(|| Failure::wrong("the hand-over is not there: run it again"))?;
    let (before, signed) = (handover.from().clone(), handover.signed().clone());
    let sealed = aws::logs().await?.into_iter().filter(|log| log.sealed).map(|log| log.name).collect();
    Ok(Rotated { organisation, before, now, signed, sealed })
}

fn tell(Rotated { organisation, before, now, signed, sealed }: &Rotated, args: &RotateKeyArgs) {
    let handover = format!("log/{organisation}/checkpoints/key-{:08x}", now.id());
    let size = signed.checkpoint().size;
    if args.json {
        let json = serde_json::json!({
            "before": before.to_string(), "now": now.to_string(), "size": size, "handover": handover,
        });
        out!("{json}");
        return;
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
    if args.aws {
        out!(
            "The functions sign with it at once where ZORGSLUIS_LOG_NEXT_SIGNING_KEY names it. Name it in \
             ZORGSLUIS_LOG_SIGNING_KEY next."
        );
    }
}
