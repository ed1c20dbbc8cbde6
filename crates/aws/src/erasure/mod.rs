//! Destroying what the stores on AWS hold about a patient.
//!
//! Nothing here asks whether it may be done: that is [`zorgsluis_domain::retention`]. What was decided stands in a
//! [`Tombstone`], in the log and in the bucket of the log ([`S3Tombstones`]) before anything is destroyed.
//!
//! # The order
//!
//! Keys first; then resources, for the ways of messages lead to them; then message by message: that it goes is noted,
//! notices and dead letter go, notes and content go, and its way last, for it is what leads to the message; then the
//! patient index. Each table gets its [mark](marks) when nothing of it is left. Cut off at any call, the same again
//! completes it.
//!
//! # Beside running functions
//!
//! Nothing is stopped meanwhile. Before a dossier goes, it is [set apart](ErasureStore::set_apart): the patient's keys
//! are retired, so that what comes in is sealed under new ones, and open nothing; and the numbers are fenced, so that
//! nobody writes about the patient. What is refused so comes again, and finds a number that nobody has when the erasure
//! is done. A function that had begun before ends within its time limit, for which the erasure waits; what it wrote goes
//! too, since nobody else wrote. A fence that nobody renews ends by itself ([`Pace`]).

mod holds;
mod marks;
mod messages;
mod resources;
mod tombstones;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::{Hold, Tombstone};
use zorgsluis_domain::port::{
    DataClass, Erased, ErasureStore, FhirStore as _, Found, Keys as _, PageRequest, ResourceKey, Search,
    TombstoneStore as _,
};
use zorgsluis_domain::{Clock as _, Phi, PortError, Pseudonym, Purpose};

use crate::{
    AwsKeys, Clients, DynamoDeadLetters, DynamoEntryIndex, DynamoJournal, DynamoPatientIndex, HealthLake,
    S3Payloads, SystemClock,
};
use holds::Holds;
use marks::{Kept, Marks};
use messages::Gone;
use resources::{Resources, Sought};

pub use tombstones::S3Tombstones;

/// A tombstone is noted, and nothing done.
const BEGUN: u8 = 1;
/// Its keys are destroyed: keys of the same owners that are made from now on protect something new.
const KEYS_DESTROYED: u8 = 2;
/// Nothing is left to do.
const COMPLETE: u8 = 3;
/// Resources that are erased at once.
const AT_ONCE: usize = 8;
/// Messages after which a fence is renewed.
const RENEW_AFTER: usize = 100;

/// How an erasure goes beside the functions.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// In this time everything ends that had begun: longer than the time limit of any function that writes.
    pub settle: Duration,
    /// So long nobody writes about a patient after the erasure last said so: longer than `settle`.
    pub fence: Duration,
}

impl Default for Pace {
    /// The enricher has 120 seconds (`functions/enricher.json`).
    fn default() -> Self {
        Self { settle: Duration::from_secs(150), fence: Duration::from_secs(15 * 60) }
    }
}

/// Destroys what stands on AWS about a patient.
#[derive(Clone)]
pub struct AwsErasures {
    fhir: HealthLake,
    keys: AwsKeys,
    journal: DynamoJournal,
    payloads: S3Payloads,
    index: DynamoPatientIndex,
    letters: DynamoDeadLetters,
    log_index: Arc<dyn Fn(&str) -> DynamoEntryIndex + Send + Sync>,
    marks: Marks,
    holds: Holds,
    tombstones: S3Tombstones,
    pace: Pace,
}

impl AwsErasures {
    /// In the tables whose names begin with `prefix`, the bucket of raw messages, and a FHIR store.
    #[must_use]
    pub fn new(
        clients: &Clients,
        prefix: &str,
        raw_bucket: &str,
        fhir: HealthLake,
        keys: AwsKeys,
        tombstones: S3Tombstones,
    ) -> Self {
        let table = |name: &str| format!("{prefix}-{name}");
        let (log_clients, log_table) = (clients.clone(), table("log-index"));
        let marks = Marks::new(&clients.dynamodb, prefix);
        Self {
            fhir,
            journal: DynamoJournal::new(clients, table("messages")),
            payloads: S3Payloads::new(clients, raw_bucket, table("messages"), Arc::new(keys.clone())),
            index: DynamoPatientIndex::new(clients, table("patient-index"), Arc::new(SystemClock)),
            letters: DynamoDeadLetters::new(clients, table("dead-letters")),
            log_index: Arc::new(move |shard| DynamoEntryIndex::new(&log_clients, &log_table, shard)),
            holds: Holds::new(marks.named("holds")),
            marks,
            keys,
            tombstones,
            pace: Pace::default(),
        }
    }

