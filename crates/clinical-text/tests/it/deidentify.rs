//! De-identification: what is masked, what stays, and where it stood.

mod evaluation;
mod form;
mod known;
mod property;

use zorgsluis_clinical_text::deidentify::{Known, deidentify};

/// The masked text, nothing known.
fn masked(text: &str) -> String {
    deidentify(text, &Known::default()).into_text()
}
