//! TQ1: when, how often, how much and how urgently (HL7 v2.5.1 §4.5.4).

use fhir::{Element, Extension, ExtensionValue, Timing};
use hl7v2::Segment;

use crate::context::Context;
use crate::datatype::tq::{self, Schedule, Told};
use crate::datatype::{cq, rpt};
use crate::mapping::{Map, elsewhere, left, to};
use crate::segment::nte;
use crate::table;

/// A further repeat pattern beside the first (TQ1-3 repeats).
const PATTERN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-repeat-pattern";

const END: &str = "FHIR takes a period or a duration, not both, and an end that we compute says more than the \
                   sender did: beside a start or an end the duration stands in an extension";
const CLOCK: &str = "a time of the day without a date is no `event`, which is a moment";
const DOSAGE: &str = "a MedicationRequest has no `occurrence[x]`: its timing stands in the dosage";
const WORDS: &str = "`text` of a resource is a narrative in XHTML; the words are those of the dosage";
const TIMES: &str = "so many times is `count`; `countMax` would make it a range, which nobody told";
const REPEAT: &str = "an element of `Timing.repeat`: the official map leaves out the step in between";

/// What becomes of its fields.
pub(crate) const MAP: Map = Map {
    segment: "TQ1",
    name: "Timing/Quantity",
    fields: &[
        "Set ID - TQ1",
        "Quantity",
        "Repeat Pattern",
        "Explicit Time",
        "Relative Time and Units",
        "Service Duration",
        "Start date/time",
        "End date/time",
        "Priority",
        "Condition text",
        "Text instruction",
        "Conjunction",
        "Occurrence duration",
        "Total occurrences",
    ],
    rows: &[
        left(1, "set ids number the segments of a message and mean nothing outside it"),
        to(2, "ServiceRequest.quantityQuantity"),
        to(2, "MedicationRequest.dosageInstruction.doseAndRate.doseQuantity"),
        to(3, "ServiceRequest.occurrenceTiming"),
        to(3, "ServiceRequest.asNeededBoolean"),
        to(3, "MedicationRequest.dosageInstruction.timing"),
        to(3, "MedicationRequest.dosageInstruction.asNeededBoolean"),
        to(4, "ServiceRequest.occurrenceTiming.repeat.timeOfDay"),
        to(4, "MedicationRequest.dosageInstruction.timing.repeat.timeOfDay"),
        elsewhere(4, "MedicationRequest.dosageInstruction.timing.event", CLOCK),
        to(5, "ServiceRequest.occurrenceTiming.repeat.offset"),
        to(5, "MedicationRequest.dosageInstruction.timing.repeat.offset"),
        to(6, "ServiceRequest.occurrenceTiming.repeat.boundsDuration"),
        elsewhere(6, "ServiceRequest.occurrenceTiming.boundsDuration", REPEAT),
        elsewhere(6, "ServiceRequest.occurrenceTiming.boundsPeriod.start", END),
        elsewhere(6, "ServiceRequest.occurrenceTiming.boundsPeriod.end", END),
        to(6, "MedicationRequest.dosageInstruction.timing.repeat.boundsDuration"),
        elsewhere(6, "MedicationRequest.occurrenceTiming.boundsDuration", DOSAGE),
        elsewhere(6, "MedicationRequest.occurrenceTiming.boundsPeriod.end", DOSAGE),
        elsewhere(6, "MedicationRequest.occurneceTiming.boundsPeriod.start", DOSAGE),
        to(7, "ServiceRequest.occurrenceTiming.repeat.boundsPeriod.start"),
        to(7, "ServiceRequest.occurrenceDateTime"),
        to(7, "MedicationRequest.dosageInstruction.timing.repeat.boundsPeriod.start"),
        to(8, "ServiceRequest.occurrenceTiming.repeat.boundsPeriod.end"),
        to(8, "ServiceRequest.occurrencePeriod.end"),
        to(8, "MedicationRequest.dosageInstruction.timing.repeat.boundsPeriod.end"),
        to(9, "ServiceRequest.priority"),
        to(9, "MedicationRequest.priority"),
        to(9, "MedicationDispense.extension(v2-priority-of-order)"),
        to(10, "ServiceRequest.asNeededCodeableConcept"),
        to(10, "MedicationRequest.dosageInstruction.additionalInstruction"),
        to(11, "ServiceRequest.note"),
        to(11, "MedicationRequest.dosageInstruction.text"),
        elsewhere(11, "MedicationRequest.text", WORDS),
        to(12, "ServiceRequest.occurrenceTiming.extension(v2-timing-conjunction)"),
        to(12, "MedicationRequest.dosageInstruction.timing.extension(v2-timing-conjunction)"),
        to(13, "ServiceRequest.occurrenceTiming.repeat.duration"),
        to(13, "ServiceRequest.occurrenceTiming.repeat.durationUnit"),
        elsewhere(13, "ServiceRequest.occurrenceTiming.duration", REPEAT),
        elsewhere(13, "ServiceRequest.occurrenceTiming.durationUnit", REPEAT),
        to(13, "MedicationRequest.dosageInstruction.timing.repeat.duration"),
        to(13, "MedicationRequest.dosageInstruction.timing.repeat.durationUnit"),
        to(14, "ServiceRequest.occurrenceTiming.repeat.count"),
        elsewhere(
            14,
            "ServiceRequest.occurrenceTiming.repeat.countMax",
            "so many times is `count`; `countMax` would make it a range, which nobody told",
        ),
        to(14, "MedicationRequest.dosageInstruction.timing.repeat.count"),
        elsewhere(14, "MedicationRequest.dosageInstruction.timing.repeat.countMax", TIMES),
    ],
};