    /// At another pace.
    #[must_use]
    pub const fn at_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Keeps the patients' numbers fenced from now on.
    async fn fence(&self, patients: &[Uuid]) -> Result<(), PortError> {
        let until = SystemClock.now().saturating_add(self.pace.fence).unwrap_or(Timestamp::MAX);
        self.index.fence(patients, until).await.map(drop)
    }

    async fn resources(
        &self,
        patients: &[Uuid],
        named: BTreeSet<ResourceKey>,
        involuntary_care: bool,
        until: Timestamp,
    ) -> Result<Resources, PortError> {
        Sought { fhir: &self.fhir, patients, named, involuntary_care, until }.find().await
    }

    /// The owners of keys by what identifies the patient in the resources, and by what the index says of the numbers
    /// that the patient was given. Apart from them: the owners of numbers that somebody else has or had, too (one that
    /// was moved, or two persons under one). Their keys protect what is about the other.
    async fn owners(
        &self,
        resources: &Resources,
        patients: &[Uuid],
    ) -> Result<(Vec<Pseudonym>, Vec<Pseudonym>), PortError> {
        let mut owners = BTreeMap::new();
        let mut elsewhere = BTreeSet::new();
        for (system, value) in &resources.identifiers {
            let parts = [system.as_bytes(), value.as_bytes()];
            let number = self.keys.pseudonym(Purpose::PatientIndex, &parts);
            owners.insert(number, self.keys.pseudonym(Purpose::KeyOwner, &parts));
            if self.is_of_another(system, value, patients).await? {
                elsewhere.insert(number);
            }
        }
        for held in self.index.held(patients).await? {
            if let Some(owner) = held.owner {
                owners.insert(held.identifier, owner);
            }
            if !held.theirs {
                elsewhere.insert(held.identifier);
            }
        }
        elsewhere.extend(self.index.of_others(&owners.keys().copied().collect(), patients).await?);
        let of = |(number, owner): (&Pseudonym, &Pseudonym)| (elsewhere.contains(number), *owner);
        let shared: BTreeSet<Pseudonym> =
            owners.iter().map(of).filter_map(|(shared, owner)| shared.then_some(owner)).collect();
        let owners: BTreeSet<Pseudonym> =
            owners.into_values().filter(|owner| !shared.contains(owner)).collect();
        Ok((owners.into_iter().collect(), shared.into_iter().collect()))
    }

    /// Whether the Patient resource of somebody else has an identifier.
    async fn is_of_another(&self, system: &str, value: &str, patients: &[Uuid]) -> Result<bool, PortError> {
        let escaped = |text: &str| {
            let text = text.replace('\\', r"\\").replace('|', r"\|");
            text.replace(',', r"\,").replace('$', r"\$")
        };
        let token = format!("{}|{}", escaped(system), escaped(value));
        let mut search = Search {
            resource_type: String::from("Patient"),
            parameters: Phi::new(vec![(String::from("identifier"), token)]),
            page: PageRequest::first(100),
        };
        loop {
            let page = self.fhir.search(&search).await?;
            let is_theirs = |id: &str| id.parse().is_ok_and(|id| patients.contains(&id));
            if page.items.iter().any(|stored| !is_theirs(&stored.key.id)) {
                return Ok(true);
            }
            match page.next {
                Some(next) => search.page.after = Some(next),
                None => return Ok(false),
            }
        }
    }

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

