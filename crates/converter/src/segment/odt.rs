//! ODT: on which tray somebody eats (HL7 v2.5.1 §4.8.2), on the order. There is no official map.

use fhir::ServiceRequest;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, beside};
use super::rqd::{notes, ordered};
use crate::context::Context;
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ODT",
    name: "Diet Tray Instructions",
    fields: &["Tray Type", "Service Period", "Text Instruction"],
    rows: &[
        to(1, "ServiceRequest.code"),
        to(2, "ServiceRequest.extension(v2-diet-period)"),
        to(3, "ServiceRequest.note"),
    ],
};

const DETAILS: &[Beside] = beside![
    2 "diet-period" Is::Concept,
];

/// Puts what an ODT says into the request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, odt: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    ordered(cx, odt.field(1), "ODT-1", request);
    notes(cx, odt.field(3), request);
    request.extension.extend(beside::parts(cx, odt, DETAILS));
}
