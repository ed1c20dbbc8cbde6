//! [`Term`]: by what entries are found. What an entry says makes the rows of the index, and nothing else does.

use tlog::{EntryId, IndexKey};
use zorgsluis_domain::audit::{EventKind, Outcome};
use zorgsluis_domain::port::Keys;
use zorgsluis_domain::{AuditEntry, Pseudonym, Purpose};

use crate::content::{id_time, patient_pseudonym};

/// The index key of all entries, by time. Its number counts the schemes of keys: when the keys of an entry
/// change, it goes up, and rows under an older one tell that the index has to be made anew.
const ALL: &str = "all/2";

/// The key of all entries in the schemes before.
pub(crate) const OUTDATED: &str = "all";

/// Hexadecimal digits of a pseudonym in a key: 128 bits, so that no two terms ever meet.
const DIGITS: usize = 32;

/// How the key of the entries about a patient begins; the patient's pseudonym follows.
pub const PATIENT: &str = "patient:";

/// The key of the entries about a patient who is known by pseudonym.
pub(crate) fn patient_key(patient: &Pseudonym) -> String {
    format!("{PATIENT}{patient}")
}

/// By what entries are found.
///
/// Each is one row of the index for each entry that it fits. Values are never in the index, only pseudonyms of
/// them ([`Purpose::LogSearch`]): the number of an employee is personal data too, and what kind of event an
/// entry speaks of is nobody's business who cannot open it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Term {
    /// All entries.
    All,
    /// Those about a patient, `Patient/<id>`.
    Patient(String),
    /// Those in which somebody took part, or was responsible, by their user id.
    User(String),
    /// Those in which somebody took part, by their UZI number.
    Uzi(String),
    /// Those of a department's users, by the code that their organisation uses.
    Department(String),
    /// Those of a kind.
    Kind(EventKind),
    /// Those of the emergency procedure ([`AuditEntry::is_emergency`]).
    Emergency,
    /// Those with an outcome other than success: what was denied, refused, or failed.
    NotSucceeded,
    /// Those that another system reported.
    Reported,
}

impl Term {
    /// All terms by which an entry is found, each once.
    #[must_use]
    pub fn of(entry: &AuditEntry) -> Vec<Self> {
        let mut terms = vec![Self::All];
        let mut add = |term: Self| {
            if !terms.contains(&term) {
                terms.push(term);
            }
        };
        if let Some(patient) = &entry.patient {
            add(Self::Patient(patient.reference.clone()));
        }
        for user in &entry.users {
            add(Self::User(user.id.clone()));
            user.uzi.iter().for_each(|uzi| add(Self::Uzi(uzi.clone())));
            user.department.iter().for_each(|code| add(Self::Department(code.clone())));
        }
        if let Some(responsible) = &entry.responsible {
            add(Self::User(responsible.id.clone()));
        }
        add(Self::Kind(entry.event.kind));
        if entry.is_emergency() {
            add(Self::Emergency);
        }
        if entry.event.outcome != Outcome::Success {
            add(Self::NotSucceeded);
        }
        if entry.reported.is_some() {
            add(Self::Reported);
        }
        terms
    }

    /// Whether an entry is found by it.
    #[must_use]
    pub fn fits(&self, entry: &AuditEntry) -> bool {
        *self == Self::All || Self::of(entry).contains(self)
    }

    /// Its key in the index.
    pub(crate) fn key(&self, keys: &dyn Keys) -> String {
        let term = |what: &str, value: &str| {
            let mut digits =
                keys.pseudonym(Purpose::LogSearch, &[what.as_bytes(), value.as_bytes()]).to_string();
            digits.truncate(DIGITS);
            format!("term:{digits}")
        };
        match self {
            Self::All => ALL.to_owned(),
            Self::Patient(patient) => patient_key(&patient_pseudonym(keys, patient)),
            Self::User(id) => term("user", id),
            Self::Uzi(number) => term("uzi", number),
            Self::Department(code) => term("department", code),
            Self::Kind(kind) => term("kind", kind.name()),
            Self::Emergency => term("emergency", ""),
            Self::NotSucceeded => term("not-succeeded", ""),
            Self::Reported => term("reported", ""),
        }
    }
}

/// Under what an entry is found.
pub(crate) fn index_keys(keys: &dyn Keys, entry: &AuditEntry) -> Vec<IndexKey> {
    let at = entry.recorded.as_microsecond();
    Term::of(entry).iter().map(|term| IndexKey { key: term.key(keys), at }).collect()
}

/// Under what an erased entry is found: among all, at the time that its id states (UUIDv7, milliseconds).
pub(crate) fn erased_keys(id: EntryId) -> Vec<IndexKey> {
    vec![IndexKey { key: ALL.to_owned(), at: id_time(id) }]
}
