//! [`Shown`]: an entry in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zorgsluis_domain::audit::Outcome;

use crate::Language;
use crate::row::{Person, Row, Told};
use crate::totals::Totals;

/// The zone of the times that people read.
#[must_use]
pub fn dutch_time() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC)
}

/// A moment as people in the Netherlands read it, with its zone: `2026-11-16 09:30:12 CET`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.to_zoned(dutch_time()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// An entry in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The log in which it stands.
    pub log: String,
    /// Its index in that log.
    pub index: u64,
    /// When, for machines: UTC.
    pub machine: String,
    /// When, for people.
    pub time: String,
    /// Whether it is erased; all but the time is empty then.
    pub erased: bool,
    /// The organisation.
    pub organisation: String,
    /// The department.
    pub department: String,
    /// The role.
    pub role: String,
    /// Who; empty without names.
    pub person: String,
    /// What was done.
    pub action: String,
    /// Of what kind the data were.
    pub data: String,
    /// Why.
    pub reason: String,
    /// By what protocols.
    pub protocol: String,
    /// The patient.
    pub patient: String,
    /// Whether by the emergency procedure.
    pub emergency: bool,
    /// What went wrong, if something did.
    pub outcome: String,
}

impl Shown {
    /// In the words of a language.
    #[must_use]
    pub fn of(row: &Row, language: Language) -> Self {
        let shown = Self {
            log: row.log.clone(),
            index: row.index,
            machine: row.recorded.to_string(),
            time: moment(row.recorded),
            erased: row.erased,
            ..Self::default()
        };
        match &row.told {
            Some(told) => shown.told(told, language),
            None => shown,
        }
    }

    fn told(self, told: &Told, language: Language) -> Self {
        let role = match told.roles.as_slice() {
            [] if told.system => format!("{} ({})", language.system(), told.reported_by),
            [] => language.not_stated().to_owned(),
            roles => list(roles.iter().map(|role| role_code(role).to_owned())),
        };
        let kind = language.kind(told.kind).to_owned();
        let action = match told.recipients.as_slice() {
            [] => kind,
            recipients => format!("{kind} ({} {})", language.given_to(), recipients.join(", ")),
        };
        let purposes = told.purposes.iter().map(|purpose| language.purpose(*purpose).to_owned());
        let why = told.reason.as_ref().map(|reason| language.reason_of(reason).into_owned());
        let reason = list(purposes.chain(why).chain(told.trigger.clone()));
        let named =
            |word: &str, value: &Option<String>| value.as_ref().map(|value| format!("{word}: {value}"));
        let protocols = [
            named(language.authorisation(), &told.authorisation_protocol),
            named(language.treatment(), &told.treatment_relationship_protocol),
            named(language.consent(), &told.consent_profile),
        ];
        let outcome = match (told.outcome, &told.outcome_reason) {
            (Outcome::Success, _) => String::new(),
            (_, Some(reason)) => format!("{}: {}", language.refused(), language.reason_of(reason)),
            (_, None) => language.refused().to_owned(),
        };
        Self {
            organisation: told.organisation.clone(),
            department: told.department.clone().unwrap_or_default(),
            role,
            person: list(told.users.iter().chain(&told.responsible).map(person)),
            action,
            data: list(told.data_categories.iter().map(|one| language.category(*one).to_owned())),
            reason,
            protocol: list(protocols.into_iter().flatten()),
            patient: told.patient.clone().unwrap_or_default(),
            emergency: told.emergency,
            outcome,
            ..self
        }
    }

    /// The emergency procedure and what went wrong, in one.
    #[must_use]
    pub fn flags(&self, language: Language) -> String {
        let emergency = self.emergency.then(|| language.emergency_short().to_owned());
        list(emergency.into_iter().chain([self.outcome.clone()]))
    }
}

/// The code of a role that is given as `system|code`.
pub(crate) fn role_code(role: &str) -> &str {
    role.rsplit('|').next().unwrap_or(role)
}

fn person(person: &Person) -> String {
    let uzi = person.uzi.as_ref().map(|uzi| format!("UZI {uzi}"));
    let agb = person.agb.as_ref().map(|agb| format!("AGB {agb}"));
    let known = list([Some(person.id.clone()), uzi, agb].into_iter().flatten());
    match &person.name {
        Some(name) => format!("{name} ({known})"),
        None => known,
    }
}

/// What is not empty, each once, with commas.
fn list(parts: impl IntoIterator<Item = String>) -> String {
    let mut there: Vec<String> = Vec::new();
    for part in parts {
        if !part.is_empty() && !there.contains(&part) {
            there.push(part);
        }
    }
    there.join(", ")
}

/// A table of totals: its heading, and what was counted how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What it counts by.
    pub heading: &'static str,
    /// What, and how often.
    pub rows: Vec<(String, u64)>,
}

/// Users that are named one by one in totals for people.
const USERS: usize = 20;

/// Totals in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InWords {
    /// Figures by themselves.
    pub figures: Vec<(&'static str, u64)>,
    /// What was counted by something.
    pub counted: Vec<Counted>,
}

impl InWords {
    /// In the words of a language.
    #[must_use]
    pub fn of(totals: &Totals, language: Language) -> Self {
        let users = u64::try_from(totals.user_count()).unwrap_or(u64::MAX);
        let mut figures = vec![
            (language.entries(), totals.entries),
            (language.users(), users),
            (language.emergencies(), totals.emergency),
            (language.not_succeeded(), totals.not_succeeded),
        ];
        if totals.erased > 0 {
            figures.push((language.erased_count(), totals.erased));
        }
        let roles = totals.roles.iter().map(|(role, count)| (role_code(role).to_owned(), *count));
        let user = |(label, count): (String, u64)| {
            let numbered = label.chars().all(|digit| digit.is_ascii_digit());
            (if numbered { format!("{} {label}", language.user()) } else { label }, count)
        };
        let mut by_user: Vec<_> = totals.users(USERS).into_iter().map(user).collect();
        let named: u64 = by_user.iter().map(|(_, count)| count).sum();
        if totals.user_count() > USERS {
            let all: u64 = totals.users(usize::MAX).iter().map(|(_, count)| count).sum();
            by_user.push((language.others().to_owned(), all.saturating_sub(named)));
        }
        let counted = [
            (language.by_organisation(), totals.organisations.clone().into_iter().collect()),
            (language.by_role(), roles.collect()),
            (
                language.by_sort(),
                totals
                    .actions
                    .iter()
                    .map(|(of, count)| (language.action_of(*of).to_owned(), *count))
                    .collect(),
            ),
            (
                language.by_action(),
                totals.kinds.iter().map(|(of, count)| (language.kind(*of).to_owned(), *count)).collect(),
            ),
            (
                language.by_category(),
                totals
                    .categories
                    .iter()
                    .map(|(of, count)| (language.category(*of).to_owned(), *count))
                    .collect(),
            ),
            (language.by_user(), by_user),
        ];
        let counted = counted.map(|(heading, rows): (_, Vec<_>)| Counted { heading, rows });
        Self { figures, counted: counted.into_iter().filter(|counted| !counted.rows.is_empty()).collect() }
    }
}
