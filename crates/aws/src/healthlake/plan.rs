//! The writes of a transaction, found good one by one, and the entries that say them to the store.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Precondition, ResourceKey, StoredResource, Write};

use super::transaction::OPERATION;
use super::{BUNDLE, can_be};

/// Characters of a note in a DocumentReference at most.
const NOTE: usize = 10_000;

/// An entry of a Bundle that is sent.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a RawValue>,
    request: Request,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: &'static str,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_match: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_none_match: Option<&'static str>,
}

impl<'a> Entry<'a> {
    pub(super) fn get(key: &ResourceKey, version: Option<u64>) -> Self {
        Self::new("GET", key, version, None)
    }

    fn new(
        method: &'static str,
        key: &ResourceKey,
        version: Option<u64>,
        resource: Option<&'a RawValue>,
    ) -> Self {
        let if_match = version.map(|version| format!("W/\"{version}\""));
        let if_none_match = (method == "PUT" && if_match.is_none()).then_some("*");
        Self { resource, request: Request { method, url: key.to_string(), if_match, if_none_match } }
    }
}

/// One write that was found good by itself.
pub(super) struct Planned<'a> {
    pub(super) key: &'a ResourceKey,
    pub(super) precondition: Precondition,
    pub(super) action: Action,
    /// The version to hold to is that of a deletion, which HealthLake does not take for a version that is there.
    pub(super) buried: bool,
}

pub(super) enum Action {
    Put(Box<RawValue>),
    Delete,
    Check,
}

impl Planned<'_> {
    pub(super) fn holds(&self, standing: Option<&StoredResource>) -> bool {
        match self.precondition {
            Precondition::Absent => standing.is_none_or(|standing| standing.deleted),
            Precondition::Version(version) => standing.is_some_and(|standing| standing.version == version),
        }
    }

    /// The version that HealthLake is to hold it to.
    pub(super) const fn if_match(&self) -> Option<u64> {
        match self.precondition {
            Precondition::Version(version) if !self.buried => Some(version),
            _ => None,
        }
    }

    pub(super) fn entry(&self) -> Option<Entry<'_>> {
        match (&self.action, self.if_match()) {
            (Action::Put(json), version) => Some(Entry::new("PUT", self.key, version, Some(json))),
            (Action::Delete, Some(version)) => Some(Entry::new("DELETE", self.key, Some(version), None)),
            (Action::Check, Some(version)) => Some(Entry::get(self.key, Some(version))),
            // Nothing to delete; nothing that could be asked for.
            (Action::Delete | Action::Check, None) => None,
        }
    }

    pub(super) const fn writes(&self) -> bool {
        matches!((&self.action, self.if_match()), (Action::Put(_), _) | (Action::Delete, Some(_)))
    }

    /// The version that stays, of what is to be deleted and is.
    pub(super) const fn kept(&self) -> Option<u64> {
        match (&self.action, self.precondition) {
            (Action::Delete, Precondition::Version(version)) if self.buried => Some(version),
            _ => None,
        }
    }

    /// What stands is what this wrote.
    pub(super) fn is_done(&self, standing: Option<&StoredResource>) -> bool {
        let Some(standing) = standing else { return !self.writes() };
        let next = match self.precondition {
            Precondition::Version(version) => standing.version == version.saturating_add(1),
            Precondition::Absent => true,
        };
        match &self.action {
            Action::Put(json) => {
                let said = content(json.get().as_bytes());
                next && !standing.deleted && said.is_some() && said == content(standing.json.expose_phi())
            }
            Action::Delete if self.writes() => next && standing.deleted,
            Action::Delete | Action::Check => true,
        }
    }
}

/// A resource without what the store sets.
fn content(json: &[u8]) -> Option<Value> {
    let mut resource: Value = serde_json::from_slice(json).ok()?;
    let object = resource.as_object_mut()?;
    if let Some(Value::Object(meta)) = object.get_mut("meta") {
        meta.remove("versionId");
        meta.remove("lastUpdated");
        if meta.is_empty() {
            object.remove("meta");
        }
    }
    Some(resource)
}

fn refused(reason: &str) -> PortError {
    PortError::Refused { operation: OPERATION, reason: reason.to_owned() }
}

/// All of them, or why one can never be written.
pub(super) fn plan(writes: &[Write]) -> Result<Vec<Planned<'_>>, PortError> {
    if writes.len() > BUNDLE {
        return Err(refused("more than 160 writes"));
    }
    let mut written = HashSet::new();
    for write in writes {
        if !can_be(write.key()) {
            return Err(refused("not a resource type or not a logical id"));
        }
        if !matches!(write, Write::Check { .. }) && !written.insert(write.key()) {
            return Err(refused("two writes of one resource"));
        }
    }
    writes.iter().map(planned).collect()
}

fn planned(write: &Write) -> Result<Planned<'_>, PortError> {
    let (key, precondition, action) = match write {
        Write::Put { key, json, precondition } => {
            (key, *precondition, Action::Put(resource(key, json.expose_phi())?))
        }
        Write::Delete { key, precondition } => (key, *precondition, Action::Delete),
        Write::Check { key, precondition } => (key, *precondition, Action::Check),
    };
    Ok(Planned { key, precondition, action, buried: false })
}

/// The resource as it is sent: the bytes that were given, so that numbers keep their digits.
fn resource(key: &ResourceKey, json: &[u8]) -> Result<Box<RawValue>, PortError> {
    let no_object = |_| refused("the resource is not a JSON object");
    let value: Value = serde_json::from_slice(json).map_err(no_object)?;
    if value.get("resourceType").and_then(Value::as_str) != Some(key.resource_type.as_str()) {
        return Err(refused("resourceType is not that of the key"));
    }
    if value.get("meta").is_some_and(|meta| !meta.is_object()) {
        return Err(refused("meta is not a JSON object"));
    }
    notes(&value)?;
    match value.get("id") {
        Some(id) if id.as_str() == Some(key.id.as_str()) => serde_json::from_slice(json).map_err(no_object),
        Some(_) => Err(refused("id is not that of the key")),
        None => {
            let mut value = value;
            if let Some(object) = value.as_object_mut() {
                object.insert(String::from("id"), Value::from(key.id.as_str()));
            }
            serde_json::value::to_raw_value(&value).map_err(no_object)
        }
    }
}

/// HealthLake takes no longer note: with it everything else of the transaction would be refused, and less clearly.
fn notes(resource: &Value) -> Result<(), PortError> {
    if resource.get("resourceType").and_then(Value::as_str) != Some("DocumentReference") {
        return Ok(());
    }
    for content in resource.get("content").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| content.get("attachment")?.get(name)?.as_str();
        let is_text = text("contentType").is_some_and(|kind| kind.starts_with("text/"));
        let bytes = text("data").filter(|_| is_text).and_then(|data| STANDARD.decode(data).ok());
        if bytes.is_some_and(|bytes| String::from_utf8_lossy(&bytes).chars().count() > NOTE) {
            return Err(refused("note-too-long: HealthLake takes 10,000 characters in an attachment"));
        }
    }
    Ok(())
}
