//! The recogniser itself: text in, entities out.

use std::ops::Range;

use async_trait::async_trait;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{
    Analysis, Attribute, AttributeType, Category, Concept, Entity, EntityType, Language, Trait, TraitName,
};
use zorgsluis_domain::{Phi, PortError};

use crate::context::{self, Context, Mention};
use crate::language;
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
    /// entities. The time is linear in the length of the text.
    #[must_use]
    pub fn read(&self, text: &str, language: Option<Language>) -> Analysis {
        let language = language.or_else(|| language::detect(text));
        let mut analysis = Analysis { entities: Vec::new(), language, model_version: VERSION.to_owned() };
        let Some(language) = language else { return analysis };
        let tokens = Tokens::of(text);
        let terms = mention::find(text, &tokens, &self.lexicon, language);
        let mut reading =
            Reading { text, tokens: &tokens, language, entities: &mut analysis.entities, next: 0 };
        let mut rest = terms.as_slice();
        for sentence in sentences(text, &tokens) {
            let count = rest.iter().take_while(|term| term.tokens.start < sentence.end).count();
            let (here, later) = rest.split_at(count);
            rest = later;
            if !here.is_empty() {
                reading.sentence(&sentence, here);
            }
        }
        analysis
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
            })
            .collect();
        let contexts = context::of(self.tokens, sentence, &mentions, self.language);
        let mut from = sentence.start;
        for (index, (term, context)) in terms.iter().zip(&contexts).enumerate() {
            let until = terms.get(index + 1).map_or(sentence.end, |next| next.tokens.start);
            // What stands behind a condition still speaks of the medicine before it, not across it.
            if term.is_condition {
                self.condition(term, context, sentence);
            } else {
                self.medicine(term, context, sentence, from..term.tokens.start, term.tokens.end..until);
                from = term.tokens.end;
            }
            from = from.max(term.tokens.end);
        }
    }

    fn condition(&mut self, term: &Term, context: &Context, sentence: &Sentence) {
        // The reaction in `penicilline (exantheem)` is no complaint of today.
        if context.allergy
            && sentence.section == Section::Allergy
            && self.in_parentheses(term.tokens.start, sentence)
        {
            return;
        }
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

    fn medicine(
        &mut self,
        term: &Term,
        context: &Context,
        sentence: &Sentence,
        before: Range<usize>,
        behind: Range<usize>,
    ) {
        if context.allergy {
            self.allergy(term, sentence, context);
            return;
        }
        let mut said_of: Vec<Said> = self.near(before);
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

    /// What stands right before a medicine: `2 tabletten paracetamol`, `iv vancomycine`, `500 mg amoxicillin`.
    fn near(&self, before: Range<usize>) -> Vec<Said> {
        let start = before.start.max(before.end.saturating_sub(6));
        let mut found = medication::read(self.tokens, start..before.end, false);
        // Only what reaches to the medicine, with at most `of` or `van` between.
        let mut reaches = before.end;
        let mut kept = Vec::new();
        while let Some(said) = found.pop() {
            let gap = self.tokens.all.get(said.tokens.end..reaches).unwrap_or_default();
            let linked = gap.iter().all(|token| matches!(self.tokens.normal(token), "of" | "van" | "de"));
            if !linked {
                break;
            }
            reaches = said.tokens.start;
            kept.push(said);
        }
        kept.reverse();
        // `7 dagen amoxicilline` is; `sinds 7 dagen koorts` was refused already.
        kept
    }

    /// A medicine that the patient does not tolerate is not one that is taken. Where the words of the allergy
    /// stand next to it, the allergy is a condition.
    fn allergy(&mut self, term: &Term, sentence: &Sentence, context: &Context) {
        let words = |at: usize| self.tokens.normal_at(at);
        let end = term.tokens.end;
        let behind = if matches!(words(end), "-") { end + 1 } else { end };
        let range = if matches!(
            words(behind),
            "allergie"
                | "allergy"
                | "allergies"
                | "overgevoeligheid"
                | "intolerantie"
                | "intolerance"
                | "hypersensitivity"
        ) {
            Some(term.tokens.start..behind + 1)
        } else {
            let start = term.tokens.start;
            let link = start.checked_sub(1).filter(|at| *at > sentence.start);
            link.filter(|at| matches!(words(*at), "voor" | "to" | "op" | "tegen"))
                .map(|at| at - 1)
                .filter(|at| {
                    matches!(
                        words(*at),
                        "allergisch"
                            | "allergie"
                            | "allergic"
                            | "allergy"
                            | "overgevoelig"
                            | "overgevoeligheid"
                            | "hypersensitivity"
                    )
                })
                .map(|at| at..end)
        };
        let Some(range) = range else { return };
        let mut traits = vec![Trait { name: TraitName::Diagnosis, score: 0.9 }];
        traits.extend(said(context).map(|name| Trait { name, score: 0.85 }));
        let (code, description) = allergy_status(term);
        let concept =
            Concept { description: description.to_owned(), code: code.to_owned(), score: term.score };
        let entity = self.entity(range, term.score, Category::MedicalCondition, EntityType::DxName);
        self.entities.push(Entity { traits, icd10cm_concepts: vec![concept], ..entity });
    }

    fn in_parentheses(&self, at: usize, sentence: &Sentence) -> bool {
        let range = sentence.start..at.min(sentence.end);
        let before = self.tokens.all.get(range).unwrap_or_default();
        let opened = before.iter().filter(|token| token.kind == Kind::Mark('(')).count();
        let closed = before.iter().filter(|token| token.kind == Kind::Mark(')')).count();
        opened > closed
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
        }
    }

    fn attribute(&mut self, said: &Said, score: f32) -> Attribute {
        let (begin_offset, end_offset, text) = self.place(&said.tokens);
        let id = self.id();
        Attribute { r#type: said.what, score, relationship_score: score, id, begin_offset, end_offset, text }
    }
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
