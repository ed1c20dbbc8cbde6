//! ROL: who plays a role for the patient or in the visit (HL7 v2.5.1 §15.4.7). Behind PD1 it is about the
//! patient, behind PV1 about the visit.

use fhir::{Extension, ExtensionValue, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::participation::{Layout, Participation, Person};
use super::pid::PatientDraft;
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, pl, xad, xon, xtn};
use crate::mapping::{Map, elsewhere, left, to};

const LAYOUT: Layout = Layout {
    number: 1,
    action: 2,
    reason: (8, "ROL-8"),
    role: (3, "ROL-3"),
    start: 5,
    end: 6,
    duration: (7, "ROL-7"),
};

const OF_PART: &str = "it is about this part in the care, not about the person's work";
const IN_ROLE: &str =
    "it stands in the PractitionerRole that is referred to (a CareTeam takes onBehalfOf of a person only)";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "ROL",
    name: "Role",
    fields: &[
        "Role Instance ID",
        "Action Code",
        "Role-ROL",
        "Role Person",
        "Role Begin Date/Time",
        "Role End Date/Time",
        "Role Duration",
        "Role Action Reason",
        "Provider Type",
        "Organization Unit Type",
        "Office/Home Address/Birthplace",
        "Phone",
        "Person's Location",
        "Organization",
    ],
    rows: &[
        to(1, "CareTeam.participant"),
        to(1, "Encounter.participant"),
        elsewhere(1, "PractitionerRole.identifier", OF_PART),
        elsewhere(1, "Patient.generalPractitioner", OF_PART),
        elsewhere(1, "RelatedPerson.identifier", OF_PART),
        to(2, "CareTeam.participant.period.end"),
        left(2, "a part that is said is added or confirmed; only its end (DE, UN) says more"),
        to(3, "CareTeam.participant.role"),
        to(3, "Encounter.participant.type"),
        to(3, "Patient.generalPractitioner"),
        to(3, "RelatedPerson.relationship"),
        to(4, "CareTeam.participant.member"),
        to(4, "Encounter.participant.individual"),
        to(4, "Patient.generalPractitioner"),
        to(4, "RelatedPerson.name"),
        to(5, "CareTeam.participant.period"),
        to(5, "Encounter.participant.period"),
        elsewhere(5, "Patient.generalPractitioner", OF_PART),
        to(5, "RelatedPerson.period"),
        to(6, "CareTeam.participant.period"),
        to(6, "Encounter.participant.period"),
        elsewhere(6, "Patient.generalPractitioner", OF_PART),
        to(6, "RelatedPerson.period"),
        to(7, "CareTeam.participant.extension(v2-duration)"),
        to(8, "CareTeam.participant.extension(v2-action-reason)"),
        elsewhere(8, "CareTeam.reasonCode", "it is the reason of one member's part, not of the team"),
        to(9, "CareTeam.participant.role"),
        to(10, "CareTeam.participant.extension(v2-organization-unit-type)"),
        to(10, "Organization.type"),
        to(11, "Practitioner.address"),
        to(11, "RelatedPerson.address"),
        elsewhere(11, "Patient.generalPractitioner", "it is the address of the person"),
        to(12, "PractitionerRole.telecom"),
        to(12, "RelatedPerson.telecom"),
        elsewhere(12, "CareTeam.telecom", "it is the number of the person, not of the team"),
        to(13, "PractitionerRole.location"),
        elsewhere(13, "Encounter.participant", IN_ROLE),
        elsewhere(13, "Patient.generalPractitioner", IN_ROLE),
        to(14, "PractitionerRole.organization"),
        elsewhere(14, "Encounter.participant", IN_ROLE),
        elsewhere(14, "Patient.generalPractitioner", IN_ROLE),
        to(14, "CareTeam.participant.member"),
        elsewhere(14, "CareTeam.participant.onBehalfOf", IN_ROLE),
    ],
};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
    encounter: Option<&mut EncounterDraft<'a>>,
) {
    let part = read(cx, rol, patient.id);
    match encounter {
        Some(encounter) => part.in_visit(cx, encounter),
        None => part.in_care(cx, patient),
    }
}

