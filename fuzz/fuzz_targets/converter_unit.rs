//! A unit: what becomes of it is UCUM, and what is UCUM stays so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::unit;

fuzz_target!(|text: &str| {
    if let Some(code) = unit::ucum(text) {
        assert!(unit::is_ucum(&code));
        // A unit is a short text: what is written must not grow out of it.
        assert!(code.len() <= 4 * text.len() + 16);
        // What is UCUM and no usual spelling (`mL/(24.h)`) need not be known as one; but it is nothing else.
        assert!(unit::ucum(&code).is_none_or(|again| again == code), "a code is its own code");
        // Blanks around a unit mean nothing.
        assert_eq!(unit::ucum(&format!(" {text} ")).as_deref(), Some(code.as_str()));
    }
    if unit::is_ucum(text) {
        assert!(text.is_ascii());
        assert!(!text.contains(char::is_whitespace));
    }
});
