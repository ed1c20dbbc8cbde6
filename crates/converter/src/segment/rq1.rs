//! RQ1: from whom what a store does not have is to be bought (HL7 v2.5.1 §4.11.2), on the order. There is no official
//! map.

use fhir::ServiceRequest;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use crate::context::{Context, add_new, own};
use crate::mapping::{Map, to};

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RQ1",
    name: "Requisition Detail-1",
    fields: &[
        "Anticipated Price",
        "Manufacturer Identifier",
        "Manufacturer's Catalog",
        "Vendor ID",
        "Vendor Catalog",
        "Taxable",
        "Substitute Allowed",
    ],
    rows: &[
        to(1, "ServiceRequest.extension(v2-requisition).extension(price)"),
        to(2, "ServiceRequest.extension(v2-requisition).extension(manufacturer)"),
        to(3, "ServiceRequest.extension(v2-requisition).extension(manufacturerCatalog)"),
        to(4, "ServiceRequest.extension(v2-requisition).extension(vendor)"),
        to(5, "ServiceRequest.extension(v2-requisition).extension(vendorCatalog)"),
        to(6, "ServiceRequest.extension(v2-requisition).extension(taxable)"),
        to(7, "ServiceRequest.extension(v2-requisition).extension(substituteAllowed)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    1 "price" Is::Verbatim,
    2 "manufacturer" Is::Concept,
    3 "manufacturerCatalog" Is::Verbatim,
    4 "vendor" Is::Concept,
    5 "vendorCatalog" Is::Verbatim,
    6 "taxable" Is::Flag,
    7 "substituteAllowed" Is::Flag,
];

/// Puts what an RQ1 says into the request.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, rq1: Segment<'_, 'a>, request: &mut ServiceRequest<'a>) {
    let said = beside::whole(cx, rq1, own!("requisition"), DETAILS);
    add_new(&mut request.extension, said);
}
