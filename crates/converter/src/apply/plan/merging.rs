//! A40: the obsolete patient becomes a stub, the surviving one takes over what it did not have.

use serde_json::{Value, json};
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::{Planner, patient};
use crate::apply::ApplyError;
use crate::apply::assertion::Assertion;
use crate::apply::draft::{Content, Draft};
use crate::apply::identity::Resolved;
use crate::apply::merged::Merger;
use crate::apply::rule::Key;
use crate::apply::stamp::{Rank, Stamp};
use crate::apply::state::{Joined, Register, State, old, path_of_old};

/// One merger of the message.
pub(super) struct Merging {
    pub(super) obsolete: Resolved,
    pub(super) surviving: Resolved,
}

impl Merging {
    /// Both numbers are one patient from the start.
    pub(super) fn is_alias(&self) -> bool {
        self.obsolete.given == self.surviving.given
    }
}

impl Planner<'_> {
    pub(super) fn mergers(&self) -> Result<Vec<Merging>, ApplyError> {
        let mut mergers = Vec::new();
        for (obsolete, surviving) in &self.said.mergers {
            let merging = Merging { obsolete: self.who(*obsolete), surviving: self.who(*surviving) };
            let Merging { obsolete, surviving } = &merging;
            if !merging.is_alias() {
                if obsolete.given == surviving.now {
                    return Err(ApplyError::Refused {
                        code: "merge-circle",
                        text: "the surviving patient was merged into the obsolete one before",
                    });
                }
                if obsolete.now != obsolete.given && obsolete.now != surviving.now {
                    return Err(ApplyError::Refused {
                        code: "merged-elsewhere",
                        text: "the obsolete patient was merged into another one before",
                    });
                }
            }
            mergers.push(merging);
        }
        Ok(mergers)
    }

    /// The obsolete patient becomes a stub that links to the surviving one, which takes over the rest.
    pub(super) fn merge(&mut self, merging: &Merging) {
        let Merging { obsolete, surviving } = merging;
        let stamp = Stamp::new(Rank::Registration, self.said.moment.clone());
        let said = self.said.entries.iter().find(|entry| entry.key == patient(obsolete.named));
        let said = said.map(|entry| self.in_store(entry));
        let (root, left) = (patient(surviving.now), patient(obsolete.given));
        let taken_over = if merging.is_alias() {
            None
        } else {
            self.make_stub(&left, obsolete.now == obsolete.given, said.as_ref(), surviving.given, &stamp)
        };
        let Some(draft) = self.drafts.0.get_mut(&root) else { return };
        draft.named = true;
        let Some(state) = draft.state_mut() else { return };
        let mut joined = Vec::new();
        if !merging.is_alias() {
            let merger = Merger { into: surviving.given.to_string(), moment: self.said.moment.clone() };
            state.mergers.add(left.id.clone(), merger);
            if let Some(taken) = taken_over {
                state.mergers.join(&taken.mergers);
                state.snapshots.join(&taken.snapshots);
                for (path, mut register) in taken.registers {
                    register.stamp = state.mergers.carry(&left.id, &register.stamp);
                    state.join_register(path, register);
                }
            }
            joined.extend(link(state, &left, "replaces", &stamp));
        }
        for (path, register) in said.map(|said| said.registers()).unwrap_or_default() {
            let Some(old_one) = path_of_old(&path).filter(|_| register.value.is_some()) else { continue };
            joined.push(state.join_register(path, Register { stamp: stamp.clone(), ..register }));
            joined.push(state.join_register(old_one, old(stamp.clone())));
        }
        draft.joined.extend(joined);
    }

    /// Gives what the patient held until now, when this is what makes it a stub.
    pub(super) fn make_stub(
        &mut self,
        old: &ResourceKey,
        fresh: bool,
        said: Option<&Assertion>,
        into: Uuid,
        stamp: &Stamp,
    ) -> Option<State> {
        let draft = self.drafts.0.get_mut(old)?;
        draft.named = true;
        draft.stub = true;
        let Draft { content, joined, .. } = draft;
        let Content::Registers(state) = content else { return None };
        let taken = fresh.then(|| std::mem::replace(&mut **state, State::new(old.clone())));
        for (path, register) in said.map(Assertion::registers).unwrap_or_default() {
            if !path.starts_with("link") && path != "active" {
                joined.push(state.join_register(path, register));
            }
        }
        let inactive = Register { stamp: stamp.clone(), value: Some(json!({ "active": false })) };
        joined.push(state.join_register(String::from("active"), inactive));
        joined.extend(link(state, &patient(into), "replaced-by", stamp));
        taken
    }
}

/// Joins a link to another patient.
fn link(state: &mut State, other: &ResourceKey, kind: &str, stamp: &Stamp) -> Option<Joined> {
    let member = json!({ "other": { "reference": other.to_string() }, "type": kind });
    let path = format!("link:{}", Key::Other.of(&member));
    let register = Register { stamp: stamp.clone(), value: Some(Value::Array(vec![member])) };
    Some(state.join_register(path, register))
}
