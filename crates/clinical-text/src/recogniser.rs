//! The recogniser itself: text in, entities out.

use std::ops::Range;

use async_trait::async_trait;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{
    Analysis, Attribute, AttributeType, Category, Concept, Entity, EntityType, Language, Trait, TraitName,
};
use zorgsluis_domain::{Phi, PortError};

use crate::context::{self, Context, Mention};
use crate::language::{self, Verdict};
use crate::lexicon::{Lexicon, Naming};
use crate::medication::{self, Said};
use crate::mention::{self, Term};
use crate::passage::{Section, Sentence, sentences};
use crate::token::{Kind, Tokens};

/// Bytes that a text may have. A note of this size is no note.
pub const LONGEST_TEXT: usize = 16 << 20;

/// The name of the engine, as Provenance and audit entries give it.
pub const ENGINE: &str = "zorgsluis-recogniser";

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("ZORGSLUIS_VOCABULARY"));

/// The vocabulary that is embedded in the binary cannot be read: the build was damaged.
#[derive(Debug, thiserror::Error)]
#[error("the embedded vocabulary cannot be read")]
pub struct VocabularyError(#[source] fst::Error);

/// Finds conditions and medicines in Dutch and English notes.
///
/// Costs no network and no memory beyond the text's: the vocabulary is read where it lies in the binary.
pub struct Recogniser {
    lexicon: Lexicon,
}

impl std::fmt::Debug for Recogniser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recogniser").field("version", &VERSION).finish_non_exhaustive()
    }
}

impl Recogniser {
    /// The recogniser with the vocabulary of this build.
    ///
    /// # Errors
    ///
    /// When the vocabulary in the binary is damaged.
    pub fn embedded() -> Result<Self, VocabularyError> {
        Ok(Self { lexicon: Lexicon::embedded().map_err(VocabularyError)? })
    }

    /// The version of engine and vocabulary, as [`Analysis::model_version`] gives it.
    #[must_use]
    pub fn model_version(&self) -> &'static str {
        VERSION
    }

    /// Bytes of the vocabulary in the binary.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.lexicon.size()
    }

    /// Reads one text. Without a language it finds out itself; a text in neither Dutch nor English gives no
    /// entities; one too short to tell is read in both, and the language that finds more counts. The time is
    /// linear in the length of the text.
    #[must_use]
    pub fn read(&self, text: &str, language: Option<Language>) -> Analysis {
        let known = match language {
            Some(language) => Verdict::Is(language),
            None => language::weigh(text),
        };
        let (language, entities) = match known {
            Verdict::Is(said) => {
                let mut found = (Some(said), self.entities(text, said));
                // `Levercirrose Child B.`: of so few words one is easily wrong about the language.
                if language.is_none() && found.1.is_empty() && is_short(text) {
                    let other = match said {
                        Language::Dutch => Language::English,
                        Language::English => Language::Dutch,
                    };
                    let entities = self.entities(text, other);
                    if !entities.is_empty() {
                        found = (Some(other), entities);
                    }
                }
                found
            }
            Verdict::Other => (None, Vec::new()),
            Verdict::Unclear => {
                let (dutch, english) =
                    (self.entities(text, Language::Dutch), self.entities(text, Language::English));
                match (dutch.len(), english.len()) {
                    (0, 0) => (None, dutch),
                    (more, less) if more >= less => (Some(Language::Dutch), dutch),
                    _ => (Some(Language::English), english),
                }
            }
        };
        Analysis { entities, language, model_version: VERSION.to_owned() }
    }

    fn entities(&self, text: &str, language: Language) -> Vec<Entity> {
        let mut entities = Vec::new();
        let tokens = Tokens::of(text);
        let terms = mention::find(text, &tokens, &self.lexicon, language);
        let mut reading = Reading { text, tokens: &tokens, language, entities: &mut entities, next: 0 };
        let mut rest = terms.as_slice();
        for sentence in sentences(text, &tokens) {
            let count = rest.iter().take_while(|term| term.tokens.start < sentence.end).count();
            let (here, later) = rest.split_at(count);
            rest = later;
            // What stands before the sentence is a heading's: `Allergieën:`.
            let headed = here.iter().take_while(|term| term.tokens.start < sentence.start).count();
            let (_, here) = here.split_at(headed);
            if !here.is_empty() {
                reading.sentence(&sentence, here);
            }
        }
        entities
    }
}

