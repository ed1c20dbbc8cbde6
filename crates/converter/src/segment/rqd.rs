//! RQD: what is asked of a store (HL7 v2.5.1 §4.11.1), on the order. There is no official map.

use fhir::{Annotation, ServiceRequest};
use hl7v2::{Field, Segment};

use super::beside::{self, Beside, Is, beside};
use super::obx::value;
use crate::context::{Context, add_new, own};
use crate::datatype::{cq, cwe};
use crate::mapping::{Map, left, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RQD",
    name: "Requisition Detail",
    fields: &[
        "Requisition Line Number",
        "Item Code - Internal",
        "Item Code - External",
        "Hospital Item Code",
        "Requisition Quantity",
        "Requisition Unit of Measure",
        "Cost Center Account Number",
        "Item Natural Account Code",
        "Deliver To ID",
        "Date Needed",
    ],
    rows: &[
        left(1, "numbers the lines of a requisition, each of which is an order of its own"),
        to(2, "ServiceRequest.code"),
        to(3, "ServiceRequest.orderDetail"),
        to(4, "ServiceRequest.orderDetail"),
        to(5, "ServiceRequest.quantityQuantity"),
        to(6, "ServiceRequest.quantityQuantity"),
        to(7, "ServiceRequest.extension(v2-cost-center)"),
        to(8, "ServiceRequest.extension(v2-natural-account)"),
        to(9, "ServiceRequest.locationCode"),
        to(10, "ServiceRequest.extension(v2-date-needed)"),
    ],
};

const DETAILS: &[Beside] = beside![
    7 "cost-center" Is::Verbatim,
    8 "natural-account" Is::Concept,
    10 "date-needed" Is::Time,
];

/// Puts what an RQD says into the request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, rqd: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    for (n, name) in [(2, "RQD-2"), (3, "RQD-3"), (4, "RQD-4")] {
        ordered(cx, rqd.field(n), name, request);
    }
    let mut details = Vec::new();
    let amount = cq::measure(cx, rqd.field(5).value(), rqd.field(6), "RQD-6");
    if request.quantity.is_none() && amount.is_some() {
        request.quantity = amount;
    } else {
        let more = amount.map(|more| fhir::ExtensionValue::Quantity(Box::new(more)));
        details.extend(more.map(|more| fhir::Extension::new(own!("further-quantity"), more)));
    }
    for repetition in rqd.field(9).repetitions() {
        add_new(&mut request.location_code, cwe::concept(cx, repetition, "RQD-9", None));
    }
    details.extend(beside::parts(cx, rqd, DETAILS));
    add_new(&mut request.extension, details);
}

/// What is ordered: the first is the code, what is said besides are details of it.
pub(super) fn ordered<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    name: &str,
    request: &mut ServiceRequest<'a>,
) {
    for repetition in field.repetitions() {
        let Some(what) = cwe::concept(cx, repetition, name, None) else { continue };
        match &request.code {
            None => request.code = Some(what),
            Some(known) if *known == what => {}
            Some(_) => add_new(&mut request.order_detail, [what]),
        }
    }
}

/// What is to be observed about it, in words.
pub(super) fn notes<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>, request: &mut ServiceRequest<'a>) {
    for repetition in field.repetitions() {
        let text = value::whole(cx, repetition);
        let note = text.map(|text| Annotation { text: Some(text), ..Annotation::default() });
        add_new(&mut request.note, note);
    }
}
