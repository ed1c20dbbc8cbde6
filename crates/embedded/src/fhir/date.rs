//! FHIR dates as intervals: `2024` is the whole year.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A moment or stretch of time in microseconds since 1970-01-01T00:00:00Z, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Interval {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

/// The time zone of a date or time that names none (FHIR R4 Search, "date": the server's choice).
const ZONE: &str = "Europe/Amsterdam";

impl Interval {
    /// The interval of a FHIR date, dateTime or instant at the precision given: `2024`, `2024-03`,
    /// `2024-03-07`, `2024-03-07T10:15`, with seconds, fractions, and a time zone or not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 40 || !text.is_ascii() {
            return None;
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let (first, days) = parse_date(date)?;
        let Some(time) = time else {
            let behind = first.checked_add(days).ok()?;
            return Self::between(
                zoned(first.to_datetime(Default::default()))?,
                zoned(behind.to_datetime(Default::default()))?,
            );
        };
        // Times are told of whole days only.
        if date.len() != 10 {
            return None;
        }
        let (clock, offset) = match time.find(['Z', '+', '-']) {
            Some(at) => time.split_at_checked(at)?,
            None => (time, ""),
        };
        let (civil, width) = parse_time(first, clock)?;
        let start = match offset {
            "" => zoned(civil)?,
            "Z" => civil.to_zoned(TimeZone::UTC).ok()?.timestamp(),
            other => {
                let (hours, minutes) = other.get(1..)?.split_once(':')?;
                let seconds = number(hours, 2)? * 3600 + number(minutes, 2)? * 60;
                let seconds = if other.starts_with('-') { -seconds } else { seconds };
                let offset = jiff::tz::Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
                offset.to_timestamp(civil).ok()?
            }
        };
        Some(Self { low: start.as_microsecond(), high: start.as_microsecond().checked_add(width - 1)? })
    }

    /// From the beginning of one interval to the end of another; open where one is missing.
    pub(crate) fn period(start: Option<Self>, end: Option<Self>) -> Option<Self> {
        if start.is_none() && end.is_none() {
            return None;
        }
        Some(Self { low: start.map_or(i64::MIN, |s| s.low), high: end.map_or(i64::MAX, |e| e.high) })
    }

    fn between(start: Timestamp, behind: Timestamp) -> Option<Self> {
        Some(Self { low: start.as_microsecond(), high: behind.as_microsecond().checked_sub(1)? })
    }
}

fn zoned(civil: DateTime) -> Option<Timestamp> {
    civil.in_tz(ZONE).ok().map(|zoned| zoned.timestamp())
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The first day, and how long the date lasts.
fn parse_date(text: &str) -> Option<(Date, Span)> {
    let mut parts = text.split('-');
    let year = i16::try_from(number(parts.next()?, 4)?).ok()?;
    let month = parts.next().map(|month| number(month, 2));
    let day = parts.next().map(|day| number(day, 2));
    if parts.next().is_some() {
        return None;
    }
    let small = |number: Option<i64>| number.and_then(|number| i8::try_from(number).ok());
    let (month, day, span) = match (month, day) {
        (None, _) => (1, 1, Span::new().years(1)),
        (Some(month), None) => (small(month)?, 1, Span::new().months(1)),
        (Some(month), Some(day)) => (small(month)?, small(day)?, Span::new().days(1)),
    };
    Some((Date::new(year, month, day).ok()?, span))
}

/// The moment, and how many microseconds its precision leaves open.
fn parse_time(day: Date, text: &str) -> Option<(DateTime, i64)> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let seconds = parts.next();
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction, width) = match seconds {
        None => (0, 0, 60_000_000),
        Some(seconds) => match seconds.split_once('.') {
            None => (number(seconds, 2)?, 0, 1_000_000),
            Some((second, fraction)) => {
                if fraction.is_empty() || fraction.len() > 9 {
                    return None;
                }
                let nanos =
                    number(fraction, fraction.len())? * 10_i64.pow(u32::try_from(9 - fraction.len()).ok()?);
                let width = 10_i64.pow(u32::try_from(6_usize.saturating_sub(fraction.len())).ok()?);
                (number(second, 2)?, nanos, width)
            }
        },
    };
    // A leap second is kept at the end of its minute.
    let second = second.min(59 + i64::from(second > 60));
    let small = |number: i64| i8::try_from(number).ok();
    let time =
        jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, i32::try_from(fraction).ok()?)
            .ok()?;
    Some((day.to_datetime(time), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn a_date_is_as_long_as_its_precision() {
        let cases = [
            ("2024", "2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"),
            ("2024-02", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
            ("2024-03-31", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
            ("2024-03-07T10:15", "2024-03-07T09:15:00Z", "2024-03-07T09:16:00Z"),
            ("2024-03-07T10:15:00Z", "2024-03-07T10:15:00Z", "2024-03-07T10:15:01Z"),
            ("2024-03-07T10:15:00.25+01:00", "2024-03-07T09:15:00.25Z", "2024-03-07T09:15:00.26Z"),
            ("2024-03-07T10:15:00-05:00", "2024-03-07T15:15:00Z", "2024-03-07T15:15:01Z"),
        ];
        for (text, low, behind) in cases {
            assert_eq!(
                Interval::parse(text),
                Some(Interval { low: utc(low), high: utc(behind) - 1 }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "24",
            "2024-13",
            "2024-02-30",
            "2024-3-7",
            "2024-03-07T",
            "2024-03-07T25:00",
            "2024T10:00",
            "2024-03-07T10:15:00+0100",
            "2024-03-07-01",
            "+024",
            "2024-03-07T10:15:61Z",
            "20é4",
        ] {
            assert_eq!(Interval::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_an_interval_has_a_length(text in "[0-9TZ:.+-]{0,32}|[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,10})?)?(Z|[+-][0-2][0-9]:[0-6][0-9])?|.*") {
            if let Some(interval) = Interval::parse(&text) {
                proptest::prop_assert!(interval.low <= interval.high);
            }
        }
    }
}
