//! RXA of RAS: what was given (HL7 v2.5.1 §4.14.7).

use fhir::{
    AdministrationDosage, Annotation, CodeableConcept, Effective, Element, Extension, ExtensionValue,
    MedicationAdministration, Period, Quantity, Reference, Resource, system,
};
use hl7v2::{Segment, Value};
use uuid::Uuid;

use super::dosage::{DEVICE, SITE_MODIFIER};
use super::group::Part;
use super::ordered::Ordered;
use super::product::{amount, medication};
use super::{Whose, location, performer};
use crate::context::{Context, add_new, extension, trim};
use crate::datatype::{cwe, pl, tq, xad, xcn};
use crate::identity::rule;
use crate::segment::beside::extensions;
use crate::segment::{rxa, rxr, tq1};
use crate::table;

/// RXA-11, RXA-27: where it was given.
pub(super) const PLACE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-administered-at";
/// A further route.
const ROUTE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-route";

/// Puts an administration. `keeps_order` says that no prescription of its group holds what ORC says besides.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    prescription: Option<Uuid>,
    keeps_order: bool,
) -> Uuid {
    let Some(segment) = part.segment else { return whose.patient };
    let id = ordered.identify_done(cx, segment, &rule::MEDICATION_ADMINISTRATION, &[1, 2], 5, whose);
    let field = |n: usize| segment.field(n);
    let mut given = MedicationAdministration {
        id: Some(id),
        meta: ordered.meta(),
        identifier: ordered.identifiers.clone(),
        subject: Some(Reference::to(whose.patient)),
        context: whose.encounter.map(Reference::to),
        medication: medication(cx, segment, &part.components, rxa::PRODUCT, id),
        request: prescription.map(Reference::to).or_else(|| ordered.logical()),
        ..MedicationAdministration::default()
    };
    (given.status, given.status_ext) = status(cx, segment, id, table::administration_status);
    effective(cx, segment, id, &mut given);
    given.dosage = dosage(cx, part, segment, &mut given.extension);
    if cx.given(field(9), id, "note") {
        for repetition in field(9).repetitions() {
            note(cx, repetition, &mut given.note);
        }
    }
    for repetition in field(10).repetitions() {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        given.performer.extend(who.map(|who| performer("AP", "Administering Provider", who)));
    }
    let requester = ordered.requester.clone();
    given.performer.extend(requester.map(|who| performer("OP", "Ordering Provider", who)));
    for repetition in field(18).repetitions() {
        given.status_reason.extend(cwe::concept(cx, repetition, "RXA-18", None));
    }
    for repetition in field(19).repetitions() {
        given.reason_code.extend(cwe::concept(cx, repetition, "RXA-19", None));
    }
    let places = places(cx, segment);
    given.extension.extend(
        places
            .into_iter()
            .map(|id| Extension::new(PLACE, ExtensionValue::Reference(Box::new(Reference::to(id))))),
    );
    timing(cx, part, ordered.orc.filter(|_| keeps_order), &mut given);
    given.extension.extend(extensions(cx, segment, rxa::BESIDE, id));
    given.extension.extend(extensions(cx, segment, rxa::OF_ADMINISTRATION, id));
    if keeps_order {
        given.extension.extend(ordered.extensions(cx, id, false, false));
        given.extension.extend(ordered.parent_and_reason());
    }
    if given.medication.is_none() {
        given.medication = Some(super::unknown(cx, id));
    }
    cx.put(id, given);
    id
}

/// RXA-20 and 21. What is deleted was an error; what says nothing was done, unless it names why not.
pub(super) fn status<'a>(
    cx: &mut Context<'_, 'a>,
    rxa: Segment<'_, 'a>,
    id: Uuid,
    table: cwe::Table,
) -> (Option<&'static str>, Option<Element<'a>>) {
    let action = rxa.field(21).value();
    if trim(action.text()).eq_ignore_ascii_case("D") {
        cx.mark(action);
        // How it ended, as it was said before, stays beside it.
        let ended = cx.write_code(rxa.field(20).value()).map(|code| {
            let concept = CodeableConcept::code(table::hl7_table_uri("0322"), code);
            Element::of(Extension::concept(extension::ORIGINAL_CODE, concept))
        });
        return (Some("entered-in-error"), ended);
    }
    let (told, beside) = cx.code(rxa.field(20).value(), table);
    if told.is_some() {
        return (told, beside);
    }
    cx.presume(id, "status");
    let not = rxa.field(18).is_present() || trim(rxa.field(5).value().text()) == "998";
    (Some(if not { "not-done" } else { "completed" }), beside)
}

