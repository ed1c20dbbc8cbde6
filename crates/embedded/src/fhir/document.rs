//! A resource's JSON between what the caller gives and what the store keeps.

use std::borrow::Cow;
use std::fmt;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::ResourceKey;

use super::extract::IndexRows;

/// A resource, ready to be written: all but its version and time. Values are kept as they were
/// written, so that `1.50` does not become `1.5` (FHIR R4, decimal).
pub(super) struct Document {
    /// Up to behind `"versionId":"`.
    head: Vec<u8>,
    /// From behind the value of `lastUpdated`.
    tail: Vec<u8>,
    pub(super) rows: IndexRows,
}

impl Document {
    pub(super) fn parse(operation: &'static str, key: &ResourceKey, json: &[u8]) -> Result<Self, PortError> {
        let refused = |reason: &str| PortError::Refused { operation, reason: reason.into() };
        let members: Members<'_> =
            serde_json::from_slice(json).map_err(|_| refused("the resource is not a JSON object"))?;
        let value: Value =
            serde_json::from_slice(json).map_err(|_| refused("the resource is not a JSON object"))?;
        if value.get("resourceType").and_then(Value::as_str) != Some(key.resource_type.as_str()) {
            return Err(refused("resourceType is not that of the key"));
        }
        if value.get("id").is_some_and(|id| id.as_str() != Some(key.id.as_str())) {
            return Err(refused("id is not that of the key"));
        }
        let mut head =
            format!(r#"{{"resourceType":"{}","id":"{}","meta":{{"versionId":""#, key.resource_type, key.id)
                .into_bytes();
        head.shrink_to_fit();
        let mut tail = Vec::with_capacity(json.len());
        tail.push(b'"');
        for (name, raw) in &members.0 {
            if name == "meta" {
                let meta: Members<'_> =
                    serde_json::from_str(raw.get()).map_err(|_| refused("meta is not a JSON object"))?;
                for (name, raw) in &meta.0 {
                    if !matches!(name.as_ref(), "versionId" | "lastUpdated") {
                        member(&mut tail, name, raw);
                    }
                }
            }
        }
        tail.push(b'}');
        for (name, raw) in &members.0 {
            if !matches!(name.as_ref(), "resourceType" | "id" | "meta") {
                member(&mut tail, name, raw);
            }
        }
        tail.push(b'}');
        Ok(Self { head, tail, rows: IndexRows::of(&key.resource_type, &value) })
    }

    /// The bytes of one version.
    pub(super) fn bytes(&self, version: u64, last_updated: Timestamp) -> Vec<u8> {
        let middle = format!(r#"{version}","lastUpdated":"{last_updated}"#);
        [self.head.as_slice(), middle.as_bytes(), &self.tail].concat()
    }
}

fn member(out: &mut Vec<u8>, name: &str, raw: &RawValue) {
    out.push(b',');
    // Writing a string into memory cannot fail.
    drop(serde_json::to_writer(&mut *out, name));
    out.push(b':');
    out.extend_from_slice(raw.get().as_bytes());
}

/// A time as `meta.lastUpdated` tells it: to the millisecond.
pub(super) fn instant(time: Timestamp) -> Timestamp {
    time.round(TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Trunc)).unwrap_or(time)
}

/// Whether this can be a resource type.
pub(super) fn is_type(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether this can be a logical id (FHIR R4, id).
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// The members of a JSON object in their order, each value as it was written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((Cow::Owned(name), raw));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_sets_version_and_time_and_leaves_the_rest_as_written() {
        let json = br#"{"valueQuantity":{"value":1.50},"resourceType":"Observation","meta":{"versionId":"9","profile":["p"]},"note":"\u00e9"}"#;
        let document = Document::parse("test", &ResourceKey::new("Observation", "o1"), json).unwrap();
        let at = "2024-03-07T10:15:00.25Z".parse().unwrap();
        assert_eq!(
            String::from_utf8(document.bytes(3, at)).unwrap(),
            r#"{"resourceType":"Observation","id":"o1","meta":{"versionId":"3","lastUpdated":"2024-03-07T10:15:00.25Z","profile":["p"]},"valueQuantity":{"value":1.50},"note":"\u00e9"}"#
        );
    }

    #[test]
    fn the_body_must_be_of_its_key() {
        let key = ResourceKey::new("Patient", "p1");
        for json in [
            r#"{"resourceType":"Observation"}"#,
            r#"{"resourceType":"Patient","id":"p2"}"#,
            "[]",
            "",
            "{",
            r#"{"resourceType":"Patient","meta":[]}"#,
            r#"{"resourceType":"Patient","id":1}"#,
        ] {
            assert!(
                matches!(Document::parse("test", &key, json.as_bytes()), Err(PortError::Refused { .. })),
                "{json}"
            );
        }
    }
}
