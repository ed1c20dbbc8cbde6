//! HL7 times to FHIR times, through the public door.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use zorgsluis_converter::time::{PointInTime, Precision, TimeError, TimeOfDay};

fn amsterdam() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap()
}

fn date_time(text: &str) -> String {
    PointInTime::parse(text).unwrap().date_time(&amsterdam())
}

#[test]
fn every_precision_keeps_what_was_sent() {
    for (sent, expected, precision) in [
        ("2024", "2024", Precision::Year),
        ("202402", "2024-02", Precision::Month),
        ("20240229", "2024-02-29", Precision::Day),
        ("2024022909", "2024-02-29T09:00:00+01:00", Precision::Hour),
        ("202402290905", "2024-02-29T09:05:00+01:00", Precision::Minute),
        ("20240229090507", "2024-02-29T09:05:07+01:00", Precision::Second),
        ("20240229090507.1", "2024-02-29T09:05:07.1+01:00", Precision::Fraction),
        ("20240229090507.0450", "2024-02-29T09:05:07.0450+01:00", Precision::Fraction),
        ("19800000", "1980", Precision::Year),
        ("19800500", "1980-05", Precision::Month),
        (" 20240229 ", "2024-02-29", Precision::Day),
    ] {
        let parsed = PointInTime::parse(sent).unwrap();
        assert_eq!(parsed.precision(), precision, "{sent}");
        assert_eq!(parsed.date_time(&amsterdam()), expected, "{sent}");
    }
}

#[test]
fn an_offset_in_the_message_wins() {
    assert_eq!(date_time("202407011430-0500"), "2024-07-01T14:30:00-05:00");
    assert_eq!(date_time("20240701143000+01"), "2024-07-01T14:30:00+01:00");
    assert_eq!(date_time("20240701143000+05:45"), "2024-07-01T14:30:00+05:45");
    assert_eq!(date_time("20240701143000Z"), "2024-07-01T14:30:00+00:00");
    assert_eq!(date_time("20240701143000-0000"), "2024-07-01T14:30:00+00:00");
    assert!(PointInTime::parse("20240701+0200").unwrap().has_offset());
}

#[test]
fn the_clock_changes_are_defined() {
    // 2024-10-27 03:00 summer time becomes 02:00: the hour from 02:00 comes twice, the first is meant.
    assert_eq!(date_time("20241027015959"), "2024-10-27T01:59:59+02:00");
    assert_eq!(date_time("20241027023000"), "2024-10-27T02:30:00+02:00");
    assert_eq!(date_time("20241027030000"), "2024-10-27T03:00:00+01:00");
    // 2024-03-31 02:00 becomes 03:00: the hour from 02:00 does not exist and moves forward.
    assert_eq!(date_time("20240331015959"), "2024-03-31T01:59:59+01:00");
    assert_eq!(date_time("20240331023000.25"), "2024-03-31T03:30:00.25+02:00");
    assert_eq!(date_time("20240331030000"), "2024-03-31T03:00:00+02:00");
    // A local mean time with seconds in its offset.
    assert!(date_time("18500101120000").starts_with("1850-01-01T12:00:00+00:"));
}

#[test]
fn dates_and_instants_say_no_more_than_is_known() {
    let day = PointInTime::parse("19800623").unwrap();
    assert_eq!(day.date(), "1980-06-23");
    assert_eq!(day.instant(&amsterdam()), None);
    assert_eq!(day.instant_at_start(&amsterdam()), "1980-06-23T00:00:00+02:00");
    let minute = PointInTime::parse("198006231215").unwrap();
    assert_eq!(minute.date(), "1980-06-23");
    assert_eq!(minute.instant(&amsterdam()).as_deref(), Some("1980-06-23T12:15:00+02:00"));
}

