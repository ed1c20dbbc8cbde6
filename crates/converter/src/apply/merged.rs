//! Who was merged into a patient, and when; and to whom a visit was moved.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::stamp::{Moment, Stamp};

/// One A40: everything that was said before about the obsolete number only fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merger {
    /// The id of what the message names as surviving.
    pub(crate) into: String,
    pub(crate) moment: Moment,
    /// It always was one thing, only its number changed: nothing that was said loses weight.
    pub(crate) renamed: bool,
}

/// The mergers that led to a patient, visit or account, by the id of the obsolete one. They stand with the
/// surviving one, in the transaction that made it so.
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
    ///
    /// From the first merger on that came later, all count, whatever their time: what stands with the surviving
    /// one only fills, and does so with whoever that one became.
    pub(crate) fn carry(&self, about: &str, stamp: &Stamp) -> Stamp {
        let before = |merger: &&Merger| merger.moment <= stamp.moment && stamp.merged == 0;
        let mergers = self.way(about).filter(|merger| !merger.renamed);
        let later = mergers.skip_while(before).count();
        let merged = stamp.merged.saturating_add(u32::try_from(later).unwrap_or(u32::MAX));
        Stamp { merged, ..stamp.clone() }
    }

    /// Everybody who was merged, who went first before whom they were merged into: the way that what is given
    /// along goes, so that whoever looks through all of them in this order misses nothing on its way.
    pub(crate) fn on_the_way(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.0.keys().map(String::as_str).collect();
        all.sort_by_cached_key(|obsolete| std::cmp::Reverse(self.way(obsolete).count()));
        all
    }

    /// Whether, at `moment`, `a` and `b` were one patient already.
    pub(crate) fn are_one_at(&self, a: &str, b: &str, moment: &Moment) -> bool {
        self.at(a, moment) == self.at(b, moment)
    }

    /// Who `about` was at that moment.
    fn at<'a>(&'a self, about: &'a str, moment: &Moment) -> &'a str {
        let mut at = about;
        for merger in self.way(about) {
            if !merger.renamed && merger.moment > *moment {
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

/// The moves of a visit or account: from which patient to which, and when. All of them stay, because whoever
/// was named once may be named again by a message that comes late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moves(pub(crate) BTreeMap<(Uuid, Uuid), Moment>);

impl Moves {
    /// Adds one; of the same move told twice the later counts.
    pub(crate) fn add(&mut self, from: Uuid, to: Uuid, moment: Moment) {
        let standing = self.0.entry((from, to)).or_insert_with(|| moment.clone());
        if *standing < moment {
            *standing = moment;
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        for ((from, to), moment) in &other.0 {
            self.add(*from, *to, moment.clone());
        }
    }

    /// The last move: when, and to whom.
    pub(crate) fn last(&self) -> Option<(&Moment, Uuid)> {
        self.0.iter().map(|((_, to), moment)| (moment, *to)).max()
    }

    /// Everybody who had it.
    pub(crate) fn patients(&self) -> impl Iterator<Item = Uuid> {
        self.0.keys().flat_map(|(from, to)| [*from, *to])
    }
}
