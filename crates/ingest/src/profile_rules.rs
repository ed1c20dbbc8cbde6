//! The senders' rules, from the profiles that the converter reads too.

use hl7v2::Message;
use zorgsluis_converter::process::patient_of;
use zorgsluis_converter::profile::{self, Profiles};
use zorgsluis_domain::Phi;

use crate::{ApplicationAck, PatientIdentifier, Sender, SenderRules, Unsupported};

/// [`SenderRules`] by [`Profiles`].
#[derive(Debug, Clone)]
pub struct ProfileRules(Profiles);

impl ProfileRules {
    /// The rules of these profiles.
    pub const fn new(profiles: Profiles) -> Self {
        Self(profiles)
    }
}

impl SenderRules for ProfileRules {
    fn sender(&self, application: &str, facility: &str) -> Sender {
        let profile = self.0.for_sender(application, facility);
        Sender {
            profile: profile.name.clone(),
            character_set: profile.character_set,
            unsupported: match profile.unsupported {
                profile::Unsupported::Keep => Unsupported::Keep,
                profile::Unsupported::Reject => Unsupported::Reject,
            },
            application_ack: match profile.application_ack {
                profile::ApplicationAck::None => ApplicationAck::None,
                profile::ApplicationAck::OnAccept => ApplicationAck::OnAccept,
            },
        }
    }

    fn patient(&self, message: &Message<'_>) -> Option<PatientIdentifier> {
        let found = patient_of(message, self.0.for_message(message))?;
        Some(PatientIdentifier { system: found.system, value: Phi::new(found.value) })
    }

    fn supports(&self, message: &Message<'_>) -> bool {
        zorgsluis_converter::supports(message)
    }
}
