//! The checkpoints of a log: the one that stands, those that were kept, and the one that the caller trusts.

use bytes::Bytes;

use super::{Code, Finding, Mark, Run};
use crate::checkpoint::SignedCheckpoint;
use crate::error::LogError;
use crate::handover::Handover;
use crate::note::MAX_NOTE_BYTES;
use crate::path::LogObject;
use crate::seal::says_the_same;

impl Run<'_> {
    /// The seal, the checkpoint that stands and the one that the caller trusts.
    pub(super) async fn read_checkpoints(&mut self) -> Result<(), LogError> {
        // The seal first: it is written after the checkpoint that it copies.
        let seal = self.log.paths().key(LogObject::Sealed);
        let sealed = self.small(&seal).await?;
        let key = self.log.paths().key(LogObject::Checkpoint);
        let stored = self.small(&key).await?;
        self.has_checkpoint = stored.is_some();
        if let Some(bytes) = &stored {
            match SignedCheckpoint::parse(bytes, self.log.origin(), self.chain.keys()) {
                Ok(signed) => {
                    self.check_signer(&signed, Some(&key));
                    self.signed_by = self.chain.signers(&signed).into_iter().cloned().collect();
                    let head = signed.checkpoint();
                    (self.covered, self.checkpoint) = (head.size, Some(head.size));
                    let (size, root) = (head.size, head.root);
                    self.marks.push(Mark {
                        size,
                        root,
                        differs: Code::CheckpointRoot,
                        object: Some(key.clone()),
                    });
                }
                Err(error) => self.findings.push(Finding {
                    code: Code::CheckpointDamaged,
                    object: Some(key.clone()),
                    index: None,
                    detail: Some(error.to_string()),
                }),
            }
        }
        if let Some(bytes) = sealed {
            (self.sealed, self.seal) = (true, true);
            // A hand-over that came in the same moment stands in the checkpoint's place, and says the same.
            let parse =
                |bytes: &[u8]| SignedCheckpoint::parse(bytes, self.log.origin(), self.chain.keys()).ok();
            let handed_over =
                stored.as_deref().and_then(parse).zip(parse(&bytes)).is_some_and(|(stored, seal)| {
                    Handover::named(stored.checkpoint()).is_some()
                        && self.chain.admits(&seal)
                        && says_the_same(&stored, &seal)
                });
            if stored.as_ref() != Some(&bytes) && !handed_over {
                self.findings.add(Code::SealDiffers, Some(seal), None);
            }
        }
        if let Some(bytes) = self.options.trusted {
            match SignedCheckpoint::parse(bytes, self.log.origin(), self.chain.keys()) {
                Ok(signed) => {
                    self.check_signer(&signed, None);
                    let head = signed.checkpoint();
                    self.trusted = Some(head.size);
                    let (size, root) = (head.size, head.root);
                    self.marks.push(Mark { size, root, differs: Code::TrustedRoot, object: None });
                }
                Err(error) => self.findings.push(Finding {
                    code: Code::TrustedDamaged,
                    object: None,
                    index: None,
                    detail: Some(error.to_string()),
                }),
            }
        }
        self.check_marks();
        Ok(())
    }

    /// The checkpoints that were kept, one a day. Before the one that stands: they are copies of it.
    pub(super) async fn read_kept(&mut self) -> Result<(), LogError> {
        for key in self.created_once(&self.log.paths().kept()).await? {
            let Some(LogObject::Kept(_)) = self.log.paths().object(&key) else { continue };
            let Some(bytes) = self.small(&key).await? else { continue };
            match SignedCheckpoint::parse(&bytes, self.log.origin(), self.chain.keys()) {
                Ok(signed) => {
                    self.check_signer(&signed, Some(&key));
                    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
                    if self.kept.as_ref().is_none_or(|(largest, _)| size > *largest) {
                        self.kept = Some((size, key.clone()));
                    }
                    self.marks.push(Mark { size, root, differs: Code::KeptRoot, object: Some(key) });
                }
                Err(error) => self.findings.push(Finding {
                    code: Code::KeptDamaged,
                    object: Some(key),
                    index: None,
                    detail: Some(error.to_string()),
                }),
            }
        }
        Ok(())
    }

    /// A note; one that is too long, or cannot be read, counts as an empty one, which is never right.
    pub(super) async fn small(&self, key: &str) -> Result<Option<Bytes>, LogError> {
        match self.read(key, MAX_NOTE_BYTES).await {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.of_one_object().is_some() => Ok(Some(Bytes::new())),
            Err(error) => Err(error),
        }
    }

    /// Compares the root where a checkpoint states it.
    pub(super) fn check_marks(&mut self) {
        let tree = self.edge.frontier();
        if self.marks.iter().any(|mark| mark.size == tree.size()) {
            let (size, root) = (tree.size(), tree.root());
            for mark in self.marks.extract_if(.., |mark| mark.size == size) {
                if mark.root != root {
                    self.findings.add(mark.differs, mark.object, Some(size));
                }
            }
        }
    }
}
