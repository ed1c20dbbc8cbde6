//! PRT: who has a part in what the segment before it is about (HL7 v2.7 §7.3.4): a person, an organisation, a
//! place or a device.

use std::borrow::Cow;

use fhir::{
    Address, ContactPoint, Device, DeviceUdiCarrier, Extension, ExtensionValue, Identifier,
    ImmunizationPerformer, Location, MedicationPerformer, ProcedurePerformer, Reference, Resource,
};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use super::participation::{Layout, Participation, Person};
use super::pid::PatientDraft;
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new, extension};
use crate::datatype::{cwe, cx as identifier, hd, pl, xad, xon, xtn};
use crate::identity::rule;
use crate::mapping::{Map, elsewhere, left, to};

const LAYOUT: Layout = Layout {
    number: 1,
    action: 2,
    reason: (3, "PRT-3"),
    role: (4, "PRT-4"),
    start: 11,
    end: 12,
    duration: (13, "PRT-13"),
};

const PERFORMER_FUNCTION: &str = "http://hl7.org/fhir/StructureDefinition/event-performerFunction";
const EVENT_LOCATION: &str = "http://hl7.org/fhir/StructureDefinition/event-location";
const PREFERRED: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-preferred";

const OF_PART: &str = "it is about this part in the care, not about the person's work";
const OF_MEMBER: &str = "it stands with the person or organisation that is the member";
const IN_ROLE: &str =
    "it stands in the PractitionerRole that is referred to (a CareTeam takes onBehalfOf of a person only)";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PRT",
    name: "Participation Information",
    fields: &[
        "Participation Instance ID",
        "Action Code",
        "Action Reason",
        "Role of Participation",
        "Person",
        "Person Provider Type",
        "Participant Organization Unit Type",
        "Organization",
        "Location",
        "Device",
        "Begin Date/Time (arrival time)",
        "End Date/Time (departure time)",
        "Qualitative Duration",
        "Address",
        "Telecommunication Address",
        "UDI Device Identifier",
        "Device Manufacture Date",
        "Device Expiry Date",
        "Device Lot Number",
        "Device Serial Number",
        "Device Donation Identification",
        "Device Type",
        "Preferred Method of Contact",
        "Contact Identifiers",
    ],
    rows: &[
        to(1, "CareTeam.participant.extension(v2-participation-number)"),
        to(2, "CareTeam.participant.period.end"),
        left(2, "a part that is said is added or confirmed; only its end (DE) says more")
            .not_to("Patient.Operation"),
        to(3, "CareTeam.participant.extension(v2-action-reason)"),
        to(4, "CareTeam.participant.role"),
        elsewhere(4, "PractitionerRole.code", OF_PART),
        to(4, "Patient.generalPractitioner"),
        to(4, "RelatedPerson.relationship"),
        to(5, "CareTeam.participant.member"),
        to(5, "PractitionerRole.practitioner"),
        to(5, "Patient.generalPractitioner"),
        to(5, "RelatedPerson.name"),
        to(6, "CareTeam.participant.role"),
        to(6, "PractitionerRole.specialty"),
        to(7, "Organization.type"),
        elsewhere(7, "PractitionerRole.organization", "it is the kind of the organisation"),
        to(8, "CareTeam.participant.member"),
        elsewhere(8, "CareTeam.participant.onBehalfOf", IN_ROLE),
        to(8, "PractitionerRole.organization"),
        elsewhere(8, "Patient.generalPractitioner", IN_ROLE),
        to(9, "PractitionerRole.location"),
        elsewhere(9, "Patient.generalPractitioner", IN_ROLE),
        to(9, "Encounter.extension(v2-participation)"),
        elsewhere(
            9,
            "Observation.extension",
            "the performer's PractitionerRole has the place; without one the extension event-location",
        ),
        to(10, "Device.identifier"),
        elsewhere(10, "Device.udiCarrier", "PRT-10 is a number of the device; its UDI is PRT-16"),
        to(11, "CareTeam.participant.period"),
        elsewhere(11, "PractitionerRole.period", OF_PART),
        elsewhere(11, "Patient.generalPractitioner", OF_PART),
        to(11, "RelatedPerson.period"),
        to(12, "CareTeam.participant.period"),
        elsewhere(12, "PractitionerRole.period", OF_PART),
        elsewhere(12, "Patient.generalPractitioner", OF_PART),
        to(12, "RelatedPerson.period"),
        to(13, "CareTeam.participant.extension(v2-duration)"),
        to(14, "Practitioner.address"),
        to(14, "RelatedPerson.address"),
        to(14, "Organization.address"),
        elsewhere(14, "CareTeam.participant", OF_MEMBER),
        elsewhere(
            14,
            "Observation.extension",
            "the address is of the person or organisation; without either the extension event-location",
        ),
        to(15, "PractitionerRole.telecom"),
        to(15, "RelatedPerson.telecom"),
        to(15, "Organization.telecom"),
        elsewhere(15, "CareTeam.participant", OF_MEMBER),
        to(16, "Device.udiCarrier"),
        to(17, "Device.manufactureDate"),
        to(18, "Device.expirationDate"),
        to(19, "Device.lotNumber"),
        to(20, "Device.serialNumber"),
        to(21, "Device.distinctIdentifier"),
        to(22, "Device.type"),
        to(23, "PractitionerRole.telecom"),
        to(23, "RelatedPerson.telecom"),
        to(24, "PractitionerRole.identifier"),
        to(24, "RelatedPerson.identifier"),
    ],
};

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

