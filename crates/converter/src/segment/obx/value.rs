//! OBX-5 by OBX-2: what was observed (HL7 v2.5.1 §7.4.2.5, table 0125).

use std::borrow::Cow;

use fhir::{CodeableConcept, ObservationValue, Period, Range, Ratio};
use hl7v2::{Repetition, Segment, Value};

use super::quantity::{self, Unit, number, quantity};
use crate::context::{Context, trim};
use crate::datatype::cwe;
use crate::document::{Line, Text};
use crate::segment::nte;
use crate::time::{PointInTime, TimeOfDay};

/// What kind of value OBX-2 announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Structured,
    /// TX and FT: narrative text, line by line.
    Narrative,
    /// ST.
    String,
    Coded,
    Moment,
    TimeOfDay,
    Period,
    Range,
    /// ED and RP: a document, or where it is.
    Document,
    /// A datatype that FHIR has no value for: an identifier, a name, an address.
    Other,
    /// No type, or one that HL7 does not know.
    Unknown,
}

impl Kind {
    pub(crate) fn of(obx: Segment<'_, '_>) -> Self {
        let text = obx.field(2).value().text();
        let mut letters = [0; 3];
        let Some(name) = letters.get_mut(..text.trim().len()) else { return Self::Unknown };
        name.copy_from_slice(text.trim().as_bytes());
        name.make_ascii_uppercase();
        match &*name {
            b"NM" | b"SI" => Self::Number,
            b"SN" => Self::Structured,
            b"TX" | b"FT" => Self::Narrative,
            b"ST" => Self::String,
            b"CWE" | b"CE" | b"CNE" | b"CF" | b"IS" | b"ID" => Self::Coded,
            b"DT" | b"TS" | b"DTM" => Self::Moment,
            b"TM" => Self::TimeOfDay,
            b"DR" => Self::Period,
            b"NR" => Self::Range,
            b"ED" | b"RP" => Self::Document,
            b"AD" | b"CK" | b"CN" | b"CP" | b"CX" | b"EI" | b"HD" | b"MA" | b"MO" | b"NA" | b"PL" | b"PN"
            | b"SAD" | b"TN" | b"XAD" | b"XCN" | b"XON" | b"XPN" | b"XTN" | b"CQ" | b"CD" | b"GTS"
            | b"DTN" | b"TQ" => Self::Other,
            _ => Self::Unknown,
        }
    }

    /// Whether the type is one that laboratories measure with.
    pub(crate) fn is_measured(self) -> bool {
        matches!(self, Self::Number | Self::Structured | Self::Range | Self::Coded)
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Narrative | Self::String | Self::Unknown)
    }
}

/// The value of one repetition. What is not what its type announces becomes text, with a warning.
pub(super) fn value<'a>(
    cx: &mut Context<'_, 'a>,
    kind: Kind,
    from: Repetition<'_, 'a>,
    unit: &mut Option<Unit<'a>>,
    unit_used: &mut bool,
) -> Option<ObservationValue<'a>> {
    if from.is_empty() || from.is_null() {
        return None;
    }
    let first = from.component(1).value();
    let alone = from.component_count() <= 1 && from.component(1).subcomponent_count() <= 1;
    match kind {
        Kind::Number if alone => match number(&trim(first.text())) {
            Ok(read) => {
                if let Some(oddity) = read.oddity {
                    cx.warn(first.place(), oddity);
                }
                cx.mark(first);
                *unit_used |= unit.is_some();
                Some(ObservationValue::Quantity(quantity(read.value, read.comparator, unit.as_ref())))
            }
            Err(code) => {
                cx.warn(first.place(), code);
                text(cx, from)
            }
        },
        Kind::Structured => structured(cx, from, unit.as_ref(), unit_used).or_else(|| text(cx, from)),
        Kind::Coded => cwe::concept(cx, from, "OBX-5", None).map(ObservationValue::CodeableConcept),
        Kind::Moment if alone || cx.is_exact_to(first) => moment(cx, first).or_else(|| text(cx, from)),
        Kind::TimeOfDay if alone => time_of_day(cx, first).or_else(|| text(cx, from)),
        Kind::Period => period(cx, from).or_else(|| text(cx, from)),
        Kind::Range => numeric_range(cx, from, unit.as_ref(), unit_used).or_else(|| text(cx, from)),
        Kind::Narrative | Kind::String | Kind::Other => text(cx, from),
        Kind::Unknown => {
            cx.warn(from.place(), "unknown-value-type");
            text(cx, from)
        }
        Kind::Number | Kind::Moment | Kind::TimeOfDay | Kind::Document => {
            cx.warn(from.place(), "value-is-not-of-its-type");
            text(cx, from)
        }
    }
}

