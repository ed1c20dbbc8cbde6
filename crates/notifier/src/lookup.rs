//! Whom a message means, by the directory alone.

use std::collections::BTreeMap;

use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::NamedRecipient;
use zorgsluis_domain::port::{AddressFaultReason, Provider, ProviderDirectory};

use crate::settings::is_address;

/// Why one whom a message names cannot be told: something is wrong in the message or the directory.
pub(crate) const UNKNOWN: &str = "recipient-unknown";
pub(crate) const AMBIGUOUS: &str = "recipient-ambiguous";
pub(crate) const WITHOUT_ADDRESS: &str = "recipient-without-address";
pub(crate) const ADDRESS_MISMATCH: &str = "recipient-address-mismatch";
pub(crate) const ADDRESS_UNUSABLE: &str = "recipient-address-unusable";
pub(crate) const ADDRESS_BOUNCED: &str = "recipient-address-bounced";
pub(crate) const ADDRESS_COMPLAINED: &str = "recipient-address-complained";
pub(crate) const TOO_MANY: &str = "too-many-recipients";

/// What is wrong, for the operator.
pub(crate) fn text(code: &str) -> &'static str {
    match code {
        UNKNOWN => "the provider whom the message names is not in the directory",
        AMBIGUOUS => "what the message says fits several providers of the directory",
        WITHOUT_ADDRESS => "the directory has no e-mail address of the provider",
        ADDRESS_MISMATCH => {
            "the message names an address that is not the one of the directory; nothing was sent"
        }
        ADDRESS_UNUSABLE => "the address in the directory is no e-mail address that mail can go to",
        ADDRESS_BOUNCED => {
            "mail to the address in the directory came back; put it right, or say that it works"
        }
        ADDRESS_COMPLAINED => {
            "whoever reads the address in the directory complained of the mail; ask, and say so"
        }
        TOO_MANY => "the message names more than 50 to be told; the others were not told",
        _ => "the mail system refused the notice",
    }
}

/// The provider whom a field names; or why there is none.
pub(crate) async fn find(
    directory: &dyn ProviderDirectory,
    named: &NamedRecipient,
) -> Result<Result<Provider, &'static str>, PortError> {
    let address = named.address.as_deref().map(bare).filter(|address| !address.is_empty());
    let found = match address {
        _ if !named.identifiers.is_empty() => directory.find(&named.identifiers).await?,
        Some(address) => directory.find_by_address(address).await?,
        None => Vec::new(),
    };
    let mut providers: BTreeMap<_, _> =
        found.into_iter().map(|stored| (stored.provider.id, stored.provider)).collect();
    if providers.values().any(|provider| provider.active) {
        providers.retain(|_, provider| provider.active);
    }
    let mut providers = providers.into_values();
    Ok(match (providers.next(), providers.next()) {
        (None, _) => Err(UNKNOWN),
        (Some(_), Some(_)) => Err(AMBIGUOUS),
        (Some(provider), None) => match (address, provider.address.as_deref()) {
            (Some(named), Some(known)) if !same(named, bare(known)) => Err(ADDRESS_MISMATCH),
            _ => Ok(provider),
        },
    })
}

/// The address to write to.
pub(crate) fn address(provider: &Provider) -> Result<&str, &'static str> {
    match provider.address.as_deref().map(bare).filter(|address| !address.is_empty()) {
        None => Err(WITHOUT_ADDRESS),
        Some(address) if is_address(address) => Ok(address),
        Some(_) => Err(ADDRESS_UNUSABLE),
    }
}

/// Why no mail may go to the address.
pub(crate) fn undeliverable(provider: &Provider) -> &'static str {
    match provider.undeliverable().map(|fault| fault.why) {
        Some(AddressFaultReason::Complained) => ADDRESS_COMPLAINED,
        _ => ADDRESS_BOUNCED,
    }
}

fn bare(address: &str) -> &str {
    let address = address.trim();
    match address.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => address.get(7..).unwrap_or_default(),
        _ => address,
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
