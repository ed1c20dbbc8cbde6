//! RPT: how something repeats (HL7 v2.5.1 §2.A.64), by the repeat patterns of table 0335.

use std::borrow::Cow;

use fhir::{CodeableConcept, Coding, Decimal, Extension, ExtensionValue, Timing, TimingRepeat};
use hl7v2::{Component, Repetition, Value};

use super::cwe;
use crate::context::{Context, trim};
use crate::table::{Target, hl7_table_uri};

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

/// What a repeat pattern says.
#[derive(Default)]
pub(crate) struct Pattern {
    pub(crate) repeat: TimingRepeat<'static>,
    /// `PRN`: when it is needed.
    pub(crate) as_needed: bool,
}

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

/// Reads a code of table 0335. `None` when it is none, or when it is one that feeds use for something else:
/// `QM` is every minute by the table, and every month to those who write it.
pub(crate) fn read(code: &str) -> Option<Pattern> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if let Some(rest) = code.strip_prefix("PRN") {
        let repeat = if rest.is_empty() { TimingRepeat::default() } else { repeat(rest)? };
        return Some(Pattern { repeat, as_needed: true });
    }
    Some(Pattern { repeat: repeat(&code)?, as_needed: false })
}

fn repeat(code: &str) -> Option<TimingRepeat<'static>> {
    let daily = |frequency: u32| every(frequency, 1, "d");
    Some(match code {
        "ONCE" => TimingRepeat { count: Some(1), ..TimingRepeat::default() },
        // Without interruption: there is no rhythm to tell, and the code says it.
        "C" => TimingRepeat::default(),
        "QD" => daily(1),
        "BID" => daily(2),
        "TID" | "QSHIFT" => daily(3),
        "QID" => daily(4),
        "QOD" => every(1, 2, "d"),
        "QAM" => TimingRepeat { when: vec!["MORN"], ..daily(1) },
        "QPM" => TimingRepeat { when: vec!["EVE"], ..daily(1) },
        "QHS" => TimingRepeat { when: vec!["HS"], ..daily(1) },
        "QH" => every(1, 1, "h"),
        "QW" => every(1, 1, "wk"),
        "QL" => every(1, 1, "mo"),
        _ => {
            if let Some(meal) = meal(code) {
                return Some(TimingRepeat { when: vec![meal], ..TimingRepeat::default() });
            }
            if let Some(times) = code.strip_suffix("ID") {
                return number(times).filter(|times| *times >= 5).map(daily);
            }
            return interval_code(code.strip_prefix('Q')?);
        }
    })
}

/// `Q6H`, `Q2J135`: without the Q.
fn interval_code(code: &str) -> Option<TimingRepeat<'static>> {
    let end = code.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = code.split_at_checked(end)?;
    if let Some(days) = unit.strip_prefix('J') {
        let mut day_of_week: Vec<&'static str> = Vec::new();
        for day in days.chars() {
            let day = day.to_digit(10).and_then(weekday)?;
            if day_of_week.contains(&day) {
                return None;
            }
            day_of_week.push(day);
        }
        let frequency = u32::try_from(day_of_week.len()).ok().filter(|days| *days > 0)?;
        let weeks = if count.is_empty() { 1 } else { number(count)? };
        return Some(TimingRepeat { day_of_week, ..every(frequency, weeks, "wk") });
    }
    let unit = match unit {
        "S" => "s",
        "M" => "min",
        "H" => "h",
        "D" => "d",
        "W" => "wk",
        "L" => "mo",
        _ => return None,
    };
    Some(every(1, number(count)?, unit))
}

fn number(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|number| (1..=9999).contains(number))
}

fn every(frequency: u32, period: u32, unit: &'static str) -> TimingRepeat<'static> {
    TimingRepeat {
        frequency: Some(frequency),
        period: Some(Decimal::from(period)),
        period_unit: Some(unit),
        ..TimingRepeat::default()
    }
}

/// 1 is Monday (HL7 tables 0335 and 0527).
fn weekday(number: u32) -> Option<&'static str> {
    let before = number.checked_sub(1)?;
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].get(usize::try_from(before).ok()?).copied()
}

