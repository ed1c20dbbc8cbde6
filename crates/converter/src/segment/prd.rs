//! PRD: who refers, and to whom (HL7 v2.5.1 §11.6.3). There is no official map: designed from FHIR.

use fhir::{CodeableConcept, Organization, Practitioner, PractitionerRole, Reference, Resource};
use hl7v2::Segment;
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new, trim};
use crate::datatype::hd::Assigner;
use crate::datatype::{self, cwe, cx as identifier, pl, xad, xon, xpn, xtn};
use crate::identity::rule;
use crate::mapping::{Map, to};
use crate::table;

/// Somebody who has a part in a referral.
pub(crate) struct Provider<'a> {
    /// PractitionerRole, or Organization.
    pub(crate) who: Uuid,
    /// The codes of table 0286.
    pub(crate) parts: Vec<String>,
    /// What an organisation is in it: a role of a person says it itself.
    pub(crate) roles: Vec<CodeableConcept<'a>>,
}

pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, prd: Segment<'m, 'a>) -> Option<Provider<'a>> {
    let parts: Vec<String> = prd
        .field(1)
        .repetitions()
        .map(|one| trim(one.component(1).value().text()).to_ascii_uppercase())
        .filter(|code| !code.is_empty())
        .collect();
    let organization = organization(cx, prd);
    let person = person(cx, prd);
    if person.is_none() && organization.is_none() {
        return None;
    }
    let mut code: Vec<CodeableConcept<'a>> = Vec::new();
    for repetition in prd.field(1).repetitions() {
        code.extend(cwe::concept(cx, repetition, "PRD-1", Some(table::referral_provider_role)));
    }
    let Some(person) = person else {
        return Some(Provider { who: organization?, parts, roles: code });
    };
    let text = |id: Uuid| id.hyphenated().to_string();
    let key = organization.map(text).unwrap_or_default();
    let id = cx.id(&rule::PRACTITIONER_ROLE, &[&[&text(person)], &[&key]], prd.place());
    if !cx.has(id) {
        let practitioner = Some(Reference::to(person));
        let organization = organization.map(Reference::to);
        cx.put(
            id,
            PractitionerRole { id: Some(id), practitioner, organization, ..PractitionerRole::default() },
        );
    }
    let mut telecom = Vec::new();
    xtn::contact_points(cx, prd.field(5), Some("work"), &mut telecom);
    let mut places = Vec::new();
    for field in [4, 12] {
        for repetition in prd.field(field).repetitions() {
            places.extend(pl::location(cx, repetition).map(|place| Reference::to(place.location)));
        }
    }
    let period = cx.period(prd.field(8).value(), prd.field(9).value());
    if let Some(Resource::PractitionerRole(role)) = cx.entry(id) {
        add_new(&mut role.code, code);
        add_new(&mut role.telecom, telecom);
        add_new(&mut role.location, places);
        super::pra::during(role, period);
    }
    Some(Provider { who: id, parts, roles: Vec::new() })
}

/// The person: by the first number (PRD-7), else by the name.
fn person<'m, 'a>(cx: &mut Context<'m, 'a>, prd: Segment<'m, 'a>) -> Option<Uuid> {
    let mut person = Practitioner::default();
    let mut key = None;
    for repetition in prd.field(7).repetitions() {
        let one = number_key(cx, repetition);
        add_new(&mut person.identifier, number(cx, repetition));
        key = key.or(one);
    }
    let id = match (key, xpn::key(prd.field(2).first(), &xpn::XPN)) {
        (Some((authority, number)), _) => {
            cx.id(&rule::PRACTITIONER, &[&[&authority, &number]], prd.field(7).place())
        }
        (None, Some((family, given))) => {
            let sender = cx.sender_key().to_owned();
            let further = prd.field(2).first().component(3).value().text();
            let parts: &[&[&str]] = &[&[&sender], &[&family, &given, &further]];
            cx.id(&rule::PRACTITIONER_BY_NAME, parts, prd.field(2).place())
        }
        (None, None) => return None,
    };
    xpn::names(cx, prd.field(2), Some("official"), &mut person.name);
    xad::addresses(cx, prd.field(3), &mut person.address);
    person.extension.extend(beside::extensions(cx, prd, BESIDE, id));
    datatype::beyond(cx, prd, [7], &mut person.extension);
    put(cx, id, person);
    Some(id)
}

