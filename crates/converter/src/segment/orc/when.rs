//! When, how often, how much and how urgently: OBR-5, OBR-6, TQ1, and what TQ1 replaced (ORC-7, OBR-27).

use std::borrow::Cow;

use fhir::{
    Annotation, CodeableConcept, Extension, ExtensionValue, Period, ServiceRequest, Timing, TimingBounds,
};

use super::Order;
use crate::context::{Context, add_new};
use crate::datatype::tq::{self, Schedule};
use crate::segment::tq1;
use crate::table;

/// OBR-6, where a timing leaves no room for it.
const REQUESTED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-requested-time";

/// Writes what the segments of an order say of its timing. TQ1 replaced OBR-27, which is about this very
/// report, before ORC-7: what repeats stands once, and what contradicts stands in an extension.
pub(super) fn timing<'a>(
    cx: &mut Context<'_, 'a>,
    order: Order<'_, '_, 'a>,
    request: &mut ServiceRequest<'a>,
) {
    let mut main = Schedule::default();
    let mut further = Vec::new();
    if let Some(obr) = order.obr {
        main.priority = cx.code(obr.field(5).value(), table::order_priority);
    }
    for (nth, segment) in order.timing.iter().enumerate() {
        let told = tq1::read(cx, *segment);
        // A second TQ1 is a further timing, not a further word on the first.
        further.push(if nth == 0 { main.absorb(told) } else { told });
    }
    let fields =
        [order.obr.map(|obr| (obr.field(27), "OBR-27")), order.orc.map(|orc| (orc.field(7), "ORC-7"))];
    for (field, name) in fields.into_iter().flatten() {
        for (nth, repetition) in field.repetitions().enumerate() {
            let Some(told) = tq::read(cx, repetition, name) else { continue };
            let rest = if nth == 0 { main.absorb(told) } else { told };
            add_new(&mut further, [rest]);
        }
    }
    let (requested, unread) = order.obr.map_or((None, None), |obr| cx.date_time(obr.field(6).value()));
    write(main, requested, request);
    // What is no date stands in the place of one where that is free.
    let free = request.occurrence_date_time.is_none()
        && request.occurrence_period.is_none()
        && request.occurrence_timing.is_none();
    if free {
        request.occurrence_date_time_ext = unread;
    } else {
        let unread = unread.map(|text| ExtensionValue::Parts(text.extension));
        request.extension.extend(unread.map(|text| Extension::new(REQUESTED, text)));
    }
    add_new(&mut request.extension, further.into_iter().filter_map(Schedule::into_extension));
}

fn write<'a>(mut main: Schedule<'a>, requested: Option<Cow<'a, str>>, request: &mut ServiceRequest<'a>) {
    (request.priority, request.priority_ext) = std::mem::take(&mut main.priority);
    request.quantity = main.quantity.take();
    let condition = main.condition.take();
    if let Some(condition) = condition {
        request.as_needed = Some(CodeableConcept::text(condition));
    } else if main.as_needed {
        request.as_needed_boolean = Some(true);
    }
    let note = main.text.take();
    request.note.extend(note.map(|text| Annotation { text: Some(text), ..Annotation::default() }));
    request.extension.extend(main.sequence.take());
    let only = main.only_period().cloned();
    match (only, requested) {
        (None, requested) if main.timing == Timing::default() => request.occurrence_date_time = requested,
        (None, requested) => {
            let mut timing = main.timing;
            let repeat = timing.repeat.get_or_insert_default();
            let rest = match (&mut repeat.bounds, requested) {
                (bounds @ None, Some(start)) => {
                    let period = Period { start: Some(start), ..Period::default() };
                    *bounds = Some(TimingBounds::Period(period));
                    None
                }
                (Some(TimingBounds::Period(period)), requested)
                    if period.start == requested || period.start.is_none() && period.start_ext.is_none() =>
                {
                    period.start = requested;
                    None
                }
                (_, requested) => requested,
            };
            if timing.repeat.as_ref().is_some_and(|repeat| *repeat == Default::default()) {
                timing.repeat = None;
            }
            request.occurrence_timing = Some(timing);
            let rest = rest.map(|time| Extension::new(REQUESTED, ExtensionValue::DateTime(time)));
            request.extension.extend(rest);
        }
        (Some(period), requested) => {
            let same = requested.is_none() || period.start == requested;
            let alone = Period { start: period.start.clone(), ..Period::default() };
            if !same {
                request.occurrence_date_time = requested;
                let rest = Schedule { timing: main.timing, ..Schedule::default() };
                request.extension.extend(rest.into_extension());
            } else if period == alone {
                request.occurrence_date_time = period.start;
            } else {
                request.occurrence_period = Some(period);
            }
        }
    }
}
