//! A resource as registers: split, joined, put together again.
//!
//! Joining takes the greater stamp of each register. So it does not matter in which order messages are
//! joined, nor how often.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use zorgsluis_domain::port::ResourceKey;

use super::merged::{Mergers, Moves};
use super::record;
use super::rule::{self, Rule};
use super::snapshot::Snapshots;
use super::stamp::Stamp;
use super::visit::{self, Events};
use crate::nl_core;

/// Before the key of an identifier: the register that says that a merger made it an old one. It stays so,
/// whoever uses the number later.
pub(crate) const OLD: &str = "old:";

/// The path of that register; `None` for the BSN, of which a person has one.
pub(crate) fn path_of_old(identifier: &str) -> Option<String> {
    identifier.strip_prefix("identifier:").filter(|key| *key != "bsn").map(|key| format!("{OLD}{key}"))
}

/// What stands in it.
pub(crate) const fn old(stamp: Stamp) -> Register {
    Register { stamp, value: Some(Value::Bool(true)) }
}

/// The number is in use, whatever was said of it before.
pub(crate) const fn in_use(stamp: Stamp) -> Register {
    Register { stamp, value: None }
}

/// Before the key of a place of a visit that a message named which is no event of it.
pub(crate) const LOCATION: &str = "location:";

/// The register of the profiles that a resource claims to keep.
const PROFILE: &str = "meta.profile";

/// What stands in a register, and since when.
#[derive(Clone, PartialEq)]
pub(crate) struct Register {
    pub(crate) stamp: Stamp,
    /// An object of elements, or the members of a list that have the register's key; `None`: deleted.
    pub(crate) value: Option<Value>,
}

impl std::fmt::Debug for Register {
    /// The shape only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Register")
            .field("stamp", &self.stamp)
            .field("deleted", &self.value.is_none())
            .finish()
    }
}

/// What joining did to one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It says something else now.
    Changed,
    /// It says the same, as of a newer message.
    Confirmed,
    /// The same message said it before.
    Same,
    /// What stands is newer.
    Older,
    /// What stands has more weight.
    Outranked,
}

/// One resource.
#[derive(Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) key: ResourceKey,
    pub(crate) registers: BTreeMap<String, Register>,
    /// Of a patient or visit: what its senders listed last.
    pub(crate) snapshots: Snapshots,
    /// Of a patient, visit or account: what was merged into it.
    pub(crate) mergers: Mergers,
    /// Of a visit or account: whose it was.
    pub(crate) moves: Moves,
    /// Of a visit: its events.
    pub(crate) events: Events,
    /// Of a member of a listed set: no sender lists it any more.
    pub(crate) unlisted: bool,
}

impl State {
    pub(crate) fn new(key: ResourceKey) -> Self {
        Self {
            key,
            registers: BTreeMap::new(),
            snapshots: Snapshots::default(),
            mergers: Mergers::default(),
            moves: Moves::default(),
            events: Events::default(),
            unlisted: false,
        }
    }

    /// Reads a resource as it stands in the store.
    pub(crate) fn of_stored(key: ResourceKey, resource: &Map<String, Value>) -> Self {
        let record = record::Record::read(resource);
        let mut state = Self::new(key);
        for (path, value) in split(&state.key.resource_type, resource) {
            let stamp = record.stamps.get(&path).cloned().unwrap_or_else(Stamp::unstamped);
            state.registers.insert(path, Register { stamp, value: Some(value) });
        }
        for (path, stamp) in record.stamps.iter().filter(|(path, _)| path.starts_with(OLD)) {
            state.registers.insert(path.clone(), old(stamp.clone()));
        }
        if !record.told.is_empty() || !record.events.0.is_empty() {
            // Where a visit takes place is made of these.
            state
                .registers
                .retain(|path, _| !path.starts_with(LOCATION) && !visit::MADE.contains(&path.as_str()));
            for (path, value) in record.told {
                let stamp = record.stamps.get(&path).cloned().unwrap_or_else(Stamp::unstamped);
                state.registers.insert(path, Register { stamp, value: Some(value) });
            }
        }
        state.events = record.events;
        for (path, stamp) in record.cleared {
            state.registers.insert(path, Register { stamp, value: None });
        }
        state.snapshots = record.snapshots;
        state.mergers = record.mergers;
        state.moves = record.moves;
        state.unlisted = record.unlisted;
        if let (true, Some((element, _))) = (state.unlisted, rule::unlisted(&state.key.resource_type)) {
            match (record.withheld, state.registers.get_mut(element)) {
                (Some(withheld), Some(register)) => {
                    register.value = Some(Value::Object(Map::from_iter([(element.to_owned(), withheld)])));
                }
                _ => {
                    state.registers.remove(element);
                }
            }
        }
        state
    }

