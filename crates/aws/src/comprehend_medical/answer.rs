//! The answers of the service in the words of the port, at the places of the whole text.

use aws_sdk_comprehendmedical::operation::detect_entities_v2::DetectEntitiesV2Output;
use aws_sdk_comprehendmedical::operation::infer_icd10_cm::InferIcd10CmOutput;
use aws_sdk_comprehendmedical::operation::infer_rx_norm::InferRxNormOutput;
use aws_sdk_comprehendmedical::operation::infer_snomedct::InferSnomedctOutput;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};
use zorgsluis_domain::text::{Attribute, Category, Concept, Entity, Trait};

/// What one operation found in all pieces of a text.
#[derive(Default)]
pub(super) struct Found {
    pub(super) all: Vec<Entity>,
    /// The version of its model, as the last answer told it.
    pub(super) model: Option<String>,
}

/// A word of the service: domain and service spell them alike.
fn word<T: DeserializeOwned>(word: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<Error>::new(word)).ok()
}

/// A place in the whole text; `None` when it is no place.
fn place(start: u32, begin: Option<i32>, end: Option<i32>) -> Option<(u32, u32)> {
    let at = |offset: Option<i32>| start.checked_add(u32::try_from(offset?).ok()?);
    let (begin, end) = (at(begin)?, at(end)?);
    (begin < end).then_some((begin, end))
}

/// The operations give entities, attributes and concepts of different types with the same fields.
macro_rules! traits {
    ($traits:expr) => {
        $traits
            .iter()
            .filter_map(|one| {
                Some(Trait { name: word(one.name()?.as_str())?, score: one.score().unwrap_or_default() })
            })
            .collect()
    };
}

macro_rules! attributes {
    ($start:expr, $attributes:expr) => {
        $attributes
            .iter()
            .filter_map(|one| {
                let (begin_offset, end_offset) = place($start, one.begin_offset(), one.end_offset())?;
                Some(Attribute {
                    r#type: word(one.r#type()?.as_str())?,
                    score: one.score().unwrap_or_default(),
                    relationship_score: one.relationship_score().unwrap_or_default(),
                    id: 0,
                    begin_offset,
                    end_offset,
                    text: one.text().unwrap_or_default().to_owned(),
                })
            })
            .collect()
    };
}

macro_rules! concepts {
    ($concepts:expr) => {
        $concepts
            .iter()
            .filter_map(|one| {
                Some(Concept {
                    description: one.description().unwrap_or_default().to_owned(),
                    code: one.code()?.to_owned(),
                    score: one.score().unwrap_or_default(),
                })
            })
            .collect()
    };
}

macro_rules! entity {
    ($start:expr, $one:expr) => {{
        let one = $one;
        let place = place($start, one.begin_offset(), one.end_offset());
        // A category that nobody here knows is of no use.
        let category: Option<Category> = one.category().and_then(|category| word(category.as_str()));
        let kind = one.r#type().and_then(|kind| word(kind.as_str()));
        match (place, category, kind) {
            (Some((begin_offset, end_offset)), Some(category), Some(r#type)) => Some(Entity {
                id: 0,
                begin_offset,
                end_offset,
                score: one.score().unwrap_or_default(),
                text: one.text().unwrap_or_default().to_owned(),
                category,
                r#type,
                traits: traits!(one.traits()),
                attributes: attributes!($start, one.attributes()),
                icd10cm_concepts: Vec::new(),
                atc_concepts: Vec::new(),
                rx_norm_concepts: Vec::new(),
                snomed_ct_concepts: Vec::new(),
            }),
            _ => None,
        }
    }};
}

impl Found {
    pub(super) fn entities(&mut self, start: u32, answer: &DetectEntitiesV2Output) {
        self.all.extend(answer.entities().iter().filter_map(|one| entity!(start, one)));
        self.model = Some(answer.model_version().to_owned());
    }

    pub(super) fn icd(&mut self, start: u32, answer: &InferIcd10CmOutput) {
        self.all.extend(answer.entities().iter().filter_map(|one| {
            let entity: Option<Entity> = entity!(start, one);
            Some(Entity { icd10cm_concepts: concepts!(one.icd10_cm_concepts()), ..entity? })
        }));
        self.model = answer.model_version().map(str::to_owned);
    }

    pub(super) fn rx_norm(&mut self, start: u32, answer: &InferRxNormOutput) {
        self.all.extend(answer.entities().iter().filter_map(|one| {
            let entity: Option<Entity> = entity!(start, one);
            Some(Entity { rx_norm_concepts: concepts!(one.rx_norm_concepts()), ..entity? })
        }));
        self.model = answer.model_version().map(str::to_owned);
    }

    pub(super) fn snomed(&mut self, start: u32, answer: &InferSnomedctOutput) {
        self.all.extend(answer.entities().iter().filter_map(|one| {
            let entity: Option<Entity> = entity!(start, one);
            Some(Entity { snomed_ct_concepts: concepts!(one.snomedct_concepts()), ..entity? })
        }));
        self.model = answer.model_version().map(str::to_owned);
    }
}
