//! The logs of a data directory that continue each other: sealed ones, and the one that is written now.

use std::sync::Arc;

use tlog::{Log, LogPaths, Signer as _, VerifyingKey};
use zorgsluis_audit_writer::{AuditLog, AuditWriter};
use zorgsluis_domain::port::AuditSink;
use zorgsluis_embedded::{DataDirectory, SystemRandom};

use super::log_access::{is_sealed, logs_in, origin, reader_of};
use crate::failure::Failure;

/// An organisation's log by itself, not yet opened for writing.
pub(crate) async fn log_of(directory: &DataDirectory, organisation: &str) -> Result<AuditLog, Failure> {
    let origin = origin(organisation);
    let mut keys = present_keys(directory, &origin)?;
    if is_sealed(directory.path(), organisation) {
        keys = sealing_keys(directory, organisation, keys).await?;
    }
    AuditLog::new(
        Arc::new(directory.log_storage()),
        Arc::new(directory.entry_index(organisation)),
        Arc::new(directory.keys()),
        organisation,
        &origin,
        keys,
    )
    .map_err(|error| Failure::usage(format!("--organisation {organisation}: {error}")))
}

/// An organisation's log, with the sealed logs of the directory that it continues: the first entry of each names the
/// one before it.
pub(crate) async fn chain_of(directory: &DataDirectory, organisation: &str) -> Result<AuditLog, Failure> {
    let log = log_of(directory, organisation).await?;
    let mut sealed = others_sealed(directory, organisation);
    let help = format!("zorgsluis audit verify --data {}", directory.path().display());
    let (mut earlier, mut newest) = (Vec::new(), log.clone());
    while let Some(name) = predecessor(&newest, &mut sealed, &help).await? {
        newest = log_of(directory, &name).await?;
        earlier.insert(0, newest.clone());
    }
    Ok(log.continuing(earlier))
}

/// Takes the one that a log continues out of the sealed logs that stand beside it. `help` is the command that says
/// what is wrong where nothing can be told.
pub(crate) async fn predecessor(
    log: &AuditLog,
    sealed: &mut Vec<String>,
    help: &str,
) -> Result<Option<String>, Failure> {
    if sealed.is_empty() {
        return Ok(None);
    }
    let named = log.succession().await.map_err(|error| {
        let log = log.shard();
        Failure::wrong(format!("{log}: {error}: whether it continues another is not known; see `{help}`"))
    })?;
    let at = named.and_then(|named| sealed.iter().position(|log| origin(log) == named.origin));
    Ok(at.map(|at| sealed.swap_remove(at)))
}

/// A log that begins beside a sealed one continues it: its first entry says so, before anything else is written there.
/// Else does nothing.
pub(crate) async fn begin_behind_sealed(
    directory: &DataDirectory,
    organisation: &str,
) -> Result<(), Failure> {
    let sealed = others_sealed(directory, organisation);
    if sealed.is_empty() {
        return Ok(());
    }
    let log = log_of(directory, organisation).await?;
    if log.tlog().bundle(0).await.map_err(Failure::wrong)?.is_some()
        || is_sealed(directory.path(), organisation)
    {
        return Ok(());
    }
    // Of several the last: the one that no other continues.
    let (mut logs, mut continued) = (Vec::new(), Vec::new());
    for name in &sealed {
        let log = log_of(directory, name).await?;
        continued.extend(log.succession().await.map_err(Failure::wrong)?.map(|named| named.origin));
        logs.push(log);
    }
    logs.retain(|log| !continued.iter().any(|name| name == log.tlog().origin()));
    let [before] = logs.as_slice() else { return Ok(()) };
    let seal = before.tlog().seal(before.verifying_keys()).await.map_err(Failure::wrong)?;
    let Some(seal) = seal else { return Ok(()) };
    let signer = directory.log_signer(&origin(organisation)).map_err(Failure::wrong)?;
    let writer =
        AuditWriter::open(log.clone(), &SystemRandom, Arc::new(signer)).await.map_err(Failure::wrong)?;
    let sink: Arc<dyn AuditSink> = Arc::new(writer);
    let reader = reader_of(directory.clock(), log, sink, organisation);
    reader.log_succession(seal.checkpoint()).await.map_err(Failure::wrong)
}

/// The sealed logs of the directory but this one.
pub(crate) fn others_sealed(directory: &DataDirectory, organisation: &str) -> Vec<String> {
    let mut logs = logs_in(directory.path());
    logs.retain(|log| log != organisation && is_sealed(directory.path(), log));
    logs
}

/// The keys that sign now; while another takes over, either may have signed the checkpoint that stands.
fn present_keys(directory: &DataDirectory, name: &str) -> Result<Vec<VerifyingKey>, Failure> {
    let signer = directory.log_signer(name).map_err(Failure::wrong)?;
    let mut keys = vec![signer.verifying_key().clone()];
    let next = directory.next_log_signer(name).map_err(Failure::wrong)?;
    keys.extend(next.map(|next| next.verifying_key().clone()));
    Ok(keys)
}

/// The key that signed a sealed log, which takes no hand-over. When the directory's key was replaced since, the
/// hand-overs of the logs that continue it lead back to it: one key signs all logs of a directory.
async fn sealing_keys(
    directory: &DataDirectory,
    organisation: &str,
    present: Vec<VerifyingKey>,
) -> Result<Vec<VerifyingKey>, Failure> {
    let sealed = plain(directory, organisation)?;
    if matches!(sealed.seal(&present).await, Ok(Some(_))) {
        return Ok(present);
    }
    let mut known = present.clone();
    loop {
        let before = known.len();
        for name in logs_in(directory.path()) {
            let Ok(log) = plain(directory, &name) else { continue };
            let keys: Vec<_> = known.iter().filter_map(|key| key.renamed(log.origin()).ok()).collect();
            let chain = log.key_chain(&keys).await.map_err(Failure::wrong)?;
            for key in chain.keys() {
                if !known.iter().any(|one| one.as_bytes() == key.as_bytes()) {
                    known.push(key.clone());
                }
            }
        }
        if known.len() == before {
            break;
        }
    }
    // None of them: what is wrong, a verification says.
    Ok(that_sealed(&sealed, &known).await.map_or(present, |key| vec![key]))
}

/// Which of these keys, whatever log they are named for, signed the seal of a log.
pub(crate) async fn that_sealed(sealed: &Log, known: &[VerifyingKey]) -> Option<VerifyingKey> {
    for key in known.iter().filter_map(|key| key.renamed(sealed.origin()).ok()) {
        if matches!(sealed.seal(std::slice::from_ref(&key)).await, Ok(Some(_))) {
            return Some(key);
        }
    }
    None
}

fn plain(directory: &DataDirectory, organisation: &str) -> Result<Log, Failure> {
    let paths = LogPaths::new(organisation)
        .map_err(|error| Failure::usage(format!("--organisation {organisation}: {error}")))?;
    Ok(Log::new(Arc::new(directory.log_storage()), paths, &origin(organisation)))
}
