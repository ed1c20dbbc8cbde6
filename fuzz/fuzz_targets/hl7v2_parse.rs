//! A message: no panic, every populated byte in exactly one leaf, places lead back.
#![no_main]

use hl7v2::{Message, Place};
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(bytes) else { return };
    let delimiters = message.delimiters();
    let splits = |byte: &u8| {
        *byte == delimiters.field
            || *byte == delimiters.component
            || Some(*byte) == delimiters.repetition
            || Some(*byte) == delimiters.subcomponent
    };
    let mut expected = 0;
    for segment in message.segments() {
        let raw = segment.raw();
        let verbatim = match segment.id() {
            "MSH" => 1 + segment.field(2).raw().len(),
            _ => 0,
        };
        expected += raw.get(3 + verbatim..).unwrap_or_default().iter().filter(|byte| !splits(byte)).count();
    }
    let (mut places, mut covered) = (HashSet::new(), 0);
    for leaf in message.leaves() {
        assert!(places.insert(leaf.place()));
        assert_eq!(message.value_at(leaf.place()).offset(), leaf.offset());
        assert_eq!(leaf.place().to_string().parse::<Place>(), Ok(leaf.place()));
        covered += leaf.raw().len();
        let _ = (leaf.text(), leaf.is_truncated());
    }
    assert_eq!(covered, expected);
});
