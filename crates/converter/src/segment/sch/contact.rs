//! Who is to be asked about an appointment, and who entered it: SCH-12 to SCH-22.

use fhir::{
    Appointment, AppointmentParticipant, CodeableConcept, Coding, Extension, ExtensionValue, Reference,
    Resource, system,
};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new};
use crate::datatype::{pl, xad, xcn, xtn};
use crate::segment::evn::agent;

/// Which part someone has in the scheduling of an appointment.
const ROLE: &str = "https://zorgsluis.github.io/fhir/CodeSystem/v2-scheduling-contact";
const TELECOM: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-scheduling-contact-telecom";
const ADDRESS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-scheduling-contact-address";

/// One who is to be asked, and in which fields they stand.
struct Contact {
    role: (&'static str, &'static str, &'static str),
    person: usize,
    phone: usize,
    address: Option<usize>,
    location: (usize, &'static str),
}

const CONTACTS: [Contact; 3] = [
    Contact {
        role: (ROLE, "placer-contact", "Placer contact"),
        person: 12,
        phone: 13,
        address: Some(14),
        location: (15, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-placer-contact-location"),
    },
    Contact {
        role: (ROLE, "filler-contact", "Filler contact"),
        person: 16,
        phone: 17,
        address: Some(18),
        location: (19, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-filler-contact-location"),
    },
    Contact {
        role: (system::PROVENANCE_PARTICIPANT, "enterer", "Enterer"),
        person: 20,
        phone: 21,
        address: None,
        location: (22, "https://zorgsluis.github.io/fhir/StructureDefinition/v2-entered-by-location"),
    },
];

/// They are participants who need not come. Their telephone and address stand with them.
pub(super) fn contacts<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    sch: Segment<'m, 'a>,
    appointment: &mut Appointment<'a>,
) {
    for contact in CONTACTS {
        let mut first = None;
        for repetition in sch.field(contact.person).repetitions() {
            let Some(person) = xcn::professional(cx, repetition) else { continue };
            first = first.or(Some(person.practitioner));
            let (system, code, display) = contact.role;
            let role = CodeableConcept::of(Coding::new(system, code).with_display(display));
            appointment.participant.push(AppointmentParticipant {
                r#type: vec![role],
                actor: Some(person.reference()),
                required: Some("information-only"),
                status: Some("accepted"),
                ..AppointmentParticipant::default()
            });
            if contact.person == 20 {
                add_new(&mut cx.provenance.agent, [agent("enterer", person.reference())]);
            }
        }
        reach(cx, sch.field(contact.phone), contact.address.map(|n| sch.field(n)), first, appointment);
        let (n, url) = contact.location;
        for repetition in sch.field(n).repetitions() {
            let place = pl::location(cx, repetition).map(|place| Reference::to(place.location));
            let place = place.map(|place| ExtensionValue::Reference(Box::new(place)));
            appointment.extension.extend(place.map(|place| Extension::new(url, place)));
        }
    }
}

/// Telephone and address of a contact: with the person, or, where nobody is named, with the appointment.
fn reach<'a>(
    cx: &mut Context<'_, 'a>,
    phone: Field<'_, 'a>,
    address: Option<Field<'_, 'a>>,
    person: Option<Uuid>,
    appointment: &mut Appointment<'a>,
) {
    let (mut telecom, mut addresses) = (Vec::new(), Vec::new());
    xtn::contact_points(cx, phone, Some("work"), &mut telecom);
    if let Some(address) = address {
        xad::addresses(cx, address, &mut addresses);
    }
    if let Some(Resource::Practitioner(known)) = person.and_then(|id| cx.entry(id)) {
        add_new(&mut known.telecom, telecom);
        add_new(&mut known.address, addresses);
        return;
    }
    let telecom = telecom.into_iter().map(|one| ExtensionValue::ContactPoint(Box::new(one)));
    appointment.extension.extend(telecom.map(|one| Extension::new(TELECOM, one)));
    let addresses = addresses.into_iter().map(|one| ExtensionValue::Address(Box::new(one)));
    appointment.extension.extend(addresses.map(|one| Extension::new(ADDRESS, one)));
}
