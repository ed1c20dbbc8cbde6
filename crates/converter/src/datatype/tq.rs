//! TQ: when, how often, how much and how urgently, as HL7 v2 told it before TQ1 (HL7 v2.5.1 §2.A.81); and
//! [`Schedule`], which TQ, TQ1 and their like have in common.

use std::borrow::Cow;

use fhir::{Decimal, Extension, ExtensionValue, Period, Quantity, Timing, TimingBounds, TimingRepeat};
use hl7v2::{Repetition, Value};

use super::{cq, rpt};
use crate::context::{Context, OrOriginal, extension, trim};
use crate::table;
use crate::time::TimeOfDay;

/// A length of time that its neighbours leave no room for (TQ1-6 beside TQ1-7, TQ1-13).
const DURATION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-service-duration";
/// How this timing goes together with the one behind it (TQ1-12, HL7 table 0472).
const CONJUNCTION: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-timing-conjunction";
/// A number of times that is none.
const TOTAL: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-total-occurrences";
/// What stands in the way of which other order (TQ.10).
pub(crate) const SEQUENCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-order-sequence";
/// A further timing: all but the first.
pub(crate) const FURTHER: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-further-timing";

/// What one TQ1 or TQ says. All of it is marked: who has no room for a part of it unmarks the field.
#[derive(Default, Clone, PartialEq)]
pub(crate) struct Schedule<'a> {
    /// When and how often.
    pub(crate) timing: Timing<'a>,
    /// How much each time (TQ1-2).
    pub(crate) quantity: Option<Quantity<'a>>,
    /// How urgently (TQ1-9): the FHIR code, and the extension beside it.
    pub(crate) priority: OrOriginal<'a, &'static str>,
    /// Only when it is needed (`PRN`).
    pub(crate) as_needed: bool,
    /// Under which condition (TQ1-10).
    pub(crate) condition: Option<Cow<'a, str>>,
    /// In words (TQ1-11).
    pub(crate) text: Option<Cow<'a, str>>,
    /// Its place among other orders (TQ.10).
    pub(crate) sequence: Option<Extension<'a>>,
}

impl<'a> Schedule<'a> {
    /// The period within which it is done, when that is all that the timing says.
    pub(crate) fn only_period(&self) -> Option<&Period<'a>> {
        let repeat = self.timing.repeat.as_ref()?;
        let Some(TimingBounds::Period(period)) = &repeat.bounds else { return None };
        let bare = TimingRepeat { bounds: repeat.bounds.clone(), ..TimingRepeat::default() };
        let alone = Timing { repeat: Some(bare), ..Timing::default() };
        (self.timing == alone).then_some(period)
    }

    /// Takes over what is not told yet, and gives back what contradicts what is.
    pub(crate) fn absorb(&mut self, other: Self) -> Self {
        fn take<T: PartialEq + Default>(known: &mut T, other: T) -> T {
            if *known == T::default() {
                *known = other;
                T::default()
            } else if *known == other {
                T::default()
            } else {
                other
            }
        }
        let rest = Self {
            timing: take(&mut self.timing, other.timing),
            quantity: take(&mut self.quantity, other.quantity),
            priority: take(&mut self.priority, other.priority),
            as_needed: false,
            condition: take(&mut self.condition, other.condition),
            text: take(&mut self.text, other.text),
            sequence: take(&mut self.sequence, other.sequence),
        };
        self.as_needed |= other.as_needed;
        rest
    }

    /// All of it in one extension, for where there is room for one timing only.
    pub(crate) fn into_extension(self) -> Option<Extension<'a>> {
        let mut parts = Vec::new();
        if self.timing != Timing::default() {
            parts.push(Extension::new("timing", ExtensionValue::Timing(Box::new(self.timing))));
        }
        let quantity = self.quantity.map(|quantity| ExtensionValue::Quantity(Box::new(quantity)));
        parts.extend(quantity.map(|quantity| Extension::new("quantity", quantity)));
        let (priority, original) = self.priority;
        parts.extend(priority.map(|priority| Extension::code("priority", priority)));
        parts.extend(original.into_iter().flat_map(|original| original.extension));
        if self.as_needed {
            parts.push(Extension::new("asNeeded", ExtensionValue::Boolean(true)));
        }
        parts.extend(self.condition.map(|text| Extension::string("condition", text)));
        parts.extend(self.text.map(|text| Extension::string("text", text)));
        parts.extend(self.sequence);
        (!parts.is_empty()).then(|| Extension::new(FURTHER, ExtensionValue::Parts(parts)))
    }
}

