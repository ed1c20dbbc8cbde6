//! A message: no panic, every populated byte in exactly one leaf, places that lead back; and written again in
//! other separators and another character set, the same message.
#![no_main]

use hl7v2::{Delimiters, Message, Place, escape};
use libfuzzer_sys::fuzz_target;
use std::collections::{BTreeMap, HashSet};

fuzz_target!(|bytes: &[u8]| {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            return;
        }
    };
    every_byte_is_in_a_leaf(&message);
    let delimiters =
        Delimiters { field: b'!', component: b';', truncation: Some(b'%'), ..Delimiters::default() };
    let written = write(&message, &delimiters);
    let again = Message::parse(&written).expect("what was parsed and written again");
    let texts = texts(&message);
    assert_eq!(self::texts(&again), texts);
    assert!(again.warnings().is_empty());
    assert_eq!(write(&again, &delimiters), written);
});

fn every_byte_is_in_a_leaf(message: &Message<'_>) {
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
}

fn is_charset(place: Place) -> bool {
    &place.segment == b"MSH" && place.field == 18
}

/// What the message says: each leaf's text, and whether it is a null.
fn texts(message: &Message<'_>) -> BTreeMap<Place, (bool, String)> {
    let leaves = message.leaves().filter(|leaf| !is_charset(leaf.place()));
    let texts = leaves.map(|leaf| (leaf.place(), (leaf.is_null(), leaf.text().into_owned())));
    texts.filter(|(_, (null, text))| *null || !text.is_empty()).collect()
}

/// The message in these separators, in UTF-8.
fn write(message: &Message<'_>, delimiters: &Delimiters) -> Vec<u8> {
    let mut bytes = Vec::new();
    for segment in message.segments() {
        bytes.extend(segment.id().as_bytes());
        let is_header = segment.id() == "MSH";
        if is_header {
            bytes.push(delimiters.field);
            bytes.extend(delimiters.encoding_characters());
        }
        let last = if is_header { segment.field_count().max(18) } else { segment.field_count() };
        for field in (if is_header { 3 } else { 1 })..=last {
            bytes.push(delimiters.field);
            if is_header && field == 18 {
                bytes.extend(b"UNICODE UTF-8");
                continue;
            }
            join(
                &mut bytes,
                segment.field(field).repetitions(),
                delimiters.repetition,
                |bytes, repetition| {
                    join(bytes, repetition.components(), Some(delimiters.component), |bytes, component| {
                        join(bytes, component.subcomponents(), delimiters.subcomponent, |bytes, value| {
                            let text = value.text();
                            let encoded = escape::encode(&text, delimiters);
                            bytes.extend(if value.is_null() { b"\"\"" } else { encoded.as_bytes() });
                        });
                    });
                },
            );
        }
        bytes.push(b'\r');
    }
    bytes
}

fn join<T>(
    bytes: &mut Vec<u8>,
    parts: impl Iterator<Item = T>,
    separator: Option<u8>,
    each: impl Fn(&mut Vec<u8>, T),
) {
    for (at, part) in parts.enumerate() {
        bytes.extend(separator.filter(|_| at > 0));
        each(bytes, part);
    }
}
