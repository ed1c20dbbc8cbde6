//! [`verify`]: recomputes a log from its entries and compares everything that stands there with it.
//!
//! Memory stays flat in the size of the log: bundles are read in order, a bounded number of them ahead, the
//! tree is kept as its frontier and the unfinished tile of each level, the index is read alongside in pages.
//!
//! It may run beside appenders and publishers. What they may be doing at that moment is told from
//! faults by the order of reading: index coverage, checkpoint and the listing of tiles come first, so
//! that entries read afterwards must cover all of them.

mod checkpoints;
mod index;
mod objects;
mod read;
mod report;
mod since;
mod state;
mod tiles;
mod witnesses;

use std::collections::BTreeMap;

use crate::cosign::WitnessKey;
use crate::error::{LogError, Step};
use crate::handover::KeyChain;
use crate::hash::Hash;
use crate::index::{Coverage, Describe, Description, EntryIndex};
use crate::log::Log;
use crate::path::LogObject;
use crate::sign::VerifyingKey;
use crate::tile::Edge;

pub use read::{Parallel, Work};
pub use report::{Code, Finding, KeyHandover, Report, Witnessed};
pub use state::{KeepState, StateError};

use index::IndexCheck;
use read::{Item, Sound};
use report::Findings;

/// What to verify, and against what.
#[derive(Clone, Copy)]
pub struct VerifyOptions<'a> {
    /// The keys that sign, or signed, this log's checkpoints; one is enough, the others follow from hand-overs.
    pub keys: &'a [VerifyingKey],
    /// A checkpoint (its note) that the caller kept elsewhere. Only with one (or a witness) is it
    /// found when the whole log was rolled back to an earlier state.
    pub trusted: Option<&'a [u8]>,
    /// The witnesses that must have cosigned. What others cosigned is told, but not checked.
    pub witnesses: &'a [WitnessKey],
    /// Treat the log as sealed even without a seal: entries behind the checkpoint are a fault.
    pub sealed: bool,
    /// Compare the index as well.
    pub index: Option<&'a dyn EntryIndex>,
    /// Open the payloads, which is needed to compare the keys in the index.
    pub describe: Option<&'a dyn Describe>,
    /// Keep at most so many findings; further ones are counted.
    pub max_findings: usize,
    /// Called after each bundle with the number of entries verified so far.
    pub progress: Option<&'a (dyn Fn(u64) + Send + Sync)>,
    /// Reads and hashes several bundles at a time. What is found is the same, in the same order.
    pub parallel: Option<&'a Parallel>,
    /// A checkpoint (its note) that the caller trusts together with all that stands below it: only what stands
    /// behind it is read. That the log continues it is proved through the tiles.
    pub since: Option<&'a [u8]>,
    /// The state of a verification of this log, with the same options, that was broken off: it is taken up
    /// where it was. [`LogError::State`] when it does not fit.
    pub resume: Option<&'a [u8]>,
    /// Offered the state after each bundle, as far as a checkpoint covers the entries; to be kept for `resume`.
    pub keep: Option<KeepState<'a>>,
}

impl std::fmt::Debug for VerifyOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyOptions")
            .field("keys", &self.keys)
            .field("sealed", &self.sealed)
            .field("max_findings", &self.max_findings)
            .finish_non_exhaustive()
    }
}

impl<'a> VerifyOptions<'a> {
    /// Entries, tiles and checkpoint; without index, payloads or trusted checkpoint.
    #[must_use]
    pub fn new(keys: &'a [VerifyingKey]) -> Self {
        Self {
            keys,
            trusted: None,
            witnesses: &[],
            sealed: false,
            index: None,
            describe: None,
            max_findings: 1000,
            progress: None,
            parallel: None,
            since: None,
            resume: None,
            keep: None,
        }
    }
}

/// Verifies a log. `Err` means that it could not be verified (the storage gives no answer, say), not
/// that something is wrong: what is wrong is in the report. A single object, or the index, that cannot
/// be read is in the report too, and the rest is verified.
///
/// What it cannot see: a log rolled back as a whole to an earlier state, without a trusted checkpoint;
/// entries behind the last checkpoint replaced together with everything that derives from them; doubled
/// entries, without the index; that the seal was taken away together with the bundle that closes the log.
pub async fn verify(log: &Log, options: &VerifyOptions<'_>) -> Result<Report, LogError> {
    let mut run = Run::start(log, options).await?;
    run.read_entries().await?;
    run.finish().await
}

/// A size at which the root is known from a checkpoint.
struct Mark {
    size: u64,
    root: Hash,
    differs: Code,
    object: Option<String>,
}

