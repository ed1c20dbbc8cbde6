//! A sender profile: it is read, or refused with file, line and column; read twice it is the same, and under any
//! profile every message is converted with nothing lost.
#![no_main]

#[path = "../../crates/converter/tests/it/shape.rs"]
mod shape;

use hl7v2::Message;
use libfuzzer_sys::fuzz_target;
use zorgsluis_converter::profile::Profiles;
use zorgsluis_converter::{ConvertOptions, convert};

/// From the sender that `seeds/profile` names, with local codes, authorities and Z-segments.
const MESSAGE: &[u8] = include_bytes!("../seeds/converter/profiled.hl7");

fuzz_target!(|text: &str| {
    let profiles = match Profiles::parse(&[("fuzz.toml", text)]) {
        Ok(profiles) => profiles,
        Err(error) => {
            let said = error.to_string();
            let mut parts = said.splitn(4, ':');
            assert_eq!(parts.next(), Some("fuzz.toml"));
            for _ in 0..2 {
                let number = parts.next().and_then(|number| number.parse::<usize>().ok());
                assert!(number.is_some_and(|number| number > 0), "line and column, from 1");
            }
            return;
        }
    };
    for profile in profiles.iter() {
        assert!(!profile.name.is_empty() && profile.name.len() <= 64);
        assert!(profiles.by_name(&profile.name).is_some());
    }
    let options = ConvertOptions { profiles, ..ConvertOptions::demonstration() };
    let conversion = convert(MESSAGE, &options).expect("the example is supported under any profile");
    shape::check(&conversion.bundle_json());
    let report = conversion.report("fuzz", 0);
    let leaves = Message::parse(MESSAGE).map(|message| message.leaves().count());
    assert_eq!(leaves, Ok(report.mapped + report.ignored.len() + report.unmapped.len()));
});