/// Before (A), after (P) or with (C) a meal; between meals (I) has no code in FHIR.
fn meal(code: &str) -> Option<&'static str> {
    ["AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV", "CM", "CD", "CV"]
        .into_iter()
        .find(|known| *known == code)
}

/// HL7 table 0335 → v3 GTSAbbreviation, which FHIR prefers for `Timing.code`.
fn abbreviation(code: &str) -> Option<Target> {
    let known = ["BID", "QD", "QID", "QOD", "TID", "Q4H", "Q6H"];
    let code = known.into_iter().find(|known| known.eq_ignore_ascii_case(code.trim()))?;
    let system = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation";
    Some(Target { system, code, display: None, exact: true })
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
        let minutes = minutes(&trim(count.text()), unit_of_time(&unit.text()).or(Some("min")));
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

    /// Frequency, period, unit, and the rest.
    fn said(code: &str) -> Option<String> {
        let pattern = read(code)?;
        let repeat = &pattern.repeat;
        let period = repeat.period.as_ref().map_or("-", Decimal::as_str);
        let mut text = format!(
            "{} {period} {}",
            repeat.frequency.map_or("-".into(), |n| n.to_string()),
            repeat.period_unit.unwrap_or("-")
        );
        for more in repeat.day_of_week.iter().chain(&repeat.when) {
            text.push(' ');
            text.push_str(more);
        }
        if let Some(count) = repeat.count {
            text.push_str(&format!(" x{count}"));
        }
        if pattern.as_needed {
            text.push_str(" prn");
        }
        Some(text)
    }

    #[test]
    fn the_patterns_of_table_0335() {
        for (code, meaning) in [
            ("Q30S", "1 30 s"),
            ("Q5M", "1 5 min"),
            ("Q6H", "1 6 h"),
            ("q8h", "1 8 h"),
            ("QH", "1 1 h"),
            ("Q2D", "1 2 d"),
            ("Q1W", "1 1 wk"),
            ("Q3L", "1 3 mo"),
            ("Q1J2", "1 1 wk tue"),
            ("QJ7", "1 1 wk sun"),
            ("Q2J135", "3 2 wk mon wed fri"),
            ("QD", "1 1 d"),
            ("BID", "2 1 d"),
            ("TID", "3 1 d"),
            ("QID", "4 1 d"),
            ("5ID", "5 1 d"),
            ("QOD", "1 2 d"),
            ("QSHIFT", "3 1 d"),
            ("QAM", "1 1 d MORN"),
            ("QPM", "1 1 d EVE"),
            ("QHS", "1 1 d HS"),
            ("ACM", "- - - ACM"),
            ("PC", "- - - PC"),
            ("CD", "- - - CD"),
            ("C", "- - -"),
            ("Once", "- - - x1"),
            ("PRN", "- - - prn"),
            ("PRNQ6H", "1 6 h prn"),
            ("PRN BID", "2 1 d prn"),
        ] {
            assert_eq!(said(code).as_deref(), Some(meaning), "{code}");
        }
        for code in
            ["", "QM", "QS", "Q0H", "Q6X", "4ID", "Q1J8", "Q1J11", "Q1J", "3xd", "U 0 5 * * *", "PRNX"]
        {
            assert_eq!(said(code), None, "{code}");
        }
    }

    #[test]
    fn units_of_time_in_two_languages() {
        assert_eq!(unit_of_time("uur"), Some("h"));
        assert_eq!(unit_of_time("Weken"), Some("wk"));
        assert_eq!(unit_of_time("M"), None);
        assert_eq!(minutes("2", Some("h")), Some(120));
        assert_eq!(minutes("1.5", Some("h")), None);
    }
}
