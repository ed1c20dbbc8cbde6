//! How the stamps stand in a resource: extensions of its `meta`.
//!
//! ```json
//! { "url": "https://zorgsluis.github.io/fhir/StructureDefinition/asserted",
//!   "extension": [
//!     { "url": "at", "valueInstant": "2026-11-05T09:04:30Z" },
//!     { "url": "by", "valueString": "8a6e…" },
//!     { "url": "rank", "valueCode": "registration" },
//!     { "url": "elements", "valueString": "address gender name" },
//!     { "url": "deleted", "valueString": "telecom:work" } ] }
//! ```
//!
//! One for each message of which something still stands. `snapshot`, `merged` and `moved` remember what
//! [`super::snapshot`] and [`super::merged`] need; `withheld` keeps what a member said that is no longer
//! listed. `visit-event` and `visit-told` keep what status and places of a visit are made of. Nothing of it says more about a patient than the resource itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::merged::{Merger, Mergers, Moves};
use super::snapshot::{Listed, Listing, Snapshots};
use super::stamp::{Moment, Rank, Stamp};
use super::state::{LOCATION, State};
use super::visit::{Event, Events};

const BASE: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/";
pub(crate) const ASSERTED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/asserted";
const SNAPSHOT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/snapshot";
const MERGED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/merged";
const WITHHELD: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/withheld";
const MOVED: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/moved";
/// An event of a visit, and what it said: [`super::visit`].
const VISIT_EVENT: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/visit-event";
/// A place of a visit that another message named.
const VISIT_TOLD: &str = "https://zorgsluis.github.io/fhir/StructureDefinition/visit-told";
const OURS: [&str; 7] = [ASSERTED, SNAPSHOT, MERGED, MOVED, WITHHELD, VISIT_EVENT, VISIT_TOLD];

/// What the extensions of a stored resource say.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) stamps: HashMap<String, Stamp>,
    pub(crate) cleared: Vec<(String, Stamp)>,
    pub(crate) snapshots: Snapshots,
    pub(crate) mergers: Mergers,
    pub(crate) moves: Moves,
    pub(crate) events: Events,
    /// The places of a visit that messages named which are no events of it: register and members.
    pub(crate) told: Vec<(String, Value)>,
    pub(crate) unlisted: bool,
    pub(crate) withheld: Option<Value>,
}

impl Record {
    pub(crate) fn read(resource: &Map<String, Value>) -> Self {
        let mut record = Self::default();
        for extension in extensions(resource) {
            let url = extension.get("url").and_then(Value::as_str).unwrap_or_default();
            let parts = Parts::of(extension);
            match url {
                ASSERTED => record.read_asserted(&parts),
                SNAPSHOT => {
                    let listing = Listing {
                        sender: parts.text("sender"),
                        kind: parts.text("kind"),
                        about: parts.text("about"),
                    };
                    let ids = words(&parts.text("ids")).map(str::to_owned).collect::<BTreeSet<_>>();
                    record.snapshots.join_one(listing, Listed { moment: parts.moment(), ids });
                }
                MERGED => {
                    let renamed = parts.flag("renamed");
                    let merger = Merger { into: parts.text("into"), moment: parts.moment(), renamed };
                    record.mergers.add(parts.text("obsolete"), merger);
                }
                MOVED => {
                    if let (Ok(from), Ok(to)) = (parts.text("from").parse(), parts.text("to").parse()) {
                        record.moves.add(from, to, parts.moment());
                    }
                }
                VISIT_EVENT => {
                    let rank = Rank::of_code(&parts.text("rank")).unwrap_or(Rank::Registration);
                    let stamp = Stamp { merged: parts.number("merged"), ..Stamp::new(rank, parts.moment()) };
                    let said = serde_json::from_str(&parts.text("said")).unwrap_or_default();
                    let at = Some(parts.text("happened")).filter(|at| !at.is_empty());
                    record.events.add(&parts.text("event"), Event { stamp, at, said });
                }
                VISIT_TOLD => {
                    let value = serde_json::from_str(&parts.text("said")).unwrap_or(Value::Null);
                    record.told.push((parts.text("element"), value));
                }
                WITHHELD => {
                    record.unlisted = true;
                    let text = extension.get("valueString").and_then(Value::as_str).unwrap_or("null");
                    record.withheld =
                        serde_json::from_str(text).ok().filter(|value: &Value| !value.is_null());
                }
                _ => {}
            }
        }
        record
    }

    fn read_asserted(&mut self, parts: &Parts<'_>) {
        let Some(rank) = Rank::of_code(&parts.text("rank")) else { return };
        let stamp = Stamp { merged: parts.number("merged"), ..Stamp::new(rank, parts.moment()) };
        for path in words(&parts.text("elements")) {
            self.stamps.insert(path.to_owned(), stamp.clone());
        }
        for path in words(&parts.text("deleted")) {
            self.cleared.push((path.to_owned(), stamp.clone()));
        }
    }
}

