//! A40 and its kin: what is obsolete becomes a stub, what survives takes over what it did not have. A change
//! of a number (A47, A50) is the same, but that nothing loses weight by it.

use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::{Handover, Planner, patient};
use crate::apply::ApplyError;
use crate::apply::draft::{Content, Draft};
use crate::apply::identity::Resolved;
use crate::apply::merged::Merger;
use crate::apply::rule::Key;
use crate::apply::stamp::{Rank, Stamp};
use crate::apply::state::{Joined, Register, State, in_use, old, path_of_old};
use crate::context::extension::REPLACED_BY;

/// One merger of the message.
pub(super) struct Merging {
    /// The FHIR type.
    pub(super) kind: &'static str,
    pub(super) obsolete: Resolved,
    pub(super) surviving: Resolved,
    /// Only the number changed.
    pub(super) renamed: bool,
}

impl Merging {
    /// Both numbers are one thing already, and the one that is there stays: from the start, or because a number
    /// was given back.
    pub(super) fn is_alias(&self) -> bool {
        self.obsolete.given == self.surviving.given
            || (self.renamed && self.obsolete.given == self.surviving.now)
    }

    pub(super) fn key(&self, id: Uuid) -> ResourceKey {
        ResourceKey::new(self.kind, id.to_string())
    }
}

