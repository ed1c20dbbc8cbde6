//! What a verification says: [`Report`], [`Finding`], [`Code`].

use std::fmt;

use crate::hash::Hash;
use crate::sign::VerifyingKey;

/// The result of verifying a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The number of entries that the bundles hold.
    pub size: u64,
    /// The root of the tree of all of them (right only if nothing was found).
    pub root: Hash,
    /// The number of bundles read.
    pub bundles: u64,
    /// The number of entries that were not read: they are below the checkpoint that the caller trusts
    /// ([`VerifyOptions::since`](crate::VerifyOptions::since)), which the log was proved to continue. `None`:
    /// everything was read.
    pub since: Option<u64>,
    /// The size of the checkpoint; `None` if there is none to be believed.
    pub checkpoint: Option<u64>,
    /// Entries behind the checkpoint, which no signature covers yet. In a log that is still written to
    /// this is no fault; in a sealed one it is (and then a finding as well).
    pub unsealed_tail: u64,
    /// Whether the log is sealed, or was to be taken for it.
    pub sealed: bool,
    /// Entries that the index did not cover yet when the verification began; `None`: not compared.
    pub unindexed: Option<u64>,
    /// Entries whose payload can no longer be opened because its key was destroyed; `None`: not tried.
    pub erased: Option<u64>,
    /// The keys that signed the checkpoint that stands.
    pub signed_by: Vec<VerifyingKey>,
    /// How one signing key took over from another, the oldest first.
    pub handovers: Vec<KeyHandover>,
    /// What witnesses cosigned.
    pub witnessed: Vec<Witnessed>,
    /// Whether the storage keeps versions, so that rewriting and deleting can be seen in them.
    pub versions_checked: bool,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// How many more findings there were than were kept.
    pub more_findings: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// One signing key took over from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHandover {
    /// The key that signed before.
    pub from: VerifyingKey,
    /// The key that signed from then on.
    pub to: VerifyingKey,
    /// The number of entries at that moment.
    pub size: u64,
}

