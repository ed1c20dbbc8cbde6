//! Messages about a patient, and what was noted of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::port::{
    DataClass, DeadLetters as _, Journal as _, PageRequest, ResourceKey, TombstoneStore as _,
};
use zorgsluis_domain::{MessageId, PortError, Pseudonym, Stage};

use super::AwsErasures;
use super::marks::Kept;

/// A message that goes.
pub(super) struct Gone {
    pub(super) message: MessageId,
    pub(super) received: Option<Timestamp>,
    /// What it wrote.
    wrote: BTreeSet<ResourceKey>,
    notices: Vec<Uuid>,
}

impl Gone {
    /// What messages wrote, all together.
    pub(super) fn resources(messages: &[Self]) -> BTreeSet<ResourceKey> {
        messages.iter().flat_map(|one| one.wrote.iter().cloned()).collect()
    }
}

/// What is read once for all persons who are looked for or erased together.
pub(super) struct Around {
    /// The messages of which a step names somebody.
    naming: BTreeMap<MessageId, BTreeSet<Uuid>>,
    /// The dead letters, with the fingerprints of the owners of their keys.
    letters: Vec<(MessageId, String)>,
    /// Whose dossiers are destroyed by now, by id, and up to when.
    pub(super) erased: HashMap<String, Timestamp>,
}

impl AwsErasures {
    /// What there is around these patients.
    pub(super) async fn around(&self, patients: &[Uuid]) -> Result<Around, PortError> {
        self.scans.fetch_add(1, Ordering::Relaxed);
        let naming = self.journal.naming(patients).await?;
        let mut erased = HashMap::new();
        for tombstone in self.tombstones.read().await? {
            if tombstone.class == DataClass::Dossier {
                for id in &tombstone.patients {
                    let last = erased.entry(id.to_string()).or_insert(tombstone.at);
                    *last = tombstone.at.max(*last);
                }
            }
        }
        let mut letters = Vec::new();
        let mut page = PageRequest::first(1000);
        loop {
            let listed = self.letters.list(&page).await?;
            for letter in listed.items {
                let Some(key) = self.payloads.sealed_under(letter.message).await? else { continue };
                letters.extend(self.keys.owner_of(key).await?.map(|owner| (letter.message, owner)));
            }
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(Around { naming, letters, erased }),
            }
        }
    }

    /// The messages that wrote one of these Patient resources, by their ways.
    pub(super) async fn messages_about(
        &self,
        around: &Around,
        patients: &[Uuid],
    ) -> Result<Vec<Gone>, PortError> {
        let named: HashSet<String> = patients.iter().map(|id| format!("Patient/{id}")).collect();
        let mut gone = Vec::new();
        let naming = around.naming.iter().filter(|(_, named)| patients.iter().any(|id| named.contains(id)));
        for message in naming.map(|(message, _)| *message) {
            let Some(way) = self.journal.get(message).await? else { continue };
            let mut one = self.gone(message).await?;
            let mut about = false;
            for step in way.steps {
                match step.stage {
                    Stage::Applied { effects } | Stage::Enriched { effects, .. } => {
                        for effect in effects {
                            // Who holds a number that another's message names is not who that message is about.
                            let other = effect.why.as_deref() == Some("identifier-of-another-patient");
                            about |= !other && named.contains(&effect.resource);
                            one.wrote.extend(ResourceKey::parse(&effect.resource));
                        }
                    }
                    Stage::Notified { notices, .. } => {
                        one.notices.extend(notices.iter().filter_map(|step| step.notice).map(|id| id.0));
                    }
                    _ => {}
                }
            }
            if about {
                gone.push(one);
            }
        }
        Ok(gone)
    }

    /// The dead letters that are sealed under keys of these owners.
    pub(super) async fn letters_of(
        &self,
        around: &Around,
        owners: &[Pseudonym],
        known: &[Gone],
    ) -> Result<Vec<Gone>, PortError> {
        let owners: HashSet<String> = owners.iter().map(|owner| self.keys.fingerprint(owner)).collect();
        let mut gone = Vec::new();
        for (message, owner) in &around.letters {
            if owners.contains(owner) && !known.iter().any(|one| one.message == *message) {
                gone.push(self.gone(*message).await?);
            }
        }
        Ok(gone)
    }

    /// Messages of which a person said that they are the patient's.
    pub(super) async fn told(&self, messages: &[Uuid], known: &[Gone]) -> Result<Vec<Gone>, PortError> {
        let mut gone = Vec::new();
        for message in messages.iter().copied().map(MessageId) {
            if !known.iter().any(|one| one.message == message) {
                gone.push(self.gone(message).await?);
            }
        }
        Ok(gone)
    }

    async fn gone(&self, message: MessageId) -> Result<Gone, PortError> {
        let received = self.payloads.received(message).await?;
        Ok(Gone { message, received, wrote: BTreeSet::new(), notices: Vec::new() })
    }

    /// Takes a message away with all that was noted of it; its way last, which leads to it. Whether its content stood
    /// there.
    pub(super) async fn erase_message(&self, tombstone: Uuid, one: &Gone) -> Result<bool, PortError> {
        self.marks.note_message(tombstone, one.message, &one.notices).await?;
        self.remove_beside(one.message, &one.notices).await?;
        let stood = self.payloads.stands(one.message).await?;
        self.payloads.erase(one.message, tombstone).await?;
        self.journal.erase(one.message).await?;
        Ok(stood)
    }

    /// Takes the notices about a message away, and that it is a dead letter.
    pub(super) async fn remove_beside(&self, message: MessageId, notices: &[Uuid]) -> Result<(), PortError> {
        for notice in notices {
            self.marks.remove(Kept::Notices, &notice.to_string()).await?;
        }
        self.marks.remove(Kept::DeadLetters, &message.to_string()).await
    }
}
