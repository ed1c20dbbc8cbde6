//! AIL: a place that an appointment needs (HL7 v2.5.1 §10.6.6).

use fhir::{AppointmentParticipant, Reference};
use hl7v2::Segment;

use super::resource::{Booked, Layout, participants};
use super::sch::time::Moment;
use crate::context::Context;
use crate::datatype::pl;
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AIL",
    name: "Appointment Information - Location Resource",
    fields: &[
        "Set ID - AIL",
        "Segment Action Code",
        "Location Resource ID",
        "Location Type - AIL",
        "Location Group",
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
        to(6, "Appointment.participant.period.start"),
        to(7, "Appointment.participant.period.start"),
        to(8, "Appointment.participant.period.start"),
        to(9, "Appointment.participant.period.end"),
        to(10, "Appointment.participant.period.end"),
        to(11, "Appointment.participant.extension(v2-allow-substitution)"),
        to(12, "Appointment.participant.status"),
    ],
};

const LAYOUT: Layout = Layout {
    kind: Some((4, "AIL-4")),
    group: Some((5, "AIL-5")),
    start: 6,
    substitution: (11, "AIL-11"),
    status: (12, "AIL-12"),
};

/// A participant for each that is named; one where only its kind is.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    notes: &[Segment<'m, 'a>],
    booked: &Booked<'_, 'm, 'a>,
) -> (Vec<AppointmentParticipant<'a>>, Moment<'a>, Moment<'a>) {
    participants(cx, segment, notes, &LAYOUT, booked, |cx, place| {
        pl::location(cx, place).map(|place| Reference::to(place.location))
    })
}