/// Puts a practitioner, or adds what is new to the one that stands.
pub(crate) fn put<'a>(cx: &mut Context<'_, 'a>, id: Uuid, mut person: Practitioner<'a>) {
    if let Some(Resource::Practitioner(known)) = cx.entry(id) {
        add_new(&mut known.identifier, person.identifier);
        add_new(&mut known.name, person.name);
        add_new(&mut known.telecom, person.telecom);
        add_new(&mut known.address, person.address);
        add_new(&mut known.extension, person.extension);
        return;
    }
    person.id = Some(id);
    cx.put(id, person);
}

/// PLN: number, type, state, date of expiry. The type says which register it is of.
pub(crate) fn number<'a>(
    cx: &mut Context<'_, 'a>,
    from: hl7v2::Repetition<'_, 'a>,
) -> Option<fhir::Identifier<'a>> {
    let value = cx.write(from.component(1).value())?;
    let kind = from.component(2).value();
    let (system, _) = Assigner::of(from.component(5), kind).write(cx);
    let mut one = fhir::Identifier { system, value: Some(value), ..fhir::Identifier::default() };
    one.r#type = identifier::type_of(cx, kind, None).map(Box::new);
    let assigner = cx.write(from.component(3).value());
    one.assigner = assigner.map(|name| Box::new(Reference::display(name)));
    let absent = from.component(6).value();
    one.period = cx.period(absent, from.component(4).value()).map(Box::new);
    Some(one)
}

/// What stands for a PLN in a natural key.
pub(crate) fn number_key<'a>(
    cx: &Context<'_, 'a>,
    from: hl7v2::Repetition<'_, 'a>,
) -> Option<(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)> {
    let value = trim(from.component(1).value().text());
    let authority = Assigner::of(from.component(5), from.component(2).value()).key(cx);
    (!value.is_empty()).then_some((authority, value))
}

/// The organisation (PRD-10), with address and telephone.
fn organization<'m, 'a>(cx: &mut Context<'m, 'a>, prd: Segment<'m, 'a>) -> Option<Uuid> {
    let mut all = Vec::new();
    for repetition in prd.field(10).repetitions() {
        add_new(&mut all, xon::organization(cx, repetition));
    }
    let id = all.first().copied()?;
    let mut more = Organization::default();
    xad::addresses(cx, prd.field(11), &mut more.address);
    xtn::contact_points(cx, prd.field(13), None, &mut more.telecom);
    xon::put(cx, id, more);
    Some(id)
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "PRD",
    name: "Provider Data",
    fields: &[
        "Provider Role",
        "Provider Name",
        "Provider Address",
        "Provider Location",
        "Provider Communication Information",
        "Preferred Method of Contact",
        "Provider Identifiers",
        "Effective Start Date of Provider Role",
        "Effective End Date of Provider Role",
        "Provider Organization Name and Identifier",
        "Provider Organization Address",
        "Provider Organization Location Information",
        "Provider Organization Communication Information",
        "Provider Organization Method of Contact",
    ],
    rows: &[
        to(1, "PractitionerRole.code"),
        to(1, "ServiceRequest.performer"),
        to(1, "ServiceRequest.supportingInfo"),
        to(2, "Practitioner.name"),
        to(3, "Practitioner.address"),
        to(4, "PractitionerRole.location"),
        to(5, "PractitionerRole.telecom"),
        to(6, "Practitioner.extension(v2-prd-preferred-method-of-contact)"),
        to(7, "Practitioner.identifier"),
        to(8, "PractitionerRole.period"),
        to(9, "PractitionerRole.period"),
        to(10, "Organization.name"),
        to(11, "Organization.address"),
        to(12, "PractitionerRole.location"),
        to(13, "Organization.telecom"),
        to(14, "Practitioner.extension(v2-prd-provider-organization-method-of-contact)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    6 "prd-preferred-method-of-contact" Is::Concept,
    14 "prd-provider-organization-method-of-contact" Is::Concept,
];
