//! One result in words.

use serde_json::Value;

use super::Observed;
use super::json::{at, concept, list, number, quantity, text};

/// An Observation; none when it was withdrawn.
pub(super) fn observed(resource: &Value) -> Option<Observed> {
    let status = text(resource, "status").unwrap_or_default();
    if status == "entered-in-error" {
        return None;
    }
    let mut flags: Vec<String> = list(resource, "interpretation")
        .filter_map(|concept| {
            list(concept, "coding").find_map(|coding| text(coding, "code")).or_else(|| text(concept, "text"))
        })
        .map(str::to_owned)
        .collect();
    flags.dedup();
    let mut value = value(resource);
    if value.is_none() {
        let parts: Vec<String> = list(resource, "component")
            .filter_map(|part| Some(format!("{}: {}", concept(part.get("code")?)?, self::value(part)?)))
            .collect();
        value = (!parts.is_empty()).then(|| parts.join("; "));
    }
    Some(Observed {
        name: resource.get("code").and_then(concept).unwrap_or_default(),
        value,
        range: list(resource, "referenceRange").find_map(range),
        flags,
        status: status.to_owned(),
    })
}

fn value(resource: &Value) -> Option<String> {
    if let Some(found) = resource.get("valueQuantity") {
        return quantity(found);
    }
    if let Some(found) = resource.get("valueCodeableConcept") {
        return concept(found);
    }
    if let Some(found) = resource.get("valueRatio") {
        let part = |name| found.get(name).and_then(quantity);
        return Some(format!("{}:{}", part("numerator")?, part("denominator")?));
    }
    if let Some(found) = resource.get("valueRange") {
        return between(found);
    }
    ["valueString", "valueDateTime", "valueTime"]
        .iter()
        .find_map(|name| text(resource, name).map(str::to_owned))
        .or_else(|| resource.get("valueInteger").and_then(number))
        .or_else(|| at(resource, "valuePeriod.start").and_then(Value::as_str).map(str::to_owned))
}

fn range(range: &Value) -> Option<String> {
    text(range, "text").map(str::to_owned).or_else(|| between(range))
}

fn between(range: &Value) -> Option<String> {
    let end = |name| range.get(name).and_then(|end| end.get("value")).and_then(number);
    match (end("low"), end("high")) {
        (Some(low), Some(high)) => Some(format!("{low} - {high}")),
        (Some(low), None) => Some(format!(">= {low}")),
        (None, Some(high)) => Some(format!("<= {high}")),
        (None, None) => None,
    }
}
