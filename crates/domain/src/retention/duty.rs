//! The duties that keep data of one patient.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::request::{Asker, Reason, Request};
use super::{Term, dutch_day, term};
use crate::erasure::Hold;

/// A duty that runs: why data must not be destroyed now. Its `Display` is for the person who answers the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its name in reports, kebab-case.
    pub code: &'static str,
    /// The rule.
    pub law: String,
    /// From when it runs.
    pub from: Option<Date>,
    /// The last day of it; `None` when no day is known.
    pub until: Option<Date>,
    /// What it demands, in words without anything about the patient's care.
    pub words: String,
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.words)?;
        if let Some(from) = self.from {
            write!(f, "; it runs from {from}")?;
        }
        match (self.from, self.until) {
            (Some(_), Some(until)) => write!(f, " through {until}"),
            (None, Some(until)) => write!(f, "; it runs through {until}"),
            (_, None) => Ok(()),
        }
    }
}

fn of(term: &Term, from: Date) -> Duty {
    Duty {
        code: term.code,
        law: term.law.to_owned(),
        from: Some(from),
        until: Some(term.last_day(from)),
        words: format!("{} (counted from {})", term.words, term.from),
    }
}

/// The duty to keep lines of the log of which the newest was written at this moment. It runs whoever asks: BW 7:455
/// is about the dossier.
#[must_use]
pub fn log_lines(newest: Timestamp, day: Date) -> Option<Duty> {
    let (term, from) = (term(Term::LOG), dutch_day(newest));
    term.runs(from, day).then(|| of(&term, from))
}

/// What is known of a dossier when it is to be destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dossier {
    /// When it was changed last.
    pub last_change: Option<Timestamp>,
    /// Whether it holds records of involuntary care.
    pub involuntary_care: bool,
    /// When the patient was born.
    pub birth: Option<Date>,
}

/// The duties to keep a dossier.
#[must_use]
pub fn dossier(dossier: &Dossier, request: &Request) -> Vec<Duty> {
    let mut duties = Vec::new();
    duties.extend(asked_by_another(dossier.birth, request));
    if dossier.involuntary_care {
        let kept = term(Term::INVOLUNTARY_CARE);
        duties.push(Duty {
            code: kept.code,
            law: String::from("BW 7:455(2); Wzd art. 18a"),
            from: None,
            until: None,
            words: String::from(
                "the dossier holds records of involuntary care, which have a term of their own: destroy those first, \
                 as class wzd, when that is over",
            ),
        });
    }
    if request.reason != Reason::PatientRequest {
        let kept = term(Term::DOSSIER);
        let last = dossier.last_change.map(dutch_day);
        duties.extend(last.filter(|last| kept.runs(*last, request.day)).map(|last| of(&kept, last)));
    }
    duties
}

/// The duties to keep records of involuntary care that ended on `ended`, where that is known.
#[must_use]
pub fn involuntary_care(birth: Option<Date>, ended: Option<Date>, request: &Request) -> Vec<Duty> {
    let mut duties: Vec<Duty> = asked_by_another(birth, request).into_iter().collect();
    let asked = request.reason == Reason::PatientRequest;
    let kept = term(if asked { Term::INVOLUNTARY_CARE_REQUEST } else { Term::INVOLUNTARY_CARE });
    match ended {
        Some(ended) if kept.runs(ended, request.day) => duties.push(of(&kept, ended)),
        Some(_) => {}
        None => duties.push(Duty {
            code: kept.code,
            law: kept.law.to_owned(),
            from: None,
            until: None,
            words: format!("{}; the day on which that care ended is not known here: name it", kept.words),
        }),
    }
    duties
}

fn asked_by_another(birth: Option<Date>, request: &Request) -> Option<Duty> {
    let rule = request.not_by_who_may(birth)?;
    let words = match request.by {
        Asker::Organisation => "the request is the patient's: say who asks",
        Asker::Patient | Asker::Representative | Asker::Both => rule.words,
    };
    Some(Duty {
        code: "not-by-who-may-ask",
        law: rule.law.to_owned(),
        from: None,
        until: None,
        words: words.to_owned(),
    })
}

