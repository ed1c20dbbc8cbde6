//! What an entry of each kind cannot leave out, for entries that were not made by a constructor of its own.

use super::{AuditEntry, EventKind, Outcome, User};

/// What an entry lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Incomplete {
    /// Nobody is named, or somebody without an id.
    #[error("it does not say who did it")]
    NoUser,
    /// The organisation or the part of the system that reports is not named.
    #[error("it does not say who reports it")]
    NoSource,
    /// The id is no UUID of version 7.
    #[error("its id is not a UUID of version 7")]
    Id,
    /// A reason is missing: of a denial, a refusal, an emergency, an erasure, a direct access.
    #[error("it does not say why")]
    NoReason,
    /// A disclosure without a recipient.
    #[error("it does not say to whom data went")]
    NoRecipient,
    /// Nothing is named as touched, and that kind must name it.
    #[error("it does not say what was touched")]
    NoObject,
    /// No patient is named, and that kind must name one.
    #[error("it does not say which patient it is about")]
    NoPatient,
    /// The emergency procedure without the emergency flag.
    #[error("the emergency flag is not set")]
    NoEmergency,
}

impl AuditEntry {
    /// Whether it has what every entry, and an entry of its kind, must have (NEN 7513 ch. 6).
    ///
    /// # Errors
    ///
    /// The first thing that is missing.
    pub fn check(&self) -> Result<(), Incomplete> {
        let blank = |text: &str| text.trim().is_empty();
        let no_reason = |text: &Option<String>| text.as_deref().is_none_or(blank);
        let source = &self.source;
        if self.id.0.get_version_num() != 7 {
            return Err(Incomplete::Id);
        }
        if self.users.is_empty() || self.users.iter().any(|user| blank(&user.id)) {
            return Err(Incomplete::NoUser);
        }
        if blank(&source.enterprise_site_id) || blank(&source.source_id) {
            return Err(Incomplete::NoSource);
        }
        let failed = self.event.outcome != Outcome::Success;
        if failed && no_reason(&self.event.outcome_reason) {
            return Err(Incomplete::NoReason);
        }
        match self.event.kind {
            EventKind::AccessDenied | EventKind::Refusal if no_reason(&self.event.outcome_reason) => {
                Err(Incomplete::NoReason)
            }
            EventKind::BreakGlass | EventKind::Erasure | EventKind::DirectAccess
                if no_reason(&self.event.reason) =>
            {
                Err(Incomplete::NoReason)
            }
            EventKind::BreakGlass if self.patient.is_none() => Err(Incomplete::NoPatient),
            EventKind::BreakGlass if !self.legal_basis.emergency => Err(Incomplete::NoEmergency),
            EventKind::Disclosure if !self.users.iter().any(receives) => Err(Incomplete::NoRecipient),
            EventKind::Disclosure
            | EventKind::Erasure
            | EventKind::DirectAccess
            | EventKind::Export
            | EventKind::Print
            | EventKind::ResourceSearch
                if self.objects.is_empty() =>
            {
                Err(Incomplete::NoObject)
            }
            _ => Ok(()),
        }
    }
}

const fn receives(user: &User) -> bool {
    !user.requestor
}
