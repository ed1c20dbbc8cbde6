use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use uuid::Uuid;
use zorgsluis_domain::port::DataClass;

use super::OwnerName;
use super::wrap::DataKey;

/// Keys in each half of each map at most: some megabytes in all.
const HALF: usize = 4096;

/// Data keys in the clear, in memory: those used lately.
#[derive(Default)]
pub(super) struct Cache {
    current: Halves<(OwnerName, DataClass)>,
    by_id: Halves<Uuid>,
}

impl Cache {
    pub(super) fn current(&mut self, owner: &OwnerName, class: DataClass) -> Option<Arc<DataKey>> {
        self.current.get(&(*owner, class))
    }

    pub(super) fn by_id(&mut self, id: Uuid) -> Option<Arc<DataKey>> {
        self.by_id.get(&id)
    }

    pub(super) fn put_current(&mut self, owner: &OwnerName, class: DataClass, key: &Arc<DataKey>) {
        self.current.put((*owner, class), Arc::clone(key));
        self.put(key);
    }

    pub(super) fn put(&mut self, key: &Arc<DataKey>) {
        self.by_id.put(key.id(), Arc::clone(key));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A map that forgets what was not used for the longest time, roughly: when the young half is full it
/// becomes the old one, and what was the old one is dropped.
struct Halves<K> {
    young: HashMap<K, Arc<DataKey>>,
    old: HashMap<K, Arc<DataKey>>,
}

impl<K> Default for Halves<K> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Hash + Eq> Halves<K> {
    fn get(&mut self, name: &K) -> Option<Arc<DataKey>> {
        if let Some(key) = self.young.get(name) {
            return Some(Arc::clone(key));
        }
        let (name, key) = self.old.remove_entry(name)?;
        self.put(name, Arc::clone(&key));
        Some(key)
    }

    fn put(&mut self, name: K, key: Arc<DataKey>) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name, key);
    }
}
