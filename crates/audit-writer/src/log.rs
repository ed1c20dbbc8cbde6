//! [`AuditLog`]: one organisation's log; verifying it, and reading for those who account for it.

use std::fmt;
use std::sync::Arc;

use tlog::{
    Describe, EntryIndex, Finding, Log, LogPaths, LogStorage, Parallel, Place, ProofFile, Query,
    RebuildOptions, Report, VerifyOptions, VerifyingKey, WitnessKey,
};
use zorgsluis_domain::port::Keys;
use zorgsluis_domain::{AuditEntry, EntryId};

use crate::AuditError;
use crate::content::{Opened, Opener, entry_id, open_logged};
use crate::term::OUTDATED;

/// The log of one organisation (shard). Cheap to clone; any number of processes may hold it.
///
/// Reading entries goes through [`LogReader`](crate::LogReader), which logs the reading first. What
/// stands here discloses nothing about a patient.
#[derive(Clone)]
pub struct AuditLog {
    pub(crate) log: Log,
    pub(crate) index: Arc<dyn EntryIndex>,
    pub(crate) keys: Arc<dyn Keys>,
    verifying: Arc<[VerifyingKey]>,
    shard: Arc<str>,
    /// The sealed logs that this one continues, the oldest first.
    pub(crate) earlier: Arc<[AuditLog]>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The log in which it stands: the name of its shard.
    pub log: Arc<str>,
    /// Its index in that log.
    pub index: u64,
    /// Its id.
    pub id: EntryId,
    /// What it says.
    pub content: Content,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An entry.
    Entry(Box<AuditEntry>),
    /// Its key was destroyed: only that there was an entry can still be proved.
    Erased,
}

/// How to verify.
#[derive(Clone, Copy, Default)]
pub struct Verification<'a> {
    /// A checkpoint that was kept elsewhere: finds a rollback of everything.
    pub trusted: Option<&'a [u8]>,
    /// The log is stopped: entries behind its checkpoint are a fault.
    pub sealed: bool,
    /// The witnesses that must have cosigned.
    pub witnesses: &'a [WitnessKey],
    /// Called with the number of entries verified so far.
    pub progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
    /// Bundles are read, hashed and opened so many at a time, on the threads of the runtime; 0 and 1: one after
    /// the other.
    pub jobs: usize,
    /// A checkpoint that is trusted with all that stands below it: only what stands behind it is read.
    pub since: Option<&'a [u8]>,
    /// The state of a verification that was broken off.
    pub resume: Option<&'a [u8]>,
    /// Offered the state after each bundle.
    pub keep: Option<tlog::KeepState<'a>>,
    /// What was found beside the log itself, to stand in the report: how it continues another, say.
    pub beside: &'a [Finding],
}

impl fmt::Debug for Verification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("sealed", &self.sealed).finish_non_exhaustive()
    }
}

/// What to make anew.
#[derive(Clone, Copy)]
pub struct Rebuild<'a> {
    /// The tiles.
    pub tiles: bool,
    /// The index.
    pub index: bool,
    /// Called with the number of entries gone through so far.
    pub progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
}

impl Default for Rebuild<'_> {
    fn default() -> Self {
        Self { tiles: true, index: true, progress: None }
    }
}

impl fmt::Debug for Rebuild<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tiles, index, .. } = self;
        f.debug_struct("Rebuild").field("tiles", tiles).field("index", index).finish_non_exhaustive()
    }
}

/// How the log stands, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Entries that the index covers: all, but for those being written at this moment.
    pub entries: u64,
    /// Entries that the last checkpoint covers; `None` when there is no checkpoint.
    pub covered: Option<u64>,
    /// The root that it states, hexadecimal.
    pub root: Option<String>,
}

impl AuditLog {
    /// The log of this shard. `origin` is its name in checkpoints; `verifying` are the keys that sign
    /// them, or did.
    pub fn new(
        storage: Arc<dyn LogStorage>,
        index: Arc<dyn EntryIndex>,
        keys: Arc<dyn Keys>,
        shard: &str,
        origin: &str,
        verifying: Vec<VerifyingKey>,
    ) -> Result<Self, AuditError> {
        let paths =
            LogPaths::new(shard).map_err(|_| AuditError::Name("a shard is named by a-z, 0-9 and '-'"))?;
        if origin.is_empty() || origin.chars().any(char::is_control) {
            return Err(AuditError::Name("the name of the log is one line of text"));
        }
        Ok(Self {
            log: Log::new(storage, paths, origin),
            index,
            keys,
            verifying: verifying.into(),
            shard: shard.into(),
            earlier: Arc::default(),
        })
    }

    /// The name of the shard.
    #[must_use]
    pub fn shard(&self) -> &str {
        &self.shard
    }

    /// The log underneath.
    #[must_use]
    pub fn tlog(&self) -> &Log {
        &self.log
    }

    /// The keys by which checkpoints verify.
    #[must_use]
    pub fn verifying_keys(&self) -> &[VerifyingKey] {
        &self.verifying
    }

