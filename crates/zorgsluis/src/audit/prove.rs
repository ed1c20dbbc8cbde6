//! `zorgsluis audit prove`: an entry stands in the log; the log continues an older checkpoint.

use std::path::Path;

use tlog::{CheckpointError, KeyChain, LogError, SignedCheckpoint};
use zorgsluis_audit_writer::AuditLog;
use zorgsluis_domain::EntryId;

use super::Opened;
use super::verify::{checkpoint, origin_of};
use crate::cli::ProveArgs;
use crate::failure::Failure;
use crate::terminal::{out, out_part};

/// Runs the command.
pub(super) async fn run(args: &ProveArgs) -> Result<(), Failure> {
    match (&args.entry, &args.consistency) {
        (_, Some(old)) => consistency(args, old).await,
        (Some(entry), None) => inclusion(args, entry).await,
        (None, None) => Err(Failure::usage("ENTRY or --consistency FILE")),
    }
}

async fn inclusion(args: &ProveArgs, entry: &str) -> Result<(), Failure> {
    let id: EntryId =
        entry.parse().map_err(|_| Failure::usage(format!("{entry}: not the id of an entry")))?;
    let opened = Opened::open(&args.log).await?;
    // What was written in the last seconds may not be covered by a checkpoint yet.
    opened.cover().await?;
    let proof = opened.reader.prove(id).await.map_err(Failure::wrong)?;
    // It may stand in a sealed log that this one continues.
    let holding = opened.log.holding(id).await.map_err(Failure::wrong)?;
    let log = holding.tlog();
    let chain = log.key_chain(holding.verifying_keys()).await.map_err(Failure::wrong)?;
    let checkpoint = proof.verify(log.origin(), chain.keys()).map_err(Failure::wrong)?;
    tell(args, serde_json::json!({ "entry": id.to_string() }), &checkpoint, &chain, &proof.to_text());
    opened.close().await
}

/// Discloses nothing of entries, and so is no reading of the log.
async fn consistency(args: &ProveArgs, path: &Path) -> Result<(), Failure> {
    let bytes = checkpoint(path)?;
    let opened = Opened::open(&args.log).await?;
    let origin = origin_of(&bytes).map_err(Failure::usage)?;
    let is_of = |log: &&AuditLog| log.tlog().origin() == origin;
    let of = opened.log.earlier().iter().chain([&opened.log]).find(is_of).cloned();
    let Some(of) = of else {
        let (path, here) = (path.display(), opened.log.tlog().origin());
        return Err(Failure::usage(format!("{path}: is a checkpoint of {origin}, not of {here}")));
    };
    let log = of.tlog();
    let chain = log.key_chain(of.verifying_keys()).await.map_err(Failure::wrong)?;
    let named = |error: &dyn std::fmt::Display| Failure::wrong(format!("{}: {error}", path.display()));
    let old = SignedCheckpoint::parse(&bytes, log.origin(), chain.keys()).map_err(|error| named(&error))?;
    if !chain.admits(&old) {
        return Err(named(&CheckpointError::KeyRetired));
    }
    let signed = log.checkpoint(chain.keys()).await.map_err(Failure::wrong)?;
    let signed = signed.ok_or_else(|| Failure::wrong("the log has no checkpoint"))?;
    let proof = match log.prove_consistency(old.checkpoint(), &signed).await {
        Ok(proof) => proof,
        Err(LogError::RolledBack { size }) => {
            let text =
                format!("the log does not continue it: it covers {size} entries, the log's checkpoint fewer");
            return Err(named(&text));
        }
        Err(LogError::Inconsistent { .. }) => {
            return Err(named(
                &"the log does not continue it: it has another history, or its tiles are damaged",
            ));
        }
        Err(error) => return Err(Failure::wrong(error)),
    };
    tell(args, serde_json::json!({ "oldSize": proof.old_size }), &signed, &chain, &proof.to_text());
    opened.close().await
}

/// Prints a proof, and by which keys the checkpoint that it leads to verifies. `json` holds what is the proof's own.
fn tell(
    args: &ProveArgs,
    mut json: serde_json::Value,
    signed: &SignedCheckpoint,
    chain: &KeyChain,
    proof: &str,
) {
    let keys = chain.signers(signed);
    if !args.log.json {
        out_part!("{proof}");
        for key in keys {
            say!("verifies by the key {key}");
        }
        return;
    }
    if let Some(members) = json.as_object_mut() {
        let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        members.insert("size".into(), signed.checkpoint().size.into());
        members.insert("root".into(), signed.checkpoint().root.to_string().into());
        members.insert("proof".into(), proof.into());
        members.insert("keys".into(), keys.into());
    }
    out!("{json}");
}
