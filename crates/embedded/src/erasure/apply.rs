//! Doing what tombstones say.

use std::collections::{BTreeSet, HashSet};
use std::io::ErrorKind;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{DataClass, Erased, KeyOwner};
use zorgsluis_domain::{PortError, Pseudonym};

use super::owners::Owner;
use super::resources::{self, Resources};
use super::stored::{self, Messages, Sought};
use super::{Erasures, asked, count, register};
use crate::directory::sync_folder;

const OPERATION: &str = "erasure.apply";

/// A tombstone, and how far it was applied to these files.
struct Task<'a> {
    tombstone: &'a Tombstone,
    /// Whether its keys were destroyed already: those of the same owners that were made since protect something new.
    keys: bool,
    state: bool,
    fhir: bool,
}

impl Task<'_> {
    /// Up to when the keys were made that are to go. Where a file notes the tombstone, it was applied before, and an
    /// older `keys.db` was put back since: what was made later than the decision is about something new.
    fn made_until(&self) -> Option<Timestamp> {
        let before = self.state || self.fhir || self.tombstone.class == DataClass::Log;
        before.then_some(self.tombstone.at)
    }
}

impl Erasures {
    /// Does what a tombstone says, as far as it is not done. The files still hold what was deleted until
    /// [`scrub`](Self::scrub), and the tombstone is not complete before [`complete`](Self::complete).
    pub async fn apply(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        Ok(self.apply_all(std::slice::from_ref(tombstone)).await?.pop().unwrap_or_default())
    }

    /// [`apply`](Self::apply) for each of these, in their order. Resources and journal are gone through once for all.
    pub async fn apply_all(&self, tombstones: &[Tombstone]) -> Result<Vec<Erased>, PortError> {
        for tombstone in tombstones {
            let row = tombstone.clone();
            self.key_table.write(OPERATION, move |connection| register::note(connection, &row)).await?;
        }
        let mut tasks = Vec::with_capacity(tombstones.len());
        for tombstone in tombstones {
            tasks.push(self.task(tombstone).await?);
        }
        let mut resources = self.resources_of(&tasks).await?;
        let mut messages = self.messages_of(&tasks, &resources).await?;
        let mut erased = Vec::with_capacity(tasks.len());
        for (task, (resources, messages)) in tasks.iter().zip(resources.iter_mut().zip(&mut messages)) {
            erased.push(self.carry_out(task, resources.take(), messages.take()).await?);
        }
        Ok(erased)
    }

