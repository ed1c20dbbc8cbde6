//! From what an engine found in the texts of a document to what is suggested: one finding a concept.

use std::collections::BTreeMap;

use zorgsluis_domain::text::{Analysis, Category, Concept, Entity, EntityType, TraitName};

use crate::Settings;
use crate::dosage::{self, Dosage};
use crate::note::Text;

/// ICD-10-CM.
const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
const SNOMED_CT: &str = "http://snomed.info/sct";
/// The WHO's Anatomical Therapeutic Chemical classification.
const ATC: &str = "http://www.whocc.no/atc";
/// RxNorm.
const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";

/// Findings of a document, mentions of a finding and dosages of a medicine at most: a note that repeats
/// itself must not make resources without bound.
const FINDINGS: usize = 500;
const MENTIONS: usize = 100;
const DOSAGES: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Condition,
    Medication,
}

/// Something that a document says of its patient. Holds PHI: no `Debug`.
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    /// What makes it the same finding in the next version of the note: `system|code`, or the words.
    pub(crate) concept: String,
    pub(crate) codings: Vec<Coding>,
    /// The words of the first mention.
    pub(crate) text: String,
    /// It is over, wherever the document names it.
    pub(crate) past: bool,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) dosages: Vec<Dosage>,
}

pub(crate) struct Coding {
    pub(crate) system: &'static str,
    pub(crate) code: String,
    pub(crate) display: String,
}

/// Where it stands: code points in one attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    pub(crate) attachment: u32,
    pub(crate) begin: u32,
    pub(crate) end: u32,
}

/// The findings of a document, and how many entities there were: by category, and by the reason why
/// they are no findings.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) all: Vec<Finding>,
    pub(crate) counts: BTreeMap<String, u32>,
}

impl Findings {
    /// Adds what was found in one text.
    pub(crate) fn add(&mut self, text: &Text, analysis: &Analysis, settings: &Settings) {
        let said = Characters::of(text.text.expose_phi());
        for entity in &analysis.entities {
            self.count(category(entity.category));
            let Some(kind) = kind(entity) else { continue };
            if let Some(why) = why_not(kind, entity, settings) {
                self.count(why);
                continue;
            }
            // What an engine says of places that the text has not is no finding.
            let Some(words) = said.between(entity.begin_offset, entity.end_offset) else { continue };
            let mention =
                Mention { attachment: text.attachment, begin: entity.begin_offset, end: entity.end_offset };
            self.join(kind, entity, words, mention, &said, settings);
        }
    }

    fn join(
        &mut self,
        kind: Kind,
        entity: &Entity,
        words: &str,
        mention: Mention,
        said: &Characters<'_>,
        settings: &Settings,
    ) {
        let codings = codings(kind, entity, settings);
        let concept = match codings.first() {
            Some(coding) => format!("{}|{}", coding.system, coding.code),
            None => format!("|{}", normalised(words)),
        };
        let past = entity.has(TraitName::PastHistory);
        let dosage = (kind == Kind::Medication).then(|| dosage::of(&entity.attributes, said)).flatten();
        let room = self.all.len() < FINDINGS;
        let known = self.all.iter_mut().find(|known| known.kind == kind && known.concept == concept);
        match known {
            Some(known) => {
                known.past &= past;
                if known.mentions.len() < MENTIONS && !known.mentions.contains(&mention) {
                    known.mentions.push(mention);
                }
                if let Some(dosage) = dosage
                    && known.dosages.len() < DOSAGES
                    && !known.dosages.contains(&dosage)
                {
                    known.dosages.push(dosage);
                }
            }
            None if room => self.all.push(Finding {
                kind,
                concept,
                codings,
                text: words.to_owned(),
                past,
                mentions: vec![mention],
                dosages: dosage.into_iter().collect(),
            }),
            None => self.count("TOO_MANY"),
        }
    }

