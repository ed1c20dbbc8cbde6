//! The FHIR R4 store: takes and gives JSON bytes and versions.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Page, PageRequest};
use crate::{Phi, PortError};

/// `Type/id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// `Patient`, `Encounter`, …
    pub resource_type: String,
    /// The logical id.
    pub id: String,
}

impl ResourceKey {
    /// A key.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self { resource_type: resource_type.into(), id: id.into() }
    }

    /// Reads `Type/id`.
    pub fn parse(reference: &str) -> Option<Self> {
        let (resource_type, id) = reference.split_once('/')?;
        (!resource_type.is_empty() && !id.is_empty() && !id.contains('/'))
            .then(|| Self::new(resource_type, id))
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

/// A resource as it stands (or stood) in the store.
#[derive(Debug, Clone)]
pub struct StoredResource {
    /// Its key.
    pub key: ResourceKey,
    /// 1 for the first version; the ETag is `W/"<version>"`.
    pub version: u64,
    /// When this version was written.
    pub last_updated: Timestamp,
    /// Whether this version is a deletion; `json` is empty then.
    pub deleted: bool,
    /// The resource as JSON, with `meta.versionId` and `meta.lastUpdated` set by the store.
    pub json: Phi<Vec<u8>>,
    /// The number under which the store wrote down by itself that it gave this out, where it does: the entry about
    /// the reading names it ([`Object::reading`](crate::audit::Object::reading)).
    pub reading: Option<u64>,
}

/// What must hold for a write to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// The resource is not there (If-None-Match: *). A deleted one is not there.
    Absent,
    /// The current version is this one (If-Match).
    Version(u64),
}

/// One write of a transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// Create or replace.
    Put {
        /// What.
        key: ResourceKey,
        /// The whole resource; references are relative (`Type/id`).
        json: Phi<Vec<u8>>,
        /// When.
        precondition: Precondition,
    },
    /// Delete (the history stays).
    Delete {
        /// What.
        key: ResourceKey,
        /// When.
        precondition: Precondition,
    },
    /// Write nothing, but hold the transaction to this: what a decision read is still so. A store that cannot
    /// hold a transaction to it tells a conflict afterwards: see [`FhirStore::transaction`].
    Check {
        /// What.
        key: ResourceKey,
        /// How it must stand.
        precondition: Precondition,
    },
}

impl Write {
    /// What is written or checked.
    pub const fn key(&self) -> &ResourceKey {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => key,
        }
    }
}

/// What a write of a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The resource.
    pub key: ResourceKey,
    /// The version that stands now (0 for a check that a resource is absent).
    pub version: u64,
}

/// Why a transaction was not done; nothing of it was, but for one case of [`TransactionError::Conflict`].
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// Preconditions that did not hold: read these again, and plan again from what stands. Where they are of
    /// [checks](Write::Check) alone, the writes may stand all the same: see [`FhirStore::transaction`].
    #[error("transaction: {} precondition(s) failed", .0.len())]
    Conflict(Vec<ResourceKey>),
    /// Anything else.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A search within one resource type: all parameters must match.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    /// The type.
    pub resource_type: String,
    /// Name (with modifier, `identifier`, `birthdate`, `name:exact`) and value as in a FHIR search; PHI.
    pub parameters: Phi<Vec<(String, String)>>,
    /// Which page.
    pub page: PageRequest,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("resource_type", &self.resource_type)
            .field("parameters", &self.parameters.expose_phi().len())
            .field("page", &self.page)
            .finish()
    }
}

/// A FHIR R4 store.
#[async_trait]
pub trait FhirStore: Send + Sync {
    /// The current versions, in the order asked; `None` where there never was one.
    async fn read(&self, keys: &[ResourceKey]) -> Result<Vec<Option<StoredResource>>, PortError>;

    /// One version.
    async fn read_version(
        &self,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<StoredResource>, PortError>;

    /// All versions, the latest first.
    async fn history(&self, key: &ResourceKey, page: &PageRequest)
    -> Result<Page<StoredResource>, PortError>;

    /// Current resources that match. A parameter that the store does not know is
    /// [`PortError::Refused`], never ignored.
    async fn search(&self, search: &Search) -> Result<Page<StoredResource>, PortError>;

    /// Does all writes or none, durably. At most 160 (HealthLake), and no two writes of one resource.
    /// Every precondition is about the state before the transaction. Deleting what is not there writes
    /// nothing and answers the version that stands (0 when there never was one).
    ///
    /// Conditions of writes are held to by every store. [Checks](Write::Check) are so where one database holds it
    /// all (embedded). HealthLake has no entry that checks and writes nothing: there a check is read before, and
    /// compared afterwards with what stands (a check of a version also goes along as a condition of a GET; one of
    /// absence, [`Precondition::Absent`], cannot). So a check that stops to hold in the moment between is told as
    /// [`TransactionError::Conflict`] *although the writes stand*; it is never passed over in silence, unless what
    /// was written meanwhile is gone again. Who uses checks must therefore give what it writes ids that are the same
    /// when it plans again, take what stands as the beginning, and tell others (queues, journal) only after a
    /// transaction that was answered as done. A lost answer asks the same. `docs/decisions/healthlake.md`.
    async fn transaction(&self, writes: &[Write]) -> Result<Vec<Written>, TransactionError>;
}
