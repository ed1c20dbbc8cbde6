//! Destroying data for good: what remains to say that it was done, and what somebody declared to forbid it.

pub mod about;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::port::DataClass;
use crate::retention::Reason;
use crate::{EntryId, Pseudonym};

/// What remains of data that were destroyed: enough to destroy them again when a backup brings them back, and
/// nothing that tells who the patient is. It stands in the log and in a file that is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// Version of this shape, 1.
    pub v: u8,
    /// Its id.
    pub id: Uuid,
    /// When it was decided.
    pub at: Timestamp,
    /// What was destroyed.
    pub class: DataClass,
    /// On what ground.
    pub reason: Reason,
    /// The patient's FHIR ids (made from pseudonyms), retired ones included; none where only the log knew them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<Uuid>,
    /// Owners of keys that protect data of this patient and of nobody else, by pseudonym of
    /// [`crate::Purpose::KeyOwner`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Pseudonym>,
    /// Keys of other owners that protected nothing but messages of this patient, by their ids (drawn at random).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Uuid>,
    /// Messages of which a person said that they are this patient's, where it could not be told from what is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Uuid>,
    /// Lines of the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ErasedLines>,
}

/// Years of a patient's lines in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedLines {
    /// The patient, by pseudonym of [`crate::Purpose::AuditLog`].
    pub patient: Pseudonym,
    /// Calendar years (UTC).
    pub years: Vec<i16>,
}

impl Tombstone {
    /// The id of the entry that says so in the log: the same however often it is written.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        EntryId::derived(self.at, &format!("erasure {}", self.id))
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line; `None` unless it is one of this version.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str::<Self>(line).ok().filter(|tombstone| tombstone.v == 1)
    }
}

/// Adds all numbers that were destroyed together with one of these: who was merged, erased, known anew and erased
/// again is one person all the way. Dossiers are erased with their merges, while lines of the log stay.
pub fn with_erased_numbers(tombstones: &[Tombstone], patients: &mut Vec<Uuid>) {
    let mut known: BTreeSet<Uuid> = patients.iter().copied().collect();
    loop {
        let before = patients.len();
        for tombstone in tombstones {
            if tombstone.patients.iter().any(|id| known.contains(id)) {
                patients.extend(tombstone.patients.iter().copied().filter(|id| known.insert(*id)));
            }
        }
        if patients.len() == before {
            return;
        }
    }
}

/// Why data are held that a patient wants destroyed, or whose term is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldGround {
    /// Keeping them is of considerable interest to another than the patient.
    AnothersInterest,
    /// A claim, a complaint or proceedings.
    Claim,
    /// Another law demands it.
    Law,
}

impl HoldGround {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AnothersInterest, Self::Claim, Self::Law];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AnothersInterest => "anothers-interest",
            Self::Claim => "claim",
            Self::Law => "law",
        }
    }

    /// The rule behind it.
    #[must_use]
    pub const fn law(self) -> &'static str {
        match self {
            Self::AnothersInterest | Self::Law => "BW 7:455(2)",
            Self::Claim => "BW 7:455(2); GDPR art. 17(3)(e)",
        }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::AnothersInterest => {
                "keeping the data is of considerable interest to another than the patient"
            }
            Self::Claim => "the data are needed for a claim, a complaint or proceedings",
            Self::Law => "another law demands that the data are kept",
        }
    }
}

impl FromStr for HoldGround {
    type Err = UnknownGround;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|ground| ground.code() == text).ok_or(UnknownGround)
    }
}

/// No such ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownGround;

impl fmt::Display for UnknownGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of anothers-interest, claim, law")
    }
}

impl std::error::Error for UnknownGround {}

/// Somebody's declaration that data of a patient must stay. Holds no PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: Uuid,
    /// The patient.
    pub patient: Uuid,
    /// What is held; `None` is everything.
    pub class: Option<DataClass>,
    /// Why.
    pub ground: HoldGround,
    /// Where more is written down: the number of a case. No PHI.
    pub reference: String,
    /// Since when.
    pub since: Timestamp,
    /// Its last day; `None`: until it is lifted.
    pub until: Option<Date>,
    /// When it was lifted.
    pub lifted: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_reads_what_it_wrote_and_nothing_of_a_later_version() {
        let tombstone = Tombstone {
            v: 1,
            id: Uuid::from_u128(7),
            at: "2026-11-22T22:00:00Z".parse().unwrap(),
            class: DataClass::Log,
            reason: Reason::TermEnded,
            patients: Vec::new(),
            owners: Vec::new(),
            keys: Vec::new(),
            messages: Vec::new(),
            lines: vec![ErasedLines { patient: Pseudonym::from_bytes([0xa7; 32]), years: vec![2019, 2020] }],
        };
        let line = tombstone.to_line();
        assert_eq!(Tombstone::parse(&line), Some(tombstone.clone()));
        assert_eq!(Tombstone::parse(&line.replace(r#""v":1"#, r#""v":2"#)), None);
        assert_eq!(Tombstone::parse("{"), None);
        assert_eq!(tombstone.entry(), tombstone.clone().entry());
    }

    #[test]
    fn who_was_merged_and_erased_twice_is_one_person_in_whatever_order_it_is_told() {
        let of = |patients: [u128; 2]| Tombstone {
            v: 1,
            id: Uuid::from_u128(patients[0]),
            at: Timestamp::UNIX_EPOCH,
            class: DataClass::Dossier,
            reason: Reason::PatientRequest,
            patients: patients.map(Uuid::from_u128).into(),
            owners: Vec::new(),
            keys: Vec::new(),
            messages: Vec::new(),
            lines: Vec::new(),
        };
        let tombstones = [of([2, 1]), of([8, 9]), of([3, 2]), of([4, 3])];
        let mut patients = vec![Uuid::from_u128(4)];
        with_erased_numbers(&tombstones, &mut patients);
        patients.sort_unstable();
        assert_eq!(patients, [1, 2, 3, 4].map(Uuid::from_u128));
    }
}
