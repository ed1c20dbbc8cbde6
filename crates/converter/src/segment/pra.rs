//! PRA: what a member of the staff does as a practitioner (HL7 v2.5.1 §15.4.6).

use fhir::{
    CodeableConcept, Coding, Extension, ExtensionValue, Period, PractitionerRole, Reference, Resource,
};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{ft1, otherwise, prd};
use crate::context::{Context, add_new, own};
use crate::datatype::{self, cwe};
use crate::identity::rule;
use crate::mapping::{Map, left, to};

/// The role of a practitioner for an organisation: its id.
pub(crate) fn role<'a>(
    cx: &mut Context<'_, 'a>,
    practitioner: Uuid,
    organization: Option<Uuid>,
    active: bool,
    at: hl7v2::Place,
) -> Uuid {
    let text = |id: Uuid| id.hyphenated().to_string();
    let key = organization.map(text).unwrap_or_default();
    let id = cx.id(&rule::PRACTITIONER_ROLE, &[&[&text(practitioner)], &[&key]], at);
    if !cx.has(id) {
        let practitioner = Some(Reference::to(practitioner));
        let organization = organization.map(Reference::to);
        let role =
            PractitionerRole { id: Some(id), practitioner, organization, ..PractitionerRole::default() };
        cx.put(id, role);
    }
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        role.active = Some(active);
    }
    id
}

/// When somebody has a role. It has one period: what another segment says otherwise stands beside it.
pub(crate) fn during<'a>(role: &mut PractitionerRole<'a>, period: Option<Period<'a>>) {
    let further = otherwise(&mut role.period, period);
    let further = further.map(|period| Extension::new(FURTHER, ExtensionValue::Period(Box::new(period))));
    add_new(&mut role.extension, further);
}

/// A further period of a role.
const FURTHER: &str = own!("further-period-of-role");

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pra: Segment<'m, 'a>,
    practitioner: Uuid,
    active: bool,
) {
    let institution = ft1::department(cx, pra.field(9).first());
    let mut groups = Vec::new();
    for repetition in pra.field(2).repetitions() {
        add_new(&mut groups, ft1::department(cx, repetition));
    }
    let organization = institution.or_else(|| (!groups.is_empty()).then(|| groups.remove(0)));
    let id = role(cx, practitioner, organization, active, pra.place());
    let mut code = Vec::new();
    for repetition in pra.field(3).repetitions() {
        code.extend(cwe::concept(cx, repetition, "PRA-3", None));
    }
    let mut specialty = Vec::new();
    for repetition in pra.field(5).repetitions() {
        specialty.extend(specialties(cx, repetition));
    }
    let mut numbers = Vec::new();
    for repetition in pra.field(6).repetitions() {
        add_new(&mut numbers, prd::number(cx, repetition));
    }
    let period: Option<Period<'a>> = cx.period(pra.field(8).value(), pra.field(10).value());
    let mut extension = beside::extensions(cx, pra, BESIDE, id);
    datatype::beyond(cx, pra, [6], &mut extension);
    extension.extend(groups.into_iter().map(|id| beside::reference_to(GROUP, id)));
    if let Some(Resource::Practitioner(person)) = cx.entry(practitioner) {
        add_new(&mut person.identifier, numbers);
    }
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        add_new(&mut role.code, code);
        add_new(&mut role.specialty, specialty);
        during(role, period);
        add_new(&mut role.extension, extension);
    }
}

/// Further groups: a role is for one organisation.
const GROUP: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-pra-practitioner-group";
/// Who certified a specialty, whether it was, and when.
const CERTIFIED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-specialty-certification";

/// SPD: a specialty, and how it was certified.
fn specialties<'a>(cx: &mut Context<'_, 'a>, from: hl7v2::Repetition<'_, 'a>) -> Option<CodeableConcept<'a>> {
    let code = cx.write_code(from.component(1).value())?;
    let mut concept = CodeableConcept::of(Coding { code: Some(code), ..Coding::default() });
    let mut more = Vec::new();
    for (n, name) in [(2, "governing-board"), (3, "status"), (4, "date")] {
        let text = cx.write(from.component(n).value());
        more.extend(text.map(|text| fhir::Extension::string(name, text)));
    }
    concept.extension.extend(beside::together(CERTIFIED, more));
    Some(concept)
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PRA",
    name: "Practitioner Detail",
    fields: &[
        "Primary Key Value",
        "Practitioner Group",
        "Practitioner Category",
        "Provider Billing",
        "Specialty",
        "Practitioner ID Numbers",
        "Privileges",
        "Date Entered Practice",
        "Institution",
        "Date Left Practice",
        "Government Reimbursement Billing Eligibility",
        "Set ID",
    ],
    rows: &[
        left(1, "the key of the record: STF-1 and MFE-4 give it"),
        to(2, "PractitionerRole.organization"),
        to(3, "PractitionerRole.code"),
        to(4, "PractitionerRole.extension(v2-pra-provider-billing)"),
        to(5, "PractitionerRole.specialty"),
        to(6, "Practitioner.identifier"),
        to(7, "PractitionerRole.extension(v2-pra-privileges)"),
        to(8, "PractitionerRole.period"),
        to(9, "PractitionerRole.organization"),
        to(10, "PractitionerRole.period"),
        to(11, "PractitionerRole.extension(v2-pra-government-reimbursement-billing-eligibility)"),
        left(12, "set ids number the segments of a message and mean nothing outside it"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    4 "pra-provider-billing" Is::Concept,
    7 "pra-privileges" Is::Parts(&["privilege", "privilege-class", "expiration-date", "activation-date", "facility"]),
    11 "pra-government-reimbursement-billing-eligibility" Is::Concept,
];
