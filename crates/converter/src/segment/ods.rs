//! ODS: what somebody eats (HL7 v2.5.1 §4.8.1), on the order. There is no official map.

use fhir::ServiceRequest;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, beside};
use super::rqd::{notes, ordered};
use crate::context::Context;
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ODS",
    name: "Dietary Orders, Supplements, and Preferences",
    fields: &["Type", "Service Period", "Diet, Supplement, or Preference Code", "Text Instruction"],
    rows: &[
        to(1, "ServiceRequest.extension(v2-diet-type)"),
        to(2, "ServiceRequest.extension(v2-diet-period)"),
        to(3, "ServiceRequest.code"),
        to(3, "ServiceRequest.orderDetail"),
        to(4, "ServiceRequest.note"),
    ],
};

const DETAILS: &[Beside] = beside![
    1 "diet-type" Is::Verbatim,
    2 "diet-period" Is::Concept,
];

/// Puts what an ODS says into the request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, ods: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    ordered(cx, ods.field(3), "ODS-3", request);
    notes(cx, ods.field(4), request);
    request.extension.extend(beside::parts(cx, ods, DETAILS));
}
