//! Lines, limits and odd headers.

use hl7v2::{Limits, Message, ParseError, ParseOptions};

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    Message::parse(bytes).unwrap().warnings().iter().map(|warning| warning.code()).collect()
}

#[test]
fn encoding_characters_may_be_fewer_or_more() {
    let read = |msh2: &str| {
        let bytes = format!("MSH|{msh2}|A\rPID|a&b^c~d\r").into_bytes();
        let message = Message::parse(&bytes).unwrap();
        let field = message.segment("PID").unwrap().field(1);
        let first = field.first();
        (field.repetition_count(), first.component_count(), first.component(1).subcomponent_count())
    };
    assert_eq!(read("^~\\&"), (2, 2, 2));
    assert_eq!(read("^~\\&#"), (2, 2, 2));
    assert_eq!(read("^~\\"), (2, 2, 1));
    assert_eq!(read("^~"), (2, 2, 1));
    assert_eq!(read("^"), (1, 2, 1));
    assert_eq!(read(""), (2, 2, 2));
    assert_eq!(read("^~\\\\&"), (2, 2, 2));
    assert_eq!(read("^~\\&#!"), (2, 2, 2));
    assert_eq!(codes(b"MSH||A\r"), ["delimiters-assumed"]);
    assert_eq!(codes(b"MSH|^~\\\\&|A\r"), ["delimiters-doubled"]);
    assert_eq!(codes(b"MSH|^~\\&#!|A\r"), ["delimiters-surplus"]);
    assert_eq!(codes(b"MSH|^~\\&#|A\r"), [""; 0]);
}

#[test]
fn a_truncated_value_is_seen() {
    let message = Message::parse(b"MSH|^~\\&#|A\rNTE|1||cut sho#\r").unwrap();
    assert!(message.segment("NTE").unwrap().field(3).value().is_truncated());
    let message = Message::parse(b"MSH|^~\\&|A\rNTE|1||issue #\r").unwrap();
    assert!(!message.segment("NTE").unwrap().field(3).value().is_truncated());
}

#[test]
fn unusable_separators_are_refused() {
    for bytes in
        [&b"MSHA^~\\&A"[..], b"MSH|^^\\&|", b"MSH|a~\\&|", b"MSH|^~\\\"|", b"MSH \r", b"MSH\r|^~\\&|"]
    {
        assert_eq!(Message::parse(bytes).map(|_| ()).unwrap_err().code(), "invalid-delimiters");
    }
    for bytes in [&b"MSH"[..], b"MS", b"M", b"xMSH|^~\\&|"] {
        assert_eq!(Message::parse(bytes).map(|_| ()).unwrap_err().code(), "missing-header");
    }
}

#[test]
fn a_line_feed_in_a_value_is_kept_where_segments_end_in_cr() {
    let bytes = b"MSH|^~\\&|A\rOBX|1|TX|x||first line\nsecond | line\n\nthird^|F\rNTE|1\r";
    let message = Message::parse(bytes).unwrap();
    assert_eq!(message.segments().count(), 3);
    let obx = message.segment("OBX").unwrap();
    assert_eq!(obx.field(5).value().text(), "first line\nsecond ");
    assert_eq!(obx.field(6).value().text(), " line\n\nthird");
    assert_eq!(obx.field(7).value().text(), "F");
    assert_eq!(codes(bytes), ["line-feed-in-field"]);
    // A segment without fields has no value that could go on.
    let error = Message::parse(b"MSH|^~\\&|A\rPV2\nsecond\r").map(|_| ()).unwrap_err();
    assert_eq!(error, ParseError::InvalidSegmentName { line: 3, offset: 15 });
    // Where segments end in LF, a line without a name is damage.
    let error = Message::parse(b"MSH|^~\\&|A\nOBX|1|TX|x||first\nsecond\n").map(|_| ()).unwrap_err();
    assert_eq!(error, ParseError::InvalidSegmentName { line: 3, offset: 29 });
}

#[test]
fn names_alone_and_names_of_our_own_are_segments() {
    let message = Message::parse(b"MSH|^~\\&|A\rZA1|x\rPV2\rZA1|y").unwrap();
    assert_eq!(message.segment("PV2").unwrap().field_count(), 0);
    let values: Vec<_> =
        message.segments_named("ZA1").map(|segment| segment.field(1).value().text()).collect();
    assert_eq!(values, ["x", "y"]);
    assert_eq!(message.segments_named("ZA1").nth(1).unwrap().place().to_string(), "ZA1[2]");
    assert!(message.segment("ZA").is_none() && message.segment("").is_none());
}

#[test]
fn limits_are_kept_and_named() {
    let refused = |bytes: &[u8], limits| {
        Message::parse_with(bytes, &ParseOptions { limits, charset: None }).map(|_| ()).unwrap_err()
    };
    let limits = Limits { bytes: 60, segments: 2, fields: 5 };
    let long = vec![b'x'; 61];
    assert_eq!(refused(&long, limits), ParseError::TooLarge { bytes: 61, limit: 60 });
    let three = b"MSH|^~\\&|\rPID|1\rPV1|1";
    assert_eq!(refused(three, limits), ParseError::TooManySegments { limit: 2, offset: 16 });
    let error = refused(b"MSH|^~\\&|\rPID|1|2|3|4|5|6", limits);
    assert_eq!((error.code(), error.place().unwrap().to_string()), ("too-many-fields", "PID[1]".to_owned()));

    let mut parts = b"MSH|^~\\&|\rOBX|1|".to_vec();
    parts.extend(std::iter::repeat_n(b'~', 70_000));
    let error = refused(&parts, Limits::default());
    assert_eq!((error.code(), error.place().unwrap().to_string()), ("too-many-parts", "OBX[1]-2".to_owned()));
}

#[test]
fn debug_prints_no_value() {
    let message = Message::parse(b"MSH|^~\\&|A\rPID|1||||Bos^A\r").unwrap();
    let pid = message.segment("PID").unwrap();
    let shown = format!(
        "{message:?} {pid:?} {:?} {:?} {:?} {:?}",
        pid.field(5),
        pid.field(5).first(),
        pid.field(5).first().component(1),
        pid.field(5).value()
    );
    assert!(!shown.contains("Bos"), "{shown}");
}
