//! Data keys in the clear, in memory: those used lately.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;
use zorgsluis_domain::port::DataClass;

use super::data::DataKey;

/// Keys at most: a few megabytes.
const MOST: usize = 4096;

#[derive(Default)]
pub(super) struct Cache {
    /// Which key was an owner's present one, and when the table was asked.
    current: HashMap<(String, DataClass), (Uuid, Instant)>,
    /// The keys, and when the table was asked whether they stand.
    keys: HashMap<Uuid, (Arc<DataKey>, Instant)>,
}

impl Cache {
    /// The present key of an owner, if the table was asked less than `age` before `now`.
    pub(super) fn current(
        &self,
        owner: &str,
        class: DataClass,
        now: Instant,
        age: Duration,
    ) -> Option<Arc<DataKey>> {
        let (id, asked) = self.current.get(&(owner.to_owned(), class))?;
        if now.saturating_duration_since(*asked) >= age {
            return None;
        }
        self.by_id(*id, now, Duration::MAX)
    }

    /// A key, if the table was asked less than `age` before `now` whether it stands.
    pub(super) fn by_id(&self, id: Uuid, now: Instant, age: Duration) -> Option<Arc<DataKey>> {
        let (key, asked) = self.keys.get(&id)?;
        (now.saturating_duration_since(*asked) < age).then(|| Arc::clone(key))
    }

    /// Keeps the present key of an owner; the table was asked at `asked`.
    pub(super) fn put_current(&mut self, owner: &str, class: DataClass, key: &Arc<DataKey>, asked: Instant) {
        if self.current.len() >= MOST {
            self.current.clear();
        }
        self.current.insert((owner.to_owned(), class), (key.id(), asked));
        self.put(key, asked);
    }

    /// Keeps a key; the table was asked at `asked`.
    pub(super) fn put(&mut self, key: &Arc<DataKey>, asked: Instant) {
        if self.keys.len() >= MOST && !self.keys.contains_key(&key.id()) {
            self.make_room();
        }
        self.keys.insert(key.id(), (Arc::clone(key), asked));
    }

    pub(super) fn forget(&mut self, id: Uuid) {
        self.keys.remove(&id);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Drops the half about which the table was asked the longest ago.
    fn make_room(&mut self) {
        let mut asked: Vec<Instant> = self.keys.values().map(|(_, asked)| *asked).collect();
        asked.sort_unstable();
        let Some(middle) = asked.get(asked.len() / 2).copied() else { return };
        self.keys.retain(|_, (_, asked)| *asked > middle);
    }
}
