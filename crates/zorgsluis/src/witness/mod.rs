//! `zorgsluis witness`: keeps elsewhere what it has seen of a log, and cosigns only what continues it.

mod reach;
mod server;
mod state;

use tlog::{Checkpoint, ConsistencyFile, LogError, SignedCheckpoint, VerifyingKey};
use zorgsluis_embedded::SystemClock;

use crate::cli::{AddLogArgs, CheckArgs, InitArgs, ShowArgs, WitnessCommand};
use crate::failure::Failure;
use crate::terminal::{Style, count, out, out_part};
use state::{Added, Answer, Followed, WitnessState};

/// Runs the command.
pub(crate) async fn run(command: &WitnessCommand) -> Result<(), Failure> {
    match command {
        WitnessCommand::Init(args) => init(args),
        WitnessCommand::AddLog(args) => add_log(args),
        WitnessCommand::Check(args) => check(args).await,
        WitnessCommand::Serve(args) => server::run(args).await,
        WitnessCommand::Show(args) => show(args),
    }
}

fn init(args: &InitArgs) -> Result<(), Failure> {
    let state = WitnessState::init(&args.of.state, &args.name)?;
    out!("{}", state.key());
    Ok(())
}

fn add_log(args: &AddLogArgs) -> Result<(), Failure> {
    let state = WitnessState::open(&args.of.state)?;
    let key = VerifyingKey::parse(&args.key).map_err(|error| Failure::usage(format!("--key: {error}")))?;
    let origin = args.origin.clone().unwrap_or_else(|| key.name().to_owned());
    match state.add(&origin, key, args.also)? {
        Added::Followed => out!("follows {origin}"),
        Added::KeyToo => out!("follows {origin} by this key, too"),
        Added::Already => out!("follows {origin} with this key already"),
        Added::ByAnotherKey(known) => {
            return Err(Failure::wrong(format!(
                "{origin}: is followed already, by the key {known}. A key that took over is believed by its hand-over; \
                 another log of the same name needs a name of its own (serve --organisation NAME). To believe this \
                 key too: --also"
            )));
        }
    }
    Ok(())
}

/// Brings the checkpoint of a log before the witness.
async fn check(args: &CheckArgs) -> Result<(), Failure> {
    let state = WitnessState::open(&args.of.state)?;
    let reached = reach::log(args).await?;
    let origin = reached.origin();
    let Some(Followed { log: known, .. }) = state.log(origin)? else {
        return Err(Failure::wrong(format!(
            "{origin}: this witness does not follow it; begin with `zorgsluis witness add-log --key VKEY`"
        )));
    };
    // A hand-over tells the next key only if it is seen: the checkpoint behind it is signed by that one alone.
    // Each of them makes the next one believed: as many as were not seen yet.
    let chain = reached.key_chain(&known.keys).await.map_err(|error| reach::failed(origin, &error))?;
    let mut checkpoints: Vec<SignedCheckpoint> = Vec::new();
    let mut believed = known.keys.clone();
    for handover in chain.handovers().iter().filter(|handover| handover.size() >= known.size) {
        if believed.contains(handover.from()) && !believed.contains(handover.to()) {
            believed.push(handover.to().clone());
            checkpoints.push(handover.signed().clone());
        }
    }
    let standing = reached.checkpoint(chain.keys()).await.map_err(|error| reach::failed(origin, &error))?;
    let standing = standing.ok_or_else(|| Failure::wrong(format!("{origin}: there is no checkpoint")))?;
    checkpoints.push(standing);
    let mut cosigned = None;
    for signed in checkpoints {
        let Some(Followed { log: known, .. }) = state.log(origin)? else { break };
        let old = Checkpoint {
            origin: origin.to_owned(),
            size: known.size,
            root: known.root,
            extensions: Vec::new(),
        };
        let submission = match reached.prove_consistency(&old, &signed).await {
            Ok(submission) => submission,
            // What the tiles do not prove the witness refuses itself, with the reason.
            Err(
                LogError::Inconsistent { .. } | LogError::RolledBack { .. } | LogError::TilesDamaged { .. },
            ) => ConsistencyFile { old_size: known.size, path: Vec::new(), checkpoint: signed.to_text() },
            Err(error) => return Err(reach::failed(origin, &error)),
        };
        match state.submit(&submission, &SystemClock)? {
            Answer::Cosigned { signed, cosignature } => cosigned = Some((known.size, signed, cosignature)),
            Answer::Refused(refusal) => {
                let (seen, shown) = (known.size, signed.checkpoint().size);
                let text =
                    format!("{origin}: refused: {refusal} (seen before: {seen} entries; shown now: {shown})");
                return Err(Failure::wrong(text));
            }
        }
    }
    let Some((before, signed, cosignature)) = cosigned else { return Ok(()) };
    let mut kept = false;
    if !args.read_only {
        kept = match reached.keep_witnessed(&signed, cosignature).await {
            Ok(kept) => kept,
            Err(error) => {
                say!("zorgsluis: {origin}: the cosignature could not be left with the log: {error}");
                false
            }
        };
    }
    let size = signed.checkpoint().size;
    if args.json {
        let root = signed.checkpoint().root.to_string();
        let json = serde_json::json!({
            "origin": origin, "size": size, "root": root, "sizeBefore": before, "keptWithTheLog": kept,
        });
        out!("{json}");
    } else {
        let entries = count(usize::try_from(size).unwrap_or(usize::MAX), "entry", "entries");
        let cosigned = Style::for_stdout().good("cosigned:");
        match before {
            0 => out!("{origin}: {cosigned} {entries}, seen for the first time"),
            _ => out!("{origin}: {cosigned} {entries}, which continue the {before} that were seen before"),
        }
    }
    Ok(())
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let state = WitnessState::open(&args.of.state)?;
    if let Some(origin) = &args.origin {
        let followed = state.log(origin)?;
        let followed = followed.ok_or_else(|| Failure::wrong(format!("{origin}: not followed")))?;
        let checkpoint = followed.checkpoint;
        let checkpoint =
            checkpoint.ok_or_else(|| Failure::wrong(format!("{origin}: nothing was seen of it yet")))?;
        out_part!("{checkpoint}");
        return Ok(());
    }
    let logs = state.logs()?;
    if args.json {
        let logs: Vec<_> = logs
            .iter()
            .map(|Followed { log, checkpoint }| {
                serde_json::json!({
                    "origin": log.origin,
                    "size": log.size,
                    "root": log.root.to_string(),
                    "keys": log.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "checkpoint": checkpoint,
                })
            })
            .collect();
        out!("{}", serde_json::json!({ "key": state.key().to_string(), "logs": logs }));
        return Ok(());
    }
    out!("key  {}", state.key());
    for Followed { log, .. } in logs {
        let entries = count(usize::try_from(log.size).unwrap_or(usize::MAX), "entry", "entries");
        out!("{}  {entries}, root {}", log.origin, log.root);
        for key in log.keys {
            out!("  signed by {key}");
        }
    }
    Ok(())
}