/// The devices (PRT-10), each put once; PRT-16 to PRT-22 describe the first.
fn devices<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>) -> Vec<Uuid> {
    let mut all: Vec<Uuid> = prt.field(10).repetitions().filter_map(|one| device(cx, one)).collect();
    let described = (16..=22).any(|field| prt.field(field).value().is_present());
    if !described {
        return all;
    }
    let first = all.first().copied().or_else(|| {
        let id = device_by_udi(cx, prt);
        all.push(id);
        Some(id)
    });
    let Some(id) = first else { return all };
    let mut known = Device::default();
    if let Some(udi) = hd::ei(cx, prt.field(16).first()) {
        let issuer = udi.system.or_else(|| udi.assigner.and_then(|assigner| assigner.display));
        known.udi_carrier.push(carrier(udi.value, issuer));
    }
    (known.manufacture_date, known.manufacture_date_ext) = cx.date_time(prt.field(17).value());
    (known.expiration_date, known.expiration_date_ext) = cx.date_time(prt.field(18).value());
    known.lot_number = cx.write(prt.field(19).value());
    known.serial_number = cx.write(prt.field(20).value());
    if let Some(donation) = hd::ei(cx, prt.field(21).first()) {
        known.distinct_identifier = donation.value.clone();
        if donation.system.is_some() || donation.assigner.is_some() {
            known.identifier.push(donation);
        }
    }
    known.r#type = cwe::concept(cx, prt.field(22).first(), "PRT-22", None);
    if let Some(Resource::Device(device)) = cx.entry(id) {
        add_new(&mut device.udi_carrier, known.udi_carrier);
        add_new(&mut device.identifier, known.identifier);
        device.manufacture_date = known.manufacture_date;
        device.manufacture_date_ext = known.manufacture_date_ext;
        device.expiration_date = known.expiration_date;
        device.expiration_date_ext = known.expiration_date_ext;
        device.lot_number = known.lot_number;
        device.serial_number = known.serial_number;
        device.distinct_identifier = known.distinct_identifier;
        device.r#type = known.r#type;
    }
    all
}

fn carrier<'a>(value: Option<Cow<'a, str>>, issuer: Option<Cow<'a, str>>) -> DeviceUdiCarrier<'a> {
    let issuer_name = issuer.as_ref().filter(|issuer| !issuer.contains(':')).cloned();
    let issuer = issuer.filter(|issuer| issuer.contains(':'));
    DeviceUdiCarrier {
        device_identifier: value,
        issuer,
        extension: issuer_name
            .map(|name| Extension::string(extension::ASSIGNING_AUTHORITY, name))
            .into_iter()
            .collect(),
        ..DeviceUdiCarrier::default()
    }
}

/// The device that an EI names: put once, its id given back.
pub(crate) fn device<'a>(cx: &mut Context<'_, 'a>, ei: Repetition<'_, 'a>) -> Option<Uuid> {
    let (authority, value) = hd::ei_key(cx, ei)?;
    let id = cx.id(&rule::DEVICE, &[&[&authority, &value]], ei.place());
    let number = hd::ei(cx, ei);
    if !cx.has(id) {
        cx.put(id, Device { id: Some(id), identifier: number.into_iter().collect(), ..Device::default() });
    }
    Some(id)
}

/// A device without number, by its UDI, else by lot and serial number.
fn device_by_udi<'m, 'a>(cx: &mut Context<'m, 'a>, prt: Segment<'m, 'a>) -> Uuid {
    let text = |field: usize| crate::context::trim(prt.field(field).value().text());
    let parts = [16, 19, 20, 21, 22].map(text);
    let id = cx.id(&rule::DEVICE_BY_UDI, &[&parts.each_ref().map(|part| &**part)], prt.place());
    if !cx.has(id) {
        cx.put(id, Device { id: Some(id), ..Device::default() });
    }
    id
}

/// Participants of a resource of the Bundle.
/// The participants of a resource that are told without place and device (ROL).
pub(crate) fn participants<'a>(cx: &mut Context<'_, 'a>, id: Uuid, participation: Participation<'a>) {
    attach(cx, id, Part { participation, location: None, devices: Vec::new() });
}

