//! What holds for all inputs.

use bytes::BytesMut;
use hl7v2::ack::{AckBuilder, AckCode, Acknowledgement, Header, Problem};
use hl7v2::mllp::Codec;
use hl7v2::{Charset, Delimiters, Message, Place, batch, escape};
use proptest::prelude::*;
use std::collections::HashSet;
use tokio_util::codec::{Decoder, Encoder};

/// Six different separators.
fn delimiters() -> impl Strategy<Value = Delimiters> {
    let usable: Vec<u8> = (1..0x7F_u8)
        .filter(|byte| !byte.is_ascii_alphanumeric() && !b" \"\r\n\x0B\x1C".contains(byte))
        .collect();
    (Just(usable).prop_shuffle(), 0..6_usize).prop_map(|(all, present)| {
        let nth = |n: usize| (n < present).then(|| all[n]);
        Delimiters {
            field: all[10],
            component: all[11],
            repetition: nth(0),
            escape: nth(1),
            subcomponent: nth(2),
            truncation: nth(3),
        }
    })
}

/// Bytes that look like a message: mostly separators, names, quotes, escapes.
fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(b"\rPID|".to_vec()),
        Just(b"\rOBX|".to_vec()),
        Just(b"\nNTE|".to_vec()),
        Just(b"\r\nZZZ".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\"\"".to_vec()),
        Just(b"\\F\\".to_vec()),
        Just(b"\\X".to_vec()),
        prop::sample::select(b"|^~\\&#".to_vec()).prop_map(|byte| vec![byte]),
        prop::collection::vec(any::<u8>(), 0..4),
        "[a-z0-9 ë]{0,5}".prop_map(String::into_bytes),
    ];
    (prop::collection::vec(part, 0..60), prop::sample::select(vec!["", "8859/1", "UNICODE UTF-8", "?"]))
        .prop_map(|(parts, charset)| {
            let mut bytes = format!("MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.5||||||{charset}|").into_bytes();
            bytes.extend(parts.into_iter().flatten());
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_gives_back_what_was_encoded(text in any::<String>(), delimiters in delimiters()) {
        prop_assume!(delimiters.escape.is_some());
        let encoded = escape::encode(&text, &delimiters);
        prop_assert_eq!(escape::decode(encoded.as_bytes(), &delimiters, Charset::UTF8), text.as_str());
    }

    #[test]
    fn a_value_survives_a_whole_message(text in any::<String>(), delimiters in delimiters()) {
        prop_assume!(delimiters.escape.is_some());
        let separator = delimiters.field;
        let mut bytes = b"MSH".to_vec();
        bytes.push(separator);
        bytes.extend(delimiters.encoding_characters());
        bytes.extend(std::iter::repeat_n(separator, 16));
        bytes.extend(b"UNICODEUTF8\rNTE");
        bytes.push(separator);
        bytes.extend(escape::encode(&text, &delimiters).as_bytes());
        bytes.push(separator);
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!(message.segment("NTE").unwrap().field(1).value().text(), text);
        prop_assert!(message.warnings().is_empty());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
        let behind_a_header = [b"MSH|^~\\&|".as_slice(), &bytes].concat();
        exercise(&behind_a_header);
    }

    #[test]
    fn every_populated_leaf_is_reported_once_and_found_at_its_place(bytes in nearly_a_message()) {
        let Ok(message) = Message::parse(&bytes) else { return Ok(()) };
        let mut places = HashSet::new();
        let mut offsets = HashSet::new();
        let mut covered = 0;
        for leaf in message.leaves() {
            prop_assert!(places.insert(leaf.place()) && offsets.insert(leaf.offset()));
            prop_assert!(!leaf.raw().is_empty());
            let found = message.value_at(leaf.place());
            prop_assert_eq!((found.offset(), found.raw(), found.place()), (leaf.offset(), leaf.raw(), leaf.place()));
            prop_assert_eq!(leaf.place().to_string().parse::<Place>().unwrap(), leaf.place());
            covered += leaf.raw().len();
        }
        // Counted in another way: what is neither name, separator nor MSH-2 belongs to a leaf.
        let mut expected = 0;
        for segment in message.segments() {
            let skipped = if segment.id() == "MSH" { 4 + message.header().field(2).raw().len() } else { 3 };
            let content = &segment.raw()[skipped..];
            expected += content.iter().filter(|byte| !b"|^~&".contains(byte)).count();
        }
        prop_assert_eq!(covered, expected);
    }

    #[test]
    fn frames_survive_any_cut(
        contents in prop::collection::vec("[a-zA-Z|\r\n]{1,40}", 1..6),
        junk in "[a-z\r\n]{0,5}",
        pieces in prop::collection::vec(1..20_usize, 1..10),
    ) {
        let mut stream = BytesMut::new();
        for content in &contents {
            stream.extend_from_slice(junk.as_bytes());
            Codec::new(100).encode(content.as_bytes(), &mut stream).unwrap();
        }
        let (mut codec, mut buffer, mut read) = (Codec::new(100), BytesMut::new(), Vec::new());
        let mut sizes = pieces.iter().cycle();
        while !stream.is_empty() {
            let size = (*sizes.next().unwrap()).min(stream.len());
            buffer.extend_from_slice(&stream.split_to(size));
            while let Some(hl7v2::mllp::Frame::Message(frame)) = codec.decode(&mut buffer).unwrap() {
                read.push(String::from_utf8(frame.to_vec()).unwrap());
            }
        }
        prop_assert_eq!(read, contents);
    }
}

fn exercise(bytes: &[u8]) {
    if let Ok(message) = Message::parse(bytes) {
        for leaf in message.leaves() {
            let _ = leaf.text();
        }
    } else if let Err(error) = Message::parse(bytes) {
        let header = Header::read(bytes);
        let built = AckBuilder::new(AckCode::AR, &header).problem(Problem::from(&error)).build();
        let read = Acknowledgement::parse(&built).unwrap();
        assert_eq!(read.code, AckCode::AR);
        assert!(!built.contains(&0x1C) && !built.contains(&0x0B) && !built.contains(&b'\n'));
    }
    for entry in batch::messages(bytes) {
        let _ = entry.parse();
    }
    let mut codec = Codec::new(50);
    let mut buffer = BytesMut::from(bytes);
    while codec.decode(&mut buffer).unwrap().is_some() {}
    while codec.decode_eof(&mut buffer).unwrap().is_some() {}
}
