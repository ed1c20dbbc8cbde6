//! When an appointment is: points in time and lengths of time, computed where the message leaves it to us.

use std::borrow::Cow;

use fhir::{Element, Quantity};
use hl7v2::{Field, Value};
use jiff::{SignedDuration, Timestamp};

use crate::context::{Context, original_text, trim};
use crate::datatype::rpt;
use crate::segment::obx::quantity::number;
use crate::time::Precision;

/// A point in time, as FHIR writes it and as it is computed with.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Moment<'a> {
    pub(crate) text: Option<Cow<'a, str>>,
    pub(crate) beside: Option<Element<'a>>,
    pub(crate) at: Option<Timestamp>,
}

impl<'a> Moment<'a> {
    /// A point in time of the message, as an instant: a day alone is its beginning, and what was said stands
    /// beside it.
    pub(crate) fn instant(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Self {
        let at = cx.timestamp(value);
        let (text, mut beside) = cx.instant(value);
        let day = cx.moment(value).is_ok_and(|time| time.precision() <= Precision::Day);
        if text.is_some() && day {
            beside = cx.write(value).map(original_text);
        }
        Self { text, beside, at }
    }

    /// The same as a `dateTime`, at its own precision.
    pub(crate) fn date_time(cx: &mut Context<'_, 'a>, value: Value<'_, 'a>) -> Self {
        let at = cx.timestamp(value);
        let (text, beside) = cx.date_time(value);
        Self { text, beside, at }
    }

    /// So much later.
    pub(crate) fn plus(&self, cx: &Context<'_, 'a>, length: SignedDuration) -> Option<Self> {
        Some(Self::of(cx, self.at?.checked_add(length).ok()?))
    }

    /// A computed point in time, in the sender's zone.
    pub(crate) fn of(cx: &Context<'_, 'a>, at: Timestamp) -> Self {
        let zoned = at.to_zoned(cx.profile.time_zone.clone());
        let text = zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        Self { text: Some(Cow::Owned(text)), beside: None, at: Some(at) }
    }

    pub(crate) fn is_told(&self) -> bool {
        self.text.is_some() || self.beside.is_some()
    }
}

/// A number and its unit in two fields. Without a unit they are seconds (HL7 v2.5.1 §10.6.4.6).
pub(crate) struct Length<'a> {
    pub(crate) quantity: Quantity<'a>,
    /// How long that is, where the unit says it.
    pub(crate) exactly: Option<SignedDuration>,
}

/// Reads one; what is no number stays in the report.
pub(crate) fn length<'a>(
    cx: &mut Context<'_, 'a>,
    value: Value<'_, 'a>,
    unit: Field<'_, 'a>,
) -> Option<Length<'a>> {
    if !value.is_present() {
        cx.ignore_field(unit, "a unit without a number says nothing");
        return None;
    }
    let text = trim(value.text());
    let Ok(read) = number(&text) else {
        cx.warn(value.place(), "not-a-number");
        return None;
    };
    cx.mark(value);
    let told = unit.first();
    let given = match cx.write(told.component(1).value()) {
        Some(code) => code,
        None => cx.write(told.component(2).value()).unwrap_or(Cow::Borrowed("s")),
    };
    cx.ignore_field(unit, "how the unit is coded shows in the unit");
    let quantity = rpt::length(read.value, given);
    let seconds = match quantity.code.as_deref() {
        Some("s") => Some(1.0),
        Some("min") => Some(60.0),
        Some("h") => Some(3600.0),
        Some("d") => Some(86_400.0),
        Some("wk") => Some(604_800.0),
        _ => None,
    };
    let count = quantity.value.as_ref().and_then(|value| value.as_str().parse::<f64>().ok());
    let exactly = seconds
        .zip(count)
        .map(|(seconds, count)| seconds * count)
        .filter(|length| length.abs() < 4e9)
        .map(SignedDuration::from_secs_f64);
    Some(Length { quantity, exactly })
}

/// A length in whole minutes, when it is one.
pub(crate) fn whole_minutes(length: SignedDuration) -> Option<u32> {
    let seconds = length.as_secs();
    let whole = seconds > 0 && length.subsec_nanos() == 0 && seconds % 60 == 0;
    if whole { u32::try_from(seconds / 60).ok() } else { None }
}
