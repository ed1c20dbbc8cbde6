//! Where a visit takes place: PV1-3, 6, 11, 42 and 43, the bed's status (PV1-40) and who provides the care.

use fhir::{
    CodeableConcept, EncounterLocation, Extension, Location, Organization, Period, Reference, Resource,
};
use hl7v2::{Field, Repetition, Segment};
use uuid::Uuid;

use super::{EncounterDraft, Times};
use crate::context::{Context, add_new};
use crate::datatype::{cwe, pl, xon};
use crate::identity::rule;
use crate::message::adt::visit::Effect;
use crate::table;

/// Marks a place where a patient is for a short while, such as an operating theatre; the bed stays theirs. R4 has no
/// extension for it: the one that the official map names (subject-locationClassification) is of R5.
const CLASSIFICATION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-location-classification";
/// A further organisation that provides the care; FHIR has room for one.
const FURTHER_PROVIDER: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-service-provider";

/// What a field of places says.
struct Said {
    field: usize,
    /// `None` where nobody can tell.
    status: Option<&'static str>,
    temporary: bool,
    /// What this event says of when the patient came there and left.
    start: bool,
    end: bool,
}

pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    pv1: Segment<'m, 'a>,
    draft: &mut EncounterDraft<'a>,
    times: &Times,
) {
    let effect = draft.effect;
    let mut provider = None;
    let mut assigned = None;
    for said in &said(pv1, effect, draft.resource.status) {
        let field = pv1.field(said.field);
        if let Some(why) = taken_back(effect, said.field) {
            cx.ignore_field(field, why);
            continue;
        }
        let Some(place) = pl::location(cx, field.first()) else { continue };
        if said.field == 3 {
            provider = place.organization;
            assigned = Some(place.location);
        }
        let location = Some(Reference::to(place.location));
        // Where a patient is counts more than that he was there before.
        if draft.resource.location.iter().any(|one| one.location == location) {
            continue;
        }
        let mut period = times.period(said.start, said.end);
        if said.field == 42 && effect.trigger == "A15" {
            period = planned(cx);
        }
        let temporary =
            said.temporary.then(|| Extension::concept(CLASSIFICATION, CodeableConcept::text("temporary")));
        draft.resource.location.push(EncounterLocation {
            extension: temporary.into_iter().collect(),
            location,
            status: said.status,
            period,
            ..EncounterLocation::default()
        });
    }
    bed_status(cx, pv1.field(40), assigned);
    let named = facility(cx, pv1.field(39));
    draft.provider(named);
    if draft.resource.service_provider.is_none() {
        draft.resource.service_provider = provider.map(Reference::to);
    }
}

/// When a transfer is planned (EVN-3).
fn planned<'a>(cx: &mut Context<'_, 'a>) -> Option<Period<'a>> {
    let time = cx.message.segment("EVN")?.field(3).value();
    cx.timestamp(time)?;
    let (start, _) = cx.date_time(time);
    Some(Period { start, ..Period::default() })
}

fn said(pv1: Segment<'_, '_>, effect: &Effect, status: Option<&str>) -> [Said; 5] {
    let planned = pv1.field(2).value().text().trim().eq_ignore_ascii_case("P");
    let assigned = match status {
        Some("planned" | "cancelled") => Some("planned"),
        Some("finished" | "entered-in-error") => Some("completed"),
        // The bed is kept; the patient is not in it.
        Some("onleave") => Some("reserved"),
        Some("unknown") => None,
        _ if planned => Some("planned"),
        _ => Some("active"),
    };
    let temporary = if status == Some("finished") { Some("completed") } else { assigned.and(Some("active")) };
    let comes = matches!(effect.trigger, "A01" | "A02" | "A04" | "A06" | "A07" | "A10" | "A17");
    let goes = matches!(effect.trigger, "A02" | "A09" | "A10" | "A17");
    let tracked = matches!(effect.trigger, "A09" | "A10");
    let ended = status == Some("finished");
    let one = |field, status, temporary, start, end| Said { field, status, temporary, start, end };
    [
        one(3, assigned, false, comes && !(tracked && pv1.field(11).is_present()), ended),
        one(6, Some("completed"), false, false, goes),
        one(11, temporary, true, tracked, ended),
        one(42, Some("planned"), false, false, false),
        one(43, Some("completed"), true, false, tracked),
    ]
}

