//! What a witness decides: [`examine`]. Where it keeps its state, and how it is reached, is for the caller.

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::consistency_file::{ConsistencyFile, ConsistencyFileError};
use crate::handover::Handover;
use crate::hash::{Hash, empty_root};
use crate::note::Note;
use crate::sign::VerifyingKey;

/// What a witness remembers of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedLog {
    /// The log's name.
    pub origin: String,
    /// The keys by which its checkpoints are believed.
    pub keys: Vec<VerifyingKey>,
    /// The size of the newest checkpoint that was cosigned; 0 when there is none.
    pub size: u64,
    /// Its root; that of the empty tree when there is none.
    pub root: Hash,
}

/// Why a witness does not cosign a checkpoint (C2SP tlog-witness, "add-checkpoint").
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a submission, or its old size is larger than the checkpoint's.
    #[error("the submission is not well formed")]
    Form(#[source] ConsistencyFileError),
    /// The old size is larger than the checkpoint's.
    #[error("the old size {old} is larger than the checkpoint's, {new}")]
    OldAboveNew {
        /// The old size that was stated.
        old: u64,
        /// The size of the checkpoint.
        new: u64,
    },
    /// Not a checkpoint of a log that this witness knows.
    #[error("the log is not one that this witness knows")]
    UnknownLog,
    /// No signature by a key that this witness believes for the log, or a wrong one.
    #[error("the checkpoint is not signed by a key that this witness believes for the log")]
    Signature(#[source] CheckpointError),
    /// The proof begins at another size than the newest that was cosigned. Where the checkpoint itself is smaller
    /// than that, the log was taken back.
    #[error("the proof begins at size {old}, the newest cosigned checkpoint has {known}")]
    OtherOld {
        /// The old size that was stated.
        old: u64,
        /// The size of the newest cosigned checkpoint.
        known: u64,
    },
    /// Another root at the size of the newest cosigned checkpoint: the log shows two histories.
    #[error("another root at size {size} than the one cosigned: the log shows two histories")]
    OtherRoot {
        /// The size.
        size: u64,
    },
    /// The proof does not show that the checkpoint continues the newest one that was cosigned.
    #[error(
        "the proof does not show that the checkpoint continues the one of size {known} that was cosigned"
    )]
    Inconsistent {
        /// The size of the newest cosigned checkpoint.
        known: u64,
    },
}

impl Refusal {
    /// The status of HTTP that C2SP tlog-witness gives it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Form(_) | Self::OldAboveNew { .. } => 400,
            Self::Signature(_) => 403,
            Self::UnknownLog => 404,
            Self::OtherOld { .. } | Self::OtherRoot { .. } => 409,
            Self::Inconsistent { .. } => 422,
        }
    }

    /// The size that goes with status 409.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        match self {
            Self::OtherOld { known: size, .. } | Self::OtherRoot { size } => Some(*size),
            _ => None,
        }
    }
}

impl WitnessedLog {
    /// A log of which nothing was seen yet.
    #[must_use]
    pub fn new(origin: &str, keys: Vec<VerifyingKey>) -> Self {
        Self { origin: origin.to_owned(), keys, size: 0, root: empty_root() }
    }

    /// What is remembered once this checkpoint, which was found good, is cosigned. A hand-over by a believed key
    /// makes the next key believed in its place.
    #[must_use]
    pub fn advanced(&self, signed: &SignedCheckpoint) -> Self {
        let head = signed.checkpoint();
        let mut next = Self { size: head.size, root: head.root, ..self.clone() };
        if let Ok(handover) = Handover::parse(signed.to_text().as_bytes(), &self.origin)
            && next.keys.contains(handover.from())
        {
            next.keys.retain(|key| key != handover.from() && key != handover.to());
            next.keys.push(handover.to().clone());
        }
        next
    }
}

/// The log of which a submission says that it is a checkpoint; nothing of it is believed yet.
pub fn stated_origin(submission: &ConsistencyFile) -> Result<String, Refusal> {
    let form = |error: CheckpointError| Refusal::Form(ConsistencyFileError::Checkpoint(error));
    let note = Note::parse(submission.checkpoint.as_bytes()).map_err(|error| form(error.into()))?;
    Ok(Checkpoint::parse(note.text()).map_err(form)?.origin)
}

/// Whether a witness may cosign the checkpoint of a submission: it is one of this log, signed by a key that is
/// believed for it, and it continues the newest one that was cosigned. The caller makes durable what follows from
/// it ([`WitnessedLog::advanced`]) before it gives the cosignature out, both in one step that no other submission
/// comes between.
pub fn examine(log: &WitnessedLog, submission: &ConsistencyFile) -> Result<SignedCheckpoint, Refusal> {
    if stated_origin(submission)? != log.origin {
        return Err(Refusal::UnknownLog);
    }
    let signed = SignedCheckpoint::parse(submission.checkpoint.as_bytes(), &log.origin, &log.keys)
        .map_err(Refusal::Signature)?;
    let (old, new) = (submission.old_size, signed.checkpoint().size);
    if old > new {
        return Err(Refusal::OldAboveNew { old, new });
    }
    if old != log.size {
        return Err(Refusal::OtherOld { old, known: log.size });
    }
    if new == old && signed.checkpoint().root != log.root {
        return Err(Refusal::OtherRoot { size: old });
    }
    let known =
        Checkpoint { origin: log.origin.clone(), size: log.size, root: log.root, extensions: Vec::new() };
    submission.verify(&known, &log.origin, &log.keys).map_err(|_| Refusal::Inconsistent { known: log.size })
}
