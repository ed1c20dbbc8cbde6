//! Who may be told, and under which address.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Page, PageRequest};
use crate::PortError;
use crate::notice::{BusinessIdentifier, NotifiedEvent};
use crate::text::Language;

/// A provider, as the organisation knows it. The only source of addresses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provider {
    /// Its id in the directory.
    pub id: Uuid,
    /// AGB, UZI, BIG, local numbers. No two active providers share one.
    pub identifiers: Vec<BusinessIdentifier>,
    /// Name, as mails address it.
    pub name: String,
    /// The practice or institution.
    #[serde(default)]
    pub organisation: Option<String>,
    /// E-mail address. Without one nothing can be sent.
    #[serde(default)]
    pub address: Option<String>,
    /// The language of the mails.
    pub language: Language,
    /// X.509 certificate for S/MIME, DER. Without one mails hold no PHI.
    #[serde(default)]
    pub certificate: Option<Vec<u8>>,
    /// Events of which this provider wants no notice.
    #[serde(default)]
    pub opted_out: BTreeSet<NotifiedEvent>,
    /// Whether notices are sent at all.
    pub active: bool,
    /// What the mail system told of an address; see [`Provider::undeliverable`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_fault: Option<AddressFault>,
}

/// Why no mail may go to an address any more, until an operator has seen to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AddressFault {
    /// The address that it is about.
    pub address: String,
    /// What was told of it.
    pub why: AddressFaultReason,
    /// When the mail system told it.
    pub since: Timestamp,
}

/// What the mail system told of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressFaultReason {
    /// Nobody has this mailbox, or nobody may write to it: mail comes back.
    Bounced,
    /// Whoever has the mailbox complained of the mail.
    Complained,
}

impl Provider {
    /// Why no mail may go to this provider's address. What was told of another address than the present one
    /// does not count.
    #[must_use]
    pub fn undeliverable(&self) -> Option<&AddressFault> {
        let address = self.address.as_deref()?.trim();
        self.address_fault.as_ref().filter(|fault| fault.address.trim().eq_ignore_ascii_case(address))
    }
}

impl fmt::Debug for AddressFault {
    /// Without the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressFault")
            .field("why", &self.why)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("identifiers", &self.identifiers.len())
            .field("certificate", &self.certificate.is_some())
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// A provider in a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProvider {
    /// The provider.
    pub provider: Provider,
    /// From 1.
    pub version: u64,
    /// When this version was written.
    pub changed: Timestamp,
    /// Who wrote it: a user or `import`. No PHI.
    pub changed_by: String,
}

/// Why a provider was not written.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It stands in another version than the writer thought.
    #[error("the provider was changed by somebody else")]
    Conflict,
    /// An active provider has one of its identifiers.
    #[error("an identifier belongs to another provider")]
    IdentifierHeld(Uuid),
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The register of providers, with its history.
#[async_trait]
pub trait ProviderDirectory: Send + Sync {
    /// The providers that have any of these identifiers, each once, inactive ones too.
    async fn find(&self, identifiers: &[BusinessIdentifier]) -> Result<Vec<StoredProvider>, PortError>;

    /// The providers with this e-mail address, compared without regard to case.
    async fn find_by_address(&self, address: &str) -> Result<Vec<StoredProvider>, PortError>;

    /// The newest version.
    async fn get(&self, id: Uuid) -> Result<Option<StoredProvider>, PortError>;

    /// Writes a version; `expected` is the version that stands now, none for a new provider. Gives the
    /// new version.
    async fn put(
        &self,
        provider: &Provider,
        expected: Option<u64>,
        at: Timestamp,
        by: &str,
    ) -> Result<u64, ProviderError>;

    /// All providers by name.
    async fn list(&self, page: &PageRequest) -> Result<Page<StoredProvider>, PortError>;

    /// All versions of a provider, the newest first.
    async fn history(&self, id: Uuid) -> Result<Vec<StoredProvider>, PortError>;
}
