//! What the gateway asks of whoever tells providers.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;
use zorgsluis_domain::notice::NoticeId;
use zorgsluis_domain::port::ResourceKey;
use zorgsluis_domain::{Phi, PortError};

/// The letters of notices, and the FHIR Communications about them.
#[async_trait]
pub trait Letters: Send + Sync {
    /// What a notice says, as the store has it now. The gateway writes who reads it into the log before it
    /// shows anything.
    ///
    /// # Errors
    ///
    /// What will not pass (no order to notify stands beside the message any more) is an error that
    /// [`PortError::is_transient`] denies.
    async fn letter(&self, notice: NoticeId) -> Result<Content, PortError>;

    /// Brings the Communication of a notice in line with the register. Doing it again changes nothing.
    async fn follow(&self, notice: NoticeId) -> Result<(), PortError>;
}

/// What the page of a notice may show.
#[derive(Debug)]
pub enum Content {
    /// A letter.
    Letter(ReadLetter),
    /// Nothing, by a wish or rule that holds now.
    Withheld {
        /// About whom it would be.
        patient: Uuid,
        /// `dropped`, `patient-opted-out`, `provider-inactive` or `provider-opted-out`.
        why: &'static str,
    },
}

/// A letter, and what was read for it.
#[derive(Debug)]
pub struct ReadLetter {
    /// About whom it is.
    pub patient: Uuid,
    /// Each resource that was read, with its version.
    pub read: Vec<(ResourceKey, u64)>,
    /// What it says.
    pub letter: Phi<Letter>,
}

/// What a letter says. PHI.
pub struct Letter {
    /// BCP 47: the provider's language.
    pub language: &'static str,
    /// From whom, of what event.
    pub title: String,
    /// For whom, and what happened in a sentence.
    pub opening: Vec<String>,
    /// Headings, with what stands below them.
    pub sections: Vec<Section>,
}

/// Lines under a heading, each with a remark of how it must be taken. PHI.
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The lines.
    pub lines: Vec<(String, Option<String>)>,
}

impl fmt::Debug for Letter {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("sections", &self.sections.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Section {
    /// The shape only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("lines", &self.lines.len()).finish_non_exhaustive()
    }
}
