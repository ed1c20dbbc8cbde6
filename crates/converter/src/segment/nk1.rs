//! NK1: next of kin (HL7 v2.5.1 §3.4.5).

use fhir::{Extension, ExtensionValue, PatientCommunication, Reference, RelatedPerson, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::{Listed, empties_list, gender, gt1};
use crate::context::{Context, add_new, own};
use crate::datatype::{cwe, cx as identifier, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::mapping::{Map, Row, elsewhere, left, to};
use crate::table;

const CONTACT: &str = "a contact is a RelatedPerson, as nl-core-ContactPerson wants it; Patient.contact would say the same again";

const fn contact(field: u16) -> Row {
    elsewhere(field, "Patient.contact", CONTACT)
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "NK1",
    name: "Next of Kin / Associated Parties",
    fields: &[
        "Set ID - NK1",
        "Name",
        "Relationship",
        "Address",
        "Phone Number",
        "Business Phone Number",
        "Contact Role",
        "Start Date",
        "End Date",
        "Next of Kin / Associated Parties Job Title",
        "Next of Kin / Associated Parties Job Code/Class",
        "Next of Kin / Associated Parties Employee Number",
        "Organization Name - NK1",
        "Marital Status",
        "Administrative Sex",
        "Date/Time of Birth",
        "Living Dependency",
        "Ambulatory Status",
        "Citizenship",
        "Primary Language",
        "Living Arrangement",
        "Publicity Code",
        "Protection Indicator",
        "Student Indicator",
        "Religion",
        "Mother's Maiden Name",
        "Nationality",
        "Ethnic Group",
        "Contact Reason",
        "Contact Person's Name",
        "Contact Person's Telephone Number",
        "Contact Person's Address",
        "Next of Kin/Associated Party's Identifiers",
        "Job Status",
        "Race",
        "Handicap",
        "Contact Person Social Security Number",
        "Next of Kin Birth Place",
        "VIP Indicator",
        "Next of Kin Telecommunication Information",
        "Contact Person's Telecommunication Information",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "RelatedPerson.name"),
        contact(2),
        to(3, "RelatedPerson.relationship"),
        contact(3),
        to(4, "RelatedPerson.address"),
        contact(4),
        to(5, "RelatedPerson.telecom"),
        contact(5),
        to(6, "RelatedPerson.telecom"),
        contact(6),
        to(7, "RelatedPerson.relationship"),
        contact(7),
        to(8, "RelatedPerson.period"),
        contact(8),
        to(9, "RelatedPerson.period"),
        contact(9),
        to(10, "RelatedPerson.extension(v2-job-title)"),
        to(11, "RelatedPerson.extension(v2-job-code)"),
        to(12, "RelatedPerson.identifier"),
        to(13, "RelatedPerson.extension(v2-related-organization)"),
        contact(13),
        to(14, "RelatedPerson.extension(v2-marital-status)"),
        to(15, "RelatedPerson.gender"),
        contact(15),
        to(16, "RelatedPerson.birthDate"),
        to(17, "RelatedPerson.extension(v2-living-dependency)"),
        to(18, "RelatedPerson.extension(v2-ambulatory-status)"),
        to(19, "RelatedPerson.extension(v2-citizenship)"),
        to(20, "RelatedPerson.communication"),
        to(21, "RelatedPerson.extension(v2-living-arrangement)"),
        to(22, "RelatedPerson.extension(v2-publicity)"),
        to(23, "RelatedPerson.extension(v2-protection)"),
        to(24, "RelatedPerson.extension(v2-student)"),
        to(25, "RelatedPerson.extension(v2-religion)"),
        to(26, "RelatedPerson.extension(v2-mothers-maiden-name)"),
        to(27, "RelatedPerson.extension(v2-nationality)"),
        left(28, ORIGIN),
        to(29, "RelatedPerson.extension(v2-contact-reason)"),
        to(30, "RelatedPerson.name"),
        contact(30),
        to(31, "RelatedPerson.telecom"),
        contact(31),
        to(32, "RelatedPerson.address"),
        contact(32),
        to(33, "RelatedPerson.identifier"),
        to(34, "RelatedPerson.extension(v2-job-status)"),
        left(35, ORIGIN),
        to(36, "RelatedPerson.extension(v2-disability)"),
        to(37, "RelatedPerson.identifier"),
        to(38, "RelatedPerson.extension(v2-birth-place)"),
        to(39, "RelatedPerson.extension(v2-vip)"),
        to(40, "RelatedPerson.telecom"),
        contact(40),
        to(41, "RelatedPerson.telecom"),
        contact(41),
    ],
};

const ORIGIN: &str =
    "race and ethnicity: nl-core has no place for them and GDPR art. 9 wants a reason to keep them";

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
    for (field, kind) in [(12, None), (33, None), (37, Some("SS"))] {
        for repetition in nk1.field(field).repetitions() {
            let written = identifier::identifier(cx, repetition, kind);
            add_new(&mut person.identifier, written);
        }
    }
    person.period = cx.period(nk1.field(8).value(), nk1.field(9).value());
    (person.gender, person.gender_ext) = gender(cx, nk1.field(15).first());
    (person.birth_date, person.birth_date_ext) =
        cx.date(nk1.field(16).value(), Some(fhir::system::BIRTH_TIME));
    for repetition in nk1.field(20).repetitions() {
        let language = cwe::concept(cx, repetition, "NK1-20", None);
        person.communication.extend(
            language.map(|language| PatientCommunication { language: Some(language), preferred: None }),
        );
    }
    circumstances(cx, nk1, &mut person);
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
    for repetition in nk1.field(13).repetitions() {
        // FHIR R4 has no organisation in RelatedPerson.
        let id = xon::organization(cx, repetition);
        let value = id.map(|id| ExtensionValue::Reference(Box::new(Reference::to(id))));
        person.extension.extend(value.map(|value| Extension::new(own!("related-organization"), value)));
    }
}

