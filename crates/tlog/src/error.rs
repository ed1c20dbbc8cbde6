//! [`LogError`]: why an operation on a log failed, and [`Step`]: where.

use std::fmt;

use crate::bundle::BundleError;
use crate::checkpoint::CheckpointError;
use crate::index::{DescribeError, IndexError};
use crate::sign::SignError;
use crate::storage::StorageError;

/// The steps of the protocols, each one call of a port. A crash, a lost answer or another writer may
/// come between any two of them.
///
/// Appending: [`ReadSeal`](Self::ReadSeal) → [`ReadCoverage`](Self::ReadCoverage) →
/// [`ReadHinted`](Self::ReadHinted) → ([`Probe`](Self::Probe) → `ReadCoverage` →
/// [`RecordFound`](Self::RecordFound), if its writer has not yet)* → [`CheckIds`](Self::CheckIds) →
/// [`Create`](Self::Create) → [`RecordOwn`](Self::RecordOwn). When `Create` finds the place taken, or
/// gets no answer: [`ReadBack`](Self::ReadBack), and then either it was our own bundle after all, or
/// `ReadCoverage`, `RecordFound` and `Create` behind it.
///
/// Sealing: publishing, then [`Close`](Self::Close) at the head, behind whatever others put there first; then
/// publishing again, and [`WriteSeal`](Self::WriteSeal).
///
/// Publishing: [`ReadCheckpoint`](Self::ReadCheckpoint) → [`ReadHinted`](Self::ReadHinted) →
/// [`ReadTiles`](Self::ReadTiles) → ([`Probe`](Self::Probe) → [`WriteTiles`](Self::WriteTiles))* →
/// [`WriteTiles`](Self::WriteTiles) → [`Sign`](Self::Sign) →
/// [`ReplaceCheckpoint`](Self::ReplaceCheckpoint).
///
/// A model of both, with these names, is explored in every order (`tests/it/model`), and the code is
/// held to the order of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Whether the log is sealed.
    ReadSeal,
    /// How far the index is complete, and which bundle was its last: the hint where the head is.
    ReadCoverage,
    /// Read the bundle that the hint or the checkpoint names.
    ReadHinted,
    /// Read the bundle behind the last one known; none means: this is the head.
    Probe,
    /// Record another writer's bundle in the index.
    RecordFound,
    /// Ask the index, complete through the head, for the ids to be appended.
    CheckIds,
    /// Create the bundle at the head: the commit.
    Create,
    /// Read what stands where `Create` found the place taken, or got no answer.
    ReadBack,
    /// Record the own bundle in the index.
    RecordOwn,
    /// Read the checkpoint that stands.
    ReadCheckpoint,
    /// Read the unfinished tiles that belong to it.
    ReadTiles,
    /// Write a tile.
    WriteTiles,
    /// Sign the new checkpoint.
    Sign,
    /// Replace the checkpoint, if it is still the one that was read.
    ReplaceCheckpoint,
    /// Create the bundle that closes the log, at the head.
    Close,
    /// Write the seal.
    WriteSeal,
    /// Create the copy of the checkpoint that is kept of a day.
    KeepCheckpoint,
    /// Create the copy of a hand-over that is kept for ever.
    KeepHandover,
    /// Read what a witness cosigned.
    ReadWitnessed,
    /// Keep what a witness cosigned.
    KeepWitnessed,
    /// Read for a reader: entries, tiles of a proof, listings of a verification.
    Read,
    /// Empty the index, to rebuild it.
    ResetIndex,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an operation on a log failed. Says nothing of what entries hold.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The storage failed.
    #[error("at step {step}")]
    Storage {
        /// Where.
        step: Step,
        /// Why.
        #[source]
        source: StorageError,
    },
    /// The index failed.
    #[error("at step {step}")]
    Index {
        /// Where.
        step: Step,
        /// Why.
        #[source]
        source: IndexError,
    },
    /// The index is being made anew: what is not in it yet may be in the log all the same, so that nothing is
    /// appended and nothing looked up until that is done.
    #[error(
        "the index is being made anew (`audit rebuild`): nothing is written or looked up until that is done"
    )]
    IndexRebuilding,
    /// Another writer's entries could not be described for the index.
    #[error("at step {step}")]
    Describe {
        /// Where.
        step: Step,
        /// Why.
        #[source]
        source: DescribeError,
    },
    /// The checkpoint could not be signed.
    #[error("at step {}", Step::Sign)]
    Sign(#[from] SignError),
    /// The storage gave no answer several times: whether the entries are in the log is unknown.
    /// Appending them again, with the same ids, is safe.
    #[error("no answer from the storage; appending the same entries again is safe")]
    OutcomeUnknown,
    /// The log is sealed: it takes no more entries.
    #[error("the log is sealed")]
    Sealed,
    /// The tree cannot grow further.
    #[error("the log is full")]
    Full,
    /// A payload, key reference or batch is longer than a bundle can hold.
    #[error("an entry is longer than a bundle can hold")]
    EntryTooLong,
    /// An object is not an entry bundle. Verify the log.
    #[error("{object} is no entry bundle")]
    DamagedBundle {
        /// Its key.
        object: String,
        /// Why not.
        #[source]
        source: BundleError,
    },
    /// A bundle does not continue what stands before it. Verify the log.
    #[error("{object} does not continue the entries before it")]
    ChainBroken {
        /// Its key.
        object: String,
    },
    /// The index knows of entries that are not there. Verify the log.
    #[error("the index is complete through {through}, but {object} does not hold entries up to there")]
    IndexAhead {
        /// How far the index says that it is complete.
        through: u64,
        /// The bundle that should end there.
        object: String,
    },
    /// An object that was there is there no more. Verify the log.
    #[error("{object} has vanished")]
    Vanished {
        /// Its key.
        object: String,
    },
    /// An object is longer than any that this code writes there. Verify the log.
    #[error("{object} is too long")]
    TooLong {
        /// Its key.
        object: String,
    },
    /// What stands under the key is no object. Verify the log.
    #[error("{object} is no object: {reason}")]
    NoObject {
        /// Its key.
        object: String,
        /// What it is.
        reason: &'static str,
    },
    /// The stored checkpoint is not a checkpoint of this log, signed by a known key.
    #[error("the stored checkpoint is not to be believed")]
    Checkpoint(#[from] CheckpointError),
    /// There are entries, but no checkpoint: the publisher of this log never started, or somebody
    /// removed it. See [`Publisher::adopt`](crate::Publisher::adopt).
    #[error("the log has entries, but no checkpoint")]
    CheckpointMissing,
    /// The entries are not those that the last checkpoint covers: nothing is signed.
    #[error("the entries are not those that the checkpoint of size {size} covers")]
    Inconsistent {
        /// The size of the last checkpoint.
        size: u64,
    },
    /// The stored checkpoint is older than one signed before.
    #[error("the stored checkpoint is older than the one of size {size} signed before")]
    RolledBack {
        /// The size of the checkpoint signed before.
        size: u64,
    },
    /// Tiles are missing or not those of the tree; [`rebuild`](crate::rebuild) makes them anew.
    #[error("the tiles of the tree of size {size} are missing or wrong")]
    TilesDamaged {
        /// The size of the tree.
        size: u64,
    },
    /// No entry stands there.
    #[error("there is no entry {index}")]
    NoSuchEntry {
        /// The index.
        index: u64,
    },
    /// A payload is not the one that its leaf commits to. Verify the log.
    #[error("the payload of entry {index} is not the one logged")]
    PayloadAltered {
        /// The entry's index.
        index: u64,
    },
    /// No checkpoint covers the entry yet.
    #[error("entry {index} is not covered by a checkpoint yet")]
    NotCovered {
        /// The entry's index.
        index: u64,
    },
    /// Another key took over from the one that was to sign: nothing is signed.
    #[error("the signing key was replaced by {by}: nothing is signed with the one before")]
    KeyRetired {
        /// The key that signs now.
        by: String,
    },
    /// The state of a verification that was broken off cannot be taken up.
    #[error("the verification cannot be taken up: {0}")]
    State(#[from] crate::verify::StateError),
    /// Others kept replacing the checkpoint.
    #[error("others kept replacing the checkpoint")]
    Contended,
}

impl LogError {
    /// Whether the same call may succeed later without anything of the log being repaired (room on a
    /// full disk, say).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage { source, .. } => source.is_transient(),
            Self::Index { source, .. } => source.is_transient(),
            Self::Describe { .. } | Self::Sign(_) => true,
            Self::OutcomeUnknown | Self::NotCovered { .. } | Self::Contended | Self::IndexRebuilding => true,
            _ => false,
        }
    }

    /// Why a single object could not be read, when the rest of the log still may be: for a finding.
    pub(crate) fn of_one_object(&self) -> Option<String> {
        match self {
            Self::TooLong { .. } => Some("longer than any such object".to_owned()),
            Self::NoObject { reason, .. } => Some(format!("no object, but {reason}")),
            Self::Storage { source: StorageError::Hindered { reason, .. }, .. } => {
                Some(format!("cannot be read: {reason}"))
            }
            _ => None,
        }
    }
}
