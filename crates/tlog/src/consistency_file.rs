//! [`ConsistencyFile`]: the proof that a log only grew from one checkpoint to another, as a text file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::note::MAX_NOTE_BYTES;
use crate::proof::{ProofError, verify_consistency};
use crate::sign::VerifyingKey;

/// The most hashes in a consistency proof (C2SP tlog-witness, "add-checkpoint").
const MAX_PATH: usize = 63;
/// The longest consistency file, in bytes.
pub const MAX_CONSISTENCY_BYTES: usize = MAX_NOTE_BYTES + 8192;

/// The proof that the log of a checkpoint continues an older one: nothing was taken away or changed in between.
/// The form is the one in which checkpoints are submitted to witnesses (C2SP tlog-witness, "add-checkpoint"):
///
/// ```text
/// old <size of the older checkpoint>
/// <base64 of a hash>            (one line each, RFC 6962 §2.1.2)
///
/// <the newer checkpoint, as it was signed>
/// ```
///
/// Whoever checks it has the older checkpoint: that is the one that must be continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyFile {
    /// The size of the older checkpoint.
    pub old_size: u64,
    /// The consistency proof.
    pub path: Vec<Hash>,
    /// The newer checkpoint's note, as text.
    pub checkpoint: String,
}

/// Why a consistency file proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyFileError {
    /// Not of the form of C2SP tlog-witness.
    #[error("not a consistency proof: line {line}")]
    Form {
        /// Where it departs from the form, counted from 1.
        line: usize,
    },
    /// Longer than [`MAX_CONSISTENCY_BYTES`].
    #[error("longer than a consistency proof can be")]
    TooLong,
    /// The checkpoint is not one to be believed.
    #[error("its checkpoint is not one of this log")]
    Checkpoint(#[from] CheckpointError),
    /// It begins at another size than the older checkpoint has.
    #[error("it begins at another size than the older checkpoint")]
    OtherOld,
    /// The hashes do not lead from the one root to the other.
    #[error("its hashes do not prove that the log only grew")]
    Proof(#[from] ProofError),
}

impl ConsistencyFile {
    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old_size);
        for hash in &self.path {
            text.push_str(&STANDARD.encode(hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads a file, strictly. Nothing is proved before [`verify`](Self::verify).
    pub fn parse(bytes: &[u8]) -> Result<Self, ConsistencyFileError> {
        let form = |line| ConsistencyFileError::Form { line };
        if bytes.len() > MAX_CONSISTENCY_BYTES {
            return Err(ConsistencyFileError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| form(1))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(form(1))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(form(1))?;
        let old_size: u64 = old.parse().map_err(|_| form(1))?;
        if old_size.to_string() != old {
            return Err(form(1));
        }
        let mut path = Vec::new();
        for (line, hash) in (2..).zip(lines) {
            let hash = STANDARD.decode(hash).ok().and_then(|hash| <[u8; 32]>::try_from(hash).ok());
            path.push(Hash(hash.filter(|_| path.len() < MAX_PATH).ok_or(form(line))?));
        }
        Ok(Self { old_size, path, checkpoint: checkpoint.to_owned() })
    }

    /// Checks all of it: the signature of the newer checkpoint by one of `keys`, and that it continues `old`,
    /// which the caller trusts.
    pub fn verify(
        &self,
        old: &Checkpoint,
        origin: &str,
        keys: &[VerifyingKey],
    ) -> Result<SignedCheckpoint, ConsistencyFileError> {
        let signed = SignedCheckpoint::parse(self.checkpoint.as_bytes(), origin, keys)?;
        if old.size != self.old_size {
            return Err(ConsistencyFileError::OtherOld);
        }
        let new = signed.checkpoint();
        verify_consistency(old.size, old.root, new.size, new.root, &self.path)?;
        Ok(signed)
    }
}
