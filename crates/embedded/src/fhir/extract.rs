//! What of a resource goes into the search index.

use std::collections::BTreeSet;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::date::Interval;
use super::parameter::{SearchKind, SearchParameter, search_parameters};

/// Characters of an indexed text at most; a search for more finds nothing.
const MAX_TEXT: usize = 200;
/// Bytes of an indexed token at most.
const MAX_TOKEN: usize = 500;
/// Rows that one resource has in the index at most: more are not findable, which no real one reaches.
const MAX_ROWS: usize = 2000;

/// Rows of the search index. `param` is `Type.name`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IndexRows {
    /// (param, value)
    pub(crate) keys: BTreeSet<(String, String)>,
    /// (param, folded, exact)
    pub(crate) strings: BTreeSet<(String, String, String)>,
    /// (param, low, high)
    pub(crate) dates: BTreeSet<(String, i64, i64)>,
}

impl IndexRows {
    /// The rows of a resource.
    pub(crate) fn of(resource_type: &str, resource: &Value) -> Self {
        let mut rows = Self::default();
        for parameter in search_parameters(resource_type) {
            let param = param(resource_type, parameter.name);
            for path in parameter.paths {
                let mut values = Vec::new();
                walk(resource, path, &mut values);
                for value in values {
                    if rows.keys.len() + rows.strings.len() + rows.dates.len() >= MAX_ROWS {
                        return rows;
                    }
                    rows.add(&param, parameter, value);
                }
            }
        }
        rows
    }

    fn add(&mut self, param: &str, parameter: &SearchParameter, value: &Value) {
        match parameter.kind {
            SearchKind::Token => tokens(value, &mut |system, code| {
                for key in token_keys(system, code) {
                    if key.len() <= MAX_TOKEN {
                        self.keys.insert((param.to_owned(), key));
                    }
                }
            }),
            SearchKind::Reference => {
                if let Some(reference) = value.get("reference").and_then(Value::as_str) {
                    for key in reference_keys(reference, parameter.target) {
                        if key.len() <= MAX_TOKEN {
                            self.keys.insert((param.to_owned(), key));
                        }
                    }
                }
            }
            SearchKind::String => texts(value, &mut |text| {
                let exact: String = text.chars().take(MAX_TEXT).collect();
                self.strings.insert((param.to_owned(), fold(&exact), exact));
            }),
            SearchKind::Date => {
                if let Some(interval) = interval(value) {
                    self.dates.insert((param.to_owned(), interval.low, interval.high));
                }
            }
        }
    }
}

/// The name of a parameter in the index.
pub(crate) fn param(resource_type: &str, name: &str) -> String {
    format!("{resource_type}.{name}")
}

/// The values at a path; arrays are entered, and of `_family` beside `family` the extensions are told.
fn walk<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| walk(item, path, found));
        return;
    }
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let Some(object) = value.as_object() else { return };
    if let Some(inner) = object.get(head) {
        match rest {
            Some(rest) => walk(inner, rest, found),
            None => match inner {
                Value::Array(items) => found.extend(items),
                other => found.push(other),
            },
        }
    }
    if (head, rest) == ("family", None) {
        found.extend(family_parts(object));
    }
}

/// The parts of a Dutch family name (nl-core-NameInformation): own name and partner's name, so that
/// "van der Berg" is found by "berg".
fn family_parts(name: &serde_json::Map<String, Value>) -> impl Iterator<Item = &Value> {
    const PARTS: [&str; 2] = ["humanname-own-name", "humanname-partner-name"];
    let extensions = name.get("_family").and_then(|family| family.get("extension")).and_then(Value::as_array);
    extensions.into_iter().flatten().filter_map(|extension| {
        let url = extension.get("url")?.as_str()?;
        PARTS.iter().any(|part| url.ends_with(part)).then(|| extension.get("valueString"))?
    })
}