/// What a witness cosigned last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// Its name.
    pub name: String,
    /// The id of its key.
    pub id: u32,
    /// The number of entries that it vouches for.
    pub size: u64,
    /// When, in seconds since 1970-01-01 UTC; `None`: its key was not given, so that nothing was checked.
    pub time: Option<u64>,
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// The key of the object in which it shows.
    pub object: Option<String>,
    /// The index of the entry that it concerns, or from which on.
    pub index: Option<u64>,
    /// More about it, without anything that entries hold.
    pub detail: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(index) = self.index {
            write!(f, ", entry {index}")?;
        }
        if let Some(object) = &self.object {
            write!(f, ", {object}")?;
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What can be wrong with a log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// What [`Describe`](crate::Describe) found wrong with an entry; its own code.
            Entry(&'static str),
        }

        impl Code {
            /// The code: lower case, with hyphens.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Entry(code) => code,
                }
            }

            /// The code of this crate with this name.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// An object that no log has.
    UnexpectedObject = "unexpected-object",
    /// An entry bundle cannot be read: altered, or cut off.
    BundleDamaged = "bundle-damaged",
    /// Entries are missing before this bundle.
    EntriesMissing = "entries-missing",
    /// A bundle stands within the indices of another: inserted, or another removed and put elsewhere.
    BundleOverlaps = "bundle-overlaps",
    /// A bundle states another tree before it than the entries before it give.
    ChainBroken = "chain-broken",
    /// A payload is not the one that its leaf commits to.
    PayloadAltered = "payload-altered",
    /// An entry's id stands in the log a second time.
    EntryDoubled = "entry-doubled",
    /// An object that is created once was deleted: a delete marker lies, or lay, on it.
    DeleteMarker = "delete-marker",
    /// An object that is created once was written a second time.
    SecondVersion = "second-version",
    /// The log has entries, but no checkpoint.
    CheckpointMissing = "checkpoint-missing",
    /// The checkpoint is not one of this log, signed by a known key.
    CheckpointDamaged = "checkpoint-damaged",
    /// The checkpoint signs another root than the entries give.
    CheckpointRoot = "checkpoint-root-differs",
    /// The checkpoint, or one that was kept of a day or cosigned by a witness, covers more entries than there are.
    EntriesTruncated = "entries-truncated",
    /// The trusted checkpoint covers more entries than there are: the log was rolled back.
    RolledBack = "rolled-back",
    /// The trusted checkpoint, or one that was kept of a day or cosigned by a witness, is newer than the one that stands.
    CheckpointRolledBack = "checkpoint-rolled-back",
    /// The trusted checkpoint signs another root than the entries give.
    TrustedRoot = "trusted-root-differs",
    /// The trusted checkpoint is not one of this log, signed by a known key.
    TrustedDamaged = "trusted-checkpoint-damaged",
    /// The checkpoint that was kept of a day is not one of this log, signed by a known key.
    KeptDamaged = "kept-checkpoint-damaged",
    /// The checkpoint that was kept of a day signs another root than the entries give.
    KeptRoot = "kept-checkpoint-root-differs",
    /// What stands as a hand-over from one signing key to another is none, or leads to or from no known key.
    HandoverDamaged = "handover-damaged",
    /// Two keys took over from one, or one from two.
    HandoverForked = "handover-forked",
    /// A key that was given to verify with is in no hand-over, although the log has some.
    KeyOutsideChain = "key-outside-chain",
    /// A checkpoint is signed by a key alone from which another had taken over before.
    KeyRetired = "key-retired",
    /// What is kept as cosigned by a witness is no checkpoint of this log, or its cosignature is wrong.
    WitnessedDamaged = "witnessed-checkpoint-damaged",
    /// A witness cosigned another root than the entries give.
    WitnessedRoot = "witnessed-root-differs",
    /// A witness that was asked for has cosigned nothing.
    WitnessMissing = "witness-missing",
    /// The seal is not the checkpoint that stands.
    SealDiffers = "seal-differs",
    /// The seal stands, and the bundle that closes the log does not: it was taken away, or the log was sealed by an
    /// older version, and sealing it again puts it there.
    ClosingMissing = "closing-missing",
    /// Entries stand behind the checkpoint of a sealed log, or behind the bundle that closes it.
    TailBehindSeal = "tail-behind-seal",
    /// The tiles do not prove that the log continues the checkpoint since which it was to be verified.
    ConsistencyUnproved = "consistency-not-proved",
    /// A tile that the checkpoint needs is missing.
    TileMissing = "tile-missing",
    /// A tile is not the one that the entries give.
    TileDiffers = "tile-differs",
    /// A tile of a larger tree than the entries give.
    TileBeyondLog = "tile-beyond-log",
    /// The index cannot be read, or not to its end: no more of it was compared.
    IndexUnreadable = "index-unreadable",
    /// The index says that it covers more entries than there are.
    IndexAhead = "index-ahead",
    /// The index names another last bundle than the one that ends where its coverage does; or rows stand where
    /// its coverage does not reach; or it does not cover all of a sealed log.
    IndexCoverage = "index-coverage-differs",
    /// The index, or part of it, was made by an older scheme of keys: [`rebuild`](crate::rebuild) it.
    IndexOutdated = "index-outdated",
    /// The index has no row for an entry.
    IndexMissing = "index-row-missing",
    /// The index has another row for an entry than it should.
    IndexAltered = "index-row-altered",
    /// The index has a row where no entry stands, or a second one.
    IndexExtra = "index-row-extra",
}

/// Findings, of which only so many are kept.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) more: u64,
    limit: usize,
}

impl Findings {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), more: 0, limit }
    }

    pub(super) fn add(&mut self, code: Code, object: Option<String>, index: Option<u64>) {
        self.push(Finding { code, object, index, detail: None });
    }

    pub(super) fn push(&mut self, finding: Finding) {
        if self.kept.len() < self.limit { self.kept.push(finding) } else { self.more += 1 }
    }
}
