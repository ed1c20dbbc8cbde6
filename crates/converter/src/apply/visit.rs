//! How far a visit is, where it takes place and of which class it is: told by its events, one after the other.
//!
//! A cancel takes back what another event said, and no more. What stood before that event stands again, and that
//! is more than the newest word on an element can tell. So the events themselves are kept, each with what it
//! said of status, class and places, in the order of their stamps; what stands is made of all of them, each time.
//! A set of events grows in any order to the same set: it does not matter which came first, and a cancel that
//! comes before what it takes back takes it back all the same.

mod places;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::stamp::{Moment, Stamp};
use super::state::{Joined, Register};
use crate::message::adt::visit::{Effect, Status, effect_of};
use places::Places;

/// What one event said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) stamp: Stamp,
    /// When it happened; of a cancel, when what it takes back happened.
    pub(crate) at: Option<String>,
    /// `status`, `class` and `location` of the Encounter.
    pub(crate) said: Map<String, Value>,
}

/// The events of a visit, by moment and name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Events(pub(crate) BTreeMap<(Moment, String), Event>);

/// Elements that are made of the events.
pub(crate) const MADE: [&str; 2] = ["statusHistory", "classHistory"];

impl Event {
    /// What the entry of a message says, for its event of this name.
    pub(crate) fn of(name: &str, content: &Map<String, Value>, at: Option<String>, stamp: Stamp) -> Self {
        let said = ["status", "class", "location"].into_iter();
        let said = said.filter_map(|name| Some((name.to_owned(), content.get(name)?.clone())));
        let mut said: Map<String, Value> = said.collect();
        // A message that tells of an admission and of its end tells of two events.
        if name != "A03" && said.get("status").is_some_and(|status| status == "finished") {
            said.insert(String::from("status"), Value::from("in-progress"));
        }
        Self { stamp, at, said }
    }

    fn status(&self) -> Option<&str> {
        self.said.get("status").and_then(Value::as_str)
    }

    fn places(&self) -> &[Value] {
        self.said.get("location").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The places where the patient was said to be.
    fn here(&self) -> impl Iterator<Item = &str> {
        let is_here = |place: &&Value| matches!(places::status(place), "active" | "reserved" | "planned");
        self.places().iter().filter(is_here).map(places::reference)
    }
}

impl Events {
    /// Adds one.
    pub(crate) fn add(&mut self, name: &str, event: Event) -> Joined {
        let key = (event.stamp.moment.clone(), name.to_owned());
        match self.0.get_mut(&key) {
            // The same message, told of another number of a visit: what weighs more stays.
            Some(standing) if standing.stamp < event.stamp => {
                *standing = event;
                Joined::Confirmed
            }
            Some(_) => Joined::Same,
            None => {
                self.0.insert(key.clone(), event);
                self.keep_first_and_last(&key);
                if self.0.contains_key(&key) { Joined::Changed } else { Joined::Same }
            }
        }
    }

    /// Of one event that many messages tell with the same words (each A08 after a discharge repeats PV1-45), the
    /// first and the last are enough: a cancel between them takes back what came before it, and no more. What is
    /// left depends on nothing but what was told. Without a time nobody can tell whether it is one event.
    fn keep_first_and_last(&mut self, key: &(Moment, String)) {
        let Some(event) = self.0.get(key).filter(|event| event.at.is_some()) else { return };
        let same = self
            .0
            .iter()
            .filter(|((_, name), other)| *name == key.1 && other.at == event.at && other.said == event.said);
        let mut same: Vec<(Stamp, (Moment, String))> =
            same.map(|(key, event)| (event.stamp.clone(), key.clone())).collect();
        same.sort();
        let between = same.len().saturating_sub(2);
        for (_, key) in same.iter().skip(1).take(between) {
            self.0.remove(key);
        }
    }

    /// Puts what they say into the Encounter. `told` are the places that other messages named.
    pub(crate) fn render(&self, told: &BTreeMap<String, Register>, content: &mut Map<String, Value>) {
        let standing = Standing::of(self);
        let mut statuses = History::default();
        for stands in &standing.events {
            statuses.told(stands);
        }
        if let Some(status) = statuses.now() {
            content.insert(String::from("status"), Value::from(status));
        }
        content.remove("statusHistory");
        content.remove("classHistory");
        if statuses.0.len() > 1 {
            insert_after(content, "statusHistory", history(&statuses.0, "status", |status| json!(status)));
        }
        let mut classes: Vec<(&Value, Option<&str>)> = Vec::new();
        for stands in &standing.events {
            let class = stands.event.said.get("class");
            if let Some(class) = class.filter(|class| classes.last().is_none_or(|(last, _)| last != class)) {
                classes.push((class, stands.event.at.as_deref().filter(|_| stands.is_cause())));
            }
        }
        if classes.len() > 1 {
            insert_after(content, "classHistory", history(&classes, "class", |class| (*class).clone()));
        }
        let over = content.get("status").and_then(Value::as_str).map(str::to_owned);
        let places = Places::of(&standing, told, over.as_deref(), statuses.since());
        content.remove("location");
        if !places.is_empty() {
            insert_after(content, "location", places);
        }
    }
}

fn insert_after(content: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        content.insert(name.to_owned(), Value::Array(list));
    }
}

/// Spans of time, each until the next begins; what has no time is left out.
fn history<T>(all: &[(T, Option<&str>)], name: &str, value: impl Fn(&T) -> Value) -> Vec<Value> {
    let ends = all.iter().skip(1).map(|(_, at)| *at).chain([None]);
    let spans = all.iter().zip(ends).filter_map(|((what, start), end)| {
        let period = places::period(*start, end)?;
        Some(json!({ name: value(what), "period": period }))
    });
    spans.collect()
}

