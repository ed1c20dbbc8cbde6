//! XCN: professionals (HL7 v2.5.1 §2.A.86).

use fhir::{
    ContactPoint, Extension, Identifier, Practitioner, PractitionerRole, Reference, RelatedPerson, Resource,
    nl,
};
use hl7v2::Repetition;
use uuid::Uuid;

use super::cx::{check_digit, jurisdiction, type_of};
use super::hd::{Assigner, Hd};
use super::{Parts, cwe, xpn};
use crate::context::{Context, add_new, extension};
use crate::identity::rule;
use crate::table;

/// A professional that the message names.
#[derive(Clone, Copy)]
pub(crate) struct Professional {
    /// The person.
    pub(crate) practitioner: Uuid,
    /// What the person does, for a professional of a Dutch register.
    pub(crate) role: Option<Uuid>,
}

impl Professional {
    /// What others refer to: nl-core refers to the role.
    pub(crate) fn reference<'a>(self) -> Reference<'a> {
        Reference::to(self.role.unwrap_or(self.practitioner))
    }
}

/// The professional that an XCN names, without an organisation.
pub(crate) fn professional<'a>(cx: &mut Context<'_, 'a>, xcn: Repetition<'_, 'a>) -> Option<Professional> {
    professional_of(cx, xcn, None)
}

/// The professional that an XCN names, and what they do for an organisation: each put once.
pub(crate) fn professional_of<'a>(
    cx: &mut Context<'_, 'a>,
    xcn: Repetition<'_, 'a>,
    organization: Option<Uuid>,
) -> Option<Professional> {
    if xcn.is_empty() || xcn.is_null() {
        return None;
    }
    let parts = Parts::<23>::of(xcn);
    let part = |n: usize| parts.value(n);
    let name_key = xpn::key(xcn, &xpn::XCN);
    let number = cx.write(part(1));
    if number.is_none() && name_key.is_none() {
        super::without(cx, xcn, "who has neither a number nor a name is nobody");
        return None;
    }
    let authority = Assigner::of(parts.component(9), part(13));
    let at = part(1).place();
    let id = match (&number, &name_key) {
        (Some(number), _) => {
            let authority = authority.key(cx);
            cx.id(&rule::PRACTITIONER, &[&[&authority, number]], at)
        }
        (None, Some((family, given))) => {
            let sender = cx.sender_key().to_owned();
            let further = part(4).text();
            cx.id(&rule::PRACTITIONER_BY_NAME, &[&[&sender], &[family, given, &further]], at)
        }
        (None, None) => return None,
    };
    let mut practitioner = Practitioner { id: Some(id), ..Practitioner::default() };
    match number {
        // Some systems give an address where the number should stand.
        Some(mail) if mail.contains('@') => {
            let system = Some("email");
            practitioner.telecom.push(ContactPoint { system, value: Some(mail), ..ContactPoint::default() });
        }
        Some(number) => practitioner.identifier.push(identifier(cx, &parts, authority, number)),
        None => {}
    }
    // Local systems put an address behind the components that the standard has.
    for component in xcn.components().skip(14) {
        for value in component.subcomponents().filter(|value| value.text().contains('@')) {
            let mail = cx.write(value);
            let system = Some("email");
            practitioner.telecom.extend(mail.map(|mail| ContactPoint {
                system,
                value: Some(mail),
                ..ContactPoint::default()
            }));
        }
    }
    practitioner.name.extend(xpn::name(cx, xcn, &xpn::XCN, Some("official")));
    for value in parts.component(8).subcomponents() {
        cx.ignore(value, "from which table a professional was looked up is not kept");
    }
    super::further(cx, xcn, 23, &mut practitioner.extension);
    let registered = practitioner.identifier.iter().any(is_of_dutch_register);
    put(cx, id, practitioner);
    let role = (registered || organization.is_some()).then(|| role(cx, id, organization, xcn));
    Some(Professional { practitioner: id, role })
}

fn identifier<'a>(
    cx: &mut Context<'_, 'a>,
    xcn: &Parts<'_, 'a, 23>,
    authority: Assigner<'_, 'a>,
    value: std::borrow::Cow<'a, str>,
) -> Identifier<'a> {
    let part = |n: usize| xcn.value(n);
    let (system, assigner) = authority.write(cx);
    let facility = Hd::of_component(xcn.component(14)).name(cx);
    let (assigner, facility) = match assigner {
        None => (facility, None),
        some => (some, facility),
    };
    let mut identifier = Identifier {
        system,
        value: Some(value),
        r#type: type_of(cx, part(13), None).map(Box::new),
        assigner: assigner.map(|name| Box::new(Reference::display(name))),
        ..Identifier::default()
    };
    let facility = facility.map(|facility| Extension::string(extension::ASSIGNING_FACILITY, facility));
    identifier.extension.extend(facility);
    check_digit(cx, [xcn.component(11), xcn.component(12)], &mut identifier);
    jurisdiction(cx, [xcn.component(22), xcn.component(23)], &mut identifier);
    identifier
}

