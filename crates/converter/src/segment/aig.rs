//! AIG: equipment, or another resource that is neither a person nor a place (HL7 v2.5.1 §10.6.5).

use fhir::{AppointmentParticipant, Extension, ExtensionValue};
use hl7v2::Segment;

use super::resource::{Booked, Layout, device, participant};
use super::sch::time::{Moment, length};
use crate::context::Context;
use crate::mapping::{Map, left, to};

/// AIG-6 and AIG-7.
const QUANTITY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-resource-quantity";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AIG",
    name: "Appointment Information - General Resource",
    fields: &[
        "Set ID - AIG",
        "Segment Action Code",
        "Resource ID",
        "Resource Type",
        "Resource Group",
        "Resource Quantity",
        "Resource Quantity Units",
        "Start Date/Time",
        "Start Date/Time Offset",
        "Start Date/Time Offset Units",
        "Duration",
        "Duration Units",
        "Allow Substitution Code",
        "Filler Status Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Appointment.participant.status"),
        to(3, "Appointment.participant.actor"),
        to(4, "Appointment.participant.type"),
        to(5, "Appointment.participant.extension(v2-resource-group)"),
        to(6, "Appointment.participant.extension(v2-resource-quantity)"),
        to(7, "Appointment.participant.extension(v2-resource-quantity)"),
        to(8, "Appointment.participant.period.start"),
        to(9, "Appointment.participant.period.start"),
        to(10, "Appointment.participant.period.start"),
        to(11, "Appointment.participant.period.end"),
        to(12, "Appointment.participant.period.end"),
        to(13, "Appointment.participant.extension(v2-allow-substitution)"),
        to(14, "Appointment.participant.status"),
    ],
};

const LAYOUT: Layout = Layout {
    kind: Some((4, "AIG-4")),
    group: Some((5, "AIG-5")),
    start: 8,
    substitution: (13, "AIG-13"),
    status: (14, "AIG-14"),
};

/// The participant: a device by its number, or a place where AIG-4 says so.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    aig: Segment<'m, 'a>,
    notes: &[Segment<'m, 'a>],
    booked: &Booked<'_, 'm, 'a>,
) -> (AppointmentParticipant<'a>, Moment<'a>, Moment<'a>) {
    let (mut one, start, end) = participant(cx, aig, notes, &LAYOUT, booked);
    let kind = aig.field(4).first();
    let says_place = [1, 2].into_iter().any(|n| {
        let text = kind.component(n).value().text().to_lowercase();
        ["room", "location", "kamer", "ruimte", "locatie"].iter().any(|place| text.contains(place))
    });
    one.actor = device(cx, aig.field(3).first(), if says_place { "Location" } else { "Device" });
    if aig.field(6).is_present() {
        let units = aig.field(7);
        // How many, not how long: without a unit they are pieces.
        if let Some(many) = length(cx, aig.field(6).value(), units) {
            let mut quantity = many.quantity;
            if !units.is_present() {
                (quantity.unit, quantity.system, quantity.code) = (None, None, None);
            }
            let quantity = ExtensionValue::Quantity(Box::new(quantity));
            one.extension.push(Extension::new(QUANTITY, quantity));
        }
    }
    (one, start, end)
}
