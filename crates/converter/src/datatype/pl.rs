//! PL: where a patient is (HL7 v2.5.1 §2.A.53). Each level that is named becomes a Location that is
//! part of the one above it: building, floor, ward, room, bed.

use fhir::{CodeableConcept, Extension, Identifier, Location, Reference, Resource, system};
use hl7v2::Repetition;
use uuid::Uuid;

use super::Parts;
use super::hd::{Hd, organization};
use crate::context::{Context, add_new, extension, own, trim};
use crate::identity::rule;

/// Component, code of `location-physical-type`, from the widest to the narrowest. A point of care may be a ward,
/// a department or a consulting room: PL does not say.
const LEVELS: [(usize, &str); 5] = [(7, "bu"), (8, "lvl"), (1, ""), (2, "ro"), (3, "bd")];

/// A place that a PL names.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The narrowest Location.
    pub(crate) location: Uuid,
    /// The facility.
    pub(crate) organization: Option<Uuid>,
}

/// The Locations of a PL: each put once, the narrowest given back.
pub(crate) fn location<'a>(cx: &mut Context<'_, 'a>, pl: Repetition<'_, 'a>) -> Option<Place> {
    if pl.is_empty() || pl.is_null() {
        return None;
    }
    let parts = Parts::<9>::of(pl);
    let organization = organization(cx, Hd::of_component(parts.component(4)));
    let facility = trim(parts.component(4).value().text());
    let sender = cx.sender_key().to_owned();
    let mut path: [&str; 6] = [&facility, "", "", "", "", ""];
    let names = LEVELS.map(|(component, _)| trim(parts.value(component).text()));
    let mut narrowest: Option<Uuid> = None;
    for (level, (component, physical)) in LEVELS.into_iter().enumerate() {
        let value = parts.value(component);
        let (Some(name), Some(step)) = (names.get(level), path.get_mut(level + 1)) else { continue };
        *step = name;
        let Some(written) = cx.write(value) else { continue };
        let id = cx.id(&rule::LOCATION, &[&[&sender], &path], value.place());
        if !cx.has(id) {
            cx.put(
                id,
                Location {
                    id: Some(id),
                    name: Some(written),
                    mode: Some("instance"),
                    physical_type: (!physical.is_empty())
                        .then(|| CodeableConcept::code(system::PHYSICAL_TYPE, physical)),
                    managing_organization: organization.map(Reference::to),
                    part_of: narrowest.map(Reference::to),
                    ..Location::default()
                },
            );
        }
        universal(cx, Hd::of_component(parts.component(component)), id);
        narrowest = Some(id);
    }
    let location = match narrowest {
        Some(location) => location,
        None => described(cx, pl, organization, &sender, &facility)?,
    };
    details(cx, pl, location);
    Some(Place { location, organization })
}

/// The universal id of a level (HD.2): a number of the place.
fn universal<'a>(cx: &mut Context<'_, 'a>, hd: Hd<'_, 'a>, id: Uuid) {
    let Some(value) = cx.write(hd.universal_id) else { return };
    let kind = cx.write(hd.universal_type).map(|kind| Box::new(CodeableConcept::text(kind)));
    let number = Identifier { value: Some(value), r#type: kind, ..Identifier::default() };
    if let Some(Resource::Location(known)) = cx.entry(id) {
        add_new(&mut known.identifier, [number]);
    }
}

/// A place that has only a description (PL.9).
fn described<'a>(
    cx: &mut Context<'_, 'a>,
    pl: Repetition<'_, 'a>,
    organization: Option<Uuid>,
    sender: &str,
    facility: &str,
) -> Option<Uuid> {
    let value = pl.component(9).value();
    let name = trim(value.text());
    let name = if name.is_empty() { facility.to_owned() } else { name.into_owned() };
    if name.is_empty() {
        return None;
    }
    let id = cx.id(&rule::LOCATION, &[&[sender], &[facility, "", "", "", "", "", &name]], value.place());
    if !cx.has(id) {
        let managing_organization = organization.map(Reference::to);
        let (name, mode) = (Some(name.into()), Some("instance"));
        cx.put(id, Location { id: Some(id), name, mode, managing_organization, ..Location::default() });
    }
    Some(id)
}

/// Description (PL.9) and type (PL.6) of the narrowest level.
fn details<'a>(cx: &mut Context<'_, 'a>, pl: Repetition<'_, 'a>, id: Uuid) {
    let description = cx.write(pl.component(9).value());
    let kind = cx.write_code(pl.component(6).value());
    let status = cx.write(pl.component(5).value());
    // PL.10 and PL.11 (v2.6): the number of the place, and who gave it.
    let number = comprehensive(cx, pl);
    let Some(Resource::Location(known)) = cx.entry(id) else { return };
    let conflict = description.is_some_and(|text| *known.description.get_or_insert(text.clone()) != text);
    add_new(&mut known.identifier, number);
    let status = status.map(|status| Extension::string(own!("location-status"), status));
    add_new(&mut known.extension, status);
    if let Some(code) = kind {
        let concept = CodeableConcept::code("http://terminology.hl7.org/CodeSystem/v2-0305", code);
        if !known.r#type.contains(&concept) {
            known.r#type.push(concept);
        }
    }
    if conflict {
        cx.unmark_value(pl.component(9).value());
        cx.warn(pl.component(9).value().place(), "conflicting-repetition");
    }
}

fn comprehensive<'a>(cx: &mut Context<'_, 'a>, pl: Repetition<'_, 'a>) -> Option<Identifier<'a>> {
    let number = pl.component(10);
    let value = cx.write(number.subcomponent(1));
    let mut authority = Hd {
        namespace: number.subcomponent(2),
        universal_id: number.subcomponent(3),
        universal_type: number.subcomponent(4),
    };
    let other = Hd::of_component(pl.component(11));
    let beside = if authority.is_present() { other.name(cx) } else { None };
    if !authority.is_present() {
        authority = other;
    }
    let (system, name) = authority.write(cx);
    let mut identifier = Identifier { system, value, ..Identifier::default() };
    identifier.assigner = name.map(|name| Box::new(Reference::display(name)));
    identifier.extension.extend(beside.map(|name| Extension::string(extension::ASSIGNING_AUTHORITY, name)));
    (identifier != Identifier::default()).then_some(identifier)
}
