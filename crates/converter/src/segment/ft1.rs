//! FT1: what is charged, credited or paid (HL7 v2.5.1 §6.5.1).

use fhir::{
    ChargeItem, ChargeItemPerformer, CodeableConcept, Coding, Element, Extension, Identifier, Organization,
    Quantity, Reference, Resource, system,
};
use hl7v2::{Repetition, Segment};
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use super::{not_kept, report_conflicts, settle, settle_or_text};
use crate::context::{Context, add_new, extension, trim};
use crate::conversion::{Authority, EntryNote};
use crate::datatype::{self, cp, cwe, hd, xcn, xon};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// HL7 table 0017: which kind of transaction it is.
const KIND: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-ft1-transaction-type";
/// Another visit behind which the same transaction stands.
const FURTHER_VISIT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-ft1-further-visit";
/// Who ordered what is charged: FHIR R4 knows the organisation only.
const ORDERING: &str = "http://terminology.hl7.org/CodeSystem/v2-0443";

/// What a charge belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Charged {
    pub(crate) patient: Uuid,
    pub(crate) visit: Option<Uuid>,
    pub(crate) account: Option<Uuid>,
    /// Another charge of the message has the same number.
    pub(crate) ambiguous: bool,
}

/// What is charged, where its number does not say it: kind, code, when, how many, for how much.
pub(crate) const CONTENT: [usize; 5] = [6, 7, 4, 10, 11];

/// The charge of an FT1: its id.
pub(crate) fn convert<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, to: Charged) -> Uuid {
    let id = identify(cx, ft1, to);
    let mut charge = ChargeItem { id: Some(id), ..ChargeItem::default() };
    charge.subject = Some(Reference::to(to.patient));
    charge.context = to.visit.map(Reference::to);
    charge.account.extend(to.account.map(Reference::to));
    charge.identifier.extend(hd::ei(cx, ft1.field(2).first()));
    occurrence(cx, ft1, &mut charge);
    (charge.entered_date, charge.entered_date_ext) = cx.date_time(ft1.field(5).value());
    kind(cx, ft1, id, &mut charge);
    charge.code = Some(code(cx, ft1, id));
    charge.quantity = quantity(cx, ft1);
    charge.price_override = cp::amount(cx, ft1.field(11).first());
    charge.cost_center = department(cx, ft1.field(13).first()).map(Reference::to);
    for repetition in ft1.field(19).repetitions() {
        let reason = cwe::concept(cx, repetition, "FT1-19", None);
        add_new(&mut charge.reason, reason);
    }
    performers(cx, ft1, &mut charge);
    if let Some(number) = hd::ei(cx, ft1.field(23).first()) {
        let order = Reference { r#type: Some("ServiceRequest"), ..Reference::by_identifier(number) };
        charge.service.push(order);
    }
    charge.product = cwe::concept(cx, ft1.field(29).first(), "FT1-29", None);
    charge.performing_organization = xon::organization(cx, ft1.field(32).first()).map(Reference::to);
    charge.requesting_organization = xon::organization(cx, ft1.field(33).first()).map(Reference::to);
    charge.extension.extend(beside::extensions(cx, ft1, BESIDE, id));
    datatype::beyond(cx, ft1, [2, 5, 8, 9, 10, 11], &mut charge.extension);
    if let Some(Resource::ChargeItem(known)) = cx.entry(id) {
        // The same once more: performers, reasons and numbers add up; what contradicts is reported.
        let when = settle_occurrence(known, &mut charge);
        add_new(&mut known.identifier, charge.identifier);
        add_new(&mut known.reason, charge.reason);
        add_new(&mut known.performer, charge.performer);
        add_new(&mut known.service, charge.service);
        add_new(&mut known.extension, charge.extension);
        if known.context != charge.context {
            // A transaction is one, by its number: it is of the visit behind which it stands first.
            let visit = charge.context.take().map(|visit| fhir::ExtensionValue::Reference(Box::new(visit)));
            add_new(&mut known.extension, visit.map(|visit| Extension::new(FURTHER_VISIT, visit)));
            charge.context.clone_from(&known.context);
        }
        let entered = (charge.entered_date, charge.entered_date_ext);
        let lost = not_kept([
            (when, &[4]),
            (settle_or_text((&mut known.entered_date, &mut known.entered_date_ext), entered), &[5]),
            (settle(&mut known.code, charge.code), &[7, 8, 9]),
            (settle(&mut known.quantity, charge.quantity), &[10]),
            (settle(&mut known.price_override, charge.price_override), &[11]),
            (settle(&mut known.cost_center, charge.cost_center), &[13]),
            (settle(&mut known.enterer, charge.enterer), &[24]),
            (settle(&mut known.product, charge.product), &[29]),
            (settle(&mut known.performing_organization, charge.performing_organization), &[32]),
            (settle(&mut known.requesting_organization, charge.requesting_organization), &[33]),
        ]);
        report_conflicts(cx, ft1, &lost);
        return id;
    }
    cx.put_as(id, charge, EntryNote { authority: Authority::Registration, asserted: cx.asserted });
    id
}

/// By the transaction's number, else by what is charged.
///
/// Some senders give a charge and its credit, or all charges of a day, one number: in one message those are
/// several charges, each known by what it says.
fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, to: Charged) -> Uuid {
    let text = |id: Uuid| id.hyphenated().to_string();
    let patient = text(to.patient);
    let number = hd::ei_key(cx, ft1.field(2).first()).filter(|_| !to.ambiguous);
    if let Some((authority, number)) = number {
        return cx.id(&rule::CHARGE, &[&[&patient], &[&authority, &number]], ft1.field(2).place());
    }
    let account = to.account.map(text).unwrap_or_default();
    let visit = to.visit.map(text).unwrap_or_default();
    let [kind, code, when, count, amount] = CONTENT.map(|n| trim(ft1.field(n).value().text()));
    let content: &[&str] = &[&account, &visit, &when, &count, &amount];
    cx.id(&rule::CHARGE_BY_CONTENT, &[&[&patient], &[&kind], &[&code], content], ft1.place())
}

