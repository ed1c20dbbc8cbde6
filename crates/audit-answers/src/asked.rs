//! [`Asked`]: what an answer is about, for its heading.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use zorgsluis_audit_writer::Term;

use crate::Language;
use crate::shown::dutch_time;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One person, by all their numbers: `Patient/<id>`, the present one first.
    Patient(Vec<String>),
    /// A user, by id.
    User(String),
    /// A user, by UZI number.
    Uzi(String),
    /// A department, by its code.
    Department(String),
    /// The emergency procedure.
    Emergency,
    /// What was denied, refused or failed.
    NotSucceeded,
}

impl Subject {
    /// By what the log is asked.
    #[must_use]
    pub fn terms(&self) -> Vec<Term> {
        match self {
            Self::Patient(numbers) => numbers.iter().cloned().map(Term::Patient).collect(),
            Self::User(id) => vec![Term::User(id.clone())],
            Self::Uzi(number) => vec![Term::Uzi(number.clone())],
            Self::Department(code) => vec![Term::Department(code.clone())],
            Self::Emergency => vec![Term::Emergency],
            Self::NotSucceeded => vec![Term::NotSucceeded],
        }
    }

    /// Whether it is a patient: then no column says whom each line is about.
    #[must_use]
    pub const fn is_patient(&self) -> bool {
        matches!(self, Self::Patient(_))
    }

    /// The heading of an answer about it.
    #[must_use]
    pub const fn title(&self, language: Language) -> &'static str {
        match self {
            Self::Patient(_) => language.history_title(),
            Self::User(_) | Self::Uzi(_) => language.user_title(),
            Self::Department(_) => language.department_title(),
            Self::Emergency => language.emergency_title(),
            Self::NotSucceeded => language.denied_title(),
        }
    }

    /// Whom or what it is about, if that has a name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Patient(numbers) => Some(numbers.join(", ")),
            Self::User(id) => Some(id.clone()),
            Self::Uzi(number) => Some(format!("UZI {number}")),
            Self::Department(code) => Some(code.clone()),
            Self::Emergency | Self::NotSucceeded => None,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Patient(_) => "patient",
            Self::User(_) => "user",
            Self::Uzi(_) => "uzi",
            Self::Department(_) => "department",
            Self::Emergency => "break-glass",
            Self::NotSucceeded => "denied",
        }
    }
}

/// What an answer is about, and how it is told.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is asked about.
    pub subject: Subject,
    /// Whose log it is.
    pub organisation: String,
    /// From this day on, in the Netherlands.
    pub from: Option<Date>,
    /// Through this day.
    pub to: Option<Date>,
    /// The newest first.
    pub newest_first: bool,
    /// Whether people are named.
    pub with_names: bool,
    /// In what language.
    pub language: Language,
    /// When the answer is made.
    pub made: Timestamp,
}

impl Asked {
    /// The period as instants: from the beginning of the first day to before the end of the last, in the
    /// Netherlands. `None`: there is no such time, or it ends before it begins.
    #[must_use]
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let start = |day: Date| day.to_zoned(dutch_time()).ok().map(|zoned| zoned.timestamp());
        let from = self.from.map_or(Some(Timestamp::UNIX_EPOCH), start)?;
        let to = match self.to {
            Some(day) => start(day.tomorrow().ok()?)?,
            None => Timestamp::MAX,
        };
        (from < to).then_some((from, to))
    }

    /// The period in words.
    #[must_use]
    pub fn period_in_words(&self) -> String {
        let language = self.language;
        let from = self.from.map(|day| format!("{} {day}", language.from()));
        let to = self.to.map(|day| format!("{} {day}", language.through()));
        match (from, to) {
            (None, None) => language.whole().to_owned(),
            (from, to) => from.into_iter().chain(to).collect::<Vec<_>>().join(" "),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "about": self.subject.code(),
            "name": self.subject.name(),
            "organisation": self.organisation,
            "from": self.from.map(|day| day.to_string()),
            "through": self.to.map(|day| day.to_string()),
            "newestFirst": self.newest_first,
            "withNames": self.with_names,
            "made": self.made.to_string(),
        })
    }
}