/// What a TQ1 says.
pub(crate) fn read<'a>(cx: &mut Context<'_, 'a>, tq1: Segment<'_, 'a>) -> Schedule<'a> {
    let mut schedule = Schedule { quantity: cq::quantity(cx, tq1.field(2).first()), ..Schedule::default() };
    for (nth, pattern) in tq1.field(3).repetitions().enumerate() {
        let Some((timing, as_needed)) = rpt::timing(cx, pattern, "TQ1-3") else { continue };
        schedule.as_needed |= as_needed;
        if nth == 0 {
            schedule.timing = timing;
        } else {
            let further = Extension::new(PATTERN, ExtensionValue::Timing(Box::new(timing)));
            schedule.timing.extension.push(further);
        }
    }
    let mut repeat = schedule.timing.repeat.take().unwrap_or_default();
    for time in tq1.field(4).repetitions() {
        tq::at(cx, time.value(), &mut repeat);
    }
    for offset in tq1.field(5).repetitions() {
        let Some(quantity) = cq::quantity(cx, offset) else { continue };
        let unit = quantity.code.as_deref().or(quantity.unit.as_deref()).and_then(rpt::unit_of_time);
        let minutes = quantity.value.as_ref().and_then(|value| rpt::minutes(value.as_str(), unit));
        let minutes = minutes.filter(|_| rpt::is_plain_length(&quantity));
        if !rpt::fill_offset(&mut repeat, minutes) {
            let offset = ExtensionValue::Duration(Box::new(quantity));
            repeat.extension.push(Extension::new(rpt::OFFSET, offset));
        }
    }
    schedule.timing = Timing { repeat: (repeat != Default::default()).then_some(repeat), ..schedule.timing };
    let duration = cq::quantity(cx, tq1.field(6).first()).map(in_ucum);
    let told = Told {
        start: tq1.field(7).value(),
        end: tq1.field(8).value(),
        conjunction: tq1.field(12).value(),
        total: tq1.field(14).value(),
    };
    tq::bound(cx, &told, duration, &mut schedule.timing);
    if let Some(each) = cq::quantity(cx, tq1.field(13).first()) {
        tq::occurrence(each, &mut schedule.timing);
    }
    schedule.priority = priority(cx, tq1);
    schedule.condition = nte::line(cx, tq1.field(10).value()).filter(|text| !text.trim().is_empty());
    schedule.text = nte::line(cx, tq1.field(11).value()).filter(|text| !text.trim().is_empty());
    schedule
}

/// TQ1-9 repeats: the first is the priority, the others stand beside it.
fn priority<'a>(
    cx: &mut Context<'_, 'a>,
    tq1: Segment<'_, 'a>,
) -> crate::context::OrOriginal<'a, &'static str> {
    let mut repetitions = tq1.field(9).repetitions();
    let Some(first) = repetitions.next() else { return (None, None) };
    let (code, mut beside) = cx.code(first.component(1).value(), table::order_priority);
    let mut more: Vec<Extension<'a>> = Vec::new();
    // What the code was called, and in which system, where it says more than the table's own.
    let named = (2..=first.component_count()).any(|n| !first.component(n).value().is_empty());
    let rest = if named { Some(first) } else { None };
    for repetition in rest.into_iter().chain(repetitions) {
        let concept = crate::datatype::cwe::concept(cx, repetition, "TQ1-9", None);
        more.extend(concept.map(|one| Extension::concept(crate::context::extension::ORIGINAL_CODE, one)));
    }
    if named && let Some(beside) = &mut beside {
        beside.extension.clear();
    }
    if !more.is_empty() {
        beside.get_or_insert_with(Element::default).extension.extend(more);
    }
    (code, beside)
}

/// A length of time, in UCUM where its unit is one.
fn in_ucum(mut quantity: fhir::Quantity<'_>) -> fhir::Quantity<'_> {
    if quantity.code.is_none()
        && let Some(ucum) = quantity.unit.as_deref().and_then(rpt::unit_of_time)
    {
        quantity.system = Some(fhir::system::UCUM.into());
        quantity.code = Some(ucum.into());
    }
    quantity
}