/// What stands in the fields of a timing, wherever they are.
pub(crate) struct Told<'m, 'a> {
    pub(crate) start: Value<'m, 'a>,
    pub(crate) end: Value<'m, 'a>,
    pub(crate) conjunction: Value<'m, 'a>,
    pub(crate) total: Value<'m, 'a>,
}

/// Puts the bounds, the number of times and the conjunction into a timing. `duration` is how long it is
/// done (TQ1-6): FHIR takes that or a period, so that beside one it stands in an extension. An end that we
/// would compute says more than the sender did.
pub(crate) fn bound<'a>(
    cx: &mut Context<'_, 'a>,
    told: &Told<'_, 'a>,
    duration: Option<Quantity<'a>>,
    timing: &mut Timing<'a>,
) {
    let mut repeat = timing.repeat.take().unwrap_or_default();
    let period = cx.period(told.start, told.end);
    match (period, duration) {
        (None, None) => {}
        (None, Some(duration)) => repeat.bounds = Some(TimingBounds::Duration(duration)),
        (Some(period), duration) => {
            repeat.bounds = Some(TimingBounds::Period(period));
            let duration = duration.map(|duration| ExtensionValue::Duration(Box::new(duration)));
            repeat.extension.extend(duration.map(|duration| Extension::new(DURATION, duration)));
        }
    }
    if told.total.is_present() {
        match trim(told.total.text()).parse::<u32>() {
            Ok(total) if total > 0 && repeat.count.is_none_or(|known| known == total) => {
                cx.mark(told.total);
                repeat.count = Some(total);
            }
            _ => {
                cx.warn(told.total.place(), "not-a-number");
                let said = cx.write(told.total);
                repeat.extension.extend(said.map(|said| Extension::string(TOTAL, said)));
            }
        }
    }
    timing.repeat = (repeat != TimingRepeat::default()).then_some(repeat);
    let conjunction = cx.write_code(told.conjunction);
    timing.extension.extend(conjunction.map(|code| Extension::code(CONJUNCTION, code)));
}

/// Puts how long each occurrence takes (TQ1-13) into a timing.
pub(crate) fn occurrence<'a>(quantity: Quantity<'a>, timing: &mut Timing<'a>) {
    let repeat = timing.repeat.get_or_insert_default();
    let unit = quantity.code.as_deref().or(quantity.unit.as_deref()).and_then(rpt::unit_of_time);
    match (unit, &quantity.value) {
        (Some(unit), Some(value)) if rpt::is_plain_length(&quantity) && !value.as_str().starts_with('-') => {
            repeat.duration = quantity.value;
            repeat.duration_unit = Some(unit);
        }
        _ => repeat.extension.push(Extension::new(DURATION, ExtensionValue::Duration(Box::new(quantity)))),
    }
}

/// Puts a time of the day (TQ1-4) into a timing. Beside an event of the day FHIR takes none (tim-10).
pub(crate) fn at<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>, repeat: &mut TimingRepeat<'a>) {
    if !value.is_present() {
        return;
    }
    match TimeOfDay::parse(&value.text()) {
        Ok(time) if !time.has_offset() && repeat.when.is_empty() => {
            cx.mark(value);
            repeat.time_of_day.push(time.time().into());
        }
        read => {
            if read.is_err() {
                cx.warn(value.place(), "invalid-time");
            }
            let said = cx.write(value);
            repeat.extension.extend(said.map(|said| Extension::string(extension::ORIGINAL_TEXT, said)));
        }
    }
}