    /// How the log stands.
    pub async fn status(&self) -> Result<Status, AuditError> {
        let coverage = self.index.coverage().await?;
        let checkpoint = self.log.checkpoint(&self.verifying).await?;
        let head = checkpoint.as_ref().map(|signed| signed.checkpoint());
        Ok(Status {
            entries: coverage.through,
            covered: head.map(|head| head.size),
            root: head.map(|head| head.root.to_string()),
        })
    }

    /// Verifies everything: entries, tiles, checkpoint, that every payload opens and is the entry that
    /// its leaf names, and that the index holds exactly the rows that the entries give. Discloses
    /// nothing. Erased entries are counted, and are no fault.
    pub async fn verify(&self, how: Verification<'_>) -> Result<Report, AuditError> {
        let opener = Opener { keys: Arc::clone(&self.keys), spread: how.jobs > 1 };
        let parallel = (how.jobs > 1).then(|| Parallel::new(how.jobs, |work| drop(tokio::spawn(work))));
        let options = VerifyOptions {
            trusted: how.trusted,
            witnesses: how.witnesses,
            sealed: how.sealed,
            index: Some(self.index.as_ref()),
            describe: Some(&opener),
            progress: how.progress,
            parallel: parallel.as_ref(),
            since: how.since,
            resume: how.resume,
            keep: how.keep,
            ..VerifyOptions::new(&self.verifying)
        };
        let mut report = tlog::verify(&self.log, &options).await?;
        report.findings.extend_from_slice(how.beside);
        Ok(report)
    }

    /// The same log, read as it was first written, whatever was laid over its bundles since: for a reading that
    /// is worth a listing of their versions, where the storage keeps any. So with the logs that it continues.
    pub async fn first_written(self) -> Result<Self, AuditError> {
        let mut earlier = Vec::with_capacity(self.earlier.len());
        for log in self.earlier.iter() {
            earlier.push(Self { log: log.log.first_written().await?, ..log.clone() });
        }
        Ok(Self { log: self.log.first_written().await?, earlier: earlier.into(), ..self })
    }

    /// Makes tiles and index anew from the entries: all of both. No writer may run meanwhile.
    pub async fn rebuild(&self) -> Result<u64, AuditError> {
        self.rebuild_parts(Rebuild::default()).await
    }

    /// Makes tiles or index, or both, anew from the entries; returns how many there are. While the index is
    /// made no writer may run: one that looked an id up in it would not find it, and log it again. Tiles can be
    /// made beside anybody.
    pub async fn rebuild_parts(&self, what: Rebuild<'_>) -> Result<u64, AuditError> {
        let opener = Opener { keys: Arc::clone(&self.keys), spread: true };
        let index: Option<(&dyn EntryIndex, &dyn Describe)> =
            what.index.then_some((self.index.as_ref(), &opener));
        let options = RebuildOptions { tiles: what.tiles, index, progress: what.progress };
        Ok(tlog::rebuild_with(&self.log, &self.verifying, &options).await?)
    }

    pub(crate) async fn prove(&self, id: EntryId) -> Result<ProofFile, AuditError> {
        let (log, place) = self.place(id).await?;
        Ok(log.log.prove(place, &log.verifying).await?)
    }

    pub(crate) async fn line(&self, id: EntryId) -> Result<Line, AuditError> {
        let (log, place) = self.place(id).await?;
        let line = log.lines(&[place]).await?.into_iter().next().ok_or(AuditError::NoSuchEntry)?;
        if line.id == id { Ok(line) } else { Err(misled(&line)) }
    }

    /// Whether the index of this log alone holds rows that were made by an older scheme of keys.
    pub(crate) async fn has_outdated_rows(&self) -> Result<bool, AuditError> {
        let any = Query {
            key: OUTDATED.to_owned(),
            from: i64::MIN,
            to: i64::MAX,
            after: None,
            limit: 1,
            newest_first: false,
        };
        Ok(!self.index.find(&any).await?.hits.is_empty())
    }

    pub(crate) async fn lines(&self, places: &[Place]) -> Result<Vec<Line>, AuditError> {
        let mut lines = Vec::with_capacity(places.len());
        for logged in self.log.entries(places).await? {
            let content = match open_logged(self.keys.as_ref(), &logged).await? {
                Opened::Entry(entry) => Content::Entry(entry),
                Opened::Erased => Content::Erased,
                Opened::Faulty(code) => return Err(AuditError::Unreadable { index: logged.index, code }),
            };
            let (log, id) = (Arc::clone(&self.shard), entry_id(logged.leaf.id()));
            lines.push(Line { log, index: logged.index, id, content });
        }
        Ok(lines)
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("shard", &self.shard).finish_non_exhaustive()
    }
}

/// The index led to an entry that was not asked for.
pub(crate) fn misled(line: &Line) -> AuditError {
    AuditError::Unreadable { index: line.index, code: "index-row-altered" }
}
