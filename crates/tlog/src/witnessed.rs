//! The checkpoints that witnesses cosigned, kept with the log: one object for each witness, beside the checkpoint and
//! not in it, so that a witness that is slow or down holds up nothing and what it cosigned last still stands.

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::error::{LogError, Step};
use crate::log::{ATTEMPTS, Log};
use crate::note::{MAX_NOTE_BYTES, Note, NoteSignature};
use crate::path::LogObject;
use crate::sign::VerifyingKey;
use crate::storage::{Replaced, StorageError};

/// The most witnesses of a log that are read.
const MAX_WITNESSES: usize = 64;

/// The newest checkpoint that a witness cosigned, as it is kept with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedCheckpoint {
    /// The name of the witness.
    pub name: String,
    /// The id of its key.
    pub id: u32,
    /// The checkpoint, with its cosignature, which has not been checked: that takes a
    /// [`WitnessKey`](crate::WitnessKey).
    pub signed: SignedCheckpoint,
}

impl WitnessedCheckpoint {
    /// Reads what stands under the id of a witness: a checkpoint of the log with a line of that id.
    pub(crate) fn parse(id: u32, bytes: &[u8], origin: &str, keys: &[VerifyingKey]) -> Option<Self> {
        let signed = SignedCheckpoint::parse(bytes, origin, keys).ok()?;
        let line = signed.note().signatures().iter().find(|line| line.id == id)?;
        Some(Self { name: line.name.clone(), id, signed })
    }
}

impl Log {
    /// What witnesses cosigned, as far as it is signed by one of `keys`.
    pub async fn witnessed(&self, keys: &[VerifyingKey]) -> Result<Vec<WitnessedCheckpoint>, LogError> {
        let mut found = Vec::new();
        for key in self.list(&self.paths().witnessed(), None).await?.keys.iter().take(MAX_WITNESSES) {
            if let Some(LogObject::Witnessed(id)) = self.paths().object(key)
                && let Some(object) = self.get(key, MAX_NOTE_BYTES, Step::ReadWitnessed).await?
            {
                found.extend(WitnessedCheckpoint::parse(id, &object.bytes, self.origin(), keys));
            }
        }
        Ok(found)
    }

    /// Keeps what a witness cosigned. Never replaces a newer one: then it returns `false`. The caller has checked the
    /// cosignature.
    pub async fn keep_witnessed(
        &self,
        checkpoint: &SignedCheckpoint,
        cosignature: NoteSignature,
    ) -> Result<bool, LogError> {
        let key = self.paths().key(LogObject::Witnessed(cosignature.id));
        let mut note = checkpoint.note().clone();
        note.add(cosignature);
        let text = note.to_text();
        for _ in 0..ATTEMPTS {
            let standing = self.get(&key, MAX_NOTE_BYTES, Step::ReadWitnessed).await?;
            let size = standing.as_ref().and_then(|object| stated_size(&object.bytes));
            if size.is_some_and(|size| size > checkpoint.checkpoint().size) {
                return Ok(false);
            }
            let expected = standing.as_ref().map(|object| &object.etag);
            match self.storage().replace_if(&key, text.as_bytes(), expected).await {
                Ok(Replaced::Done) => return Ok(true),
                Ok(Replaced::Changed) | Err(StorageError::Transient(_)) => {}
                Err(source) => return Err(LogError::Storage { step: Step::KeepWitnessed, source }),
            }
        }
        Err(LogError::Contended)
    }

    /// The checkpoints that cover this many entries, the one to be proved against first: of those that witnesses
    /// cosigned the one with the most cosignatures, all of them on it; last the one that stands.
    pub(crate) async fn provable(
        &self,
        standing: SignedCheckpoint,
        size: u64,
        keys: &[VerifyingKey],
    ) -> Result<Vec<SignedCheckpoint>, LogError> {
        let mut notes: Vec<(usize, u64, Note)> = Vec::new();
        for one in self.witnessed(keys).await?.into_iter().filter(|one| one.signed.checkpoint().size >= size)
        {
            let Some(line) = one.signed.note().signatures().iter().find(|line| line.id == one.id) else {
                continue;
            };
            match notes.iter_mut().find(|(_, _, note)| note.text() == one.signed.note().text()) {
                Some((count, _, note)) => {
                    note.add(line.clone());
                    *count += 1;
                }
                None => notes.push((1, one.signed.checkpoint().size, one.signed.note().clone())),
            }
        }
        notes.sort_by_key(|(count, size, _)| std::cmp::Reverse((*count, *size)));
        let cosigned = notes.into_iter().filter_map(|(_, _, note)| {
            SignedCheckpoint::parse(note.to_text().as_bytes(), self.origin(), keys).ok()
        });
        Ok(cosigned.chain([standing]).collect())
    }
}

/// The size that a note states, whoever signed it.
fn stated_size(bytes: &[u8]) -> Option<u64> {
    Some(Checkpoint::parse(Note::parse(bytes).ok()?.text()).ok()?.size)
}
