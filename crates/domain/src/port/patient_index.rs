//! Which patient an identifier belongs to.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{PortError, Pseudonym};

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

    /// Gives an identifier to a patient unless it has one (conditional put). An identifier of a patient
    /// who was merged into this one (or into the same survivor) is [`Claim::Held`].
    async fn claim(&self, identifier: &Pseudonym, patient: Uuid) -> Result<Claim, PortError>;

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
}
