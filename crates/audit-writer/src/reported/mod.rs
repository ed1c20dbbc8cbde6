//! Events of other systems: a FHIR R4 AuditEvent, checked, and as an entry of the log.
//!
//! [`check`] says whether a text is an AuditEvent that the log can take: JSON without doubled names, the structure of
//! FHIR R4, the BALP pattern that it names, and what NEN 7513 asks of every line (outcome, a time that can be, somebody
//! who did it, at most one patient). What is refused is refused with [`Issue`]s that name places and repeat no value.
//!
//! What passes becomes an entry by [`CheckedEvent::into_entry`]: its fields hold what maps to them, and
//! [`Reported`](zorgsluis_domain::audit::Reported) the whole event as it was submitted. The entry's id is derived from
//! the submitter and the event's content, so that what is delivered twice stands in the log once.

mod entry;
mod issue;
mod narrative;
mod pattern;
mod primitive;
mod rules;
mod schema;
mod structure;

use jiff::Timestamp;
use serde_json::{Map, Value};

use issue::Issues;

pub use entry::Submitter;
pub use issue::Issue;

/// Bytes of an event at most. With all that an entry holds beside it, it fits the log and a queue message.
pub const MAX_EVENT: usize = 64 << 10;

/// An event that passed all checks. Holds PHI.
#[derive(Clone)]
pub struct CheckedEvent {
    event: Map<String, Value>,
    recorded: Timestamp,
    patient: Option<NamedPatient>,
}

/// How an event names its patient: by a literal reference, by an identifier, or by both.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedPatient {
    /// `Patient/<id>`, or a URL that ends so: an id of the submitter's, unless it is one of ours.
    pub reference: Option<String>,
    /// System and value.
    pub identifier: Option<(String, String)>,
    /// Where the event names them: `AuditEvent.entity[0].what`.
    pub expression: String,
}

impl std::fmt::Debug for CheckedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckedEvent").field("recorded", &self.recorded).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NamedPatient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedPatient").field("expression", &self.expression).finish_non_exhaustive()
    }
}

/// Checks an event that was received `now`.
///
/// # Errors
/// Everything that is wrong with it, up to 20 issues.
pub fn check(json: &str, now: Timestamp) -> Result<CheckedEvent, Vec<Issue>> {
    let mut issues = Issues::default();
    let event = match parse(json) {
        Ok(event) => event,
        Err((code, text)) => {
            issues.add(code, "AuditEvent", text);
            return Err(issues.into_vec());
        }
    };
    structure::check(&event, &mut issues);
    if !issues.is_empty() {
        // What else is wrong can only be told of what has the right shape.
        return Err(issues.into_vec());
    }
    let event = Value::Object(event);
    pattern::check(&event, &mut issues);
    let recorded = rules::recorded(&event, now, &mut issues);
    rules::agents(&event, &mut issues);
    let patient = rules::patient(&event, &mut issues);
    match (event, recorded) {
        (Value::Object(event), Some(recorded)) if issues.is_empty() => {
            Ok(CheckedEvent { event, recorded, patient })
        }
        _ => Err(issues.into_vec()),
    }
}

/// The JSON object, if it is an AuditEvent and says nothing twice.
fn parse(json: &str) -> Result<Map<String, Value>, (&'static str, &'static str)> {
    if json.len() > MAX_EVENT {
        return Err(("too-long", "an event may be 64 KiB at most"));
    }
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        return Err(("structure", "not JSON, or nested too deep"));
    };
    // Of two values of one name, a parser keeps one; which one, is its own affair.
    if names_in(json) != names(&value) {
        return Err(("structure", "a name stands twice in an object"));
    }
    match value {
        Value::Object(event) if event.get("resourceType").and_then(Value::as_str) == Some("AuditEvent") => {
            Ok(event)
        }
        Value::Object(_) => Err(("invalid", "not an AuditEvent")),
        _ => Err(("structure", "not a JSON object")),
    }
}

/// How many names stand in the text of valid JSON: colons outside of strings.
fn names_in(json: &str) -> usize {
    let (mut count, mut inside, mut escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b':' if !inside => count += 1,
            _ => {}
        }
    }
    count
}

fn names(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(names).sum::<usize>(),
        Value::Array(items) => items.iter().map(names).sum(),
        _ => 0,
    }
}

impl CheckedEvent {
    /// How it names its patient, if it names one.
    #[must_use]
    pub fn patient(&self) -> Option<&NamedPatient> {
        self.patient.as_ref()
    }
}

/// The elements of a list, and none when there is no list.
fn items<'e>(event: &'e Value, name: &str) -> &'e [Value] {
    event.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Text below an element.
fn text<'e>(value: &'e Value, pointer: &str) -> Option<&'e str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// Whether a Coding is this one.
fn is_code(coding: Option<&Value>, system: &str, code: &str) -> bool {
    coding
        .is_some_and(|coding| text(coding, "/system") == Some(system) && text(coding, "/code") == Some(code))
}
