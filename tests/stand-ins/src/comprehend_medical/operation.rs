//! What each operation makes of a text: the recogniser's entities in the shapes of the service.

use serde_json::{Value, json};
use zorgsluis_clinical_text::Recogniser;
use zorgsluis_domain::text::{Category, Entity, Language};

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Entities,
    Icd,
    RxNorm,
    Snomed,
}

/// RxNorm codes of some medicines: the recogniser knows ATC only.
const RX_NORM: [(&str, &str); 12] = [
    ("amoxicillin", "723"),
    ("aspirin", "1191"),
    ("atorvastatin", "83367"),
    ("furosemide", "4603"),
    ("ibuprofen", "5640"),
    ("lisinopril", "29046"),
    ("metformin", "6809"),
    ("metoprolol", "6918"),
    ("omeprazole", "7646"),
    ("paracetamol", "161"),
    ("simvastatin", "36567"),
    ("warfarin", "11289"),
];
/// SNOMED CT codes of some conditions.
const SNOMED_CT: [(&str, &str); 5] = [
    ("asthma", "195967001"),
    ("diabetes", "73211009"),
    ("fever", "386661006"),
    ("hypertension", "38341003"),
    ("pneumonia", "233604007"),
];

impl Operation {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "DetectEntitiesV2" => Some(Self::Entities),
            "InferICD10CM" => Some(Self::Icd),
            "InferRxNorm" => Some(Self::RxNorm),
            "InferSNOMEDCT" => Some(Self::Snomed),
            _ => None,
        }
    }

    /// Whether the text is not too long.
    pub(super) fn takes(self, text: &str) -> bool {
        match self {
            Self::Entities => text.chars().count() <= 20_000,
            Self::Icd | Self::RxNorm => text.chars().count() <= 10_000,
            Self::Snomed => text.len() <= 5_000,
        }
    }

    pub(super) fn answer(self, recogniser: &Recogniser, text: &str) -> Value {
        let found = recogniser.read(text, Some(Language::English)).entities;
        let entities: Vec<Value> = found.iter().filter_map(|entity| self.entity(entity)).collect();
        match self {
            Self::Entities => {
                json!({ "Entities": entities, "UnmappedAttributes": [], "ModelVersion": "2.5.0" })
            }
            Self::Icd => json!({ "Entities": entities, "ModelVersion": "2.4.0" }),
            Self::RxNorm => json!({ "Entities": entities, "ModelVersion": "2.3.0" }),
            Self::Snomed => json!({
                "Entities": entities,
                "ModelVersion": "0.1.0",
                "SNOMEDCTDetails": { "Edition": "US", "Language": "en", "VersionDate": "20260301" },
                "Characters": { "OriginalTextCharacters": text.chars().count() },
            }),
        }
    }

    fn entity(self, entity: &Entity) -> Option<Value> {
        let mut shape = serde_json::to_value(entity).ok()?;
        let fields = shape.as_object_mut()?;
        for concepts in ["ICD10CMConcepts", "ATCConcepts", "RxNormConcepts", "SNOMEDCTConcepts"] {
            fields.remove(concepts);
        }
        let traits = fields.entry("Traits").or_insert_with(|| json!([]));
        let known: &[&str] = match self {
            Self::Entities => return Some(shape),
            Self::Icd | Self::Snomed if entity.category != Category::MedicalCondition => return None,
            Self::RxNorm if entity.category != Category::Medication => return None,
            Self::Icd | Self::Snomed => &[
                "NEGATION",
                "DIAGNOSIS",
                "SIGN",
                "SYMPTOM",
                "PERTAINS_TO_FAMILY",
                "HYPOTHETICAL",
                "LOW_CONFIDENCE",
            ],
            Self::RxNorm => &["NEGATION", "PAST_HISTORY"],
        };
        if let Some(traits) = traits.as_array_mut() {
            traits.retain(|one| one["Name"].as_str().is_some_and(|name| known.contains(&name)));
        }
        let of = |table: &[(&str, &str)]| {
            let word = entity.text.to_lowercase();
            let code = table.iter().find(|(name, _)| *name == word).map(|(_, code)| *code);
            json!(
                code.map(|code| json!({ "Description": word, "Code": code, "Score": 0.95 }))
                    .into_iter()
                    .collect::<Vec<_>>()
            )
        };
        let (name, concepts) = match self {
            Self::Icd => ("ICD10CMConcepts", json!(entity.icd10cm_concepts)),
            Self::RxNorm => ("RxNormConcepts", of(&RX_NORM)),
            _ => ("SNOMEDCTConcepts", of(&SNOMED_CT)),
        };
        fields.insert(name.to_owned(), concepts);
        Some(shape)
    }
}