struct Run<'a> {
    log: &'a Log,
    options: &'a VerifyOptions<'a>,
    findings: Findings,
    edge: Edge,
    chain: KeyChain,
    signed_by: Vec<VerifyingKey>,
    witnessed: Vec<Witnessed>,
    marks: Vec<Mark>,
    /// Size of the stored checkpoint; 0 when there is none to be believed.
    covered: u64,
    checkpoint: Option<u64>,
    trusted: Option<u64>,
    has_checkpoint: bool,
    sealed: bool,
    /// The seal stands.
    seal: bool,
    /// Where the log was closed.
    closed: Option<u64>,
    /// Tiles of a larger tree than the checkpoint's: must be within the entries.
    tiles_ahead: Vec<crate::path::TileId>,
    index: Option<IndexCheck<'a>>,
    erased: u64,
    bundles: u64,
    versions_checked: bool,
    /// Objects that were written or deleted again, with the version that was written first.
    firsts: BTreeMap<String, String>,
    /// The largest checkpoint kept of a day, or cosigned by a witness, and where.
    kept: Option<(u64, String)>,
    /// The last bundle was damaged: what follows need not continue it.
    lost: bool,
    /// The size of the checkpoint below which nothing was read.
    since: Option<u64>,
    /// The last key of an entry bundle that was passed, and how many there were.
    passed: (Option<String>, u64),
    /// What was known when the reading of entries began.
    begun: state::Begun,
}

impl<'a> Run<'a> {
    async fn start(log: &'a Log, options: &'a VerifyOptions<'a>) -> Result<Self, LogError> {
        let mut findings = Findings::new(options.max_findings);
        let index = match options.index {
            Some(index) => readable(IndexCheck::start(index, options.describe).await, &mut findings)?,
            None => None,
        };
        let mut run = Self {
            log,
            options,
            edge: Edge::new(),
            chain: KeyChain::default(),
            signed_by: Vec::new(),
            witnessed: Vec::new(),
            marks: Vec::new(),
            covered: 0,
            checkpoint: None,
            trusted: None,
            has_checkpoint: false,
            sealed: options.sealed,
            seal: false,
            closed: None,
            tiles_ahead: Vec::new(),
            index,
            erased: 0,
            bundles: 0,
            versions_checked: false,
            firsts: BTreeMap::new(),
            kept: None,
            lost: false,
            since: None,
            passed: (None, 0),
            begun: state::Begun::default(),
            findings,
        };
        run.list_rewritten().await?;
        run.read_handovers().await?;
        run.read_witnessed().await?;
        run.read_kept().await?;
        run.read_checkpoints().await?;
        run.list_objects().await?;
        run.note_beginning();
        match options.resume {
            Some(state) => run.take_up(state).await?,
            None => run.start_since().await?,
        }
        Ok(run)
    }

    /// What became of the object at a key under `entries/`, in the order of the keys.
    async fn next_object(&mut self, item: Item) -> Result<(), LogError> {
        let key = item.key;
        match item.bundle {
            Some((first, read)) => {
                self.bundle(&key, first, read).await?;
                if let Some(progress) = self.options.progress {
                    progress(self.edge.frontier().size());
                }
            }
            None => self.findings.add(Code::UnexpectedObject, Some(key.clone()), None),
        }
        self.passed = (Some(key), self.passed.1 + 1);
        self.offer_state();
        Ok(())
    }

    async fn bundle(
        &mut self,
        key: &str,
        first: u64,
        read: Result<Sound, read::Unsound>,
    ) -> Result<(), LogError> {
        let expected = self.edge.frontier().size();
        if self.closed.is_some() {
            self.findings.add(Code::TailBehindSeal, Some(key.to_owned()), Some(first));
        }
        if first < expected {
            self.findings.add(Code::BundleOverlaps, Some(key.to_owned()), Some(first));
            return Ok(());
        }
        if first > expected && !self.lost {
            self.findings.add(Code::EntriesMissing, Some(key.to_owned()), Some(expected));
        }
        let sound = match read {
            Ok(sound) => sound,
            Err(read::Unsound::Failed(error)) => return Err(error),
            Err(read::Unsound::Damaged(detail)) => {
                self.lost = true;
                self.findings.push(Finding {
                    code: Code::BundleDamaged,
                    object: Some(key.to_owned()),
                    index: Some(first),
                    detail: Some(detail),
                });
                return Ok(());
            }
        };
        if first == expected && sound.before != *self.edge.frontier() {
            self.findings.add(Code::ChainBroken, Some(key.to_owned()), Some(first));
        }
        if sound.before != *self.edge.frontier() {
            // Go on from what the bundle states, so that each break is named once, where it is.
            self.edge.jump(sound.before.clone());
            self.check_marks();
            if let Some(index) = &mut self.index {
                index.skip_to(first);
            }
        }
        self.lost = false;
        if sound.bundle().is_some_and(|bundle| bundle.is_closing()) {
            self.closed = Some(first);
            return Ok(());
        }
        self.bundles += 1;
        self.entries(key, &sound).await
    }