    async fn task<'a>(&self, tombstone: &'a Tombstone) -> Result<Task<'a>, PortError> {
        let (id, stage) = (tombstone.id, register::KEYS_DESTROYED);
        Ok(Task {
            tombstone,
            keys: self.key_table.read(OPERATION, move |c| register::has_reached(c, id, stage)).await?,
            state: self.state.read(OPERATION, move |c| register::is_noted(c, id)).await?,
            fhir: self.fhir.read(OPERATION, move |c| register::is_noted(c, id)).await?,
        })
    }

    /// The resources that are to go, where `fhir.db` has them.
    async fn resources_of(&self, tasks: &[Task<'_>]) -> Result<Vec<Option<Resources>>, PortError> {
        let is_due = |task: &&Task<'_>| task.tombstone.class != DataClass::Log && !task.fhir;
        let all: Vec<_> = tasks
            .iter()
            .filter(is_due)
            .map(|task| asked(&task.tombstone.patients, task.tombstone.class == DataClass::Wzd))
            .collect();
        let mut found = Vec::new().into_iter();
        if !all.is_empty() {
            let erased = self.tombstones().await?.into_iter().filter(|one| one.class == DataClass::Dossier);
            let erased = erased.flat_map(|tombstone| tombstone.patients).collect();
            // What names two of these and nobody else goes with them: nobody asks for it again.
            let going = tasks
                .iter()
                .filter(|task| is_due(task) && task.tombstone.class == DataClass::Dossier)
                .flat_map(|task| task.tombstone.patients.iter().map(Uuid::to_string))
                .collect();
            let mut resources = self.survey(all, erased, going).await?;
            let mut taken = HashSet::new();
            for one in &mut resources {
                one.rids.retain(|rid| taken.insert(*rid));
            }
            found = resources.into_iter();
        }
        Ok(tasks.iter().map(|task| if is_due(&task) { found.next() } else { None }).collect())
    }

    /// The messages that are to go, where `state.db` has them; with the owners of keys that go.
    async fn messages_of(
        &self,
        tasks: &[Task<'_>],
        resources: &[Option<Resources>],
    ) -> Result<Vec<Option<(Messages, Vec<Owner>)>>, PortError> {
        let is_due = |task: &&Task<'_>| task.tombstone.class == DataClass::Dossier && !task.state;
        let mut all = Vec::new();
        for (task, resources) in tasks.iter().zip(resources).filter(|(task, _)| is_due(task)) {
            all.push(self.sought_again(task.tombstone, resources.as_ref()).await?);
        }
        let owners: Vec<Vec<Owner>> = all.iter().map(|sought| sought.owners.clone()).collect();
        let mut found = Vec::new().into_iter().zip(owners.clone());
        if !all.is_empty() {
            let messages =
                self.state.read(OPERATION, move |connection| stored::messages(connection, &all)).await?;
            found = messages.into_iter().zip(owners);
        }
        Ok(tasks.iter().map(|task| if is_due(&task) { found.next() } else { None }).collect())
    }

    /// By what the messages are known: what was decided, and what stands now.
    async fn sought_again(
        &self,
        tombstone: &Tombstone,
        resources: Option<&Resources>,
    ) -> Result<Sought, PortError> {
        let patients = tombstone.patients.clone();
        let nothing = Resources::default();
        let mut sought = self.sought(&patients, resources.unwrap_or(&nothing)).await?;
        for pseudonym in &tombstone.owners {
            match sought.owners.iter_mut().find(|owner| owner.pseudonym == *pseudonym) {
                // Decided when all was there to tell it.
                Some(owner) => owner.shared = false,
                None => {
                    let keys = self.key_ids(std::slice::from_ref(pseudonym)).await?;
                    sought.owners.push(Owner { pseudonym: *pseudonym, shared: false, keys });
                }
            }
        }
        sought.keys = tombstone.keys.iter().map(|key| key.into_bytes()).collect();
        sought.told = tombstone.messages.iter().copied().collect();
        if resources.is_none() {
            // The resources are gone; the journal still tells what was written about the patient.
            let (of, all) = (patients.clone(), patients.iter().map(Uuid::to_string).collect());
            let beside = self.state.read(OPERATION, move |c| stored::written_beside(c, &of)).await?;
            let beside =
                self.fhir.read(OPERATION, move |c| resources::not_about_others(c, &all, beside)).await?;
            sought.names.extend(beside);
        }
        Ok(sought)
    }

    async fn carry_out(
        &self,
        task: &Task<'_>,
        resources: Option<Resources>,
        messages: Option<(Messages, Vec<Owner>)>,
    ) -> Result<Erased, PortError> {
        let (id, class) = (task.tombstone.id, task.tombstone.class);
        let mut erased = Erased::default();
        let (theirs, owners) = match messages {
            Some((messages, owners)) => {
                let alone = owners.into_iter().zip(messages.shared).filter(|(_, shared)| !shared);
                (Some(messages.theirs), alone.map(|(owner, _)| owner.pseudonym).collect())
            }
            None if class == DataClass::Wzd && resources.is_some() => {
                let nothing = Resources::default();
                let found = resources.as_ref().unwrap_or(&nothing);
                let owners = self.sought(&task.tombstone.patients, found).await?.owners;
                let alone = owners.into_iter().filter(|owner| !owner.shared);
                (None, alone.map(|owner| owner.pseudonym).collect())
            }
            None => (None, Vec::new()),
        };
        erased.keys = self.destroy_keys(task, owners).await?;
        if let Some(theirs) = theirs {
            let standing = theirs.clone();
            let (keys, notices) = self
                .state
                .read(OPERATION, move |connection| {
                    Ok((stored::only_theirs(connection, &standing)?, stored::notices(connection, &standing)?))
                })
                .await?;
            erased.keys += self.keys.destroy_by_id(&keys, class).await?;
            erased.mails = self.remove_mails(&notices)?;
            erased.messages = count(theirs.iter().filter(|message| message.stands).count());
            let patients = task.tombstone.patients.clone();
            self.state
                .write(OPERATION, move |connection| {
                    let queued = stored::queued(connection)?;
                    stored::erase(connection, &theirs, &queued, &patients, id)?;
                    register::note_here(connection, id)
                })
                .await?;
        } else if class == DataClass::Wzd && !task.state {
            self.state.write(OPERATION, move |connection| register::note_here(connection, id)).await?;
        }
        if let Some(resources) = resources {
            erased.resources = count(resources.rids.len());
            self.fhir
                .write(OPERATION, move |connection| {
                    resources::erase(connection, &resources)?;
                    register::note_here(connection, id)
                })
                .await?;
        }
        Ok(erased)
    }

    /// Destroys the keys that protect nothing else, unless that was done for this tombstone before.
    async fn destroy_keys(&self, task: &Task<'_>, owners: Vec<Pseudonym>) -> Result<u64, PortError> {
        let (id, class) = (task.tombstone.id, task.tombstone.class);
        if task.keys {
            return Ok(0);
        }
        let mut all: BTreeSet<Pseudonym> = task.tombstone.owners.iter().copied().collect();
        all.extend(owners);
        let mut destroyed = 0;
        for owner in all {
            destroyed +=
                self.keys.destroy_made_until(&KeyOwner::Patient(owner), class, task.made_until()).await?;
        }
        if class == DataClass::Dossier {
            destroyed += self.keys.destroy_by_id(&task.tombstone.keys, class).await?;
            // What stands in the place of theirs: a key that was destroyed.
            self.keys.destroyed(id, class).await?;
        }
        let stage = register::KEYS_DESTROYED;
        self.key_table.write(OPERATION, move |c| register::reached(c, id, stage)).await?;
        Ok(destroyed)
    }

    fn remove_mails(&self, notices: &[Uuid]) -> Result<u64, PortError> {
        let fault = |cause: std::io::Error| PortError::unavailable("erasure.mails", cause);
        let mut removed = 0;
        for notice in notices {
            match std::fs::remove_file(self.mail(notice)) {
                Ok(()) => removed += 1,
                Err(cause) if cause.kind() == ErrorKind::NotFound => {}
                Err(cause) => return Err(fault(cause)),
            }
        }
        if removed > 0 {
            sync_folder(&self.outbox).map_err(fault)?;
        }
        Ok(removed)
    }
}
