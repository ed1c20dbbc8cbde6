//! Character sets: from MSH-18 (HL7 table 0211) to text.
//!
//! The separators of HL7 are ASCII, and this crate splits bytes before it decodes them. So only character sets
//! in which an ASCII byte always means that ASCII character can be read: 8859/1 to 8859/16, UTF-8, windows-125x
//! and KS X 1001. In Big5, GB 18030 and ISO-2022 a `|` may be half a character; those are named unsupported.

use crate::WarningKind;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// A character set that messages can be read in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ascii,
    /// ISO 8859-1 to the letter: encoding_rs means windows-1252 by that name.
    Latin1,
    /// ISO 8859-9 to the letter: encoding_rs means windows-1254 by that name.
    Latin5,
    Utf8,
    Other(&'static str, &'static Encoding),
}

/// Why a name in MSH-18 gives no [`Charset`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// The name stands in no table here.
    #[error("unknown character set")]
    Unknown,
    /// A character set whose bytes cannot be told from separators.
    #[error("character set not supported")]
    Unsupported,
}

impl Charset {
    /// 7-bit ASCII (ISO IR6), what HL7 assumes when MSH-18 is empty.
    pub const ASCII: Self = Self(Kind::Ascii);
    /// ISO 8859-1, `8859/1`.
    pub const LATIN1: Self = Self(Kind::Latin1);
    /// UTF-8, `UNICODE UTF-8`. A value that is not valid UTF-8 is read as 8859/1, so that nothing is lost.
    pub const UTF8: Self = Self(Kind::Utf8);

    /// The character set of a name in MSH-18, in HL7's spelling (`8859/15`, `UNICODE UTF-8`) or a usual one
    /// (`ISO-8859-15`, `utf8`, `windows-1252`).
    pub fn for_name(name: &str) -> Result<Self, CharsetError> {
        let key: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        if let Some(known) = Self::for_plain_name(&key) {
            return Ok(known);
        }
        let unsupported = [
            "ISOIR14",
            "ISOIR87",
            "ISOIR159",
            "GB18030",
            "GB180302000",
            "GBK",
            "GB2312",
            "CNS116431992",
            "BIG5",
            "SHIFTJIS",
            "SJIS",
            "EUCJP",
            "UNICODEUTF16",
            "UNICODEUTF32",
            "UTF16",
            "UTF16LE",
            "UTF16BE",
            "UTF32",
        ];
        if unsupported.contains(&key.as_str()) {
            return Err(CharsetError::Unsupported);
        }
        Err(CharsetError::Unknown)
    }

    fn for_plain_name(key: &str) -> Option<Self> {
        let other = |name, encoding| Some(Self(Kind::Other(name, encoding)));
        let key = key.strip_prefix("UNICODE").filter(|rest| !rest.is_empty()).unwrap_or(key);
        match key {
            "ASCII" | "USASCII" | "ISOIR6" | "7BITASCII" | "ANSIX341968" => Some(Self::ASCII),
            "UTF8" | "UNICODE" | "ISOIR192" => Some(Self::UTF8),
            "LATIN1" | "ISOIR100" => Some(Self::LATIN1),
            "LATIN5" | "ISOIR148" => Some(Self(Kind::Latin5)),
            "ISOIR101" => Self::for_part("2"),
            "ISOIR109" => Self::for_part("3"),
            "ISOIR110" => Self::for_part("4"),
            "ISOIR144" => Self::for_part("5"),
            "ISOIR127" => Self::for_part("6"),
            "ISOIR126" => Self::for_part("7"),
            "ISOIR138" => Self::for_part("8"),
            "LATIN9" | "ISOIR203" => Self::for_part("15"),
            "WINDOWS1250" | "CP1250" => other("windows-1250", encoding_rs::WINDOWS_1250),
            "WINDOWS1251" | "CP1251" => other("windows-1251", encoding_rs::WINDOWS_1251),
            "WINDOWS1252" | "CP1252" | "ANSI" => other("windows-1252", encoding_rs::WINDOWS_1252),
            "WINDOWS1254" | "CP1254" => other("windows-1254", encoding_rs::WINDOWS_1254),
            "KSX1001" | "EUCKR" => other("KS X 1001", encoding_rs::EUC_KR),
            _ => Self::for_part(key.strip_prefix("ISO").unwrap_or(key).strip_prefix("8859")?),
        }
    }