    async fn erase_dossier(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        let (id, patients) = (tombstone.id, &tombstone.patients);
        let mut erased = Erased::default();
        if self.marks.stage(Kept::Keys, id).await? < KEYS_DESTROYED
            || self.marks.stage(Kept::Messages, id).await? < COMPLETE
        {
            // First of all: what comes in from now on is sealed under new keys, however long the search below takes.
            for owner in &tombstone.owners {
                erased.keys += self.keys.destroy_until(owner, DataClass::Dossier, tombstone.at).await?;
            }
            // As long as nobody else can write about them, all that stands goes; else what was written up to then.
            let fenced = self.index.is_fenced(patients, SystemClock.now()).await?;
            if fenced {
                self.fence(patients).await?;
            }
            let until = if fenced { Timestamp::MAX } else { tombstone.at };
            let mut gone = self.messages_about(patients).await?;
            let named = Gone::resources(&gone);
            let resources = self.resources(patients, named, false, until).await?;
            let mut owners: BTreeSet<Pseudonym> = tombstone.owners.iter().copied().collect();
            owners.extend(self.owners(&resources, patients).await?.0);
            let owners: Vec<Pseudonym> = owners.into_iter().collect();
            gone.extend(self.letters_of(&owners, &gone).await?);
            gone.extend(self.told(&tombstone.messages, &gone).await?);
            gone.retain(|one| one.received.is_none_or(|received| received <= tombstone.at));
            for owner in &owners {
                erased.keys += self.keys.destroy_until(owner, DataClass::Dossier, tombstone.at).await?;
            }
            erased.keys += self.keys.destroy_again(&tombstone.keys).await?;
            // What stands in the place of a message's key: one that was destroyed.
            self.keys.mark_destroyed(id).await?;
            self.marks.note(Kept::Keys, tombstone, KEYS_DESTROYED).await?;
            erased.resources = self.erase_resources(&resources).await?;
            for some in gone.chunks(RENEW_AFTER) {
                if fenced {
                    self.fence(patients).await?;
                }
                for one in some {
                    erased.messages += u64::from(self.erase_message(id, one).await?);
                }
            }
            self.marks.note(Kept::Messages, tombstone, COMPLETE).await?;
        }
        for kept in [Kept::Notices, Kept::DeadLetters] {
            if self.marks.stage(kept, id).await? < COMPLETE {
                for (message, notices) in self.marks.messages(id).await? {
                    self.remove_beside(message, &notices).await?;
                }
                self.marks.note(kept, tombstone, COMPLETE).await?;
            }
        }
        if self.marks.stage(Kept::PatientIndex, id).await? < COMPLETE {
            self.index.erase(patients).await?;
            self.marks.note(Kept::PatientIndex, tombstone, COMPLETE).await?;
        }
        Ok(erased)
    }

    async fn erase_keys(&self, tombstone: &Tombstone) -> Result<u64, PortError> {
        if self.marks.stage(Kept::Keys, tombstone.id).await? >= KEYS_DESTROYED {
            return Ok(0);
        }
        let mut destroyed = 0;
        for owner in &tombstone.owners {
            destroyed += self.keys.destroy_until(owner, tombstone.class, tombstone.at).await?;
        }
        self.marks.note(Kept::Keys, tombstone, KEYS_DESTROYED).await?;
        Ok(destroyed)
    }
}

#[async_trait]
impl ErasureStore for AwsErasures {
    async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError> {
        let mut gone = self.messages_about(patients).await?;
        let resources = self.resources(patients, Gone::resources(&gone), false, Timestamp::MAX).await?;
        let (owners, shared) = self.owners(&resources, patients).await?;
        gone.extend(self.letters_of(&owners, &gone).await?);
        let unclear = self.letters_of(&shared, &gone).await?;
        let (mut messages, mut latest) = (0, None);
        for one in &gone {
            if self.payloads.stands(one.message).await? {
                messages += 1;
                latest = latest.max(one.received);
            }
        }
        Ok(Found {
            resources: count(resources.whole.len()),
            left: resources.left,
            messages,
            last_change: resources.last_updated.max(latest),
            involuntary_care: resources.involuntary_care,
            birth: resources.birth.as_deref().and_then(|birth| birth.parse().ok()),
            owners,
            keys: Vec::new(),
            unclear: unclear.into_iter().map(|one| one.message.0).collect(),
        })
    }