/// SN: comparator, number, separator, number (HL7 v2.5.1 §2.A.69).
fn structured<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    unit: Option<&Unit<'a>>,
    unit_used: &mut bool,
) -> Option<ObservationValue<'a>> {
    let part = |n: usize| from.component(n).value();
    let of = |value: Value<'_, 'a>| number(&trim(value.text())).ok();
    if from.component_count() > 4 || (1..=4).any(|n| from.component(n).subcomponent_count() > 1) {
        return None;
    }
    let sign = trim(part(1).text());
    let separator = trim(part(3).text());
    // Some write the whole number into the first component.
    if !part(2).is_present() && !part(3).is_present() && !part(4).is_present() {
        let read = of(part(1))?;
        cx.mark(part(1));
        *unit_used |= unit.is_some();
        return Some(ObservationValue::Quantity(quantity(read.value, read.comparator, unit)));
    }
    let (compared, rest) = quantity::comparator(&sign);
    if !rest.is_empty() {
        return None;
    }
    let first = of(part(2)).filter(|read| read.comparator.is_none())?;
    let second = of(part(4)).filter(|read| read.comparator.is_none());
    let value = match (&*separator, second) {
        ("", None) if !part(4).is_present() => {
            ObservationValue::Quantity(quantity(first.value, compared, unit))
        }
        ("-", Some(second)) if compared.is_none() => ObservationValue::Range(Range {
            low: Some(quantity(first.value, None, unit)),
            high: Some(quantity(second.value, None, unit)),
        }),
        (":" | "/", Some(second)) => ObservationValue::Ratio(Ratio {
            numerator: Some(quantity(first.value, compared, unit)),
            denominator: Some(quantity(second.value, None, None)),
            ..Ratio::default()
        }),
        _ => return None,
    };
    *unit_used |= unit.is_some();
    (1..=4).for_each(|n| cx.mark(part(n)));
    Some(value)
}

fn numeric_range<'a>(
    cx: &mut Context<'_, 'a>,
    from: Repetition<'_, 'a>,
    unit: Option<&Unit<'a>>,
    unit_used: &mut bool,
) -> Option<ObservationValue<'a>> {
    let part = |n: usize| from.component(n).value();
    if from.component_count() > 2 {
        return None;
    }
    let bound = |value: Value<'_, 'a>| match number(&trim(value.text())) {
        Ok(read) if read.comparator.is_none() => Some(Some(read.value)),
        _ if value.is_present() => None,
        _ => Some(None),
    };
    let (low, high) = (bound(part(1))?, bound(part(2))?);
    *unit_used |= unit.is_some();
    (1..=2).for_each(|n| cx.mark(part(n)));
    let end = |value: Option<_>| value.map(|value| quantity(value, None, unit));
    Some(ObservationValue::Range(Range { low: end(low), high: end(high) }))
}

fn moment<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ObservationValue<'a>> {
    let Ok(time) = cx.moment(value) else {
        cx.warn(value.place(), "invalid-date");
        return None;
    };
    cx.mark_time(value);
    Some(ObservationValue::DateTime(time.date_time(&cx.profile.time_zone).into()))
}

