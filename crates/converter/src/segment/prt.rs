//! PRT: who has a part in what the segment before it is about (HL7 v2.7 §7.3.4): a person, an organisation, a
//! place or a device.

mod attach;
mod device;
mod map;

use fhir::{Address, ContactPoint, Extension, ExtensionValue, Identifier, Location, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

pub(crate) use attach::participants;
use attach::{attach, into_team};
use device::devices;
pub(crate) use map::MAP;

use super::participation::{Layout, Participation, Person};
use super::pid::PatientDraft;
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, cx as identifier, pl, xad, xon, xtn};
use crate::identity::rule;

const LAYOUT: Layout = Layout {
    number: 1,
    action: 2,
    reason: (3, "PRT-3"),
    role: (4, "PRT-4"),
    start: 11,
    end: 12,
    duration: (13, "PRT-13"),
};

const PREFERRED: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-preferred";

/// Participants of the resource that the segments before this one are about. Call it when that resource has
/// been put: of a result or report they become performers (with what they did), device and place; of any
/// other resource an extension that says all of it. Without a resource, and where it is not in the message,
/// they are members of the patient's CareTeam.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    patient: Uuid,
    about: Option<Uuid>,
) {
    let part = read(cx, prt, patient);
    match about.filter(|id| cx.has(*id)) {
        Some(id) => attach(cx, id, part),
        None => into_team(cx, patient, part),
    }
}

/// A PRT behind PID or PD1 is about the patient, one behind PV1 about the visit.
pub(crate) fn of_patient<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
    encounter: Option<&mut EncounterDraft<'a>>,
) {
    match encounter {
        Some(encounter) => of_visit(cx, prt, patient.id, encounter),
        None => {
            let (mut participation, beside) = read(cx, prt, patient.id).split();
            participation.extension.extend(beside);
            if participation.members.is_empty() {
                patient.resource.extension.extend(participation.whole());
            } else {
                participation.in_care(cx, patient);
            }
        }
    }
}

/// A PRT behind PV1 is about the visit.
pub(crate) fn of_visit<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    patient: Uuid,
    encounter: &mut EncounterDraft<'a>,
) {
    let (mut participation, beside) = read(cx, prt, patient).split();
    participation.extension.extend(beside);
    participation.in_visit(cx, encounter);
}

/// What a PRT says.
struct Part<'a> {
    participation: Participation<'a>,
    location: Option<Uuid>,
    devices: Vec<Uuid>,
}

impl<'a> Part<'a> {
    /// Place and devices as extensions.
    fn split(self) -> (Participation<'a>, Vec<Extension<'a>>) {
        let place = self.location.map(|id| reference(extension::PARTICIPATION_LOCATION, id));
        let devices = self.devices.into_iter().map(|id| reference(extension::PARTICIPATION_DEVICE, id));
        (self.participation, place.into_iter().chain(devices).collect())
    }
}

fn reference<'a>(url: &'static str, id: Uuid) -> Extension<'a> {
    Extension::new(url, ExtensionValue::Reference(Box::new(Reference::to(id))))
}

fn read<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>, patient: Uuid) -> Part<'a> {
    let mut participation = Participation::of(cx, prt, &LAYOUT);
    let organizations: Vec<Uuid> =
        prt.field(8).repetitions().filter_map(|one| xon::organization(cx, one)).collect();
    let people =
        participation.people(cx, prt.field(5), prt.field(4).first(), patient, organizations.first().copied());
    // The first organisation is the one that the people act for; without people it takes part itself.
    let for_people = usize::from(people.iter().any(|person| matches!(person, Person::Professional(_))));
    participation.members.extend(organizations.iter().skip(for_people));
    participation.bytes = participation.bytes.saturating_sub(prt.field(8).raw().len());
    organization_type(cx, prt, organizations.first().copied(), &mut participation);
    let mut location = pl::location(cx, prt.field(9).first()).map(|place| place.location);
    let addresses = addresses(cx, prt);
    let telecom = telecom(cx, prt, &mut participation);
    let mut numbers = Vec::new();
    for repetition in prt.field(24).repetitions() {
        let number = identifier::identifier(cx, repetition, None);
        add_new(&mut numbers, number);
    }
    let specialty = cwe::concept(cx, prt.field(6).first(), "PRT-6", None);
    let details = Details { addresses, telecom, numbers, location };
    match people.first() {
        Some(Person::Professional(who)) => {
            if let Some(Resource::PractitionerRole(role)) = who.role.and_then(|id| cx.entry(id)) {
                add_new(&mut role.specialty, specialty);
                add_new(&mut role.telecom, details.telecom);
                add_new(&mut role.identifier, details.numbers);
                add_new(&mut role.location, details.location.map(Reference::to));
                location = None;
            } else {
                participation.role.extend(specialty);
                if let Some(Resource::Practitioner(person)) = cx.entry(who.practitioner) {
                    add_new(&mut person.telecom, details.telecom);
                    add_new(&mut person.identifier, details.numbers);
                }
            }
            if let Some(Resource::Practitioner(person)) = cx.entry(who.practitioner) {
                add_new(&mut person.address, details.addresses);
            }
        }
        Some(Person::Relative(id)) => {
            participation.role.extend(specialty);
            if let Some(Resource::RelatedPerson(person)) = cx.entry(*id) {
                add_new(&mut person.address, details.addresses);
                add_new(&mut person.telecom, details.telecom);
                add_new(&mut person.identifier, details.numbers);
            }
        }
        Some(Person::Patient) | None => {
            participation.role.extend(specialty);
            without_person(cx, prt, organizations.first().copied(), details, &mut location);
        }
    }
    let devices = devices(cx, prt);
    Part { participation, location, devices }
}

