//! Escape sequences (HL7 v2.5.1 §2.7): from raw bytes to text and back.
//!
//! | Sequence | Text |
//! |---|---|
//! | `\F\ \S\ \T\ \R\ \E\ \P\` | the field, component, subcomponent, repetition, escape and truncation character |
//! | `\Xdd..\` | bytes, in the character set of the message |
//! | `\.br\ \.ce\` | a line break |
//! | `\.sp\ \.spN\` | one line break, N line breaks |
//! | `\.skN\ \.tiN\` | N spaces |
//! | `\.in..\ \.ti-N\ \.fi\ \.nf\ \H\ \N\` | nothing: indentation, wrapping and highlighting |
//! | `\Cxxyy\` | the rest of the value is in another single-byte character set |
//! | `\Mxxyyzz\ \Z..\`, unknown, unterminated | kept as they stand |
//!
//! ```
//! use hl7v2::{Charset, Delimiters, escape};
//! let delimiters = Delimiters::default();
//! assert_eq!(escape::decode(br"Jansen \T\ Zn\.br\XE9: \XE9\", &delimiters, Charset::LATIN1), "Jansen & Zn\nXE9: é");
//! assert_eq!(escape::encode("a|b", &delimiters), r"a\F\b");
//! ```

use crate::{Charset, Delimiters};
use std::borrow::Cow;

/// How many line breaks or spaces one sequence may stand for; one that asks for more is kept as it stands, so
/// that a short message cannot grow into a long text.
const MOST_BLANKS: usize = 200;

/// The text of raw bytes: escapes resolved, then the character set.
pub fn decode<'b>(raw: &'b [u8], delimiters: &Delimiters, charset: Charset) -> Cow<'b, str> {
    let Some(escape) = delimiters.escape else { return charset.decode(raw) };
    let Some(first) = memchr::memchr(escape, raw) else { return charset.decode(raw) };

    let mut text = String::new();
    let mut current = charset;
    // Bytes wait here until the character set changes: `\XC3\` and `\XA9\` may be two halves of one character.
    let mut pending = Vec::with_capacity(raw.len());
    let (before, mut rest) = raw.split_at_checked(first).unwrap_or((raw, &[]));
    pending.extend_from_slice(before);
    while let Some((_, behind)) = rest.split_first() {
        let sequence = memchr::memchr(escape, behind).and_then(|end| behind.get(..end));
        let resolved = sequence.and_then(|sequence| Sequence::read(sequence, delimiters));
        let used = match (sequence, resolved) {
            (Some(sequence), Some(resolved)) => {
                match resolved {
                    Sequence::Byte(byte) => pending.push(byte),
                    Sequence::Hex(digits) => pending.extend(digits.chunks_exact(2).filter_map(hex_byte)),
                    Sequence::Blank(byte, count) => pending.extend(core::iter::repeat_n(byte, count)),
                    Sequence::Nothing => {}
                    Sequence::Switch(to) => {
                        text.push_str(&current.decode(&pending));
                        pending.clear();
                        current = to;
                    }
                }
                sequence.len().saturating_add(2)
            }
            // Kept as it stands; the next escape character may open a sequence of its own.
            _ => {
                pending.push(escape);
                1
            }
        };
        rest = rest.get(used..).unwrap_or_default();
        let plain = memchr::memchr(escape, rest).unwrap_or(rest.len());
        let (before, next) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        pending.extend_from_slice(before);
        rest = next;
    }
    text.push_str(&current.decode(&pending));
    Cow::Owned(text)
}

enum Sequence<'b> {
    Byte(u8),
    Hex(&'b [u8]),
    Blank(u8, usize),
    Nothing,
    Switch(Charset),
}