#[test]
fn what_is_no_time_is_named() {
    for (sent, error) in [
        ("", TimeError::Empty),
        ("   ", TimeError::Empty),
        ("198", TimeError::Malformed),
        ("1980-6-23", TimeError::Malformed),
        ("1980-06-23T", TimeError::Malformed),
        ("1980-06-23x", TimeError::Malformed),
        ("80-06-23", TimeError::Malformed),
        ("onbekend", TimeError::Malformed),
        ("198006231", TimeError::Malformed),
        ("19800623121530.1234567890", TimeError::Malformed),
        ("19800623+", TimeError::Malformed),
        ("00000000", TimeError::YearOutOfRange),
        ("19801323", TimeError::MonthOutOfRange),
        ("19800023", TimeError::MonthOutOfRange),
        ("20230229", TimeError::DayOutOfRange),
        ("19000229", TimeError::DayOutOfRange),
        ("20240431", TimeError::DayOutOfRange),
        ("2024043025", TimeError::HourOutOfRange),
        ("202404302401", TimeError::HourOutOfRange),
        ("20240430240000.1", TimeError::HourOutOfRange),
        ("999912312400", TimeError::YearOutOfRange),
        ("202404302360", TimeError::MinuteOutOfRange),
        ("20240430235960", TimeError::SecondOutOfRange),
        ("20240430235959+1500", TimeError::OffsetOutOfRange),
        ("20240430235959+0160", TimeError::OffsetOutOfRange),
    ] {
        assert_eq!(PointInTime::parse(sent), Err(error), "{sent}");
    }
}

#[test]
fn times_of_day() {
    for (sent, expected) in [
        ("0905", "09:05:00"),
        ("09", "09:00:00"),
        ("090507.25", "09:05:07.25"),
        ("09:05:07", "09:05:07"),
        ("0905+0100", "09:05:00"),
    ] {
        assert_eq!(TimeOfDay::parse(sent).unwrap().time(), expected);
    }
    assert!(TimeOfDay::parse("0905+0100").unwrap().has_offset());
    assert_eq!(TimeOfDay::parse("2400").unwrap().time(), "00:00:00");
    assert_eq!(TimeOfDay::parse("2405"), Err(TimeError::HourOutOfRange));
    assert_eq!(TimeOfDay::parse("noon"), Err(TimeError::Malformed));
}

#[test]
fn midnight_may_be_the_end_of_a_day() {
    for (sent, expected) in [
        ("2024022824", "2024-02-29T00:00:00+01:00"),
        ("202402292400", "2024-03-01T00:00:00+01:00"),
        ("20241231240000", "2025-01-01T00:00:00+01:00"),
        ("20241231240000.00-0500", "2025-01-01T00:00:00.00-05:00"),
    ] {
        assert_eq!(date_time(sent), expected, "{sent}");
    }
}

#[test]
fn whole_iso_dates_are_read_as_what_they_are() {
    for (sent, expected) in [
        ("2024-07-01", "2024-07-01"),
        ("2024-07-01T14:30:05.25+02:00", "2024-07-01T14:30:05.25+02:00"),
        ("2024-07-01 14:30", "2024-07-01T14:30:00+02:00"),
        ("2024-07-01T1430Z", "2024-07-01T14:30:00+00:00"),
        // In HL7 v2 a year and an offset.
        ("2024-07", "2024"),
    ] {
        assert_eq!(date_time(sent), expected, "{sent}");
    }
}

/// Every clock change of every zone since 1970, and the hours around it, against jiff's own reading.
#[test]
fn every_clock_change_of_every_zone_is_read_as_defined() {
    let (from, until) = (jiff::Timestamp::UNIX_EPOCH, "2037-12-31T00:00:00Z".parse().unwrap());
    let mut changes = 0;
    for name in jiff::tz::db().available() {
        let zone = jiff::tz::db().get(name.as_str()).unwrap();
        for change in zone.following(from).take_while(|change| change.timestamp() < until) {
            changes += 1;
            let at = zone.to_datetime(change.timestamp());
            for minutes in [-61, -31, -1, 0, 29, 61] {
                let wall = at.saturating_add(jiff::SignedDuration::from_mins(minutes));
                let sent = wall.strftime("%Y%m%d%H%M%S").to_string();
                let time = PointInTime::parse(&sent).unwrap();
                let meant = zone.to_ambiguous_timestamp(wall).compatible().unwrap();
                assert_eq!(time.timestamp(&zone), meant, "{} {sent}", name.as_str());
                let offset = zone.to_offset(meant);
                if offset.seconds() % 60 == 0 {
                    let written: jiff::Timestamp = time.date_time(&zone).parse().unwrap();
                    assert_eq!(written, meant, "{} {sent}", name.as_str());
                }
            }
        }
    }
    assert!(changes > 5_000, "{changes}");
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", PointInTime::parse("19800623").unwrap());
    assert!(!shown.contains("1980") && !shown.contains("23"), "{shown}");
}