    /// ISO 8859, by its part.
    fn for_part(part: &str) -> Option<Self> {
        let (name, encoding) = match part {
            "1" => return Some(Self::LATIN1),
            "9" => return Some(Self(Kind::Latin5)),
            "2" => ("8859/2", encoding_rs::ISO_8859_2),
            "3" => ("8859/3", encoding_rs::ISO_8859_3),
            "4" => ("8859/4", encoding_rs::ISO_8859_4),
            "5" => ("8859/5", encoding_rs::ISO_8859_5),
            "6" => ("8859/6", encoding_rs::ISO_8859_6),
            "7" => ("8859/7", encoding_rs::ISO_8859_7),
            "8" => ("8859/8", encoding_rs::ISO_8859_8),
            "10" => ("8859/10", encoding_rs::ISO_8859_10),
            "11" => ("8859/11", encoding_rs::WINDOWS_874),
            "13" => ("8859/13", encoding_rs::ISO_8859_13),
            "14" => ("8859/14", encoding_rs::ISO_8859_14),
            "15" => ("8859/15", encoding_rs::ISO_8859_15),
            "16" => ("8859/16", encoding_rs::ISO_8859_16),
            _ => return None,
        };
        Some(Self(Kind::Other(name, encoding)))
    }

    /// The character set that an escape `\Cxxyy\` switches to (HL7 v2.5.1 §2.7.2), by its hexadecimal digits.
    pub(crate) fn for_switch(digits: &[u8]) -> Option<Self> {
        match digits {
            b"2842" | b"284A" => Some(Self::ASCII),
            b"2D41" => Some(Self::LATIN1),
            b"2D42" => Self::for_part("2"),
            b"2D43" => Self::for_part("3"),
            b"2D44" => Self::for_part("4"),
            b"2D4C" => Self::for_part("5"),
            b"2D47" => Self::for_part("6"),
            b"2D46" => Self::for_part("7"),
            b"2D48" => Self::for_part("8"),
            b"2D4D" => Self::for_part("9"),
            b"2D62" => Self::for_part("15"),
            _ => None,
        }
    }

    /// The name, in HL7's spelling where table 0211 has it.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kind::Ascii => "ASCII",
            Kind::Latin1 => "8859/1",
            Kind::Latin5 => "8859/9",
            Kind::Utf8 => "UNICODE UTF-8",
            Kind::Other(name, _) => name,
        }
    }

    /// Whether every byte sequence here means a text. A single-byte set takes all, the others do not.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        match self.0 {
            Kind::Latin1 | Kind::Latin5 => true,
            Kind::Ascii => bytes.is_ascii(),
            Kind::Utf8 => core::str::from_utf8(bytes).is_ok(),
            Kind::Other(_, encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
            }
        }
    }

    fn is_single_byte(&self) -> bool {
        match self.0 {
            Kind::Latin1 | Kind::Latin5 => true,
            Kind::Ascii | Kind::Utf8 => false,
            Kind::Other(_, encoding) => encoding.is_single_byte(),
        }
    }

    /// The bytes as text where that is the same bytes; `None` where a byte must be read as another.
    pub(crate) fn as_it_is<'b>(&self, bytes: &'b [u8]) -> Option<&'b str> {
        let may_be = matches!(self.0, Kind::Ascii | Kind::Utf8) || bytes.is_ascii();
        if may_be { core::str::from_utf8(bytes).ok() } else { None }
    }

    /// The text of the bytes. Bytes that do not fit are read as 8859/1 in ASCII and UTF-8, and become U+FFFD in
    /// other sets.
    pub fn decode<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        match self.0 {
            Kind::Ascii | Kind::Utf8 => match core::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => encoding_rs::mem::decode_latin1(bytes),
            },
            Kind::Latin1 => encoding_rs::mem::decode_latin1(bytes),
            Kind::Latin5 => match core::str::from_utf8(bytes) {
                Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
                _ => Cow::Owned(bytes.iter().map(|&byte| latin5(byte)).collect()),
            },
            Kind::Other(_, encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }

    /// The bytes of a text; a character that the set does not have becomes `?`.
    pub fn encode<'t>(&self, text: &'t str) -> Cow<'t, [u8]> {
        if text.is_ascii() {
            return Cow::Borrowed(text.as_bytes());
        }
        let one = |c: char| -> Option<u8> {
            match self.0 {
                Kind::Ascii => u8::try_from(c).ok().filter(u8::is_ascii),
                Kind::Latin1 => u8::try_from(c).ok(),
                _ => (0..=u8::MAX).find(|&byte| latin5(byte) == c),
            }
        };
        match self.0 {
            Kind::Utf8 => Cow::Borrowed(text.as_bytes()),
            Kind::Ascii | Kind::Latin1 | Kind::Latin5 => {
                Cow::Owned(text.chars().map(|c| one(c).unwrap_or(b'?')).collect())
            }
            Kind::Other(_, encoding) => {
                let mut bytes = Vec::with_capacity(text.len());
                let mut buffer = [0; 4];
                for c in text.chars() {
                    let (encoded, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
                    if unmappable { bytes.push(b'?') } else { bytes.extend_from_slice(&encoded) }
                }
                Cow::Owned(bytes)
            }
        }
    }
}