    /// Joins one register.
    pub(crate) fn join_register(&mut self, path: String, register: Register) -> Joined {
        if let Some(cleared) = parent(&path).and_then(|parent| self.registers.get(parent))
            && cleared.value.is_none()
            && cleared.stamp > register.stamp
        {
            return Self::lost(&register.stamp, &cleared.stamp);
        }
        let joined = match self.registers.get_mut(&path) {
            None => {
                let changed = register.value.is_some();
                self.registers.insert(path.clone(), register);
                if changed { Joined::Changed } else { Joined::Confirmed }
            }
            Some(standing) => {
                if register.stamp < standing.stamp {
                    Self::lost(&register.stamp, &standing.stamp)
                } else {
                    let same_value = standing.value == register.value;
                    let same_stamp = standing.stamp == register.stamp;
                    *standing = register;
                    match (same_value, same_stamp) {
                        (true, true) => Joined::Same,
                        (true, false) => Joined::Confirmed,
                        (false, _) => Joined::Changed,
                    }
                }
            }
        };
        if self.sweep(&path) { Joined::Changed } else { joined }
    }

    /// A deletion takes the older registers below it along. Says whether there were any.
    fn sweep(&mut self, path: &str) -> bool {
        let Some(Register { value: None, stamp }) = self.registers.get(path).cloned() else { return false };
        let before = self.registers.len();
        self.registers.retain(|other, register| parent(other) != Some(path) || register.stamp >= stamp);
        self.registers.len() != before
    }

    fn lost(stamp: &Stamp, standing: &Stamp) -> Joined {
        if stamp.is_outranked_by(standing) { Joined::Outranked } else { Joined::Older }
    }

    /// The resource as it goes to the store.
    pub(crate) fn render(&self) -> Map<String, Value> {
        let mut resource = Map::new();
        resource.insert(String::from("resourceType"), Value::from(self.key.resource_type.as_str()));
        resource.insert(String::from("id"), Value::from(self.key.id.as_str()));
        let mut content = put_together(&self.key.resource_type, &self.registers);
        if self.key.resource_type == "Encounter" {
            self.events.render(&self.registers, &mut content);
        }
        let mut withheld = None;
        if self.unlisted
            && let Some((element, value)) = rule::unlisted(&self.key.resource_type)
        {
            withheld = content.insert(element.to_owned(), value);
        }
        let mut meta = match content.remove("meta") {
            Some(Value::Object(meta)) => meta,
            _ => Map::new(),
        };
        nl_core::renew(&self.key.resource_type, &content, &mut meta);
        record::write(&mut meta, self, withheld);
        if !meta.is_empty() {
            resource.insert(String::from("meta"), Value::Object(meta));
        }
        let mut content: Vec<(String, Value)> = content.into_iter().collect();
        content.sort_by(|(a, _), (b, _)| (position(a), a).cmp(&(position(b), b)));
        resource.extend(content);
        resource
    }
}

/// `participant` of `participant:ATND`, `period` of `period.end`.
fn parent(path: &str) -> Option<&str> {
    path.split_once([':', '.']).map(|(parent, _)| parent)
}

/// Where people expect an element; the rest follows by name.
fn position(element: &str) -> usize {
    const FIRST: &[&str] = &[
        "text",
        "contained",
        "extension",
        "identifier",
        "active",
        "status",
        "clinicalStatus",
        "verificationStatus",
    ];
    const THEN: &[&str] = &["class", "category", "type", "code", "name", "telecom", "gender", "birthDate"];
    let element = element.trim_start_matches('_');
    FIRST.iter().chain(THEN).position(|first| *first == element).unwrap_or(FIRST.len() + THEN.len())
}

