//! What becomes of the fields of NTE.

use crate::mapping::{Map, elsewhere, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "NTE",
    name: "Notes and Comments",
    fields: &[
        "Set ID - NTE",
        "Source of Comment",
        "Comment",
        "Comment Type",
        "Entered By",
        "Entered Date/Time",
        "Effective Start Date",
        "Expiration Date",
        "Coded Comment",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Observation.note.extension(v2-comment-source)"),
        to(3, "Observation.note.text"),
        to(3, "ServiceRequest.note.text"),
        to(3, "DocumentReference.content.attachment.data"),
        to(3, "Appointment.comment"),
        to(3, "Appointment.extension"),
        to(4, "Observation.note.extension(v2-comment-type)"),
        to(4, "DocumentReference.type"),
        to(4, "Appointment.extension"),
        to(5, "Observation.note.authorReference"),
        to(5, "ServiceRequest.note.authorReference"),
        to(5, "DocumentReference.author"),
        to(5, "Appointment.extension"),
        to(6, "Observation.note.time"),
        to(6, "ServiceRequest.note.time"),
        to(6, "DocumentReference.date"),
        to(6, "Appointment.extension"),
        to(7, "Observation.note.extension(v2-comment-period)"),
        to(8, "Observation.note.extension(v2-comment-period)"),
        to(9, "Observation.note.extension(v2-coded-comment)"),
        to(9, "Appointment.extension"),
        elsewhere(
            9,
            "DocumentReference.content",
            "the code stands on the document as a code; it is its text where there is no other",
        ),
    ],
};
