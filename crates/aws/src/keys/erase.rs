//! What an erasure asks of the keys beyond the port.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zorgsluis_domain::port::{DataClass, KeyOwner};
use zorgsluis_domain::{Clock as _, PortError, Pseudonym};

use super::AwsKeys;
use super::cache::Cache;
use crate::SystemClock;

const OPERATION: &str = "keys.erase";
/// By how much the clocks of two machines may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

impl AwsKeys {
    /// Destroys the keys of an owner that were made up to a moment: those that were made since protect something new.
    pub(crate) async fn destroy_until(
        &self,
        owner: &Pseudonym,
        class: DataClass,
        until: Timestamp,
    ) -> Result<u64, PortError> {
        let owner = self.inner.roots.owner(&KeyOwner::Patient(*owner));
        let mut count = 0;
        for id in self.inner.store.of_owner(OPERATION, &owner, class).await? {
            let made = self.inner.store.made(OPERATION, id).await?;
            // One that came behind those that were retired stays, however the clock of who made it goes.
            let until = if made.as_ref().is_some_and(|made| made.follows) {
                until.saturating_sub(SKEW).unwrap_or(Timestamp::MIN)
            } else {
                until
            };
            if made.is_some_and(|made| made.at > until) {
                continue;
            }
            let now = SystemClock.now();
            count += u64::from(self.inner.store.destroy(OPERATION, id, &owner, class.name(), now).await?);
        }
        self.cache(Cache::clear);
        Ok(count)
    }

    /// From here on an owner's data are sealed under a key made anew, and those that there were open nothing until a
    /// moment. A function that asked for the present key just before seals under it for a second more.
    pub(crate) async fn retire(
        &self,
        owner: &Pseudonym,
        class: DataClass,
        held_until: Timestamp,
    ) -> Result<(), PortError> {
        let owner = self.inner.roots.owner(&KeyOwner::Patient(*owner));
        self.inner.store.retire(OPERATION, &owner, class, held_until).await?;
        self.cache(Cache::clear);
        Ok(())
    }

    /// Whose a data key is, or was: their [fingerprint](Self::fingerprint).
    pub(crate) async fn owner_of(&self, id: Uuid) -> Result<Option<String>, PortError> {
        self.inner.store.owner_of(OPERATION, id).await
    }

    /// What stands for an owner in the table.
    pub(crate) fn fingerprint(&self, owner: &Pseudonym) -> String {
        self.inner.roots.owner(&KeyOwner::Patient(*owner))
    }

    /// Leaves the mark of a key that was destroyed, under which something may be said to be sealed that is no more.
    pub(crate) async fn mark_destroyed(&self, id: Uuid) -> Result<(), PortError> {
        self.inner.store.mark_destroyed(OPERATION, id, self.inner.clock.now()).await
    }
}
