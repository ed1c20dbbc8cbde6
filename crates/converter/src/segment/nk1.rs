//! NK1: next of kin (HL7 v2.5.1 §3.4.5).

use fhir::{PatientCommunication, Reference, RelatedPerson, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::{Listed, empties_list, gender};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, cx as identifier, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::table;

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, patient: Uuid) -> Listed {
    if empties_list(cx, nk1, &[2, 3]) {
        return Listed::Nothing;
    }
    let Some(id) = identify(cx, nk1, patient) else { return Listed::Unread };
    let mut person = RelatedPerson { id: Some(id), active: Some(true), ..RelatedPerson::default() };
    person.patient = Some(Reference::to(patient));
    for (field, place, table) in
        [(3, "NK1-3", table::relationship as cwe::Table), (7, "NK1-7", table::contact_role)]
    {
        for repetition in nk1.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, Some(table));
            add_new(&mut person.relationship, concept);
        }
    }
    xpn::names(cx, nk1.field(2), Some("official"), &mut person.name);
    for (field, using) in [(5, None), (6, Some("work")), (40, None), (31, None), (41, None)] {
        let mut more = Vec::new();
        xtn::contact_points(cx, nk1.field(field), using, &mut more);
        add_new(&mut person.telecom, more);
    }
    xad::addresses(cx, nk1.field(4), &mut person.address);
    for field in [12, 33] {
        for repetition in nk1.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, None);
            add_new(&mut person.identifier, written);
        }
    }
    person.period = cx.period(nk1.field(8).value(), nk1.field(9).value());
    (person.gender, person.gender_ext) = gender(cx, nk1.field(15).value());
    (person.birth_date, person.birth_date_ext) =
        cx.date(nk1.field(16).value(), Some(fhir::system::BIRTH_TIME));
    if let Some(language) = cwe::concept(cx, nk1.field(20).first(), "NK1-20", None) {
        person.communication.push(PatientCommunication { language: Some(language), preferred: None });
    }
    organization(cx, nk1, &mut person);
    put(cx, nk1, id, person);
    Listed::Member(id)
}

/// An organisation as contact (NK1-13) has a contact person (NK1-30) with an address (NK1-32).
fn organization<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, person: &mut RelatedPerson<'a>) {
    let mut contact = Vec::new();
    xpn::names(cx, nk1.field(30), None, &mut contact);
    add_new(&mut person.name, contact);
    let mut addresses = Vec::new();
    xad::addresses(cx, nk1.field(32), &mut addresses);
    add_new(&mut person.address, addresses);
    if let Some(id) = xon::organization(cx, nk1.field(13).first()) {
        // FHIR R4 has no organisation in RelatedPerson: an identifier's assigner names who it is about.
        let assigner = Some(Box::new(Reference::to(id)));
        person.identifier.push(fhir::Identifier { assigner, ..fhir::Identifier::default() });
    }
}

/// Patient, relationship, and the name or the organisation. `None` when there is nobody.
fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, patient: Uuid) -> Option<Uuid> {
    let relation = cwe::key(cx, nk1.field(3).first());
    let name = xpn::key(nk1.field(2).first(), &xpn::XPN).or_else(|| {
        let organization = crate::context::trim(nk1.field(13).value().text());
        (!organization.is_empty()).then_some((organization, std::borrow::Cow::Borrowed("")))
    });
    if relation.is_none() && name.is_none() {
        cx.warn(nk1.place(), "nobody-named");
        return None;
    }
    let (system, code) = relation.unwrap_or_default();
    let (family, given) = name.unwrap_or_default();
    let patient = patient.hyphenated().to_string();
    Some(cx.id(&rule::RELATED_PERSON, &[&[&patient], &[&system, &code], &[&family, &given]], nk1.place()))
}

/// The same person twice in a message is one: what is new is added, what contradicts is left out and
/// reported.
fn put<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, id: Uuid, person: RelatedPerson<'a>) {
    let Some(Resource::RelatedPerson(known)) = cx.entry(id) else {
        cx.put(id, person);
        return;
    };
    add_new(&mut known.relationship, person.relationship);
    add_new(&mut known.name, person.name);
    add_new(&mut known.telecom, person.telecom);
    add_new(&mut known.address, person.address);
    add_new(&mut known.identifier, person.identifier);
    add_new(&mut known.communication, person.communication);
    let mut lost = Vec::new();
    if person.gender.is_some()
        && *known.gender.get_or_insert(person.gender.unwrap_or_default()) != person.gender.unwrap_or_default()
    {
        lost.push(15);
    }
    if known.birth_date.is_none() && known.birth_date_ext.is_none() {
        (known.birth_date, known.birth_date_ext) = (person.birth_date, person.birth_date_ext);
    } else if (person.birth_date.is_some() && known.birth_date != person.birth_date)
        || (person.birth_date_ext.is_some() && known.birth_date_ext != person.birth_date_ext)
    {
        lost.push(16);
    }
    match (&known.period, person.period) {
        (None, period) => known.period = period,
        (Some(period), Some(other)) if *period != other => lost.extend([8, 9]),
        _ => {}
    }
    super::report_conflicts(cx, nk1, &lost);
}
