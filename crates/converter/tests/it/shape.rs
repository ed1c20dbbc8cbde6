//! What every Bundle is, told from its JSON alone. The rules are those of FHIR R4 (json.html, datatypes.html) that
//! hold for all elements.

#![allow(dead_code, reason = "not every target asks everything")]

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Panics where the JSON is no transaction that FHIR allows.
pub(crate) fn check(json: &[u8]) {
    let bundle: Value = serde_json::from_slice(json).unwrap();
    // A member that stands twice would be gone now.
    assert_eq!(serde_json::to_vec(&bundle).unwrap(), json, "the same JSON when it is read and written");
    let entries = bundle["entry"].as_array().unwrap();
    let mut urls = HashSet::new();
    for entry in entries {
        let (kind, id) = (text(&entry["resource"]["resourceType"]), text(&entry["resource"]["id"]));
        assert!(is_uuid(id), "an id is a UUID");
        assert_eq!(text(&entry["fullUrl"]), format!("urn:uuid:{id}"));
        assert_eq!(text(&entry["request"]["url"]), format!("{kind}/{id}"));
        assert!(urls.insert(text(&entry["fullUrl"])), "an id stands once");
    }
    element("Bundle", &bundle, &urls);
}

/// Whether a text stands in a Bundle: in its JSON, or in what its attachments hold.
pub(crate) fn holds(json: &[u8], wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    if lower(json).contains(&wanted) {
        return true;
    }
    let mut attached = Vec::new();
    attachments(&serde_json::from_slice(json).unwrap(), &mut attached);
    lower(&attached).contains(&wanted)
}

fn attachments(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            if let Some(data) = members.get("data").and_then(Value::as_str) {
                to.push(b'\n');
                to.extend(base64(data).unwrap_or_default());
            }
            members.values().for_each(|member| attachments(member, to));
        }
        Value::Array(items) => items.iter().for_each(|item| attachments(item, to)),
        _ => {}
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn element(name: &str, value: &Value, urls: &HashSet<&str>) {
    match value {
        Value::Object(members) => object(name, members, urls),
        Value::Array(items) => {
            assert!(!items.is_empty(), "{name}: an empty list");
            assert!(items.iter().any(|item| !item.is_null()), "{name}: a list of nothing");
            for item in items {
                assert!(!item.is_array(), "{name}: a list in a list");
                element(name, item, urls);
            }
        }
        Value::String(content) => string(name, content),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(name: &str, members: &Map<String, Value>, urls: &HashSet<&str>) {
    assert!(!members.is_empty(), "{name}: an empty element");
    for (key, member) in members {
        assert!(!member.is_null(), "{name}.{key}: null");
        if let Value::Array(items) = member
            && items.iter().any(Value::is_null)
        {
            let partner = key.strip_prefix('_').map_or_else(|| format!("_{key}"), str::to_owned);
            let partner = members.get(&partner).and_then(Value::as_array);
            for (at, item) in items.iter().enumerate() {
                let other = partner.and_then(|partner| partner.get(at));
                assert!(
                    !item.is_null() || other.is_some_and(|other| !other.is_null()),
                    "{name}.{key}[{at}]: nothing"
                );
            }
        }
        element(key, member, urls);
    }
    if matches!(name, "extension" | "modifierExtension") {
        assert!(
            is_uri(text(&members["url"])) || !text(&members["url"]).contains(':'),
            "an extension has an address"
        );
        let values = members.keys().filter(|key| key.trim_start_matches('_').starts_with("value")).count();
        assert!(
            (values > 0) != members.contains_key("extension"),
            "{}: a value or extensions",
            members["url"]
        );
    }
    if let Some(reference) = members.get("reference").and_then(Value::as_str) {
        assert!(urls.contains(reference), "{name}: a reference that leads nowhere");
    }
    if let Some(system) = members.get("system").and_then(Value::as_str) {
        let of_contact = ["phone", "fax", "email", "pager", "url", "sms", "other"];
        assert!(is_uri(system) || of_contact.contains(&system), "{name}.system is no URI");
    }
}

/// Absolute, without blanks.
fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    });
    scheme && !text.contains(char::is_whitespace)
}

fn string(name: &str, content: &str) {
    assert!(!content.trim().is_empty(), "{name}: an empty string");
    assert!(!content.chars().any(|c| c < ' ' && !"\t\r\n".contains(c)), "{name}: a control character");
    match name {
        "birthDate" | "valueDate" => assert!(is_date(content), "{name}: no date"),
        "timestamp" | "issued" | "valueInstant" => assert!(is_instant(content), "{name}: no instant"),
        "start" | "end" | "authoredOn" | "recorded" | "recordedDate" | "receivedTime" | "sent" => {
            assert!(is_date_time(content), "{name}: no dateTime");
        }
        _ if name.ends_with("DateTime") => assert!(is_date_time(content), "{name}: no dateTime"),
        "valueTime" => assert!(is_clock(content), "{name}: no time"),
        "data" => assert!(base64(content).is_some(), "{name}: no base64"),
        "code" | "use" | "status" | "intent" | "gender" | "mode" | "language" => {
            assert!(content.trim() == content && !content.contains("  "), "{name}: no code");
            assert!(!content.contains(['\t', '\r', '\n']), "{name}: no code");
        }
        _ => {}
    }
}

pub(crate) fn is_date(text: &str) -> bool {
    matches!(text.len(), 4 | 7 | 10)
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
        && text.get(..4) != Some("0000")
}

pub(crate) fn is_date_time(text: &str) -> bool {
    is_date(text) || is_instant(text)
}

pub(crate) fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_once('T') else { return false };
    let Some(zone) = rest.find(['Z', '+', '-']) else { return false };
    let (clock, zone) = rest.split_at(zone);
    let offset = zone == "Z"
        || (zone.len() == 6
            && zone.as_bytes()[3] == b':'
            && zone[1..3].parse::<u8>().is_ok_and(|hours| hours <= 14)
            && zone[4..].parse::<u8>().is_ok_and(|minutes| minutes < 60));
    day.len() == 10 && is_date(day) && is_clock(clock) && offset
}

pub(crate) fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').map_or((text, "0"), |(clock, fraction)| (clock, fraction));
    let parts: Vec<_> = clock.split(':').collect();
    let within = |part: &str, limit: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|part| part < limit);
    matches!(parts[..], [hour, minute, second] if within(hour, 24) && within(minute, 60) && within(second, 60))
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}
