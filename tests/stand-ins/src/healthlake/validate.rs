//! Whether a resource is one of FHIR R4, as far as that matters here: required elements, codes of required value
//! sets, ids, dates and times, nothing empty, and no note that is too long.
//!
//! It is no whole validator (`tests/validate.sh` has one); it refuses what a careless converter would send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::answer::Outcome;
use super::rules::{Kind, RULES, kind};

/// Characters of a note at most.
const NOTE: usize = 10_000;

pub(super) fn validate(resource: &Value) -> Result<(), Outcome> {
    let object = resource.as_object().ok_or_else(|| Outcome::bad("structure", "A resource is an object."))?;
    let name = object.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let rule = RULES.iter().find(|rule| rule.name == name);
    let rule = rule.ok_or_else(|| Outcome::bad("not-supported", "No resource type that is known here."))?;
    for required in rule.required {
        let is_there = match required.strip_suffix("[x]") {
            Some(start) => object.keys().any(|name| name.starts_with(start)),
            None => object.contains_key(*required),
        };
        if !is_there {
            return Err(Outcome::bad("required", "An element is missing.").at(*required));
        }
    }
    for (element, codes) in rule.codes {
        let code = object.get(*element).map(|code| code.as_str().unwrap_or_default());
        if code.is_some_and(|code| !codes.contains(&code)) {
            return Err(Outcome::bad("code-invalid", "Not of the value set.").at(*element));
        }
    }
    if !object.get("id").and_then(Value::as_str).is_some_and(is_id) {
        return Err(Outcome::bad("value", "Not an id.").at("id"));
    }
    members(name, object, "")?;
    notes(object)
}

fn members(resource_type: &str, object: &Map<String, Value>, path: &str) -> Result<(), Outcome> {
    if object.is_empty() {
        return Err(Outcome::bad("structure", "An empty object.").at(path));
    }
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(items) if items.is_empty() => {
                return Err(Outcome::bad("structure", "An empty array.").at(path));
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    // Beside a repeating primitive with extensions, null where one has none.
                    if item.is_null() && name.starts_with('_') {
                        continue;
                    }
                    element(resource_type, name, item, &format!("{path}[{at}]"))?;
                }
            }
            _ => element(resource_type, name, value, &path)?,
        }
    }
    Ok(())
}

fn element(resource_type: &str, name: &str, value: &Value, path: &str) -> Result<(), Outcome> {
    let wrong = || Outcome::bad("value", "Not a value of this element's type.").at(path);
    match value {
        Value::Null | Value::Array(_) => {
            Err(Outcome::bad("structure", "Null, or arrays in arrays.").at(path))
        }
        // An element of that name that is complex here, such as `type` or `code`.
        Value::Object(object) => members(resource_type, object, path),
        Value::String(text) if text.trim().is_empty() => {
            Err(Outcome::bad("value", "An empty text.").at(path))
        }
        primitive => match kind(resource_type, name) {
            Some(kind) if !is(kind, primitive) => Err(wrong()),
            _ => Ok(()),
        },
    }
}

fn is(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Number, Value::Number(_))
        | (Kind::Text, Value::String(_)) => true,
        (Kind::Code, Value::String(text)) => {
            !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
        }
        (Kind::Date, Value::String(text)) => is_date(text),
        (Kind::DateTime, Value::String(text)) => is_date(text) || is_instant(text),
        (Kind::Instant, Value::String(text)) => is_instant(text),
        _ => false,
    }
}

/// `2024`, `2024-03` or `2024-03-07`.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ => return false,
    };
    whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && whole.parse::<Date>().is_ok()
}

/// `2024-03-07T10:15:00+01:00`, to the second at least and with its offset.
fn is_instant(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    date.len() == 10
        && time.get(..8).is_some_and(|time| time.bytes().filter(|byte| *byte == b':').count() == 2)
        && text.parse::<Timestamp>().is_ok()
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// Texts of a DocumentReference have 10,000 characters at most.
fn notes(object: &Map<String, Value>) -> Result<(), Outcome> {
    if object.get("resourceType").is_none_or(|name| name != "DocumentReference") {
        return Ok(());
    }
    let contents = object.get("content").and_then(Value::as_array).into_iter().flatten();
    for (at, content) in contents.enumerate() {
        let Some(attachment) = content.get("attachment") else { continue };
        let text = |name: &str| attachment.get(name).and_then(Value::as_str);
        let place = format!("content[{at}].attachment.data");
        let Some(data) = text("data") else { continue };
        let data = STANDARD.decode(data).map_err(|_| Outcome::bad("value", "Not base64.").at(&place))?;
        let is_text = text("contentType").is_some_and(|kind| kind.starts_with("text/"));
        if is_text && String::from_utf8_lossy(&data).chars().count() > NOTE {
            return Err(Outcome::bad("too-long", "A note of more than 10,000 characters.").at(place));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(resource: Value) -> (&'static str, String) {
        let outcome = validate(&resource).unwrap_err();
        (outcome.code, outcome.expression.unwrap_or_default())
    }

    #[test]
    fn a_resource_as_the_converter_makes_it_is_taken() {
        let observation = json!({
            "resourceType": "Observation", "id": "o-1", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
            "effectiveDateTime": "2024-03", "issued": "2024-03-07T10:15:00+01:00",
            "valueQuantity": {"value": 5.10, "unit": "mmol/L"},
        });
        assert_eq!(validate(&observation), Ok(()));
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_refused_at_its_place() {
        let observation = |name: &str, value: Value| {
            let mut resource = json!({
                "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}
            });
            resource[name] = value;
            resource
        };
        let patient = |name: &str, value: Value| {
            let mut resource = json!({"resourceType": "Patient", "id": "p"});
            resource[name] = value;
            resource
        };
        assert_eq!(
            refused(json!({"resourceType": "Observation", "id": "o", "code": {"text": "x"}})),
            ("required", "status".into())
        );
        assert_eq!(refused(observation("status", json!("F"))), ("code-invalid", "status".into()));
        assert_eq!(refused(observation("id", json!("a b"))), ("value", "id".into()));
        assert_eq!(refused(observation("issued", json!("2024-03-07"))), ("value", "issued".into()));
        assert_eq!(
            refused(observation("effectiveDateTime", json!("202403071015"))),
            ("value", "effectiveDateTime".into())
        );
        assert_eq!(refused(patient("birthDate", json!("19800623"))), ("value", "birthDate".into()));
        assert_eq!(refused(patient("gender", json!("V"))), ("code-invalid", "gender".into()));
        assert_eq!(refused(patient("active", json!("true"))), ("value", "active".into()));
        assert_eq!(refused(patient("name", json!([]))), ("structure", "name".into()));
        assert_eq!(refused(patient("name", json!([{"family": ""}]))), ("value", "name[0].family".into()));
        assert_eq!(refused(json!({"resourceType": "Spaceship", "id": "s"})).0, "not-supported");
    }

    #[test]
    fn a_note_has_ten_thousand_characters_at_most() {
        let note = |characters: usize| {
            let data = STANDARD.encode("é".repeat(characters));
            json!({
                "resourceType": "DocumentReference", "id": "d", "status": "current",
                "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
            })
        };
        assert_eq!(validate(&note(10_000)), Ok(()));
        assert_eq!(refused(note(10_001)), ("too-long", "content[0].attachment.data".into()));
    }
}
