//! Providers: reading, matching with those that are known, writing.

pub(crate) mod bundle;
pub(crate) mod import;
pub(crate) mod table;

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;
use zorgsluis_domain::notice::{BusinessIdentifier, NotifiedEvent};
use zorgsluis_domain::port::Provider;
use zorgsluis_domain::text::Language;
use zorgsluis_notifier::is_address;

use crate::certificate::Certificate;
use crate::check;
use crate::report::Findings;

/// What a row says of a provider. What it does not speak of stays as it is.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) findings: Findings,
    /// Each with the part of the row where it stands.
    pub(crate) identifiers: Vec<(BusinessIdentifier, String)>,
    pub(crate) name: String,
    pub(crate) organisation: Said<Option<String>>,
    pub(crate) address: Said<Option<String>>,
    pub(crate) language: Said<Language>,
    pub(crate) certificate: Said<Option<Vec<u8>>>,
    pub(crate) opted_out: Said<BTreeSet<NotifiedEvent>>,
    pub(crate) active: Said<bool>,
}

/// What a row says of one thing.
#[derive(Debug, Default)]
pub(crate) enum Said<T> {
    /// Nothing.
    #[default]
    Nothing,
    /// This.
    This(T),
}

impl<T> Said<T> {
    pub(crate) fn or(self, stands: T) -> T {
        match self {
            Self::Nothing => stands,
            Self::This(said) => said,
        }
    }
}

impl Record {
    pub(crate) const fn new(findings: Findings) -> Self {
        Self {
            findings,
            identifiers: Vec::new(),
            name: String::new(),
            organisation: Said::Nothing,
            address: Said::Nothing,
            language: Said::Nothing,
            certificate: Said::Nothing,
            opted_out: Said::Nothing,
            active: Said::Nothing,
        }
    }

    /// Takes an identifier, or says what is wrong with it. An empty one says nothing.
    pub(crate) fn identifier(&mut self, system: &str, value: &str, part: &str) {
        if value.is_empty() {
            return;
        }
        match check::identifier(system, value) {
            Ok(()) => {
                let identifier = BusinessIdentifier { system: system.to_owned(), value: value.to_owned() };
                self.identifiers.push((identifier, part.to_owned()));
            }
            Err(code) => self.findings.refuse(part, code),
        }
    }

    pub(crate) fn address(&mut self, address: &str, part: &str) {
        if address.is_empty() {
            self.address = Said::This(None);
        } else if is_address(address) {
            self.address = Said::This(Some(address.to_owned()));
        } else {
            self.findings.refuse(part, "address-invalid");
        }
    }

    /// A certificate that cannot be used now is left out: mails hold no PHI then.
    pub(crate) fn certificate(&mut self, bytes: &[u8], part: &str, now: Timestamp) {
        let certificate = match Certificate::read(bytes) {
            Ok(certificate) => certificate,
            Err(fault) => return self.findings.refuse(part, fault.code()),
        };
        let valid = certificate.is_valid(now);
        if let Err(fault) = valid {
            self.findings.warn(part, fault.code());
        }
        if let Said::This(Some(address)) = &self.address
            && let Err(fault) = certificate.is_of(address)
        {
            self.findings.warn(part, fault.code());
        }
        self.certificate = Said::This(valid.is_ok().then_some(certificate.der));
    }

    /// Checks what concerns the row as a whole.
    pub(crate) fn complete(&mut self, identifier_part: &str, name_part: &str) {
        if self.identifiers.is_empty() && !self.findings.is_refused() {
            self.findings.refuse(identifier_part, "identifier-missing");
        }
        if self.name.is_empty() {
            self.findings.refuse(name_part, "name-missing");
        } else if let Err(code) = check::text(&self.name) {
            self.findings.refuse(name_part, code);
        }
    }

    /// The provider as it will stand: identifiers of a system that the row names are replaced, others
    /// stay; what the row does not speak of stays.
    pub(crate) fn onto(self, id: Uuid, stands: Option<&Provider>) -> Provider {
        let mut identifiers: Vec<BusinessIdentifier> =
            self.identifiers.into_iter().map(|(identifier, _)| identifier).collect();
        let systems: BTreeSet<String> =
            identifiers.iter().map(|identifier| identifier.system.clone()).collect();
        let others = stands.into_iter().flat_map(|provider| &provider.identifiers);
        identifiers.extend(others.filter(|other| !systems.contains(&other.system)).cloned());
        identifiers.sort();
        identifiers.dedup();
        let provider = Provider {
            id,
            identifiers,
            name: self.name,
            organisation: self.organisation.or(stands.and_then(|provider| provider.organisation.clone())),
            address: self.address.or(stands.and_then(|provider| provider.address.clone())),
            language: self.language.or(stands.map_or(Language::Dutch, |provider| provider.language)),
            certificate: self.certificate.or(stands.and_then(|provider| provider.certificate.clone())),
            opted_out: self
                .opted_out
                .or(stands.map(|provider| provider.opted_out.clone()).unwrap_or_default()),
            active: self.active.or(stands.is_none_or(|provider| provider.active)),
            // A file says nothing of it: while the address stays, so does what the mail system told of it.
            address_fault: stands.and_then(|provider| provider.address_fault.clone()),
        };
        let address_fault = provider.undeliverable().cloned();
        Provider { address_fault, ..provider }
    }
}
