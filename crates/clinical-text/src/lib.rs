//! Reads clinical notes in Dutch and English.
//!
//! # Words
//!
//! An **entity** is a condition or a medicine that a note names, with its place in code points. A **trait** is
//! what the words around it say: absent, of the family, over, merely possible. An **attribute** belongs to a
//! medicine: strength, dosage, frequency. The shape is that of Amazon Comprehend Medical
//! ([`zorgsluis_domain::text`]).
//!
//! # How it works
//!
//! [`Recogniser`] cuts a text into words and sentences, looks every phrase up in a vocabulary that is embedded as
//! an FST (the longest wins), and lets the triggers of its sentence and the heading above it speak of what was
//! found. Nothing is learnt from data, so what it does can be read in `vocabulary/` and in `src/context/triggers.tsv`,
//! and the same text always gives the same answer. What it says is a suggestion to a clinician, never a fact.
//!
#![cfg_attr(
    feature = "recogniser",
    doc = r#"
```
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_domain::text::{AttributeType, Category, TraitName};

let recogniser = Recogniser::embedded()?;
let note = "Moeder had diabetes. Zelf geen koorts. Start metoprolol 50 mg 2dd1.";
let found = recogniser.read(note, None).entities;

let [diabetes, fever, metoprolol] = found.as_slice() else { return Err("three things are named".into()) };
assert!(diabetes.text == "diabetes" && diabetes.has(TraitName::PertainsToFamily));
assert!(fever.has(TraitName::Negation) && fever.icd10cm_concepts[0].code == "R50.9");
assert_eq!(metoprolol.category, Category::Medication);
let said: Vec<_> = metoprolol.attributes.iter().map(|one| (one.r#type, one.text.as_str())).collect();
assert_eq!(said, [(AttributeType::Strength, "50 mg"), (AttributeType::Frequency, "2dd1")]);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]
//!
//! [`language::detect`] tells which of the two languages a note is written in; it is all that is built without the
//! feature `recogniser`. `docs/clinical-text.md` holds limits and figures.

#[cfg(feature = "recogniser")]
mod compound;
#[cfg(feature = "recogniser")]
mod context;
#[cfg(feature = "deidentify")]
pub mod deidentify;
pub mod language;
#[cfg(feature = "recogniser")]
mod lexicon;
#[cfg(feature = "recogniser")]
mod medication;
#[cfg(feature = "recogniser")]
mod mention;
#[cfg(feature = "recogniser")]
mod passage;
#[cfg(feature = "recogniser")]
mod recogniser;
#[cfg(feature = "recogniser")]
mod token;

#[cfg(feature = "recogniser")]
pub use recogniser::{ENGINE, LONGEST_TEXT, Recogniser, VocabularyError};