/// Who did a procedure, and as what.
fn performers<'a>(cx: &mut Context<'_, 'a>, id: Uuid, participation: &mut Participation<'a>) {
    let Some(Resource::Procedure(procedure)) = cx.entry(id) else { return };
    let mut roles = participation.role.iter().cloned();
    let function = roles.next();
    let mut beside = participation.extension.clone();
    beside.extend(roles.map(|role| Extension::concept(PERFORMER_FUNCTION, role)));
    let period = participation.period.clone();
    beside.extend(period.map(|period| {
        Extension::new(extension::PARTICIPATION_PERIOD, ExtensionValue::Period(Box::new(period)))
    }));
    for member in std::mem::take(&mut participation.members) {
        let actor = Some(Reference::to(member));
        let (function, extension) = (function.clone(), beside.clone());
        add_new(
            &mut procedure.performer,
            [ProcedurePerformer { extension, function, actor, on_behalf_of: None }],
        );
    }
}

fn attach<'a>(cx: &mut Context<'_, 'a>, id: Uuid, mut part: Part<'a>) {
    if matches!(cx.entry(id), Some(Resource::Procedure(_))) && !part.participation.members.is_empty() {
        performers(cx, id, &mut part.participation);
        if part.location.is_none() && part.devices.is_empty() {
            return;
        }
    }
    let Part { mut participation, location, devices } = part;
    let is_event = matches!(
        cx.entry(id),
        Some(
            Resource::Observation(_)
                | Resource::DiagnosticReport(_)
                | Resource::Immunization(_)
                | Resource::MedicationAdministration(_)
        )
    );
    if !is_event {
        let (participation, beside) = Part { participation, location, devices }.split();
        let extension = {
            let mut all = participation;
            all.extension.extend(beside);
            all.whole()
        };
        if let Some(resource) = cx.entry(id) {
            add_new(resource.extension_mut(), extension);
        }
        return;
    }
    let mut devices = devices;
    let location = location.map(|id| reference(EVENT_LOCATION, id));
    let members = std::mem::take(&mut participation.members);
    let mut performers = Vec::new();
    for member in members {
        let mut who = Reference::to(member);
        let function = participation.role.iter().cloned();
        who.extension.extend(function.map(|role| Extension::concept(PERFORMER_FUNCTION, role)));
        who.extension.extend(participation.extension.iter().cloned());
        let period = participation.period.clone();
        who.extension.extend(period.map(|period| {
            Extension::new(extension::PARTICIPATION_PERIOD, ExtensionValue::Period(Box::new(period)))
        }));
        performers.push(who);
    }
    let said = !performers.is_empty();
    match cx.entry(id) {
        Some(Resource::Observation(observation)) => {
            add_new(&mut observation.performer, performers);
            add_new(&mut observation.extension, location);
            if observation.device.is_none() && !devices.is_empty() {
                observation.device = Some(Reference::to(devices.remove(0)));
            }
        }
        Some(Resource::DiagnosticReport(report)) => {
            add_new(&mut report.performer, performers);
            add_new(&mut report.extension, location);
        }
        Some(Resource::Immunization(given)) => {
            let function = participation.role.first().cloned();
            let named = performers
                .into_iter()
                .map(|who| ImmunizationPerformer { function: function.clone(), actor: Some(who) });
            add_new(&mut given.performer, named);
            add_new(&mut given.extension, location);
        }
        Some(Resource::MedicationAdministration(given)) => {
            let function = participation.role.first().cloned();
            let named = performers
                .into_iter()
                .map(|who| MedicationPerformer { function: function.clone(), actor: Some(who) });
            add_new(&mut given.performer, named);
            add_new(&mut given.extension, location);
        }
        _ => {}
    }
    // What has neither person nor organisation keeps its role with the device or the place.
    let beside: Vec<_> =
        devices.into_iter().map(|id| reference(extension::PARTICIPATION_DEVICE, id)).collect();
    if (!said || !beside.is_empty())
        && let Some(resource) = cx.entry(id)
    {
        let extension = {
            let mut all = participation;
            all.extension.extend(beside);
            all.whole()
        };
        add_new(resource.extension_mut(), extension);
    }
}

/// Members of the patient's team; a place or device alone is said of the patient.
fn into_team<'a>(cx: &mut Context<'_, 'a>, patient: Uuid, part: Part<'a>) {
    let (mut participation, beside) = part.split();
    participation.extension.extend(beside);
    if participation.members.is_empty() {
        let extension = participation.whole();
        if let Some(resource) = cx.entry(patient) {
            add_new(resource.extension_mut(), extension);
        }
        return;
    }
    participation.in_team(cx, patient);
}
