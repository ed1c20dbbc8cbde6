//! Messages: one module for each kind, named as HL7 names them.

pub(crate) mod adt;
mod group;
mod order;
pub(crate) mod orm;
pub(crate) mod oru;

use hl7v2::{Message, Place};

use crate::context::{Context, trim};
use crate::conversion::{Merge, Refusal};
use crate::convert::refuse;

/// What MSH-9 says.
pub(crate) struct Event {
    /// `ADT`.
    pub(crate) kind: String,
    /// `A01`; from EVN-1 where MSH-9.2 is empty.
    pub(crate) trigger: String,
    /// `ADT^A01`.
    pub(crate) name: String,
}

impl Event {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let kind = message.header().field(9).first();
        let upper = |text: std::borrow::Cow<'_, str>| trim(text).to_ascii_uppercase();
        let trigger = upper(kind.component(2).value().text());
        let kind = upper(kind.component(1).value().text());
        let trigger = if trigger.is_empty() {
            message.segment("EVN").map(|evn| upper(evn.field(1).value().text())).unwrap_or_default()
        } else {
            trigger
        };
        let name = format!("{kind}^{trigger}");
        Self { kind, trigger, name }
    }
}

/// What a message says of the orders in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// What came out of them.
    Results,
    /// That they are placed, changed or cancelled, or how far they are.
    Orders,
}

/// Whether a conversion is written for the event of this message. Says nothing of its content.
pub fn supports(message: &Message<'_>) -> bool {
    let event = Event::of(message);
    match event.kind.as_str() {
        "ADT" => adt::Adt::of(&event.trigger).is_some(),
        "ORU" => event.trigger == "R01",
        "ORM" => event.trigger == "O01",
        _ => false,
    }
}

/// Converts by event.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &Event) -> Result<Vec<Merge>, Refusal> {
    if event.kind == "ADT"
        && let Some(adt) = adt::Adt::of(&event.trigger)
    {
        return adt::convert(cx, adt);
    }
    if event.kind == "ORU" && event.trigger == "R01" {
        return oru::convert(cx);
    }
    if event.kind == "ORM" && event.trigger == "O01" {
        return orm::convert(cx);
    }
    let mut at = Place::of_field(*b"MSH", 1, 9);
    at.repetition = 1;
    Err(refuse("unsupported-event", at, "no conversion is written for this message type and event"))
}
