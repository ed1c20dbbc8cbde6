//! Who signed: the hand-overs from one signing key to the next, and what witnesses cosigned.

use std::collections::BTreeSet;

use super::{Code, Finding, Mark, Run, Witnessed};
use crate::checkpoint::SignedCheckpoint;
use crate::error::LogError;
use crate::handover::{Handover, KeyChain};
use crate::path::LogObject;
use crate::witnessed::WitnessedCheckpoint;

impl Run<'_> {
    /// The keys of the log, from those that the caller knows.
    pub(super) async fn read_handovers(&mut self) -> Result<(), LogError> {
        let mut objects = Vec::new();
        for key in self.created_once(&self.log.paths().handovers()).await? {
            let Some(LogObject::Handover(_)) = self.log.paths().object(&key) else { continue };
            if let Some(bytes) = self.small(&key).await? {
                objects.push((key, bytes.to_vec()));
            }
        }
        // A hand-over that took place a moment ago may stand as the checkpoint only.
        let key = self.log.paths().key(LogObject::Checkpoint);
        if let Some(bytes) = self.small(&key).await?
            && Handover::parse(&bytes, self.log.origin()).is_ok()
            && !objects.iter().any(|(_, other)| *other == bytes)
        {
            objects.push((key, bytes.to_vec()));
        }
        self.chain = KeyChain::new(self.options.keys, self.log.origin(), objects);
        for (code, objects) in
            [(Code::HandoverDamaged, &self.chain.unlinked), (Code::HandoverForked, &self.chain.forked)]
        {
            for object in objects {
                self.findings.add(code, Some(object.clone()), None);
            }
        }
        for key in &self.chain.outside {
            let (code, detail) = (Code::KeyOutsideChain, Some(key.to_string()));
            self.findings.push(Finding { code, object: None, index: None, detail });
        }
        for handover in self.chain.handovers() {
            let head = handover.signed().checkpoint();
            let object = Some(self.log.paths().key(LogObject::Handover(handover.to().id())));
            let (size, root) = (head.size, head.root);
            self.marks.push(Mark { size, root, differs: Code::KeptRoot, object: object.clone() });
            if self.kept.as_ref().is_none_or(|(largest, _)| size > *largest) {
                self.kept = object.map(|object| (size, object));
            }
        }
        Ok(())
    }

    /// Whether the key was the log's when it signed.
    pub(super) fn check_signer(&mut self, signed: &SignedCheckpoint, object: Option<&str>) {
        if !self.chain.admits(signed) {
            let size = signed.checkpoint().size;
            self.findings.add(Code::KeyRetired, object.map(str::to_owned), Some(size));
        }
    }

    /// What witnesses cosigned. Before the checkpoint that stands: they are copies of it, or of older ones.
    pub(super) async fn read_witnessed(&mut self) -> Result<(), LogError> {
        let mut found: BTreeSet<u32> = BTreeSet::new();
        for key in self.created_once(&self.log.paths().witnessed()).await? {
            let Some(LogObject::Witnessed(id)) = self.log.paths().object(&key) else { continue };
            let Some(bytes) = self.small(&key).await? else { continue };
            let parsed = WitnessedCheckpoint::parse(id, &bytes, self.log.origin(), self.chain.keys());
            let witness = self.options.witnesses.iter().find(|witness| witness.id() == id);
            let time = match (&parsed, witness) {
                (Some(one), Some(witness)) => match witness.cosignature(one.signed.note()) {
                    Ok(Some(cosignature)) => Ok(Some(cosignature.time)),
                    Ok(None) | Err(_) => Err(()),
                },
                (Some(_), None) => Ok(None),
                (None, _) => Err(()),
            };
            let (Some(one), Ok(time)) = (parsed, time) else {
                self.findings.add(Code::WitnessedDamaged, Some(key), None);
                continue;
            };
            found.insert(id);
            self.check_signer(&one.signed, Some(&key));
            let (size, root) = (one.signed.checkpoint().size, one.signed.checkpoint().root);
            self.witnessed.push(Witnessed { name: one.name, id, size, time });
            self.marks.push(Mark { size, root, differs: Code::WitnessedRoot, object: Some(key.clone()) });
            if self.kept.as_ref().is_none_or(|(largest, _)| size > *largest) {
                self.kept = Some((size, key));
            }
        }
        for witness in self.options.witnesses.iter().filter(|witness| !found.contains(&witness.id())) {
            let (code, detail) = (Code::WitnessMissing, Some(witness.name().to_owned()));
            self.findings.push(Finding { code, object: None, index: None, detail });
        }
        Ok(())
    }
}