/// When it was done (FT1-4): a moment, or from one to another.
fn occurrence<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, charge: &mut ChargeItem<'a>) {
    let when = ft1.field(4).first();
    if when.component(2).value().is_present() {
        charge.occurrence_period = beside::span(cx, when);
    } else {
        (charge.occurrence_date_time, charge.occurrence_date_time_ext) =
            cx.date_time(when.component(1).value());
    }
}

/// Takes over when it was done: a moment or a period, not both.
fn settle_occurrence<'a>(known: &mut ChargeItem<'a>, told: &mut ChargeItem<'a>) -> bool {
    let moment = (told.occurrence_date_time.take(), told.occurrence_date_time_ext.take());
    match told.occurrence_period.take() {
        Some(_) if known.occurrence_date_time.is_some() || known.occurrence_date_time_ext.is_some() => false,
        None if known.occurrence_period.is_some() => moment == (None, None),
        None => {
            settle_or_text((&mut known.occurrence_date_time, &mut known.occurrence_date_time_ext), moment)
        }
        period => settle(&mut known.occurrence_period, period),
    }
}

/// What kind of transaction: a charge is to be billed, a credit or payment is not.
fn kind<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, id: Uuid, charge: &mut ChargeItem<'a>) {
    let from = ft1.field(6).first();
    let state = table::transaction_state(&from.component(1).value().text());
    charge.status = Some(state.map_or("unknown", |state| state.code));
    if state.is_none() {
        cx.presume(id, "status");
    }
    if let Some(kind) = cwe::concept(cx, from, "FT1-6", Some(table::transaction_type)) {
        charge.extension.push(Extension::concept(KIND, kind));
    }
}

/// What is charged (FT1-7), and its description (FT1-8, FT1-9).
fn code<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, id: Uuid) -> CodeableConcept<'a> {
    let mut concept = cwe::concept(cx, ft1.field(7).first(), "FT1-7", None).unwrap_or_default();
    for field in [8, 9] {
        let Some(text) = cx.write(ft1.field(field).value()) else { continue };
        if !settle(&mut concept.text, Some(text.clone())) {
            add_new(&mut concept.coding, [Coding { display: Some(text), ..Coding::default() }]);
        }
    }
    if concept == CodeableConcept::default() {
        // FHIR demands a code.
        concept.extension.push(Extension::code(system::DATA_ABSENT_REASON, "unknown"));
        cx.presume(id, "code");
    }
    concept
}

