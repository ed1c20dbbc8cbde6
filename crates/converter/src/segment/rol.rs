//! ROL: who plays a role for the patient or in the visit (HL7 v2.5.1 §15.4.7). Behind PD1 it is about the
//! patient, behind PV1 about the visit.

use fhir::{Reference, Resource};
use hl7v2::Segment;

use super::pid::PatientDraft;
use super::pv1::EncounterDraft;
use crate::context::{Context, add_new};
use crate::datatype::{cwe, hd, pl, xad, xcn, xon, xtn};

pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    patient: &mut PatientDraft<'a>,
    encounter: Option<&mut EncounterDraft<'a>>,
) {
    let role = rol.field(3).value().text();
    let primary = matches!(role.trim().to_ascii_uppercase().as_str(), "PP" | "FHCP");
    // Who no longer plays it (table 0287: delete) is not written; the fields stay in the report.
    if rol.field(2).value().text().trim().eq_ignore_ascii_case("DE") || (encounter.is_none() && !primary) {
        return;
    }
    let organization = xon::organization(cx, rol.field(14).first());
    let mut who = Vec::new();
    for repetition in rol.field(4).repetitions() {
        who.extend(xcn::professional_of(cx, repetition, organization));
    }
    let Some(first) = who.first().copied() else { return };
    let mut telecom = Vec::new();
    xtn::contact_points(cx, rol.field(12), None, &mut telecom);
    let mut address = Vec::new();
    xad::addresses(cx, rol.field(11), &mut address);
    let place = pl::location(cx, rol.field(13).first());
    let number = hd::ei(cx, rol.field(1).first());
    if let Some(Resource::Practitioner(person)) = cx.entry(first.practitioner) {
        add_new(&mut person.address, address);
        add_new(&mut person.telecom, telecom);
        add_new(&mut person.identifier, number);
    }
    if let Some(place) = place {
        at_place(cx, rol, first, place);
    }
    let kind = cwe::concept(cx, rol.field(3).first(), "ROL-3", None);
    match encounter {
        Some(encounter) => {
            let period = cx.period(rol.field(5).value(), rol.field(6).value());
            for one in who {
                encounter.participant(one, kind.clone(), period.clone());
            }
        }
        None => {
            // The role itself is said by the element.
            cx.unmark(rol.field(3));
            cx.mark(rol.field(3).value());
            add_new(
                &mut patient.resource.general_practitioner,
                who.into_iter().map(xcn::Professional::reference),
            );
        }
    }
}

/// Where somebody works belongs to the role; without one it stays in the report.
fn at_place<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rol: Segment<'m, 'a>,
    who: xcn::Professional,
    place: pl::Place,
) {
    if let Some(Resource::PractitionerRole(role)) = who.role.and_then(|id| cx.entry(id)) {
        add_new(&mut role.location, [Reference::to(place.location)]);
    } else {
        cx.warn(rol.field(13).place(), "place-without-role");
    }
}
