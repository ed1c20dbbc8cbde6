//! [`ProofFile`]: one entry's proof as a text file that anybody can check offline (C2SP tlog-proof).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::note::MAX_NOTE_BYTES;
use crate::proof::{ProofError, verify_inclusion};
use crate::sign::VerifyingKey;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// The most hashes in an inclusion proof: the height of the tallest tree.
const MAX_PATH: usize = 64;
/// The longest proof file, in bytes.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 8192;

/// The proof that an entry stands in a log. Media form, by C2SP tlog-proof:
///
/// ```text
/// c2sp.org/tlog-proof@v1
/// extra <base64 of the leaf>
/// index <the entry's index>
/// <base64 of a hash>            (one line each, from the leaf's sibling up)
///
/// <the checkpoint, as it was signed>
/// ```
///
/// The leaf holds the entry's id and the SHA-256 of its (encrypted) payload: whoever has the payload
/// compares it, whoever has not still sees that an entry with this id stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// The leaf: what is proved to be in the log.
    pub leaf: Leaf,
    /// Its index.
    pub index: u64,
    /// The inclusion proof.
    pub path: Vec<Hash>,
    /// The checkpoint's note, as text.
    pub checkpoint: String,
}

/// Why a proof file proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// Not of the form of C2SP tlog-proof, or without the leaf.
    #[error("not a proof file: line {line}")]
    Form {
        /// Where it departs from the form, counted from 1.
        line: usize,
    },
    /// Longer than [`MAX_PROOF_BYTES`].
    #[error("longer than a proof can be")]
    TooLong,
    /// The checkpoint is not one to be believed.
    #[error("its checkpoint is not one of this log")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the leaf to the checkpoint's root.
    #[error("its hashes do not prove the entry")]
    Proof(#[from] ProofError),
}

impl ProofFile {
    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let leaf = STANDARD.encode(self.leaf.as_bytes());
        let mut text = format!("{FIRST_LINE}\nextra {leaf}\nindex {}\n", self.index);
        for hash in &self.path {
            text.push_str(&STANDARD.encode(hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads a file, strictly. Nothing is proved before [`verify`](Self::verify).
    pub fn parse(text: &str) -> Result<Self, ProofFileError> {
        if text.len() > MAX_PROOF_BYTES {
            return Err(ProofFileError::TooLong);
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofFileError::Form { line: 1 })?;
        let mut lines = head.split('\n');
        let form = |line| ProofFileError::Form { line };
        if lines.next() != Some(FIRST_LINE) {
            return Err(form(1));
        }
        let leaf = lines.next().and_then(|line| line.strip_prefix("extra ")).ok_or(form(2))?;
        let leaf = STANDARD.decode(leaf).map_err(|_| form(2))?;
        let leaf = Leaf::from_bytes(Bytes::from(leaf)).ok_or(form(2))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(form(3))?;
        let number: u64 = index.parse().map_err(|_| form(3))?;
        if number.to_string() != index {
            return Err(form(3));
        }
        let mut path = Vec::new();
        for (line, hash) in (4..).zip(lines) {
            let hash = STANDARD.decode(hash).ok().and_then(|hash| <[u8; 32]>::try_from(hash).ok());
            path.push(Hash(hash.filter(|_| path.len() < MAX_PATH).ok_or(form(line))?));
        }
        Ok(Self { leaf, index: number, path, checkpoint: checkpoint.to_owned() })
    }

    /// Checks all of it: the checkpoint's signature by one of `keys`, and the way from the leaf to the
    /// root. Needs nothing but the file and the public key.
    pub fn verify(&self, origin: &str, keys: &[VerifyingKey]) -> Result<SignedCheckpoint, ProofFileError> {
        let signed = SignedCheckpoint::parse(self.checkpoint.as_bytes(), origin, keys)?;
        let head = signed.checkpoint();
        verify_inclusion(self.leaf.hash(), self.index, head.size, &self.path, head.root)?;
        Ok(signed)
    }
}
