//! Whether JSON is an AuditEvent of FHIR R4: elements, cardinalities, types, required bindings, invariants.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::issue::Issues;
use super::narrative;
use super::primitive::{Primitive, instant, is_id};
use super::schema::{
    AUDIT_EVENT, ELEMENT_TYPE, ENTITY_TYPE, EXTENSION_TYPE, Element, Kind, PERIOD_TYPE, REFERENCE_TYPE, Type,
};

/// Looks at the whole event.
pub(super) fn check(event: &Map<String, Value>, issues: &mut Issues) {
    object(event, &AUDIT_EVENT, "AuditEvent", issues);
}

fn object(object: &Map<String, Value>, kind: &'static Type, at: &str, issues: &mut Issues) {
    if object.is_empty() {
        issues.add("structure", at, "an empty object");
        return;
    }
    for (name, value) in object {
        let beside = name.strip_prefix('_');
        let plain = beside.unwrap_or(name);
        let Some(element) = kind.elements.iter().find(|element| element.name == plain) else {
            // Its name may be anything: it is not repeated.
            let text = if std::ptr::eq(kind, &EXTENSION_TYPE) && plain.starts_with("value") {
                "a value of a type that is not taken in extensions"
            } else {
                "an element that FHIR R4 does not have here"
            };
            issues.add("structure", at, text);
            continue;
        };
        let at = format!("{at}.{}", element.name);
        if beside.is_some() {
            beside_primitive(value, element, &at, issues);
        } else if element.many {
            list(value, element, &at, issues);
        } else {
            single(value, element, &at, issues);
        }
    }
    for element in kind.elements.iter().filter(|element| element.required) {
        if !object.contains_key(element.name) {
            issues.add("required", format!("{at}.{}", element.name), "is missing");
        }
    }
    if !kind.one_of.is_empty() && !kind.one_of.iter().any(|name| object.contains_key(*name)) {
        issues.add("invariant", at, format!("holds none of {}", kind.one_of.join(", ")));
    }
    invariants(object, kind, at, issues);
}

fn invariants(object: &Map<String, Value>, kind: &'static Type, at: &str, issues: &mut Issues) {
    let values = || object.keys().filter(|name| name.starts_with("value")).count();
    if std::ptr::eq(kind, &EXTENSION_TYPE) && (values() > 0) == object.contains_key("extension") {
        issues.add("invariant", at, "ext-1: an extension has either a value or extensions");
    } else if values() > 1 {
        issues.add("structure", at, "more than one value");
    }
    if std::ptr::eq(kind, &ENTITY_TYPE) && object.contains_key("name") && object.contains_key("query") {
        issues.add("invariant", at, "sev-1: either a name or a query, not both");
    }
    if std::ptr::eq(kind, &PERIOD_TYPE)
        && let (Some(Value::String(start)), Some(Value::String(end))) =
            (object.get("start"), object.get("end"))
        && is_later(start, end)
    {
        issues.add("invariant", at, "per-1: starts after its end");
    }
}

/// Whether one dateTime lies behind another; what is given to another precision is compared as far as both go.
fn is_later(start: &str, end: &str) -> bool {
    let whole = |text: &str| -> Option<Timestamp> { instant(text) };
    match (whole(start), whole(end)) {
        (Some(start), Some(end)) => start > end,
        _ => {
            let shared = start.len().min(end.len()).min(10);
            start.get(..shared) > end.get(..shared)
        }
    }
}

/// `_name`: the id and the extensions of a primitive value.
fn beside_primitive(value: &Value, element: &Element, at: &str, issues: &mut Issues) {
    let primitive = matches!(element.kind, Kind::Primitive(_) | Kind::Code(_));
    match value {
        Value::Object(beside) if primitive && !element.many && element.name != "resourceType" => {
            object(beside, &ELEMENT_TYPE, at, issues);
        }
        _ => issues.add("not-supported", at, "extensions beside this element are not taken"),
    }
}

fn list(value: &Value, element: &Element, at: &str, issues: &mut Issues) {
    let Value::Array(items) = value else {
        issues.add("structure", at, "must be an array");
        return;
    };
    if items.is_empty() {
        issues.add("structure", at, "an empty array");
    }
    for (index, item) in items.iter().enumerate() {
        single(item, element, &format!("{at}[{index}]"), issues);
    }
}

fn single(value: &Value, element: &Element, at: &str, issues: &mut Issues) {
    match (&element.kind, value) {
        (Kind::Refused(why), _) => issues.add("not-supported", at, *why),
        (Kind::Primitive(kind), value) if !kind.holds(value) => {
            let text = match kind {
                Primitive::Instant => "not an instant (YYYY-MM-DDThh:mm:ss with Z or an offset)",
                Primitive::Boolean => "not a boolean",
                _ => "not a value of its type",
            };
            issues.add("value", at, text);
        }
        (Kind::Code(codes), value) if !value.as_str().is_some_and(|code| codes.contains(&code)) => {
            issues.add("code-invalid", at, format!("not one of {}", codes.join(", ")));
        }
        (Kind::Xhtml, value) if !value.as_str().is_some_and(narrative::is_narrative) => {
            issues.add("value", at, "not a div of XHTML with what FHIR allows in a narrative");
        }
        (Kind::Complex(of), Value::Object(inner)) => object(inner, of.elements(), at, issues),
        (Kind::Reference(targets), Value::Object(inner)) => {
            object(inner, &REFERENCE_TYPE, at, issues);
            reference(inner, targets, at, issues);
        }
        (Kind::Complex(_) | Kind::Reference(_), _) => issues.add("structure", at, "must be an object"),
        (Kind::Primitive(_) | Kind::Code(_) | Kind::Xhtml, _) => {}
    }
}

fn reference(reference: &Map<String, Value>, targets: &[&str], at: &str, issues: &mut Issues) {
    let Some(text) = reference.get("reference").and_then(Value::as_str) else { return };
    let at = format!("{at}.reference");
    if text.starts_with('#') {
        issues.add("invariant", at, "ref-1: leads to a contained resource that is not there");
    } else if text.contains(char::is_whitespace) {
        issues.add("value", at, "not a URL");
    } else if let Some(kind) = target(text)
        && !targets.is_empty()
        && !targets.contains(&kind)
    {
        issues.add("value", at, "leads to a resource of a type that may not stand here");
    }
}

/// The type that a literal reference leads to: `Patient` of `Patient/1`, of `https://…/Patient/1/_history/2`.
pub(super) fn target(reference: &str) -> Option<&str> {
    let resource = reference.split_once("/_history/").map_or(reference, |(resource, _)| resource);
    let mut parts = resource.rsplit('/');
    let (id, kind) = (parts.next()?, parts.next()?);
    let is_type =
        kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphabetic());
    (is_type && is_id(id)).then_some(kind)
}