/// Why a place is none of the visit's: the event takes back what led there.
fn taken_back(effect: &Effect, field: usize) -> Option<&'static str> {
    let back = |trigger: &str| effect.undoes(trigger);
    match field {
        6 | 43 if back("A02") || back("A09") || back("A10") => {
            Some("where a move led that this event takes back: the patient was never there")
        }
        42 if back("A15") => Some("the planned move that this event takes back"),
        _ => None,
    }
}

/// Whether the assigned bed is free (PV1-40) is said of the bed.
fn bed_status<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>, bed: Option<Uuid>) {
    if field.is_empty() {
        return;
    }
    let Some(bed) = bed else {
        cx.ignore_field(field, "the status of a bed that is not named");
        return;
    };
    if !cx.given(field, bed, "operationalStatus") {
        return;
    }
    let status = cwe::coding(cx, field.first(), "PV1-40", table::bed_status);
    if let Some(Resource::Location(location)) = cx.entry(bed) {
        location.operational_status = status;
    }
}

impl EncounterDraft<'_> {
    /// An organisation that provides the care: the first is the one that FHIR has room for.
    pub(crate) fn provider(&mut self, organization: Option<Uuid>) {
        let Some(organization) = organization.map(Reference::to) else { return };
        match &self.resource.service_provider {
            None => self.resource.service_provider = Some(organization),
            Some(known) if *known == organization => {}
            Some(_) => {
                let value = fhir::ExtensionValue::Reference(Box::new(organization));
                add_new(&mut self.resource.extension, [Extension::new(FURTHER_PROVIDER, value)]);
            }
        }
    }
}

/// The servicing facility (PV1-39) is a name, or since v2.7 a code and a name.
fn facility<'a>(cx: &mut Context<'_, 'a>, field: Field<'_, 'a>) -> Option<Uuid> {
    let code = cx.write(field.value())?;
    let sender = cx.sender_key().to_owned();
    let id = cx.id(&rule::ORGANIZATION_BY_NAME, &[&[&sender], &[&code]], field.place());
    let name = cx.write(field.first().component(2).value());
    let (name, alias) = match name {
        Some(name) if name != code => (name, vec![code]),
        _ => (code, Vec::new()),
    };
    xon::put(cx, id, Organization { name: Some(name), alias, ..Organization::default() });
    Some(id)
}

/// Where the patient was discharged to (PV1-37, DLD): a name, and since when.
pub(super) fn destination<'a>(cx: &mut Context<'_, 'a>, dld: Repetition<'_, 'a>) -> Option<Reference<'a>> {
    const SINCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-effective-date";
    // DLD.1 is a CWE since v2.7: code, text and system are its subcomponents here.
    let place = dld.component(1);
    let code = cx.write(place.value())?;
    let sender = cx.sender_key().to_owned();
    let id = cx.id(&rule::LOCATION, &[&[&sender], &["destination", &code]], dld.place());
    let mut alias: Vec<_> = place.subcomponents().skip(1).filter_map(|part| cx.write(part)).collect();
    let name = match alias.first_mut() {
        Some(text) => std::mem::replace(text, code),
        None => code,
    };
    if !cx.has(id) {
        let location = Location { id: Some(id), name: Some(name), alias, ..Location::default() };
        cx.put(id, location);
    }
    let since = crate::segment::beside::date_time(cx, dld.component(2).value());
    let extension = since.map(|since| Extension::new(SINCE, since)).into_iter().collect();
    Some(Reference { extension, ..Reference::to(id) })
}
