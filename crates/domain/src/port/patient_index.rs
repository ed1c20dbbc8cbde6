//! Which patient an identifier belongs to.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::Keys;
use crate::{PortError, Pseudonym, Purpose};

/// An identifier of a patient as the index keeps it: pseudonyms only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexedIdentifier {
    /// Under what it is found, of [`Purpose::PatientIndex`].
    pub pseudonym: Pseudonym,
    /// Whose keys protect what comes under it, of [`Purpose::KeyOwner`]: so that an erasure finds all of it, also what
    /// was never applied and is named in no resource.
    pub owner: Pseudonym,
    /// Under whom lines of the log stand that another system reported before anybody here knew the patient.
    pub stand_in: Uuid,
}

impl IndexedIdentifier {
    /// Of an identifier with its system (or `authority:<name>`, `sender:<facility>`).
    #[must_use]
    pub fn of(keys: &dyn Keys, system: &str, value: &str) -> Self {
        let parts = [system.as_bytes(), value.as_bytes()];
        Self {
            pseudonym: keys.pseudonym(Purpose::PatientIndex, &parts),
            owner: keys.pseudonym(Purpose::KeyOwner, &parts),
            stand_in: stand_in(keys, system, value),
        }
    }
}

/// The id of who stands in the log for a patient whom nobody here knows but by an identifier: always the same one.
#[must_use]
pub fn stand_in(keys: &dyn Keys, system: &str, value: &str) -> Uuid {
    let parts = [b"patient of another system".as_slice(), system.as_bytes(), value.as_bytes()];
    let pseudonym = keys.pseudonym(Purpose::AuditLog, &parts);
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(pseudonym.as_bytes()) {
        *byte = *of;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What came of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The identifier had no patient and has this one now.
    Claimed,
    /// The identifier is this patient's already.
    Held,
    /// The identifier belongs to another patient: reported, never merged.
    Conflict(Uuid),
}

/// Something that happened to a patient's place in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: IndexChange,
}

/// What happened in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexChange {
    /// The patient was given an identifier.
    Claimed(Pseudonym),
    /// An identifier was taken from the patient.
    Released(Pseudonym),
    /// Another patient was merged into this one.
    Merged(Uuid),
    /// This patient was merged into another one.
    MergedInto(Uuid),
}

/// Maps identifiers, as pseudonyms of [`crate::Purpose::PatientIndex`], to the FHIR id of the patient.
#[async_trait]
pub trait PatientIndex: Send + Sync {
    /// The patient of each identifier, in order.
    async fn resolve(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError>;

    /// The same, for who writes about them: trouble that passes for a patient whose dossier is being destroyed, until
    /// that is done.
    async fn resolve_to_write(&self, identifiers: &[Pseudonym]) -> Result<Vec<Option<Uuid>>, PortError> {
        self.resolve(identifiers).await
    }

    /// Gives an identifier to a patient unless it has one (conditional put). An identifier of a patient
    /// who was merged into this one (or into the same survivor) is [`Claim::Held`]. What stands beside the identifier
    /// is kept with the claim; one of an earlier release that holds only the pseudonym gets it.
    async fn claim(&self, identifier: &IndexedIdentifier, patient: Uuid) -> Result<Claim, PortError>;

    /// Where a merged patient's data live now: follows `replaced-by` to its end.
    async fn survivor(&self, patient: Uuid) -> Result<Uuid, PortError>;

    /// Records that `old` was merged into `new` (A40). Telling it again is no error, nor is a merge
    /// of two that have the same survivor already. Refused when it would close a circle, and when
    /// `old` was merged into someone else.
    async fn merge(&self, old: Uuid, new: Uuid) -> Result<(), PortError>;

    /// Every patient whose data live with this one now: all that were merged into it, directly or by way
    /// of others, in no particular order.
    async fn merged_into(&self, survivor: Uuid) -> Result<Vec<Uuid>, PortError>;

    /// Takes an identifier from a patient, so that another can claim it: an operator's correction.
    /// False when it is not this patient's.
    async fn release(&self, identifier: &Pseudonym, patient: Uuid) -> Result<bool, PortError>;

    /// What happened to a patient in the index, the newest first.
    async fn history(&self, patient: Uuid) -> Result<Vec<IndexEvent>, PortError>;

    /// All ids under which lines of the log about a person stand, the present one first: what was merged, what was
    /// destroyed with a dossier (the lines are kept longer), and who stood for the person before anybody here knew
    /// them.
    async fn in_log(&self, patient: Uuid) -> Result<Vec<Uuid>, PortError> {
        let survivor = self.survivor(patient).await?;
        let mut all = vec![survivor];
        all.extend(self.merged_into(survivor).await?);
        if !all.contains(&patient) {
            all.push(patient);
        }
        Ok(all)
    }

    /// Whose an identifier was when their dossier was destroyed, as long as lines of the log about them are kept. None
    /// by default.
    async fn erased_with(&self, identifier: &Pseudonym) -> Result<Vec<Uuid>, PortError> {
        let _ = identifier;
        Ok(Vec::new())
    }
}
