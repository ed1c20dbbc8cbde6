//! TQ2: which orders come before or after this one (HL7 v2.5.1 §4.5.5). FHIR has no element for it on a request.

use fhir::Extension;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use crate::context::Context;
use crate::mapping::{Map, left, to};

const RELATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-relation";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "TQ2",
    name: "Timing/Quantity Relationship",
    fields: &[
        "Set ID - TQ2",
        "Sequence/Results Flag",
        "Related Placer Number",
        "Related Filler Number",
        "Related Placer Group Number",
        "Sequence Condition Code",
        "Cyclic Entry/Exit Indicator",
        "Sequence Condition Time Interval",
        "Cyclic Group Maximum Number of Repeats",
        "Special Service Request Relationship",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "ServiceRequest.extension(v2-order-relation).extension(flag)"),
        to(2, "MedicationRequest.extension(v2-order-relation).extension(flag)"),
        to(3, "ServiceRequest.extension(v2-order-relation).extension(placer)"),
        to(3, "MedicationRequest.extension(v2-order-relation).extension(placer)"),
        to(4, "ServiceRequest.extension(v2-order-relation).extension(filler)"),
        to(4, "MedicationRequest.extension(v2-order-relation).extension(filler)"),
        to(5, "ServiceRequest.extension(v2-order-relation).extension(group)"),
        to(5, "MedicationRequest.extension(v2-order-relation).extension(group)"),
        to(6, "ServiceRequest.extension(v2-order-relation).extension(condition)"),
        to(6, "MedicationRequest.extension(v2-order-relation).extension(condition)"),
        to(7, "ServiceRequest.extension(v2-order-relation).extension(cycle)"),
        to(7, "MedicationRequest.extension(v2-order-relation).extension(cycle)"),
        to(8, "ServiceRequest.extension(v2-order-relation).extension(interval)"),
        to(8, "MedicationRequest.extension(v2-order-relation).extension(interval)"),
        to(9, "ServiceRequest.extension(v2-order-relation).extension(repeats)"),
        to(9, "MedicationRequest.extension(v2-order-relation).extension(repeats)"),
        to(10, "ServiceRequest.extension(v2-order-relation).extension(special)"),
        to(10, "MedicationRequest.extension(v2-order-relation).extension(special)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    2 "flag" Is::Verbatim,
    3 "placer" Is::Entity,
    4 "filler" Is::Entity,
    5 "group" Is::Entity,
    6 "condition" Is::Verbatim,
    7 "cycle" Is::Verbatim,
    8 "interval" Is::Quantity,
    9 "repeats" Is::Verbatim,
    10 "special" Is::Verbatim,
];

/// The relation, for any request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, tq2: Segment<'_, 'a>) -> Option<Extension<'a>> {
    beside::whole(cx, tq2, RELATION, DETAILS)
}
