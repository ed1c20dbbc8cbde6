//! Reading FHIR JSON: what is not there or has another shape is absent.

use serde_json::Value;

pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| match name.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(name),
    })
}

pub(crate) fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    at(value, path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

pub(crate) fn list<'v>(value: &'v Value, path: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    at(value, path).and_then(Value::as_array).into_iter().flatten()
}

/// Whether a CodeableConcept has one of these codes, in any system.
pub(crate) fn has_code(concept: Option<&Value>, codes: &[&str]) -> bool {
    concept.is_some_and(|concept| {
        list(concept, "coding").any(|coding| text(coding, "code").is_some_and(|code| codes.contains(&code)))
    })
}

/// A CodeableConcept in words: its text, else the name that the sender gave, else a standard's, else a code.
pub(crate) fn concept(concept: &Value) -> Option<String> {
    let named = |standard: bool| {
        list(concept, "coding")
            .filter(move |coding| (text(coding, "system") == Some("http://loinc.org")) == standard)
            .find_map(|coding| text(coding, "display"))
    };
    text(concept, "text")
        .or_else(|| named(false))
        .or_else(|| named(true))
        .or_else(|| list(concept, "coding").find_map(|coding| text(coding, "code")))
        .map(str::to_owned)
}

/// A HumanName in words.
pub(crate) fn name(resource: &Value) -> Option<String> {
    let rank = |name: &Value| match text(name, "use") {
        Some("official") => 0,
        None => 1,
        Some("usual") => 2,
        Some("temp") => 3,
        Some("maiden") => 4,
        _ => 5,
    };
    let best = list(resource, "name").filter(|name| rank(name) < 5).min_by_key(|name| rank(name))?;
    if let Some(text) = text(best, "text") {
        return Some(text.to_owned());
    }
    let words: Vec<&str> = list(best, "given")
        .filter_map(Value::as_str)
        .chain(text(best, "family"))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A number with the digits that it was written with.
pub(crate) fn number(value: &Value) -> Option<String> {
    value.as_number().map(ToString::to_string)
}

/// A Quantity in words.
pub(crate) fn quantity(quantity: &Value) -> Option<String> {
    let number = number(quantity.get("value")?)?;
    let comparator = text(quantity, "comparator").unwrap_or_default();
    let unit = text(quantity, "unit").or_else(|| text(quantity, "code"));
    Some(match unit {
        Some(unit) => format!("{comparator}{number} {unit}"),
        None => format!("{comparator}{number}"),
    })
}
