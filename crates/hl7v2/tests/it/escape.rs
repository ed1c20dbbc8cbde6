//! Escape sequences.

use hl7v2::{Charset, Delimiters, Message, escape};

fn decode(raw: &[u8]) -> String {
    escape::decode(raw, &Delimiters::default(), Charset::LATIN1).into_owned()
}

#[test]
fn every_sequence_has_its_text() {
    for (raw, text) in [
        (&br"\F\\S\\T\\R\\E\\P\"[..], r"|^&~\#"),
        (br"\X41\\X4243\\x44\", "ABCD"),
        (br"\XE9\", "é"),
        (br"a\.br\b\.BR\c", "a\nb\nc"),
        (br"a\.sp\b\.sp3\c\.sp+2\d\.sp 1\e", "a\nb\n\n\nc\n\nd\ne"),
        (br"a\.ce\b\.fi\c\.nf\d", "a\nbcd"),
        (br"\.in+4\a\.in-2\b\.ti+3\c\.ti-3\d\.sk 2\e", "ab   cd  e"),
        (br"\H\loud\N\ quiet", "loud quiet"),
        (br"\C2D42\", ""),
        (b"\\C2D42\\\xB1 \\C2D41\\\xB1", "ą ±"),
    ] {
        assert_eq!(decode(raw), text, "{}", String::from_utf8_lossy(raw));
    }
}

#[test]
fn what_is_unknown_or_open_is_kept_as_it_stands() {
    for raw in [
        r"\",
        r"\\",
        r"\\\",
        r"a\b",
        r"C:\temp\x",
        r"\Zlocal\",
        r"\M2442\",
        r"\X4\",
        r"\X\",
        r"\XGG\",
        r"\.xy\",
        r"\.br1\",
        r"\.sp-1\",
        r"\.sp99999999\",
        r"\.skx\",
        r"\C9999\",
        r"\F",
        r"50\50",
    ] {
        assert_eq!(decode(raw.as_bytes()), raw);
    }
    // The end of an unknown sequence may open a known one.
    assert_eq!(decode(br"C:\temp\T\x"), r"C:\temp&x");
}

#[test]
fn halves_of_a_character_join_across_sequences() {
    assert_eq!(escape::decode(br"\XC3\\XA9\", &Delimiters::default(), Charset::UTF8), "é");
}

#[test]
fn bytes_that_panic_in_another_parser_do_not_here() {
    // hl7-parser 0.3 panics on this.
    for charset in [Charset::UTF8, Charset::LATIN1] {
        assert!(escape::decode("ëëë\\F\\".as_bytes(), &Delimiters::default(), charset).ends_with('|'));
    }
}

#[test]
fn other_separators_have_other_texts() {
    let message = Message::parse(b"MSH:/*!+%:A\rNTE:1::a!F!b!S!c!T!d!R!e!E!f!P!g!.br!h\r").unwrap();
    let text = message.segment("NTE").unwrap().field(3).value().text();
    assert_eq!(text, "a:b/c+d*e!f%g\nh");
}

#[test]
fn without_an_escape_character_nothing_is_a_sequence() {
    let message = Message::parse(b"MSH|^~|A\rNTE|1||a\\F\\b&c\r").unwrap();
    let value = message.segment("NTE").unwrap().field(3).value();
    assert_eq!(value.text(), r"a\F\b&c");
    assert_eq!(escape::encode("a|b", &message.delimiters()), "a b");
}

#[test]
fn a_text_of_two_quotes_is_not_a_null() {
    let encoded = escape::encode("\"\"", &Delimiters::default());
    assert_eq!(encoded, r"\X2222\");
    assert_eq!(decode(encoded.as_bytes()), "\"\"");
}
