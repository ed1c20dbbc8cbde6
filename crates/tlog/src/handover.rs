//! [`Handover`]: one signing key takes over from another; [`KeyChain`]: all keys of a log, from one that is known.

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::error::{LogError, Step};
use crate::log::Log;
use crate::note::{MAX_NOTE_BYTES, Note, NoteError};
use crate::path::LogObject;
use crate::sign::VerifyingKey;

/// What its extension line begins with.
const LINE: &str = "key-handover ";

/// The most hand-overs of a log that are read.
const MAX_HANDOVERS: usize = 1000;

/// A checkpoint with which one signing key takes over from another: an ordinary checkpoint, signed by both, with
/// the extension line
///
/// ```text
/// key-handover <public key of the one before> <public key of the next>
/// ```
///
/// So who knows the one key learns the other: the old key vouches for the new one, and the new one for which it
/// followed and up to which size that was the log's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    from: VerifyingKey,
    to: VerifyingKey,
    signed: SignedCheckpoint,
}

impl Handover {
    /// The extension line.
    pub(crate) fn line(from: &VerifyingKey, to: &VerifyingKey) -> String {
        format!("{LINE}{from} {to}")
    }

    /// The keys that a checkpoint names, if it is a hand-over. Who signed it has still to be checked.
    pub(crate) fn named(checkpoint: &Checkpoint) -> Option<(VerifyingKey, VerifyingKey)> {
        let (from, to) =
            checkpoint.extensions.iter().find_map(|line| line.strip_prefix(LINE))?.split_once(' ')?;
        Some((VerifyingKey::parse(from).ok()?, VerifyingKey::parse(to).ok()?))
    }

    /// Reads a hand-over of the log `origin`. Both keys that it names have signed it; whether one of them is to be
    /// believed is for the caller to know.
    pub fn parse(bytes: &[u8], origin: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let (from, to) = Self::named(&Checkpoint::parse(note.text())?).ok_or(CheckpointError::Form)?;
        let keys = [from.clone(), to.clone()];
        let signers = note.verify(&keys)?;
        if from == to || !keys.iter().all(|key| signers.contains(&key)) {
            return Err(CheckpointError::Note(NoteError::NoKnownSignature));
        }
        Ok(Self { from, to, signed: SignedCheckpoint::parse(bytes, origin, &keys)? })
    }

    /// The key that signed before.
    #[must_use]
    pub fn from(&self) -> &VerifyingKey {
        &self.from
    }

    /// The key that signs from then on.
    #[must_use]
    pub fn to(&self) -> &VerifyingKey {
        &self.to
    }

    /// The checkpoint, signed by both.
    #[must_use]
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The size of the log when it took place: the last one for which the key before may have signed alone.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.signed.checkpoint().size
    }
}

/// The keys of a log: those that the caller knows, and those that hand-overs lead to from them, forward and back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChain {
    keys: Vec<VerifyingKey>,
    handovers: Vec<Handover>,
    /// Known to the caller, but in no hand-over, although there are some.
    pub(crate) outside: Vec<VerifyingKey>,
    /// Objects that are no hand-over that leads to or from a key of the chain.
    pub(crate) unlinked: Vec<String>,
    /// Objects that say of one key a second time that another took over from it.
    pub(crate) forked: Vec<String>,
}

impl KeyChain {
    /// The chain that these objects (key and content) give.
    pub(crate) fn new(known: &[VerifyingKey], origin: &str, objects: Vec<(String, Vec<u8>)>) -> Self {
        let mut chain = Self { keys: known.to_vec(), ..Self::default() };
        let mut waiting = Vec::new();
        for (object, bytes) in objects {
            match Handover::parse(&bytes, origin) {
                Ok(handover) => waiting.push((object, handover)),
                Err(_) => chain.unlinked.push(object),
            }
        }
        loop {
            let linked = |(_, handover): &mut (String, Handover)| {
                chain.keys.iter().any(|key| *key == handover.from || *key == handover.to)
            };
            let next: Vec<_> = waiting.extract_if(.., linked).collect();
            if next.is_empty() {
                break;
            }
            for (object, handover) in next {
                if chain.handovers.iter().any(|other| other.from == handover.from || other.to == handover.to)
                {
                    chain.forked.push(object);
                }
                for key in [&handover.from, &handover.to] {
                    if !chain.keys.contains(key) {
                        chain.keys.push(key.clone());
                    }
                }
                chain.handovers.push(handover);
            }
        }
        chain.unlinked.extend(waiting.into_iter().map(|(object, _)| object));
        chain.handovers.sort_by_key(Handover::size);
        if !chain.handovers.is_empty() {
            let named =
                |key: &&VerifyingKey| chain.handovers.iter().any(|one| one.from == **key || one.to == **key);
            chain.outside = known.iter().filter(|key| !named(key)).cloned().collect();
        }
        chain
    }

    /// All keys by which checkpoints of the log verify: first those that the caller knew.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The hand-overs, the oldest first.
    #[must_use]
    pub fn handovers(&self) -> &[Handover] {
        &self.handovers
    }

    /// The size of the log up to which this key signed; `None`: nobody took over from it.
    #[must_use]
    pub fn retired_at(&self, key: &VerifyingKey) -> Option<u64> {
        self.handovers.iter().find(|handover| handover.from == *key).map(Handover::size)
    }

    /// The keys of the chain that signed this checkpoint.
    #[must_use]
    pub fn signers(&self, signed: &SignedCheckpoint) -> Vec<&VerifyingKey> {
        signed.note().verify(&self.keys).unwrap_or_default()
    }

    /// Whether a checkpoint is signed by a key that was the log's at that size, and not by one alone that had been
    /// replaced before.
    #[must_use]
    pub fn admits(&self, signed: &SignedCheckpoint) -> bool {
        let size = signed.checkpoint().size;
        self.signers(signed).into_iter().any(|key| self.retired_at(key).is_none_or(|end| size <= end))
    }
}

impl Log {
    /// All keys of the log, as far as hand-overs lead from those that the caller knows.
    pub async fn key_chain(&self, known: &[VerifyingKey]) -> Result<KeyChain, LogError> {
        let mut objects: Vec<(String, Vec<u8>)> = Vec::new();
        let prefix = self.paths().handovers();
        let mut after: Option<String> = None;
        loop {
            let page = self.list(&prefix, after.as_deref()).await?;
            after = page.keys.last().cloned();
            for key in page.keys {
                if let Some(LogObject::Handover(_)) = self.paths().object(&key)
                    && let Some(object) = self.get(&key, MAX_NOTE_BYTES, Step::ReadCheckpoint).await?
                {
                    objects.push((key, object.bytes.to_vec()));
                }
            }
            if !page.more || after.is_none() || objects.len() > MAX_HANDOVERS {
                break;
            }
        }
        // A hand-over that took place a moment ago may stand as the checkpoint only.
        let key = self.paths().key(LogObject::Checkpoint);
        if let Some(object) = self.get(&key, MAX_NOTE_BYTES, Step::ReadCheckpoint).await?
            && Handover::parse(&object.bytes, self.origin()).is_ok()
            && !objects.iter().any(|(_, bytes)| *bytes == object.bytes)
        {
            objects.push((key, object.bytes.to_vec()));
        }
        Ok(KeyChain::new(known, self.origin(), objects))
    }
}