#[async_trait]
impl TextAnalysis for Recogniser {
    fn engine(&self) -> &str {
        ENGINE
    }

    fn version(&self) -> &str {
        VERSION
    }

    fn is_outside(&self) -> bool {
        false
    }

    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError> {
        let text = text.expose_phi();
        if text.len() > LONGEST_TEXT {
            return Err(PortError::Refused {
                operation: "TextAnalysis::analyse",
                reason: "the text is longer than 16 MiB".to_owned(),
            });
        }
        Ok(self.read(text, language))
    }
}

const ALLERGY_BEHIND: &[&str] = &[
    "allergie",
    "allergy",
    "allergies",
    "overgevoeligheid",
    "intolerantie",
    "intolerance",
    "hypersensitivity",
];
const ALLERGY_BEFORE: &[&str] = &[
    "allergisch",
    "allergie",
    "allergic",
    "allergy",
    "overgevoelig",
    "overgevoeligheid",
    "hypersensitivity",
];

/// One text being read.
struct Reading<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    language: Language,
    entities: &'a mut Vec<Entity>,
    /// The next id: entities and attributes count together.
    next: u32,
}

impl Reading<'_> {
    fn sentence(&mut self, sentence: &Sentence, terms: &[Term]) {
        let mentions: Vec<Mention> = terms
            .iter()
            .map(|term| Mention {
                start: term.tokens.start,
                end: term.tokens.end,
                is_condition: term.is_condition,
                is_allergy: term.is_condition
                    && term.tokens.len() > 2
                    && ALLERGY_BEFORE.contains(&self.tokens.normal_at(term.tokens.start)),
            })
            .collect();
        let contexts = context::of(self.tokens, sentence, &mentions, self.language);
        // What each medicine has before it belongs to no other.
        let mut from = sentence.start;
        let mut before = Vec::with_capacity(terms.len());
        for term in terms {
            let claimed =
                if term.is_condition { Vec::new() } else { self.near(from..term.tokens.start, sentence) };
            before.push(claimed);
            from = term.tokens.end;
        }
        let allergies: Vec<Option<Range<usize>>> = terms
            .iter()
            .zip(&contexts)
            .map(|(term, context)| {
                if term.is_condition || !context.allergy { None } else { self.allergy_words(term, sentence) }
            })
            .collect();
        for (index, (term, context)) in terms.iter().zip(&contexts).enumerate() {
            let next = terms.get(index + 1).map_or(sentence.end, |next| next.tokens.start);
            let claimed =
                before.get(index + 1).and_then(|said| said.first()).map_or(next, |said| said.tokens.start);
            let behind = term.tokens.end..next.min(claimed);
            if term.is_condition {
                let within = allergies
                    .iter()
                    .flatten()
                    .any(|range| range.start < term.tokens.end && term.tokens.start < range.end);
                // `penicilline (exantheem)`, `codeine - nausea`: the reaction is no complaint of today.
                let reaction = sentence.section == Section::Allergy
                    && index.checked_sub(1).and_then(|before| terms.get(before)).is_some_and(|before| {
                        !before.is_condition && !self.has_comma(before.tokens.end..term.tokens.start)
                    });
                if !within && !reaction {
                    self.condition(term, context);
                }
            } else if context.allergy {
                if let Some(Some(range)) = allergies.get(index) {
                    self.allergy(term, range.clone(), context);
                }
            } else {
                let said = before.get_mut(index).map(std::mem::take).unwrap_or_default();
                self.medicine(term, context, said, behind);
            }
        }
    }

    fn condition(&mut self, term: &Term, context: &Context) {
        let kind = match term.naming {
            Naming::Symptom => TraitName::Symptom,
            Naming::Sign => TraitName::Sign,
            _ => TraitName::Diagnosis,
        };
        let mut traits = vec![Trait { name: kind, score: 0.9 }];
        traits.extend(said(context).map(|name| Trait { name, score: 0.85 }));
        let concepts = concepts(term);
        let entity =
            self.entity(term.tokens.clone(), term.score, Category::MedicalCondition, EntityType::DxName);
        self.entities.push(Entity { traits, icd10cm_concepts: concepts, ..entity });
    }

    fn medicine(&mut self, term: &Term, context: &Context, mut said_of: Vec<Said>, behind: Range<usize>) {
        said_of.extend(medication::read(self.tokens, behind, true));
        if term.needs_dose && !said_of.iter().any(|said| is_dose(said.what) && !said.unsure) {
            return;
        }
        let mut traits: Vec<Trait> = said(context).map(|name| Trait { name, score: 0.85 }).collect();
        if context.stopped && !context.past {
            traits.push(Trait { name: TraitName::PastHistory, score: 0.85 });
        }
        if context.considered && !context.negated && !context.stopped {
            traits.push(Trait { name: TraitName::Hypothetical, score: 0.85 });
        }
        let kind = if term.naming == Naming::Brand { EntityType::BrandName } else { EntityType::GenericName };
        let concepts = concepts(term);
        let entity = self.entity(term.tokens.clone(), term.score, Category::Medication, kind);
        let mut attributes = Vec::new();
        for said in said_of {
            let score = if said.unsure { 0.7 } else { 0.95 };
            attributes.push(self.attribute(&said, score));
        }
        self.entities.push(Entity { traits, attributes, atc_concepts: concepts, ..entity });
    }

    /// What stands right before a medicine: `2 tabletten paracetamol`, `iv vancomycine`, `500 mg amoxicillin`;
    /// if it begins the sentence or stands behind a comma or the like, for else it may belong to another.
    fn near(&self, before: Range<usize>, sentence: &Sentence) -> Vec<Said> {
        let start = before.start.max(before.end.saturating_sub(6));
        let mut found = medication::read(self.tokens, start..before.end, false);
        let mut reaches = before.end;
        let mut kept = Vec::new();
        while let Some(said) = found.pop() {
            let gap = self.tokens.all.get(said.tokens.end..reaches).unwrap_or_default();
            if !gap.iter().all(|token| matches!(self.tokens.normal(token), "of" | "van" | "de")) {
                break;
            }
            reaches = said.tokens.start;
            kept.push(said);
        }
        let first = before.start == sentence.start;
        let apart = reaches.checked_sub(1).is_none_or(|at| {
            matches!(
                self.tokens.normal_at(at),
                "," | ";"
                    | "."
                    | "+"
                    | "("
                    | ":"
                    | "-"
                    | "en"
                    | "and"
                    | "with"
                    | "met"
                    | "of"
                    | "or"
                    | "plus"
                    | "then"
            ) || self.tokens.all.get(at).is_none_or(|token| token.kind == Kind::Line)
        });
        if !first && !apart {
            return Vec::new();
        }
        kept.reverse();
        kept
    }

    /// The words of an allergy to a medicine, where they stand next to it: `allergisch voor penicilline`,
    /// `penicillin allergy`.
    fn allergy_words(&self, term: &Term, sentence: &Sentence) -> Option<Range<usize>> {
        let words = |at: usize| self.tokens.normal_at(at);
        let (start, end) = (term.tokens.start, term.tokens.end);
        let behind = if words(end) == "-" { end + 1 } else { end };
        if behind < sentence.end && ALLERGY_BEHIND.contains(&words(behind)) {
            return Some(start..behind + 1);
        }
        let link = start.checked_sub(1).filter(|at| *at > sentence.start)?;
        let before = link.checked_sub(1)?;
        (matches!(words(link), "voor" | "to" | "op" | "tegen") && ALLERGY_BEFORE.contains(&words(before)))
            .then_some(before..end)
    }

    /// A medicine that the patient does not tolerate is not one that is taken. Where the words of the allergy
    /// stand next to it, the allergy is a condition.
    fn allergy(&mut self, term: &Term, range: Range<usize>, context: &Context) {
        let mut traits = vec![Trait { name: TraitName::Diagnosis, score: 0.9 }];
        traits.extend(said(context).map(|name| Trait { name, score: 0.85 }));
        let (code, description) = allergy_status(term);
        let concept =
            Concept { description: description.to_owned(), code: code.to_owned(), score: term.score };
        let entity = self.entity(range, term.score, Category::MedicalCondition, EntityType::DxName);
        self.entities.push(Entity { traits, icd10cm_concepts: vec![concept], ..entity });
    }

    fn has_comma(&self, range: Range<usize>) -> bool {
        let between = self.tokens.all.get(range).unwrap_or_default();
        between.iter().any(|token| matches!(token.kind, Kind::Mark(',' | ';') | Kind::Line))
    }

    fn place(&self, range: &Range<usize>) -> (u32, u32, String) {
        let first = self.tokens.all.get(range.start);
        let last = range.end.checked_sub(1).and_then(|last| self.tokens.all.get(last));
        let (Some(first), Some(last)) = (first, last) else { return (0, 0, String::new()) };
        (first.at, last.until, self.text.get(first.start..last.end).unwrap_or_default().to_owned())
    }

    fn id(&mut self) -> u32 {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        id
    }

    fn entity(&mut self, range: Range<usize>, score: f32, category: Category, kind: EntityType) -> Entity {
        let (begin_offset, end_offset, text) = self.place(&range);
        Entity {
            id: self.id(),
            begin_offset,
            end_offset,
            score,
            text,
            category,
            r#type: kind,
            traits: Vec::new(),
            attributes: Vec::new(),
            icd10cm_concepts: Vec::new(),
            atc_concepts: Vec::new(),
            rx_norm_concepts: Vec::new(),
            snomed_ct_concepts: Vec::new(),
        }
    }

    fn attribute(&mut self, said: &Said, score: f32) -> Attribute {
        let (begin_offset, end_offset, text) = self.place(&said.tokens);
        let id = self.id();
        Attribute { r#type: said.what, score, relationship_score: score, id, begin_offset, end_offset, text }
    }
}

