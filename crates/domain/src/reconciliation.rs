//! What a comparison of the data plane with the log comes to: the same words, whatever the data plane is told by.

use jiff::Timestamp;

use crate::{EntryId, MessageId};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// Versions of resources in the FHIR store.
    Writes,
    /// What the FHIR store gave out to be shown.
    Reads,
    /// Notices and mails.
    Mails,
    /// Messages that came in, and dead letters.
    Messages,
    /// Providers and patients' wishes.
    Registers,
    /// The log's own entries about the system.
    Log,
}

impl Area {
    /// Those that have a ratio, in the order in which they are told.
    pub const COUNTED: [Self; 5] = [Self::Writes, Self::Reads, Self::Mails, Self::Messages, Self::Registers];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writes => "writes",
            Self::Reads => "reads",
            Self::Mails => "mails",
            Self::Messages => "messages",
            Self::Registers => "registers",
            Self::Log => "log",
        }
    }
}

/// Something that was found. Holds no PHI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In what.
    pub area: Area,
    /// What it is, in kebab-case: `write-without-entry`. `docs/reconciliation.md` lists them.
    pub kind: &'static str,
    /// Whether data plane and log differ; else it stands apart, for somebody to know.
    pub difference: bool,
    /// Where: `Observation/… version 3`, `notice …`.
    pub at: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The message that it is about.
    pub message: Option<MessageId>,
    /// The entry that it is about.
    pub entry: Option<EntryId>,
}

/// How many of something there were, by the stores or by the log, and of how many both tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// All.
    pub of: u64,
    /// In the stores and with their entry.
    pub have: u64,
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the order of [`Area::COUNTED`].
    pub ratios: [Ratio; 5],
    /// Differences, all in all.
    pub differences: u64,
}

impl Tally {
    /// All areas together.
    #[must_use]
    pub fn all(&self) -> Ratio {
        self.ratios.iter().fold(Ratio::default(), |sum, one| Ratio {
            of: sum.of.saturating_add(one.of),
            have: sum.have.saturating_add(one.have),
        })
    }
}
