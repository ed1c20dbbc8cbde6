//! AIS: a service that is booked (HL7 v2.5.1 §10.6.4). It is what the appointment is for, and stands among its
//! participants too: there is room for when it begins and how far it is.

use fhir::{AppointmentParticipant, CodeableConcept, Extension};
use hl7v2::Segment;

use super::resource::{Booked, Layout, participant};
use super::sch::time::Moment;
use crate::context::Context;
use crate::datatype::cwe;
use crate::mapping::{Map, elsewhere, left, to};

/// AIS-11.
const PLACERS: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-placer-supplemental-service-information";
/// AIS-12.
const FILLERS: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-filler-supplemental-service-information";

const ORDER: &str = "the order says itself what is ordered and when: an appointment says when it is done";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AIS",
    name: "Appointment Information - Service",
    fields: &[
        "Set ID - AIS",
        "Segment Action Code",
        "Universal Service Identifier",
        "Start Date/Time",
        "Start Date/Time Offset",
        "Start Date/Time Offset Units",
        "Duration",
        "Duration Units",
        "Allow Substitution Code",
        "Filler Status Code",
        "Placer Supplemental Service Information",
        "Filler Supplemental Service Information",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Appointment.participant.status"),
        to(3, "Appointment.serviceType"),
        to(3, "Appointment.participant.type"),
        elsewhere(3, "ServiceRequest.identifier", ORDER),
        to(4, "Appointment.participant.period.start"),
        elsewhere(4, "ServiceRequest.occurrencePeriod.start", ORDER),
        to(5, "Appointment.participant.period.start"),
        elsewhere(5, "ServiceRequest.occurrencePeriod.start", ORDER),
        to(6, "Appointment.participant.period.start"),
        to(7, "Appointment.participant.period.end"),
        elsewhere(7, "ServiceRequest.occurrencePeriod.end", ORDER),
        to(8, "Appointment.participant.period.end"),
        to(9, "Appointment.participant.extension(v2-allow-substitution)"),
        to(10, "Appointment.participant.status"),
        elsewhere(
            10,
            "Appointment.status",
            "how far one service is says nothing of the others: SCH-25 says it",
        ),
        to(11, "Appointment.participant.extension(v2-placer-supplemental-service-information)"),
        elsewhere(
            11,
            "ServiceRequest.identifier",
            "a code that says more of the service is no number of the order",
        ),
        to(12, "Appointment.participant.extension(v2-filler-supplemental-service-information)"),
        elsewhere(
            12,
            "ServiceRequest.identifier",
            "a code that says more of the service is no number of the order",
        ),
    ],
};

const LAYOUT: Layout =
    Layout { kind: None, group: None, start: 4, substitution: (9, "AIS-9"), status: (10, "AIS-10") };

/// The service, and its participant.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    ais: Segment<'m, 'a>,
    booked: &Booked<'_, 'm, 'a>,
) -> (Option<CodeableConcept<'a>>, (AppointmentParticipant<'a>, Moment<'a>, Moment<'a>)) {
    let service = cwe::concept(cx, ais.field(3).first(), "AIS-3", None);
    let (mut one, start, end) = participant(cx, ais, &[], &LAYOUT, booked);
    one.r#type.extend(service.clone());
    for (n, name, url) in [(11, "AIS-11", PLACERS), (12, "AIS-12", FILLERS)] {
        for repetition in ais.field(n).repetitions() {
            let more = cwe::concept(cx, repetition, name, None);
            one.extension.extend(more.map(|more| Extension::concept(url, more)));
        }
    }
    (service, (one, start, end))
}
