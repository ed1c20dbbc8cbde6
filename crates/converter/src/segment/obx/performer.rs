//! Who observed, and where: OBX-15, 16 and 23 to 25.

use std::borrow::Cow;

use fhir::{Identifier, Organization, Reference, Resource};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use crate::context::{Context, add_new, trim};
use crate::datatype::{xad, xcn, xon};
use crate::identity::rule;

/// Producer (OBX-15), observers (16), performing organisation with address and director (23–25).
pub(crate) fn performers<'a>(cx: &mut Context<'_, 'a>, obx: Segment<'_, 'a>, to: &mut Vec<Reference<'a>>) {
    let producer = producer(cx, obx.field(15).first());
    let organization = xon::organization(cx, obx.field(23).first());
    if let Some(id) = organization {
        let address = xad::address(cx, obx.field(24).first());
        if let (Some(address), Some(Resource::Organization(known))) = (address, cx.entry(id)) {
            add_new(&mut known.address, [address]);
        }
    }
    let director = xcn::professional_of(cx, obx.field(25).first(), organization);
    for repetition in obx.field(16).repetitions() {
        let observer = xcn::professional(cx, repetition);
        add_new(to, observer.map(xcn::Professional::reference));
    }
    add_new(to, [producer, organization].into_iter().flatten().map(Reference::to));
    add_new(to, director.map(xcn::Professional::reference));
}

/// The organisation that a coded value names.
pub(crate) fn producer<'a>(cx: &mut Context<'_, 'a>, cwe: Repetition<'_, 'a>) -> Option<Uuid> {
    let part = |n: usize| cwe.component(n).value();
    let name = cx.write(part(2)).or_else(|| cx.write(part(9)));
    let code = cx.write(part(1));
    let system = trim(part(3).text());
    let uri = cx.profile.identifier_system(&system, "", "").or_else(|| cx.profile.coding_system(&system));
    let id = match (&code, &name) {
        (Some(code), _) => {
            let authority = match &uri {
                Some(uri) => uri.clone(),
                None if system.is_empty() => Cow::Owned(format!("sender:{}", cx.sender_key())),
                None => Cow::Owned(format!("authority:{system}")),
            };
            cx.id(&rule::ORGANIZATION, &[&[&authority, code]], cwe.place())
        }
        (None, Some(name)) => {
            let sender = cx.sender_key().to_owned();
            cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[name]], cwe.place())
        }
        (None, None) => {
            crate::datatype::without(cx, cwe, "who has neither a number nor a name is nobody");
            return None;
        }
    };
    let mut organization = Organization { name, ..Organization::default() };
    if code.is_none() {
        cx.ignore(part(3), "in which system a number would be: none is given");
    }
    if let Some(value) = code {
        let assigner = if uri.is_some() {
            cx.mark(part(3));
            None
        } else {
            cx.write(part(3)).map(|name| Box::new(Reference::display(name)))
        };
        organization.identifier.push(Identifier {
            system: uri,
            value: Some(value),
            assigner,
            ..Identifier::default()
        });
    }
    further(cx, cwe, &mut organization);
    xon::put(cx, id, organization);
    Some(id)
}

/// The other codes and names of a coded value: more numbers and names of the organisation.
fn further<'a>(cx: &mut Context<'_, 'a>, cwe: Repetition<'_, 'a>, organization: &mut Organization<'a>) {
    if cwe.component_count() <= 3 {
        return;
    }
    let part = |n: usize| cwe.component(n).value();
    for (code, system) in [(4, 6), (10, 12)] {
        let Some(value) = cx.write(part(code)) else { continue };
        let name = trim(part(system).text());
        let uri = cx.profile.identifier_system(&name, "", "").or_else(|| cx.profile.coding_system(&name));
        let assigner = if uri.is_some() {
            cx.mark(part(system));
            None
        } else {
            cx.write(part(system)).map(|name| Box::new(Reference::display(name)))
        };
        let number = Identifier { system: uri, value: Some(value), assigner, ..Identifier::default() };
        add_new(&mut organization.identifier, [number]);
    }
    for n in [5, 11, 9] {
        if !cx.is_marked(part(n)) {
            let alias = cx.write(part(n));
            add_new(&mut organization.alias, alias);
        }
    }
}
