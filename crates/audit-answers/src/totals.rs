//! [`Totals`]: an answer in numbers, over the whole period.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use zorgsluis_domain::audit::{Action, DataCategory, EventKind, Outcome};

use crate::row::{Row, Told};

/// Days of users that are kept: those on which the most different patients were seen.
const BUSIEST: usize = 20;

/// An answer in numbers, over the whole period and not over one page. They are counted while the entries go by,
/// so that nothing is read twice; what is kept grows with the number of users, not of entries.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Entries.
    pub entries: u64,
    /// Of these, entries that are erased.
    pub erased: u64,
    /// Of these, uses of the emergency procedure.
    pub emergency: u64,
    /// Of these, with an outcome other than success.
    pub not_succeeded: u64,
    /// By the organisation of who asked.
    pub organisations: BTreeMap<String, u64>,
    /// By role, `system|code`.
    pub roles: BTreeMap<String, u64>,
    /// By kind of event.
    pub kinds: Vec<(EventKind, u64)>,
    /// By action.
    pub actions: Vec<(Action, u64)>,
    /// By category of data; an entry may be of several.
    pub categories: BTreeMap<DataCategory, u64>,
    with_names: bool,
    zone: TimeZone,
    /// User ids, each with its number in the order of appearance and its entries.
    users: HashMap<String, (usize, u64)>,
    today: Option<Date>,
    /// Of each user, hashes of the patients of today.
    seen: HashMap<String, (HashSet<u64>, u64)>,
    busiest: Vec<Day>,
}

/// What a user did on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day, in the Netherlands.
    pub day: Date,
    /// Who: a user id, or a number that stands for it in this answer only.
    pub user: String,
    /// Different patients.
    pub patients: u64,
    /// Entries.
    pub entries: u64,
}

impl Totals {
    /// Nothing counted yet. Users are told by id only `with_names`; a day is one of `zone`.
    #[must_use]
    pub fn new(with_names: bool, zone: TimeZone) -> Self {
        Self {
            entries: 0,
            erased: 0,
            emergency: 0,
            not_succeeded: 0,
            organisations: BTreeMap::new(),
            roles: BTreeMap::new(),
            kinds: Vec::new(),
            actions: Vec::new(),
            categories: BTreeMap::new(),
            with_names,
            zone,
            users: HashMap::new(),
            today: None,
            seen: HashMap::new(),
            busiest: Vec::new(),
        }
    }

    /// Counts an entry. They come in the order of time, either way.
    pub fn add(&mut self, row: &Row) {
        self.entries += 1;
        let Some(told) = &row.told else {
            self.erased += 1;
            return;
        };
        self.emergency += u64::from(told.emergency);
        self.not_succeeded += u64::from(told.outcome != Outcome::Success);
        one_more(self.organisations.entry(told.organisation.clone()).or_default());
        for role in &told.roles {
            one_more(self.roles.entry(role.clone()).or_default());
        }
        count(&mut self.kinds, told.kind);
        count(&mut self.actions, told.action);
        for category in &told.data_categories {
            one_more(self.categories.entry(*category).or_default());
        }
        let day = row.recorded.to_zoned(self.zone.clone()).date();
        if self.today != Some(day) {
            self.end_day();
            self.today = Some(day);
        }
        self.add_users(told);
    }

    fn add_users(&mut self, told: &Told) {
        for user in &told.counted {
            let next = self.users.len() + 1;
            let (_, entries) = self.users.entry(user.clone()).or_insert((next, 0));
            one_more(entries);
            let (patients, entries) = self.seen.entry(user.clone()).or_default();
            one_more(entries);
            if let Some(patient) = &told.patient {
                let mut hasher = DefaultHasher::new();
                patient.hash(&mut hasher);
                patients.insert(hasher.finish());
            }
        }
    }

    fn end_day(&mut self) {
        let Some(day) = self.today else { return };
        for (user, (patients, entries)) in std::mem::take(&mut self.seen) {
            let patients = u64::try_from(patients.len()).unwrap_or(u64::MAX);
            if patients > 0 {
                let user = self.label(&user);
                self.busiest.push(Day { day, user, patients, entries });
            }
        }
        self.busiest.sort_by(|one, other| {
            (other.patients, one.day, &one.user).cmp(&(one.patients, other.day, &other.user))
        });
        self.busiest.truncate(BUSIEST);
    }

    /// All is counted.
    pub fn finish(&mut self) {
        self.end_day();
        self.today = None;
        self.kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), kind.name()));
    }

    /// How a user is called: by id, or by a number of this answer.
    fn label(&self, user: &str) -> String {
        if self.with_names {
            return user.to_owned();
        }
        self.users.get(user).map(|(number, _)| number.to_string()).unwrap_or_default()
    }

    /// How many different users.
    #[must_use]
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The users with the most entries, at most so many, and their entries.
    #[must_use]
    pub fn users(&self, limit: usize) -> Vec<(String, u64)> {
        let mut users: Vec<_> = self.users.iter().collect();
        users.sort_by_key(|(_, (number, count))| (std::cmp::Reverse(*count), *number));
        users.into_iter().take(limit).map(|(user, (_, count))| (self.label(user), *count)).collect()
    }

    /// The days on which a user saw the most different patients: a sign of curiosity, which a person judges.
    #[must_use]
    pub fn busiest(&self) -> &[Day] {
        &self.busiest
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let users = self.users(usize::MAX);
        let days = self.busiest.iter().map(|day| {
            json!({ "day": day.day.to_string(), "user": day.user, "patients": day.patients,
                "entries": day.entries })
        });
        json!({
            "entries": self.entries,
            "erased": self.erased,
            "emergency": self.emergency,
            "notSucceeded": self.not_succeeded,
            "byOrganisation": self.organisations,
            "byRole": self.roles,
            "byKind": by(self.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), *count))),
            "byAction": by(self.actions.iter().map(|(action, count)| (code(action), *count))),
            "byCategory": by(self.categories.iter().map(|(category, count)| (code(category), *count))),
            "users": self.user_count(),
            "byUser": by(users.into_iter()),
            "mostPatientsInADay": days.collect::<Vec<_>>(),
        })
    }
}

fn one_more(count: &mut u64) {
    *count = count.saturating_add(1);
}

fn count<T: PartialEq>(counts: &mut Vec<(T, u64)>, of: T) {
    match counts.iter_mut().find(|(counted, _)| *counted == of) {
        Some((_, count)) => one_more(count),
        None => counts.push((of, 1)),
    }
}

fn by(counts: impl Iterator<Item = (String, u64)>) -> Value {
    Value::Object(counts.map(|(name, count)| (name, count.into())).collect())
}

/// The code under which entries hold a value.
pub(crate) fn code(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(code)) => code,
        _ => String::new(),
    }
}