/// Writes the extensions of a resource; one by others stays.
pub(crate) fn write(meta: &mut Map<String, Value>, state: &State, withheld: Option<Value>) {
    let mut extensions: Vec<Value> = match meta.remove("extension") {
        Some(Value::Array(others)) => others,
        _ => Vec::new(),
    };
    let mut groups: BTreeMap<&Stamp, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    let unstamped = Stamp::unstamped();
    for (path, register) in state.registers.iter().filter(|(_, register)| register.stamp != unstamped) {
        let (said, deleted) = groups.entry(&register.stamp).or_default();
        if register.value.is_some() { said.push(path) } else { deleted.push(path) }
    }
    for (stamp, (said, deleted)) in groups {
        let mut parts = moment(&stamp.moment);
        parts.push(json!({ "url": "rank", "valueCode": stamp.rank.code() }));
        if stamp.merged > 0 {
            parts.push(json!({ "url": "merged", "valueUnsignedInt": stamp.merged }));
        }
        for (url, paths) in [("elements", said), ("deleted", deleted)] {
            if !paths.is_empty() {
                parts.push(json!({ "url": url, "valueString": paths.join(" ") }));
            }
        }
        extensions.push(json!({ "url": ASSERTED, "extension": parts }));
    }
    for (listing, listed) in &state.snapshots.0 {
        let mut parts = moment(&listed.moment);
        let ids = listed.ids.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        for (url, text) in
            [("sender", &listing.sender), ("kind", &listing.kind), ("about", &listing.about), ("ids", &ids)]
        {
            if !text.is_empty() {
                parts.push(json!({ "url": url, "valueString": text }));
            }
        }
        extensions.push(json!({ "url": SNAPSHOT, "extension": parts }));
    }
    for (obsolete, merger) in &state.mergers.0 {
        let mut parts = moment(&merger.moment);
        parts.push(json!({ "url": "obsolete", "valueString": obsolete }));
        parts.push(json!({ "url": "into", "valueString": merger.into }));
        if merger.renamed {
            parts.push(json!({ "url": "renamed", "valueBoolean": true }));
        }
        extensions.push(json!({ "url": MERGED, "extension": parts }));
    }
    for ((from, to), at) in &state.moves.0 {
        let mut parts = moment(at);
        parts.push(json!({ "url": "from", "valueString": from.to_string() }));
        parts.push(json!({ "url": "to", "valueString": to.to_string() }));
        extensions.push(json!({ "url": MOVED, "extension": parts }));
    }
    visit(state, &mut extensions);
    if state.unlisted {
        let value = withheld.unwrap_or(Value::Null).to_string();
        extensions.push(json!({ "url": WITHHELD, "valueString": value }));
    }
    if !extensions.is_empty() {
        meta.insert(String::from("extension"), Value::Array(extensions));
    }
}

/// What the places of a visit are made of, and how far it is: its events, and what other messages told.
fn visit(state: &State, extensions: &mut Vec<Value>) {
    for ((_, name), event) in &state.events.0 {
        let mut parts = moment(&event.stamp.moment);
        parts.push(json!({ "url": "event", "valueCode": name }));
        if event.stamp.rank != Rank::Registration {
            parts.push(json!({ "url": "rank", "valueCode": event.stamp.rank.code() }));
        }
        if event.stamp.merged > 0 {
            parts.push(json!({ "url": "merged", "valueUnsignedInt": event.stamp.merged }));
        }
        if let Some(at) = &event.at {
            parts.push(json!({ "url": "happened", "valueDateTime": at }));
        }
        let said = Value::Object(event.said.clone()).to_string();
        parts.push(json!({ "url": "said", "valueString": said }));
        extensions.push(json!({ "url": VISIT_EVENT, "extension": parts }));
    }
    if state.key.resource_type != "Encounter" {
        return;
    }
    for (path, register) in state.registers.iter().filter(|(path, _)| path.starts_with(LOCATION)) {
        if let Some(value) = &register.value {
            let parts = json!([
                { "url": "element", "valueString": path },
                { "url": "said", "valueString": value.to_string() },
            ]);
            extensions.push(json!({ "url": VISIT_TOLD, "extension": parts }));
        }
    }
}

/// What others wrote in `meta`: without version and time, which the store sets, and without ours.
pub(crate) fn meta_of_others(meta: &Value) -> Option<Map<String, Value>> {
    let mut meta = meta.as_object()?.clone();
    meta.remove("versionId");
    meta.remove("lastUpdated");
    if let Some(Value::Array(extensions)) = meta.get_mut("extension") {
        extensions.retain(|extension| {
            !extension.get("url").and_then(Value::as_str).is_some_and(|url| OURS.contains(&url))
        });
        if extensions.is_empty() {
            meta.remove("extension");
        }
    }
    (!meta.is_empty()).then_some(meta)
}

pub(crate) fn extensions(resource: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    resource
        .get("meta")
        .and_then(|meta| meta.get("extension"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|extension| {
            extension.get("url").and_then(Value::as_str).is_some_and(|url| url.starts_with(BASE))
        })
}

pub(crate) fn moment(moment: &Moment) -> Vec<Value> {
    let mut parts = vec![json!({ "url": "at", "valueInstant": moment.at.to_string() })];
    if moment.sequence > 0 {
        parts.push(json!({ "url": "sequence", "valueString": moment.sequence.to_string() }));
    }
    parts.push(json!({ "url": "by", "valueString": moment.by }));
    parts
}

/// The parts of one extension, by their `url`.
pub(crate) struct Parts<'a>(HashMap<&'a str, &'a Map<String, Value>>);

impl<'a> Parts<'a> {
    pub(crate) fn of(extension: &'a Value) -> Self {
        let parts = extension.get("extension").and_then(Value::as_array).into_iter().flatten();
        Self(
            parts
                .filter_map(Value::as_object)
                .filter_map(|part| Some((part.get("url")?.as_str()?, part)))
                .collect(),
        )
    }

    fn value(&self, url: &str) -> Option<&'a Value> {
        self.0.get(url)?.iter().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, url: &str) -> String {
        self.value(url).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn number(&self, url: &str) -> u32 {
        self.value(url).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    }

    fn flag(&self, url: &str) -> bool {
        self.value(url).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn moment(&self) -> Moment {
        let never = Moment::never();
        Moment {
            at: self.text("at").parse().unwrap_or(never.at),
            sequence: self.text("sequence").parse().unwrap_or(0),
            by: self.text("by"),
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}
