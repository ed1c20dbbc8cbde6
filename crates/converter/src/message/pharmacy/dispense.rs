//! RXD: what was dispensed (HL7 v2.5.1 §4.14.5).

use fhir::{Annotation, DispenseSubstitution, Extension, ExtensionValue, MedicationDispense, Reference};
use uuid::Uuid;

use super::dosage::{dosages, priority_beside};
use super::group::Part;
use super::ordered::Ordered;
use super::product::{amount, medication};
use super::request::of_table;
use super::supply::pharmacy;
use super::{Whose, location, performer};
use crate::context::{Context, add_new, own, trim};
use crate::datatype::{cwe, xcn};
use crate::identity::rule;
use crate::segment::beside::extensions;
use crate::segment::rxd;
use crate::table;

const PHARMACY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-dispense-to-pharmacy";

/// Puts a dispense. `keeps_order` says that no prescription of its group holds what ORC says besides.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    prescription: Option<Uuid>,
    keeps_order: bool,
) -> Uuid {
    let Some(segment) = part.segment else { return whose.patient };
    let id = ordered.identify_done(cx, segment, &rule::MEDICATION_DISPENSE, &[1], 2, whose);
    let field = |n: usize| segment.field(n);
    let mut dispense = MedicationDispense {
        id: Some(id),
        meta: ordered.meta(),
        identifier: ordered.identifiers.clone(),
        subject: Some(Reference::to(whose.patient)),
        context: whose.encounter.map(Reference::to),
        medication: medication(cx, segment, &part.components, rxd::PRODUCT, id),
        quantity: amount(cx, segment, 4, 5),
        ..MedicationDispense::default()
    };
    dispense.identifier.extend(super::prescription_number(cx, field(7).value()));
    dispense.authorizing_prescription.extend(prescription.map(Reference::to).or_else(|| ordered.logical()));
    status(ordered, &mut dispense);
    if cx.given(field(3), id, "whenHandedOver") {
        (dispense.when_handed_over, dispense.when_handed_over_ext) = cx.date_time(field(3).value());
    }
    if cx.given(field(9), id, "note") {
        for repetition in field(9).repetitions() {
            let text = crate::segment::obx::value::whole(cx, repetition);
            let note = text.map(|text| Annotation { text: Some(text), ..Annotation::default() });
            add_new(&mut dispense.note, note);
        }
    }
    for repetition in field(10).repetitions() {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        dispense.performer.extend(who.map(|who| performer("DP", "Dispensing Provider", who)));
    }
    let requester = ordered.requester.clone();
    dispense.performer.extend(requester.map(|who| performer("OP", "Ordering Provider", who)));
    if cx.given(field(11), id, "substitution") {
        let mut kind = cwe::concept(cx, field(11).first(), "RXD-11", None);
        of_table(&mut kind, "0167");
        let substituted = matches!(&*trim(field(11).value().text()).to_ascii_uppercase(), "G" | "T");
        let was_substituted = Some(substituted);
        dispense.substitution = kind.map(|kind| DispenseSubstitution { was_substituted, r#type: Some(kind) });
    }
    dispense.destination = location(cx, field(13)).map(Reference::to);
    if cx.given(field(33), id, "type") {
        dispense.r#type = cwe::concept(cx, field(33).first(), "RXD-33", None);
    }
    let to = pharmacy(cx, segment, [30, 31, 34]).map(Reference::to);
    let to = to.map(|to| Extension::new(PHARMACY, ExtensionValue::Reference(Box::new(to))));
    dispense.extension.extend(to);
    for &(number, unit, url) in rxd::AMOUNTS {
        let quantity = amount(cx, segment, number, unit);
        let quantity = quantity.map(|one| Extension::new(url, ExtensionValue::Quantity(Box::new(one))));
        dispense.extension.extend(quantity);
    }
    dispense.extension.extend(extensions(cx, segment, rxd::BESIDE, id));
    let orc = ordered.orc.filter(|_| keeps_order);
    let (dosage, priority) = dosages(cx, part, orc, None, rxd::DOSE);
    dispense.dosage_instruction = dosage;
    // How urgent the order was (TQ1-9, ORC-7): a dispense has no element for it.
    dispense.extension.extend(priority_beside(own!("priority-of-order"), priority));
    if keeps_order {
        dispense.extension.extend(ordered.extensions(cx, id, false, false));
        dispense.extension.extend(ordered.parent_and_reason());
    }
    if dispense.medication.is_none() {
        dispense.medication = Some(super::unknown(cx, id));
    }
    cx.put(id, dispense);
    id
}

/// RXD tells what was dispensed: unless ORC says that it was stopped, it is done.
fn status<'a>(ordered: &Ordered<'_, 'a>, dispense: &mut MedicationDispense<'a>) {
    let by_control = match ordered.status().0 {
        Some("cancelled") => Some("cancelled"),
        Some("stopped") => Some("stopped"),
        Some("on-hold") => Some("on-hold"),
        _ => None,
    };
    let told = ordered.orc.map(|orc| orc.field(5).value());
    let told = told.and_then(|told| table::dispense_status(&told.text())).map(|target| target.code);
    // "In process" is said of the order: it may go on after this dispense.
    let told = told.filter(|told| matches!(*told, "entered-in-error" | "cancelled" | "stopped"));
    dispense.status = Some(told.or(by_control).unwrap_or("completed"));
    if ordered.stops() {
        dispense.status_reason = ordered.reasons.first().cloned();
    }
}
