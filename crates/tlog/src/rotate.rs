//! [`Publisher::hand_over`]: another key signs from here on.

use std::sync::Arc;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::error::{LogError, Step};
use crate::handover::Handover;
use crate::log::ATTEMPTS;
use crate::note::MAX_NOTE_BYTES;
use crate::path::LogObject;
use crate::publish::{Publisher, Stored};
use crate::sign::{Signer, VerifyingKey};
use crate::storage::{Created, StorageError};

impl Publisher {
    /// Covers all entries, and lets another key sign from then on: the [`Handover`] becomes the checkpoint that
    /// stands, by the same conditional write that every checkpoint takes. That is the moment; a copy is then kept
    /// for ever, by whoever publishes next if this process dies first. No publisher signs with the key before
    /// once it stands. Calling it again, with the same two keys, does nothing more.
    pub async fn hand_over(&mut self, next: Arc<dyn Signer>) -> Result<SignedCheckpoint, LogError> {
        let to = next.verifying_key().clone();
        if !self.keys.contains(&to) {
            self.keys.push(to.clone());
        }
        for _ in 0..ATTEMPTS {
            if let Some(stored) = self.stored().await?
                && signed_by(&stored.signed, &to)
            {
                self.signer = next;
                self.follow_handover(Some(&stored)).await?;
                return Ok(stored.signed);
            }
            if self.log.is_sealed().await? {
                return Err(LogError::Sealed);
            }
            let covered = match self.publish().await {
                // An earlier write of this call took effect late.
                Err(LogError::KeyRetired { by }) if by == to.to_string() => continue,
                covered => covered?,
            };
            let Some(stored) = self.stored().await? else { return Err(LogError::CheckpointMissing) };
            if stored.signed != covered {
                continue;
            }
            if self.log.is_closed_at(covered.checkpoint().size).await? {
                return Err(LogError::Sealed);
            }
            let head = covered.checkpoint();
            let extensions = vec![Handover::line(self.signer.verifying_key(), &to)];
            let handover =
                Checkpoint { origin: head.origin.clone(), size: head.size, root: head.root, extensions };
            let signed = handover.sign(&[self.signer.as_ref(), next.as_ref()]).await?;
            let key = self.log.paths().key(LogObject::Checkpoint);
            match self.log.storage().replace_if(&key, signed.to_text().as_bytes(), Some(&stored.etag)).await {
                // The next round finds it, or what was faster.
                Ok(_) | Err(StorageError::Transient(_)) => {}
                Err(source) => return Err(LogError::Storage { step: Step::ReplaceCheckpoint, source }),
            }
        }
        Err(LogError::Contended)
    }

    /// Signs with the successor's key from here on, if that has taken over.
    pub(crate) async fn follow_successor(&mut self) -> Result<(), LogError> {
        let Some(next) = &self.successor else { return Ok(()) };
        let chain = self.log.key_chain(std::slice::from_ref(self.signer.verifying_key())).await?;
        let took_over = |handover: &Handover| {
            handover.from() == self.signer.verifying_key() && handover.to() == next.verifying_key()
        };
        if chain.handovers().iter().any(took_over) {
            self.keys.push(next.verifying_key().clone());
            (self.signer, self.successor) = (Arc::clone(next), None);
        }
        Ok(())
    }

    /// Where the checkpoint that stands is a hand-over: refuses to sign with the key before, and sees to it that a
    /// copy of it is kept before another checkpoint takes its place.
    pub(crate) async fn follow_handover(&mut self, stored: Option<&Stored>) -> Result<(), LogError> {
        let Some(signed) = stored.map(|stored| &stored.signed) else { return Ok(()) };
        let Some((_, to)) = Handover::named(signed.checkpoint()) else { return Ok(()) };
        let text = signed.to_text();
        let handover = Handover::parse(text.as_bytes(), self.log.origin())?;
        if handover.to() != self.signer.verifying_key() {
            return Err(LogError::KeyRetired { by: to.to_string() });
        }
        if self.handed_over == Some(to.id()) {
            return Ok(());
        }
        let key = self.log.paths().key(LogObject::Handover(to.id()));
        for _ in 0..ATTEMPTS {
            match self.log.storage().create(&key, text.as_bytes()).await {
                Ok(Created::New) => {}
                // Perhaps it was made all the same.
                Ok(Created::AlreadyExists) | Err(StorageError::Transient(_)) => {
                    match self.log.get(&key, MAX_NOTE_BYTES, Step::KeepHandover).await? {
                        Some(object) if object.bytes == text.as_bytes() => {}
                        Some(_) => return Err(LogError::KeyRetired { by: to.to_string() }),
                        None => continue,
                    }
                }
                Err(source) => return Err(LogError::Storage { step: Step::KeepHandover, source }),
            }
            self.handed_over = Some(to.id());
            return Ok(());
        }
        Err(LogError::OutcomeUnknown)
    }
}

fn signed_by(signed: &SignedCheckpoint, key: &VerifyingKey) -> bool {
    signed.note().verify(std::slice::from_ref(key)).is_ok()
}