    async fn unchanged_since(&self, before: Timestamp) -> Result<Vec<Uuid>, PortError> {
        let before = before.strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut search = Search {
            resource_type: String::from("Patient"),
            parameters: Phi::new(vec![(String::from("_lastUpdated"), format!("lt{before}"))]),
            page: PageRequest::first(100),
        };
        let mut ids = Vec::new();
        loop {
            let page = self.fhir.search(&search).await?;
            ids.extend(page.items.iter().filter_map(|stored| stored.key.id.parse::<Uuid>().ok()));
            match page.next {
                Some(next) => search.page.after = Some(next),
                None => return Ok(ids),
            }
        }
    }

    async fn logged_before(
        &self,
        shard: &str,
        prefix: &str,
        before: Timestamp,
    ) -> Result<Vec<Pseudonym>, PortError> {
        const OPERATION: &str = "erasure.logged";
        let keys = (self.log_index)(shard).keys_before(OPERATION, prefix, before).await?;
        let damaged = || PortError::Damaged { operation: OPERATION, reason: "not a pseudonym".into() };
        let pseudonym =
            |key: &String| key.strip_prefix(prefix).and_then(Pseudonym::from_hex).ok_or_else(damaged);
        keys.iter().map(pseudonym).collect()
    }

    async fn pending(&self, tombstones: &[Tombstone]) -> Result<Vec<Tombstone>, PortError> {
        let mut pending = Vec::new();
        for tombstone in tombstones {
            let mut complete = self.marks.stage(Kept::Keys, tombstone.id).await? >= COMPLETE;
            if tombstone.class == DataClass::Dossier {
                for kept in Kept::DOSSIER {
                    complete = complete && self.marks.stage(kept, tombstone.id).await? >= COMPLETE;
                }
            }
            if !complete {
                pending.push(tombstone.clone());
            }
        }
        Ok(pending)
    }

    async fn set_apart(
        &self,
        people: &[(Vec<Uuid>, Vec<Pseudonym>)],
    ) -> Result<Option<Timestamp>, PortError> {
        let at = SystemClock.now();
        let held_until = at.saturating_add(self.pace.fence).unwrap_or(Timestamp::MAX);
        for (patients, owners) in people {
            self.fence(patients).await?;
            for owner in owners {
                self.keys.retire(owner, DataClass::Dossier, held_until).await?;
            }
        }
        tokio::time::sleep(self.pace.settle).await;
        // Also the numbers that they were given by what was under way.
        for (patients, _) in people {
            self.fence(patients).await?;
        }
        Ok(Some(at))
    }

    async fn apply(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        if self.marks.stage(Kept::Keys, tombstone.id).await? < BEGUN {
            self.marks.note(Kept::Keys, tombstone, BEGUN).await?;
        }
        match tombstone.class {
            DataClass::Log => Ok(Erased { keys: self.erase_keys(tombstone).await?, ..Erased::default() }),
            DataClass::Wzd => {
                let patients = &tombstone.patients;
                let named = Gone::resources(&self.messages_about(patients).await?);
                let resources = self.resources(patients, named, true, tombstone.at).await?;
                let keys = self.erase_keys(tombstone).await?;
                let resources = self.erase_resources(&resources).await?;
                Ok(Erased { keys, resources, ..Erased::default() })
            }
            DataClass::Dossier => self.erase_dossier(tombstone).await,
        }
    }

    /// There are no files here: what AWS keeps of a deleted item is its point-in-time recovery, of 35 days.
    async fn scrub(&self) -> Result<(), PortError> {
        Ok(())
    }

    async fn complete(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        self.marks.note(Kept::Keys, tombstone, COMPLETE).await
    }

    async fn tombstones(&self) -> Result<Vec<Tombstone>, PortError> {
        self.tombstones.read().await
    }

    async fn add_hold(&self, hold: &Hold) -> Result<(), PortError> {
        self.holds.add(hold).await
    }

    async fn lift_hold(&self, id: Uuid, at: Timestamp) -> Result<Option<Hold>, PortError> {
        self.holds.lift(id, at).await
    }

    async fn holds(&self, patients: Option<&[Uuid]>) -> Result<Vec<Hold>, PortError> {
        self.holds.list(patients).await
    }
}

impl std::fmt::Debug for AwsErasures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsErasures").finish_non_exhaustive()
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
