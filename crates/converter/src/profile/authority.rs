//! Assigning authorities that mean the same for every Dutch sender, and universal ids that speak for
//! themselves.

use fhir::nl;

use crate::table::is_oid;

/// By name in CX.4.1 / XCN.9.1 (upper case), and by OID in CX.4.2.
const KNOWN: &[(&str, &str)] = &[
    ("NLMINBIZA", nl::BSN),
    ("2.16.840.1.113883.2.4.6.3", nl::BSN),
    ("VEKTIS", nl::AGB),
    ("2.16.840.1.113883.2.4.6.1", nl::AGB),
    ("UZI", nl::UZI_PERSON),
    ("2.16.528.1.1007.3.1", nl::UZI_PERSON),
    ("2.16.528.1.1007.3.2", nl::UZI_SYSTEM),
    ("URA", nl::URA),
    ("2.16.528.1.1007.3.3", nl::URA),
    ("BIG", nl::BIG),
    ("2.16.528.1.1007.5.1", nl::BIG),
    ("UZOVI", nl::UZOVI),
    ("2.16.840.1.113883.2.4.6.4", nl::UZOVI),
    ("KVK", nl::KVK),
];

pub(super) fn known(namespace: &str, universal_id: &str) -> Option<&'static str> {
    let find = |name: &str| {
        KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, system)| system)
    };
    // A universal id is world-wide, a namespace is only a name.
    if universal_id.is_empty() { find(namespace) } else { find(universal_id).or_else(|| find(namespace)) }
}

/// The system that a universal id names by itself (HL7 table 0301), or a namespace that is an OID.
pub(super) fn from_universal_id(namespace: &str, universal_id: &str, kind: &str) -> Option<String> {
    let kind = kind.trim();
    if is_oid(universal_id) && (kind.is_empty() || kind.eq_ignore_ascii_case("ISO")) {
        return Some(format!("urn:oid:{universal_id}"));
    }
    if kind.eq_ignore_ascii_case("UUID") || kind.eq_ignore_ascii_case("GUID") {
        let id = uuid::Uuid::parse_str(universal_id).ok()?;
        return Some(format!("urn:uuid:{id}"));
    }
    if kind.eq_ignore_ascii_case("URI") && is_uri(universal_id) {
        return Some(universal_id.to_owned());
    }
    (universal_id.is_empty() && is_oid(namespace)).then(|| format!("urn:oid:{namespace}"))
}

/// An absolute URI, as far as a mistake would show: a scheme, a colon, something behind it, and no
/// blanks or control characters.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.trim_start_matches('/').is_empty()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && (!scheme.eq_ignore_ascii_case("urn") || is_urn(rest))
}

fn is_urn(rest: &str) -> bool {
    match rest.split_once(':') {
        Some(("oid", oid)) => is_oid(oid),
        Some(("uuid", id)) => {
            uuid::Uuid::parse_str(id).is_ok() && !id.bytes().any(|b| b.is_ascii_uppercase())
        }
        Some((namespace, name)) => namespace.len() > 1 && !name.is_empty(),
        None => false,
    }
}
