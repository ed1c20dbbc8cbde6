//! A DocumentReference as the enricher reads it: what it belongs to, and its texts.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::port::{Precondition, ResourceKey, StoredResource};
use zorgsluis_domain::text::Language;
use zorgsluis_domain::{Phi, PortError};

/// Which characters of a text stand in which field of the message: an extension that the converter puts
/// on the attachment.
const V2_SOURCE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/v2-source";

/// A document as it stands. Holds PHI: no `Debug`.
pub(crate) struct Document {
    pub(crate) key: ResourceKey,
    pub(crate) version: u64,
    /// What a transaction that rests on it holds to.
    pub(crate) precondition: Precondition,
    pub(crate) subject: Option<Uuid>,
    /// `Encounter/<id>`.
    pub(crate) encounter: Option<String>,
    /// When the note was written, as it stands.
    pub(crate) date: Option<String>,
    /// The first author who can be the source of what a patient takes.
    pub(crate) author: Option<String>,
    /// Its texts; none when the document counts no longer.
    pub(crate) texts: Vec<Text>,
}

/// One text of a document.
pub(crate) struct Text {
    /// Which attachment, from 0.
    pub(crate) attachment: u32,
    pub(crate) text: Phi<String>,
    pub(crate) written: Written,
    /// Where the message has it.
    places: Vec<Place>,
}

/// Code points that stand in one field.
struct Place {
    at: String,
    characters: Range<u32>,
}

/// In which language a text says that it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    In(Language),
    /// In a language that no engine reads.
    Otherwise,
    Unsaid,
}

/// The resource without version and time of the store. A deleted one is empty.
pub(crate) fn object(stored: &StoredResource) -> Result<Map<String, Value>, PortError> {
    if stored.deleted {
        return Ok(Map::new());
    }
    let mut resource: Map<String, Value> =
        serde_json::from_slice(stored.json.expose_phi()).map_err(|_| PortError::Damaged {
            operation: "fhir-store.read",
            reason: format!("{} is no JSON object", stored.key.resource_type),
        })?;
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
        if meta.is_empty() {
            resource.shift_remove("meta");
        }
    }
    Ok(resource)
}

/// What a write over a stored resource holds to.
pub(crate) const fn precondition(stored: &StoredResource) -> Precondition {
    if stored.deleted { Precondition::Absent } else { Precondition::Version(stored.version) }
}

impl Document {
    pub(crate) fn of(stored: &StoredResource) -> Result<Self, PortError> {
        let resource = object(stored)?;
        let text = |pointer: &str| pointed(&resource, pointer).and_then(Value::as_str).map(str::to_owned);
        let counts = !stored.deleted
            && text("status").as_deref() == Some("current")
            && text("docStatus").as_deref() != Some("entered-in-error");
        let subject =
            text("subject/reference").and_then(|subject| subject.strip_prefix("Patient/")?.parse().ok());
        let contents = resource.get("content").and_then(Value::as_array).into_iter().flatten();
        let texts = contents
            .enumerate()
            .filter_map(|(nth, content)| Text::of(u32::try_from(nth).ok()?, content))
            .filter(|_| counts);
        let authors = resource.get("author").and_then(Value::as_array).into_iter().flatten();
        let is_source = |reference: &&str| {
            ["Practitioner/", "PractitionerRole/", "Patient/", "RelatedPerson/", "Organization/"]
                .iter()
                .any(|kind| reference.starts_with(kind))
        };
        Ok(Self {
            key: stored.key.clone(),
            version: stored.version,
            precondition: precondition(stored),
            subject,
            encounter: text("context/encounter/0/reference").filter(|one| one.starts_with("Encounter/")),
            date: text("date"),
            author: authors
                .filter_map(|author| author.get("reference")?.as_str())
                .find(is_source)
                .map(str::to_owned),
            texts: texts.collect(),
        })
    }
}

impl Text {
    fn of(nth: u32, content: &Value) -> Option<Self> {
        let attachment = content.get("attachment")?;
        let text = |name: &str| attachment.get(name).and_then(Value::as_str);
        let media_type = text("contentType")?.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("text/plain") {
            return None;
        }
        let said = String::from_utf8(STANDARD.decode(text("data")?).ok()?).ok()?;
        let written = match text("language") {
            None => Written::Unsaid,
            Some(code) => Language::from_code(code).map_or(Written::Otherwise, Written::In),
        };
        let extensions = attachment.get("extension").and_then(Value::as_array).into_iter().flatten();
        let places = extensions.filter_map(place).collect();
        (!said.is_empty()).then(|| Self { attachment: nth, text: Phi::new(said), written, places })
    }

    /// The fields in which characters of the text stand: mostly one, `OBX[1]-5[1]`.
    pub(crate) fn places_of(&self, begin: u32, end: u32) -> impl Iterator<Item = &str> {
        let overlaps = move |place: &&Place| place.characters.start < end && begin < place.characters.end;
        self.places.iter().filter(overlaps).map(|place| place.at.as_str())
    }
}

fn place(extension: &Value) -> Option<Place> {
    if extension.get("url")?.as_str()? != V2_SOURCE {
        return None;
    }
    let parts = extension.get("extension")?.as_array()?;
    let part = |url: &str| parts.iter().find(|part| part.get("url").and_then(Value::as_str) == Some(url));
    let number = |url: &str| u32::try_from(part(url)?.get("valueInteger")?.as_u64()?).ok();
    let at = part("place")?.get("valueString")?.as_str()?.to_owned();
    Some(Place { at, characters: number("begin")?..number("end")? })
}

fn pointed<'a>(resource: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let value = resource.get(first)?;
    if rest.is_empty() { Some(value) } else { value.pointer(&format!("/{rest}")) }
}