/// The registers of a resource, without their stamps.
pub(crate) fn split(resource_type: &str, resource: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut registers: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |path: String, key: &str, value: Value| {
        let register = registers.entry(path).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(object) = register {
            object.insert(key.to_owned(), value);
        }
    };
    let mut lists: Vec<(String, Value)> = Vec::new();
    for (element, value) in resource {
        match element.as_str() {
            "resourceType" | "id" => continue,
            "meta" => {
                let mut meta = record::meta_of_others(value).unwrap_or_default();
                // Claims of nl-core are made anew of what stands: they are nobody's word.
                if let Some(Value::Array(mut profiles)) = meta.remove("profile") {
                    profiles.retain(|profile| !profile.as_str().is_some_and(nl_core::is_ours));
                    if !profiles.is_empty() {
                        put(String::from(PROFILE), "profile", Value::Array(profiles));
                    }
                }
                if !meta.is_empty() {
                    put(String::from("meta"), element, Value::Object(meta));
                }
                continue;
            }
            _ => {}
        }
        let base = element.trim_start_matches('_');
        match (rule::rule(resource_type, base), value) {
            (Some((_, Rule::Parts)), Value::Object(children)) => {
                for (child, value) in children {
                    put(format!("{base}.{}", child.trim_start_matches('_')), child, value.clone());
                }
            }
            (Some((_, Rule::Keyed(key))), Value::Array(members)) => {
                lists.extend(
                    members.iter().map(|member| (format!("{base}:{}", key.of(member)), member.clone())),
                );
            }
            (Some((name, Rule::Together(_))), value) => put(name.to_owned(), element, value.clone()),
            (_, value) => put(base.to_owned(), element, value.clone()),
        }
    }
    for (path, member) in lists {
        match registers.entry(path).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(members) if !members.contains(&member) => members.push(member),
            _ => {}
        }
    }
    registers
}

/// A register that holds members of a list: path, stamp, members.
type Keyed<'a> = (&'a str, &'a Stamp, &'a [Value]);

/// The elements of a resource out of its registers.
fn put_together(resource_type: &str, registers: &BTreeMap<String, Register>) -> Map<String, Value> {
    let mut content = Map::new();
    let mut lists: BTreeMap<&str, Vec<Keyed<'_>>> = BTreeMap::new();
    let is_old = |path: &str| {
        let old = path_of_old(path).and_then(|old| registers.get(&old));
        old.is_some_and(|old| old.value.is_some())
    };
    for (path, register) in registers {
        match (path.split_once(':'), path.split_once('.'), &register.value) {
            (Some((element, _)), _, Some(Value::Array(members))) => {
                lists.entry(element).or_default().push((path, &register.stamp, members));
            }
            (None, Some((element, _)), Some(Value::Object(children))) => {
                let parent = content.entry(element.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(parent) = parent {
                    parent.extend(children.clone());
                }
            }
            (_, _, Some(Value::Object(elements))) => content.extend(elements.clone()),
            _ => {}
        }
    }
    for (element, mut members) in lists {
        if (resource_type, element) == ("Encounter", "location") {
            members.sort_by_key(|(_, stamp, _)| *stamp);
        }
        let mut list: Vec<Value> = Vec::new();
        for (path, _, members) in members {
            for member in members {
                let mut member = member.clone();
                if let (true, Some(identifier)) = (is_old(path), member.as_object_mut()) {
                    identifier.insert(String::from("use"), Value::from("old"));
                }
                list.push(member);
            }
        }
        if element == "identifier" {
            list.sort_by_cached_key(|identifier| {
                let text =
                    |name: &str| identifier.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                (text("use") == "old", text("system"), text("value"))
            });
        }
        content.insert(element.to_owned(), Value::Array(list));
    }
    for parent in content.values_mut().filter_map(Value::as_object_mut) {
        if let Some(end) = parent.shift_remove("end") {
            parent.insert(String::from("end"), end);
        }
    }
    content
}
