//! RGS: which resources go together (HL7 v2.5.1 §10.6.3). What it says is said of each of them.

use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RGS",
    name: "Resource Group",
    fields: &["Set ID - RGS", "Segment Action Code", "Resource Group ID"],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Appointment.participant.status"),
        to(3, "Appointment.participant.extension(v2-resource-group)"),
    ],
};
