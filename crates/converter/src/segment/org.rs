//! ORG: the part of an organisation for which a member of the staff works (HL7 v2.5.1 §15.4.5).

use fhir::{Organization, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{ft1, pra};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, cx as identifier, xon};
use crate::mapping::{Map, left, to};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    org: Segment<'m, 'a>,
    practitioner: Uuid,
    active: bool,
) {
    let unit = ft1::department(cx, org.field(2).first());
    let kind = cwe::concept(cx, org.field(3).first(), "ORG-3", None);
    if let Some(unit) = unit {
        xon::put(cx, unit, Organization { r#type: kind.into_iter().collect(), ..Organization::default() });
    } else if kind.is_some() {
        cx.unmark(org.field(3));
    }
    let id = pra::role(cx, practitioner, unit, active, org.place());
    let number = identifier::identifier(cx, org.field(5).first(), None);
    let code = cwe::concept(cx, org.field(6).first(), "ORG-6", None);
    let mut specialty = Vec::new();
    for (field, place) in [(7, "ORG-7"), (8, "ORG-8")] {
        specialty.extend(cwe::concept(cx, org.field(field).first(), place, None));
    }
    let period = beside::span(cx, org.field(9).first());
    let extension = beside::extensions(cx, org, BESIDE, id);
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        add_new(&mut role.identifier, number);
        add_new(&mut role.code, code);
        add_new(&mut role.specialty, specialty);
        pra::during(role, period);
        add_new(&mut role.extension, extension);
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ORG",
    name: "Practitioner Organization Unit",
    fields: &[
        "Set ID",
        "Organization Unit Code",
        "Organization Unit Type Code",
        "Primary Org Unit Indicator",
        "Practitioner Org Unit Identifier",
        "Health Care Provider Type Code",
        "Health Care Provider Classification Code",
        "Health Care Provider Area of Specialization Code",
        "Effective Date Range",
        "Employment Status Code",
        "Board Approval Indicator",
        "Primary Care Physician Indicator",
        "Cost Center Code",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "PractitionerRole.organization"),
        to(3, "Organization.type"),
        to(4, "PractitionerRole.extension(v2-org-primary-org-unit-indicator)"),
        to(5, "PractitionerRole.identifier"),
        to(6, "PractitionerRole.code"),
        to(7, "PractitionerRole.specialty"),
        to(8, "PractitionerRole.specialty"),
        to(9, "PractitionerRole.period"),
        to(10, "PractitionerRole.extension(v2-org-employment-status-code)"),
        to(11, "PractitionerRole.extension(v2-org-board-approval-indicator)"),
        to(12, "PractitionerRole.extension(v2-org-primary-care-physician-indicator)"),
        to(13, "PractitionerRole.extension(v2-org-cost-center-code)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    4 "org-primary-org-unit-indicator" Is::Flag,
    10 "org-employment-status-code" Is::Concept,
    11 "org-board-approval-indicator" Is::Flag,
    12 "org-primary-care-physician-indicator" Is::Flag,
    13 "org-cost-center-code" Is::Concept,
];