/// One after the other, how far a visit was, and since when.
#[derive(Default)]
struct History<'e>(Vec<(&'e str, Option<&'e str>)>);

impl<'e> History<'e> {
    fn now(&self) -> Option<&'e str> {
        self.0.last().map(|(status, _)| *status)
    }

    fn since(&self) -> Option<&'e str> {
        self.0.last().and_then(|(_, at)| *at)
    }

    fn told(&mut self, stands: &Stands<'e>) {
        let at = stands.event.at.as_deref().filter(|_| stands.is_cause());
        let status = match (stands.decides, self.now()) {
            (true, _) | (false, None) => stands.event.status(),
            // Who is moved has come.
            (false, Some("planned")) if stands.effect.moves() => Some("in-progress"),
            (false, Some(_)) => None,
        };
        if let Some(status) = status.filter(|status| self.now() != Some(*status)) {
            self.0.push((status, at.filter(|_| stands.decides || stands.effect.moves())));
        }
    }
}

/// An event that is not taken back.
struct Stands<'e> {
    name: &'e str,
    effect: &'static Effect,
    event: &'e Event,
    /// Whether it says how far the visit is.
    decides: bool,
}

impl Stands<'_> {
    /// Whether what it says is so since it happened: a cancel tells when another event happened.
    fn is_cause(&self) -> bool {
        self.effect.undoes.is_empty()
    }

    fn is_planned(&self) -> bool {
        matches!(self.name, "A05" | "A14")
    }
}

/// What is left when every cancel has taken back its own.
#[derive(Default)]
struct Standing<'e> {
    events: Vec<Stands<'e>>,
    /// Where the patient never was: place, since the event that said so, until the cancel.
    never: Vec<(&'e str, &'e Moment, &'e Moment)>,
    /// The cancels that took something back.
    spent: Vec<(&'e str, &'e Event)>,
}

impl<'e> Standing<'e> {
    fn of(events: &'e Events) -> Self {
        let mut standing = Self::default();
        let mut sorted: Vec<(&String, &Event)> =
            events.0.iter().map(|((_, name), event)| (name, event)).collect();
        sorted.sort_by(|(name, event), (other, beside)| (&event.stamp, name).cmp(&(&beside.stamp, other)));
        for (name, event) in sorted {
            standing.take(name, event);
        }
        standing
    }

    fn take(&mut self, name: &'e str, event: &'e Event) {
        let effect = effect_of(name);
        let mut decides = matches!(effect.status, Status::Is(_) | Status::OfClass);
        if !effect.undoes.is_empty() {
            let chosen = self.taken_back(effect, event);
            let found = !chosen.is_empty();
            for at in chosen.into_iter().rev() {
                let gone = self.events.remove(at);
                let moments = (&gone.event.stamp.moment, &event.stamp.moment);
                self.never.extend(gone.event.here().map(|place| (place, moments.0, moments.1)));
            }
            if found {
                self.spent.push((name, event));
            }
            let before = self.events.iter().rev().find(|stands| stands.decides);
            let before = before.and_then(|stands| stands.event.status());
            decides = decides
                && match (effect.trigger, before) {
                    (_, None) => true,
                    // Who was discharged had come.
                    ("A13", Some("planned")) => true,
                    // Some senders take back a pre-admission so.
                    ("A11" | "A13", Some(_)) => !found,
                    _ => false,
                };
        }
        self.events.push(Stands { name, effect, event, decides });
    }

    /// Which events a cancel takes back: those that happened when it says; else, of what a visit has one of,
    /// all; of what it may have many of, the last, however often that was told. What rests on an admission goes
    /// with it.
    fn taken_back(&self, effect: &Effect, cancel: &Event) -> Vec<usize> {
        let kin: Vec<(usize, &Stands<'e>)> =
            self.events.iter().enumerate().filter(|(_, stands)| effect.undoes(stands.name)).collect();
        let then: Vec<usize> = match &cancel.at {
            Some(at) => {
                kin.iter().filter(|(_, kin)| kin.event.at.as_ref() == Some(at)).map(|(at, _)| *at).collect()
            }
            None => Vec::new(),
        };
        let mut chosen = if !then.is_empty() {
            then
        } else if self.is_repeated(effect.trigger, cancel) {
            Vec::new()
        } else if effect.of_many() {
            self.last_of(&kin)
        } else {
            kin.iter().map(|(at, _)| *at).collect()
        };
        if let (Some(first), true) = (chosen.first().copied(), effect.undoes("A01")) {
            let resting = self.events.iter().enumerate().skip(first);
            chosen = resting.filter(|(_, stands)| !stands.is_planned()).map(|(at, _)| at).collect();
        }
        chosen
    }

    /// A cancel that is told again, of what was taken back already: it takes nothing more. Of two without the time
    /// of what they take back, only the time at which they were recorded tells whether they are one.
    fn is_repeated(&self, trigger: &str, cancel: &Event) -> bool {
        self.spent.iter().any(|(name, spent)| {
            let then = cancel.at.is_some() || cancel.stamp.moment.at == spent.stamp.moment.at;
            *name == trigger && spent.at == cancel.at && then && spent.said == cancel.said
        })
    }

    /// The last event of a kind, and those before it that say the same.
    fn last_of(&self, kin: &[(usize, &Stands<'e>)]) -> Vec<usize> {
        let Some((last, stands)) = kin.last() else { return Vec::new() };
        let mut chosen = vec![*last];
        let mut until = *last;
        for (at, before) in kin.iter().rev().skip(1) {
            let mut between = self.events.iter().take(until).skip(at + 1);
            if !before.event.here().eq(stands.event.here()) || between.any(|other| other.decides) {
                break;
            }
            chosen.push(*at);
            until = *at;
        }
        chosen.reverse();
        chosen
    }
}
