//! A small engine for tests: it knows a handful of words, and what the word before says of them.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use async_trait::async_trait;
use zorgsluis_domain::port::TextAnalysis;
use zorgsluis_domain::text::{
    Analysis, Attribute, AttributeType, Category, Concept, Entity, EntityType, Language, Trait, TraitName,
};
use zorgsluis_domain::{Phi, PortError};

/// Word, code, title.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("pneumonie", "J18.9", "Pneumonia, unspecified organism"),
    ("longontsteking", "J18.9", "Pneumonia, unspecified organism"),
    ("pneumonia", "J18.9", "Pneumonia, unspecified organism"),
    ("koorts", "R50.9", "Fever, unspecified"),
    ("fever", "R50.9", "Fever, unspecified"),
    ("diabetes", "E11.9", "Type 2 diabetes mellitus without complications"),
    ("benauwdheid", "", ""),
];
const MEDICINES: &[(&str, &str, &str)] =
    &[("metoprolol", "C07AB02", "metoprolol"), ("paracetamol", "N02BE01", "paracetamol")];

/// How the next call ends.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    Passing,
    Lasting,
    Panic,
}

pub(crate) struct Words {
    name: &'static str,
    version: &'static str,
    outside: bool,
    /// The texts that it was given.
    pub(crate) seen: Mutex<Vec<String>>,
    pub(crate) fails: Mutex<Option<Failure>>,
    /// The next call holds its thread until something comes.
    pub(crate) waits: Mutex<Option<Receiver<()>>>,
}

impl Words {
    pub(crate) fn embedded(version: &'static str) -> Self {
        Self {
            name: "words",
            version,
            outside: false,
            seen: Mutex::default(),
            fails: Mutex::default(),
            waits: Mutex::default(),
        }
    }

    pub(crate) fn outside() -> Self {
        Self { name: "far-away", outside: true, ..Self::embedded("9") }
    }
}

/// A word and the code points where it stands.
struct Word<'a> {
    text: &'a str,
    begin: u32,
    end: u32,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start: Option<(usize, u32)> = None;
    for (count, (at, c)) in (0..).zip(text.char_indices().chain([(text.len(), ' ')])) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some((at, count)),
            (false, Some((from, begin))) => {
                words.push(Word { text: &text[from..at], begin, end: count });
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn traits(before: &str) -> (Vec<Trait>, f32) {
    let name = match before {
        "geen" | "no" => TraitName::Negation,
        "moeder" | "mother" => TraitName::PertainsToFamily,
        "mogelijk" | "possible" => TraitName::Hypothetical,
        "vroeger" | "former" => TraitName::PastHistory,
        "misschien" | "perhaps" => return (Vec::new(), 0.4),
        _ => return (Vec::new(), 0.95),
    };
    (vec![Trait { name, score: 0.9 }], 0.95)
}

fn concepts(code: &str, title: &str) -> Vec<Concept> {
    let concept = Concept { description: title.into(), code: code.into(), score: 0.9 };
    if code.is_empty() { Vec::new() } else { vec![concept] }
}

/// What stands behind a medicine: `50 mg`, `2 tabletten`, `2dd`, `oraal`, `7 dagen`.
fn attributes(words: &[Word<'_>]) -> Vec<Attribute> {
    let mut found = Vec::new();
    for (nth, word) in words.iter().enumerate().take(8) {
        let one = |r#type, begin: &Word<'_>, text: String| Attribute {
            r#type,
            score: 0.9,
            relationship_score: 0.9,
            id: u32::try_from(nth).unwrap(),
            begin_offset: begin.begin,
            end_offset: word.end,
            text,
        };
        let number = nth.checked_sub(1).map(|before| &words[before]);
        let two = |r#type| number.map(|number| one(r#type, number, format!("{} {}", number.text, word.text)));
        found.extend(match word.text {
            "mg" => two(AttributeType::Strength),
            "tabletten" => two(AttributeType::Dosage),
            "dagen" => two(AttributeType::Duration),
            "2dd" => Some(one(AttributeType::Frequency, word, word.text.into())),
            "oraal" => Some(one(AttributeType::RouteOrMode, word, word.text.into())),
            _ => None,
        });
    }
    found
}

#[async_trait]
impl TextAnalysis for Words {
    fn engine(&self) -> &str {
        self.name
    }

    fn version(&self) -> &str {
        self.version
    }

    fn is_outside(&self) -> bool {
        self.outside
    }

    async fn analyse(&self, text: &Phi<String>, language: Option<Language>) -> Result<Analysis, PortError> {
        let text = text.expose_phi();
        self.seen.lock().unwrap().push(text.clone());
        if let Some(waits) = self.waits.lock().unwrap().take() {
            waits.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        }
        let fails = self.fails.lock().unwrap().take();
        match fails {
            Some(Failure::Panic) => panic!("a fault of the test"),
            Some(Failure::Passing) => return Err(PortError::unavailable("engine", "a fault of the test")),
            Some(Failure::Lasting) => {
                return Err(PortError::Refused { operation: "engine", reason: "too long".into() });
            }
            None => {}
        }
        let all = words(text);
        let mut entities = Vec::new();
        for (nth, word) in all.iter().enumerate() {
            let before = nth.checked_sub(1).map(|before| all[before].text.to_lowercase()).unwrap_or_default();
            let (traits, score) = traits(&before);
            let lower = word.text.to_lowercase();
            let entity = Entity {
                id: u32::try_from(entities.len()).unwrap(),
                begin_offset: word.begin,
                end_offset: word.end,
                score,
                text: word.text.into(),
                category: Category::MedicalCondition,
                r#type: EntityType::DxName,
                traits,
                attributes: Vec::new(),
                icd10cm_concepts: Vec::new(),
                atc_concepts: Vec::new(),
                rx_norm_concepts: Vec::new(),
                snomed_ct_concepts: Vec::new(),
            };
            if let Some((_, code, title)) = CONDITIONS.iter().find(|(word, ..)| *word == lower) {
                entities.push(Entity { icd10cm_concepts: concepts(code, title), ..entity });
            } else if let Some((_, code, title)) = MEDICINES.iter().find(|(word, ..)| *word == lower) {
                entities.push(Entity {
                    category: Category::Medication,
                    r#type: EntityType::GenericName,
                    atc_concepts: concepts(code, title),
                    attributes: attributes(&all[nth + 1..]),
                    ..entity
                });
            }
        }
        let english = all.iter().any(|word| matches!(word.text, "the" | "with"));
        let detected = if english { Language::English } else { Language::Dutch };
        Ok(Analysis {
            entities,
            language: Some(language.unwrap_or(detected)),
            model_version: self.version.into(),
        })
    }
}
