//! RF1: a referral (HL7 v2.5.1 §11.6.1). There is no official map: designed from FHIR.

use std::borrow::Cow;

use fhir::{Annotation, CodeableConcept, Reference, ServiceRequest, system};
use hl7v2::{Field, Segment};
use uuid::Uuid;

use super::beside::{self, Beside, Is, beside};
use crate::context::{Context, add_new, trim};
use crate::datatype::{cwe, hd, xcn, xon};
use crate::identity::rule;
use crate::mapping::{Map, left, to};
use crate::table;

/// The category by which referrals are told from other requests (SNOMED CT).
const REFERRAL: (&str, &str) = ("3457005", "Patient referral");

/// Which referral: by its number.
pub(crate) fn identify<'m, 'a>(cx: &mut Context<'m, 'a>, rf1: Segment<'m, 'a>, patient: Uuid) -> Uuid {
    for field in [6, 11] {
        if let Some((authority, number)) = hd::ei_key(cx, rf1.field(field).first()) {
            return cx.id(&rule::REFERRAL, &[&[&authority, &number]], rf1.field(field).place());
        }
    }
    let kind = trim(rf1.field(3).value().text());
    let time = [7, 9].map(|field| trim(rf1.field(field).value().text()));
    let time = time.into_iter().find(|time| !time.is_empty()).unwrap_or_else(|| cx.digest().into());
    let patient = patient.hyphenated().to_string();
    cx.id(&rule::REFERRAL_BY_TIME, &[&[&patient], &[&kind], &[&time]], rf1.place())
}

/// The request of a referral, not yet put.
pub(crate) fn convert<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    rf1: Segment<'m, 'a>,
    id: Uuid,
    patient: Uuid,
    visit: Option<Uuid>,
) -> ServiceRequest<'a> {
    let mut request = ServiceRequest { id: Some(id), intent: Some("order"), ..ServiceRequest::default() };
    request.subject = Some(Reference::to(patient));
    request.encounter = visit.map(Reference::to);
    for (field, kind) in [(6, "PLAC"), (11, "FILL")] {
        for repetition in rf1.field(field).repetitions() {
            let Some(mut number) = hd::ei(cx, repetition) else { continue };
            number.r#type = Some(Box::new(CodeableConcept::code(system::V2_IDENTIFIER_TYPE, kind)));
            add_new(&mut request.identifier, [number]);
        }
    }
    (request.status, request.status_ext) = required(cx, rf1.field(1), table::referral_state);
    (request.priority, request.priority_ext) = required(cx, rf1.field(2), table::referral_urgency);
    let referral = fhir::Coding::new(system::SNOMED, REFERRAL.0).with_display(REFERRAL.1);
    request.category.push(CodeableConcept::of(referral));
    request.category.extend(cwe::concept(cx, rf1.field(5).first(), "RF1-5", None));
    request.code = cwe::concept(cx, rf1.field(3).first(), "RF1-3", Some(table::referral_type));
    for repetition in rf1.field(4).repetitions() {
        let detail = cwe::concept(cx, repetition, "RF1-4", Some(table::referral_disposition));
        add_new(&mut request.order_detail, detail);
    }
    request.occurrence_period = cx.period(rf1.field(7).value(), rf1.field(8).value());
    let (authored, original) = cx.date_time(rf1.field(9).value());
    request.authored_on = authored;
    request.extension.extend(original.into_iter().flat_map(|element| element.extension));
    for repetition in rf1.field(10).repetitions() {
        let reason = cwe::concept(cx, repetition, "RF1-10", Some(table::referral_reason));
        add_new(&mut request.reason_code, reason);
    }
    for repetition in rf1.field(14).repetitions() {
        let text = cx.write(repetition.component(1).value());
        add_new(&mut request.reason_code, text.map(CodeableConcept::text));
    }
    for repetition in rf1.field(19).repetitions() {
        let who = xon::organization(cx, repetition).map(Reference::to);
        add_new(&mut request.performer, who);
    }
    for repetition in rf1.field(20).repetitions() {
        let who = xcn::professional(cx, repetition).map(xcn::Professional::reference);
        add_new(&mut request.performer, who);
    }
    for repetition in rf1.field(24).repetitions() {
        let text = cx.write(repetition.component(1).value());
        request.note.extend(text.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    }
    request.extension.extend(beside::extensions(cx, rf1, BESIDE, id));
    request
}

