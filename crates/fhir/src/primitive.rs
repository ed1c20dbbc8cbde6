//! Primitives that need more than a string.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// `urn:uuid:<id>`: a Bundle entry's `fullUrl`, and a reference to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Urn(pub Uuid);

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.urn().fmt(f)
    }
}

impl fmt::Debug for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Urn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.urn().encode_lower(&mut buffer))
    }
}

/// `Type/id`: the address in a Bundle entry's request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RelativeUrl {
    /// The resource's type.
    pub kind: &'static str,
    /// The resource's id.
    pub id: Uuid,
}

impl fmt::Display for RelativeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl fmt::Debug for RelativeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RelativeUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut url = String::with_capacity(self.kind.len() + 37);
        url.push_str(self.kind);
        url.push('/');
        url.push_str(self.id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        serializer.serialize_str(&url)
    }
}

/// A decimal with the digits that the sender wrote: `5.40` stays `5.40`
/// (FHIR R4 §2.24.0.1: the precision of a decimal has meaning).
#[derive(Clone, PartialEq, Eq)]
pub struct Decimal<'a>(Cow<'a, str>);

impl<'a> Decimal<'a> {
    /// A decimal from text that is one by FHIR's rule, `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    /// and at most 18 digits; `None` otherwise.
    pub fn parse(text: Cow<'a, str>) -> Option<Self> {
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(&text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((m, e)) => (m, Some(e)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((w, f)) => (w, Some(f)),
            None => (mantissa, None),
        };
        let exponent_ok = exponent.is_none_or(|e| {
            let e = e.strip_prefix(['+', '-']).unwrap_or(e);
            digits(e) && e.len() <= 2
        });
        let ok = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent_ok
            && mantissa.len() <= 19;
        ok.then_some(Self(text))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u32> for Decimal<'_> {
    fn from(value: u32) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl fmt::Debug for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decimal")
    }
}

impl Serialize for Decimal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_its_digits() {
        for text in ["0", "-1", "5.40", "0.001", "1e-3", "120"] {
            let decimal = Decimal::parse(text.into()).unwrap();
            assert_eq!(serde_json::to_string(&decimal).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in
            ["", "-", "+1", "01", ".5", "5.", "1,5", "1e", "1e999", "12345678901234567890", "NaN", "1 2"]
        {
            assert_eq!(Decimal::parse(text.into()), None, "{text}");
        }
    }
}
