//! Patients who do not want their providers to be told.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::PortError;

/// A wish of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut {
    /// The patient, by the surviving id.
    pub patient: Uuid,
    /// Whether the patient has opted out; a wish that was taken back stands in the history.
    pub opted_out: bool,
    /// Since when.
    pub at: Timestamp,
    /// Who wrote it down: a user or `import`. No PHI.
    pub by: String,
}

/// The register of patients who have opted out of notices.
#[async_trait]
pub trait OptOuts: Send + Sync {
    /// The wishes that stand for any of these patients (a patient and those merged into it).
    async fn opted_out(&self, patients: &[Uuid]) -> Result<bool, PortError>;

    /// Writes a wish down.
    async fn put(&self, wish: &OptOut) -> Result<(), PortError>;

    /// All wishes of a patient, the newest first.
    async fn history(&self, patient: Uuid) -> Result<Vec<OptOut>, PortError>;
}