impl core::fmt::Debug for Charset {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Charset({})", self.name())
    }
}

/// ISO 8859-9 is 8859-1 with six Turkish letters.
fn latin5(byte: u8) -> char {
    match byte {
        0xD0 => 'Ğ',
        0xDD => 'İ',
        0xDE => 'Ş',
        0xF0 => 'ğ',
        0xFD => 'ı',
        0xFE => 'ş',
        other => char::from(other),
    }
}

/// UTF-16 with a byte order mark (or with MSH visibly in two-byte characters) as UTF-8; `None` when the bytes are
/// something else. [`Message::parse`](crate::Message::parse) refuses UTF-16 because it borrows the bytes.
pub fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let encoding = utf16(bytes)?;
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    Some(text.into_owned().into_bytes())
}

pub(crate) fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xFF, 0xFE, ..] | [b'M', 0, b'S', 0, b'H', 0, ..] => Some(encoding_rs::UTF_16LE),
        [0xFE, 0xFF, ..] | [0, b'M', 0, b'S', 0, b'H', ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The character set of a message by what MSH-18 declares (its repetitions in order) and by its bytes, and what
/// is odd about it.
pub(crate) fn choose<'n>(
    bytes: &[u8],
    declared: impl Iterator<Item = &'n [u8]>,
) -> (Charset, Option<WarningKind>) {
    let ascii = bytes.is_ascii();
    let mut problem = None;
    let mut named = false;
    // Those that do not fit: what is declared again is not looked through again.
    let mut tried = Vec::new();
    for (index, name) in declared.enumerate() {
        // An empty first repetition means ASCII (HL7 v2.5.1 §2.15.9.18); MSH-18 may also be wholly empty.
        if name.is_empty() || name == b"\"\"" {
            continue;
        }
        named = true;
        match core::str::from_utf8(name).map_err(|_| CharsetError::Unknown).and_then(Charset::for_name) {
            Ok(charset) if tried.contains(&charset) => {}
            Ok(charset) if charset.fits(bytes) => {
                let controls = charset == Charset::LATIN1
                    && !ascii
                    && bytes.iter().any(|byte| (0x80..=0x9F).contains(byte));
                // Letters of a single-byte set make UTF-8 only by a rare chance: somebody forgot to convert.
                let utf8 = !ascii && charset.is_single_byte() && core::str::from_utf8(bytes).is_ok();
                let odd = if index > 0 { problem } else { None };
                let odd = odd.or(utf8.then_some(WarningKind::CharsetMismatch));
                return (charset, odd.or(controls.then_some(WarningKind::CharsetControls)));
            }
            Ok(charset) => {
                problem = problem.or(Some(WarningKind::CharsetMismatch));
                tried.push(charset);
            }
            Err(CharsetError::Unknown) => problem = problem.or(Some(WarningKind::CharsetUnknown)),
            Err(CharsetError::Unsupported) => problem = problem.or(Some(WarningKind::CharsetUnsupported)),
        }
    }
    if !named && !ascii && core::str::from_utf8(bytes).is_err() {
        return (Charset::LATIN1, Some(WarningKind::CharsetAssumed));
    }
    // UTF-8 reads ASCII as it is and a value that is not UTF-8 as 8859/1.
    (if ascii { Charset::ASCII } else { Charset::UTF8 }, problem)
}
