//! The rules for what stands in the registers. Each answers with a code, never with a value.

use std::collections::BTreeSet;

use zorgsluis_domain::notice::NotifiedEvent;

/// Characters of a name, organisation or identifier at most.
const MAX_TEXT: usize = 200;

/// The rule that a text breaks: no control characters (it may come into a mail), not too long.
pub(crate) fn text(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_control) {
        return Err("control-character");
    }
    if text.chars().count() > MAX_TEXT {
        return Err("too-long");
    }
    Ok(())
}

fn digits(value: &str, length: usize) -> bool {
    value.len() == length && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rule of its system that an identifier breaks.
pub(crate) fn identifier(system: &str, value: &str) -> Result<(), &'static str> {
    text(value)?;
    let (right, code) = match system {
        fhir::nl::AGB => (digits(value, 8), "agb-not-8-digits"),
        fhir::nl::UZI_PERSON | fhir::nl::UZI_SYSTEM => (digits(value, 9), "uzi-not-9-digits"),
        fhir::nl::BIG => (digits(value, 11), "big-not-11-digits"),
        fhir::nl::URA => (digits(value, 8), "ura-not-8-digits"),
        _ => (!value.is_empty(), "identifier-missing"),
    };
    if right { Ok(()) } else { Err(code) }
}

/// Yes or no, in the words that lists use.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "ja" | "j" | "yes" | "y" | "true" | "waar" | "1" | "x" => Some(true),
        "nee" | "n" | "no" | "false" | "onwaar" | "0" => Some(false),
        _ => None,
    }
}

/// Names of events, between spaces or commas.
pub(crate) fn events(text: &str) -> Option<BTreeSet<NotifiedEvent>> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|name| !name.is_empty())
        .map(|name| NotifiedEvent::from_name(&name.to_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_keep_the_rule_of_their_system() {
        use fhir::nl::{AGB, BIG, UZI_PERSON};
        assert_eq!(identifier(AGB, "01004567"), Ok(()));
        for (system, value, code) in [
            (AGB, "1004567", "agb-not-8-digits"),
            (AGB, "0100456x", "agb-not-8-digits"),
            (UZI_PERSON, "1234", "uzi-not-9-digits"),
            (BIG, "1234567890", "big-not-11-digits"),
            ("https://x.example/n", "a\u{7}b", "control-character"),
        ] {
            assert_eq!(identifier(system, value), Err(code));
        }
    }
}
