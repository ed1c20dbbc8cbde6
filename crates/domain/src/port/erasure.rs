//! Destroying what the stores hold about a patient.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::erasure::{Hold, Tombstone};
use crate::{PortError, Pseudonym};

/// What stands in the stores about a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Resources, deleted ones included.
    pub resources: u64,
    /// Resources that name this patient and are about another one: they are left. `Type/id`.
    pub left: Vec<String>,
    /// Messages whose content is still stored.
    pub messages: u64,
    /// Mails about it that wait in the outbox, where there is one.
    pub mails: u64,
    /// When anything of it was changed last.
    pub last_change: Option<Timestamp>,
    /// Records of involuntary care.
    pub involuntary_care: u64,
    /// When the patient was born, as far as the resource tells a whole day.
    pub birth: Option<Date>,
    /// Whose keys protect the messages, and nothing about anybody else.
    pub owners: Vec<Pseudonym>,
    /// Keys of other owners that protect nothing but these messages.
    pub keys: Vec<Uuid>,
    /// Messages of which it cannot be told whether they are this patient's: they came under a number that somebody
    /// else has or had, too, and wrote nothing. They are left unless a person says whose they are.
    pub unclear: Vec<Uuid>,
}

impl Found {
    /// Whether nothing is there.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.resources == 0 && self.messages == 0
    }
}

/// What was destroyed now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Data keys.
    pub keys: u64,
    /// Messages.
    pub messages: u64,
    /// Resources.
    pub resources: u64,
    /// Mails in the outbox.
    pub mails: u64,
}

/// Destroys what the stores hold about a patient, and knows what was declared to forbid it.
///
/// Nothing here asks whether it may be done: that is [`crate::retention`]. What was decided stands in a
/// [`Tombstone`]; each store notes the tombstones that were applied to it, so that each is applied once, whatever is
/// cut off in between, and again when an older copy of the store was put back.
#[async_trait]
pub trait ErasureStore: Send + Sync {
    /// What stands about a patient with these ids: the survivor and all that were merged into it.
    async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError>;

    /// [`find`](Self::find) for each of these persons, all numbers of each together; in one pass where a store can.
    /// `told`: messages that a person said are theirs ([`Found::unclear`]).
    async fn find_all(&self, people: &[Vec<Uuid>], told: &[Uuid]) -> Result<Vec<Found>, PortError> {
        let mut all = Vec::with_capacity(people.len());
        for patients in people {
            let mut found = self.find(patients).await?;
            found.unclear.retain(|message| !told.contains(message));
            all.push(found);
        }
        Ok(all)
    }

    /// Patients of whom nothing was changed since a moment, among the Patient resources that stand, by id.
    async fn unchanged_since(&self, before: Timestamp) -> Result<Vec<Uuid>, PortError>;

    /// The patients of whom the index of the log of `shard` holds lines from before a moment, by pseudonym; `prefix`
    /// is what its keys of patients begin with.
    async fn logged_before(
        &self,
        shard: &str,
        prefix: &str,
        before: Timestamp,
    ) -> Result<Vec<Pseudonym>, PortError>;

    /// Which of these tombstones some store does not note: an erasure that was cut off, or a backup put back.
    async fn pending(&self, tombstones: &[Tombstone]) -> Result<Vec<Tombstone>, PortError>;

    /// Before dossiers are destroyed in stores that others use meanwhile: from the moment that this answers on, what
    /// comes in about these persons (the numbers of each, and the owners of the keys that go) is kept apart from what
    /// goes, and nothing that was under way then is any more when this returns. It passes by itself when nothing is
    /// decided. `None` of stores that nobody else uses.
    async fn set_apart(
        &self,
        people: &[(Vec<Uuid>, Vec<Pseudonym>)],
    ) -> Result<Option<Timestamp>, PortError> {
        let _ = people;
        Ok(None)
    }

    /// Does what a tombstone says, as far as it is not done. Doing it again is no error.
    async fn apply(&self, tombstone: &Tombstone) -> Result<Erased, PortError>;

    /// [`apply`](Self::apply) for each of these, in their order; in one pass where a store can.
    async fn apply_all(&self, tombstones: &[Tombstone]) -> Result<Vec<Erased>, PortError> {
        let mut all = Vec::with_capacity(tombstones.len());
        for tombstone in tombstones {
            all.push(self.apply(tombstone).await?);
        }
        Ok(all)
    }

    /// Why what stands here does not belong together, so that nobody can say what was erased: part of a backup was put
    /// back. In words for an operator; `known` are all tombstones that stand elsewhere. `None` by default.
    async fn mixed(&self, known: &[Tombstone]) -> Result<Option<String>, PortError> {
        let _ = known;
        Ok(None)
    }

    /// Completes what an earlier version of the program kept of identifiers. Nothing by default.
    async fn complete_identifiers(&self) -> Result<(), PortError> {
        Ok(())
    }

    /// The patients whose numbers are kept, as pseudonyms, though their dossier is destroyed, so that they lead to the
    /// lines of the log; with who stood for them there. None by default.
    async fn remembered(&self) -> Result<Vec<(Uuid, Option<Uuid>)>, PortError> {
        Ok(Vec::new())
    }

    /// Keeps those numbers no longer: of patients of whom no line is left.
    async fn forget_numbers(&self, of: Vec<(Uuid, Option<Uuid>)>) -> Result<(), PortError> {
        let _ = of;
        Ok(())
    }

    /// How often all resources were read through since this was opened, and how many files were written anew.
    fn effort(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Sees to it that no file keeps what was deleted, where a store works on files. Transient trouble leaves it to
    /// be done again.
    async fn scrub(&self) -> Result<(), PortError>;

    /// Notes that nothing is left to do for a tombstone.
    async fn complete(&self, tombstone: &Tombstone) -> Result<(), PortError>;

    /// All tombstones that these stores know, the oldest first.
    async fn tombstones(&self) -> Result<Vec<Tombstone>, PortError>;

    /// Declares a hold.
    async fn add_hold(&self, hold: &Hold) -> Result<(), PortError>;

    /// Lifts a hold. It stays in the list, with the time. `None` when there is none of this id.
    async fn lift_hold(&self, id: Uuid, at: Timestamp) -> Result<Option<Hold>, PortError>;

    /// All holds, lifted ones included, in the order in which they were declared; of these patients, or of all.
    async fn holds(&self, patients: Option<&[Uuid]>) -> Result<Vec<Hold>, PortError>;
}

/// Where tombstones are kept apart from the stores, so that a backup of these that is put back does not take them
/// along.
#[async_trait]
pub trait TombstoneStore: Send + Sync {
    /// All of them. One that cannot be read is an error: nobody may serve data of which it is not known whether they
    /// were erased.
    async fn read(&self) -> Result<Vec<Tombstone>, PortError>;

    /// Adds a tombstone unless it stands there. Durable when it returns.
    async fn add(&self, tombstone: &Tombstone) -> Result<(), PortError>;

    /// Where, in words for an operator.
    fn place(&self) -> String;
}