struct Details<'a> {
    addresses: Vec<Address<'a>>,
    telecom: Vec<ContactPoint<'a>>,
    numbers: Vec<Identifier<'a>>,
    location: Option<Uuid>,
}

/// Addresses and numbers of an organisation, else of the place; without either the address is the place.
fn without_person<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    organization: Option<Uuid>,
    details: Details<'a>,
    location: &mut Option<Uuid>,
) {
    if let Some(Resource::Organization(organization)) = organization.and_then(|id| cx.entry(id)) {
        add_new(&mut organization.address, details.addresses);
        add_new(&mut organization.telecom, details.telecom);
        add_new(&mut organization.identifier, details.numbers);
        return;
    }
    let Details { addresses, telecom, numbers, .. } = details;
    if addresses.is_empty() && telecom.is_empty() && numbers.is_empty() {
        return;
    }
    let id = location.unwrap_or_else(|| {
        let digest = cx.digest();
        let sender = cx.sender_key().to_owned();
        let nth = prt.place().to_string();
        cx.id(&rule::LOCATION, &[&[&sender], &["", "", "", "", "", "", &digest, &nth]], prt.place())
    });
    if !cx.has(id) {
        cx.put(id, Location { id: Some(id), mode: Some("instance"), ..Location::default() });
    }
    *location = Some(id);
    let mut lost = addresses.len() > 1;
    if let Some(Resource::Location(place)) = cx.entry(id) {
        let address = addresses.into_iter().next();
        if place.address.is_none() {
            place.address = address;
        } else {
            lost |= address.is_some() && place.address != address;
        }
        add_new(&mut place.telecom, telecom);
        add_new(&mut place.identifier, numbers);
    }
    if lost {
        super::report_conflicts(cx, prt, &[14]);
    }
}

fn addresses<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>) -> Vec<Address<'a>> {
    let mut addresses = Vec::new();
    xad::addresses(cx, prt.field(14), &mut addresses);
    addresses
}

/// What kind of part of an organisation it is (PRT-7) belongs to the organisation.
fn organization_type<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    organization: Option<Uuid>,
    participation: &mut Participation<'a>,
) {
    let Some(kind) = cwe::concept(cx, prt.field(7).first(), "PRT-7", None) else { return };
    if let Some(Resource::Organization(organization)) = organization.and_then(|id| cx.entry(id)) {
        add_new(&mut organization.r#type, [kind]);
    } else {
        participation.extension.push(Extension::concept(extension::ORGANIZATION_UNIT_TYPE, kind));
    }
}

/// PRT-15, and which of them is preferred (PRT-23, table 0185).
fn telecom<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    prt: Segment<'m, 'a>,
    participation: &mut Participation<'a>,
) -> Vec<ContactPoint<'a>> {
    let mut telecom = Vec::new();
    xtn::contact_points(cx, prt.field(15), None, &mut telecom);
    let from = prt.field(23).first();
    let code = from.value().text();
    let suits = |one: &&mut ContactPoint<'_>| match code.trim().to_ascii_uppercase().as_str() {
        "B" => one.system == Some("pager"),
        "C" => one.r#use == Some("mobile"),
        "E" => one.system == Some("email"),
        "F" => one.system == Some("fax"),
        "H" => one.system == Some("phone") && one.r#use == Some("home"),
        "O" => one.system == Some("phone") && one.r#use == Some("work"),
        _ => false,
    };
    if let Some(one) = telecom.iter_mut().find(suits) {
        one.extension.push(Extension::new(PREFERRED, ExtensionValue::Boolean(true)));
        cx.mark(from.value());
        for component in from.components().skip(1) {
            cx.ignore(component.value(), "which number is preferred is said at the number");
        }
    } else if let Some(preferred) = cwe::concept(cx, from, "PRT-23", None) {
        participation.extension.push(Extension::concept(extension::PREFERRED_CONTACT, preferred));
    }
    telecom
}
