//! RPT: how something repeats (HL7 v2.5.1 §2.A.64), by the repeat patterns of table 0335.

mod pattern;

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, Decimal, Extension, ExtensionValue, Quantity, Timing, TimingRepeat};
use hl7v2::{Component, Repetition, Value};

use super::cwe;
use crate::context::{Context, trim};
use crate::table::hl7_table_uri;
use pattern::{abbreviation, meal, read, weekday};

/// The part of a calendar in which it repeats (RPT.2 to 4, HL7 table 0527), where no element holds it.
const PHASE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-repeat-phase";
/// Whether the institution says at which hours (RPT.7).
const INSTITUTION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-institution-specified-time";
/// An event of the day for which FHIR has no code (RPT.8, HL7 table 0528).
const EVENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-repeat-event";
/// A general timing specification (RPT.11), or an interval that FHIR has no element for (RPT.5).
const SPECIFICATION: &str =
    "https://zorgsluis.github.io/fhir/StructureDefinition/v2-general-timing-specification";
/// How long before or after something, where FHIR has no offset for it (RPT.9, TQ1-5).
pub(crate) const OFFSET: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-relative-time";

/// How something repeats, and whether only when it is needed. `field` is where it stands (`TQ1-3`), for the
/// profile's code maps.
pub(crate) fn timing<'a>(
    cx: &mut Context<'_, 'a>,
    rpt: Repetition<'_, 'a>,
    field: &str,
) -> Option<(Timing<'a>, bool)> {
    if rpt.is_empty() || rpt.is_null() {
        return None;
    }
    let mut timing = Timing::default();
    let as_needed = pattern(cx, rpt.component(1), field, &mut timing);
    let mut repeat = timing.repeat.take().unwrap_or_default();
    phase(cx, rpt, &mut repeat);
    interval(cx, rpt, &mut repeat);
    if let Some(institution) = cx.yes_no(rpt.component(7).value()) {
        repeat.extension.push(Extension::new(INSTITUTION, ExtensionValue::Boolean(institution)));
    }
    event(cx, rpt, &mut repeat);
    let general = cx.write(rpt.component(11).value());
    repeat.extension.extend(general.map(|text| Extension::string(SPECIFICATION, text)));
    timing.repeat = (repeat != TimingRepeat::default()).then_some(repeat);
    (timing != Timing::default() || as_needed).then_some((timing, as_needed))
}

/// A repeat pattern: what it says, and the code as it was sent. Says whether it is only when needed.
fn pattern<'a>(
    cx: &mut Context<'_, 'a>,
    from: Component<'_, 'a>,
    field: &str,
    timing: &mut Timing<'a>,
) -> bool {
    timing.code = cwe::concept_of_component(cx, from, field, Some(abbreviation));
    understand(cx, from.subcomponent(1), !from.subcomponent(3).is_present(), timing)
}

/// The same of a code alone (TQ.2.1).
pub(crate) fn bare_pattern<'a>(
    cx: &mut Context<'_, 'a>,
    code: Value<'_, 'a>,
    field: &str,
    timing: &mut Timing<'a>,
) -> bool {
    if !code.is_present() {
        return false;
    }
    let mut concept = CodeableConcept::default();
    let profile = cx.profile;
    if let Some(mapped) = profile.translate(field, "", &code.text()) {
        let mut coding = Coding::new(mapped.system.as_str(), mapped.code.as_str());
        coding.display = mapped.display.as_deref().map(Cow::Borrowed);
        concept.coding.push(coding);
    }
    if let Some(target) = abbreviation(&code.text()) {
        cx.mark(code);
        concept.coding.push(Coding::new(target.system, target.code));
    } else {
        let code = cx.write_code(code);
        concept.coding.extend(code.map(|code| Coding { code: Some(code), ..Coding::default() }));
    }
    if concept == CodeableConcept::default() {
        return false;
    }
    timing.code = Some(concept);
    understand(cx, code, true, timing)
}

