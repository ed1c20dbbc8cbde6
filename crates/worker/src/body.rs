//! What stands in the body of a queue message.

use std::borrow::Cow;

use hl7v2::charset::Charset;
use zorgsluis_domain::QueueReference;

pub(crate) enum Body<'b> {
    Reference(QueueReference),
    Raw(Cow<'b, [u8]>),
    /// Neither; the code says why.
    Unknown(&'static str),
}

pub(crate) fn read(text: &str) -> Body<'_> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{b}');
    if trimmed.starts_with("MSH") {
        return Body::Raw(as_declared(trimmed));
    }
    if !trimmed.starts_with('{') {
        return Body::Unknown("not-a-message");
    }
    match serde_json::from_str::<QueueReference>(trimmed) {
        Ok(reference) if reference.v == 1 => Body::Reference(reference),
        Ok(_) => Body::Unknown("unknown-reference-version"),
        Err(_) => Body::Unknown("unknown-reference"),
    }
}

/// A message in a queue is Unicode, whatever MSH-18 says. What is stored must be what MSH-18 says, or
/// whoever reads it would read `Ã«` for `ë`; a message whose header names no such character set stays
/// as it is, and the parser recognises UTF-8.
fn as_declared(text: &str) -> Cow<'_, [u8]> {
    let as_it_is = Cow::Borrowed(text.as_bytes());
    if text.is_ascii() {
        return as_it_is;
    }
    let Ok(message) = hl7v2::Message::parse(text.as_bytes()) else { return as_it_is };
    let name = message.header().field(18).value().text();
    let Ok(charset) = Charset::for_name(&name) else { return as_it_is };
    if charset == Charset::UTF8 {
        return as_it_is;
    }
    let encoded = charset.encode(text);
    if charset.decode(&encoded) == text { encoded } else { as_it_is }
}