/// The duties that somebody declared.
#[must_use]
pub fn held(holds: &[Hold], day: Date) -> Vec<Duty> {
    let runs = |hold: &&Hold| hold.lifted.is_none() && hold.until.is_none_or(|until| day <= until);
    let duty = |hold: &Hold| Duty {
        code: hold.ground.code(),
        law: hold.ground.law().to_owned(),
        from: Some(dutch_day(hold.since)),
        until: hold.until,
        words: format!("{} (hold {}, reference {})", hold.ground.words(), hold.id, hold.reference),
    };
    holds.iter().filter(runs).map(duty).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(day: &str, reason: Reason, by: Asker) -> Request {
        Request { reason, by, day: day.parse().unwrap() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_line_of_the_log_is_kept_for_five_years_whoever_asks() {
        let written = at("2021-11-22T23:30:00Z");
        let duty = log_lines(written, "2026-11-23".parse().unwrap()).unwrap();
        assert_eq!(
            duty.to_string(),
            "Begz art. 5(2); Stcrt. 2019-38007: a line of the log is kept for at least five years, so that the \
             patient can be told who saw the data (counted from when the line was written); it runs from \
             2021-11-23 through 2026-11-23"
        );
        assert_eq!(log_lines(written, "2026-11-24".parse().unwrap()), None);
    }

    #[test]
    fn a_dossier_goes_at_the_patients_request_and_else_after_twenty_years() {
        let facts = Dossier { last_change: Some(at("2006-11-22T12:00:00Z")), ..Dossier::default() };
        assert_eq!(dossier(&facts, &on("2010-01-01", Reason::PatientRequest, Asker::Patient)), []);
        let early = dossier(&facts, &on("2026-11-22", Reason::TermEnded, Asker::Organisation));
        assert_eq!(early.iter().map(|duty| duty.code).collect::<Vec<_>>(), ["dossier"]);
        assert_eq!(dossier(&facts, &on("2026-11-23", Reason::TermEnded, Asker::Organisation)), []);
        // Words are no ground to destroy it early.
        assert_eq!(dossier(&facts, &on("2026-11-22", Reason::Other, Asker::Patient)).len(), 1);
    }

    #[test]
    fn involuntary_care_in_a_dossier_forbids_its_destruction_at_request() {
        let facts = Dossier { involuntary_care: true, ..Dossier::default() };
        let duties = dossier(&facts, &on("2026-11-22", Reason::PatientRequest, Asker::Patient));
        assert!(duties[0].law.contains("Wzd art. 18a"), "{duties:?}");
    }

    #[test]
    fn involuntary_care_is_kept_from_its_end_for_five_years_against_a_request_and_else_for_twenty() {
        let ended = Some("2020-02-29".parse().unwrap());
        let asked =
            |day| involuntary_care(None, ended, &on(day, Reason::PatientRequest, Asker::Patient)).len();
        assert_eq!((asked("2025-02-28"), asked("2025-03-01")), (1, 0));
        let over =
            |day| involuntary_care(None, ended, &on(day, Reason::TermEnded, Asker::Organisation)).len();
        assert_eq!((over("2040-02-29"), over("2040-03-01")), (1, 0));
        let unknown = involuntary_care(None, None, &on("2060-01-01", Reason::TermEnded, Asker::Organisation));
        assert!(unknown[0].words.contains("not known"), "{unknown:?}");
    }

    #[test]
    fn parents_alone_cannot_have_the_dossier_of_a_fourteen_year_old_destroyed() {
        let facts = Dossier { birth: Some("2012-05-10".parse().unwrap()), ..Dossier::default() };
        let duties = dossier(&facts, &on("2026-11-22", Reason::PatientRequest, Asker::Representative));
        assert_eq!(duties.iter().map(|duty| duty.code).collect::<Vec<_>>(), ["not-by-who-may-ask"]);
        assert_eq!(dossier(&facts, &on("2026-11-22", Reason::PatientRequest, Asker::Both)), []);
    }
}
