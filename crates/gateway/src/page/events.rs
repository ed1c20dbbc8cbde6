//! What the events of HL7 v2 are called (table 0003, as hospitals say it).

use super::language::Language;

const NAMES: &[(&str, &str, &str)] = &[
    ("ADT^A01", "opname", "admission"),
    ("ADT^A02", "overplaatsing", "transfer"),
    ("ADT^A03", "ontslag", "discharge"),
    ("ADT^A04", "inschrijving", "registration"),
    ("ADT^A05", "vooropname", "pre-admission"),
    ("ADT^A08", "wijziging", "update"),
    ("ADT^A11", "opname geannuleerd", "admission cancelled"),
    ("ADT^A12", "overplaatsing geannuleerd", "transfer cancelled"),
    ("ADT^A13", "ontslag geannuleerd", "discharge cancelled"),
    ("ADT^A28", "persoon toegevoegd", "person added"),
    ("ADT^A31", "persoon gewijzigd", "person updated"),
    ("ADT^A40", "samenvoeging", "merge"),
    ("ORU^R01", "uitslag", "result"),
];

/// The name of an event; of others, nothing.
pub(super) fn name(language: Language, event: &str) -> Option<&'static str> {
    let (_, dutch, english) = NAMES.iter().find(|(code, ..)| *code == event)?;
    Some(match language {
        Language::Dutch => dutch,
        Language::English => english,
    })
}
