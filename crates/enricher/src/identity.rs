//! The ids of suggestions, and the mark by which the enricher knows its own work again.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::port::{Keys, ResourceKey};
use zorgsluis_domain::{Pseudonym, Purpose};

use crate::finding::{Finding, Kind};

/// The namespace of all ids of Zorgsluis: version 5 of `https://zorgsluis.github.io/id` in the URL
/// namespace. The name of the rule keeps those made here apart from those of the converter.
const NAMESPACE: Uuid = Uuid::from_u128(0xa2b5_7f35_0959_58e4_9d6e_91fa_efa7_dd46);

/// The id of the Provenance of everything that was ever read in a document.
#[must_use]
pub fn provenance_key(document: &str) -> ResourceKey {
    ResourceKey::new("Provenance", id("Provenance/note", &[document.as_bytes()]).to_string())
}

/// What a suggestion is written under: the document, the kind, and the concept as a pseudonym, so that
/// nobody can try out codes against an id.
pub(crate) fn suggestion_key(keys: &dyn Keys, document: &str, finding: &Finding) -> ResourceKey {
    let (kind, rule) = match finding.kind {
        Kind::Condition => ("Condition", "Condition/note"),
        Kind::Medication => ("MedicationStatement", "MedicationStatement/note"),
    };
    let parts = [rule.as_bytes(), document.as_bytes(), finding.concept.as_bytes()];
    let concept = keys.pseudonym(Purpose::Identity, &parts);
    ResourceKey::new(kind, id(rule, &[document.as_bytes(), concept.as_bytes()]).to_string())
}

/// Name-based, each part behind its length.
fn id(rule: &str, parts: &[&[u8]]) -> Uuid {
    let mut name = Vec::new();
    for part in std::iter::once(rule.as_bytes()).chain(parts.iter().copied()) {
        name.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The seal over the content of a suggestion as the enricher wrote it: whatever a person changes breaks
/// it. `meta` belongs to the store, and `subject` to mergers of patients, which move resources.
pub(crate) fn seal(keys: &dyn Keys, resource: &Map<String, Value>) -> Pseudonym {
    let mut text = String::new();
    for (name, value) in sorted(resource) {
        if !matches!(name.as_str(), "meta" | "subject") {
            text.push_str(name);
            canonical(value, &mut text);
        }
    }
    keys.pseudonym(Purpose::Identity, &[b"suggestion", text.as_bytes()])
}

/// JSON whose members are in alphabetical order: stores keep values, not the order of members.
pub(crate) fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (name, value) in sorted(members) {
                // Writing into a string cannot fail.
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        leaf => {
            let _ = write!(out, "{leaf}");
        }
    }
}

fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut all: Vec<_> = members.iter().collect();
    all.sort_by_key(|(name, _)| *name);
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_is_no_content() {
        let text = |value: &Value| {
            let mut out = String::new();
            canonical(value, &mut out);
            out
        };
        assert_eq!(
            text(&json!({"a": [1, {"c": 2, "b": 3}], "d": 4})),
            text(&json!({"d": 4, "a": [1, {"b": 3, "c": 2}]}))
        );
        assert_ne!(text(&json!(["a", "b"])), text(&json!(["b", "a"])));
    }

    #[test]
    fn parts_of_an_id_cannot_be_shifted() {
        assert_ne!(id("r", &[b"ab", b"c"]), id("r", &[b"a", b"bc"]));
    }
}
