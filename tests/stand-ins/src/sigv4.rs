//! Signature Version 4, verified: written from its description and without any code of AWS, so that what the
//! adapters sign is held against something else than itself.
//!
//! ```text
//! canonical request = method, path (each byte encoded once more), query (sorted), signed headers, their names,
//!                     SHA-256 of the body; one a line
//! string to sign    = AWS4-HMAC-SHA256, time, date/region/service/aws4_request, SHA-256 of the canonical request
//! key               = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// How far the time of a signature may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What stays as it is in a URI by RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// The access keys that are known: secrets by id.
#[derive(Clone, Default)]
pub struct Keys(HashMap<String, String>);

impl Keys {
    /// Takes ids with their secrets.
    pub fn new<I, K, S>(keys: I) -> Self
    where
        I: IntoIterator<Item = (K, S)>,
        K: Into<String>,
        S: Into<String>,
    {
        Self(keys.into_iter().map(|(id, secret)| (id.into(), secret.into())).collect())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a request is not taken: code and message of AWS; the status is 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// `InvalidSignatureException`, …
    pub code: &'static str,
    /// For people.
    pub message: &'static str,
}

const MISSING: Refused =
    Refused { code: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
const INCOMPLETE: Refused = Refused {
    code: "IncompleteSignatureException",
    message: "The authorization header is not a complete signature of version 4.",
};
const UNKNOWN: Refused = Refused {
    code: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
};
const EXPIRED: Refused = Refused {
    code: "InvalidSignatureException",
    message: "The time of the signature is too far from the time of the server.",
};
const WRONG: Refused = Refused {
    code: "InvalidSignatureException",
    message: "The request signature we calculated does not match the signature you provided. Check your AWS \
              Secret Access Key and signing method. Consult the service documentation for details.",
};

/// What an `Authorization` header says.
struct Claim<'a> {
    id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: Vec<u8>,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let fields: HashMap<&str, &str> =
            rest.split(',').filter_map(|field| field.trim().split_once('=')).collect();
        let mut scope = fields.get("Credential")?.split('/');
        let (id, date, region, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        (scope.next()? == "aws4_request" && scope.next().is_none()).then_some(())?;
        let signed = fields.get("SignedHeaders")?.split(';').collect();
        let signature = hex::decode(fields.get("Signature")?).ok()?;
        Some(Self { id, date, region, service, signed, signature })
    }
}

/// Checks the signature of a request to `service`.
///
/// # Errors
///
/// [`Refused`] when it is missing, not complete, by an unknown key, too old or of the future, for another
/// service, over other headers than it must cover, or not that of this request.
pub fn verify(
    service: &str,
    request: &Parts,
    body: &[u8],
    keys: &Keys,
    now: Timestamp,
) -> Result<(), Refused> {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization").ok_or(MISSING)?;
    let claim = Claim::parse(authorization).ok_or(INCOMPLETE)?;
    let secret = keys.0.get(claim.id).ok_or(UNKNOWN)?;
    let stamp = header("x-amz-date").ok_or(INCOMPLETE)?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp)
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
        .map_err(|_| INCOMPLETE)?
        .timestamp();
    if time.duration_since(now).abs() > SKEW {
        return Err(EXPIRED);
    }
    if claim.service != service || !stamp.starts_with(claim.date) || claim.date.len() != 8 {
        return Err(WRONG);
    }
    // Whatever says something to the service must be covered.
    let must_be_signed = |name: &str| name == "host" || name.starts_with("x-amz-");
    let mut names = request.headers.keys().map(axum::http::HeaderName::as_str);
    if !claim.signed.contains(&"host")
        || names.any(|name| must_be_signed(name) && !claim.signed.contains(&name))
    {
        return Err(WRONG);
    }
    let hash = hex::encode(digest::digest(&digest::SHA256, body));
    if header("x-amz-content-sha256").is_some_and(|said| said != hash) {
        return Err(WRONG);
    }
    let canonical = canonical_request(request, &claim.signed, &hash).ok_or(WRONG)?;
    let scope = format!("{}/{}/{}/aws4_request", claim.date, claim.region, claim.service);
    let canonical = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}");
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    for part in [claim.date, claim.region, claim.service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    hmac::verify(&key, to_sign.as_bytes(), &claim.signature).map_err(|_| WRONG)
}

/// `None` when a header that is said to be signed is not there.
fn canonical_request(request: &Parts, signed: &[&str], hash: &str) -> Option<String> {
    let path = match request.uri.path() {
        "" => "/",
        path => path,
    };
    let path = utf8_percent_encode(path, PATH);
    let mut query: Vec<(String, String)> = request
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(name), encoded(value))
        })
        .collect();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = BTreeMap::new();
    for name in signed {
        let values: Vec<String> = request
            .headers
            .get_all(*name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        if values.is_empty() {
            return None;
        }
        headers.insert(*name, values.join(","));
    }
    let mut text = format!("{}\n{path}\n{}\n", request.method, query.join("&"));
    for (name, value) in headers {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{}\n{hash}", signed.join(";"));
    Some(text)
}

/// A part of a query, encoded in the one way that counts.
fn encoded(text: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(text).collect();
    percent_encoding::percent_encode(&decoded, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// `get-vanilla-query-order-key-case` of the test suite that AWS published for Signature Version 4.
    fn published() -> axum::http::request::Builder {
        Request::builder()
            .uri("/?Param2=value2&Param1=value1")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, \
                 Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            )
    }

    fn keys() -> Keys {
        Keys::new([("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")])
    }

    fn check(request: axum::http::request::Builder, body: &[u8], now: &str) -> Result<(), Refused> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        verify("service", &parts, body, &keys(), now.parse().unwrap())
    }

    const NOW: &str = "2015-08-30T12:36:00Z";

    #[test]
    fn the_published_example_is_taken() {
        assert_eq!(check(published(), b"", NOW), Ok(()));
    }

    #[test]
    fn what_differs_from_what_was_signed_is_refused() {
        assert_eq!(check(published().method("POST"), b"", NOW), Err(WRONG));
        assert_eq!(check(published().uri("/?Param2=value2&Param1=other"), b"", NOW), Err(WRONG));
        assert_eq!(check(published(), b"body", NOW), Err(WRONG));
        assert_eq!(check(published().header("x-amz-target", "unsigned"), b"", NOW), Err(WRONG));
        let (parts, ()) = published().body(()).unwrap().into_parts();
        let other = Keys::new([("AKIDEXAMPLE", "another")]);
        assert_eq!(verify("service", &parts, b"", &other, NOW.parse().unwrap()), Err(WRONG));
        assert_eq!(verify("other", &parts, b"", &keys(), NOW.parse().unwrap()), Err(WRONG));
        let none = Keys::default();
        assert_eq!(verify("service", &parts, b"", &none, NOW.parse().unwrap()), Err(UNKNOWN));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes() {
        assert_eq!(check(published(), b"", "2015-08-30T12:41:00Z"), Ok(()));
        assert_eq!(check(published(), b"", "2015-08-30T12:41:01Z"), Err(EXPIRED));
        assert_eq!(check(published(), b"", "2015-08-30T12:30:59Z"), Err(EXPIRED));
    }

    #[test]
    fn a_request_without_a_whole_signature_is_refused() {
        assert_eq!(check(Request::builder().uri("/"), b"", NOW), Err(MISSING));
        let half = Request::builder().uri("/").header("authorization", "AWS4-HMAC-SHA256 Credential=A/B");
        assert_eq!(check(half, b"", NOW), Err(INCOMPLETE));
    }
}
