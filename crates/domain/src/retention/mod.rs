//! How long data must be kept, and from when they may be destroyed.
//!
//! The terms stand in one table, [`TERMS`], each with its source. A term runs from an event, never from when something
//! was stored by chance, and in whole days of the Dutch calendar: what must be kept for five years from 10 March 2021
//! is kept through 10 March 2026 and may go on the 11th.
//!
//! ```
//! use zorgsluis_domain::retention::{Term, term};
//!
//! let log = term(Term::LOG);
//! let last = log.last_day("2021-03-10".parse()?);
//! assert_eq!(last, "2026-03-10".parse()?);
//! # Ok::<(), jiff::Error>(())
//! ```

mod duty;
mod request;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

pub use duty::{Dossier, Duty, dossier, held, involuntary_care, log_lines};
pub use request::{AGES, Ages, Asker, Reason, Request};

use crate::port::DataClass;

/// For how long data of a class are kept, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its name in reports, kebab-case.
    pub code: &'static str,
    /// The data.
    pub class: DataClass,
    /// Years.
    pub years: i16,
    /// From when they count.
    pub from: &'static str,
    /// The rule.
    pub law: &'static str,
    /// What it demands, for who has to explain it to a patient.
    pub words: &'static str,
}

impl Term {
    /// [`Term::code`] of the least time for a line of the log.
    pub const LOG: &'static str = "log";
    /// That of a dossier.
    pub const DOSSIER: &'static str = "dossier";
    /// That of records of involuntary care.
    pub const INVOLUNTARY_CARE: &'static str = "involuntary-care";
    /// The time after which a client may ask for their destruction.
    pub const INVOLUNTARY_CARE_REQUEST: &'static str = "involuntary-care-request";

    /// The last day on which the data must be kept, when the term began on `start`. What began on 29 February ends
    /// on 28 February of a year without a 29th.
    #[must_use]
    pub fn last_day(&self, start: Date) -> Date {
        start.saturating_add(Span::new().years(self.years))
    }

    /// Whether data whose term began on `start` must still be kept on `day`.
    #[must_use]
    pub fn runs(&self, start: Date, day: Date) -> bool {
        day <= self.last_day(start)
    }
}

/// All terms. `docs/erasure.md` shows the same table, and a test compares them.
pub const TERMS: &[Term] = &[
    Term {
        code: Term::LOG,
        class: DataClass::Log,
        years: 5,
        from: "when the line was written",
        law: "Begz art. 5(2); Stcrt. 2019-38007",
        words: "a line of the log is kept for at least five years, so that the patient can be told who saw the data",
    },
    Term {
        code: Term::DOSSIER,
        class: DataClass::Dossier,
        years: 20,
        from: "the last change of the dossier",
        law: "BW 7:454(3)",
        words: "a dossier is kept for twenty years, unless the patient asks for its destruction (BW 7:455(1))",
    },
    Term {
        code: Term::INVOLUNTARY_CARE,
        class: DataClass::Wzd,
        years: 20,
        from: "the end of the involuntary care",
        law: "Wzd art. 18a(1)",
        words: "records of involuntary care are kept for the term of a dossier, from the end of that care",
    },
    Term {
        code: Term::INVOLUNTARY_CARE_REQUEST,
        class: DataClass::Wzd,
        years: 5,
        from: "the end of the involuntary care",
        law: "Wzd art. 18a(5)",
        words: "a client may ask for the destruction of records of involuntary care from five years after its end",
    },
];

/// A term by its code; the longest there is for a code that nobody knows, so that nothing goes too early.
#[must_use]
pub fn term(code: &str) -> Term {
    let unknown = Term {
        code: "unknown",
        class: DataClass::Dossier,
        years: 9998,
        from: "the beginning",
        law: "no term of this name",
        words: "nothing is known of this term, so the data are kept",
    };
    TERMS.iter().find(|term| term.code == code).copied().unwrap_or(unknown)
}

/// The day of a moment in the Netherlands: terms count in days there.
#[must_use]
pub fn dutch_day(at: Timestamp) -> Date {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_term_runs_through_its_last_day_and_no_longer() {
        let log = term(Term::LOG);
        let start = day("2021-03-10");
        assert!(log.runs(start, day("2026-03-10")));
        assert!(!log.runs(start, day("2026-03-11")));
        let dossier = term(Term::DOSSIER);
        assert!(dossier.runs(start, day("2041-03-10")));
        assert!(!dossier.runs(start, day("2041-03-11")));
    }

    #[test]
    fn a_term_from_a_leap_day_is_whole_years_long() {
        let log = term(Term::LOG);
        assert_eq!(log.last_day(day("2020-02-29")), day("2025-02-28"));
        assert!(!log.runs(day("2020-02-29"), day("2025-03-01")));
        assert_eq!(term(Term::DOSSIER).last_day(day("2004-02-29")), day("2024-02-29"));
        // Begun the day before: not longer than that of the leap day itself.
        assert_eq!(log.last_day(day("2020-02-28")), day("2025-02-28"));
    }

    #[test]
    fn days_are_those_of_the_netherlands() {
        assert_eq!(dutch_day("2025-12-31T22:59:59Z".parse().unwrap()), day("2025-12-31"));
        assert_eq!(dutch_day("2025-12-31T23:00:00Z".parse().unwrap()), day("2026-01-01"));
        assert_eq!(dutch_day("2026-06-30T22:00:00Z".parse().unwrap()), day("2026-07-01"));
    }

    #[test]
    fn each_term_has_a_code_of_its_own_and_an_unknown_one_never_ends() {
        let codes: std::collections::BTreeSet<_> = TERMS.iter().map(|term| term.code).collect();
        assert_eq!(codes.len(), TERMS.len());
        assert!(term("no-such-term").runs(day("1900-01-01"), day("9999-12-31")));
    }
}
