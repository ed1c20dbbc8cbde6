//! A40 and its kin: what is obsolete becomes a stub, what survives takes over what it did not have. A change
//! of a number (A47, A50) is the same, but that nothing loses weight by it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::{Handover, Planner};
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
    /// What is obsolete, through which this one is known: no message need say that this is merged.
    pub(super) follows: Option<ResourceKey>,
}

/// What is said of a merger.
struct Told {
    /// Of the obsolete one.
    obsolete: BTreeMap<String, Register>,
    /// Of the surviving one.
    surviving: BTreeMap<String, Register>,
    stamp: Stamp,
    merger: Merger,
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
                follows: None,
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

    /// What is said of a merger: by this message, or by what told that it was merged through which it is known.
    fn told(&self, merging: &Merging) -> Option<Told> {
        if let Some(other) = &merging.follows {
            let (obsolete, stamp, merger) = self.of_other(merging, other)?;
            return Some(Told { obsolete, surviving: BTreeMap::new(), stamp, merger });
        }
        let of = |named: Uuid| {
            let said = self.said.entries.iter().find(|entry| entry.key == merging.key(named));
            said.map(|entry| self.in_store(entry).registers()).unwrap_or_default()
        };
        let moment = self.said.moment.clone();
        let into = merging.surviving.given.to_string();
        Some(Told {
            obsolete: of(merging.obsolete.named),
            surviving: of(merging.surviving.named),
            stamp: Stamp::new(Rank::Registration, moment.clone()),
            merger: Merger { into, moment, renamed: merging.renamed },
        })
    }

    /// The obsolete one becomes a stub that links to the surviving one, which takes over the rest.
    pub(super) fn merge(&mut self, merging: &Merging) {
        let Merging { obsolete, surviving, renamed, .. } = merging;
        let Some(told) = self.told(merging) else { return };
        let Told { obsolete: said, surviving: in_its_place, stamp, merger } = told;
        let (root, left) = (merging.key(surviving.now), merging.key(obsolete.given));
        if (merging.kind == "Account" || merging.follows.is_some()) && !merging.is_alias() {
            // Its visits are on the surviving one from now on.
            self.things.insert(left.clone(), root.clone());
        }
        let taken_over = if merging.is_alias() { None } else { self.make_stub(merging, &said, &stamp) };
        let Some(draft) = self.drafts.0.get_mut(&root) else { return };
        draft.named = true;
        let Some(state) = draft.state_mut() else { return };
        let mut joined = Vec::new();
        if !merging.is_alias() {
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
                let here = state.mergers.carry(&surviving.given.to_string(), &stamp);
                joined.extend(link(state, &left, "replaces", &here));
            }
        }
        // Told of the surviving one, which may have been merged since.
        let stamp = state.mergers.carry(&surviving.given.to_string(), &stamp);
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
        said: &BTreeMap<String, Register>,
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
            let value = Some(Value::Array(vec![member]));
            joined.push(state.join_register(path_of_successor(), Register { stamp: stamp.clone(), value }));
        }
        taken
    }

    /// What refers to the obsolete one is given to the surviving one.
    pub(super) fn handovers(&self, mergers: &[Merging]) -> Vec<Handover> {
        let mut all: Vec<Handover> = Vec::new();
        for merging in mergers.iter().filter(|merging| !merging.is_alias()) {
            // Nothing refers to what was never there.
            let there = self.drafts.0.get(&merging.key(merging.obsolete.given));
            let follows = merging.follows.is_some();
            if !self.is_told_now(merging) || follows && there.is_none_or(|draft| draft.stands.is_none()) {
                continue;
            }
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
}

/// The register of a stub that says what took its place.
pub(super) fn path_of_successor() -> String {
    format!("extension:{}", Key::Url.of(&json!({ "url": REPLACED_BY })))
}

/// Joins a link to another patient.
fn link(state: &mut State, other: &ResourceKey, kind: &str, stamp: &Stamp) -> Option<Joined> {
    let member = json!({ "other": { "reference": other.to_string() }, "type": kind });
    let path = format!("link:{}", Key::Other.of(&member));
    let register = Register { stamp: stamp.clone(), value: Some(Value::Array(vec![member])) };
    Some(state.join_register(path, register))
}