    fn count(&mut self, name: &str) {
        *self.counts.entry(name.to_owned()).or_default() += 1;
    }
}

const fn category(category: Category) -> &'static str {
    match category {
        Category::MedicalCondition => "MEDICAL_CONDITION",
        Category::Medication => "MEDICATION",
        Category::Anatomy => "ANATOMY",
        Category::TestTreatmentProcedure => "TEST_TREATMENT_PROCEDURE",
        Category::TimeExpression => "TIME_EXPRESSION",
        Category::ProtectedHealthInformation => "PROTECTED_HEALTH_INFORMATION",
        Category::BehavioralEnvironmentalSocial => "BEHAVIORAL_ENVIRONMENTAL_SOCIAL",
    }
}

fn kind(entity: &Entity) -> Option<Kind> {
    match (entity.category, entity.r#type) {
        (Category::MedicalCondition, EntityType::DxName) => Some(Kind::Condition),
        (Category::Medication, EntityType::BrandName | EntityType::GenericName) => Some(Kind::Medication),
        _ => None,
    }
}

/// Why an entity is nothing that may be suggested of this patient.
fn why_not(kind: Kind, entity: &Entity, settings: &Settings) -> Option<&'static str> {
    let traits = [
        (TraitName::Negation, "NEGATION"),
        (TraitName::PertainsToFamily, "PERTAINS_TO_FAMILY"),
        (TraitName::Hypothetical, "HYPOTHETICAL"),
        (TraitName::LowConfidence, "LOW_CONFIDENCE"),
    ];
    let named = traits.into_iter().find(|(name, _)| entity.has(*name)).map(|(_, why)| why);
    // What the patient took once says nothing of what is taken now, and FHIR has no word for "unconfirmed
    // and over" in a MedicationStatement.
    let past = (kind == Kind::Medication && entity.has(TraitName::PastHistory)).then_some("PAST_HISTORY");
    let unsure = (entity.score < settings.min_score || entity.score.is_nan()).then_some("LOW_SCORE");
    named.or(past).or(unsure)
}

fn codings(kind: Kind, entity: &Entity, settings: &Settings) -> Vec<Coding> {
    let of = |system: &'static str, concepts: &[Concept]| {
        let first = concepts.first().filter(|concept| concept.score >= settings.min_code_score)?;
        let code = first.code.trim();
        (!code.is_empty()).then(|| Coding {
            system,
            code: code.to_owned(),
            display: first.description.trim().to_owned(),
        })
    };
    match kind {
        Kind::Condition => {
            let codes = [of(ICD10CM, &entity.icd10cm_concepts), of(SNOMED_CT, &entity.snomed_ct_concepts)];
            codes.into_iter().flatten().collect()
        }
        Kind::Medication => {
            of(ATC, &entity.atc_concepts).into_iter().chain(of(RXNORM, &entity.rx_norm_concepts)).collect()
        }
    }
}

/// Words without what is chance in writing them: case and blanks.
fn normalised(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A text by code points.
pub(crate) struct Characters<'a> {
    text: &'a str,
    /// The byte at which each code point begins, and the length of the text.
    begins: Vec<usize>,
}

impl<'a> Characters<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let begins = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self { text, begins }
    }

    /// The words from one code point up to another; `None` when the text has no such place.
    pub(crate) fn between(&self, begin: u32, end: u32) -> Option<&'a str> {
        let at = |offset: u32| self.begins.get(usize::try_from(offset).ok()?).copied();
        self.text.get(at(begin)?..at(end)?).filter(|words| !words.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_code_points_and_must_exist() {
        let text = Characters::of("é 😀 koorts");
        assert_eq!(text.between(4, 10), Some("koorts"));
        assert_eq!(text.between(4, 11), None);
        assert_eq!(text.between(5, 4), None);
        assert_eq!(text.between(1, 2), None, "blanks are no finding");
        assert_eq!(text.between(u32::MAX, u32::MAX), None);
    }
}
