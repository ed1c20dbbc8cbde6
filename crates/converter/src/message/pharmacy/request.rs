//! RXO, RXE and RXG: prescriptions.
//!
//! FHIR R4 tells them apart by `MedicationRequest.intent`. RXO is what was ordered: `original-order`, as the
//! official map has it. RXE is what a pharmacy made of it: `filler-order`, "the view of an authorization
//! instantiated by a fulfilling system". RXG is the instruction for one dose: `instance-order`, "an order
//! created in fulfillment of a broader order that represents the authorization for a single activity
//! occurrence". Each is a resource of its own, based on the one before it.

use fhir::{Extension, ExtensionValue, MedicationRequest, MedicationSubstitution, Reference};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use super::dosage::{Dose, dosages};
use super::group::Part;
use super::ordered::Ordered;
use super::product::{Product, amount, at, medication};
use super::supply::dispense_request;
use super::{Whose, place};
use crate::context::{Context, add_new, trim};
use crate::conversion::Authority;
use crate::datatype::{cwe, xcn};
use crate::identity::rule;
use crate::segment::beside::{Beside, extensions};
use crate::segment::evn::agent;
use crate::table;

/// Where RXO, RXE or RXG says what. 0 is nowhere.
pub(crate) struct Layout {
    pub(crate) intent: &'static str,
    pub(crate) product: Product,
    pub(crate) dose: Dose,
    /// TQ, before TQ1.
    pub(crate) timing: usize,
    pub(crate) indication: usize,
    /// The number and the HL7 table of its code.
    pub(crate) substitution: (usize, &'static str),
    /// Amount and units to be dispensed.
    pub(crate) dispense: [usize; 2],
    pub(crate) refills: usize,
    pub(crate) interval: usize,
    pub(crate) first_fill: usize,
    /// Dispensing pharmacy: name, address, telephone.
    pub(crate) pharmacy: [usize; 3],
    pub(crate) provider: usize,
    pub(crate) verifier: usize,
    pub(crate) prescription_number: usize,
    pub(crate) ordered_on: usize,
    /// Numbers with a unit of their own: number, unit, extension.
    pub(crate) amounts: &'static [(usize, usize, &'static str)],
    /// Places to which it is delivered.
    pub(crate) places: &'static [(usize, &'static str)],
    pub(crate) beside: &'static [Beside],
}

/// Where a further prescriber goes.
const PROVIDER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-ordering-provider";
/// RXV: how it runs.
const INFUSION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-infusion";

/// Puts a prescription and what hangs on it. `authority` says whether the message is its source.
pub(super) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    part: &Part<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    whose: &Whose,
    made: Made<'_>,
    authority: Authority,
) -> Uuid {
    let id = made.id;
    let layout = made.layout;
    cx.registers = authority;
    let mut request = MedicationRequest {
        id: Some(id),
        meta: ordered.meta(),
        identifier: ordered.identifiers.clone(),
        intent: Some(layout.intent),
        subject: Some(Reference::to(whose.patient)),
        encounter: whose.encounter.map(Reference::to),
        requester: ordered.requester.clone(),
        recorder: ordered.recorder.clone(),
        based_on: made.based_on.map(Reference::to).into_iter().collect(),
        ..MedicationRequest::default()
    };
    grouped(&mut request);
    status(cx, ordered, id, authority, &mut request);
    if let Some(segment) = part.segment {
        of_segment(cx, segment, part, layout, &mut request);
    }
    dated(cx, ordered, part.segment, layout, made.keeps_order, &mut request);
    if made.keeps_order {
        let told = ordered.status().1 && authority == Authority::Registration;
        let told_when = request.authored_on.is_some() || request.authored_on_ext.is_some();
        let dated = told_when && ordered.places() && layout_date(part, layout).is_none();
        request.extension.extend(ordered.extensions(cx, id, told, dated));
    }
    let own = part.segment.filter(|_| layout.timing > 0).map(|segment| segment.field(layout.timing));
    let orc = ordered.orc.filter(|_| made.keeps_order);
    (request.dosage_instruction, (request.priority, request.priority_ext)) =
        dosages(cx, part, orc, own, layout.dose);
    request.extension.extend(part.infusions.iter().filter_map(|rxv| {
        let parts = crate::segment::rxv::parts(cx, *rxv, id);
        (!parts.is_empty()).then(|| Extension::new(INFUSION, ExtensionValue::Parts(parts)))
    }));
    parents(ordered, made, &mut request);
    if request.medication.is_none() {
        request.medication = Some(super::unknown(cx, id));
    }
    cx.put(id, request);
    id
}

