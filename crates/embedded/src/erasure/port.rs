//! [`Erasures`] and [`TombstoneFile`] as the ports that the use case asks.

use std::io::{Error, ErrorKind};

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::erasure::{Hold, Tombstone};
use zorgsluis_domain::port::{Erased, ErasureStore, Found, TombstoneStore};
use zorgsluis_domain::{PortError, Pseudonym};

use super::{Erasures, TombstoneFile};

#[async_trait]
impl ErasureStore for Erasures {
    async fn find(&self, patients: &[Uuid]) -> Result<Found, PortError> {
        Self::find(self, patients).await
    }

    async fn find_all(&self, people: &[Vec<Uuid>], told: &[Uuid]) -> Result<Vec<Found>, PortError> {
        Self::find_all(self, people, told).await
    }

    async fn unchanged_since(&self, before: Timestamp) -> Result<Vec<Uuid>, PortError> {
        Self::unchanged_since(self, before).await
    }

    async fn logged_before(
        &self,
        shard: &str,
        prefix: &str,
        before: Timestamp,
    ) -> Result<Vec<Pseudonym>, PortError> {
        Self::logged_before(self, shard, prefix, before).await
    }

    async fn pending(&self, tombstones: &[Tombstone]) -> Result<Vec<Tombstone>, PortError> {
        Self::pending(self, tombstones).await
    }

    async fn apply(&self, tombstone: &Tombstone) -> Result<Erased, PortError> {
        Self::apply(self, tombstone).await
    }

    async fn apply_all(&self, tombstones: &[Tombstone]) -> Result<Vec<Erased>, PortError> {
        Self::apply_all(self, tombstones).await
    }

    async fn mixed(&self, known: &[Tombstone]) -> Result<Option<String>, PortError> {
        Ok(Self::mixed(self, known).await?.map(|mixed| mixed.to_string()))
    }

    async fn complete_identifiers(&self) -> Result<(), PortError> {
        Self::complete_identifiers(self).await
    }

    async fn remembered(&self) -> Result<Vec<(Uuid, Option<Uuid>)>, PortError> {
        Self::remembered(self).await
    }

    async fn forget_numbers(&self, of: Vec<(Uuid, Option<Uuid>)>) -> Result<(), PortError> {
        Self::forget_numbers(self, of).await
    }

    fn effort(&self) -> (u64, u64) {
        Self::effort(self)
    }

    async fn scrub(&self) -> Result<(), PortError> {
        Self::scrub(self).await
    }

    async fn complete(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        Self::complete(self, tombstone).await
    }

    async fn tombstones(&self) -> Result<Vec<Tombstone>, PortError> {
        Self::tombstones(self).await
    }

    async fn add_hold(&self, hold: &Hold) -> Result<(), PortError> {
        Self::add_hold(self, hold).await
    }

    async fn lift_hold(&self, id: Uuid, at: Timestamp) -> Result<Option<Hold>, PortError> {
        Self::lift_hold(self, id, at).await
    }

    async fn holds(&self, patients: Option<&[Uuid]>) -> Result<Vec<Hold>, PortError> {
        Self::holds(self, patients).await
    }
}

#[async_trait]
impl TombstoneStore for TombstoneFile {
    async fn read(&self) -> Result<Vec<Tombstone>, PortError> {
        Self::read(self).map_err(|error| self.fault("tombstones.read", error))
    }

    async fn add(&self, tombstone: &Tombstone) -> Result<(), PortError> {
        Self::add(self, tombstone).map_err(|error| self.fault("tombstones.add", error))
    }

    fn place(&self) -> String {
        self.path().display().to_string()
    }
}

impl TombstoneFile {
    /// What a line holds that is none is told with its number; everything else is trouble with the file.
    fn fault(&self, operation: &'static str, error: Error) -> PortError {
        match error.kind() {
            ErrorKind::InvalidData => PortError::Damaged { operation, reason: error.to_string() },
            kind => PortError::Refused { operation, reason: format!("{}: {kind}", self.path().display()) },
        }
    }
}