/// A code that FHIR demands, with what else the concept says left as its text.
fn required<'m, 'a>(
    cx: &mut Context<'m, 'a>,
    field: Field<'m, 'a>,
    table: fn(&str) -> Option<table::Target>,
) -> (Option<&'static str>, Option<fhir::Element<'a>>) {
    let (code, beside) = cx.code(field.value(), table);
    for component in field.first().components().skip(1) {
        for value in component.subcomponents() {
            cx.ignore(value, "the text of a code that is kept");
        }
    }
    (code, beside)
}

/// Whether the sender takes the referral back (RF1-25, table 0206).
pub(crate) fn is_deleted<'m, 'a>(cx: &mut Context<'m, 'a>, rf1: Segment<'m, 'a>) -> bool {
    let action = rf1.field(25).value();
    let deleted = action.text().trim().eq_ignore_ascii_case("D");
    if deleted {
        cx.mark(action);
    }
    deleted
}

/// The text of the status as it was sent, for the task.
pub(crate) fn state<'m, 'a>(rf1: Segment<'m, 'a>) -> Cow<'a, str> {
    trim(rf1.field(1).value().text())
}

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "RF1",
    name: "Referral Information",
    fields: &[
        "Referral Status",
        "Referral Priority",
        "Referral Type",
        "Referral Disposition",
        "Referral Category",
        "Originating Referral Identifier",
        "Effective Date",
        "Expiration Date",
        "Process Date",
        "Referral Reason",
        "External Referral Identifier",
        "Referral Documentation Completion Status",
        "Planned Treatment Stop Date",
        "Referral Reason Text",
        "Number of Authorized Treatments Units",
        "Number of Used Treatments Units",
        "Number of Schedule Treatments Units",
        "Remaining Benefit Amount",
        "Authorized Provider",
        "Authorized Health Professional",
        "Source Text",
        "Source Date",
        "Source Phone",
        "Comment",
        "Action Code",
    ],
    rows: &[
        to(1, "ServiceRequest.status"),
        to(1, "Task.status"),
        to(2, "ServiceRequest.priority"),
        to(3, "ServiceRequest.code"),
        to(4, "ServiceRequest.orderDetail"),
        to(5, "ServiceRequest.category"),
        to(6, "ServiceRequest.identifier"),
        to(7, "ServiceRequest.occurrencePeriod"),
        to(8, "ServiceRequest.occurrencePeriod"),
        to(9, "ServiceRequest.authoredOn"),
        to(10, "ServiceRequest.reasonCode"),
        to(11, "ServiceRequest.identifier"),
        to(12, "ServiceRequest.extension(v2-rf1-referral-documentation-completion-status)"),
        to(13, "ServiceRequest.extension(v2-rf1-planned-treatment-stop-date)"),
        to(14, "ServiceRequest.reasonCode"),
        to(15, "ServiceRequest.extension(v2-rf1-number-of-authorized-treatments-units)"),
        to(16, "ServiceRequest.extension(v2-rf1-number-of-used-treatments-units)"),
        to(17, "ServiceRequest.extension(v2-rf1-number-of-schedule-treatments-units)"),
        to(18, "ServiceRequest.extension(v2-rf1-remaining-benefit-amount)"),
        to(19, "ServiceRequest.performer"),
        to(20, "ServiceRequest.performer"),
        to(21, "ServiceRequest.extension(v2-rf1-source-text)"),
        to(22, "ServiceRequest.extension(v2-rf1-source-date)"),
        to(23, "ServiceRequest.extension(v2-rf1-source-phone)"),
        to(24, "ServiceRequest.note"),
        to(25, "ServiceRequest.status"),
        left(25, "what is added or changed is in the message as it now is"),
    ],
};

/// The fields that FHIR has no element for.
const BESIDE: &[Beside] = beside![
    12 "rf1-referral-documentation-completion-status" Is::Concept,
    13 "rf1-planned-treatment-stop-date" Is::Time,
    15 "rf1-number-of-authorized-treatments-units" Is::Quantity,
    16 "rf1-number-of-used-treatments-units" Is::Quantity,
    17 "rf1-number-of-schedule-treatments-units" Is::Quantity,
    18 "rf1-remaining-benefit-amount" Is::Amount,
    21 "rf1-source-text" Is::Text,
    22 "rf1-source-date" Is::Time,
    23 "rf1-source-phone" Is::Contact,
];