/// Which prescription it is.
#[derive(Clone, Copy)]
pub(super) struct Made<'r> {
    pub(super) id: Uuid,
    pub(super) layout: &'r Layout,
    /// The prescription of the same group that it was made of.
    pub(super) based_on: Option<Uuid>,
    /// The prescription that it takes the place of.
    pub(super) replaces: Option<Uuid>,
    /// Whether what ORC says besides stands here, and not on another resource of the group.
    pub(super) keeps_order: bool,
}

/// The id of a prescription: by the number of the order; of several of one number, by what is prescribed.
pub(super) fn identify(
    cx: &mut Context<'_, '_>,
    part: &Part<'_, '_>,
    ordered: &Ordered<'_, '_>,
    whose: &Whose,
    layout: &Layout,
    alone: bool,
) -> Uuid {
    let at = part.segment.or(ordered.orc).map_or_else(|| place(cx), |segment| segment.place());
    let field = |n: usize| part.segment.filter(|_| n > 0).map(|segment| segment.field(n));
    let (system, code) =
        field(layout.product.code).and_then(|code| cwe::key(cx, code.first())).unwrap_or_default();
    let patient = whose.patient.hyphenated().to_string();
    // A dose is one of many under one order: by its own number and time.
    let dose: (String, String) = if layout.intent == "instance-order" {
        let own = field(1).map(|one| trim(one.value().text()).into_owned()).unwrap_or_default();
        let tq1 = part.timing.first().map(|one| one.field(7).value());
        let tq = field(layout.timing).map(|one| one.first().component(4).value());
        let time = tq1.into_iter().chain(tq).find(|time| time.is_present());
        (own, time.map(|time| trim(time.text()).into_owned()).unwrap_or_default())
    } else {
        <(String, String)>::default()
    };
    let id = match ordered.number() {
        Some((authority, number)) if layout.intent == "instance-order" => {
            cx.id(&rule::MEDICATION_DOSE, &[&[&authority, &number], &[&dose.0], &[&dose.1]], at)
        }
        Some((authority, number)) if alone => {
            let rule = if layout.intent == "filler-order" {
                &rule::MEDICATION_ENCODED
            } else {
                &rule::MEDICATION_REQUEST
            };
            cx.id(rule, &[&[&authority, &number]], at)
        }
        Some((authority, number)) => {
            let rule = &rule::MEDICATION_REQUEST_BY_CODE;
            cx.id(rule, &[&[&authority, &number], &[layout.intent], &[&system, &code]], at)
        }
        None => {
            let orc = |n: usize| ordered.orc.map(|orc| trim(orc.field(n).value().text())).unwrap_or_default();
            let time = orc(9);
            let digest = if time.is_empty() { cx.digest() } else { String::new() };
            let rule = &rule::MEDICATION_REQUEST_BY_TIME;
            let own: &[&str] = &[&time, &dose.0, &dose.1, &digest];
            cx.id(rule, &[&[&patient], &[layout.intent], &[&system, &code], own], at)
        }
    };
    whose.free(cx, id, at)
}

/// The number of a group of prescriptions has an element of its own.
fn grouped(request: &mut MedicationRequest<'_>) {
    let is_group = |one: &fhir::Identifier<'_>| {
        let kind = one.r#type.as_ref().and_then(|kind| kind.coding.first());
        kind.is_some_and(|coding| coding.code.as_deref() == Some("PGN"))
    };
    if let Some(at) = request.identifier.iter().position(is_group) {
        request.group_identifier = Some(request.identifier.remove(at));
    }
}

/// Who only repeats a prescription is no source of how far it is.
fn status<'a>(
    cx: &mut Context<'_, 'a>,
    ordered: &Ordered<'_, 'a>,
    id: Uuid,
    authority: Authority,
    request: &mut MedicationRequest<'a>,
) {
    let (told, by_field) = ordered.status();
    request.status = told;
    if authority == Authority::Registration
        && by_field
        && let Some(orc) = ordered.orc
    {
        request.status_ext = cx.code(orc.field(5).value(), table::medication_order_status).1;
    }
    if told.is_none() || authority == Authority::Mention {
        request.status.get_or_insert("unknown");
        cx.presume(id, "status");
    }
    if ordered.stops() {
        let mut reasons = ordered.reasons.iter().cloned();
        request.status_reason = reasons.next();
        if let Some(all) = &mut request.status_reason {
            reasons.for_each(|more| cwe::merge(all, more));
        }
    } else {
        request.reason_code.extend(ordered.reasons.iter().cloned());
    }
}

