//! What a conversion says, in the form in which it is applied: owned, with every reference as `Type/id`.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::Phi;
use zorgsluis_domain::port::ResourceKey;

use super::rule;
use super::stamp::{Moment, Rank, Stamp};
use super::state::{LOCATION, Register, split};
use super::visit::{self, Event};
use super::{ApplyError, Delivery};
use crate::conversion::{Authority, Conversion, Merge, Move, PatientIdentifier, Unlink};

/// All that a message asserts. Holds PHI: no `Debug`.
pub(crate) struct Assertions {
    pub(crate) entries: Vec<Assertion>,
    pub(crate) patients: Vec<Person>,
    pub(crate) mergers: Vec<Merged>,
    pub(crate) moves: Vec<Move>,
    pub(crate) unlinks: Vec<Unlink>,
    /// What has no number of its own, and through what it is known.
    pub(crate) known_through: Vec<(ResourceKey, ResourceKey)>,
    pub(crate) lists: Vec<List>,
    pub(crate) moment: Moment,
    pub(crate) sender: String,
    pub(crate) event: String,
}

/// One entry of the Bundle.
#[derive(Clone)]
pub(crate) struct Assertion {
    pub(crate) key: ResourceKey,
    pub(crate) content: Map<String, Value>,
    rank: Rank,
    pub(crate) moment: Moment,
    presumed: Vec<String>,
    deleted: Vec<String>,
    /// The events of the visit that this is: name, and when it happened.
    events: Vec<(&'static str, Option<String>)>,
}

/// A patient that the message names.
pub(crate) struct Person {
    /// The id in the Bundle.
    pub(crate) id: Uuid,
    /// The first is the one behind the id.
    pub(crate) identifiers: Vec<Phi<PatientIdentifier>>,
}

/// Two numbers of which the message says that they are one thing.
pub(crate) struct Merged {
    /// The FHIR type.
    pub(crate) kind: &'static str,
    pub(crate) obsolete: Uuid,
    pub(crate) surviving: Uuid,
    /// Only the number changed.
    pub(crate) renamed: bool,
}

/// A set that the message lists in full.
pub(crate) struct List {
    pub(crate) kind: String,
    pub(crate) patient: Uuid,
    pub(crate) encounter: Option<Uuid>,
    pub(crate) ids: Vec<Uuid>,
}

impl Assertions {
    pub(crate) fn of(conversion: &Conversion<'_>, delivery: &Delivery) -> Result<Self, ApplyError> {
        let by = delivery.message;
        let moment = |at| Moment::new(at, conversion.order.sequence, by);
        let types: HashMap<String, String> = conversion
            .bundle
            .entry
            .iter()
            .filter_map(|entry| {
                let id = entry.resource.id()?;
                Some((format!("urn:uuid:{id}"), format!("{}/{id}", entry.resource.kind())))
            })
            .collect();
        let mut entries = Vec::with_capacity(conversion.bundle.entry.len());
        for (entry, note) in conversion.bundle.entry.iter().zip(&conversion.notes) {
            let Some(id) = entry.resource.id() else { continue };
            let mut content = serde_json::to_value(&entry.resource).map_err(|_| ApplyError::NotJson)?;
            rewrite_references(&mut content, &|reference| types.get(reference).cloned());
            let Value::Object(content) = content else { return Err(ApplyError::NotJson) };
            let kind = entry.resource.kind();
            let paths = |entry: Uuid, path: &str| (entry == id).then(|| rule::canonical(kind, path));
            // A master file is the source of what it says of staff.
            // Whether a bed is free changes by the hour: its last word counts, not the word of the day.
            let of_bed = content.contains_key("operationalStatus")
                || conversion.deletions.iter().any(|d| d.entry == id && d.path == "operationalStatus");
            let mentioned =
                rule::is_always_mentioned(kind) && !conversion.event.starts_with("MFN") && !of_bed;
            let rank = match note.authority {
                Authority::Registration if !mentioned => Rank::Registration,
                _ => Rank::Mention,
            };
            let at = note.asserted.or(conversion.order.at);
            let moment = if mentioned {
                Moment::of_day(at, &serde_json::to_vec(&content).map_err(|_| ApplyError::NotJson)?)
            } else {
                moment(at)
            };
            entries.push(Assertion {
                key: ResourceKey::new(kind, id.to_string()),
                content,
                rank,
                moment,
                presumed: conversion.presumed.iter().filter_map(|p| paths(p.entry, p.path)).collect(),
                events: conversion
                    .visit_events
                    .iter()
                    .filter(|event| event.entry == id)
                    .map(|event| (event.event, event.at.clone()))
                    .collect(),
                deleted: conversion
                    .deletions
                    .iter()
                    .map(|d| (d.entry, d.path))
                    .chain(conversion.gone.iter().map(|(entry, path)| (*entry, path.as_str())))
                    .filter_map(|(entry, path)| paths(entry, path))
                    .collect(),
            });
        }
        Ok(Self {
            entries,
            patients: conversion
                .patients
                .iter()
                .map(|patient| Person { id: patient.id, identifiers: patient.identifiers.clone() })
                .collect(),
            mergers: conversion
                .merges
                .iter()
                .flat_map(|merge| {
                    let Merge { kind, surviving, renamed, .. } = *merge;
                    let one = move |obsolete: &Uuid| Merged { kind, obsolete: *obsolete, surviving, renamed };
                    merge.obsolete.iter().map(one)
                })
                .collect(),
            moves: conversion.moves.clone(),
            unlinks: conversion.unlinks.clone(),
            known_through: conversion
                .known_through
                .iter()
                .map(|one| {
                    let other = if one.kind == "Encounter" { "Account" } else { "Encounter" };
                    let key = |kind: &str, id: Uuid| ResourceKey::new(kind, id.to_string());
                    (key(one.kind, one.id), key(other, one.other))
                })
                .collect(),
            lists: conversion
                .snapshots
                .iter()
                .map(|list| List {
                    kind: list.kind.to_owned(),
                    patient: list.patient,
                    encounter: list.encounter,
                    ids: list.ids.clone(),
                })
                .collect(),
            moment: moment(conversion.order.at),
            sender: conversion.sender.to_string(),
            event: conversion.event.clone(),
        })
    }
}

impl Assertion {
    /// Takes the word of the sender about a person as a mention.
    pub(crate) fn only_fill(&mut self) {
        if matches!(self.key.resource_type.as_str(), "Patient" | "RelatedPerson" | "Coverage") {
            self.rank = self.rank.min(Rank::Mention);
        }
    }