/// Work, circumstances and other details for which RelatedPerson has no element.
fn circumstances<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, person: &mut RelatedPerson<'a>) {
    for (field, place, url) in [
        (11, "NK1-11", own!("job-code")),
        (14, "NK1-14", own!("marital-status")),
        (17, "NK1-17", own!("living-dependency")),
        (18, "NK1-18", own!("ambulatory-status")),
        (19, "NK1-19", own!("citizenship")),
        (21, "NK1-21", own!("living-arrangement")),
        (22, "NK1-22", own!("publicity")),
        (24, "NK1-24", own!("student")),
        (25, "NK1-25", own!("religion")),
        (27, "NK1-27", own!("nationality")),
        (29, "NK1-29", own!("contact-reason")),
        (34, "NK1-34", own!("job-status")),
        (36, "NK1-36", own!("disability")),
        (39, "NK1-39", own!("vip")),
    ] {
        let table = (field == 14).then_some(table::marital_status as cwe::Table);
        for repetition in nk1.field(field).repetitions() {
            let concept = cwe::concept(cx, repetition, place, table);
            person.extension.extend(concept.map(|concept| Extension::concept(url, concept)));
        }
    }
    for (field, url) in [(10, own!("job-title")), (38, own!("birth-place"))] {
        let text = cx.write(nk1.field(field).value());
        person.extension.extend(text.map(|text| Extension::string(url, text)));
    }
    let mut mother = Vec::new();
    xpn::names(cx, nk1.field(26), Some("maiden"), &mut mother);
    let mother = mother.into_iter().map(|name| ExtensionValue::HumanName(Box::new(name)));
    person.extension.extend(mother.map(|name| Extension::new(own!("mothers-maiden-name"), name)));
    if let Some(protected) = cx.yes_no(nk1.field(23).value()) {
        let value = ExtensionValue::Boolean(protected);
        person.extension.push(Extension::new(own!("protection"), value));
        if protected {
            super::pv1::restricted(&mut person.meta);
        }
    } else {
        let other = cx.write(nk1.field(23).value());
        person.extension.extend(other.map(|other| Extension::string(own!("protection"), other)));
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
fn put<'m, 'a>(cx: &mut Context<'m, 'a>, nk1: Segment<'m, 'a>, id: Uuid, mut person: RelatedPerson<'a>) {
    let Some(Resource::RelatedPerson(known)) = cx.entry(id) else {
        cx.put(id, person);
        return;
    };
    let mut lost = gt1::settle_born(known, &mut person, [&[16], &[15]]);
    add_new(&mut known.relationship, person.relationship);
    add_new(&mut known.name, person.name);
    add_new(&mut known.telecom, person.telecom);
    add_new(&mut known.address, person.address);
    add_new(&mut known.identifier, person.identifier);
    add_new(&mut known.communication, person.communication);
    add_new(&mut known.extension, person.extension);
    match (&known.period, person.period) {
        (None, period) => known.period = period,
        (Some(period), Some(other)) if *period != other => lost.extend([8, 9]),
        _ => {}
    }
    super::report_conflicts(cx, nk1, &lost);
}
