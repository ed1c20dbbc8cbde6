//! The name that a sender proved, kept beside its message, so that what queues the message later (the sweep, a
//! replay) knows it as well as what accepted it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use zorgsluis_domain::port::{KeyOwner, PayloadStore};
use zorgsluis_domain::{MessageId, PortError, Transport};

/// The name under which it is kept beside its message.
const NOTE: &str = "proof";

/// Who brought a message, as far as it was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// Version of this shape, 1.
    v: u8,
    /// The name in the client certificate: of a system, no PHI.
    pub(crate) authenticated: String,
    /// How the message came.
    pub(crate) transport: Transport,
    /// From which network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<IpAddr>,
}

impl Proof {
    pub(crate) const fn new(authenticated: String, transport: Transport, peer: Option<IpAddr>) -> Self {
        Self { v: 1, authenticated, transport, peer }
    }

    /// Keeps it beside the message, which need not be stored yet.
    pub(crate) async fn keep(
        &self,
        payloads: &dyn PayloadStore,
        message: MessageId,
        owner: &KeyOwner,
    ) -> Result<(), PortError> {
        let json =
            serde_json::to_vec(self).map_err(|error| PortError::unavailable("payload.put_note", error))?;
        payloads.put_note(message, owner, NOTE, &json).await
    }

    /// What is kept beside a message. `None` when its sender proved nothing, or when it is erased or damaged:
    /// that is no reason to leave the message where it is.
    pub(crate) async fn of(
        payloads: &dyn PayloadStore,
        message: MessageId,
    ) -> Result<Option<Self>, PortError> {
        match payloads.get_note(message, NOTE).await {
            Ok(json) => Ok(serde_json::from_slice(json.expose_phi()).ok()),
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(None),
        }
    }
}
