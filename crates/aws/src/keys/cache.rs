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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn key(number: u128) -> Arc<DataKey> {
        Arc::new(DataKey::new("test", Uuid::from_u128(number), "log", &[7; 32]).unwrap())
    }

    #[test]
    fn a_key_is_known_as_long_as_the_answer_of_the_table_is_fresh() {
        let (mut cache, asked) = (Cache::default(), Instant::now());
        cache.put_current("owner", DataClass::Log, &key(1), asked);
        let current = |cache: &Cache, after| cache.current("owner", DataClass::Log, asked + after, SECOND);
        assert!(current(&cache, Duration::from_millis(999)).is_some());
        assert!(current(&cache, SECOND).is_none());
        assert!(cache.current("owner", DataClass::Dossier, asked, SECOND).is_none());
        let by_id = |cache: &Cache, after, age| cache.by_id(Uuid::from_u128(1), asked + after, age).is_some();
        assert!(by_id(&cache, 299 * SECOND, 300 * SECOND));
        assert!(!by_id(&cache, 300 * SECOND, 300 * SECOND));
        assert!(by_id(&cache, 300 * SECOND, Duration::MAX));
        // Asked again.
        cache.put(&key(1), asked + 300 * SECOND);
        assert!(by_id(&cache, 301 * SECOND, 300 * SECOND));
        cache.forget(Uuid::from_u128(1));
        assert!(!by_id(&cache, SECOND, Duration::MAX));
        assert!(current(&cache, Duration::ZERO).is_none());
    }

    #[test]
    fn it_holds_so_many_keys_and_drops_the_oldest() {
        let (mut cache, asked) = (Cache::default(), Instant::now());
        for number in 0..10_000_u32 {
            let owner = number.to_string();
            cache.put_current(&owner, DataClass::Log, &key(number.into()), asked + number * SECOND / 1000);
            assert!(cache.keys.len() <= MOST && cache.current.len() <= MOST);
        }
        assert!(cache.by_id(Uuid::from_u128(9_999), asked, Duration::MAX).is_some());
        assert!(cache.by_id(Uuid::from_u128(0), asked, Duration::MAX).is_none());
        // All of one moment: they all go, rather than stay.
        let mut cache = Cache::default();
        (0..5_000).for_each(|number| cache.put(&key(number), asked));
        assert!(cache.keys.len() <= MOST);
    }
}
