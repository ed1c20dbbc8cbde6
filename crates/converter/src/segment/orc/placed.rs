//! What only an order message says of an order: more than results repeat of it.

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, Extension, ExtensionValue, Reference, ServiceRequest};
use hl7v2::Place;
use uuid::Uuid;

use super::Order;
use super::control::Control;
use crate::context::{Context, add_new, trim};
use crate::datatype::hd::{Hd, organization};
use crate::datatype::{cwe, hd, xcn, xtn};
use crate::identity::rule;
use crate::segment::beside::{self, Beside, Is, beside};
use crate::segment::obr::COPIES;
use crate::table;

/// What is said of results in an order: OBR-26, and who read and wrote them.
const OF_RESULT: &[Beside] = beside![
    22 "result-status-changed" Is::Time,
    26 "parent-result" Is::Verbatim,
    32 "result-interpreter" Is::Verbatim,
    33 "assistant-interpreter" Is::Verbatim,
    34 "technician" Is::Verbatim,
    35 "transcriptionist" Is::Verbatim,
];
/// OBR-7 and 8 of an order, beside when it is to be done.
const OBSERVED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-observed-period";
/// ORC-14, OBR-17: whom to call about the order.
const CALLBACK: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-callback-telephone";

/// The id of an order without number: its group, else its time.
pub(super) fn identify(cx: &mut Context<'_, '_>, order: Order<'_, '_, '_>, at: Place) -> Uuid {
    let patient = order.patient.hyphenated().to_string();
    let (system, code) = order.obr.and_then(|obr| cwe::key(cx, obr.field(4).first())).unwrap_or_default();
    let group = order.orc.and_then(|orc| hd::ei_key(cx, orc.field(4).first()));
    let of_orc = order.orc.map(|orc| orc.field(9).value());
    let of_obr = [6, 7].into_iter().filter_map(|n| order.obr.map(|obr| obr.field(n).value()));
    let time = of_orc.into_iter().chain(of_obr).find(|time| time.is_present());
    let (kind, authority, value): (&str, Cow<'_, str>, Cow<'_, str>) = match (group, time) {
        (Some((authority, number)), _) => ("group", authority, number),
        (None, Some(time)) => ("time", Cow::Borrowed(""), trim(time.text())),
        (None, None) => ("message", Cow::Borrowed(""), Cow::Owned(cx.digest())),
    };
    let rule = &rule::SERVICE_REQUEST_BY_TIME;
    cx.id(rule, &[&[&patient], &[&system, &code], &[kind, &authority, &value]], at)
}

/// Fills in what only an order message says.
pub(super) fn complete<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    control: Control,
    request: &mut ServiceRequest<'a>,
) {
    if control.is_placers() {
        // An order goes to whoever is to fill it (HL7 v2.5.1 §4.4.1).
        let receiver = organization(cx, Hd::of_repetition(cx.message.header().field(6).first(), 1));
        request.performer.extend(receiver.map(Reference::to));
    }
    let Some(obr) = order.obr else { return };
    cx.ignore_field(obr.field(25), "how far a result is, its own message says");
    request.category.extend(cwe::concept(cx, obr.field(24).first(), "OBR-24", Some(table::service_section)));
    for xcn in obr.field(28).repetitions() {
        if let Some(reader) = xcn::professional(cx, xcn) {
            let to = ExtensionValue::Reference(Box::new(reader.reference()));
            add_new(&mut request.extension, [Extension::new(COPIES, to)]);
        }
    }
    if request.code.is_some()
        && let Some(code) = cx.write_code(obr.field(11).value())
    {
        let action = Coding::new(table::hl7_table_uri("0065"), code);
        request.order_detail.push(CodeableConcept::of(action));
    }
    let parent = beside::parts(cx, obr, OF_RESULT);
    add_new(&mut request.extension, parent);
    let (start, end) = (obr.field(7).value(), obr.field(8).value());
    let open = request.occurrence_period.is_none() && request.occurrence_timing.is_none();
    let unread = request.occurrence_date_time_ext.is_some();
    if request.occurrence_date_time.is_none() && open && !unread {
        if end.is_present() && start.is_present() {
            request.occurrence_period = cx.period(start, end);
        } else {
            if cx.timestamp(start).is_some() {
                request.occurrence_date_time = cx.date_time(start).0;
            }
        }
    } else if cx.timestamp(start).is_some() && cx.timestamp(start) == cx.timestamp(obr.field(6).value()) {
        cx.mark(start);
    }
    // What is not written as when it is to be done is when it was observed, sent along with the order.
    let written = |cx: &Context<'_, 'a>, value: hl7v2::Value<'_, 'a>| cx.ledger.is_marked(value.offset());
    if (start.is_present() && !written(cx, start)) || (end.is_present() && !written(cx, end)) {
        let period = cx.period(start, end).map(|period| ExtensionValue::Period(Box::new(period)));
        add_new(&mut request.extension, period.map(|period| Extension::new(OBSERVED, period)));
    }
}

/// ORC-14 and OBR-17: whom to call about the order.
pub(super) fn callbacks<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    request: &mut ServiceRequest<'a>,
) {
    if let Some(orc) = order.orc {
        callback(cx, orc.field(14), request);
    }
    if let Some(obr) = order.obr {
        callback(cx, obr.field(17), request);
    }
}

fn callback<'a>(cx: &mut Context<'_, 'a>, field: hl7v2::Field<'_, 'a>, request: &mut ServiceRequest<'a>) {
    let mut numbers = Vec::new();
    xtn::contact_points(cx, field, None, &mut numbers);
    let numbers =
        numbers.into_iter().map(|one| Extension::new(CALLBACK, ExtensionValue::ContactPoint(Box::new(one))));
    add_new(&mut request.extension, numbers);
}
