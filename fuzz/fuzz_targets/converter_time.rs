//! A point in time: read into FHIR at the precision that was sent, or refused with a name. What was written in
//! FHIR means, read again, the same.
#![no_main]

#[path = "../../crates/converter/tests/it/shape.rs"]
mod shape;

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use zorgsluis_converter::time::{PointInTime, Precision, TimeOfDay};

static ZONE: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Amsterdam").expect("a zone"));

fuzz_target!(|text: &str| {
    match PointInTime::parse(text) {
        Ok(time) => point(text, time),
        Err(error) => assert!(error.code().starts_with("time-") && !error.to_string().is_empty()),
    }
    if let Ok(time) = TimeOfDay::parse(text) {
        let written = time.time();
        assert!(shape::is_clock(&written));
        let again = TimeOfDay::parse(&written).expect("our own time");
        assert_eq!((again.time(), again.has_offset()), (written, false));
    }
});

fn point(text: &str, time: PointInTime) {
    let date = time.date();
    assert!(shape::is_date(&date));
    let length = match time.precision() {
        Precision::Year => 4,
        Precision::Month => 7,
        _ => 10,
    };
    assert_eq!(date.len(), length);
    // The year stands in what was sent, whichever way it is written.
    assert!(text.trim().starts_with(&date[..4]) || text.contains("24"));

    let again = PointInTime::parse(&date.replace('-', "")).expect("our own date");
    assert_eq!((again.date(), again.precision()), (date, time.precision().min(Precision::Day)));

    let written = time.date_time(&ZONE);
    assert!(shape::is_date_time(&written));
    assert_eq!(written.len() > 10, time.precision() >= Precision::Hour);
    assert_eq!(time.instant(&ZONE).is_some(), time.precision() >= Precision::Minute);
    let begin = time.instant_at_start(&ZONE);
    assert!(shape::is_instant(&begin));
    let again = PointInTime::parse(&begin).expect("our own instant");
    assert!(again.has_offset());
    assert_eq!(again.instant_at_start(&ZONE), begin);
    // Until 1937 Amsterdam was 19 minutes and 32 seconds ahead; FHIR has whole minutes. At the ends of the
    // calendar the instant may lie outside of what can be told.
    let apart = again.timestamp(&ZONE).duration_since(time.timestamp(&ZONE)).as_secs().abs();
    let ends = begin.starts_with("0001-01-0") || begin.starts_with("9999-12-3");
    assert!(ends || if begin.as_str() < "1940" { apart <= 30 } else { apart == 0 });
}
