//! Parsing: lines, separators, nulls, places, errors.

use hl7v2::{Message, ParseError, Place};

const ADT: &[u8] = b"MSH|^~\\&|ZIS|AMC|||20260102||ADT^A01|1|P|2.5\rPID|1||7^^^ZIS^PI~8^^^X&1.2.3&ISO||Bos^A|||\"\"\rPV1||I\r";

#[test]
fn fields_and_their_parts_are_found() {
    let message = Message::parse(ADT).unwrap();
    let pid = message.segment("PID").unwrap();
    assert_eq!(pid.field(3).repetition_count(), 2);
    assert_eq!(pid.field(3).rep(2).component(4).subcomponent(2).text(), "1.2.3");
    assert_eq!(pid.field(3).rep(2).component(4).subcomponent(2).place().to_string(), "PID[1]-3[2].4.2");
    assert_eq!(pid.field(3).rep(3).component(4).subcomponent(2).text(), "");
    assert!(pid.field(8).is_null());
    assert_eq!(message.header().field(1).value().text(), "|");
    assert_eq!(message.header().field(2).value().text(), "^~\\&");
    assert_eq!(message.header().field(9).first().component(2).value().text(), "A01");
    assert_eq!(message.header().field_count(), 12);
}

#[test]
fn every_line_end_gives_the_same_segments() {
    let text = String::from_utf8(ADT.to_vec()).unwrap();
    for (name, changed) in [
        ("LF", text.replace('\r', "\n")),
        ("CRLF", text.replace('\r', "\r\n")),
        ("blank lines", text.replace('\r', "\r\r\n  \n")),
        ("mixed", text.replacen('\r', "\n", 1)),
        ("BOM", format!("\u{feff}{text}")),
        ("junk before", format!("\r\n \t\x0b{text}")),
        ("MLLP", format!("\x0b{text}\x1c\r")),
    ] {
        let message = Message::parse(changed.as_bytes()).unwrap();
        let ids: Vec<_> = message.segments().map(|segment| segment.id()).collect();
        assert_eq!(ids, ["MSH", "PID", "PV1"], "{name}");
        assert_eq!(message.segment("PV1").unwrap().field(2).value().text(), "I", "{name}");
    }
}

#[test]
fn leaves_are_the_deepest_level_that_the_bytes_have() {
    let message = Message::parse(ADT).unwrap();
    let places: Vec<String> = message.leaves().map(|leaf| leaf.place().to_string()).collect();
    assert_eq!(&places[..3], ["MSH[1]-3[1].1", "MSH[1]-4[1].1", "MSH[1]-7[1].1"]);
    assert!(places.contains(&"PID[1]-3[2].4.1".to_owned()) && places.contains(&"PID[1]-8[1].1".to_owned()));
    for leaf in message.leaves() {
        assert_eq!(message.value_at(leaf.place()).offset(), leaf.offset());
    }
}

#[test]
fn errors_name_the_place() {
    let parse = |bytes: &[u8]| Message::parse(bytes).map(|_| ()).unwrap_err();
    assert_eq!(parse(b" \r\n"), ParseError::Empty);
    assert_eq!(parse(b"PID|1"), ParseError::MissingHeader { offset: 0 });
    assert_eq!(parse(b"MSH|^~\\&|\rhello"), ParseError::InvalidSegmentName { line: 2, offset: 10 });
    let second = Place::of_segment(*b"MSH", 2);
    assert_eq!(parse(b"MSH|^~\\&|\rMSH|^~\\&|"), ParseError::SecondHeader { place: second, offset: 10 });
    assert_eq!(parse(b"FHS|^~\\&|"), ParseError::BatchEnvelope { offset: 0 });
    // Found by fuzzing: fields of an envelope inside a message were no leaves.
    for name in ["FHS", "BHS", "BTS", "FTS"] {
        let bytes = format!("MSH|^~\\&|\r{name}|1||x\r");
        assert_eq!(parse(bytes.as_bytes()), ParseError::BatchEnvelope { offset: 10 });
    }
    assert_eq!(parse(b"MSH|^^\\&|").code(), "invalid-delimiters");
}