fn is_of_dutch_register(identifier: &Identifier<'_>) -> bool {
    matches!(identifier.system.as_deref(), Some(nl::AGB | nl::UZI_PERSON | nl::BIG))
}

/// Someone in a relation to the patient, named by an XCN: the same person as in an NK1 with that relation and
/// name.
pub(crate) fn related<'a>(
    cx: &mut Context<'_, 'a>,
    xcn: Repetition<'_, 'a>,
    relation: Repetition<'_, 'a>,
    patient: Uuid,
    period: Option<&fhir::Period<'a>>,
) -> Option<Uuid> {
    let (family, given) = xpn::key(xcn, &xpn::XCN).or_else(|| {
        let number = crate::context::trim(xcn.component(1).value().text());
        (!number.is_empty()).then_some((number, std::borrow::Cow::Borrowed("")))
    })?;
    let (system, code) = cwe::key(cx, relation).unwrap_or_default();
    let key = patient.hyphenated().to_string();
    let parts: &[&[&str]] = &[&[&key], &[&system, &code], &[&family, &given]];
    let id = cx.id(&rule::RELATED_PERSON, parts, xcn.place());
    let mut person = RelatedPerson { id: Some(id), active: Some(true), ..RelatedPerson::default() };
    person.patient = Some(Reference::to(patient));
    person.relationship.extend(cwe::concept(cx, relation, "NK1-3", Some(table::relationship)));
    person.identifier.extend(number(cx, xcn));
    person.name.extend(xpn::name(cx, xcn, &xpn::XCN, Some("official")));
    for value in xcn.component(8).subcomponents() {
        cx.ignore(value, "from which table a person was looked up is not kept");
    }
    super::further(cx, xcn, 23, &mut person.extension);
    person.period = period.cloned();
    match cx.entry(id) {
        Some(Resource::RelatedPerson(known)) => {
            add_new(&mut known.identifier, person.identifier);
            add_new(&mut known.name, person.name);
            add_new(&mut known.extension, person.extension);
            known.period = known.period.take().or(person.period);
        }
        _ => cx.put(id, person),
    }
    Some(id)
}

/// The patient, named by an XCN: who that is, PID says better, so that only what is the same is marked.
pub(crate) fn of_patient<'a>(cx: &mut Context<'_, 'a>, xcn: Repetition<'_, 'a>) {
    for component in xcn.components() {
        for value in component.subcomponents() {
            cx.ignore(value, "the patient: PID says who that is");
        }
    }
}

/// The number of an XCN with its authority.
fn number<'a>(cx: &mut Context<'_, 'a>, xcn: Repetition<'_, 'a>) -> Option<Identifier<'a>> {
    let parts = Parts::<23>::of(xcn);
    let value = cx.write(parts.value(1))?;
    let authority = Assigner::of(parts.component(9), parts.value(13));
    Some(identifier(cx, &parts, authority, value))
}

/// Puts a practitioner, or adds what is new to the one that stands.
fn put<'a>(cx: &mut Context<'_, 'a>, id: Uuid, practitioner: Practitioner<'a>) {
    if let Some(Resource::Practitioner(known)) = cx.entry(id) {
        add_new(&mut known.identifier, practitioner.identifier);
        add_new(&mut known.name, practitioner.name);
        add_new(&mut known.telecom, practitioner.telecom);
        add_new(&mut known.extension, practitioner.extension);
        return;
    }
    cx.put(id, practitioner);
}

fn role<'a>(
    cx: &mut Context<'_, 'a>,
    practitioner: Uuid,
    organization: Option<Uuid>,
    xcn: Repetition<'_, 'a>,
) -> Uuid {
    let text = |id: Uuid| id.hyphenated().to_string();
    let organization_key = organization.map(text).unwrap_or_default();
    let parts: &[&[&str]] = &[&[&text(practitioner)], &[&organization_key]];
    let id = cx.id(&rule::PRACTITIONER_ROLE, parts, xcn.place());
    if !cx.has(id) {
        cx.put(
            id,
            PractitionerRole {
                id: Some(id),
                practitioner: Some(Reference::to(practitioner)),
                organization: organization.map(Reference::to),
                ..PractitionerRole::default()
            },
        );
    }
    id
}