impl Planner<'_> {
    pub(super) fn mergers(&self) -> Result<Vec<Merging>, ApplyError> {
        let mut mergers = Vec::new();
        for said in &self.said.mergers {
            let merging = Merging {
                kind: said.kind,
                obsolete: self.resolved(said.kind, said.obsolete),
                surviving: self.resolved(said.kind, said.surviving),
                renamed: said.renamed,
            };
            let Merging { obsolete, surviving, .. } = &merging;
            if !merging.is_alias() {
                if obsolete.given == surviving.now {
                    return Err(ApplyError::Refused {
                        code: "merge-circle",
                        text: "what survives was merged into what is obsolete before",
                    });
                }
                if obsolete.now != obsolete.given && obsolete.now != surviving.now {
                    return Err(ApplyError::Refused {
                        code: "merged-elsewhere",
                        text: "what is obsolete was merged into another one before",
                    });
                }
            }
            mergers.push(merging);
        }
        Ok(mergers)
    }

    /// The obsolete one becomes a stub that links to the surviving one, which takes over the rest.
    pub(super) fn merge(&mut self, merging: &Merging) {
        let Merging { obsolete, surviving, renamed, .. } = merging;
        let stamp = Stamp::new(Rank::Registration, self.said.moment.clone());
        let of = |named: Uuid| {
            let said = self.said.entries.iter().find(|entry| entry.key == merging.key(named));
            said.map(|entry| self.in_store(entry).registers()).unwrap_or_default()
        };
        let (said, in_its_place) = (of(obsolete.named), of(surviving.named));
        let (root, left) = (merging.key(surviving.now), merging.key(obsolete.given));
        if merging.kind == "Account" && !merging.is_alias() {
            // Its visits are on the surviving one from now on.
            self.things.insert(left.clone(), root.clone());
        }
        let taken_over = if merging.is_alias() { None } else { self.make_stub(merging, &said, &stamp) };
        let Some(draft) = self.drafts.0.get_mut(&root) else { return };
        draft.named = true;
        let Some(state) = draft.state_mut() else { return };
        let mut joined = Vec::new();
        if !merging.is_alias() {
            let moment = self.said.moment.clone();
            let merger = Merger { into: surviving.given.to_string(), moment, renamed: *renamed };
            state.mergers.add(left.id.clone(), merger);
            if let Some(taken) = taken_over {
                state.mergers.join(&taken.mergers);
                state.moves.join(&taken.moves);
                for ((_, name), mut event) in taken.events.0 {
                    event.stamp = state.mergers.carry(&left.id, &event.stamp);
                    state.events.add(&name, event);
                }
                state.snapshots.join(&taken.snapshots);
                for (path, mut register) in taken.registers {
                    // Whether the old number was in use says nothing of this one.
                    if path == "active" {
                        continue;
                    }
                    register.stamp = state.mergers.carry(&left.id, &register.stamp);
                    state.join_register(path, register);
                }
            }
            if merging.kind == "Patient" {
                joined.extend(link(state, &left, "replaces", &stamp));
            }
        }
        for (path, register) in said {
            let Some(old_one) = path_of_old(&path).filter(|_| register.value.is_some()) else { continue };
            joined.push(state.join_register(path, Register { stamp: stamp.clone(), ..register }));
            joined.push(state.join_register(old_one, old(stamp.clone())));
        }
        // A number that is given back is no old one.
        for path in in_its_place.keys().filter(|_| *renamed).filter_map(|path| path_of_old(path)) {
            if state.registers.contains_key(&path) {
                joined.push(state.join_register(path, in_use(stamp.clone())));
            }
        }
        draft.joined.extend(joined);
    }

    /// Gives what the obsolete one held until now, when this is what makes it a stub.
    fn make_stub(
        &mut self,
        merging: &Merging,
        said: &std::collections::BTreeMap<String, Register>,
        stamp: &Stamp,
    ) -> Option<State> {
        let Merging { obsolete, surviving, .. } = merging;
        let key = merging.key(obsolete.given);
        let draft = self.drafts.0.get_mut(&key)?;
        draft.named = true;
        draft.stub = true;
        if merging.renamed {
            draft.remark = Some("renumbered");
        }
        let Draft { content, joined, .. } = draft;
        let Content::Registers(state) = content else { return None };
        let fresh = obsolete.now == obsolete.given;
        let taken = fresh.then(|| std::mem::replace(&mut **state, State::new(key)));
        for (path, register) in said {
            let own = path.starts_with("link") || path == "active" || path.starts_with("extension:");
            if !own {
                joined.push(state.join_register(path.clone(), register.clone()));
            }
        }
        let into = merging.key(surviving.given);
        if merging.kind == "Patient" {
            let inactive = Register { stamp: stamp.clone(), value: Some(json!({ "active": false })) };
            joined.push(state.join_register(String::from("active"), inactive));
            joined.extend(link(state, &into, "replaced-by", stamp));
        } else {
            let member = json!({ "url": REPLACED_BY, "valueReference": { "reference": into.to_string() } });
            let path = format!("extension:{}", Key::Url.of(&member));
            let value = Some(Value::Array(vec![member]));
            joined.push(state.join_register(path, Register { stamp: stamp.clone(), value }));
        }
        taken
    }

    /// What refers to the obsolete one is given to the surviving one.
    pub(super) fn handovers(&self, mergers: &[Merging]) -> Vec<Handover> {
        let mut all: Vec<Handover> = Vec::new();
        for merging in mergers.iter().filter(|merging| !merging.is_alias()) {
            let (from, to) = (merging.key(merging.obsolete.given), merging.key(merging.surviving.now));
            let of_patient = merging.kind == "Patient";
            let patients =
                if of_patient { vec![merging.surviving.now] } else { self.patients_of(&[&from, &to]) };
            let among = if of_patient { vec![merging.obsolete.given] } else { self.and_merged(&patients) };
            // What hung on either is whose the surviving one is, where one of them was moved.
            all.extend(self.moved(&to).filter(|_| !of_patient));
            all.push(Handover {
                patients,
                among,
                visit: None,
                stubs: Vec::new(),
                known: Vec::new(),
                changes: vec![(from.to_string(), to.to_string())],
                holder: to,
                why: if merging.renamed { "follows-its-number" } else { "moved-to-survivor" },
            });
        }
        all.extend(self.moved_visits());
        all
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
}

/// The path of a link that says *see also*.
fn see_also(other: &ResourceKey) -> String {
    let member = json!({ "other": { "reference": other.to_string() }, "type": "seealso" });
    format!("link:{}", Key::Other.of(&member))
}

/// Joins a link to another patient.
fn link(state: &mut State, other: &ResourceKey, kind: &str, stamp: &Stamp) -> Option<Joined> {
    let member = json!({ "other": { "reference": other.to_string() }, "type": kind });
    let path = format!("link:{}", Key::Other.of(&member));
    let register = Register { stamp: stamp.clone(), value: Some(Value::Array(vec![member])) };
    Some(state.join_register(path, register))
}