fn effective<'a>(
    cx: &mut Context<'_, 'a>,
    rxa: Segment<'_, 'a>,
    id: Uuid,
    given: &mut MedicationAdministration<'a>,
) {
    let (start, end) = (rxa.field(3).value(), rxa.field(4).value());
    let same = |one: Value<'_, 'a>, other: Value<'_, 'a>| {
        cx.timestamp(one).is_some() && cx.timestamp(one) == cx.timestamp(other)
    };
    given.effective = if end.is_present() && !same(start, end) {
        cx.period(start, end).filter(|period| *period != Period::default()).map(Effective::Period)
    } else {
        if end.is_present() {
            cx.mark(end);
        }
        let (time, original) = cx.date_time(start);
        time.map(Effective::DateTime).or(original.map(Effective::DateTimeExt))
    };
    if given.effective.is_none() {
        let why = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        given.effective = Some(Effective::DateTimeExt(Element::of(why)));
        cx.presume(id, "effective");
    }
}

fn dosage<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    rxa: Segment<'m, 'a>,
    beside: &mut Vec<Extension<'a>>,
) -> Option<AdministrationDosage<'a>> {
    let mut dosage = AdministrationDosage { dose: amount(cx, rxa, 6, 7), ..AdministrationDosage::default() };
    let mut routes = part.routes.iter();
    if let Some(route) = routes.next() {
        let told = rxr::read(cx, *route);
        (dosage.route, dosage.site, dosage.method) = (told.route, told.site, told.method);
        dosage.extension.extend(told.device.map(|one| Extension::concept(DEVICE, one)));
        dosage.extension.extend(told.modifier.map(|one| Extension::concept(SITE_MODIFIER, one)));
        dosage.extension.extend(told.instruction.map(|one| Extension::concept(rxr::INSTRUCTION, one)));
    }
    for route in routes {
        let parts = rxr::read(cx, *route).into_parts();
        if !parts.is_empty() {
            beside.push(Extension::new(ROUTE, ExtensionValue::Parts(parts)));
        }
    }
    // FHIR takes no dosage without a dose or a rate (mad-1).
    if dosage.dose.is_none() && dosage != AdministrationDosage::default() {
        let why = Extension::code(system::DATA_ABSENT_REASON, "unknown");
        dosage.dose = Some(Quantity { extension: vec![why], ..Quantity::default() });
    }
    (dosage != AdministrationDosage::default()).then_some(dosage)
}

/// A coded note, or words.
pub(super) fn note<'a>(
    cx: &mut Context<'_, 'a>,
    from: hl7v2::Repetition<'_, 'a>,
    to: &mut Vec<Annotation<'a>>,
) {
    let Some(said) = cwe::concept(cx, from, "RXA-9", None) else { return };
    let text = said.text.clone().or_else(|| said.coding.iter().find_map(|one| one.display.clone()));
    let text = text.or_else(|| said.coding.iter().find_map(|one| one.code.clone()));
    let mut extension = Vec::new();
    if !said.coding.is_empty() {
        extension.push(Extension::concept(rxa::NOTE, said));
    }
    add_new(to, text.map(|text| Annotation { extension, text: Some(text), ..Annotation::default() }));
}

/// Where it was given: RXA-27, which replaced RXA-11, with the address of RXA-28.
pub(super) fn places<'m, 'a>(cx: &mut Context<'m, 'a>, rxa: Segment<'m, 'a>) -> Vec<Uuid> {
    let mut all = Vec::new();
    let place = pl::location(cx, rxa.field(27).first()).map(|place| place.location);
    add_new(&mut all, place);
    add_new(&mut all, location(cx, rxa.field(11)));
    let address = xad::address(cx, rxa.field(28).first());
    if let Some(address) = address {
        let id = all.first().copied().unwrap_or_else(|| {
            let sender = cx.sender_key().to_owned();
            let digest = cx.digest();
            let nth = rxa.place().to_string();
            cx.id(&rule::LOCATION, &[&[&sender], &["", "", "", "", "", "", &digest, &nth]], rxa.place())
        });
        if !cx.has(id) {
            cx.put(id, fhir::Location { id: Some(id), mode: Some("instance"), ..fhir::Location::default() });
        }
        add_new(&mut all, [id]);
        let mut lost = false;
        if let Some(Resource::Location(known)) = cx.entry(id) {
            lost = known.address.is_some() && known.address.as_ref() != Some(&address);
            known.address.get_or_insert(address);
        }
        if lost {
            crate::segment::report_conflicts(cx, rxa, &[28]);
        }
    }
    all
}

/// When it was to be given: an administration has no element for that.
fn timing<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    orc: Option<Segment<'m, 'a>>,
    given: &mut MedicationAdministration<'a>,
) {
    for segment in part.timing.iter().filter(|segment| segment.id() == "TQ1") {
        let schedule = tq1::read(cx, *segment).into_extension();
        add_new(&mut given.extension, schedule);
    }
    let Some(orc) = orc else { return };
    for repetition in orc.field(7).repetitions() {
        let schedule = tq::read(cx, repetition, "ORC-7").and_then(tq::Schedule::into_extension);
        add_new(&mut given.extension, schedule);
    }
}
