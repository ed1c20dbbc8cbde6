//! The directory learns that mail to an address comes back.

use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::Notice;
use zorgsluis_domain::port::{AddressFault, AddressFaultReason, Provider, ProviderError, StoredProvider};
use zorgsluis_worker::ProcessError;

use super::{MailEvent, ROUNDS};
use crate::Notifier;

/// Who wrote the version of a provider.
const BY: &str = "mail-events";

impl Notifier {
    /// Marks the address of a notice's provider as one to which no mail may go, unless the directory has another
    /// meanwhile, or somebody has put it right since.
    pub(super) async fn mark_address(
        &self,
        line: &Notice,
        event: &MailEvent,
        why: AddressFaultReason,
    ) -> Result<(), ProcessError> {
        for _ in 0..ROUNDS {
            let history = self.ports.directory.history(line.provider).await?;
            let Some(stands) = history.first() else { return Ok(()) };
            let Some(address) = concerned(&stands.provider, event) else { return Ok(()) };
            if stands.provider.undeliverable().is_some() || corrected_since(&history, event) {
                return Ok(());
            }
            let now = self.ports.clock.now();
            let fault = AddressFault { address: address.to_owned(), why, since: event.at };
            let marked = Provider { address_fault: Some(fault), ..stands.provider.clone() };
            let entry = self.entry_of_marking(line, event, stands.version + 1, now);
            self.ports.audit.record(&[entry]).await?;
            match self.ports.directory.put(&marked, Some(stands.version), now, BY).await {
                Ok(_) => {
                    tracing::warn!(provider = %line.provider, told = event.told.name(),
                        "no mail goes to the address of a provider any more, until an operator has seen to it");
                    return Ok(());
                }
                Err(ProviderError::Conflict) => {}
                // Two active providers share a number: nothing of that is this event's matter.
                Err(ProviderError::IdentifierHeld(_)) => {
                    let text = "another active provider has one of the provider's numbers";
                    return Err(ProcessError::refused("provider-not-marked", None, text));
                }
                Err(ProviderError::Port(error)) => return Err(error.into()),
            }
        }
        Err(PortError::Conflict { operation: "notifier.mark-address" }.into())
    }
}

/// The address of a provider, when the event is about it.
fn concerned<'p>(provider: &'p Provider, event: &MailEvent) -> Option<&'p str> {
    let address = provider.address.as_deref()?.trim();
    let told = event.recipients.expose_phi();
    told.iter().any(|one| one.eq_ignore_ascii_case(address)).then_some(address)
}

/// Whether somebody put the address right after this happened: a mail that came back before says nothing of it.
fn corrected_since(history: &[StoredProvider], event: &MailEvent) -> bool {
    history.windows(2).any(|pair| match pair {
        [later, earlier] => {
            later.changed >= event.at
                && earlier.provider.undeliverable().is_some()
                && later.provider.undeliverable().is_none()
        }
        _ => false,
    })
}
