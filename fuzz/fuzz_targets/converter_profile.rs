//! A sender profile: it is read, or refused with file, line and column.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::profile::Profiles;

fuzz_target!(|text: &str| {
    if let Err(error) = Profiles::parse(&[("fuzz.toml", text)]) {
        assert!(error.to_string().starts_with("fuzz.toml"));
    }
});
