//! Points in time: HL7 v2 DTM, TS, DT and TM to FHIR `date`, `dateTime`, `instant` and `time`.
//!
//! HL7 v2 writes a point in time as `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (HL7 v2.5.1
//! §2.A.22) and leaves the zone to the sender when no offset is given. FHIR knows the precisions
//! year, month, day and second, and demands an offset as soon as there is a time (FHIR R4
//! `dateTime`). The rules that bridge the two:
//!
//! * The precision is kept. A value of minute precision gets `:00` seconds and one of hour
//!   precision `:00:00`, because FHIR cannot say less; [`PointInTime::precision`] still tells what
//!   was sent.
//! * An offset in the message wins. Without one, the wall time is taken in the sender's zone.
//! * In the hour that the clock repeats in autumn, the first pass is meant (the earlier instant,
//!   summer time). A wall time in the hour that spring skips is moved forward by the gap: 02:30
//!   becomes 03:30 summer time.
//! * FHIR offsets have whole minutes. An old local mean time such as Amsterdam's +00:19:32 (until
//!   1937) is rounded to the nearest minute; the wall time stands as it was sent.
//! * Month `00` or day `00` says that this part is not known, as Dutch population registers write
//!   it (`19800000`, `19800500`): the value gets the precision year or month.
//! * Before v2.6 a second component could say how exact a point in time is (TS.2: `Y L D H M S`): what is finer
//!   than that was filled up, and is not written ([`PointInTime::at_most`]).
//! * Midnight may be written as the end of a day: `202402282400` is the beginning of the 29th.
//! * Real feeds also send `Z`, `+01` and `+01:00`, and whole dates as ISO 8601 writes them
//!   (`2024-07-01`, `2024-07-01T14:30:00+02:00`); these are understood. `2024-07` is not: in HL7 v2 it is a
//!   year with an offset.
//!
//! `docs/time.md` tells all this to people.
//!
//! What is not a date is an error with a name, and the caller keeps the sender's own text.
//!
//! ```
//! # use zorgsluis_converter::time::PointInTime;
//! let amsterdam = jiff::tz::TimeZone::get("Europe/Amsterdam")?;
//! let admitted = PointInTime::parse("202407011430")?;
//! assert_eq!(admitted.date_time(&amsterdam), "2024-07-01T14:30:00+02:00");
//! assert_eq!(PointInTime::parse("198005")?.date(), "1980-05");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod text;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use text::{Clock, Cursor, MIDNIGHT, days_in_month, push_clock, push_day, push_offset};

/// Whether one FHIR `dateTime` is before another. Of two of different precision the part that both have decides.
pub(crate) fn is_before(one: &str, other: &str) -> bool {
    if let (Ok(one), Ok(other)) = (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
        return one < other;
    }
    let day = |text: &str| text.get(..10).unwrap_or(text).len();
    let length = day(one).min(day(other));
    one.get(..length) < other.get(..length)
}

/// Why a text is not a point in time. Carries no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Nothing stood there.
    #[error("the time is empty")]
    Empty,
    /// A character that is no digit, or a part with a wrong number of digits.
    #[error("the time is not written as YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]")]
    Malformed,
    /// FHIR years run from 0001 to 9999.
    #[error("the year is 0000")]
    YearOutOfRange,
    /// The month is not 01–12, or it is unknown (00) and a day follows.
    #[error("the month is out of range")]
    MonthOutOfRange,
    /// That month has no such day.
    #[error("the day does not exist in that month")]
    DayOutOfRange,
    /// The hour is not 00–23, nor is it 24:00 exactly, at the end of a day.
    #[error("the hour is out of range")]
    HourOutOfRange,
    /// The minute is not 00–59.
    #[error("the minute is out of range")]
    MinuteOutOfRange,
    /// The second is not 00–59 (HL7 v2 has no leap seconds).
    #[error("the second is out of range")]
    SecondOutOfRange,
    /// The offset is beyond ±14:00 or its minutes are not 00–59.
    #[error("the offset from UTC is out of range")]
    OffsetOutOfRange,
}

impl TimeError {
    /// A stable name for reports and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "time-empty",
            Self::Malformed => "time-malformed",
            Self::YearOutOfRange => "time-year-out-of-range",
            Self::MonthOutOfRange => "time-month-out-of-range",
            Self::DayOutOfRange => "time-day-out-of-range",
            Self::HourOutOfRange => "time-hour-out-of-range",
            Self::MinuteOutOfRange => "time-minute-out-of-range",
            Self::SecondOutOfRange => "time-second-out-of-range",
            Self::OffsetOutOfRange => "time-offset-out-of-range",
        }
    }
}

