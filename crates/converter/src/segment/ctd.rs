//! CTD: whom to reach about an order or referral (HL7 v2.5.1 §11.6.4).

use fhir::Extension;
use hl7v2::Segment;

use super::beside::{self, Beside, Is, parts_of};
use crate::context::Context;
use crate::mapping::{Map, to};

const CONTACT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-contact";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "CTD",
    name: "Contact Data",
    fields: &[
        "Contact Role",
        "Contact Name",
        "Contact Address",
        "Contact Location",
        "Contact Communication Information",
        "Preferred Method of Contact",
        "Contact Identifiers",
    ],
    rows: &[
        to(1, "ServiceRequest.extension(v2-contact).extension(role)"),
        to(2, "ServiceRequest.extension(v2-contact).extension(name)"),
        to(3, "ServiceRequest.extension(v2-contact).extension(address)"),
        to(4, "ServiceRequest.extension(v2-contact).extension(location)"),
        to(5, "ServiceRequest.extension(v2-contact).extension(telecom)"),
        to(6, "ServiceRequest.extension(v2-contact).extension(preferred)"),
        to(7, "ServiceRequest.extension(v2-contact).extension(identifier)"),
    ],
};

const DETAILS: &[Beside] = parts_of![
    1 "role" Is::Concept,
    2 "name" Is::Name,
    3 "address" Is::Address,
    4 "location" Is::Verbatim,
    5 "telecom" Is::Contact,
    6 "preferred" Is::Concept,
    7 "identifier" Is::Verbatim,
];

/// The contact, for any resource.
pub(crate) fn convert<'a>(cx: &mut Context<'_, 'a>, ctd: Segment<'_, 'a>) -> Option<Extension<'a>> {
    beside::whole(cx, ctd, CONTACT, DETAILS)
}
