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

mod dossiers;
mod holds;
mod marks;
mod messages;
mod people;
mod resources;
mod tombstones;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::{Hold, Tombstone};
use zorgsluis_domain::port::{
    DataClass, Erased, ErasureStore, FhirStore as _, Found, PageRequest, ResourceKey, Search,
    TombstoneStore as _,
};
use zorgsluis_domain::{Clock as _, Phi, PortError, Pseudonym};

use crate::{
    AwsKeys, Clients, DynamoDeadLetters, DynamoEntryIndex, DynamoJournal, DynamoPatientIndex, HealthLake,
    S3Payloads, SystemClock,
};
use holds::Holds;
use marks::{Kept, Marks};
use messages::Around;
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
    /// How often a table was read through.
    scans: Arc<AtomicU64>,
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
            scans: Arc::default(),
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
        around: &Around,
        patients: &[Uuid],
        named: BTreeSet<ResourceKey>,
        involuntary_care: bool,
        until: Timestamp,
    ) -> Result<Resources, PortError> {
        let erased = &around.erased;
        Sought { fhir: &self.fhir, patients, erased, named, involuntary_care, until }.find().await
    }
}

#[async_trait]
impl ErasureStore for AwsErasures {
    async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError> {
        Ok(self.find_all(&[patients.to_vec()], &[]).await?.pop().unwrap_or_default())
    }

    async fn find_all(&self, people: &[Vec<Uuid>], told: &[Uuid]) -> Result<Vec<Found>, PortError> {
        let around = self.around(&people.concat()).await?;
        let mut persons = Vec::with_capacity(people.len());
        for patients in people {
            persons.push(self.person(&around, patients, Timestamp::MAX).await?);
        }
        let claimants = self.claimants(&persons).await?;
        let mut all = Vec::with_capacity(people.len());
        for person in persons {
            all.push(self.found(&around, &claimants, person, told).await?);
        }
        Ok(all)
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
        Ok(self.apply_all(std::slice::from_ref(tombstone)).await?.pop().unwrap_or_default())
    }

    /// Dossiers that follow each other go together, as long as no patient is among them twice.
    async fn apply_all(&self, tombstones: &[Tombstone]) -> Result<Vec<Erased>, PortError> {
        for tombstone in tombstones {
            if self.marks.stage(Kept::Keys, tombstone.id).await? < BEGUN {
                self.marks.note(Kept::Keys, tombstone, BEGUN).await?;
            }
        }
        let mut all = Vec::with_capacity(tombstones.len());
        let mut together: Vec<&Tombstone> = Vec::new();
        for tombstone in tombstones {
            let again = |other: &&Tombstone| other.patients.iter().any(|id| tombstone.patients.contains(id));
            if tombstone.class == DataClass::Dossier && !together.iter().any(again) {
                together.push(tombstone);
                continue;
            }
            all.extend(self.erase_dossiers(&std::mem::take(&mut together)).await?);
            match tombstone.class {
                DataClass::Dossier => together.push(tombstone),
                DataClass::Log => {
                    all.push(Erased { keys: self.erase_keys(tombstone).await?, ..Erased::default() });
                }
                DataClass::Wzd => all.push(self.erase_involuntary_care(tombstone).await?),
            }
        }
        all.extend(self.erase_dossiers(&together).await?);
        Ok(all)
    }

    async fn remembered(&self) -> Result<Vec<(Uuid, Option<Uuid>)>, PortError> {
        self.index.remembered().await
    }

    async fn forget_numbers(&self, of: Vec<(Uuid, Option<Uuid>)>) -> Result<(), PortError> {
        for (patient, stand_in) in of {
            self.index.forget_number(patient, stand_in).await?;
        }
        Ok(())
    }

    fn effort(&self) -> (u64, u64) {
        (self.scans.load(Ordering::Relaxed), 0)
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
