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

/// Whether this is an e-mail address: the `dot-atom@domain` form of an addr-spec (RFC 5322 §3.4.1) in
/// ASCII, within the limits of RFC 5321 §4.5.3.1, under a domain of two labels at least.
#[must_use]
pub fn is_address(address: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let local_right =
        local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    local_right && address.len() <= 254 && domain.contains('.') && domain.split('.').all(label)
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
    fn addresses_have_the_form_of_rfc_5322() {
        for right in [
            "dewit@praktijk-dewit.example",
            "a.b+c@sub.example.nl",
            "o'neill@x.example",
            "A_1@xn--caf-dma.example",
        ] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "",
            "dewit",
            "@x.example",
            "a@",
            "a@localhost",
            ".a@x.example",
            "a..b@x.example",
            "a b@x.example",
            "a@x..example",
            "a@-x.example",
            "a@x.example\r\nBcc: b@y.example",
            "é@x.example",
            "a@x.example,b@y.example",
            "<a@x.example>",
            "\"a b\"@x.example",
            "a@[127.0.0.1]",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(!is_address(&format!("{}@x.example", "a".repeat(65))));
    }

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
