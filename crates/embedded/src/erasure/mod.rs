//! Destroying what is about a patient, for good.
//!
//! Nothing here asks whether it may be done: that is [`zorgsluis_domain::retention`]. What was decided stands in a
//! [`Tombstone`], and [`Erasures::apply`] does all that it says: keys first, then messages and what was noted of them,
//! then resources, then the files anew, so that no page holds what was deleted. Each file notes the tombstone in the
//! transaction that deletes, and so each is erased once, whatever is cut off in between, and again when an older copy
//! of it was put back.

mod apply;
mod file;
mod holds;
mod mixed;
mod owners;
mod port;
mod register;
mod resources;
mod stored;
mod survey;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::Tombstone;
use zorgsluis_domain::port::{DataClass, Found, IndexedIdentifier, KeyOwner};
use zorgsluis_domain::{PortError, Pseudonym};

use crate::SqliteKeys;
use crate::database::{Database, Failure};

pub use file::TombstoneFile;
pub use mixed::Mixed;
pub(crate) use register::tombstones;
use resources::{Asked, Resources};
use stored::{Messages, Sought};

/// Destroys what is about a patient. From a directory that was opened for a server (and serves nothing meanwhile).
#[derive(Clone)]
pub struct Erasures {
    pub(crate) state: Database,
    pub(crate) fhir: Database,
    pub(crate) index: Database,
    pub(crate) key_table: Database,
    pub(crate) keys: SqliteKeys,
    pub(crate) outbox: PathBuf,
    pub(crate) effort: Arc<Effort>,
}

/// How much was gone through.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    resources_read: AtomicU64,
    files_rewritten: AtomicU64,
}

impl Erasures {
    /// What stands in the stores about a patient with these ids: the survivor and all that were merged into it.
    pub async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError> {
        Ok(self.find_all(&[patients.to_vec()], &[]).await?.pop().unwrap_or_default())
    }

    /// What stands in the stores about each of these persons, all numbers of each together. Resources and journal
    /// are gone through once for all of them. `told`: messages that a person said are theirs.
    pub async fn find_all(&self, people: &[Vec<Uuid>], told: &[Uuid]) -> Result<Vec<Found>, PortError> {
        const OPERATION: &str = "erasure.find";
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let erased = self.tombstones().await?.into_iter().flat_map(|tombstone| tombstone.patients).collect();
        let asked = people.iter().map(|patients| asked(patients, false)).collect();
        let resources = self.survey(asked, erased, HashSet::new()).await?;
        let mut sought = Vec::with_capacity(people.len());
        for (patients, resources) in people.iter().zip(&resources) {
            let mut one = self.sought(patients, resources).await?;
            one.told = told.iter().copied().collect();
            sought.push(one);
        }
        let owners: Vec<Vec<Pseudonym>> =
            sought.iter().map(|one| one.owners.iter().map(|owner| owner.pseudonym).collect()).collect();
        let messages: Vec<(Messages, Vec<Uuid>, Vec<Uuid>)> = self
            .state
            .read(OPERATION, move |connection| {
                let found = stored::messages(connection, &sought)?;
                let keys = |found: Messages| {
                    let keys = stored::only_theirs(connection, &found.theirs)?;
                    let notices = stored::notices(connection, &found.theirs)?;
                    Ok((found, keys, notices))
                };
                found.into_iter().map(keys).collect()
            })
            .await?;
        let told = resources.into_iter().zip(owners).zip(messages);
        Ok(told
            .map(|((resources, owners), (messages, keys, notices))| {
                let mails = notices.iter().filter(|notice| self.mail(notice).exists()).count();
                Found { mails: count(mails), ..found(resources, owners, messages, keys) }
            })
            .collect())
    }

