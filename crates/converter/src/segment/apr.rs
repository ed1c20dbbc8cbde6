//! APR: what whoever asks for an appointment would rather have (HL7 v2.5.1 §10.6.8).

use fhir::{Appointment, Extension};
use hl7v2::Segment;

use crate::context::Context;
use crate::datatype::cwe;
use crate::mapping::{Map, to};

/// Time, resource, place, distance of slots, and what may be overridden, in the order of the fields. Each
/// value is a code of what is preferred (HL7 table 0294) with what it is to be.
const PREFERENCES: [(usize, &str, &str); 5] = [
    (1, "APR-1", "https://zorgsluis.github.io/fhir/StructureDefinition/v2-time-preference"),
    (2, "APR-2", "https://zorgsluis.github.io/fhir/StructureDefinition/v2-resource-preference"),
    (3, "APR-3", "https://zorgsluis.github.io/fhir/StructureDefinition/v2-location-preference"),
    (4, "APR-4", "https://zorgsluis.github.io/fhir/StructureDefinition/v2-slot-spacing-preference"),
    (5, "APR-5", "https://zorgsluis.github.io/fhir/StructureDefinition/v2-filler-override-preference"),
];

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "APR",
    name: "Appointment Preferences",
    fields: &[
        "Time Selection Criteria",
        "Resource Selection Criteria",
        "Location Selection Criteria",
        "Slot Spacing Criteria",
        "Filler Override Criteria",
    ],
    rows: &[
        to(1, "Appointment.extension(v2-time-preference)"),
        to(2, "Appointment.extension(v2-resource-preference)"),
        to(3, "Appointment.extension(v2-location-preference)"),
        to(4, "Appointment.extension(v2-slot-spacing-preference)"),
        to(5, "Appointment.extension(v2-filler-override-preference)"),
    ],
};

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, apr: Segment<'m, 'a>, to: &mut Appointment<'a>) {
    for (n, name, url) in PREFERENCES {
        for repetition in apr.field(n).repetitions() {
            let preference = cwe::concept(cx, repetition, name, None);
            to.extension.extend(preference.map(|preference| Extension::concept(url, preference)));
        }
    }
}
