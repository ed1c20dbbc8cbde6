//! Where a visit took and takes place, in the order in which the patient came there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Standing;
use crate::apply::stamp::Stamp;
use crate::apply::state::Register;
use crate::time::is_before;

pub(super) fn status(place: &Value) -> &str {
    place.get("status").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn reference(place: &Value) -> &str {
    place.pointer("/location/reference").and_then(Value::as_str).unwrap_or_default()
}

fn bound<'v>(place: &'v Value, which: &str) -> Option<&'v str> {
    place.get("period")?.get(which)?.as_str()
}

/// A place of short stay, marked as such (PV1-11, PV1-43).
fn is_temporary(place: &Value) -> bool {
    place.get("extension").is_some()
}

fn is_open(place: &Value) -> bool {
    matches!(status(place), "active" | "reserved")
}

/// A period; `None` without any bound. An end before the start is no end (FHIR per-1).
pub(super) fn period(start: Option<&str>, end: Option<&str>) -> Option<Value> {
    let end = end.filter(|end| start.is_none_or(|start| !is_before(end, start)));
    let mut period = Map::new();
    for (name, bound) in [("start", start), ("end", end)] {
        period.extend(bound.map(|bound| (name.to_owned(), Value::from(bound))));
    }
    (!period.is_empty()).then_some(Value::Object(period))
}

/// The places of a visit.
#[derive(Default)]
pub(super) struct Places(Vec<Value>);

impl Places {
    pub(super) fn of(
        standing: &Standing<'_>,
        told: &BTreeMap<String, Register>,
        status: Option<&str>,
        since: Option<&str>,
    ) -> Vec<Value> {
        let mut all: Vec<(&Stamp, bool, &[Value])> = Vec::new();
        for stands in &standing.events {
            all.push((&stands.event.stamp, stands.effect.moves(), stands.event.places()));
        }
        for (_, register) in told.iter().filter(|(path, _)| path.starts_with("location:")) {
            let Some(Value::Array(members)) = &register.value else { continue };
            let moment = &register.stamp.moment;
            let never = members.iter().any(|member| {
                let of_place = |(place, from, to): &(&str, _, _)| {
                    *place == reference(member) && *from < moment && moment < *to
                };
                standing.never.iter().any(of_place)
            });
            if !never {
                all.push((&register.stamp, false, members));
            }
        }
        all.sort_by(|(stamp, _, places), (other, _, beside)| {
            (stamp, places.first().map(reference)).cmp(&(other, beside.first().map(reference)))
        });
        let mut places = Self::default();
        for (_, moves, said) in all {
            places.take(moves, said);
        }
        places.end(status, since);
        places.0
    }

    fn take(&mut self, moves: bool, said: &[Value]) {
        let plans = said.iter().any(|place| status(place) == "planned");
        let mut plans_before = Vec::new();
        if moves || plans {
            let all = std::mem::take(&mut self.0);
            (plans_before, self.0) = all.into_iter().partition(|place| status(place) == "planned");
        }
        // First what was left, then where the patient is.
        for place in said.iter().filter(|place| status(place) == "completed") {
            self.left(place);
        }
        let temporary = said.iter().any(|place| is_open(place) && is_temporary(place));
        for place in said.iter().filter(|place| is_open(place)) {
            self.came(place, moves && !temporary);
        }
        for place in said.iter().filter(|place| status(place) == "planned") {
            if !self.0.iter().any(|known| is_open(known) && reference(known) == reference(place)) {
                let mut place = place.clone();
                // Who repeats a plan need not repeat when.
                let before = plans_before.iter().find(|plan| reference(plan) == reference(&place));
                let when = before.and_then(|plan| plan.get("period"));
                if let (None, Some(when)) = (place.get("period"), when) {
                    set(&mut place, "period", Some(when.clone()));
                }
                self.0.push(place);
            }
        }
    }

    fn left(&mut self, place: &Value) {
        let same = |known: &&mut Value| reference(known) == reference(place) && status(known) != "planned";
        if let Some(known) = self.0.iter_mut().rev().find(same) {
            close(known, bound(place, "end"));
            return;
        }
        let here = self.0.iter().position(is_open).unwrap_or(self.0.len());
        self.0.insert(here, place.clone());
    }

    /// `back`: who moves and is at no place of short stay has left the last one.
    fn came(&mut self, place: &Value, back: bool) {
        let same = |known: &Value| {
            reference(known) == reference(place) && is_temporary(known) == is_temporary(place)
        };
        let start = bound(place, "start");
        for known in self.0.iter_mut().filter(|known| is_open(known) && !same(known)) {
            if is_temporary(known) == is_temporary(place) || (back && is_temporary(known)) {
                close(known, start);
            }
        }
        if let Some(known) = self.0.iter_mut().find(|known| is_open(known) && same(known)) {
            let period = period(bound(known, "start").or(start), bound(known, "end"));
            set(known, "status", Some(Value::from(status(place))));
            set(known, "period", period);
            return;
        }
        self.0.retain(|known| status(known) != "planned" || reference(known) != reference(place));
        self.0.push(place.clone());
    }

    /// Nobody is anywhere in a visit that is over.
    fn end(&mut self, status_now: Option<&str>, since: Option<&str>) {
        let since = since.filter(|_| status_now == Some("finished"));
        if matches!(status_now, Some("finished" | "cancelled" | "entered-in-error")) {
            self.0.iter_mut().filter(|place| is_open(place)).for_each(|place| close(place, since));
        }
        if status_now == Some("finished") {
            self.0.retain(|place| status(place) != "planned");
        }
    }
}

fn close(place: &mut Value, end: Option<&str>) {
    let period = period(bound(place, "start"), bound(place, "end").or(end));
    set(place, "status", Some(json!("completed")));
    set(place, "period", period);
}

fn set(place: &mut Value, name: &str, value: Option<Value>) {
    let Some(place) = place.as_object_mut() else { return };
    match value {
        Some(value) => {
            place.insert(name.to_owned(), value);
        }
        None => {
            place.shift_remove(name);
        }
    }
}