    /// Where the mail of a notice is, as long as no mail program took it.
    fn mail(&self, notice: &Uuid) -> PathBuf {
        self.outbox.join(format!("{notice}.eml"))
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

    /// Writes the files anew, without what was deleted. Takes as long as copying them.
    pub async fn scrub(&self) -> Result<(), PortError> {
        const OPERATION: &str = "erasure.scrub";
        for database in [&self.state, &self.fhir] {
            database.rewrite(OPERATION).await?;
            self.effort.files_rewritten.fetch_add(1, Ordering::Relaxed);
        }
        for database in [&self.key_table, &self.index] {
            database.truncate_wal(OPERATION).await?;
        }
        Ok(())
    }

    /// How often all resources were read through this handle and its copies, and how many files were written anew.
    #[must_use]
    pub fn effort(&self) -> (u64, u64) {
        let Effort { resources_read, files_rewritten } = &*self.effort;
        (resources_read.load(Ordering::Relaxed), files_rewritten.load(Ordering::Relaxed))
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

    /// The patients whose numbers are kept, as pseudonyms, though their dossier is destroyed: so that they lead to
    /// the lines of the log. With who stood for them there before anybody here knew them.
    pub async fn remembered(&self) -> Result<Vec<(Uuid, Option<Uuid>)>, PortError> {
        self.state.read("erasure.remembered", owners::remembered).await
    }

    /// Keeps those numbers no longer: of patients of whom no line is left.
    pub async fn forget_numbers(&self, of: Vec<(Uuid, Option<Uuid>)>) -> Result<(), PortError> {
        if of.is_empty() {
            return Ok(());
        }
        self.state.write("erasure.forget", move |connection| owners::forget(connection, &of)).await
    }

    /// Completes what an earlier version of the program kept of identifiers, as far as the resources tell it. Once.
    pub async fn complete_identifiers(&self) -> Result<(), PortError> {
        const OPERATION: &str = "erasure.identifiers";
        if self.state.read(OPERATION, register::are_identifiers_completed).await? {
            return Ok(());
        }
        let identifiers = self.fhir.read(OPERATION, resources::all_identifiers).await?;
        let indexed = self.indexed(&identifiers);
        self.state
            .write(OPERATION, move |connection| {
                for identifier in &indexed {
                    crate::patient_index::complete(connection, identifier)?;
                }
                register::identifiers_are_completed(connection)
            })
            .await
    }

    fn indexed(&self, identifiers: &BTreeSet<(String, String)>) -> Vec<IndexedIdentifier> {
        identifiers.iter().map(|(system, value)| IndexedIdentifier::of(&self.keys, system, value)).collect()
    }

    /// Goes through all resources once for all who are asked for. What names one of `erased` of whom no resource
    /// stands keeps nothing about them; nor does what names one of `going`, whose dossiers go together with these.
    async fn survey(
        &self,
        asked: Vec<Asked>,
        erased: Vec<Uuid>,
        going: HashSet<String>,
    ) -> Result<Vec<Resources>, PortError> {
        let (found, passes) = self
            .fhir
            .read("erasure.resources", move |connection| {
                let mut gone = resources::gone(connection, &erased)?;
                gone.extend(going);
                survey::about(connection, &asked, &gone)
            })
            .await?;
        self.effort.resources_read.fetch_add(passes, Ordering::Relaxed);
        Ok(found)
    }

    /// By what the messages of a person are known.
    async fn sought(&self, patients: &[Uuid], resources: &Resources) -> Result<Sought, PortError> {
        const OPERATION: &str = "erasure.owners";
        let asked: HashSet<String> = patients.iter().map(Uuid::to_string).collect();
        let identifiers = resources.identifiers.clone();
        let elsewhere = self
            .fhir
            .read(OPERATION, move |connection| resources::elsewhere(connection, &asked, &identifiers))
            .await?;
        let elsewhere = self.indexed(&elsewhere).iter().map(|identifier| identifier.pseudonym).collect();
        let indexed = self.indexed(&resources.identifiers);
        let ids = patients.to_vec();
        let mut owners = self
            .state
            .read(OPERATION, move |connection| owners::owners(connection, &ids, &indexed, &elsewhere))
            .await?;
        for owner in &mut owners {
            owner.keys = self.key_ids(&[owner.pseudonym]).await?;
        }
        let (patients, names) = (patients.to_vec(), resources.names.clone());
        Ok(Sought { patients, names, owners, ..Sought::default() })
    }

    /// The data keys of these owners, of class dossier, those that were destroyed included.
    async fn key_ids(&self, owners: &[Pseudonym]) -> Result<HashSet<[u8; 16]>, PortError> {
        let owners: Vec<KeyOwner> = owners.iter().copied().map(KeyOwner::Patient).collect();
        self.keys.ids_of(&owners, DataClass::Dossier).await
    }
}

fn asked(patients: &[Uuid], involuntary_care: bool) -> Asked {
    Asked { patients: patients.iter().map(Uuid::to_string).collect(), involuntary_care }
}

fn found(resources: Resources, owners: Vec<Pseudonym>, messages: Messages, keys: Vec<Uuid>) -> Found {
    let Messages { theirs, unclear, shared } = messages;
    let standing = || theirs.iter().filter(|message| message.stands);
    let changed = resources.last_updated.max(standing().map(|message| message.received).max());
    let alone = owners.into_iter().zip(shared).filter(|(_, shared)| !shared);
    Found {
        resources: count(resources.rids.len()),
        left: resources.left.into_iter().collect(),
        messages: count(standing().count()),
        mails: 0,
        last_change: changed.and_then(|at| Timestamp::from_microsecond(at).ok()),
        involuntary_care: resources.involuntary_care,
        birth: resources.birth.as_deref().and_then(|birth| birth.parse().ok()),
        owners: alone.map(|(owner, _)| owner).collect(),
        keys,
        unclear,
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
