//! Character sets by MSH-18.

use hl7v2::charset::{CharsetError, from_utf16};
use hl7v2::{Charset, Message, ParseError, ParseOptions};

fn read(msh18: &str, name: &[u8]) -> (String, Vec<&'static str>) {
    let mut bytes = format!("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5||||||{msh18}\rPID|1||||").into_bytes();
    bytes.extend_from_slice(name);
    let message = Message::parse(&bytes).unwrap();
    let text = message.segment("PID").unwrap().field(5).value().text().into_owned();
    (text, message.warnings().iter().map(|warning| warning.code()).collect())
}

#[test]
fn declared_sets_are_read() {
    for (declared, bytes, text) in [
        ("8859/1", &b"Andr\xE9"[..], "André"),
        ("8859/2", b"\xA3\xF3d\xBC", "Łódź"),
        ("8859/5", b"\xBC\xD8\xE0", "Мир"),
        ("8859/7", b"\xC1\xE8", "Αθ"),
        ("8859/9", b"\xDEi\xFEli \xDD", "Şişli İ"),
        ("8859/15", b"\xA4 \xBD", "€ œ"),
        ("UNICODE UTF-8", "Zoë".as_bytes(), "Zoë"),
        ("UNICODE", "Zoë".as_bytes(), "Zoë"),
        ("utf-8", "Zoë".as_bytes(), "Zoë"),
        ("ISO IR100", b"\xE9", "é"),
        ("windows-1252", b"\x80", "€"),
        ("KS X 1001", b"\xB0\xA1", "가"),
        ("ASCII", b"plain", "plain"),
        ("", "Zoë".as_bytes(), "Zoë"),
        ("", b"plain", "plain"),
        // The first is the default of the message; a later one that fits is better than a guess.
        ("8859/1~UNICODE UTF-8", b"\xE9", "é"),
        ("~8859/15", b"\xA4", "€"),
    ] {
        assert_eq!(read(declared, bytes), (text.to_owned(), vec![]), "{declared}");
    }
}

#[test]
fn what_does_not_fit_is_read_all_the_same_and_said() {
    for (declared, bytes, text, warning) in [
        ("", &b"Andr\xE9"[..], "André", "charset-assumed"),
        ("ASCII", b"Andr\xE9", "André", "charset-mismatch"),
        ("ASCII", "Zoë".as_bytes(), "Zoë", "charset-mismatch"),
        ("ASCII~8859/15", b"\xA4", "€", "charset-mismatch"),
        ("UNICODE UTF-8", b"Andr\xE9", "André", "charset-mismatch"),
        ("8859/1", b"\x80", "\u{80}", "charset-controls"),
        ("8859/1", "Zoë".as_bytes(), "ZoÃ«", "charset-mismatch"),
        ("8859/15", "Zoë".as_bytes(), "ZoÃ«", "charset-mismatch"),
        ("Klingon", "Zoë".as_bytes(), "Zoë", "charset-unknown"),
        ("BIG-5", b"\xE9", "é", "charset-unsupported"),
        ("UNICODE UTF-16", b"x", "x", "charset-unsupported"),
        ("Klingon", b"x", "x", "charset-unknown"),
    ] {
        assert_eq!(read(declared, bytes), (text.to_owned(), vec![warning]), "{declared}");
    }
}

#[test]
fn an_invalid_value_spoils_no_other() {
    let message = Message::parse(b"MSH|^~\\&||||||||||||||||UNICODE UTF-8\rPID|\xC3\xAB|\xEB").unwrap();
    let pid = message.segment("PID").unwrap();
    assert_eq!((pid.field(1).value().text(), pid.field(2).value().text()), ("ë".into(), "ë".into()));
}

#[test]
fn a_profile_can_overrule() {
    let bytes = b"MSH|^~\\&||||||||||||||||8859/1\rPID|\x80";
    let charset = Some(Charset::for_name("windows-1252").unwrap());
    let options = ParseOptions { charset, ..ParseOptions::default() };
    let message = Message::parse_with(bytes, &options).unwrap();
    assert_eq!(message.segment("PID").unwrap().field(1).value().text(), "€");
    assert!(message.warnings().is_empty());
}

#[test]
fn utf16_is_refused_and_can_be_converted() {
    let text = "MSH|^~\\&|Zoë\r";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert_eq!(Message::parse(&bytes).map(|_| ()).unwrap_err(), ParseError::Utf16);
        let utf8 = from_utf16(&bytes).unwrap();
        assert_eq!(Message::parse(&utf8).unwrap().header().field(3).value().text(), "Zoë");
    }
    assert_eq!(from_utf16(text.as_bytes()), None);
}

#[test]
fn encoding_is_the_way_back() {
    for name in ["8859/1", "8859/2", "8859/9", "8859/15", "UNICODE UTF-8", "windows-1252"] {
        let charset = Charset::for_name(name).unwrap();
        let all: Vec<u8> = (0..=255).collect();
        if name != "UNICODE UTF-8" {
            assert_eq!(charset.encode(&charset.decode(&all)).as_ref(), all, "{name}");
        }
        assert_eq!(charset.name(), name);
    }
    assert_eq!(Charset::LATIN1.encode("é€").as_ref(), b"\xE9?");
    assert_eq!(Charset::for_name("8859/15").unwrap().encode("€→").as_ref(), b"\xA4?");
    assert_eq!(Charset::for_name("GB 18030-2000"), Err(CharsetError::Unsupported));
    assert_eq!(Charset::for_name("8859/12"), Err(CharsetError::Unknown));
}

#[test]
fn a_set_that_is_declared_over_and_over_is_tried_once() {
    let text = "x".repeat(2 << 20);
    let least = |times: usize| {
        let declared = "KS X 1001~".repeat(times);
        let message =
            [format!("MSH|^~\\&||||||||||||||||{declared}\rNTE|{text}").as_bytes(), b"\xFF"].concat();
        let time = || {
            let start = std::time::Instant::now();
            assert_eq!(Message::parse(&message).unwrap().charset(), Charset::UTF8);
            start.elapsed()
        };
        (0..3).map(|_| time()).min().unwrap()
    };
    // Looking through two megabytes for each took thousands of times as long; reading MSH takes a little.
    let (once, over) = (least(1), least(20_000));
    assert!(over < once * 200, "{once:?}, and declared over and over {over:?}");
}
