//! Points in time for the output; see [`super`].

use std::borrow::Cow;

use fhir::{Element, Extension};
use hl7v2::Value;
use jiff::Timestamp;

use super::{Context, OrOriginal, original_text};
use crate::time::PointInTime;

impl<'a> Context<'_, 'a> {
    /// A point in time that is looked at, not written.
    pub(crate) fn timestamp(&self, value: Value<'_, 'a>) -> Option<Timestamp> {
        if !value.is_present() {
            return None;
        }
        PointInTime::parse(&value.text()).ok().map(|time| time.timestamp(&self.profile.time_zone))
    }

    /// A FHIR `dateTime`, at the precision given.
    pub(crate) fn date_time(&mut self, value: Value<'_, 'a>) -> OrOriginal<'a, Cow<'a, str>> {
        let profile = self.profile;
        self.time_with(value, |time| Some(time.date_time(&profile.time_zone)))
    }

    /// A FHIR `instant`: the beginning of what was given.
    pub(crate) fn instant(&mut self, value: Value<'_, 'a>) -> OrOriginal<'a, Cow<'a, str>> {
        let profile = self.profile;
        self.time_with(value, |time| Some(time.instant_at_start(&profile.time_zone)))
    }

    /// A FHIR `date`. What stands behind the day goes, as a `dateTime`, to the extension that is named.
    pub(crate) fn date(
        &mut self,
        value: Value<'_, 'a>,
        with_time: Option<&'static str>,
    ) -> OrOriginal<'a, Cow<'a, str>> {
        let profile = self.profile;
        let mut extra = None;
        let (date, original) = self.time_with(value, |time| {
            if let Some(url) = with_time
                && time.precision() > crate::time::Precision::Day
            {
                let moment = time.date_time(&profile.time_zone);
                extra = Some(Extension::new(url, fhir::ExtensionValue::DateTime(moment.into())));
            }
            Some(time.date())
        });
        (date, original.or_else(|| extra.map(Element::of)))
    }

    /// Reads a point in time and writes it with `form`; keeps the text of what is none.
    pub(crate) fn time_with(
        &mut self,
        value: Value<'_, 'a>,
        form: impl FnOnce(&PointInTime) -> Option<String>,
    ) -> OrOriginal<'a, Cow<'a, str>> {
        if !value.is_present() {
            return (None, None);
        }
        let formed = PointInTime::parse(&value.text()).ok().and_then(|time| form(&time));
        if let Some(text) = formed {
            self.mark(value);
            return (Some(Cow::Owned(text)), None);
        }
        let original = self.write(value);
        if original.is_some() {
            self.warn(value.place(), "invalid-date");
        }
        (None, original.map(original_text))
    }

    /// A period of two fields. `None` when neither says anything.
    pub(crate) fn period(&mut self, start: Value<'_, 'a>, end: Value<'_, 'a>) -> Option<fhir::Period<'a>> {
        if !start.is_present() && !end.is_present() {
            return None;
        }
        let mut period = fhir::Period::default();
        (period.start, period.start_ext) = self.date_time(start);
        (period.end, period.end_ext) = self.date_time(end);
        self.forward(&mut period, start, end);
        (period != fhir::Period::default()).then_some(period)
    }

    /// A period that ends before it begins is none (FHIR per-1): the end is kept as text.
    pub(crate) fn forward(
        &mut self,
        period: &mut fhir::Period<'a>,
        start: Value<'_, 'a>,
        end: Value<'_, 'a>,
    ) {
        if period.start.is_none() || period.end.is_none() || self.timestamp(start) <= self.timestamp(end) {
            return;
        }
        self.warn(end.place(), "period-reversed");
        (period.end, period.end_ext) = (None, self.write(end).map(original_text));
    }
}
