//! AFF: a professional organisation of which a member of the staff is one (HL7 v2.5.1 §15.4.1).

use fhir::{Organization, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::pra;
use crate::context::{Context, add_new};
use crate::datatype::{xad, xon};
use crate::mapping::{Map, left, to};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    aff: Segment<'m, 'a>,
    practitioner: Uuid,
    active: bool,
) {
    let Some(organization) = xon::organization(cx, aff.field(2).first()) else { return };
    let mut more = Organization::default();
    xad::addresses(cx, aff.field(3), &mut more.address);
    xon::put(cx, organization, more);
    let id = pra::role(cx, practitioner, Some(organization), active, aff.place());
    let periods = aff.field(4).repetitions().filter_map(|one| beside::span(cx, one)).collect::<Vec<_>>();
    let extension = beside::extensions(cx, aff, BESIDE, id);
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        periods.into_iter().for_each(|period| pra::during(role, Some(period)));
        add_new(&mut role.extension, extension);
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "AFF",
    name: "Professional Affiliation",
    fields: &[
        "Set ID",
        "Professional Organization",
        "Professional Organization Address",
        "Professional Organization Affiliation Date Range",
        "Professional Affiliation Additional Information",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "PractitionerRole.organization"),
        to(3, "Organization.address"),
        to(4, "PractitionerRole.period"),
        to(5, "PractitionerRole.extension(v2-aff-professional-affiliation-additional-information)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    5 "aff-professional-affiliation-additional-information" Is::Text,
];
