//! Checkpoints (C2SP tlog-checkpoint): the signed statement of a log's size and root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hash::Hash;
use crate::note::{Note, NoteError};
use crate::sign::{SignError, Signer, VerifyingKey};

/// What a log states about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the tree of this size.
    pub root: Hash,
    /// Extension lines; none in the logs that this code writes.
    pub extensions: Vec<String>,
}

/// A checkpoint and the note that carries it, whose signatures have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why bytes are not a checkpoint of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not one of a known key.
    #[error("not a note signed by a known key")]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("not the origin, size and root of a log")]
    Form,
    /// A checkpoint of another log.
    #[error("the checkpoint of another log")]
    Origin,
    /// Signed by a key alone from which another had taken over before.
    #[error("signed with a key from which another had taken over before")]
    KeyRetired,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the text of a note, strictly.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Form)?.split('\n');
        let mut next = || lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Form);
        let (origin, size, root) = (next()?.to_owned(), next()?, next()?);
        let canonical = size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let size = size.parse().ok().filter(|_| canonical).ok_or(CheckpointError::Form)?;
        let root = STANDARD.decode(root).ok().and_then(|root| <[u8; 32]>::try_from(root).ok());
        let root = Hash(root.ok_or(CheckpointError::Form)?);
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Form);
        }
        Ok(Self { origin, size, root, extensions })
    }

    /// Signs it. Whether it *may* be signed is for the caller to have proved.
    pub(crate) async fn sign(self, signers: &[&dyn Signer]) -> Result<SignedCheckpoint, SignError> {
        let mut note = Note::new(self.to_text()).map_err(|error| SignError(error.into()))?;
        for signer in signers {
            let signature = signer.sign(note.text().as_bytes()).await?;
            note.add_signature(signer.verifying_key(), signature);
        }
        Ok(SignedCheckpoint { checkpoint: self, note })
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint of the log `origin`, signed by at least one of `keys`.
    pub fn parse(bytes: &[u8], origin: &str, keys: &[VerifyingKey]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        note.verify(keys)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin);
        }
        Ok(Self { checkpoint, note })
    }

    /// What it states.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with all its signatures.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The note as it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.note.to_text()
    }
}