/// What the code says, in the timing that holds it already. `bare`: no system was named.
fn understand<'a>(
    cx: &mut Context<'_, 'a>,
    code: Value<'_, 'a>,
    bare: bool,
    timing: &mut Timing<'a>,
) -> bool {
    if !code.is_present() {
        return false;
    }
    let Some(understood) = read(&code.text()) else {
        cx.warn(code.place(), "unknown-repeat-pattern");
        return false;
    };
    if let Some(coding) = timing.code.as_mut().and_then(|concept| concept.coding.last_mut())
        && bare
        && coding.system.is_none()
    {
        coding.system = Some(hl7_table_uri("0335").into());
    }
    if understood.repeat != TimingRepeat::default() {
        timing.repeat = Some(understood.repeat);
    }
    understood.as_needed
}

/// RPT.2 to 4. Days of the week are FHIR's own; any other part of a calendar stands beside them.
fn phase<'a>(cx: &mut Context<'_, 'a>, rpt: Repetition<'_, 'a>, repeat: &mut TimingRepeat<'a>) {
    let [alignment, begin, end] = [2, 3, 4].map(|n| rpt.component(n).value());
    let day = |value: Value<'_, 'a>| trim(value.text()).parse().ok().and_then(weekday);
    let is_week = trim(alignment.text()).eq_ignore_ascii_case("DW");
    if is_week
        && repeat.day_of_week.is_empty()
        && let Some(first) = day(begin)
        && let Some(last) = if end.is_present() { day(end) } else { Some(first) }
    {
        // Over the weekend when the end stands before the beginning.
        let week = (1..=7).chain(1..=7).filter_map(weekday).skip_while(|day| *day != first);
        for day in week {
            repeat.day_of_week.push(day);
            if day == last {
                break;
            }
        }
        [alignment, begin, end].into_iter().for_each(|value| cx.mark(value));
        return;
    }
    let mut parts = Vec::new();
    for (name, value) in [("alignment", alignment), ("begin", begin), ("end", end)] {
        parts.extend(cx.write(value).map(|text| Extension::string(name, text)));
    }
    if !parts.is_empty() {
        repeat.extension.push(Extension::new(PHASE, ExtensionValue::Parts(parts)));
    }
}

/// A unit that is written by its code: what it is called besides says no more.
fn called(cx: &mut Context<'_, '_>, unit: Component<'_, '_>) {
    for name in unit.subcomponents().skip(1) {
        cx.ledger
            .ignore(name.offset(), Cow::Borrowed("what a unit of time is called, whose code is written"));
    }
}

/// RPT.5 and 6: the interval.
fn interval<'a>(cx: &mut Context<'_, 'a>, rpt: Repetition<'_, 'a>, repeat: &mut TimingRepeat<'a>) {
    let (count, unit) = (rpt.component(5).value(), rpt.component(6).value());
    called(cx, rpt.component(6));
    let period = Decimal::parse(trim(count.text())).filter(|_| count.is_present());
    if let (Some(period), Some(fhir_unit)) = (period, unit_of_time(&unit.text())) {
        let same = repeat.period.as_ref().is_none_or(|known| *known == period)
            && repeat.period_unit.is_none_or(|known| known == fhir_unit);
        if same && !period.as_str().starts_with('-') {
            (repeat.period, repeat.period_unit) = (Some(period), Some(fhir_unit));
            repeat.frequency = repeat.frequency.or(Some(1));
            [count, unit].into_iter().for_each(|value| cx.mark(value));
            return;
        }
    }
    let said: Vec<Cow<'a, str>> = [count, unit].into_iter().filter_map(|value| cx.write(value)).collect();
    if !said.is_empty() {
        repeat.extension.push(Extension::string(SPECIFICATION, said.join(" ")));
    }
}

