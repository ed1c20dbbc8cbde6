//! What events are called: those of HL7 v2 (table 0003, as hospitals say it) and those that are told.

use zorgsluis_domain::notice::{NotifiedEvent, Protection};

use super::language::Language;
use super::words::RegisterWords;

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
    ("ORM^O01", "aanvraag", "order"),
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

/// The name of an event that providers are told of.
pub(super) const fn event_name(event: NotifiedEvent, words: &RegisterWords) -> &'static str {
    match event {
        NotifiedEvent::Admission => words.event_admission,
        NotifiedEvent::Transfer => words.event_transfer,
        NotifiedEvent::Discharge => words.event_discharge,
        NotifiedEvent::Registration => words.event_registration,
        NotifiedEvent::Result => words.event_result,
    }
}

/// How a notice is protected.
pub(super) const fn protection_name(protection: Protection, words: &RegisterWords) -> &'static str {
    match protection {
        Protection::Smime => words.protection_smime,
        Protection::WithoutPhi => words.protection_without_phi,
    }
}

/// The name of a category of what was found in a note.
pub(super) fn category(name: &str, words: &RegisterWords) -> &'static str {
    match name {
        "MEDICAL_CONDITION" => words.entities_condition,
        "MEDICATION" => words.entities_medication,
        "ANATOMY" => words.entities_anatomy,
        "TEST_TREATMENT_PROCEDURE" => words.entities_test,
        _ => words.entities_other,
    }
}
