//! Destroying what is about a patient, for good.
//!
//! Nothing here asks whether it may be done: that is [`zorgsluis_domain::retention`]. What was decided stands in a
//! [`Tombstone`], and [`Erasures::apply`] does all that it says: keys first, then messages and what was noted of them,
//! then resources, then the files anew, so that no page holds what was deleted. Each file notes the tombstone in the
//! transaction that deletes, and so each is erased once, whatever is cut off in between, and again when an older copy
//! of it was put back.

mod file;
mod holds;
mod port;
mod register;
mod resources;
mod stored;

use std::collections::{BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::PathBuf;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{DataClass, Erased, Found, KeyOwner, Keys};
use zorgsluis_domain::{PortError, Pseudonym, Purpose};

use crate::SqliteKeys;
use crate::database::{Database, Failure};
use crate::directory::sync_folder;
use crate::patient_index::holders;

pub use file::TombstoneFile;
use resources::Resources;

/// Destroys what is about a patient. From a directory that was opened for a server (and serves nothing meanwhile).
#[derive(Clone)]
pub struct Erasures {
    pub(crate) state: Database,
    pub(crate) fhir: Database,
    pub(crate) index: Database,
    pub(crate) key_table: Database,
    pub(crate) keys: SqliteKeys,
    pub(crate) outbox: PathBuf,
}

impl Erasures {
    /// What stands in the stores about a patient with these ids: the survivor and all that were merged into it.
    pub async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError> {
        let resources = self.resources(patients, false).await?;
        let owners = self.owners(&resources, patients).await?;
        let keys = self.key_ids(&owners).await?;
        let names = resources.names.clone();
        let messages = self
            .state
            .read("erasure.find", move |connection| stored::messages(connection, &names, &keys))
            .await?;
        let latest = messages.iter().filter(|message| message.stands).map(|message| message.received).max();
        let changed = resources.last_updated.max(latest);
        Ok(Found {
            resources: count(resources.rids.len()),
            left: resources.left,
            messages: count(messages.iter().filter(|message| message.stands).count()),
            last_change: changed.and_then(|at| Timestamp::from_microsecond(at).ok()),
            involuntary_care: resources.involuntary_care,
            birth: resources.birth.as_deref().and_then(|birth| birth.parse().ok()),
            owners,
        })
    }

    /// Patients of whom nothing was changed since a moment, among the resources that stand: the ids of the live
    /// Patient resources.
    pub async fn unchanged_since(&self, before: Timestamp) -> Result<Vec<Uuid>, PortError> {
        let before = before.as_microsecond();
        self.fhir
            .read("erasure.unchanged", move |connection| resources::unchanged_since(connection, before))
            .await
    }

    /// The patients of whom the index of a log holds lines from before a moment, by pseudonym.
    pub async fn logged_before(
        &self,
        shard: &str,
        prefix: &str,
        before: Timestamp,
    ) -> Result<Vec<Pseudonym>, PortError> {
        let (shard, prefix) = (shard.to_owned(), prefix.to_owned());
        let before = before.as_microsecond();
        self.index
            .read("erasure.logged", move |connection| {
                register::keys_before(connection, &shard, &prefix, before)
            })
            .await
    }

    /// Which of these tombstones some file does not note: an erasure that was cut off, or a backup put back.
    pub async fn pending(&self, tombstones: &[Tombstone]) -> Result<Vec<Tombstone>, PortError> {
        if tombstones.is_empty() {
            return Ok(Vec::new());
        }
        const OPERATION: &str = "erasure.pending";
        let complete = self.key_table.read(OPERATION, register::complete_ones).await?;
        let state = self.state.read(OPERATION, register::noted).await?;
        let fhir = self.fhir.read(OPERATION, register::noted).await?;
        let is_done = |tombstone: &&Tombstone| {
            let here = state.contains(&tombstone.id) && fhir.contains(&tombstone.id);
            complete.contains(&tombstone.id) && (tombstone.class == DataClass::Log || here)
        };
        Ok(tombstones.iter().filter(|tombstone| !is_done(tombstone)).cloned().collect())
    }

    /// Does what a tombstone says, as far as it is not done. The files still hold what was deleted until
    /// [`scrub`](Self::scrub), and the tombstone is not complete before [`complete`](Self::complete).
    pub async fn apply(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        const OPERATION: &str = "erasure.apply";
        let row = tombstone.clone();
        self.key_table.write(OPERATION, move |connection| register::note(connection, &row)).await?;
        match tombstone.class {
            DataClass::Log => {
                // Whose keys these are, `zorgsluis_audit_writer` says: they stand among the owners.
                let keys = self.destroy_once(tombstone, &tombstone.owners).await?;
                Ok(Erased { keys, ..Erased::default() })
            }
            DataClass::Wzd => {
                let resources = self.resources(&tombstone.patients, true).await?;
                let owners = self.all_owners(tombstone, &resources).await?;
                let mut erased =
                    Erased { keys: self.destroy_once(tombstone, &owners).await?, ..Erased::default() };
                let id = tombstone.id;
                self.state.write(OPERATION, move |connection| register::note_here(connection, id)).await?;
                erased.resources = self.erase_resources(tombstone.id, resources).await?;
                Ok(erased)
            }
            DataClass::Dossier => self.erase_dossier(tombstone).await,
        }
    }

    /// Writes the files anew, without what was deleted. Takes as long as copying them.
    pub async fn scrub(&self) -> Result<(), PortError> {
        const OPERATION: &str = "erasure.scrub";
        for database in [&self.state, &self.fhir] {
            database.rewrite(OPERATION).await?;
        }
        for database in [&self.key_table, &self.index] {
            database.truncate_wal(OPERATION).await?;
        }
        Ok(())
    }

    /// Notes that nothing is left to do for a tombstone.
    pub async fn complete(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        let id = tombstone.id;
        self.key_table.write("erasure.complete", move |c| register::reached(c, id, register::COMPLETE)).await
    }

    /// All tombstones that this directory knows, the oldest first.
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, PortError> {
        self.key_table.read("erasure.tombstones", register::tombstones).await
    }

    /// Destroys the keys of these owners, unless that was done for this tombstone before: those that were made since
    /// protect something new.
    async fn destroy_once(&self, tombstone: &Tombstone, owners: &[Pseudonym]) -> Result<u64, PortError> {
        const OPERATION: &str = "erasure.keys";
        let (id, stage) = (tombstone.id, register::KEYS_DESTROYED);
        if self.key_table.read(OPERATION, move |c| register::has_reached(c, id, stage)).await? {
            return Ok(0);
        }
        let mut destroyed = 0;
        for owner in owners {
            destroyed += self.keys.destroy(&KeyOwner::Patient(*owner), tombstone.class).await?;
        }
        self.key_table.write(OPERATION, move |c| register::reached(c, id, stage)).await?;
        Ok(destroyed)
    }

    async fn erase_dossier(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        const OPERATION: &str = "erasure.apply";
        let mut erased = Erased::default();
        let id = tombstone.id;
        let resources = self.resources(&tombstone.patients, false).await?;
        let owners = self.all_owners(tombstone, &resources).await?;
        if !self.state.read(OPERATION, move |c| register::is_noted(c, id)).await? {
            let keys = self.key_ids(&owners).await?;
            let names = resources.names.clone();
            let plan =
                self.state.read(OPERATION, move |connection| stored::plan(connection, &names, &keys)).await?;
            for owner in &owners {
                erased.keys += self.keys.destroy(&KeyOwner::Patient(*owner), DataClass::Dossier).await?;
            }
            erased.keys += self.keys.destroy_by_id(&plan.only_theirs, DataClass::Dossier).await?;
            // What stands there in its place: a key that was destroyed.
            self.keys.destroyed(id, DataClass::Dossier).await?;
            erased.mails = self.remove_mails(&plan.notices)?;
            let patients = tombstone.patients.clone();
            erased.messages = count(plan.messages.iter().filter(|message| message.stands).count());
            self.state
                .write(OPERATION, move |connection| {
                    stored::erase(connection, &plan, &patients, id)?;
                    register::note_here(connection, id)
                })
                .await?;
        }
        erased.resources = self.erase_resources(id, resources).await?;
        Ok(erased)
    }

    async fn erase_resources(&self, id: Uuid, resources: Resources) -> Result<u64, PortError> {
        const OPERATION: &str = "erasure.apply";
        if self.fhir.read(OPERATION, move |c| register::is_noted(c, id)).await? {
            return Ok(0);
        }
        let erased = count(resources.rids.len());
        self.fhir
            .write(OPERATION, move |connection| {
                resources::erase(connection, &resources)?;
                register::note_here(connection, id)
            })
            .await?;
        Ok(erased)
    }

    async fn resources(&self, patients: &[Uuid], involuntary_care: bool) -> Result<Resources, PortError> {
        let patients: HashSet<String> = patients.iter().map(Uuid::to_string).collect();
        self.fhir
            .read("erasure.resources", move |connection| {
                resources::about(connection, &patients, involuntary_care)
            })
            .await
    }

    /// The owners of keys by what identifies the patient in the resources. A number that somebody else holds now (it
    /// was moved to another patient, or two patients were kept apart under it) protects what is about that one: it is
    /// none of these, and what is about this patient is found by the resources that it wrote.
    async fn owners(&self, resources: &Resources, patients: &[Uuid]) -> Result<Vec<Pseudonym>, PortError> {
        let pseudonyms: Vec<(Pseudonym, Pseudonym)> = resources
            .identifiers
            .iter()
            .map(|(system, value)| {
                let parts = [system.as_bytes(), value.as_bytes()];
                let of = |purpose| self.keys.pseudonym(purpose, &parts);
                (of(Purpose::KeyOwner), of(Purpose::PatientIndex))
            })
            .collect();
        let numbers: Vec<Pseudonym> = pseudonyms.iter().map(|(_, number)| *number).collect();
        let holders =
            self.state.read("erasure.owners", move |connection| holders(connection, &numbers)).await?;
        let theirs = |holder: Option<Uuid>| holder.is_none_or(|holder| patients.contains(&holder));
        let owners = pseudonyms.iter().zip(holders).filter(|(_, holder)| theirs(*holder));
        Ok(owners.map(|((owner, _), _)| *owner).collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn all_owners(
        &self,
        tombstone: &Tombstone,
        resources: &Resources,
    ) -> Result<Vec<Pseudonym>, PortError> {
        let mut owners: BTreeSet<Pseudonym> = tombstone.owners.iter().copied().collect();
        owners.extend(self.owners(resources, &tombstone.patients).await?);
        Ok(owners.into_iter().collect())
    }

    /// The data keys of these owners, of class dossier, those that were destroyed included.
    async fn key_ids(&self, owners: &[Pseudonym]) -> Result<HashSet<[u8; 16]>, PortError> {
        let owners: Vec<KeyOwner> = owners.iter().copied().map(KeyOwner::Patient).collect();
        self.keys.ids_of(&owners, DataClass::Dossier).await
    }

    fn remove_mails(&self, notices: &[Uuid]) -> Result<u64, PortError> {
        const OPERATION: &str = "erasure.mails";
        let fault = |cause: std::io::Error| PortError::unavailable(OPERATION, cause);
        let mut removed = 0;
        for notice in notices {
            match std::fs::remove_file(self.outbox.join(format!("{notice}.eml"))) {
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

impl std::fmt::Debug for Erasures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Erasures").finish_non_exhaustive()
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A row that cannot be what was written.
fn damaged(reason: &'static str) -> Failure {
    Failure::damaged("erasure.read", reason)
}
