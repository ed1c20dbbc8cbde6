//! Values of the primitive types of FHIR R4 (§2.24.0.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil;
use serde_json::Value;
use uuid::Uuid;

/// The primitive types that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Primitive {
    String,
    Uri,
    Code,
    Id,
    Boolean,
    Base64,
    Date,
    DateTime,
    Instant,
    Time,
    Decimal,
    Integer,
    UnsignedInt,
    PositiveInt,
}

impl Primitive {
    /// Whether the value is one of this type.
    pub(super) fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Boolean, Value::Bool(_)) => true,
            (Self::Decimal, Value::Number(number)) => is_decimal(&number.to_string()),
            (Self::Integer | Self::UnsignedInt | Self::PositiveInt, Value::Number(number)) => {
                number.to_string().parse::<i32>().is_ok_and(|number| match self {
                    Self::UnsignedInt => number >= 0,
                    Self::PositiveInt => number > 0,
                    _ => true,
                })
            }
            (_, Value::String(text)) => self.is_text(text),
            _ => false,
        }
    }

    fn is_text(self, text: &str) -> bool {
        match self {
            Self::String => is_string(text),
            Self::Uri => is_uri(text),
            Self::Code => {
                let words = |c: char| c.is_whitespace() && c != ' ';
                is_string(text) && text.trim() == text && !text.contains("  ") && !text.contains(words)
            }
            Self::Id => is_id(text),
            Self::Base64 => {
                let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                !packed.is_empty() && STANDARD.decode(packed).is_ok()
            }
            Self::Date => is_date(text),
            Self::DateTime => is_date(text) || instant(text).is_some(),
            Self::Instant => instant(text).is_some(),
            Self::Time => is_time(text),
            Self::Boolean | Self::Decimal | Self::Integer | Self::UnsignedInt | Self::PositiveInt => false,
        }
    }
}

fn is_string(text: &str) -> bool {
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    !text.trim().is_empty() && !text.contains(control)
}

fn is_uri(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if text.is_empty() || text.contains(blank) {
        return false;
    }
    if let Some(oid) = text.strip_prefix("urn:oid:") {
        return is_oid(oid);
    }
    if let Some(uuid) = text.strip_prefix("urn:uuid:") {
        let lower = !uuid.bytes().any(|byte| byte.is_ascii_uppercase());
        return uuid.len() == 36 && lower && Uuid::try_parse(uuid).is_ok();
    }
    true
}

fn is_oid(oid: &str) -> bool {
    let mut parts = oid.split('.');
    let root = parts.next().is_some_and(|root| matches!(root, "0" | "1" | "2"));
    let mut rest = parts.peekable();
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && (part == "0" || !part.starts_with('0'))
    };
    root && rest.peek().is_some() && rest.all(number)
}

/// FHIR R4 `id`.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, of a day that there is.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ => return false,
    };
    let shape = whole.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shape && !text.starts_with("0000") && whole.parse::<civil::Date>().is_ok()
}

/// `hh:mm:ss`, with fractions.
fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let two = |part: &str, below: u8| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number < below)
    };
    let parts: Vec<&str> = whole.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else { return false };
    let fraction = fraction
        .is_none_or(|part| (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    two(hours, 24) && two(minutes, 60) && two(seconds, 60) && fraction
}

/// `YYYY-MM-DDThh:mm:ss[.fff](Z|±hh:mm)`: FHIR `instant`. A leap second is not taken, nor more than nine digits of a
/// second.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once('T')?;
    let zone = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone)?;
    let known = match zone.strip_prefix(['+', '-']) {
        None => zone == "Z",
        Some(offset) => {
            let hours = offset.get(..2).and_then(|hours| hours.parse::<u8>().ok())?;
            offset.len() == 5 && (hours < 14 || offset == "14:00") && is_time(&format!("{offset}:00"))
        }
    };
    (date.len() == 10 && is_date(date) && is_time(time) && known).then(|| text.parse().ok()).flatten()
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`: what JSON calls a number.
fn is_decimal(text: &str) -> bool {
    text.len() <= 64 && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_of_their_type_or_not() {
        use Primitive as P;
        for (kind, good, bad) in [
            (P::String, vec!["a", "a\nb", "é"], vec!["", " ", "a\u{0}"]),
            (
                P::Uri,
                vec!["http://a", "urn:oid:2.16.528.1", "a"],
                vec!["", "a b", "urn:oid:9.1", "urn:oid:2.01", "urn:uuid:x"],
            ),
            (P::Code, vec!["a", "a b"], vec!["", " a", "a  b", "a\tb"]),
            (P::Id, vec!["a-1.B"], vec!["", "a_b", "é"]),
            (P::Base64, vec!["YQ==", "YW\nJj"], vec!["", "YQ", "*"]),
            (
                P::Date,
                vec!["2026", "2026-11", "2024-02-29"],
                vec!["2026-02-29", "26", "2026-1", "0000", "2026-11-22T"],
            ),
            (
                P::Instant,
                vec!["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123456789+14:00"],
                vec![
                    "2026-11-22",
                    "2026-11-22T10:00Z",
                    "2026-11-22T10:00:00",
                    "2026-11-22T24:00:00Z",
                    "2026-11-22T10:00:60Z",
                    "2026-11-22T10:00:00+15:00",
                    "2026-11-22T10:00:00z",
                    "2026-11-22 10:00:00Z",
                    "T",
                    "2026-11-22TZ",
                    "é",
                ],
            ),
            (P::DateTime, vec!["2026", "2026-11-22T10:00:00-05:00"], vec!["2026-11-22T10", ""]),
            (P::Time, vec!["23:59:59.5"], vec!["24:00:00", "1:00:00", "10:00", "10:00:00."]),
        ] {
            for text in good {
                assert!(kind.holds(&json!(text)), "{kind:?} {text}");
            }
            for text in bad {
                assert!(!kind.holds(&json!(text)), "{kind:?} {text}");
            }
            assert!(!kind.holds(&json!(1)) && !kind.holds(&Value::Null), "{kind:?}");
        }
        for (kind, text, is) in [
            (P::Integer, "-3", true),
            (P::Integer, "3.0", false),
            (P::UnsignedInt, "-1", false),
            (P::PositiveInt, "0", false),
            (P::PositiveInt, "2147483648", false),
            (P::Decimal, "1.50", true),
            (P::Decimal, "1e400", false),
            (P::Boolean, "true", true),
        ] {
            assert_eq!(kind.holds(&serde_json::from_str(text).unwrap()), is, "{kind:?} {text}");
        }
    }
}
