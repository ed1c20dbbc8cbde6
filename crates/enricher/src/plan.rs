//! From what should be suggested and what stands to what is to be written, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::port::{Keys, Precondition, ResourceKey, StoredResource, Write};
use zorgsluis_domain::{Effect, Phi, PortError, StepEffect};

use crate::engine::Reading;
use crate::finding::Finding;
use crate::note::{Document, object, precondition};
use crate::provenance::{self, Wanted};
use crate::suggestion;

/// What is to be done about one document.
pub(crate) struct Plan {
    /// The Provenance first: it names the others.
    pub(crate) writes: Vec<Planned>,
    /// Of the Provenance, when it stays as it is.
    pub(crate) checks: Vec<(ResourceKey, Precondition)>,
    pub(crate) effects: Vec<StepEffect>,
}

/// One write.
pub(crate) struct Planned {
    pub(crate) key: ResourceKey,
    pub(crate) precondition: Precondition,
    /// Without the time of the record, which is of the moment of writing.
    pub(crate) resource: Map<String, Value>,
    /// The time that a Provenance is given.
    pub(crate) recorded: Option<Timestamp>,
    /// The version that this makes.
    pub(crate) version: u64,
    pub(crate) effect: Effect,
}

impl Planned {
    pub(crate) fn write(&self) -> Write {
        let mut resource = self.resource.clone();
        if let Some(recorded) = self.recorded {
            resource.insert(String::from("recorded"), Value::from(recorded.to_string()));
        }
        let json = Phi::new(Value::Object(resource).to_string().into_bytes());
        Write::Put { key: self.key.clone(), json, precondition: self.precondition }
    }
}

/// What stands, by key; a resource that never was is not in it.
pub(crate) type Standing = BTreeMap<ResourceKey, StoredResource>;

/// What the plan is made from.
pub(crate) struct Given<'a> {
    pub(crate) keys: &'a dyn Keys,
    pub(crate) document: &'a Document,
    pub(crate) reading: &'a Reading,
    /// `Patient/<id>` of the surviving patient; none where the document has no patient.
    pub(crate) subject: Option<String>,
    pub(crate) standing: &'a Standing,
    pub(crate) provenance: ResourceKey,
    /// What the Provenance names so far.
    pub(crate) named: BTreeSet<ResourceKey>,
    /// What should be suggested.
    pub(crate) wanted: BTreeMap<ResourceKey, &'a Finding>,
    pub(crate) now: Timestamp,
}

pub(crate) fn plan(given: &Given<'_>) -> Result<Plan, PortError> {
    let mut plan = Plan { writes: Vec::new(), checks: Vec::new(), effects: Vec::new() };
    let mut targets = Vec::new();
    let keys: BTreeSet<&ResourceKey> = given.named.iter().chain(given.wanted.keys()).collect();
    for key in keys {
        let finding = given.wanted.get(key).copied();
        let stored = given.standing.get(key);
        let stands = stored.map(object).transpose()?.filter(|stands| !stands.is_empty());
        let mentions = finding.map(|finding| finding.mentions.as_slice()).unwrap_or_default();
        let mut target = Wanted { key, mentions, withdrawn: false };
        match (stored, &stands) {
            // Named by a Provenance whose suggestions were never written: a crash between two parts.
            (None, _) if finding.is_none() => continue,
            // Somebody deleted it: nobody suggests it again.
            (Some(stored), None) if stored.deleted => {
                plan.effects.push(left(key, "deleted-by-somebody-else"));
                continue;
            }
            (Some(_), Some(stands)) if !suggestion::is_ours(given.keys, stands) => {
                plan.effects.push(left(key, "changed-by-somebody-else"));
                targets.push(target);
                continue;
            }
            _ => {}
        }
        let was_withdrawn = stands.as_ref().is_some_and(suggestion::is_withdrawn);
        let content = match (finding, &given.subject, &stands) {
            (Some(finding), Some(subject), _) => suggestion::content(key, given.document, subject, finding),
            (_, _, Some(stands)) => suggestion::withdrawn(stands),
            (_, _, None) => continue,
        };
        target.withdrawn = finding.is_none();
        targets.push(target);
        let why = match (&stands, finding) {
            (Some(_), None) => Some("no-longer-in-the-note"),
            (Some(_), Some(_)) if was_withdrawn => Some("again-in-the-note"),
            _ => None,
        };
        let resource = suggestion::marked(given.keys, content, stands.as_ref());
        if stands.as_ref().is_some_and(|stands| *stands == resource) {
            plan.effects.push(left(key, if was_withdrawn { "withdrawn-before" } else { "same-content" }));
        } else {
            plan.put(key, stored, resource, why, None);
        }
    }
    plan.put_provenance(given, &targets)?;
    Ok(plan)
}

impl Plan {
    /// The patient whose suggestions are written: what is left of a document that was deleted.
    pub(crate) fn patient(&self) -> Option<Uuid> {
        let subject = |planned: &Planned| {
            let reference = planned.resource.get("subject")?.get("reference")?.as_str()?;
            reference.strip_prefix("Patient/")?.parse().ok()
        };
        self.writes.iter().find_map(subject)
    }

    fn put_provenance(&mut self, given: &Given<'_>, targets: &[Wanted<'_>]) -> Result<(), PortError> {
        let key = &given.provenance;
        let stored = given.standing.get(key);
        if targets.is_empty() {
            return Ok(());
        }
        let mut stands = stored.map(object).transpose()?.filter(|stands| !stands.is_empty());
        if let Some(stands) = &mut stands {
            stands.shift_remove("recorded");
        }
        let engines = &given.reading.engines;
        let content = provenance::content(key, given.document, engines, targets, stands.as_ref());
        match (&stands, stored) {
            (Some(stands), Some(stored)) if *stands == content => {
                self.checks.push((key.clone(), precondition(stored)));
            }
            _ => {
                self.put(key, stored, content, None, Some(given.now));
                // It names what comes behind it.
                self.writes.rotate_right(1);
            }
        }
        Ok(())
    }

    fn put(
        &mut self,
        key: &ResourceKey,
        stored: Option<&StoredResource>,
        resource: Map<String, Value>,
        why: Option<&str>,
        recorded: Option<Timestamp>,
    ) {
        let effect = match stored {
            Some(stored) if !stored.deleted => Effect::Changed,
            _ => Effect::Created,
        };
        self.writes.push(Planned {
            key: key.clone(),
            precondition: stored.map_or(Precondition::Absent, precondition),
            resource,
            recorded,
            version: stored.map_or(0, |stored| stored.version) + 1,
            effect,
        });
        self.effects.push(StepEffect { resource: key.to_string(), effect, why: why.map(str::to_owned) });
    }
}

fn left(key: &ResourceKey, why: &str) -> StepEffect {
    StepEffect { resource: key.to_string(), effect: Effect::Unchanged, why: Some(why.to_owned()) }
}