/// Has a few words only.
fn is_short(text: &str) -> bool {
    text.len() <= 200 && text.split_whitespace().nth(6).is_none()
}

fn said(context: &Context) -> impl Iterator<Item = TraitName> {
    [
        (context.negated, TraitName::Negation),
        (context.family, TraitName::PertainsToFamily),
        (context.past, TraitName::PastHistory),
        (context.possible, TraitName::Hypothetical),
    ]
    .into_iter()
    .filter_map(|(holds, name)| holds.then_some(name))
}

fn is_dose(what: AttributeType) -> bool {
    !matches!(what, AttributeType::Duration | AttributeType::Rate)
}

fn concepts(term: &Term) -> Vec<Concept> {
    if term.code.is_empty() && term.label.is_empty() {
        return Vec::new();
    }
    vec![Concept { description: term.label.to_owned(), code: term.code.to_owned(), score: term.score }]
}

/// ICD-10-CM Z88, by the ATC code of the medicine.
fn allergy_status(term: &Term) -> (&'static str, &'static str) {
    match term.code {
        code if code.starts_with("J01C") => ("Z88.0", "Allergy status to penicillin"),
        code if code.starts_with("J01E") => ("Z88.2", "Allergy status to sulfonamides"),
        code if code.starts_with("J01") => ("Z88.1", "Allergy status to other antibiotic agents"),
        code if code.starts_with("N02") => ("Z88.6", "Allergy status to analgesic agent"),
        _ => ("Z88.9", "Allergy status to unspecified drugs, medicaments and biological substances"),
    }
}