/// The grammar of FHIR R4 `dateTime`, written out by hand.
fn is_fhir_date_time(text: &str) -> bool {
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    let Some((date, rest)) = text.split_once('T') else {
        let parts: Vec<&str> = text.split('-').collect();
        return parts.len() <= 3 && digits(parts[0], 4) && parts[1..].iter().all(|part| digits(part, 2));
    };
    let (Some(clock), Some(offset)) = (rest.get(..rest.len() - 6), rest.get(rest.len() - 6..)) else {
        return false;
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    date.len() == 10
        && clock.len() == 8
        && clock.split(':').all(|part| digits(part, 2))
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && matches!(offset.as_bytes(), [b'+' | b'-', _, _, b':', _, _])
        && jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%:z", text).is_ok()
}

proptest! {
    #[test]
    fn parse_never_panics(text in ".{0,40}") {
        if let Ok(parsed) = PointInTime::parse(&text) {
            prop_assert!(is_fhir_date_time(&parsed.date_time(&amsterdam())));
        }
        if let Ok(parsed) = TimeOfDay::parse(&text) {
            prop_assert!(parsed.time().len() >= 8);
        }
    }

    #[test]
    fn what_looks_like_a_time_gives_fhir_or_an_error(text in "[0-9]{4,14}(\\.[0-9]{1,9})?([+-][0-9]{2,4})?") {
        if let Ok(parsed) = PointInTime::parse(&text) {
            let written = parsed.date_time(&amsterdam());
            prop_assert!(is_fhir_date_time(&written), "{} -> {}", text, written);
            let instant = parsed.instant_at_start(&amsterdam());
            prop_assert!(is_fhir_date_time(&instant), "{} -> {}", text, instant);
        }
    }

    /// What is written names the same instant as what is used to order messages.
    #[test]
    fn text_and_order_agree(seconds in -1_500_000_000_i64..4_000_000_000, offset in -14_i32 * 60..=14 * 60) {
        let instant = jiff::Timestamp::from_second(seconds).unwrap();
        let local = jiff::tz::Offset::from_seconds(offset * 60).unwrap().to_datetime(instant);
        let sign = if offset < 0 { '-' } else { '+' };
        let sent = format!(
            "{}{sign}{:02}{:02}", local.strftime("%Y%m%d%H%M%S"), offset.abs() / 60, offset.abs() % 60
        );
        let parsed = PointInTime::parse(&sent).unwrap();
        prop_assert_eq!(parsed.timestamp(&amsterdam()), instant);
        let written: jiff::Timestamp = parsed.date_time(&amsterdam()).parse().unwrap();
        prop_assert_eq!(written, instant);
    }

    /// Without an offset, reading the zone's own wall time gives the instant back, but for the hour
    /// that comes twice, where it may give the earlier one.
    #[test]
    fn wall_time_comes_back(seconds in 0_i64..4_000_000_000) {
        let instant = jiff::Timestamp::from_second(seconds).unwrap();
        let wall = instant.to_zoned(amsterdam()).strftime("%Y%m%d%H%M%S").to_string();
        let back = PointInTime::parse(&wall).unwrap().timestamp(&amsterdam());
        let late = (instant.as_second() - back.as_second()).abs();
        prop_assert!(late == 0 || late == 3600);
    }
}
