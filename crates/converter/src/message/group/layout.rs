//! What comes first in a message: its orders or its specimens.

use hl7v2::Message;

use crate::message::Event;

/// What comes first in a message: its orders or its specimens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Each order with its specimens: most messages.
    Orders,
    /// Each order with its specimens, and ORC behind OBR: OUL^R24.
    OrdersByRequest,
    /// Each specimen with its orders, ORC before OBR: OML^O33 and O35, and OUL^R21 with its SAC.
    Specimens,
    /// Each specimen with its orders, ORC behind OBR: OUL^R22 and R23.
    SpecimensByRequest,
}

impl Layout {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let event = Event::of(message);
        match (&*event.kind, &*event.trigger) {
            ("OUL", "R22" | "R23") => Self::SpecimensByRequest,
            ("OUL", "R24") => Self::OrdersByRequest,
            ("OML", "O33" | "O35") | ("OUL", "R21") => Self::Specimens,
            _ => Self::Orders,
        }
    }

    pub(super) fn specimens_first(self) -> bool {
        matches!(self, Self::Specimens | Self::SpecimensByRequest)
    }

    pub(super) fn request_first(self) -> bool {
        matches!(self, Self::OrdersByRequest | Self::SpecimensByRequest)
    }
}
