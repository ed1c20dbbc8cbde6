//! What stands in the FHIR store of the patient and the event: what a letter tells, and nothing more.

mod json;
mod read;
mod result;

use std::fmt;

use zorgsluis_domain::port::ResourceKey;

pub(crate) use read::read;

/// What a letter tells. PHI.
#[derive(Default)]
pub(crate) struct Dossier {
    pub(crate) name: Option<String>,
    /// A FHIR date.
    pub(crate) birth_date: Option<String>,
    /// A FHIR administrative gender.
    pub(crate) sex: Option<String>,
    /// The numbers that the hospital gave; never a BSN.
    pub(crate) numbers: Vec<String>,
    pub(crate) visit: Visit,
    pub(crate) conditions: List<Statement>,
    pub(crate) medicines: List<Statement>,
    pub(crate) reports: List<Report>,
    /// Every resource that was read for it, with its version.
    pub(crate) read: Vec<(ResourceKey, u64)>,
}

impl fmt::Debug for Dossier {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dossier").field("read", &self.read.len()).finish_non_exhaustive()
    }
}

/// The visit.
#[derive(Default)]
pub(crate) struct Visit {
    pub(crate) ward: Option<String>,
    pub(crate) attending: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
}

/// A list of which not more than a letter can bear is kept.
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    /// Whether there is more than this.
    pub(crate) more: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: false }
    }
}

/// How sure a condition or medicine is, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// A person said so.
    Stated,
    /// A person supposes it.
    Supposed,
    /// Software read it from a note.
    ReadBySoftware,
}

/// A condition or medicine.
pub(crate) struct Statement {
    pub(crate) text: String,
    /// System and code of each coding.
    pub(crate) codes: Vec<(String, String)>,
    /// Whether it says how much of a medicine.
    pub(crate) dosed: bool,
    pub(crate) certainty: Certainty,
}

impl Statement {
    /// Whether a letter that lists the one need not list the other: one code, or the same words. What people
    /// stated in other words of one code (left, right) stands beside each other, and so do dosages.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let one_code = self.codes.iter().any(|code| other.codes.contains(code));
        let by_person = self.certainty != Certainty::ReadBySoftware;
        let apart = self.certainty == other.certainty && (by_person || self.dosed && other.dosed);
        (one_code && !apart) || self.text.to_lowercase() == other.text.to_lowercase()
    }
}

/// The report of a result.
pub(crate) struct Report {
    pub(crate) name: String,
    /// A FHIR dateTime.
    pub(crate) at: Option<String>,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) observations: List<Observed>,
}

/// One result.
pub(crate) struct Observed {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) range: Option<String>,
    /// Codes of v3-ObservationInterpretation or others, as they stand.
    pub(crate) flags: Vec<String>,
    pub(crate) status: String,
}