fn quantity<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>) -> Option<Quantity<'a>> {
    let value = ft1.field(10).value();
    let text = cx.write(value)?;
    let number = fhir::Decimal::parse(text.clone());
    if number.is_some() {
        return Some(Quantity { value: number, ..Quantity::default() });
    }
    cx.warn(value.place(), "invalid-number");
    let original = Element::of(Extension::string(extension::ORIGINAL_TEXT, text));
    Some(Quantity { extension: original.extension, ..Quantity::default() })
}

/// The department whose code is charged: an organisation by its code.
pub(crate) fn department<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Uuid> {
    let (system, code) = cwe::key(cx, from)?;
    let sender = cx.sender_key().to_owned();
    let parts: &[&[&str]] = &[&[&sender, "department", &system, &code]];
    let id = cx.id(&rule::ORGANIZATION, parts, from.place());
    let concept = cwe::concept(cx, from, "", None)?;
    let mut organization = Organization { extension: concept.extension, ..Organization::default() };
    for coding in concept.coding {
        let name = coding.display;
        if organization.name.is_none() {
            organization.name = name;
        } else {
            add_new(&mut organization.alias, name.filter(|name| organization.name.as_ref() != Some(name)));
        }
        if let Some(code) = coding.code {
            let extension = coding.extension;
            let number =
                Identifier { extension, system: coding.system, value: Some(code), ..Identifier::default() };
            add_new(&mut organization.identifier, [number]);
        }
    }
    match (&organization.name, concept.text) {
        (None, text) => organization.name = text,
        (Some(name), Some(text)) if *name != text => organization.alias.push(text),
        _ => {}
    }
    xon::put(cx, id, organization);
    Some(id)
}

/// Who did it (FT1-20), who ordered it (FT1-21), who entered the charge (FT1-24).
fn performers<'m, 'a>(cx: &mut Context<'m, 'a>, ft1: Segment<'m, 'a>, charge: &mut ChargeItem<'a>) {
    for (field, function) in [(20, None), (21, Some(("OP", "Ordering Provider")))] {
        for repetition in ft1.field(field).repetitions() {
            let Some(who) = xcn::professional(cx, repetition) else { continue };
            let function = function
                .map(|(code, display)| Coding::new(ORDERING, code).with_display(display))
                .map(CodeableConcept::of);
            let actor = Some(who.reference());
            add_new(&mut charge.performer, [ChargeItemPerformer { function, actor }]);
        }
    }
    let mut enterers = ft1.field(24).repetitions();
    let first = enterers.next().and_then(|one| xcn::professional(cx, one));
    charge.enterer = first.map(xcn::Professional::reference);
    for one in enterers {
        let Some(who) = xcn::professional(cx, one) else { continue };
        let who = fhir::ExtensionValue::Reference(Box::new(who.reference()));
        charge.extension.push(Extension::new(ENTERED_BY, who));
    }
}

