//! Who was merged into a patient, and when.

use std::collections::BTreeMap;

use super::stamp::{Moment, Stamp};

/// One A40: everything that was said before about the obsolete number only fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merger {
    /// The id of the patient that the message names as surviving.
    pub(crate) into: String,
    pub(crate) moment: Moment,
}

/// The mergers that led to a patient, by the id of the obsolete one. They stand with the surviving
/// patient, in the transaction that made it so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mergers(pub(crate) BTreeMap<String, Merger>);

impl Mergers {
    /// Adds one. Of two for the same obsolete patient the first in time stays: nobody is merged twice.
    pub(crate) fn add(&mut self, obsolete: String, merger: Merger) {
        match self.0.get(&obsolete) {
            Some(standing) if standing.moment <= merger.moment => {}
            _ => {
                self.0.insert(obsolete, merger);
            }
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        for (obsolete, merger) in &other.0 {
            self.add(obsolete.clone(), merger.clone());
        }
    }

    /// The stamp here of something that was said about the patient `about`.
    pub(crate) fn carry(&self, about: &str, stamp: &Stamp) -> Stamp {
        let later = self.way(about).filter(|merger| merger.moment > stamp.moment).count();
        let merged = stamp.merged.saturating_add(u32::try_from(later).unwrap_or(u32::MAX));
        Stamp { merged, ..stamp.clone() }
    }

    /// Whether, at `moment`, `a` and `b` were one patient already.
    pub(crate) fn are_one_at(&self, a: &str, b: &str, moment: &Moment) -> bool {
        self.at(a, moment) == self.at(b, moment)
    }

    /// Who `about` was at that moment.
    fn at<'a>(&'a self, about: &'a str, moment: &Moment) -> &'a str {
        let mut at = about;
        for merger in self.way(about) {
            if merger.moment > *moment {
                break;
            }
            at = &merger.into;
        }
        at
    }

    /// The mergers from `about` to the patient that is left. A circle cannot be written, and would end.
    fn way<'a>(&'a self, about: &'a str) -> impl Iterator<Item = &'a Merger> {
        std::iter::successors(self.0.get(about), |merger| self.0.get(&merger.into)).take(self.0.len())
    }
}