    /// The events of a visit that this entry tells of.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&'static str, Event)> {
        let stamp = Stamp::new(self.rank, self.moment.clone());
        let mut content = self.content.clone();
        // What FHIR demands and no message says is no word of the event.
        content.retain(|name, _| !self.presumed.contains(name));
        self.events
            .iter()
            .map(move |(name, at)| (*name, Event::of(name, &content, at.clone(), stamp.clone())))
    }

    /// The registers that this entry asserts or deletes.
    pub(crate) fn registers(&self) -> BTreeMap<String, Register> {
        let stamp = Stamp::new(self.rank, self.moment.clone());
        let presumed = Stamp::new(Rank::Presumed, self.moment.clone());
        let is_presumed = |path: &str| {
            self.presumed.iter().any(|presumed| {
                path == presumed
                    || path.strip_prefix(presumed.as_str()).is_some_and(|rest| rest.starts_with(['.', ':']))
            })
        };
        let deleted =
            self.deleted.iter().map(|path| (path.clone(), Register { stamp: stamp.clone(), value: None }));
        let said = split(&self.key.resource_type, &self.content).into_iter().map(|(path, value)| {
            let mut stamp = if is_presumed(&path) { presumed.clone() } else { stamp.clone() };
            if !is_presumed(&path) && rule::is_told_by_all(&self.key.resource_type, &path) {
                stamp.rank = Rank::Registration;
            }
            (path, Register { stamp, value: Some(value) })
        });
        // What a message says of an element counts for more than that it deletes it as well.
        // Of an event, places and history are kept with the event.
        let of_event = |path: &str| path.starts_with(LOCATION) || visit::MADE.contains(&path);
        let told = said.filter(|(path, _)| self.events.is_empty() || !of_event(path));
        deleted.chain(told).collect()
    }
}

/// Replaces the values of all `reference` elements for which `change` has another.
pub(crate) fn rewrite_references(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) -> bool {
    match value {
        Value::Object(object) => object.iter_mut().fold(false, |changed, (name, value)| {
            let new = match value {
                Value::String(text) if name == "reference" => change(text),
                _ => None,
            };
            match new {
                Some(new) => {
                    *value = Value::String(new);
                    true
                }
                None => rewrite_references(value, change) || changed,
            }
        }),
        Value::Array(list) => {
            let changed = list.iter_mut().filter_map(|value| rewrite_references(value, change).then_some(()));
            changed.count() > 0
        }
        _ => false,
    }
}