/// How much of a point in time was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `YYYY`
    Year,
    /// `YYYYMM`
    Month,
    /// `YYYYMMDD`
    Day,
    /// `YYYYMMDDHH`
    Hour,
    /// `YYYYMMDDHHMM`
    Minute,
    /// `YYYYMMDDHHMMSS`
    Second,
    /// `YYYYMMDDHHMMSS.S` and finer
    Fraction,
}

/// A point in time as HL7 v2 wrote it: parts, precision, and the offset when one was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PointInTime {
    year: i16,
    month: u8,
    day: u8,
    clock: Clock,
    /// Minutes east of UTC.
    offset: Option<i16>,
    precision: Precision,
}

/// Birth dates and times of care identify people: only the precision is shown.
impl std::fmt::Debug for PointInTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PointInTime")
            .field("precision", &self.precision)
            .field("has_offset", &self.offset.is_some())
            .finish_non_exhaustive()
    }
}

impl PointInTime {
    /// Reads a DTM, TS or DT. Blanks around it are ignored.
    ///
    /// # Errors
    /// A [`TimeError`] that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut cursor = Cursor(text.trim().as_bytes());
        if cursor.0.is_empty() {
            return Err(TimeError::Empty);
        }
        let plain = cursor.iso_as_hl7();
        if let Some(plain) = &plain {
            cursor = Cursor(plain);
        }
        let century = cursor.two_digits().ok_or(TimeError::Malformed)?;
        let year = cursor.two_digits().ok_or(TimeError::Malformed)?;
        let year = i16::from(century) * 100 + i16::from(year);
        if year == 0 {
            return Err(TimeError::YearOutOfRange);
        }
        let mut parsed =
            Self { year, month: 1, day: 1, clock: MIDNIGHT, offset: None, precision: Precision::Year };
        parsed.month_and_day(&mut cursor)?;
        if parsed.precision == Precision::Day
            && let Some((clock, precision)) = cursor.clock()?
        {
            parsed.clock = clock;
            parsed.precision = precision;
            if clock.hour == 24 {
                parsed.roll_to_midnight()?;
            }
        }
        parsed.offset = cursor.offset()?;
        if cursor.0.is_empty() { Ok(parsed) } else { Err(TimeError::Malformed) }
    }

    /// `24:00` is the midnight that ends the day.
    fn roll_to_midnight(&mut self) -> Result<(), TimeError> {
        self.clock.hour = 0;
        let day = civil::Date::new(self.year, self.month.cast_signed(), self.day.cast_signed());
        let next = day.and_then(|day| day.tomorrow()).map_err(|_| TimeError::YearOutOfRange)?;
        (self.year, self.month) = (next.year(), next.month().cast_unsigned());
        self.day = next.day().cast_unsigned();
        Ok(())
    }

    fn month_and_day(&mut self, cursor: &mut Cursor<'_>) -> Result<(), TimeError> {
        let Some(month) = cursor.two_digits() else { return Ok(()) };
        let day = cursor.two_digits();
        match (month, day) {
            (0, None | Some(0)) => return Ok(()),
            (1..=12, _) => self.month = month,
            _ => return Err(TimeError::MonthOutOfRange),
        }
        self.precision = Precision::Month;
        match day {
            None | Some(0) => Ok(()),
            Some(day) if day <= days_in_month(self.year, month) => {
                self.day = day;
                self.precision = Precision::Day;
                Ok(())
            }
            Some(_) => Err(TimeError::DayOutOfRange),
        }
    }

    /// How much was sent.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The same, no more exact than this: what is finer is taken for filled up.
    #[must_use]
    pub fn at_most(mut self, precision: Precision) -> Self {
        if self.precision <= precision {
            return self;
        }
        self.precision = precision;
        let clock = self.clock;
        self.clock = match precision {
            Precision::Year | Precision::Month | Precision::Day => MIDNIGHT,
            Precision::Hour => Clock { hour: clock.hour, ..MIDNIGHT },
            Precision::Minute => Clock { hour: clock.hour, minute: clock.minute, ..MIDNIGHT },
            Precision::Second | Precision::Fraction => Clock { nanos: 0, digits: 0, ..clock },
        };
        if precision < Precision::Day {
            self.day = 1;
        }
        if precision < Precision::Month {
            self.month = 1;
        }
        self
    }

    /// Whether the message itself said the offset.
    #[must_use]
    pub const fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// The FHIR `date`: what was sent, up to the day. A time or offset behind it is left out.
    #[must_use]
    pub fn date(&self) -> String {
        let mut text = String::with_capacity(10);
        push_day(&mut text, self.year, self.month, self.day);
        text.truncate(match self.precision {
            Precision::Year => 4,
            Precision::Month => 7,
            _ => 10,
        });
        text
    }

    /// The FHIR `dateTime`. `zone` is used when there is a time and the message gave no offset.
    #[must_use]
    pub fn date_time(&self, zone: &TimeZone) -> String {
        if self.precision < Precision::Hour { self.date() } else { self.with_clock(zone) }
    }

    /// The FHIR `instant`, or `None` when not even the minute is known.
    #[must_use]
    pub fn instant(&self, zone: &TimeZone) -> Option<String> {
        (self.precision >= Precision::Minute).then(|| self.with_clock(zone))
    }

    /// The FHIR `instant` at which the period that was sent begins: for elements that must have an
    /// instant, such as `Provenance.recorded`, where a whole day is better than nothing.
    #[must_use]
    pub fn instant_at_start(&self, zone: &TimeZone) -> String {
        self.with_clock(zone)
    }

    /// The instant at which the period that was sent begins, for putting messages in order.
    #[must_use]
    pub fn timestamp(&self, zone: &TimeZone) -> Timestamp {
        let (wall, offset) = self.resolve(zone);
        // Only the first and last hours of the years 1 and 9999 can fall outside.
        offset.to_timestamp(wall).unwrap_or(if self.year > 5000 { Timestamp::MAX } else { Timestamp::MIN })
    }

    fn wall(&self) -> civil::DateTime {
        let nanos = i32::try_from(self.clock.nanos).unwrap_or(0);
        civil::DateTime::new(
            self.year,
            self.month.cast_signed(),
            self.day.cast_signed(),
            self.clock.hour.cast_signed(),
            self.clock.minute.cast_signed(),
            self.clock.second.cast_signed(),
            nanos,
        )
        .unwrap_or_default() // the parts were checked when they were read
    }

    /// The wall time that is meant and its offset, after gaps.
    fn resolve(&self, zone: &TimeZone) -> (civil::DateTime, Offset) {
        let wall = self.wall();
        if let Some(minutes) = self.offset {
            return (wall, Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC));
        }
        match zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => (wall, offset),
            AmbiguousOffset::Fold { before, .. } => (wall, before),
            AmbiguousOffset::Gap { before, after } => {
                let gap =
                    jiff::SignedDuration::from_secs(i64::from(after.seconds()) - i64::from(before.seconds()));
                (wall.saturating_add(gap), after)
            }
        }
    }

    fn with_clock(&self, zone: &TimeZone) -> String {
        let mut text = String::with_capacity(35);
        if let Some(minutes) = self.offset {
            push_day(&mut text, self.year, self.month, self.day);
            text.push('T');
            push_clock(&mut text, &self.clock);
            push_offset(&mut text, minutes);
            return text;
        }
        let (wall, offset) = self.resolve(zone);
        push_day(&mut text, wall.year(), wall.month().cast_unsigned(), wall.day().cast_unsigned());
        text.push('T');
        let clock = Clock {
            hour: wall.hour().cast_unsigned(),
            minute: wall.minute().cast_unsigned(),
            second: wall.second().cast_unsigned(),
            ..self.clock
        };
        push_clock(&mut text, &clock);
        let minutes = (f64::from(offset.seconds()) / 60.0).round();
        push_offset(&mut text, minutes as i16);
        text
    }
}

