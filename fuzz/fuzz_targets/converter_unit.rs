//! A unit: what becomes of it is UCUM, and what is UCUM stays so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::unit;

fuzz_target!(|text: &str| {
    if let Some(code) = unit::ucum(text) {
        assert!(unit::is_ucum(&code));
    }
    if unit::is_ucum(text) {
        assert!(text.is_ascii());
    }
});