    async fn entries(&mut self, key: &str, sound: &Sound) -> Result<(), LogError> {
        let Some(bundle) = sound.bundle() else { return Ok(()) };
        if let Some(index) = &mut self.index {
            index.bundle(&bundle, &mut self.findings);
        }
        for (entry, read) in bundle.entries().zip(&sound.entries) {
            match &read.description {
                Some(Description::Erased(_)) => self.erased += 1,
                Some(Description::Faulty(code)) => {
                    self.findings.add(Code::Entry(code), Some(key.to_owned()), Some(entry.index()));
                }
                Some(Description::Keys(_)) => {}
                None if read.payload_matches => {}
                None => self.findings.add(Code::PayloadAltered, Some(key.to_owned()), Some(entry.index())),
            }
            if let Some(index) = &mut self.index {
                let compared =
                    index.entry(&entry, bundle.first(), read.description.as_ref(), &mut self.findings).await;
                if readable(compared, &mut self.findings)?.is_none() {
                    self.index = None;
                }
            }
            if !self.edge.push(entry.leaf(), read.leaf_hash) {
                return Err(LogError::Full);
            }
            self.check_marks();
            for tile in self.edge.take_finished() {
                self.check_tile(&tile).await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Report, LogError> {
        for tile in self.edge.partials() {
            self.check_tile(&tile).await?;
        }
        self.check_tiles_ahead();
        let size = self.edge.frontier().size();
        let checkpoint = self.log.paths().key(LogObject::Checkpoint);
        if !self.has_checkpoint && size > 0 {
            self.findings.add(Code::CheckpointMissing, Some(checkpoint.clone()), None);
        }
        if self.covered > size {
            self.findings.add(Code::EntriesTruncated, Some(checkpoint.clone()), Some(size));
        }
        if let Some((kept, key)) = self.kept.take() {
            if kept > size {
                self.findings.add(Code::EntriesTruncated, Some(key.clone()), Some(size));
            }
            if kept > self.covered {
                self.findings.add(Code::CheckpointRolledBack, Some(key), Some(self.covered));
            }
        }
        if let Some(trusted) = self.trusted {
            if trusted > size {
                self.findings.add(Code::RolledBack, None, Some(size));
            }
            if trusted > self.covered {
                self.findings.add(Code::CheckpointRolledBack, Some(checkpoint), Some(self.covered));
            }
        }
        let unsealed_tail = size.saturating_sub(self.covered);
        if self.sealed && unsealed_tail > 0 {
            self.findings.add(Code::TailBehindSeal, None, Some(self.covered));
        }
        if self.seal && self.closed.is_none() && !self.lost {
            let object = self.log.paths().bundle(self.covered);
            self.findings.add(Code::ClosingMissing, Some(object), None);
        }
        let mut unindexed = None;
        if let Some(index) = &mut self.index {
            let compared = index.finish(self.log, size, self.lost, self.sealed, &mut self.findings).await;
            unindexed = readable(compared, &mut self.findings)?;
        }
        Ok(Report {
            size,
            root: self.edge.frontier().root(),
            bundles: self.bundles,
            since: self.since,
            checkpoint: self.checkpoint,
            unsealed_tail,
            // Closed, and the seal not written yet: nothing comes behind it all the same.
            sealed: self.sealed || (self.closed.is_some() && unsealed_tail == 0),
            unindexed,
            erased: self.options.describe.map(|_| self.erased),
            signed_by: self.signed_by,
            handovers: handovers(&self.chain),
            witnessed: self.witnessed,
            versions_checked: self.versions_checked,
            findings: self.findings.kept,
            more_findings: self.findings.more,
        })
    }
}

fn handovers(chain: &KeyChain) -> Vec<KeyHandover> {
    let told = chain.handovers().iter().map(|handover| KeyHandover {
        from: handover.from().clone(),
        to: handover.to().clone(),
        size: handover.size(),
    });
    told.collect()
}

/// Trouble with the index is one finding; the entries are verified all the same.
fn readable<T>(compared: Result<T, LogError>, findings: &mut Findings) -> Result<Option<T>, LogError> {
    match compared {
        Ok(value) => Ok(Some(value)),
        Err(LogError::Index { source, .. }) => {
            let (code, detail) = (Code::IndexUnreadable, Some(source.to_string()));
            findings.push(Finding { code, object: None, index: None, detail });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What the index covered when the verification began.
async fn coverage(index: &dyn EntryIndex) -> Result<Coverage, LogError> {
    crate::append::retrying(Step::ReadCoverage, || index.coverage()).await
}