/// RPT.8 to 10: an event of the day, and how long before or after it.
fn event<'a>(cx: &mut Context<'_, 'a>, rpt: Repetition<'_, 'a>, repeat: &mut TimingRepeat<'a>) {
    let (event, count, unit) =
        (rpt.component(8).value(), rpt.component(9).value(), rpt.component(10).value());
    let code = trim(event.text()).to_ascii_uppercase();
    let known = ["HS", "WAKE", "C"].into_iter().find(|known| *known == code).or_else(|| meal(&code));
    if let Some(known) = known {
        cx.mark(event);
        if !repeat.when.contains(&known) {
            repeat.when.push(known);
        }
    } else if let Some(code) = cx.write_code(event) {
        let concept = CodeableConcept::code(hl7_table_uri("0528"), code);
        repeat.extension.push(Extension::concept(EVENT, concept));
    }
    if count.is_present() {
        called(cx, rpt.component(10));
        // Minutes, where no unit is named; in a unit that nobody knows it is no number of them.
        let named = if unit.is_present() { unit_of_time(&unit.text()) } else { Some("min") };
        let minutes = minutes(&trim(count.text()), named);
        let written = trim(count.text());
        if fill_offset(repeat, minutes) {
            [count, unit].into_iter().for_each(|value| cx.mark(value));
        } else if let Some(value) = Decimal::parse(written.clone()) {
            [count, unit].into_iter().for_each(|value| cx.mark(value));
            let offset = length(value, trim(unit.text()));
            repeat.extension.push(Extension::new(OFFSET, ExtensionValue::Duration(Box::new(offset))));
        } else {
            let said: Vec<_> = [count, unit].into_iter().filter_map(|value| cx.write(value)).collect();
            repeat.extension.push(Extension::string(SPECIFICATION, said.join(" ")));
        }
    }
}

/// An offset belongs to an event, and not to a meal as such (FHIR tim-9).
pub(crate) fn fill_offset(repeat: &mut TimingRepeat<'_>, minutes: Option<u32>) -> bool {
    let with_meal = repeat.when.iter().any(|when| matches!(*when, "C" | "CM" | "CD" | "CV"));
    if minutes.is_none() || repeat.when.is_empty() || with_meal || repeat.offset.is_some() {
        return false;
    }
    repeat.offset = minutes;
    true
}

/// Whether a length of time says no more than its number and its unit.
pub(crate) fn is_plain_length(length: &Quantity<'_>) -> bool {
    length.extension.is_empty() && length.unit.as_deref().is_none_or(|unit| unit_of_time(unit).is_some())
}

/// So many minutes, when it is a whole number of them.
pub(crate) fn minutes(count: &str, unit: Option<&str>) -> Option<u32> {
    let each = match unit? {
        "min" => 1,
        "h" => 60,
        "d" => 1440,
        "wk" => 10080,
        _ => return None,
    };
    count.parse::<u32>().ok()?.checked_mul(each)
}

/// A length of time: in UCUM where the unit is one of FHIR's, else as it was written.
pub(crate) fn length<'a>(value: Decimal<'a>, unit: Cow<'a, str>) -> fhir::Quantity<'a> {
    let mut quantity = fhir::Quantity { value: Some(value), ..fhir::Quantity::default() };
    if let Some(ucum) = unit_of_time(&unit) {
        quantity.system = Some(fhir::system::UCUM.into());
        quantity.code = Some(ucum.into());
    }
    quantity.unit = (!unit.is_empty()).then_some(unit);
    quantity
}

/// The units of time that FHIR takes, by what people write for them. A single M is not among them: minutes
/// to HL7, months to others.
pub(crate) fn unit_of_time(unit: &str) -> Option<&'static str> {
    Some(match unit.trim().to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" | "seconde" | "seconden" => "s",
        "min" | "minute" | "minutes" | "minuut" | "minuten" => "min",
        "h" | "hr" | "hrs" | "hour" | "hours" | "uur" | "u" => "h",
        "d" | "day" | "days" | "dag" | "dagen" => "d",
        "w" | "wk" | "week" | "weeks" | "weken" => "wk",
        "l" | "mo" | "month" | "months" | "maand" | "maanden" => "mo",
        "a" | "y" | "yr" | "year" | "years" | "jaar" => "a",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_time_in_two_languages() {
        assert_eq!(unit_of_time("uur"), Some("h"));
        assert_eq!(unit_of_time("Weken"), Some("wk"));
        assert_eq!(unit_of_time("M"), None);
        assert_eq!(minutes("2", Some("h")), Some(120));
        assert_eq!(minutes("1.5", Some("h")), None);
    }
}
