//! What a message lists in full, of each patient and visit.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::add_new;
use crate::conversion::Snapshot;

/// Kind, patient, visit.
type Whose = (&'static str, Uuid, Option<Uuid>);

/// The sets that a message lists. Several groups may list of one patient: together they are one set, and what one of
/// them does not know in full is not known in full.
#[derive(Default)]
pub(crate) struct Listings {
    all: Vec<Snapshot>,
    places: HashMap<Whose, usize>,
    partial: HashSet<Whose>,
}

impl Listings {
    /// Adds what a group lists; `None` where that is not all of it.
    pub(crate) fn add(
        &mut self,
        kind: &'static str,
        patient: Uuid,
        encounter: Option<Uuid>,
        ids: Option<Vec<Uuid>>,
    ) {
        let whose = (kind, patient, encounter);
        let Some(ids) = ids else {
            self.partial.insert(whose);
            return;
        };
        let place = *self.places.entry(whose).or_insert(self.all.len());
        if place == self.all.len() {
            self.all.push(Snapshot { kind, patient, encounter, ids: Vec::with_capacity(ids.len()) });
        }
        if let Some(known) = self.all.get_mut(place) {
            add_new(&mut known.ids, ids);
        }
    }

    /// The sets that are known in full.
    pub(crate) fn into_snapshots(self) -> Vec<Snapshot> {
        let Self { mut all, partial, .. } = self;
        all.retain(|set| !partial.contains(&(set.kind, set.patient, set.encounter)));
        all
    }
}
