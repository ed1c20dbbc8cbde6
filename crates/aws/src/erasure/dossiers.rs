//! Destroying what was decided: dossiers together, each step marked.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{Erased, ResourceKey};
use zorgsluis_domain::{Clock as _, PortError, Pseudonym};

use super::marks::Kept;
use super::messages::{Around, Gone};
use super::people::{Claimants, Person};
use super::resources::Resources;
use super::{AT_ONCE, AwsErasures, COMPLETE, KEYS_DESTROYED, RENEW_AFTER, count};
use crate::SystemClock;

impl AwsErasures {
    async fn erase_resources(&self, resources: &Resources) -> Result<u64, PortError> {
        let mut going: Vec<(ResourceKey, Option<u64>)> = Vec::new();
        going.extend(resources.whole.iter().cloned().map(|key| (key, None)));
        going.extend(resources.versions.iter().cloned().map(|(key, version)| (key, Some(version))));
        let erasing = going.into_iter().map(|(key, version)| {
            let fhir = self.fhir.clone();
            async move { fhir.erase(&key, version).await }
        });
        stream::iter(erasing).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        Ok(count(resources.whole.len()))
    }

    /// Whether what stands in the stores but for the patient index is not gone yet.
    async fn stands(&self, tombstone: &Tombstone) -> Result<bool, PortError> {
        Ok(self.marks.stage(Kept::Keys, tombstone.id).await? < KEYS_DESTROYED
            || self.marks.stage(Kept::Messages, tombstone.id).await? < COMPLETE)
    }

    /// Destroys dossiers of persons who have no number in common.
    pub(super) async fn erase_dossiers(&self, tombstones: &[&Tombstone]) -> Result<Vec<Erased>, PortError> {
        let mut done = vec![Erased::default(); tombstones.len()];
        let mut going = Vec::new();
        for (erased, tombstone) in done.iter_mut().zip(tombstones) {
            if !self.stands(tombstone).await? {
                continue;
            }
            // First of all: what comes in from now on is sealed under new keys, however long the search below takes.
            erased.keys += self.destroy_keys(tombstone, &tombstone.owners).await?;
            going.push((erased, *tombstone));
        }
        if !going.is_empty() {
            let patients: Vec<Uuid> =
                going.iter().flat_map(|(_, tombstone)| tombstone.patients.iter().copied()).collect();
            let around = self.around(&patients).await?;
            let (mut people, mut fences) = (Vec::new(), Vec::new());
            for (_, tombstone) in &going {
                let patients = &tombstone.patients;
                // As long as nobody else can write about them, all that stands goes; else what was written up to then.
                let fenced = self.index.is_fenced(patients, SystemClock.now()).await?;
                if fenced {
                    self.fence(patients).await?;
                }
                let until = if fenced { Timestamp::MAX } else { tombstone.at };
                people.push(self.person(&around, patients, until).await?);
                fences.push(fenced);
            }
            let claimants = self.claimants(&people).await?;
            for (((erased, tombstone), mut person), mut fenced) in going.into_iter().zip(people).zip(fences) {
                if fenced {
                    // Others came first: the fence may have ended, and somebody written since.
                    fenced = self.index.is_fenced(&tombstone.patients, SystemClock.now()).await?;
                    if fenced {
                        self.fence(&tombstone.patients).await?;
                    } else {
                        person = self.person(&around, &tombstone.patients, tombstone.at).await?;
                    }
                }
                self.erase_person(tombstone, person, (&around, &claimants), fenced, erased).await?;
            }
        }
        for tombstone in tombstones {
            self.erase_beside(tombstone).await?;
        }
        Ok(done)
    }

    /// Destroys keys, resources and messages of a person.
    async fn erase_person(
        &self,
        tombstone: &Tombstone,
        person: Person,
        (around, claimants): (&Around, &Claimants),
        fenced: bool,
        erased: &mut Erased,
    ) -> Result<(), PortError> {
        let id = tombstone.id;
        let mut owners: BTreeSet<Pseudonym> = tombstone.owners.iter().copied().collect();
        owners.extend(person.owners(claimants).0);
        let owners: Vec<Pseudonym> = owners.into_iter().collect();
        let Person { mut gone, resources, patients, .. } = person;
        gone.extend(self.letters_of(around, &owners, &gone).await?);
        gone.extend(self.told(&tombstone.messages, &gone).await?);
        gone.retain(|one| one.received.is_none_or(|received| received <= tombstone.at));
        erased.keys += self.destroy_keys(tombstone, &owners).await?;
        erased.keys += self.keys.destroy_again(&tombstone.keys).await?;
        // What stands in the place of a message's key: one that was destroyed.
        self.keys.mark_destroyed(id).await?;
        self.marks.note(Kept::Keys, tombstone, KEYS_DESTROYED).await?;
        erased.resources = self.erase_resources(&resources).await?;
        for some in gone.chunks(RENEW_AFTER) {
            if fenced {
                self.fence(&patients).await?;
            }
            for one in some {
                erased.messages += u64::from(self.erase_message(id, one).await?);
            }
        }
        self.marks.note(Kept::Messages, tombstone, COMPLETE).await
    }

    /// Takes away what leads to messages that went, and what the patient index says.
    async fn erase_beside(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        let id = tombstone.id;
        for kept in [Kept::Notices, Kept::DeadLetters] {
            if self.marks.stage(kept, id).await? < COMPLETE {
                for (message, notices) in self.marks.messages(id).await? {
                    self.remove_beside(message, &notices).await?;
                }
                self.marks.note(kept, tombstone, COMPLETE).await?;
            }
        }
        if self.marks.stage(Kept::PatientIndex, id).await? < COMPLETE {
            self.index.erase(&tombstone.patients).await?;
            self.marks.note(Kept::PatientIndex, tombstone, COMPLETE).await?;
        }
        Ok(())
    }

    pub(super) async fn erase_involuntary_care(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        let patients = &tombstone.patients;
        let around = self.around(patients).await?;
        let named = Gone::resources(&self.messages_about(&around, patients).await?);
        let resources = self.resources(&around, patients, named, true, tombstone.at).await?;
        let keys = self.erase_keys(tombstone).await?;
        let resources = self.erase_resources(&resources).await?;
        Ok(Erased { keys, resources, ..Erased::default() })
    }

    /// Destroys the keys of these owners, of the class and up to the moment that a tombstone names.
    async fn destroy_keys(&self, tombstone: &Tombstone, owners: &[Pseudonym]) -> Result<u64, PortError> {
        let mut destroyed = 0;
        for owner in owners {
            destroyed += self.keys.destroy_until(owner, tombstone.class, tombstone.at).await?;
        }
        Ok(destroyed)
    }

    pub(super) async fn erase_keys(&self, tombstone: &Tombstone) -> Result<u64, PortError> {
        if self.marks.stage(Kept::Keys, tombstone.id).await? >= KEYS_DESTROYED {
            return Ok(0);
        }
        let destroyed = self.destroy_keys(tombstone, &tombstone.owners).await?;
        self.marks.note(Kept::Keys, tombstone, KEYS_DESTROYED).await?;
        Ok(destroyed)
    }
}