/// A ROL behind PV1 is about the visit.
pub(crate) fn of_visit<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    patient: Uuid,
    encounter: &mut EncounterDraft<'a>,
) {
    read(cx, rol, patient).in_visit(cx, encounter);
}

/// A ROL behind something else (a procedure, an insurance, a problem) is about that; where that is not in the
/// message, about the patient's care.
pub(crate) fn about<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    patient: Uuid,
    about: Option<Uuid>,
) {
    let part = read(cx, rol, patient);
    match about {
        Some(id) => super::prt::participants(cx, id, part),
        None => part.in_team(cx, patient),
    }
}

fn read<'m, 'a>(cx: &mut Context<'m, 'a>, rol: Segment<'m, 'a>, patient: Uuid) -> Participation<'a> {
    let mut part = Participation::of(cx, rol, &LAYOUT);
    let organization = xon::organization(cx, rol.field(14).first());
    let people = part.people(cx, rol.field(4), rol.field(3).first(), patient, organization);
    if people.is_empty() {
        part.members.extend(organization);
    }
    let kind = cwe::concept(cx, rol.field(9).first(), "ROL-9", None);
    part.role.extend(kind);
    unit_type(cx, rol, organization, &mut part);
    whereabouts(cx, rol, people.first().copied(), organization, &mut part);
    part
}

/// What kind of part of an organisation it is (ROL-10) belongs to the organisation.
fn unit_type<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    organization: Option<Uuid>,
    part: &mut Participation<'a>,
) {
    let Some(kind) = cwe::concept(cx, rol.field(10).first(), "ROL-10", None) else { return };
    if let Some(Resource::Organization(organization)) = organization.and_then(|id| cx.entry(id)) {
        add_new(&mut organization.r#type, [kind]);
    } else {
        part.extension.push(Extension::concept(extension::ORGANIZATION_UNIT_TYPE, kind));
    }
}

/// Address (ROL-11), telephone (ROL-12) and place (ROL-13) of the first person, else of the organisation.
fn whereabouts<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    person: Option<Person>,
    organization: Option<Uuid>,
    part: &mut Participation<'a>,
) {
    let mut address = Vec::new();
    xad::addresses(cx, rol.field(11), &mut address);
    let mut telecom = Vec::new();
    xtn::contact_points(cx, rol.field(12), None, &mut telecom);
    let mut place = pl::location(cx, rol.field(13).first()).map(|place| place.location);
    match person {
        Some(Person::Professional(who)) => {
            if let Some(Resource::PractitionerRole(role)) = who.role.and_then(|id| cx.entry(id)) {
                add_new(&mut role.location, place.take().map(Reference::to));
                add_new(&mut role.telecom, std::mem::take(&mut telecom));
            }
            if let Some(Resource::Practitioner(person)) = cx.entry(who.practitioner) {
                add_new(&mut person.address, std::mem::take(&mut address));
                add_new(&mut person.telecom, std::mem::take(&mut telecom));
            }
        }
        Some(Person::Relative(id)) => {
            if let Some(Resource::RelatedPerson(person)) = cx.entry(id) {
                add_new(&mut person.address, std::mem::take(&mut address));
                add_new(&mut person.telecom, std::mem::take(&mut telecom));
            }
        }
        Some(Person::Patient) | None => {
            if let Some(Resource::Organization(known)) = organization.and_then(|id| cx.entry(id)) {
                add_new(&mut known.address, std::mem::take(&mut address));
                add_new(&mut known.telecom, std::mem::take(&mut telecom));
            }
        }
    }
    // What nobody could take stands with the part itself.
    let addresses = address.into_iter().map(|one| ExtensionValue::Address(Box::new(one)));
    let numbers = telecom.into_iter().map(|one| ExtensionValue::ContactPoint(Box::new(one)));
    let whereabouts = addresses.chain(numbers).map(|value| Extension::new(extension::WHEREABOUTS, value));
    part.extension.extend(whereabouts);
    let place = place.map(|id| ExtensionValue::Reference(Box::new(Reference::to(id))));
    part.extension.extend(place.map(|place| Extension::new(extension::PARTICIPATION_LOCATION, place)));
}
