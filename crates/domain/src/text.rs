//! What text analysis says of a note, in the shape of Amazon Comprehend Medical.
//!
//! The JSON form of these types is that of `DetectEntitiesV2` and `InferICD10CM`: names in capitals,
//! offsets in Unicode code points from 0, the end exclusive. The embedded recogniser and the adapter of
//! Comprehend Medical both give it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that notes are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// Dutch.
    #[serde(rename = "nl")]
    Dutch,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The BCP 47 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }

    /// By its BCP 47 code; a region (`nl-NL`) is allowed.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "nl" => Some(Self::Dutch),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What was found in one text. Holds PHI: `Debug` prints the shape only.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Analysis {
    /// What was found, in the order of the text.
    pub entities: Vec<Entity>,
    /// The language that the text was read in; none when it is neither of those that are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The version of the engine and its vocabulary. The same text, language and version give the same
    /// entities.
    pub model_version: String,
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// A disease, sign or symptom.
    MedicalCondition,
    /// A medicine.
    Medication,
    /// A part of the body.
    Anatomy,
    /// A test, treatment or procedure.
    TestTreatmentProcedure,
    /// A time.
    TimeExpression,
    /// What tells who somebody is.
    ProtectedHealthInformation,
    /// How somebody lives.
    BehavioralEnvironmentalSocial,
}

/// More precisely what an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityType {
    /// A disease, sign or symptom.
    DxName,
    /// A medicine by its brand.
    BrandName,
    /// A medicine by its substance.
    GenericName,
    /// Anything else that an engine names; not used further.
    #[serde(other)]
    Other,
}

/// What the words around an entity say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TraitName {
    /// It is absent.
    Negation,
    /// It is a diagnosis.
    Diagnosis,
    /// It is a sign, seen by a clinician.
    Sign,
    /// It is a symptom, told by the patient.
    Symptom,
    /// It is of somebody of the family.
    PertainsToFamily,
    /// It may be, it may come, it is to be ruled out.
    Hypothetical,
    /// It is over.
    PastHistory,
    /// The engine is not sure.
    LowConfidence,
    /// Anything else that an engine names; not used further.
    #[serde(other)]
    Other,
}

/// A trait and how sure the engine is of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trait {
    /// Which.
    pub name: TraitName,
    /// From 0 to 1.
    pub score: f32,
}

/// What an attribute says of a medicine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributeType {
    /// How much at a time: `2 tabletten`.
    Dosage,
    /// How long: `7 dagen`.
    Duration,
    /// In which form: `tablet`.
    Form,
    /// How often: `2dd1`.
    Frequency,
    /// How fast: `100 ml/h`.
    Rate,
    /// Which way: `i.v.`.
    RouteOrMode,
    /// How strong: `10 mg`.
    Strength,
    /// Anything else that an engine names; not used further.
    #[serde(other)]
    Other,
}

/// Something said of an entity, elsewhere in the text.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    /// Which.
    pub r#type: AttributeType,
    /// How sure the engine is of it, from 0 to 1.
    pub score: f32,
    /// How sure it is that it belongs to this entity, from 0 to 1.
    pub relationship_score: f32,
    /// Counts within the analysis.
    pub id: u32,
    /// Code points before it.
    pub begin_offset: u32,
    /// Code points before its end.
    pub end_offset: u32,
    /// The words.
    pub text: String,
}

/// A code that an entity may stand for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Concept {
    /// The code's title, in English.
    pub description: String,
    /// The code.
    pub code: String,
    /// From 0 to 1.
    pub score: f32,
}

/// Something found in a text. Holds PHI.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entity {
    /// Counts within the analysis.
    pub id: u32,
    /// Code points before it.
    pub begin_offset: u32,
    /// Code points before its end.
    pub end_offset: u32,
    /// How sure the engine is, from 0 to 1.
    pub score: f32,
    /// The words, as they stand in the text.
    pub text: String,
    /// What it is.
    pub category: Category,
    /// More precisely.
    pub r#type: EntityType,
    /// What the words around it say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<Trait>,
    /// What is said of it elsewhere: dosage and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// ICD-10-CM codes, the likeliest first.
    #[serde(default, rename = "ICD10CMConcepts", skip_serializing_if = "Vec::is_empty")]
    pub icd10cm_concepts: Vec<Concept>,
    /// ATC codes of medicines (ours; Comprehend Medical gives RxNorm), the likeliest first.
    #[serde(default, rename = "ATCConcepts", skip_serializing_if = "Vec::is_empty")]
    pub atc_concepts: Vec<Concept>,
    /// RxNorm codes of medicines, the likeliest first.
    #[serde(default, rename = "RxNormConcepts", skip_serializing_if = "Vec::is_empty")]
    pub rx_norm_concepts: Vec<Concept>,
    /// SNOMED CT codes, the likeliest first; only from an engine that is asked for them.
    #[serde(default, rename = "SNOMEDCTConcepts", skip_serializing_if = "Vec::is_empty")]
    pub snomed_ct_concepts: Vec<Concept>,
}

impl Entity {
    /// Whether the words around it say so.
    #[must_use]
    pub fn has(&self, name: TraitName) -> bool {
        self.traits.iter().any(|one| one.name == name)
    }
}

impl fmt::Debug for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analysis")
            .field("entities", &self.entities.len())
            .field("language", &self.language)
            .field("model_version", &self.model_version)
            .finish()
    }
}

impl fmt::Debug for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entity")
            .field("category", &self.category)
            .field("range", &(self.begin_offset..self.end_offset))
            .finish_non_exhaustive()
    }
}
