//! From what a message asserts to what stands in the store.
//!
//! In HL7 v2 an empty field means *unchanged* and `""` means *delete*; messages come late, twice, and in
//! another order than they were sent. So nothing is ever put blindly over what stands.
//!
//! # Words
//!
//! * **register**: the smallest thing that a message asserts or deletes as a whole: an element of a
//!   resource, or a part of one by the table in `docs/decisions/apply.md`.
//! * **stamp**: who asserted it and when. Of two assertions the one with the greater stamp stays: what a
//!   registration says counts for more than a mention, then the later counts. Taking the greater is
//!   commutative, associative and idempotent, so **any order of arrival of the same messages ends in the
//!   same state, and a second delivery changes nothing**. Stamps stand in `meta.extension`.
//! * **whole**: results and documents are asserted as a whole; a settled one beats one that is not.
//! * **list**: AL1, DG1, IN1 and NK1 replace what that sender listed before; what is left out becomes
//!   inactive, and is never deleted.
//! * **merger** (A40): the obsolete patient becomes a stub with a link to the surviving one, which takes
//!   over what it did not have. Whatever referred to the old one refers to the new one afterwards, and
//!   later messages about the old number follow the link.
//!
//! # How
//!
//! Read what stands, make a plan, record it in the audit log, write it in a transaction that holds to
//! what was read; again when somebody else was faster. A crash at any point leaves a state from which a
//! second delivery goes on.
//!
//! ```
//! # async fn example(
//! #     store: std::sync::Arc<dyn zorgsluis_domain::port::FhirStore>,
//! #     index: std::sync::Arc<dyn zorgsluis_domain::port::PatientIndex>,
//! #     keys: std::sync::Arc<dyn zorgsluis_domain::port::Keys>,
//! #     audit: std::sync::Arc<dyn zorgsluis_domain::port::AuditSink>,
//! #     clock: std::sync::Arc<dyn zorgsluis_domain::Clock>,
//! #     conversion: &zorgsluis_converter::Conversion<'_>,
//! #     delivery: zorgsluis_converter::apply::Delivery,
//! # ) -> Result<(), zorgsluis_converter::apply::ApplyError> {
//! use zorgsluis_converter::apply::Apply;
//!
//! let apply = Apply::new(store, index, keys, audit, clock, "Ziekenhuis De Linde");
//! let applied = apply.apply(conversion, &delivery).await?;
//! for effect in &applied.effects {
//!     assert!(effect.resource.contains('/'));
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
mod algebra;
mod assertion;
mod draft;
mod handover;
mod identity;
mod merged;
mod plan;
mod read;
mod record;
mod rule;
mod run;
mod snapshot;
mod stamp;
mod state;
mod trail;
mod visit;
mod whole;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::audit::Source;
use zorgsluis_domain::port::{AuditSink, FhirStore, Keys, PatientIndex};
use zorgsluis_domain::{Clock, EntryId, MessageId, PortError, StepEffect};

pub use identity::IdentifierConflict;
pub(crate) use rule::in_parts;

use crate::conversion::Conversion;
use assertion::Assertions;

/// Brings conversions into a store.
#[derive(Clone)]
pub struct Apply {
    store: Arc<dyn FhirStore>,
    index: Arc<dyn PatientIndex>,
    keys: Arc<dyn Keys>,
    audit: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    source: Source,
}

/// Which message is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, made from its content: decides between messages of the same moment.
    pub message: MessageId,
    /// When it was received. The same in every delivery.
    pub received: Timestamp,
    /// W3C traceparent of the request that brought it.
    pub traceparent: Option<String>,
    /// The name that its sender has proved by a client certificate: the user in audit entries.
    pub authenticated: Option<String>,
    /// The network address from which it came, for audit entries.
    pub peer: Option<IpAddr>,
}

/// What a message did. Holds no PHI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Resource by resource.
    pub effects: Vec<StepEffect>,
    /// Identifiers that belong to somebody else.
    pub conflicts: Vec<IdentifierConflict>,
    /// The entries that were recorded.
    pub entries: Vec<EntryId>,
    /// The patients that the message is about, by the ids under which they are known now.
    pub patients: Vec<Uuid>,
}

/// Why a message was not applied. Safe to log.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Others kept writing the same resources: try again later.
    #[error("others kept writing the same resources")]
    Contended,
    /// It can never be applied as it stands.
    #[error("{text} ({code})")]
    Refused {
        /// Kebab-case reason.
        code: &'static str,
        /// The reason in words.
        text: &'static str,
    },
    /// A resource of the Bundle is no JSON object: a fault in this software.
    #[error("a converted resource is no JSON object")]
    NotJson,
}

impl Apply {
    /// Takes the ports, and the organisation that stands in audit entries as the site.
    pub fn new(
        store: Arc<dyn FhirStore>,
        index: Arc<dyn PatientIndex>,
        keys: Arc<dyn Keys>,
        audit: Arc<dyn AuditSink>,
        clock: Arc<dyn Clock>,
        organisation: &str,
    ) -> Self {
        let source = Source {
            enterprise_site_id: organisation.to_owned(),
            source_id: String::from("zorgsluis/converter"),
            source_type: 4,
        };
        Self { store, index, keys, audit, clock, source }
    }

    /// Who reports, in audit entries.
    pub(crate) const fn source(&self) -> &Source {
        &self.source
    }

    /// Applies a conversion. Doing it again changes nothing, and completes what a crash left undone.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Contended`] and transient [`ApplyError::Port`]: again later. Anything else never
    /// succeeds.
    pub fn apply<'s>(
        &'s self,
        conversion: &Conversion<'_>,
        delivery: &'s Delivery,
    ) -> impl Future<Output = Result<Applied, ApplyError>> + Send + use<'s> {
        let prepared = Prepared::new(conversion, delivery);
        async move { self.apply_prepared(&prepared?, delivery).await }
    }

    /// Applies what was taken out of a conversion.
    ///
    /// # Errors
    ///
    /// As [`Apply::apply`].
    pub async fn apply_prepared(&self, said: &Prepared, delivery: &Delivery) -> Result<Applied, ApplyError> {
        self.carry_out(&said.0, delivery).await
    }
}

/// What a conversion asserts, apart from the bytes of its message. Holds PHI.
pub struct Prepared(Assertions);

impl Prepared {
    /// Takes it out of a conversion.
    ///
    /// # Errors
    ///
    /// [`ApplyError::NotJson`], which is a fault in this software.
    pub fn new(conversion: &Conversion<'_>, delivery: &Delivery) -> Result<Self, ApplyError> {
        Assertions::of(conversion, delivery).map(Self)
    }

    /// The same, of a sender who is not the source of patient data (`demographics = "fill"` in the
    /// profile): what it says of patients, contacts and insurances only fills what is empty.
    #[must_use]
    pub fn filling(mut self) -> Self {
        self.0.entries.iter_mut().for_each(assertion::Assertion::only_fill);
        self
    }
}

impl std::fmt::Debug for Prepared {
    /// The shape only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("entries", &self.0.entries.len()).finish_non_exhaustive()
    }
}