fn of_segment<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    segment: Segment<'m, 'a>,
    part: &Part<'m, 'a>,
    layout: &Layout,
    request: &mut MedicationRequest<'a>,
) {
    let Some(id) = request.id else { return };
    request.medication = medication(cx, segment, &part.components, layout.product, id);
    let field = |n: usize| segment.field(n);
    if layout.indication > 0 && cx.given(field(layout.indication), id, "reasonCode") {
        for repetition in field(layout.indication).repetitions() {
            let reason = cwe::concept(cx, repetition, &at(segment, layout.indication), None);
            add_new(&mut request.reason_code, reason);
        }
    }
    let (n, table) = layout.substitution;
    if cx.given(field(n), id, "substitution") {
        let known = if table == "0161" { Some(table::substitution as cwe::Table) } else { None };
        let mut allowed = cwe::concept(cx, field(n).first(), &at(segment, n), known);
        of_table(&mut allowed, table);
        request.substitution = allowed.map(|allowed| MedicationSubstitution { allowed: Some(allowed) });
    }
    request.dispense_request = dispense_request(cx, segment, layout, id);
    for repetition in optional(segment, layout.provider) {
        let Some(who) = xcn::professional(cx, repetition).map(xcn::Professional::reference) else { continue };
        if request.requester.is_none() {
            request.requester = Some(who);
        } else if request.requester.as_ref() != Some(&who) {
            let further = ExtensionValue::Reference(Box::new(who));
            request.extension.push(Extension::new(PROVIDER, further));
        }
    }
    for repetition in optional(segment, layout.verifier) {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        add_new(&mut cx.provenance.agent, who.map(|who| agent("verifier", who)));
    }
    for repetition in optional(segment, layout.prescription_number) {
        request.identifier.extend(super::prescription_number(cx, repetition.value()));
    }
    for &(number, unit, url) in layout.amounts {
        let quantity = amount(cx, segment, number, unit);
        let quantity = quantity.map(|one| Extension::new(url, ExtensionValue::Quantity(Box::new(one))));
        request.extension.extend(quantity);
    }
    for &(n, url) in layout.places {
        request.extension.extend(super::delivered_to(cx, field(n), url));
    }
    request.extension.extend(extensions(cx, segment, layout.beside, id));
}

/// The codes of a table of HL7 that were sent without a system are of that table.
pub(super) fn of_table(concept: &mut Option<fhir::CodeableConcept<'_>>, table: &str) {
    for coding in concept.iter_mut().flat_map(|concept| &mut concept.coding) {
        if coding.system.is_none() && coding.extension.is_empty() {
            coding.system = Some(table::hl7_table_uri(table).into());
        }
    }
}

/// The repetitions of a field that not every layout has.
pub(super) fn optional<'m, 'a>(
    segment: Segment<'m, 'a>,
    field: usize,
) -> impl Iterator<Item = hl7v2::Repetition<'m, 'a>> {
    (field > 0).then(|| segment.field(field)).into_iter().flat_map(Field::repetitions)
}

/// RXE-32: when it was ordered first.
fn layout_date<'m, 'a>(part: &Part<'m, 'a>, layout: &Layout) -> Option<Field<'m, 'a>> {
    let field = part.segment?.field(layout.ordered_on);
    (layout.ordered_on > 0 && field.is_present()).then_some(field)
}

fn dated<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    ordered: &Ordered<'m, 'a>,
    segment: Option<Segment<'m, 'a>>,
    layout: &Layout,
    keeps_order: bool,
    request: &mut MedicationRequest<'a>,
) {
    let own =
        segment.filter(|_| layout.ordered_on > 0).map(|segment| segment.field(layout.ordered_on).value());
    let event = ordered.orc.filter(|_| ordered.places() && keeps_order).map(|orc| orc.field(9).value());
    let first = own.filter(hl7v2::Value::is_present).or(event);
    if let Some(first) = first {
        (request.authored_on, request.authored_on_ext) = cx.date_time(first);
    }
}

/// The order that it came of: what it replaces, what it renews, or the order of which it is a part.
fn parents<'a>(ordered: &Ordered<'_, 'a>, made: Made<'_>, request: &mut MedicationRequest<'a>) {
    let parent = ordered
        .parent
        .iter()
        .cloned()
        .map(|number| Reference { r#type: Some("MedicationRequest"), ..Reference::by_identifier(number) });
    // A renewal or a change follows another prescription; any other parent is what it fulfils.
    let follows = matches!(&*ordered.control, "RO" | "XO" | "RF" | "AF" | "OF" | "FU" | "XX");
    if let Some(replaced) = made.replaces {
        request.prior_prescription = Some(Reference::to(replaced));
    }
    for parent in parent {
        if follows && request.prior_prescription.is_none() {
            request.prior_prescription = Some(parent);
        } else {
            request.based_on.push(parent);
        }
    }
    if made.based_on.is_none()
        && request.intent == Some("instance-order")
        && let Some(placer) = &ordered.numbers.placer
    {
        let number = ordered.numbers.identifiers.iter().find(|one| one.value.as_ref() == Some(&placer.1));
        request.based_on.extend(number.cloned().map(|number| Reference {
            r#type: Some("MedicationRequest"),
            ..Reference::by_identifier(number)
        }));
    }
}
