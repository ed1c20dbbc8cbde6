//! The Provenance of a document: one resource that names everything that was ever suggested from it.
//!
//! Its id is made from the document's, so it is found without a search, and it is written in the
//! transaction that writes the suggestions, so it is never behind them. It says which engine read the
//! note, and with each target the code points where the note names it.

use std::ops::Range;

use fhir::system;
use serde_json::{Map, Value, json};
use zorgsluis_domain::port::ResourceKey;

use crate::engine::EngineName;
use crate::finding::Mention;
use crate::note::Document;

/// Where a note names a target: `begin` and `end` in code points, the end exclusive; `attachment`, from
/// 0, where it is not the first; and `place`, the field of the message (`OBX[1]-5[1]`), when known.
pub const NOTE_RANGE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/note-range";
/// On a target that the note does not name any more: it was taken back.
pub const WITHDRAWN: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/suggestion-withdrawn";

/// What a Provenance says of one suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The suggestion.
    pub key: ResourceKey,
    /// Where the note names it: attachment from 0, code points. Empty when it does not any more.
    pub places: Vec<(u32, Range<u32>)>,
    /// Whether it was taken back.
    pub withdrawn: bool,
}

/// Reads the targets of a Provenance that the enricher wrote; what is not of its making is left out.
#[must_use]
pub fn targets(provenance: &Value) -> Vec<Target> {
    let all = provenance.get("target").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|target| {
        let key = ResourceKey::parse(target.get("reference")?.as_str()?)?;
        let extensions = target.get("extension").and_then(Value::as_array).into_iter().flatten();
        let (mut places, mut withdrawn) = (Vec::new(), false);
        for extension in extensions {
            match extension.get("url").and_then(Value::as_str) {
                Some(NOTE_RANGE) => places.extend(place(extension)),
                Some(WITHDRAWN) => withdrawn = true,
                _ => {}
            }
        }
        Some(Target { key, places, withdrawn })
    })
    .collect()
}

fn place(extension: &Value) -> Option<(u32, Range<u32>)> {
    let parts = extension.get("extension")?.as_array()?;
    let number = |url: &str| {
        let part = parts.iter().find(|part| part.get("url").and_then(Value::as_str) == Some(url))?;
        u32::try_from(part.get("valueUnsignedInt")?.as_u64()?).ok()
    };
    Some((number("attachment").unwrap_or(0), number("begin")?..number("end")?))
}

/// A target as it should stand.
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a ResourceKey,
    pub(crate) mentions: &'a [Mention],
    pub(crate) withdrawn: bool,
}

/// The Provenance without `recorded`. Without engines (a document that is not read any more) those that
/// read it last stay.
pub(crate) fn content<'a>(
    key: &ResourceKey,
    document: &Document,
    engines: impl IntoIterator<Item = &'a EngineName>,
    targets: &[Wanted<'_>],
    stands: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let targets: Vec<Value> = targets.iter().map(|wanted| target(document, wanted)).collect();
    let mut agents: Vec<Value> = engines.into_iter().map(agent).collect();
    if agents.is_empty()
        && let Some(Value::Array(before)) = stands.and_then(|stands| stands.get("agent"))
    {
        agents.clone_from(before);
    }
    let content = json!({
        "resourceType": "Provenance",
        "id": key.id,
        "target": targets,
        "activity": { "text": "Text analysis of a clinical note" },
        "agent": agents,
        "entity": [{ "role": "source", "what": { "reference": document.key.to_string() } }],
    });
    match content {
        Value::Object(content) => content,
        _ => Map::new(),
    }
}

fn target(document: &Document, wanted: &Wanted<'_>) -> Value {
    let mut extensions: Vec<Value> = wanted.mentions.iter().map(|mention| range(document, mention)).collect();
    if wanted.withdrawn {
        extensions.push(json!({ "url": WITHDRAWN, "valueBoolean": true }));
    }
    let reference = wanted.key.to_string();
    if extensions.is_empty() {
        json!({ "reference": reference })
    } else {
        json!({ "extension": extensions, "reference": reference })
    }
}

fn range(document: &Document, mention: &Mention) -> Value {
    let number = |url: &str, number: u32| json!({ "url": url, "valueUnsignedInt": number });
    let mut parts = vec![number("begin", mention.begin), number("end", mention.end)];
    if mention.attachment > 0 {
        parts.push(number("attachment", mention.attachment));
    }
    let text = document.texts.iter().find(|text| text.attachment == mention.attachment);
    let fields = text.into_iter().flat_map(|text| text.places_of(mention.begin, mention.end));
    parts.extend(fields.map(|field| json!({ "url": "place", "valueString": field })));
    json!({ "url": NOTE_RANGE, "extension": parts })
}

fn agent(engine: &EngineName) -> Value {
    json!({
        "type": { "coding": [{
            "system": system::PROVENANCE_PARTICIPANT, "code": "assembler", "display": "Assembler",
        }] },
        "who": { "type": "Device", "display": format!("{} {}", engine.name, engine.version) },
    })
}
