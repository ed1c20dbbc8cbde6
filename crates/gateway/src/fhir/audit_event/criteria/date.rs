//! What a date of a search stands for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// From the beginning of what is named to before what comes behind it.
pub(super) fn span(moment: &str) -> Option<(Timestamp, Timestamp)> {
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<i16>().ok());
    let day =
        |year, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    let utc = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some((_, time)) = moment.split_once(['T', 't']) {
        // A `+` in a form is a blank once it is decoded.
        let start: Timestamp = moment.replace(' ', "+").parse().ok()?;
        let step = match time.split_once('.') {
            Some((_, rest)) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                10_i64.checked_pow(9_u32.saturating_sub(u32::try_from(digits).ok()?))?.nanoseconds()
            }
            None => 1.second(),
        };
        return Some((start, start.checked_add(step).ok()?));
    }
    let digits = moment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let mut parts = moment.split('-');
    let (year, month, last) = (number(parts.next())?, parts.next(), parts.next());
    let known = digits && parts.next().is_none() && matches!(moment.len(), 4 | 7 | 10);
    let (start, behind) = match (month, last) {
        (None, _) => {
            let start = day(year, 1, 1)?;
            (start, start.checked_add(1.year()).ok()?)
        }
        (Some(_), None) => {
            let start = day(year, number(month)?, 1)?;
            (start, start.checked_add(1.month()).ok()?)
        }
        (Some(_), Some(_)) => {
            let start = day(year, number(month)?, number(last)?)?;
            (start, start.checked_add(1.day()).ok()?)
        }
    };
    known.then_some((utc(start)?, utc(behind)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_for_all_of_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (moment, from, to) in [
            ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z"),
            ("2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.5Z", "2026-11-22T09:00:00.6Z"),
            ("2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123457Z"),
        ] {
            assert_eq!(span(moment), Some((at(from), at(to))), "{moment}");
        }
        for wrong in
            ["", "26", "2026-13", "2026-02-30", "2026-1-1", "morgen", "2026-11-22T", "2026-11-22-01", "T"]
        {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }
}
