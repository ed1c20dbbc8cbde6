//! Points in time for the output; see [`super`].

use std::borrow::Cow;

use fhir::{Element, Extension};
use hl7v2::Value;
use jiff::Timestamp;

use super::{Context, OrOriginal, original_text};
use crate::time::{PointInTime, Precision, TimeError};

impl<'a> Context<'_, 'a> {
    /// A point in time, no more exact than TS.2 says that it is. Looked at, not written: who writes it marks it
    /// with [`Context::mark_time`].
    pub(crate) fn moment(&self, value: Value<'_, 'a>) -> Result<PointInTime, TimeError> {
        let time = PointInTime::parse(&value.text())?;
        Ok(self.degree(value).map_or(time, |(_, degree)| time.at_most(degree)))
    }

    /// A point in time stands in the output, and with it how exact it is.
    pub(crate) fn mark_time(&mut self, value: Value<'_, 'a>) {
        self.mark(value);
        if let Some((offset, _)) = self.degree(value) {
            self.ledger.mark(offset);
        }
    }

    /// Whether a TS says how exact it is.
    pub(crate) fn is_exact_to(&self, value: Value<'_, 'a>) -> bool {
        self.degree(value).is_some()
    }

    /// How exact a TS is, and where that stands: TS.2, of HL7 v2.1 to v2.5.1 (§2.A.77). It is one letter behind the
    /// first component of a field, or behind the first subcomponent of a component.
    fn degree(&self, value: Value<'_, 'a>) -> Option<(u32, Precision)> {
        let end = value.offset() as usize + value.raw().len();
        let rest = self.message.bytes().get(end..)?;
        let (separator, letter, behind) = match rest {
            [separator, letter, rest @ ..] => (*separator, *letter, rest.first().copied()),
            _ => return None,
        };
        let (place, delimiters) = (value.place(), self.message.delimiters());
        let of_field = separator == delimiters.component && place.component <= 1 && place.subcomponent <= 1;
        let of_component = Some(separator) == delimiters.subcomponent && place.subcomponent <= 1;
        let ends = behind
            .is_none_or(|byte| matches!(byte, b'\r' | b'\n') || delimiters.all().any(|one| one == byte));
        if !(of_field || of_component) || !ends {
            return None;
        }
        let precision = match letter.to_ascii_uppercase() {
            b'Y' => Precision::Year,
            b'L' => Precision::Month,
            b'D' => Precision::Day,
            b'H' => Precision::Hour,
            b'M' => Precision::Minute,
            b'S' => Precision::Second,
            _ => return None,
        };
        Some((u32::try_from(end + 1).ok()?, precision))
    }

    /// A point in time that is looked at, to put things in order: all digits count, however exact they are.
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
        let formed = self.moment(value).ok().and_then(|time| form(&time));
        if let Some(text) = formed {
            self.mark_time(value);
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
        let at = |value| self.moment(value).ok().map(|time| time.timestamp(&self.profile.time_zone));
        if period.start.is_none() || period.end.is_none() || at(start) <= at(end) {
            return;
        }
        self.warn(end.place(), "period-reversed");
        (period.end, period.end_ext) = (None, self.write(end).map(original_text));
    }
}