/// The (system, code) pairs of a code, Coding, CodeableConcept, Identifier or boolean.
fn tokens(value: &Value, add: &mut dyn FnMut(Option<&str>, &str)) {
    match value {
        Value::String(code) => add(None, code),
        Value::Bool(flag) => add(None, if *flag { "true" } else { "false" }),
        Value::Object(object) => {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            if let Some(code) = text("code").or_else(|| text("value")) {
                add(text("system"), code);
            }
            for coding in object.get("coding").and_then(Value::as_array).into_iter().flatten() {
                tokens(coding, add);
            }
        }
        _ => {}
    }
}

/// Under what a token is found: `code`, `system|code` and `system|`; `|code` when it has no system.
fn token_keys(system: Option<&str>, code: &str) -> Vec<String> {
    match system {
        Some(system) => vec![code.to_owned(), format!("{system}|{code}"), format!("{system}|")],
        None => vec![code.to_owned(), format!("|{code}")],
    }
}

/// Under what a reference is found: `Type/id` and `id`; an absolute one as it stands.
fn reference_keys(reference: &str, target: &str) -> Vec<String> {
    // A versioned reference is of the same resource.
    let reference = reference.split_once("/_history/").map_or(reference, |(current, _)| current);
    match reference.split_once('/') {
        Some((kind, id)) if !id.contains('/') => {
            if target.is_empty() || kind == target {
                vec![reference.to_owned(), id.to_owned()]
            } else {
                Vec::new()
            }
        }
        _ if target.is_empty() => vec![reference.to_owned()],
        _ => Vec::new(),
    }
}

/// The texts of a string, HumanName or list of them.
fn texts(value: &Value, add: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => add(text),
        Value::Object(name) => {
            for part in ["text", "family", "given", "prefix", "suffix"] {
                match name.get(part) {
                    Some(Value::String(text)) => add(text),
                    Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).for_each(&mut *add),
                    _ => {}
                }
            }
            family_parts(name).filter_map(Value::as_str).for_each(add);
        }
        _ => {}
    }
}

fn interval(value: &Value) -> Option<Interval> {
    match value {
        Value::String(text) => Interval::parse(text),
        Value::Object(period) => {
            let end = |name: &str| period.get(name).and_then(Value::as_str).and_then(Interval::parse);
            Interval::period(end("start"), end("end"))
        }
        _ => None,
    }
}

/// A text without case and accents, for comparison (FHIR R4 Search, "string").
pub(crate) fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|character| !is_combining_mark(*character));
    plain.flat_map(char::to_lowercase).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn folding_takes_case_and_accents_away() {
        assert_eq!(fold(" Ångström-Çelik É "), "angstrom-celik e");
        assert_eq!(fold("İ"), "i");
    }

    #[test]
    fn a_patient_is_found_by_the_parts_of_a_dutch_name() {
        let rows = IndexRows::of(
            "Patient",
            &json!({"name": [{"family": "van der Berg-Smit", "given": ["Jan", "P."], "_family": {"extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/humanname-own-name", "valueString": "Berg"},
                {"url": "http://hl7.org/fhir/StructureDefinition/humanname-own-prefix", "valueString": "van der"}
            ]}}]}),
        );
        let family: Vec<_> =
            rows.strings.iter().filter(|row| row.0 == "Patient.family").map(|row| row.1.as_str()).collect();
        assert_eq!(family, ["berg", "van der berg-smit"]);
        let given: Vec<_> =
            rows.strings.iter().filter(|row| row.0 == "Patient.given").map(|row| row.1.as_str()).collect();
        assert_eq!(given, ["jan", "p."]);
    }

    #[test]
    fn a_reference_counts_for_its_target_only() {
        let rows = IndexRows::of("Observation", &json!({"subject": {"reference": "Group/g1"}}));
        let keys: Vec<_> = rows.keys.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect();
        assert_eq!(keys, [("Observation.subject", "Group/g1"), ("Observation.subject", "g1")]);
    }
}