fn time_of_day<'a>(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Option<ObservationValue<'a>> {
    match TimeOfDay::parse(&value.text()) {
        // A FHIR time has no offset: with one, the text says more.
        Ok(time) if !time.has_offset() => {
            cx.mark(value);
            Some(ObservationValue::Time(time.time().into()))
        }
        Ok(_) => None,
        Err(_) => {
            cx.warn(value.place(), "invalid-time");
            None
        }
    }
}

fn period<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<ObservationValue<'a>> {
    let (start, end) = (from.component(1).value(), from.component(2).value());
    let reads = |value: Value<'_, '_>| !value.is_present() || PointInTime::parse(&value.text()).is_ok();
    if from.component_count() > 2 || !reads(start) || !reads(end) {
        cx.warn(from.place(), "invalid-date");
        return None;
    }
    cx.period(start, end).filter(|period| *period != Period::default()).map(ObservationValue::Period)
}

/// Everything that the repetition holds, as text: components with `^` between them, subcomponents
/// with `&`, as the standard writes them whatever the message's own separators are.
fn text<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<ObservationValue<'a>> {
    whole(cx, from).map(ObservationValue::String)
}

pub(crate) fn whole<'a>(cx: &mut Context<'_, 'a>, from: Repetition<'_, 'a>) -> Option<Cow<'a, str>> {
    if from.component_count() <= 1 && from.component(1).subcomponent_count() <= 1 {
        return nte::line(cx, from.value()).filter(|text| !text.trim().is_empty());
    }
    let mut joined = String::new();
    let mut said = false;
    for (c, component) in from.components().enumerate() {
        if c > 0 {
            joined.push('^');
        }
        for (s, leaf) in component.subcomponents().enumerate() {
            if s > 0 {
                joined.push('&');
            }
            if let Some(text) = nte::line(cx, leaf) {
                joined.push_str(&text);
                said |= !text.trim().is_empty();
            }
        }
    }
    said.then_some(Cow::Owned(joined))
}

/// All repetitions of a text, a line each; an empty field is an empty line.
pub(super) fn lines<'a>(cx: &mut Context<'_, 'a>, obx: Segment<'_, 'a>) -> Vec<Line<'a>> {
    if obx.field(5).is_empty() || obx.field(5).is_null() {
        return vec![Line { text: Cow::Borrowed(""), at: obx.field(5).place() }];
    }
    let repetitions = obx.field(5).repetitions();
    repetitions
        .map(|repetition| Line { text: whole(cx, repetition).unwrap_or_default(), at: repetition.place() })
        .collect()
}

/// Whether the text of an OBX is a sentence rather than a value, looked at.
pub(crate) fn is_sentence(obx: Segment<'_, '_>) -> bool {
    let text = obx.field(5).repetitions().map(|repetition| repetition.value().text());
    let lines = text.map(|text| Line { text, at: obx.field(5).place() }).collect();
    Text::join(lines).is_some_and(|text| text.is_sentence())
}

/// A concept for a required element of which nothing is known.
pub(crate) fn unknown_concept<'a>() -> CodeableConcept<'a> {
    let why = fhir::Extension::code(fhir::system::DATA_ABSENT_REASON, "unknown");
    CodeableConcept { extension: vec![why], ..CodeableConcept::default() }
}

/// Lists what operators may want to map: a code that is neither LOINC nor SNOMED CT, nor mapped to
/// them by the sender's profile.
pub(crate) fn warn_of_local_code<'a>(
    cx: &mut Context<'_, 'a>,
    concept: &CodeableConcept<'a>,
    at: hl7v2::Place,
) {
    let standard = |system: &str| system == fhir::system::LOINC || system == fhir::system::SNOMED;
    let mapped = concept.coding.iter().any(|coding| coding.system.as_deref().is_some_and(standard));
    if !mapped && concept.coding.iter().any(|coding| coding.code.is_some()) {
        cx.warn(at, "code-without-mapping");
        cx.local_code(at);
    }
}
