//! Messages: one module for each kind, named as HL7 names them.

pub(crate) mod adt;
pub(crate) mod bar;
pub(crate) mod billing;
pub(crate) mod dft;
pub(crate) mod group;
pub(crate) mod mdm;
mod mentioned;
pub(crate) mod mfn;
pub(crate) mod order;
pub(crate) mod orm;
pub(crate) mod oru;
pub(crate) mod pharmacy;
pub(crate) mod ppr;
pub(crate) mod referral;
mod siu;

use hl7v2::{Message, Place};

use crate::context::{Context, trim};
use crate::conversion::Refusal;
use crate::convert::refuse;
use crate::mapping::Kind;

/// What MSH-9 says.
pub(crate) struct Event {
    /// `ADT`.
    pub(crate) kind: String,
    /// `A01`; where MSH-9.2 is empty from EVN-1, else the only event that the kind had when it needed no name.
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
        let of_segment = || message.segment("EVN").map(|evn| upper(evn.field(1).value().text()));
        let told = Some(trigger).filter(|trigger| !trigger.is_empty());
        let told = told.or_else(of_segment).filter(|trigger| !trigger.is_empty());
        let trigger = told.unwrap_or_else(|| String::from(only_event(&kind)));
        let name = format!("{kind}^{trigger}");
        Self { kind, trigger, name }
    }
}

/// The event of a kind that had one: senders of v2.1 to v2.3.1 name the kind alone (HL7 v2.1 §II.5.1, v2.3.1 §2.24.1.9).
fn only_event(kind: &str) -> &'static str {
    match kind {
        "ORU" => "R01",
        "ORM" | "RAS" | "RDE" | "RDS" | "RGV" => "O01",
        "DFT" => "P03",
        "VXU" => "V04",
        _ => "",
    }
}

/// What a message says of the orders in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// What came out of them.
    Results,
    /// That they are placed, changed or cancelled, or how far they are.
    Orders,
    /// Of which order a document came, and no more.
    Documents,
    /// What came out of earlier ones, sent along with an order: its lists are not what is so now.
    Prior,
}

/// What converts the messages of a kind.
pub(crate) type Convert = for<'m, 'a> fn(&mut Context<'m, 'a>, &Event) -> Result<(), Refusal>;

/// All kinds of message that are converted.
pub(crate) const KINDS: &[Kind] = &[
    Kind { kind: "ADT", events: adt::person::EVENTS, convert: adt::convert },
    Kind { kind: "ADT", events: adt::visit::EVENTS, convert: adt::convert },
    Kind { kind: "BAR", events: bar::EVENTS, convert: bar::convert },
    Kind { kind: "DFT", events: dft::EVENTS, convert: dft::convert },
    Kind { kind: "MDM", events: mdm::EVENTS, convert: mdm::convert },
    Kind { kind: "MFN", events: mfn::EVENTS, convert: mfn::convert },
    Kind { kind: "OMG", events: orm::GENERAL_EVENTS, convert: orm::convert },
    Kind { kind: "OMI", events: orm::IMAGING_EVENTS, convert: orm::convert },
    Kind { kind: "OML", events: orm::LABORATORY_EVENTS, convert: orm::convert },
    Kind { kind: "OMP", events: pharmacy::OMP, convert: pharmacy::convert },
    Kind { kind: "ORM", events: orm::EVENTS, convert: orm::convert },
    Kind { kind: "ORU", events: oru::EVENTS, convert: oru::convert },
    Kind { kind: "OUL", events: oru::LABORATORY_EVENTS, convert: oru::convert },
    Kind { kind: "PPR", events: ppr::EVENTS, convert: ppr::convert },
    Kind { kind: "RAS", events: pharmacy::RAS, convert: pharmacy::convert },
    Kind { kind: "RDE", events: pharmacy::RDE, convert: pharmacy::convert },
    Kind { kind: "RDS", events: pharmacy::RDS, convert: pharmacy::convert },
    Kind { kind: "REF", events: referral::EVENTS, convert: referral::convert },
    Kind { kind: "RGV", events: pharmacy::RGV, convert: pharmacy::convert },
    Kind { kind: "SIU", events: siu::EVENTS, convert: siu::convert },
    Kind { kind: "VXU", events: pharmacy::VXU, convert: pharmacy::convert },
];

/// The kind of an event, if a conversion is written for it.
fn kind_of(event: &Event) -> Option<&'static Kind> {
    let mut of_kind = KINDS.iter().filter(|kind| kind.kind == event.kind);
    of_kind.find(|kind| kind.events.iter().any(|known| known.trigger == event.trigger))
}

/// Whether a conversion is written for the event of this message. Says nothing of its content.
pub fn supports(message: &Message<'_>) -> bool {
    kind_of(&Event::of(message)).is_some()
}

/// Converts by event.
pub(crate) fn convert(cx: &mut Context<'_, '_>, event: &Event) -> Result<(), Refusal> {
    if let Some(kind) = kind_of(event) {
        return (kind.convert)(cx, event);
    }
    let mut at = Place::of_field(*b"MSH", 1, 9);
    at.repetition = 1;
    Err(refuse("unsupported-event", at, "no conversion is written for this message type and event"))
}
