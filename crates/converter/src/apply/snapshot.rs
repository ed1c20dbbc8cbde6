//! What a sender listed last: sets of allergies, diagnoses, insurances and contacts.
//!
//! A message with AL1 segments says all allergies that its sender knows. The register that remembers it
//! stands with the patient (of diagnoses, with the visit), so that an older message that comes later
//! cannot add or revive what a newer one left out.

use std::collections::{BTreeMap, BTreeSet};

use super::merged::Mergers;
use super::stamp::Moment;

/// Whose list of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listing {
    /// The sender, `application@facility`.
    pub(crate) sender: String,
    /// The FHIR type of the members.
    pub(crate) kind: String,
    /// The patient or visit under whose number it was said, which may be merged since.
    pub(crate) about: String,
}

/// The last list of a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) moment: Moment,
    pub(crate) ids: BTreeSet<String>,
}

/// All that is remembered of lists, with one patient or visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshots(pub(crate) BTreeMap<Listing, Listed>);

impl Snapshots {
    /// Joins one list: the newest stays.
    pub(crate) fn join_one(&mut self, listing: Listing, listed: Listed) {
        match self.0.get(&listing) {
            Some(standing) if standing.moment > listed.moment => {}
            _ => {
                self.0.insert(listing, listed);
            }
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        for (listing, listed) in &other.0 {
            self.join_one(listing.clone(), listed.clone());
        }
    }

    /// The kinds that are remembered.
    pub(crate) fn kinds(&self) -> BTreeSet<String> {
        self.0.keys().map(|listing| listing.kind.clone()).collect()
    }

    /// The members of a kind that a sender still lists.
    ///
    /// A list replaces the older ones of its sender about the same patient. About a patient who was
    /// merged, only a list that was made after the merger does so: one made before did not know what
    /// the other number had, and an allergy must not vanish by a merger.
    pub(crate) fn current(&self, kind: &str, mergers: &Mergers) -> BTreeSet<String> {
        let of_kind: Vec<_> = self.0.iter().filter(|(listing, _)| listing.kind == kind).collect();
        let replaced = |listing: &Listing, listed: &Listed| {
            of_kind.iter().any(|(other, later)| {
                other.sender == listing.sender
                    && later.moment > listed.moment
                    && mergers.are_one_at(&other.about, &listing.about, &later.moment)
            })
        };
        of_kind
            .iter()
            .filter(|(listing, listed)| !replaced(listing, listed))
            .flat_map(|(_, listed)| listed.ids.iter().cloned())
            .collect()
    }
}