impl<'b> Sequence<'b> {
    /// What stands between two escape characters; `None` for what is unknown here.
    fn read(sequence: &'b [u8], delimiters: &Delimiters) -> Option<Self> {
        match *sequence {
            [b'F'] => Some(Self::Byte(delimiters.field)),
            [b'S'] => Some(Self::Byte(delimiters.component)),
            [b'T'] => Some(Self::Byte(delimiters.subcomponent.unwrap_or(b'&'))),
            [b'R'] => Some(Self::Byte(delimiters.repetition.unwrap_or(b'~'))),
            [b'E'] => delimiters.escape.map(Self::Byte),
            [b'P'] => Some(Self::Byte(delimiters.truncation.unwrap_or(b'#'))),
            [b'H' | b'N'] => Some(Self::Nothing),
            [b'X' | b'x', ref digits @ ..]
                if !digits.is_empty()
                    && digits.len().is_multiple_of(2)
                    && digits.iter().all(u8::is_ascii_hexdigit) =>
            {
                Some(Self::Hex(digits))
            }
            [b'C', ref digits @ ..] => Charset::for_switch(&digits.to_ascii_uppercase()).map(Self::Switch),
            [b'.', a, b, ref argument @ ..] => {
                Self::formatting([a.to_ascii_lowercase(), b.to_ascii_lowercase()], argument)
            }
            _ => None,
        }
    }

    /// HL7 v2.5.1 §2.7.6, formatted text.
    fn formatting(command: [u8; 2], argument: &[u8]) -> Option<Self> {
        let argument = core::str::from_utf8(argument).ok()?.trim();
        let number = || argument.strip_prefix('+').unwrap_or(argument).parse::<i32>().ok();
        let blanks = |n: i32| usize::try_from(n).ok().filter(|&n| n <= MOST_BLANKS);
        match &command {
            b"br" | b"ce" if argument.is_empty() => Some(Self::Blank(b'\n', 1)),
            b"fi" | b"nf" if argument.is_empty() => Some(Self::Nothing),
            b"sp" if argument.is_empty() => Some(Self::Blank(b'\n', 1)),
            b"sp" => Some(Self::Blank(b'\n', blanks(number()?)?)),
            b"sk" => Some(Self::Blank(b' ', blanks(number()?)?)),
            b"ti" => number()
                .and_then(|n| if n < 0 { Some(Self::Nothing) } else { Some(Self::Blank(b' ', blanks(n)?)) }),
            b"in" => number().map(|_| Self::Nothing),
            _ => None,
        }
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

/// Escapes a text for a field, so that [`decode`] gives it back.
///
/// Separators become their sequences and control characters `\Xdd\`. A text that is `""` would mean an explicit
/// null and becomes `\X2222\`. Where the message has no escape character, none of this can be written: separators
/// and control characters become spaces.
pub fn encode<'t>(text: &'t str, delimiters: &Delimiters) -> Cow<'t, str> {
    let special = |c: char| c.is_ascii_control() || delimiters.all().any(|byte| char::from(byte) == c);
    if text == "\"\"" && delimiters.escape.is_some() {
        let escape = delimiters.escape.map_or('\\', char::from);
        return Cow::Owned(format!("{escape}X2222{escape}"));
    }
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        if !special(c) {
            encoded.push(c);
            continue;
        }
        let Some(escape) = delimiters.escape.map(char::from) else {
            encoded.push(' ');
            continue;
        };
        let is = |separator: Option<u8>| separator.map(char::from) == Some(c);
        encoded.push(escape);
        match c {
            _ if is(Some(delimiters.field)) => encoded.push('F'),
            _ if is(Some(delimiters.component)) => encoded.push('S'),
            _ if is(delimiters.subcomponent) => encoded.push('T'),
            _ if is(delimiters.repetition) => encoded.push('R'),
            _ if is(delimiters.escape) => encoded.push('E'),
            _ if is(delimiters.truncation) => encoded.push('P'),
            control => encoded.push_str(&format!("X{:02X}", u32::from(control))),
        }
        encoded.push(escape);
    }
    Cow::Owned(encoded)
}
