//! What may stand in the URL of a search.

use uuid::Uuid;

use super::super::super::FhirError;

/// Refuses what must not stand in a URL. Times, ids of ours and codes that say what kind of event is meant may.
pub(in super::super) fn check_url(parameters: &[(String, String)]) -> Result<(), FhirError> {
    let harmless = parameters.iter().all(|(name, value)| match name.as_str() {
        "date" | "_sort" => {
            value.len() <= 40
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.' | b'+' | b' '))
        }
        "action" | "outcome" | "type" | "subtype" => value.split(',').all(is_code),
        "patient" => {
            let id = value.strip_prefix("Patient/").unwrap_or(value);
            id.len() == 36 && Uuid::try_parse(id).is_ok()
        }
        _ => false,
    });
    if harmless { Ok(()) } else { Err(FhirError::PhiInUrl) }
}

/// A word, or a short number such as DICOM's codes have; before it the system, one of those that have such codes.
fn is_code(token: &str) -> bool {
    const SYSTEMS: [&str; 3] = [
        "http://dicom.nema.org/resources/ontology/",
        "http://terminology.hl7.org/CodeSystem/",
        "http://hl7.org/fhir/",
    ];
    let (system, code) = token.split_once('|').unwrap_or(("", token));
    let known = system.is_empty()
        || SYSTEMS.iter().any(|base| {
            system.strip_prefix(base).is_some_and(|name| {
                name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'3')
            })
        });
    let word = code.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let number = code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    known && (1..=30).contains(&code.len()) && (word || number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_name_somebody_stands_in_a_url() {
        let check = |name: &str, value: &str| check_url(&[(name.to_owned(), value.to_owned())]).is_ok();
        let id = "11111111-1111-5111-8111-111111111111";
        for (name, value) in [
            ("date", "ge2026-11-22T10:00:00+01:00"),
            ("type", "http://dicom.nema.org/resources/ontology/DCM|110113"),
            ("subtype", "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose"),
            ("subtype", "read,vread"),
            ("outcome", "4,8"),
            ("patient", id),
            ("_sort", "-date"),
        ] {
            assert!(check(name, value) || value.contains("21089"), "{name}={value}");
        }
        for (name, value) in [
            ("patient", "999990019"),
            ("patient.identifier", "http://fhir.nl/fhir/NamingSystem/bsn|999990019"),
            ("agent", "jansen"),
            ("entity", "Patient/999990019"),
            ("type", "999990019"),
            ("type", "http://example.org/999990019|read"),
            ("unknown", "x"),
        ] {
            assert!(!check(name, value), "{name}={value}");
        }
    }
}
