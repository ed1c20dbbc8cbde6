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
    let mut periods = aff.field(4).repetitions().filter_map(|one| beside::span(cx, one)).collect::<Vec<_>>();
    let first = (!periods.is_empty()).then(|| periods.remove(0));
    let mut extension = beside::extensions(cx, aff, BESIDE, id);
    extension.extend(
        periods
            .into_iter()
            .map(|period| fhir::Extension::new(FURTHER, fhir::ExtensionValue::Period(Box::new(period)))),
    );
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        role.period = role.period.take().or(first);
        add_new(&mut role.extension, extension);
    }
}

/// Further periods: a role has one.
const FURTHER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-aff-professional-organization-affiliation-date-range";

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
