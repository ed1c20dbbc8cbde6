//! A24 and A37: two persons are linked, and are not.
//!
//! A link is told between two numbers and stands on both sides. Who was merged takes the links along, so A37 about
//! the number that is left also takes away the link that was made under the one that was merged into it: on his own
//! side that is one register, on the other side the registers of all numbers that he had are weighed together.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::{Planner, patient};
use crate::apply::ApplyError;
use crate::apply::draft::Draft;
use crate::apply::identity::Identities;
use crate::apply::merged::Mergers;
use crate::apply::rule::Key;
use crate::apply::stamp::{Rank, Stamp};
use crate::apply::state::{Register, State};

/// The patients whom others are linked to: under which number, and who that is now.
pub(super) type Linked = HashMap<Uuid, Uuid>;

impl Planner<'_> {
    /// Reads those who are linked to the patients of a message that links, unlinks or merges.
    pub(super) async fn load_linked(&mut self, identities: &Identities<'_>) -> Result<Linked, ApplyError> {
        let mut linked = Linked::new();
        let links = self.said.entries.iter().any(|entry| !of_content(entry.content.get("link")).is_empty());
        if !links && self.said.unlinks.is_empty() && self.mergers_of_patients().next().is_none() {
            return Ok(linked);
        }
        let of_drafts = self.drafts.0.values().filter_map(Draft::state).flat_map(see_also_of);
        let named = self.people.values().map(|who| who.given);
        let all: Vec<Uuid> = of_drafts.chain(named).collect();
        for id in all {
            let now = match self.people.values().find(|who| who.given == id || who.now == id) {
                Some(who) => who.now,
                None => identities.survivor(id).await?,
            };
            linked.insert(id, now);
            self.drafts.load(identities.store, [patient(now)]).await?;
            self.leant.insert(patient(now));
        }
        for id in linked.values_mut() {
            let into = self.mergers_of_patients().find(|one| self.who(one.obsolete).now == *id);
            *id = into.map_or(*id, |one| self.who(one.surviving).now);
        }
        Ok(linked)
    }

    /// Links that A24 made and A37 takes away.
    pub(super) fn unlink(&mut self) {
        for unlink in &self.said.unlinks {
            let [one, other] = unlink.patients.map(|named| self.who(named));
            for (who, linked) in [(one, other), (other, one)] {
                let Some(draft) = self.drafts.0.get_mut(&patient(who.now)) else { continue };
                let Some(state) = draft.state_mut() else { continue };
                let stamp = Stamp::new(Rank::Registration, self.said.moment.clone());
                let stamp = state.mergers.carry(&who.given.to_string(), &stamp);
                let joined =
                    state.join_register(see_also(&patient(linked.given)), Register { stamp, value: None });
                draft.joined.push(joined);
                draft.named = true;
            }
        }
        for (key, draft) in &mut self.drafts.0 {
            if key.resource_type == "Patient"
                && let Some(state) = draft.state_mut()
            {
                // Two who were linked and merged are one: nobody is linked to himself.
                let merged = state.mergers.0.keys().map(|id| ResourceKey::new("Patient", id));
                let own: Vec<String> = merged.chain([key.clone()]).map(|id| see_also(&id)).collect();
                state.registers.retain(|path, _| !own.contains(path));
            }
        }
    }

    /// A link to somebody goes with what takes away a link to him under another number of his, by weight.
    pub(super) fn settle_links(&mut self, linked: &Linked) {
        let mergers: HashMap<Uuid, Mergers> = linked
            .values()
            .filter_map(|now| Some((*now, self.drafts.state(&patient(*now))?.mergers.clone())))
            .collect();
        for (key, draft) in &mut self.drafts.0 {
            let is_named = draft.named;
            let Some(state) = draft.state_mut().filter(|_| key.resource_type == "Patient") else { continue };
            let mut gone = Vec::new();
            for id in see_also_of(state) {
                let Some((now, of_now)) = linked.get(&id).and_then(|now| Some((now, mergers.get(now)?)))
                else {
                    continue;
                };
                let weight = |number: &str| {
                    let path = see_also(&ResourceKey::new("Patient", number));
                    let register = state.registers.get(&path)?;
                    let alone = Stamp { merged: 0, ..register.stamp.clone() };
                    let more = of_now.carry(number, &alone).merged;
                    let merged = register.stamp.merged.saturating_add(more);
                    Some((Stamp { merged, ..alone }, register.value.is_some()))
                };
                let now = now.to_string();
                let numbers = of_now.0.keys().chain([&now]);
                let taken = numbers.filter_map(|number| weight(number)).filter(|(_, linked)| !linked);
                let Some((own, _)) = weight(&id.to_string()) else { continue };
                if taken.map(|(stamp, _)| stamp).max().is_some_and(|taken| taken > own) {
                    gone.push(see_also(&patient(id)));
                }
            }
            let any = !gone.is_empty();
            for path in gone {
                if let Some(register) = state.registers.get_mut(&path) {
                    register.value = None;
                }
            }
            draft.dirty |= any;
            if any && !is_named {
                draft.remark = Some("unlinked");
            }
        }
    }
}

/// To whom a patient has a link that says *see also*.
fn see_also_of(state: &State) -> Vec<Uuid> {
    let links = state.registers.iter().filter(|(path, _)| path.starts_with("link:seealso."));
    links.flat_map(|(_, register)| of_content(register.value.as_ref())).collect()
}

fn of_content(links: Option<&Value>) -> Vec<Uuid> {
    let links = links.and_then(Value::as_array).into_iter().flatten();
    let others =
        links.filter(|link| link.get("type").and_then(Value::as_str) == Some("seealso")).filter_map(|link| {
            link.pointer("/other/reference")?.as_str()?.strip_prefix("Patient/")?.parse().ok()
        });
    others.collect()
}

/// The path of a link that says *see also*.
fn see_also(other: &ResourceKey) -> String {
    let member = json!({ "other": { "reference": other.to_string() }, "type": "seealso" });
    format!("link:{}", Key::Other.of(&member))
}
