//! XON: organisations (HL7 v2.5.1 §2.A.87).

use std::borrow::Cow;

use fhir::{Extension, Identifier, Organization, Resource};
use hl7v2::Repetition;
use uuid::Uuid;

use super::cwe;
use super::cx::{check_digit, type_of};
use super::hd::{Assigner, Hd};
use crate::context::{Context, add_new, extension, original_text, own};
use crate::identity::rule;

/// The organisation that an XON names: put once, its id given back.
pub(crate) fn organization<'a>(cx: &mut Context<'_, 'a>, xon: Repetition<'_, 'a>) -> Option<Uuid> {
    if xon.is_empty() || xon.is_null() {
        return None;
    }
    let part = |n: usize| xon.component(n).value();
    let name = cx.write(part(1));
    // XON.10 replaces XON.3 since v2.5 (§2.A.87.10); both at once are two identifiers.
    let numbers = [10, 3].map(|n| cx.write(part(n)));
    let first = numbers.iter().flatten().next();
    let authority =
        Assigner::of(xon.component(6), part(7)).of_organization(first.map_or("", |number| number));
    let authority_key = authority.key(cx);
    let mut identifier = Vec::new();
    if numbers.iter().any(Option::is_some) {
        let (system, assigner) = authority.write(cx);
        let kind = type_of(cx, part(7), None).map(Box::new);
        for value in numbers.into_iter().flatten() {
            let assigner = assigner.clone().map(|name| Box::new(fhir::Reference::display(name)));
            let (system, r#type) = (system.clone(), kind.clone());
            let one = Identifier { system, value: Some(value), r#type, assigner, ..Identifier::default() };
            add_new(&mut identifier, [one]);
        }
    }
    if let Some(first) = identifier.first_mut() {
        check_digit(cx, [xon.component(4), xon.component(5)], first);
        let facility = Hd::of_component(xon.component(8)).name(cx);
        let facility = facility.map(|name| Extension::string(extension::ASSIGNING_FACILITY, name));
        first.extension.extend(facility);
    }
    let id = key(cx, &identifier, &authority_key, name.as_ref(), xon)?;
    let numbered = !identifier.is_empty();
    let mut organization = Organization { identifier, name, ..Organization::default() };
    if !numbered {
        // Who would have given a number, and of which kind, where there is none.
        let (system, name) = authority.write(cx);
        let authority = system.into_iter().chain(name);
        organization
            .extension
            .extend(authority.map(|name| Extension::string(extension::ASSIGNING_AUTHORITY, name)));
        let kind = type_of(cx, part(7), None).map(|kind| Extension::concept(own!("identifier-type"), kind));
        organization.extension.extend(kind);
    }
    for (component, url) in
        [(2, own!("organization-name-type")), (9, own!("organization-name-representation"))]
    {
        let code = cwe::concept_of_component(cx, xon.component(component), "", None);
        organization.extension.extend(code.map(|code| Extension::concept(url, code)));
    }
    if !numbered {
        let facility = Hd::of_component(xon.component(8)).name(cx);
        organization
            .extension
            .extend(facility.map(|name| Extension::string(extension::ASSIGNING_FACILITY, name)));
        for (n, url) in [(4, extension::CHECK_DIGIT), (5, extension::CHECK_DIGIT_SCHEME)] {
            let text = cx.write(part(n));
            organization.extension.extend(text.map(|text| Extension::string(url, text)));
        }
    }
    super::further(cx, xon, 10, &mut organization.extension);
    put(cx, id, organization);
    Some(id)
}

fn key<'a>(
    cx: &mut Context<'_, 'a>,
    identifier: &[Identifier<'a>],
    authority: &str,
    name: Option<&Cow<'a, str>>,
    xon: Repetition<'_, 'a>,
) -> Option<Uuid> {
    let at = xon.place();
    if let Some(value) = identifier.first().and_then(|identifier| identifier.value.as_deref()) {
        return Some(cx.id(&rule::ORGANIZATION, &[&[authority, value]], at));
    }
    let sender = cx.sender_key().to_owned();
    name.map(|name| cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[name]], at))
}

/// FHIR org-2 and org-3: nothing of an organisation is at home. What was called so keeps the word beside.
fn not_at_home(organization: &mut Organization<'_>) {
    for one in organization.telecom.iter_mut().filter(|one| one.r#use == Some("home")) {
        one.r#use = None;
        one.use_ext = one.use_ext.take().or_else(|| Some(original_text("home")));
    }
    for one in organization.address.iter_mut().filter(|one| one.r#use == Some("home")) {
        one.r#use = None;
        one.use_ext = one.use_ext.take().or_else(|| Some(original_text("home")));
    }
}

/// All organisations of the Bundle, when nothing more is added to them.
pub(crate) fn settle(cx: &mut Context<'_, '_>) {
    for entry in &mut cx.entries {
        if let Resource::Organization(organization) = &mut entry.resource {
            not_at_home(organization);
        }
    }
}

/// Puts an organisation, or adds what is new to the one that stands: a second name becomes an alias.
pub(crate) fn put<'a>(cx: &mut Context<'_, 'a>, id: Uuid, mut organization: Organization<'a>) {
    if let Some(Resource::Organization(known)) = cx.entry(id) {
        let Organization { identifier, name, alias, telecom, address, r#type, contact, extension, .. } =
            organization;
        add_new(&mut known.identifier, identifier);
        add_new(&mut known.telecom, telecom);
        add_new(&mut known.address, address);
        add_new(&mut known.contact, contact);
        add_new(&mut known.r#type, r#type);
        add_new(&mut known.extension, extension);
        let other = name.filter(|name| known.name.as_ref() != Some(name));
        if known.name.is_none() {
            known.name = other;
        } else {
            add_new(&mut known.alias, other);
        }
        add_new(&mut known.alias, alias);
        return;
    }
    organization.id = Some(id);
    cx.put(id, organization);
}