/// Further people who entered it: FHIR takes one.
const ENTERED_BY: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-ft1-entered-by";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "FT1",
    name: "Financial Transaction",
    fields: &[
        "Set ID",
        "Transaction ID",
        "Transaction Batch ID",
        "Transaction Date",
        "Transaction Posting Date",
        "Transaction Type",
        "Transaction Code",
        "Transaction Description",
        "Transaction Description Alt",
        "Transaction Quantity",
        "Transaction Amount Extended",
        "Transaction Amount Unit",
        "Department Code",
        "Health Plan ID",
        "Insurance Amount",
        "Assigned Patient Location",
        "Fee Schedule",
        "Patient Type",
        "Diagnosis Code",
        "Performed By Code",
        "Ordered By Code",
        "Unit Cost",
        "Filler Order Number",
        "Entered By Code",
        "Procedure Code",
        "Procedure Code Modifier",
        "Advanced Beneficiary Notice Code",
        "Medically Necessary Duplicate Procedure Reason",
        "NDC Code",
        "Payment Reference ID",
        "Transaction Reference Key",
        "Performing Facility",
        "Ordering Facility",
        "Item Number",
        "Model Number",
        "Special Processing Code",
        "Clinic Code",
        "Referral Number",
        "Authorization Number",
        "Service Provider Taxonomy Code",
        "Revenue Code",
        "Prescription Number",
        "NDC Qty and UOM",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "ChargeItem.identifier"),
        to(3, "ChargeItem.extension(v2-ft1-transaction-batch-id)"),
        to(4, "ChargeItem.occurrenceDateTime"),
        to(4, "ChargeItem.occurrencePeriod"),
        to(5, "ChargeItem.enteredDate"),
        to(6, "ChargeItem.status"),
        to(6, "ChargeItem.extension(v2-ft1-transaction-type)"),
        to(7, "ChargeItem.code"),
        to(8, "ChargeItem.code"),
        to(9, "ChargeItem.code"),
        to(10, "ChargeItem.quantity"),
        to(11, "ChargeItem.priceOverride"),
        to(12, "ChargeItem.extension(v2-ft1-transaction-amount-unit)"),
        to(13, "ChargeItem.costCenter"),
        to(14, "ChargeItem.extension(v2-ft1-health-plan-id)"),
        to(15, "ChargeItem.extension(v2-ft1-insurance-amount)"),
        to(16, "ChargeItem.extension(v2-ft1-assigned-patient-location)"),
        to(17, "ChargeItem.extension(v2-ft1-fee-schedule)"),
        to(18, "ChargeItem.extension(v2-ft1-patient-type)"),
        to(19, "ChargeItem.reason"),
        to(20, "ChargeItem.performer"),
        to(21, "ChargeItem.performer"),
        to(22, "ChargeItem.extension(v2-ft1-unit-cost)"),
        to(23, "ChargeItem.service"),
        to(24, "ChargeItem.enterer"),
        to(25, "ChargeItem.extension(v2-ft1-procedure-code)"),
        to(26, "ChargeItem.extension(v2-ft1-procedure-code-modifier)"),
        to(27, "ChargeItem.extension(v2-ft1-advanced-beneficiary-notice-code)"),
        to(28, "ChargeItem.extension(v2-ft1-medically-necessary-duplicate-procedure-reason)"),
        to(29, "ChargeItem.productCodeableConcept"),
        to(30, "ChargeItem.extension(v2-ft1-payment-reference-id)"),
        to(31, "ChargeItem.extension(v2-ft1-transaction-reference-key)"),
        to(32, "ChargeItem.performingOrganization"),
        to(33, "ChargeItem.requestingOrganization"),
        to(34, "ChargeItem.extension(v2-ft1-item-number)"),
        to(35, "ChargeItem.extension(v2-ft1-model-number)"),
        to(36, "ChargeItem.extension(v2-ft1-special-processing-code)"),
        to(37, "ChargeItem.extension(v2-ft1-clinic-code)"),
        to(38, "ChargeItem.extension(v2-ft1-referral-number)"),
        to(39, "ChargeItem.extension(v2-ft1-authorization-number)"),
        to(40, "ChargeItem.extension(v2-ft1-service-provider-taxonomy-code)"),
        to(41, "ChargeItem.extension(v2-ft1-revenue-code)"),
        to(42, "ChargeItem.extension(v2-ft1-prescription-number)"),
        to(43, "ChargeItem.extension(v2-ft1-ndc-qty-and-uom)"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    3 "ft1-transaction-batch-id" Is::Text,
    12 "ft1-transaction-amount-unit" Is::Amount,
    14 "ft1-health-plan-id" Is::Concept,
    15 "ft1-insurance-amount" Is::Amount,
    16 "ft1-assigned-patient-location" Is::Place,
    17 "ft1-fee-schedule" Is::Concept,
    18 "ft1-patient-type" Is::Concept,
    22 "ft1-unit-cost" Is::Amount,
    25 "ft1-procedure-code" Is::Concept,
    26 "ft1-procedure-code-modifier" Is::Concept,
    27 "ft1-advanced-beneficiary-notice-code" Is::Concept,
    28 "ft1-medically-necessary-duplicate-procedure-reason" Is::Concept,
    30 "ft1-payment-reference-id" Is::Id,
    31 "ft1-transaction-reference-key" Is::Number,
    34 "ft1-item-number" Is::Concept,
    35 "ft1-model-number" Is::Text,
    36 "ft1-special-processing-code" Is::Concept,
    37 "ft1-clinic-code" Is::Concept,
    38 "ft1-referral-number" Is::Id,
    39 "ft1-authorization-number" Is::Id,
    40 "ft1-service-provider-taxonomy-code" Is::Concept,
    41 "ft1-revenue-code" Is::Concept,
    42 "ft1-prescription-number" Is::Text,
    43 "ft1-ndc-qty-and-uom" Is::Quantity,
];
