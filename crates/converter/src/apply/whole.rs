//! Results and documents: asserted as a whole.
//!
//! A result is what one message said, never a mixture. Of two, a settled one beats one that is not,
//! whatever their times (a preliminary result that comes late changes nothing); then the later; of the
//! same time, a correction. References to members are united: a report whose correction repeats one
//! result still has the others.

use serde_json::{Map, Value, json};
use zorgsluis_domain::port::ResourceKey;

use super::record::{self, ASSERTED, Parts};
use super::rule;
use super::stamp::Moment;
use super::state::Joined;

/// What one message said about a result.
#[derive(Clone, PartialEq)]
pub(crate) struct Whole {
    pub(crate) key: ResourceKey,
    /// Without our extensions.
    content: Map<String, Value>,
    pub(crate) moment: Moment,
    /// How many of the united references the message itself named; they stand first.
    own: usize,
}

impl std::fmt::Debug for Whole {
    /// The shape only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").field("key", &self.key).field("moment", &self.moment).finish_non_exhaustive()
    }
}

impl Whole {
    /// What a message says.
    pub(crate) fn new(key: ResourceKey, content: Map<String, Value>, moment: Moment) -> Self {
        let own = members(&key, &content).len();
        Self { key, content: without_ours(content), moment, own }
    }

    /// What stands in the store.
    pub(crate) fn of_stored(key: ResourceKey, resource: Map<String, Value>) -> Self {
        let all = members(&key, &resource).len();
        let (mut moment, mut own) = (Moment::never(), all);
        for extension in record::extensions(&resource) {
            if extension.get("url").and_then(Value::as_str) == Some(ASSERTED) {
                let parts = Parts::of(extension);
                moment = parts.moment();
                own = (parts.number("members") as usize).min(all);
            }
        }
        Self { key, content: without_ours(resource), moment, own }
    }

    /// Joins what another message said.
    pub(crate) fn join(&mut self, other: Self) -> Joined {
        let (mine, theirs) = (self.weight(), other.weight());
        let mut extra = Vec::new();
        let joined = if theirs < mine {
            extra.extend(members(&other.key, &other.content));
            if theirs.0 < mine.0 { Joined::Outranked } else { Joined::Older }
        } else {
            extra.extend(members(&self.key, &self.content));
            let same_moment = self.moment == other.moment;
            let same = self.content_apart_from_members() == other.content_apart_from_members();
            *self = other;
            match (same, same_moment) {
                (true, true) => Joined::Same,
                (true, false) => Joined::Confirmed,
                (false, _) => Joined::Changed,
            }
        };
        if self.unite(extra) { Joined::Changed } else { joined }
    }

    /// What it says.
    pub(crate) const fn content(&self) -> &Map<String, Value> {
        &self.content
    }

    /// Sets or removes an element that no message says: it follows from others.
    pub(crate) fn set(&mut self, element: &str, value: Option<Value>) {
        match value {
            Some(value) => {
                self.content.insert(element.to_owned(), value);
            }
            None => {
                self.content.shift_remove(element);
            }
        }
    }

    /// Settled or not, time, correction or not, message.
    fn weight(&self) -> (u8, jiff::Timestamp, u64, u8, &str) {
        let status = |name: &str| self.content.get(name).and_then(Value::as_str);
        let status = match self.key.resource_type.as_str() {
            "DocumentReference" => status("docStatus").unwrap_or("final"),
            "Observation" | "DiagnosticReport" => status("status").unwrap_or("unknown"),
            _ => "final",
        };
        let (settled, correction) = match status {
            "registered" | "preliminary" | "partial" | "unknown" => (0, 0),
            "amended" | "corrected" | "appended" => (1, 1),
            "cancelled" => (1, 2),
            "entered-in-error" => (1, 3),
            _ => (1, 0),
        };
        (settled, self.moment.at, self.moment.sequence, correction, &self.moment.by)
    }

    fn content_apart_from_members(&self) -> Map<String, Value> {
        let mut content = self.content.clone();
        if let Some(list) = united(&self.key) {
            content.remove(list);
        }
        if self.key.resource_type == "DocumentReference" {
            // What follows from other notes is said by no message.
            content.remove("relatesTo");
            if content.get("status").and_then(Value::as_str) == Some("superseded") {
                content.insert(String::from("status"), Value::from("current"));
            }
        }
        content
    }

    /// Adds references of other messages, behind the own ones, in an order that does not depend on who
    /// came first. Says whether one was new.
    fn unite(&mut self, extra: Vec<Value>) -> bool {
        let Some(list) = united(&self.key) else { return false };
        let mut all = members(&self.key, &self.content);
        let before = all.len();
        for reference in extra {
            if !all.contains(&reference) {
                all.push(reference);
            }
        }
        let new = all.len() != before;
        if let Some(others) = all.get_mut(self.own..) {
            others.sort_by_cached_key(ToString::to_string);
        }
        if !all.is_empty() {
            self.content.insert(list.to_owned(), Value::Array(all));
        }
        new
    }

    /// The resource as it goes to the store.
    pub(crate) fn render(&self) -> Map<String, Value> {
        let mut meta = match self.content.get("meta") {
            Some(Value::Object(meta)) => meta.clone(),
            _ => Map::new(),
        };
        let mut parts = record::moment(&self.moment);
        if united(&self.key).is_some() {
            parts.push(json!({ "url": "members", "valueUnsignedInt": self.own }));
        }
        let mut extensions = match meta.remove("extension") {
            Some(Value::Array(others)) => others,
            _ => Vec::new(),
        };
        extensions.push(json!({ "url": ASSERTED, "extension": parts }));
        meta.insert(String::from("extension"), Value::Array(extensions));
        let mut resource = Map::new();
        resource.insert(String::from("resourceType"), Value::from(self.key.resource_type.as_str()));
        resource.insert(String::from("id"), Value::from(self.key.id.as_str()));
        resource.insert(String::from("meta"), Value::Object(meta));
        for (element, value) in &self.content {
            if !matches!(element.as_str(), "resourceType" | "id" | "meta" | "relatesTo") {
                resource.insert(element.clone(), value.clone());
            }
        }
        if let Some(others) = self.content.get("relatesTo") {
            resource.insert(String::from("relatesTo"), others.clone());
        }
        resource
    }
}

fn united(key: &ResourceKey) -> Option<&'static str> {
    rule::WHOLE.iter().find(|(kind, _)| *kind == key.resource_type).and_then(|(_, list)| *list)
}

fn members(key: &ResourceKey, content: &Map<String, Value>) -> Vec<Value> {
    united(key).and_then(|list| content.get(list)).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn without_ours(mut content: Map<String, Value>) -> Map<String, Value> {
    if let Some(meta) = content.remove("meta")
        && let Some(meta) = record::meta_of_others(&meta)
    {
        content.insert(String::from("meta"), Value::Object(meta));
    }
    content
}
