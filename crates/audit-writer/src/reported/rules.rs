//! What the log asks of every line (NEN 7513 ch. 6), beyond FHIR.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::issue::Issues;
use super::primitive::instant;
use super::structure::target;
use super::{NamedPatient, is_code, items, text};

/// How far another system's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Older than this (2000-01-01T00:00:00Z) is a clock that was not set.
const EARLIEST: i64 = 946_684_800;

/// Each agent is a row of the log's index.
const MAX_AGENTS: usize = 16;

pub(super) const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
pub(super) const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// When it happened, as the event says.
pub(super) fn recorded(event: &Value, now: Timestamp, issues: &mut Issues) -> Option<Timestamp> {
    let at = "AuditEvent.recorded";
    let stated = instant(text(event, "/recorded")?)?;
    if stated.as_second() < EARLIEST {
        issues.add("value", at, "lies before the year 2000");
        return None;
    }
    if stated > now.checked_add(SKEW).unwrap_or(now) {
        issues.add("value", at, "lies in the future: more than five minutes ahead of the clock here");
        return None;
    }
    Some(stated)
}

/// Each agent is somebody or something.
pub(super) fn agents(event: &Value, issues: &mut Issues) {
    if items(event, "agent").len() > MAX_AGENTS {
        issues.add("business-rule", "AuditEvent.agent", format!("more than {MAX_AGENTS} agents"));
    }
    for (index, agent) in items(event, "agent").iter().enumerate() {
        if identity(agent).is_none() {
            issues.add(
                "required",
                format!("AuditEvent.agent[{index}].who"),
                "names nobody: an identifier, a reference, an altId, a name or a network address is needed",
            );
        }
    }
    if !is_coded(event.get("type")) {
        issues.add("required", "AuditEvent.type.code", "is missing");
    }
}

fn is_coded(coding: Option<&Value>) -> bool {
    coding.is_some_and(|coding| text(coding, "/code").is_some())
}

/// By what an agent is known: an identifier first, then whatever else there is.
pub(super) fn identity(agent: &Value) -> Option<&str> {
    ["/who/identifier/value", "/who/reference", "/altId", "/who/display", "/name", "/network/address"]
        .iter()
        .find_map(|pointer| text(agent, pointer))
}

/// Whether an entity is the patient of the event: a person in the role of patient.
pub(super) fn is_patient(entity: &Value) -> bool {
    let person = entity.get("type").is_none_or(|kind| is_code(Some(kind), ENTITY_TYPE, "1"));
    person && is_code(entity.get("role"), OBJECT_ROLE, "1")
}

/// The one patient whom the event is about, if it is about one.
pub(super) fn patient(event: &Value, issues: &mut Issues) -> Option<NamedPatient> {
    let entities = items(event, "entity");
    let mut named: Option<NamedPatient> = None;
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for (index, entity) in entities.iter().enumerate() {
        let expression = format!("AuditEvent.entity[{index}].what");
        let reference = text(entity, "/what/reference").filter(|text| target(text) == Some("Patient"));
        if !is_patient(entity) {
            others.extend(reference.map(without_version));
            continue;
        }
        let identifier = text(entity, "/what/identifier/system").zip(text(entity, "/what/identifier/value"));
        let this = NamedPatient {
            reference: reference.map(|text| without_version(text).to_owned()),
            identifier: identifier.map(|(system, value)| (system.to_owned(), value.to_owned())),
            expression: expression.clone(),
        };
        if this.reference.is_none() && this.identifier.is_none() {
            let text = "names no patient: a reference to a Patient, or an identifier with system and value";
            issues.add("required", expression, text);
        } else if named
            .as_ref()
            .is_some_and(|one| (&one.reference, &one.identifier) != (&this.reference, &this.identifier))
        {
            several(&expression, issues);
        } else if named.is_none() {
            named = Some(this);
        }
    }
    let stated = named.as_ref().and_then(|named| named.reference.clone());
    others.extend(stated.as_deref());
    if others.len() > 1 {
        several("AuditEvent.entity", issues);
    }
    // No entity in the role of patient: a Patient that was touched is one all the same.
    named.or_else(|| {
        let reference = others.first()?;
        let index = entities.iter().position(|entity| {
            text(entity, "/what/reference").is_some_and(|text| without_version(text) == *reference)
        })?;
        Some(NamedPatient {
            reference: Some((*reference).to_owned()),
            identifier: None,
            expression: format!("AuditEvent.entity[{index}].what"),
        })
    })
}

fn several(expression: &str, issues: &mut Issues) {
    let text = "names more than one patient: send one event for each (BALP)";
    issues.add("business-rule", expression, text);
}

fn without_version(reference: &str) -> &str {
    reference.split_once("/_history/").map_or(reference, |(resource, _)| resource)
}