/// What a TQ says (ORC-7, OBR-27). `field` is where it stands, for the profile's code maps.
pub(crate) fn read<'a>(
    cx: &mut Context<'_, 'a>,
    tq: Repetition<'_, 'a>,
    field: &str,
) -> Option<Schedule<'a>> {
    if tq.is_empty() || tq.is_null() {
        return None;
    }
    let part = |n: usize| tq.component(n).value();
    let mut schedule = Schedule { quantity: cq::of_component(cx, tq.component(1)), ..Schedule::default() };
    // RI: a pattern, and the hours with commas between them.
    let pattern = tq.component(2).subcomponent(1);
    schedule.as_needed = rpt::bare_pattern(cx, pattern, field, &mut schedule.timing);
    let hours = tq.component(2).subcomponent(2);
    if hours.is_present() {
        clock(cx, hours, &mut schedule.timing);
    }
    let duration = duration(cx, part(3), &mut schedule.timing);
    let told = Told { start: part(4), end: part(5), conjunction: part(9), total: part(12) };
    bound(cx, &told, duration, &mut schedule.timing);
    schedule.priority = cx.code(part(6), table::order_priority);
    schedule.condition = cx.write(part(7));
    schedule.text = cx.write(part(8));
    let sequence: Vec<Cow<'a, str>> =
        tq.component(10).subcomponents().filter_map(|leaf| cx.write(leaf)).collect();
    schedule.sequence = (!sequence.is_empty()).then(|| Extension::string(SEQUENCE, sequence.join(" ")));
    occurrence_of_tq(cx, tq, &mut schedule.timing);
    (schedule != Schedule::default()).then_some(schedule)
}

/// TQ.2.2: `0900,1300,1700`.
fn clock<'a>(cx: &mut Context<'_, 'a>, hours: Value<'_, 'a>, timing: &mut Timing<'a>) {
    let text = hours.text();
    let times: Option<Vec<TimeOfDay>> =
        text.split(',').map(|time| TimeOfDay::parse(time).ok().filter(|time| !time.has_offset())).collect();
    let repeat = timing.repeat.get_or_insert_default();
    match times {
        Some(times) if repeat.when.is_empty() => {
            cx.mark(hours);
            repeat.time_of_day.extend(times.iter().map(|time| Cow::Owned(time.time())));
        }
        _ => {
            let said = cx.write(hours);
            repeat.extension.extend(said.map(|said| Extension::string(extension::ORIGINAL_TEXT, said)));
        }
    }
}

/// TQ.3: how long it is done. `M6` is six minutes, `X3` three times; what is neither stays as text.
fn duration<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    timing: &mut Timing<'a>,
) -> Option<Quantity<'a>> {
    if !value.is_present() {
        return None;
    }
    let text = trim(value.text()).to_ascii_uppercase();
    let number = text.get(1..).and_then(|digits| digits.parse::<u32>().ok()).filter(|number| *number > 0);
    let unit = match text.bytes().next() {
        Some(b'S') => Some("s"),
        Some(b'M') => Some("min"),
        Some(b'H') => Some("h"),
        Some(b'D') => Some("d"),
        Some(b'W') => Some("wk"),
        Some(b'L') => Some("mo"),
        _ => None,
    };
    match (number, unit) {
        (Some(number), Some(unit)) => {
            cx.mark(value);
            Some(rpt::length(Decimal::from(number), Cow::Borrowed(unit)))
        }
        (Some(times), None) if text.starts_with('X') => {
            cx.mark(value);
            timing.repeat.get_or_insert_default().count = Some(times);
            None
        }
        _ => {
            let said = cx.write(value)?;
            let said = Extension::string(extension::ORIGINAL_TEXT, said);
            timing.repeat.get_or_insert_default().extension.push(said);
            None
        }
    }
}

/// TQ.11: how long each occurrence takes. It is declared as a coded value, whose code is a number and whose
/// text is its unit.
fn occurrence_of_tq<'a>(cx: &mut Context<'_, 'a>, tq: Repetition<'_, 'a>, timing: &mut Timing<'a>) {
    let mut parts = tq.component(11).subcomponents().filter_map(|leaf| cx.write(leaf));
    let Some(first) = parts.next() else { return };
    let rest: Vec<Cow<'a, str>> = parts.collect();
    match (Decimal::parse(first.clone()), rest.as_slice()) {
        (Some(value), [unit]) => occurrence(rpt::length(value, unit.clone()), timing),
        _ => {
            let said = std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ");
            let repeat = timing.repeat.get_or_insert_default();
            repeat.extension.push(Extension::string(DURATION, said));
        }
    }
}
