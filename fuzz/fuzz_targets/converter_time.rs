//! A point in time: read into FHIR, or refused with a name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::time::{PointInTime, TimeOfDay};

fuzz_target!(|text: &str| {
    if let Ok(time) = PointInTime::parse(text) {
        let date = time.date();
        assert!(date.is_ascii() && matches!(date.len(), 4 | 7 | 10));
    }
    if let Ok(time) = TimeOfDay::parse(text) {
        assert!(time.time().len() >= 8);
    }
});
