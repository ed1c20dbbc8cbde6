//! EDU: what a member of the staff has studied (HL7 v2.5.1 §15.4.3).

use fhir::{
    CodeableConcept, Extension, Organization, PractitionerQualification, Reference, Resource, system,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, xad, xon};
use crate::mapping::{Map, left, to};
use crate::table;

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, edu: Segment<'m, 'a>, practitioner: Uuid) {
    let code = cwe::concept(cx, edu.field(2).first(), "EDU-2", Some(table::degree));
    let mut one = PractitionerQualification { code, ..PractitionerQualification::default() };
    one.period = beside::span(cx, edu.field(3).first());
    if let Some(school) = xon::organization(cx, edu.field(6).first()) {
        let mut more = Organization::default();
        xad::addresses(cx, edu.field(8), &mut more.address);
        xon::put(cx, school, more);
        one.issuer = Some(Reference::to(school));
    }
    one.extension = beside::extensions(cx, edu, BESIDE, practitioner);
    add(cx, practitioner, one);
}

/// Adds a qualification. FHIR demands its code.
pub(super) fn add<'a>(cx: &mut Context<'_, 'a>, practitioner: Uuid, mut one: PractitionerQualification<'a>) {
    if one == PractitionerQualification::default() {
        return;
    }
    one.code.get_or_insert_with(|| CodeableConcept {
        extension: vec![Extension::code(system::DATA_ABSENT_REASON, "unknown")],
        ..CodeableConcept::default()
    });
    if let Some(Resource::Practitioner(person)) = cx.entry(practitioner) {
        add_new(&mut person.qualification, [one]);
    }
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "EDU",
    name: "Educational Detail",
    fields: &[
        "Set ID",
        "Academic Degree",
        "Academic Degree Program Date Range",
        "Academic Degree Program Participation Date Range",
        "Academic Degree Granted Date",
        "School",
        "School Type Code",
        "School Address",
        "Major Field of Study",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "Practitioner.qualification.code"),
        to(3, "Practitioner.qualification.period"),
        to(
            4,
            "Practitioner.qualification.extension(v2-edu-academic-degree-program-participation-date-range)",
        ),
        to(5, "Practitioner.qualification.extension(v2-edu-academic-degree-granted-date)"),
        to(6, "Practitioner.qualification.issuer"),
        to(7, "Practitioner.qualification.extension(v2-edu-school-type-code)"),
        to(8, "Organization.address"),
        to(9, "Practitioner.qualification.extension(v2-edu-major-field-of-study)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    4 "edu-academic-degree-program-participation-date-range" Is::Span,
    5 "edu-academic-degree-granted-date" Is::Date,
    7 "edu-school-type-code" Is::Concept,
    9 "edu-major-field-of-study" Is::Concept,
];