/// A time of day as HL7 v2 TM wrote it: `HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]` (HL7 v2.5.1 §2.A.75).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeOfDay {
    clock: Clock,
    offset: Option<i16>,
}

impl std::fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimeOfDay").finish_non_exhaustive()
    }
}

impl TimeOfDay {
    /// Reads a TM. A colon between the parts is tolerated.
    ///
    /// # Errors
    /// A [`TimeError`] that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut cursor = Cursor(text.trim().as_bytes());
        if cursor.0.is_empty() {
            return Err(TimeError::Empty);
        }
        let (mut clock, _) = cursor.clock()?.ok_or(TimeError::Malformed)?;
        // A time of day has no next day: midnight is midnight.
        clock.hour %= 24;
        let offset = cursor.offset()?;
        if cursor.0.is_empty() { Ok(Self { clock, offset }) } else { Err(TimeError::Malformed) }
    }

    /// The FHIR `time`, `hh:mm:ss`. FHIR times have no zone: see [`TimeOfDay::has_offset`].
    #[must_use]
    pub fn time(&self) -> String {
        let mut text = String::with_capacity(18);
        push_clock(&mut text, &self.clock);
        text
    }

    /// Whether an offset was sent, which a FHIR `time` cannot carry.
    #[must_use]
    pub const fn has_offset(&self) -> bool {
        self.offset.is_some()
    }
}
