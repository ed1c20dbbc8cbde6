//! `""` in fields that are a part of a larger element, or stand in an extension.
//!
//! Where a field has an element of its own, its converter asks [`Context::given`]. All others are found in the
//! mapping table: the element to which it is written is deleted, unless the message tells it anew, and then
//! it is as the message has it.

use std::collections::HashMap;

use hl7v2::{Field, Segment};
use serde_json::Value;
use uuid::Uuid;

use crate::apply;
use crate::context::Context;
use crate::conversion::Deletion;
use crate::mapping::{self, Row, Verdict};

const DEMANDED: &str = "FHIR demands the element: it stays, as unknown where nothing is known";
const OF_THE_MESSAGE: &str = "is said of what this message did, of which nothing was said before";
const A_NUMBER: &str = "a number by which something is known is not taken away from it";
const WHOLE: &str = "the resource is told as a whole: what is not said is not there";

const OURS: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/";
const OF_FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Obeys what a segment deletes of the resources that were made of it: resource type and id of each. Call it
/// when they have been put.
pub(crate) fn obey<'m, 'a: 'm>(cx: &mut Context<'_, 'a>, segment: Segment<'m, 'a>, owners: &[(&str, Uuid)]) {
    obey_all(cx, [segment], owners);
}

/// The same for several segments, of which there may be thousands: what the owners say is read once.
pub(crate) fn obey_all<'m, 'a: 'm>(
    cx: &mut Context<'_, 'a>,
    segments: impl IntoIterator<Item = Segment<'m, 'a>>,
    owners: &[(&str, Uuid)],
) {
    let mut contents = Contents::new();
    for segment in segments {
        let Some(map) = mapping::maps().iter().find(|map| map.segment == segment.id()) else { continue };
        for field in segment.fields().filter(Field::is_null) {
            if cx.is_marked(field.value()) {
                continue;
            }
            let number = field.place().field;
            let mut written = false;
            for row in map.rows.iter().filter(|row| row.field == number && row.verdict == Verdict::Written) {
                written = true;
                delete(cx, field, row, owners, &mut contents);
            }
            // It is written to another resource, of which no part is ever deleted.
            if written && !cx.is_accounted(field.value()) {
                cx.ignore(field.value(), WHOLE);
            }
        }
    }
}

/// The nulls of a segment whose resource is told as a whole: there is nothing to delete.
pub(crate) fn nothing_to_delete<'a>(cx: &mut Context<'_, 'a>, segment: Segment<'_, 'a>) {
    for field in segment.fields().filter(Field::is_null) {
        cx.ignore(field.value(), WHOLE);
    }
}

/// What the owners say, each read once.
type Contents = HashMap<Uuid, Option<Value>>;

fn delete<'a>(
    cx: &mut Context<'_, 'a>,
    field: Field<'_, 'a>,
    row: &Row,
    owners: &[(&str, Uuid)],
    contents: &mut Contents,
) {
    let Some((kind, path)) = row.to.split_once('.') else { return };
    if kind == "Provenance" {
        cx.ignore(field.value(), OF_THE_MESSAGE);
        return;
    }
    let Some(&(_, id)) = owners.iter().find(|(owner, _)| *owner == kind) else { return };
    let read = || cx.entry(id).and_then(|resource| serde_json::to_value(resource).ok());
    let Some(content) = contents.entry(id).or_insert_with(read) else { return };
    let mut parts = path.split('.');
    let element = parts.next().unwrap_or(path);
    if let Some(name) = element.strip_prefix("extension(").and_then(|rest| rest.strip_suffix(')')) {
        let url = format!("{}{name}", if name.starts_with("v2-") { OURS } else { OF_FHIR });
        if !has_extension(content, &url) {
            cx.gone.push((id, format!("extension:{url}")));
        }
        cx.mark(field.value());
        return;
    }
    let element = element.trim_end_matches("[x]");
    if matches!(element, "identifier" | "masterIdentifier" | "extension") {
        cx.ignore(field.value(), A_NUMBER);
        return;
    }
    if cx.presumed.iter().any(|presumed| presumed.entry == id && presumed.path.starts_with(element)) {
        cx.ignore(field.value(), DEMANDED);
        return;
    }
    cx.mark(field.value());
    let (told, deleted) = match parts.next().filter(|_| apply::in_parts(kind, element)) {
        Some(part) => {
            let end = path.match_indices('.').nth(1).map_or(path.len(), |(at, _)| at);
            (content.get(element).is_some_and(|whole| has(whole, part)), path.get(..end).unwrap_or(path))
        }
        None => (has(content, element), element),
    };
    if !told {
        cx.deletions.push(Deletion { entry: id, path: deleted });
    }
}

/// Whether an element, or one of a choice of that name, has a value.
fn has(content: &Value, element: &str) -> bool {
    let Some(object) = content.as_object() else { return false };
    object.keys().any(|name| {
        let rest = name.strip_prefix('_').unwrap_or(name).strip_prefix(element);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_uppercase()))
    })
}

fn has_extension(content: &Value, url: &str) -> bool {
    let all = content.get("extension").and_then(Value::as_array);
    all.is_some_and(|all| all.iter().any(|one| one.get("url").and_then(Value::as_str) == Some(url)))
}
