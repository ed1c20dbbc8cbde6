//! Who asks for destruction, and on what ground.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// On what ground data are to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The patient asks for it (BW 7:455; Wzd art. 18a(5)).
    PatientRequest,
    /// Its term is over.
    TermEnded,
    /// Another, which stands in words in the log. Every term must be over.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PatientRequest, Self::TermEnded, Self::Other];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PatientRequest => "patient-request",
            Self::TermEnded => "term-ended",
            Self::Other => "other",
        }
    }

    /// What a person wrote: a code, or [`Reason::Other`] in words.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.code() == text).unwrap_or(Self::Other)
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asker {
    /// The patient.
    Patient,
    /// Who represents the patient: all parents who have authority, a guardian, a curator.
    Representative,
    /// The patient together with those.
    Both,
    /// The organisation itself.
    Organisation,
}

impl Asker {
    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Representative => "representative",
            Self::Both => "both",
            Self::Organisation => "organisation",
        }
    }
}

impl FromStr for Asker {
    type Err = UnknownAsker;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Patient, Self::Representative, Self::Both, Self::Organisation]
            .into_iter()
            .find(|asker| asker.code() == text)
            .ok_or(UnknownAsker)
    }
}

/// No such asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAsker;

impl fmt::Display for UnknownAsker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of patient, representative, both, organisation")
    }
}

impl std::error::Error for UnknownAsker {}

/// Who may ask for destruction at which age of the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// From this birthday on.
    pub from: i16,
    /// Who may ask.
    pub askers: &'static [Asker],
    /// The rule.
    pub law: &'static str,
    /// In words.
    pub words: &'static str,
}

/// By age, the youngest first.
pub const AGES: &[Ages] = &[
    Ages {
        from: 0,
        askers: &[Asker::Representative],
        law: "BW 7:465(1)",
        words: "for a child under 12 the parents who have authority ask, all of them",
    },
    Ages {
        from: 12,
        askers: &[Asker::Both],
        law: "BW 7:450(2), 7:465(1)",
        words: "from 12 to 15 the child and the parents who have authority ask together",
    },
    Ages {
        from: 16,
        askers: &[Asker::Patient, Asker::Both, Asker::Representative],
        law: "BW 7:447, 7:465(2-3)",
        words: "from 16 on the patient asks; a representative only for who cannot weigh this interest",
    },
];

/// A request, or the organisation's own decision, to destroy data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// On what ground.
    pub reason: Reason,
    /// Who asks.
    pub by: Asker,
    /// On which day it is decided.
    pub day: Date,
}

impl Request {
    /// The rule on who may ask, if this one may not: of a patient born on `birth`.
    #[must_use]
    pub fn not_by_who_may(&self, birth: Option<Date>) -> Option<&'static Ages> {
        if self.reason != Reason::PatientRequest {
            return None;
        }
        self.ages(birth).filter(|rule| !rule.askers.contains(&self.by))
    }

    /// The rule on who may ask for a patient born on `birth`.
    #[must_use]
    pub fn ages(&self, birth: Option<Date>) -> Option<&'static Ages> {
        let whole_years = |birth: Date| {
            let had_birthday = (self.day.month(), self.day.day()) >= (birth.month(), birth.day());
            self.day.year() - birth.year() - i16::from(!had_birthday)
        };
        // Of whom no date of birth is known, the strictest that can be said is that the organisation itself does
        // not ask.
        let age = birth.map_or(i16::MAX, whole_years);
        AGES.iter().rev().find(|ages| ages.from <= age).or(AGES.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(birth: &str, day: &str, by: Asker) -> bool {
        let request = Request { reason: Reason::PatientRequest, by, day: day.parse().unwrap() };
        request.not_by_who_may(Some(birth.parse().unwrap())).is_some()
    }

    #[test]
    fn who_may_ask_changes_on_the_twelfth_and_the_sixteenth_birthday() {
        for (day, patient, both, representative) in [
            ("2026-05-09", true, true, false),
            ("2026-05-10", true, false, true),
            ("2030-05-09", true, false, true),
            ("2030-05-10", false, false, false),
        ] {
            let born = "2014-05-10";
            assert_eq!(refused(born, day, Asker::Patient), patient, "{day}");
            assert_eq!(refused(born, day, Asker::Both), both, "{day}");
            assert_eq!(refused(born, day, Asker::Representative), representative, "{day}");
        }
    }

    #[test]
    fn who_was_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() {
        assert!(refused("2008-02-29", "2023-02-28", Asker::Patient));
        assert!(refused("2010-02-28", "2026-02-27", Asker::Patient));
        assert!(!refused("2010-02-28", "2026-02-28", Asker::Patient));
        assert!(refused("2012-02-29", "2028-02-28", Asker::Patient));
        assert!(!refused("2012-02-29", "2028-02-29", Asker::Patient));
        assert!(refused("2016-02-29", "2027-03-01", Asker::Both));
        assert!(!refused("2016-02-29", "2028-02-29", Asker::Both));
    }

    #[test]
    fn the_organisation_decides_by_itself_that_a_term_is_over_and_never_asks_as_a_patient() {
        let day = "2026-01-01".parse().unwrap();
        let own = Request { reason: Reason::TermEnded, by: Asker::Organisation, day };
        assert_eq!(own.not_by_who_may(None), None);
        let asked = Request { reason: Reason::PatientRequest, ..own };
        assert!(asked.not_by_who_may(None).is_some());
        assert_eq!(Request { by: Asker::Patient, ..asked }.not_by_who_may(None), None);
    }

    #[test]
    fn words_are_a_reason_of_their_own() {
        assert_eq!(Reason::of("patient-request"), Reason::PatientRequest);
        assert_eq!(Reason::of("the hospital closed"), Reason::Other);
    }
}
