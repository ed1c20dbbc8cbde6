//! Visits that have no number of their own and are known by their account, and accounts that are known by their
//! visit. Where the other thing is merged or has another number, so are they, though no message says it: a visit
//! that was told under account A1 is found under A2 once A1 became A2, whichever of the two came first.
//!
//! What was never told is not made up: a stub stands for each of them that a message named, and for what it became.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zorgsluis_domain::port::ResourceKey;

use super::Planner;
use super::merging::{Merging, path_of_successor};
use super::moving::{LONGEST_WAY, replaced_by};
use crate::apply::ApplyError;
use crate::apply::identity::{Identities, Resolved};
use crate::apply::merged::Merger;
use crate::apply::stamp::{Rank, Stamp};
use crate::apply::state::{OLD, Register};
use crate::identity::{account_of_visit, visit_of_account};

/// What is known through this, where it has no number of its own.
fn known_through(other: &ResourceKey) -> Option<ResourceKey> {
    match other.resource_type.as_str() {
        "Account" => Some(ResourceKey::new("Encounter", visit_of_account(&other.id).to_string())),
        "Encounter" => Some(ResourceKey::new("Account", account_of_visit(&other.id).to_string())),
        _ => None,
    }
}

/// One step on the way of what is known through another thing.
struct Step {
    from: ResourceKey,
    to: ResourceKey,
    /// What was replaced, through which it was known.
    follows: ResourceKey,
}

impl Planner<'_> {
    /// Follows what is known through what the message names or merges.
    pub(super) async fn follow_known_through(
        &mut self,
        identities: &Identities<'_>,
    ) -> Result<(), ApplyError> {
        let mut all: BTreeMap<ResourceKey, ResourceKey> = self.said.known_through.iter().cloned().collect();
        for merged in self.said.mergers.iter().filter(|merged| merged.kind != "Patient") {
            let other = key(merged.kind, merged.obsolete);
            let Some(known) = known_through(&other) else { continue };
            self.drafts.load(identities.store, [known.clone()]).await?;
            // Nobody may tell of it meanwhile.
            self.leant.insert(known.clone());
            if self.drafts.0.get(&known).is_some_and(|draft| draft.stands.is_some()) {
                all.entry(known).or_insert(other);
            }
        }
        let told: Vec<ResourceKey> =
            self.said.mergers.iter().map(|one| key(one.kind, one.obsolete)).collect();
        let mut steps: Vec<Step> = Vec::new();
        for (known, other) in all {
            self.follow(identities, other.clone()).await?;
            // What comes last on the way is merged first: what comes before it weighs less by it.
            for step in self.way_of(identities, known, other).await?.into_iter().rev() {
                self.follow(identities, step.follows.clone()).await?;
                if !told.contains(&step.from) && !steps.iter().any(|one| one.from == step.from) {
                    steps.push(step);
                }
            }
        }
        self.following = steps.into_iter().filter_map(|step| self.merging_of(step)).collect();
        for account in self.accounts() {
            let visit = known_through(&account).map(|visit| self.target(&visit));
            self.drafts.load(identities.store, visit).await?;
        }
        Ok(())
    }

    /// The way of what is known through another thing: what stands for it says it, or the other's way does.
    async fn way_of(
        &mut self,
        identities: &Identities<'_>,
        known: ResourceKey,
        other: ResourceKey,
    ) -> Result<Vec<Step>, ApplyError> {
        let (mut at, mut through) = (known.clone(), Some(other));
        let mut steps = Vec::new();
        for _ in 0..LONGEST_WAY {
            self.drafts.load(identities.store, std::iter::once(at.clone()).chain(through.clone())).await?;
            self.leant.extend(through.clone());
            let now = through.as_ref().and_then(|other| self.successor(other));
            let following = now.as_ref().and_then(known_through);
            let stands = self.drafts.0.get(&at).and_then(|draft| draft.stands.as_ref());
            let Some(next) = stands.and_then(replaced_by).or_else(|| following.clone()) else { break };
            if let (Some(to), Some(follows)) = (following.filter(|to| *to == next), through.take()) {
                steps.push(Step { from: at, to, follows });
                through = now;
            }
            at = next;
        }
        if at != known {
            self.things.insert(known, at.clone());
            for step in &steps {
                if step.from != at {
                    self.things.insert(step.from.clone(), at.clone());
                }
            }
        }
        Ok(steps)
    }

    /// What took the place of a visit or account, or takes it by this message.
    fn successor(&self, of: &ResourceKey) -> Option<ResourceKey> {
        let stands = self.drafts.0.get(of).and_then(|draft| draft.stands.as_ref());
        let of_message = || {
            let mut all = self.said.mergers.iter().filter(|one| key(one.kind, one.obsolete) == *of);
            let into = key(of.resource_type.as_str(), all.next()?.surviving);
            // A number that is given back takes nothing along.
            (self.target(&into) != *of).then_some(into)
        };
        stands.and_then(replaced_by).or_else(of_message)
    }

    fn merging_of(&self, step: Step) -> Option<Merging> {
        let kind = if step.from.resource_type == "Account" { "Account" } else { "Encounter" };
        let end = |key: &ResourceKey| self.things.get(key).unwrap_or(key).id.parse().ok();
        let is_stub =
            self.drafts.0.get(&step.from).and_then(|draft| draft.stands.as_ref()).and_then(replaced_by);
        let (from, to) = (step.from.id.parse().ok()?, step.to.id.parse().ok()?);
        let now = if is_stub.is_some() { end(&step.from)? } else { from };
        Some(Merging {
            kind,
            obsolete: Resolved { named: from, given: from, now },
            surviving: Resolved { named: to, given: to, now: end(&step.to)? },
            renamed: self
                .said
                .mergers
                .iter()
                .all(|one| key(one.kind, one.obsolete) != step.follows || one.renamed),
            follows: Some(step.follows),
        })
    }

    /// What a merger of the other thing says of what is known through it.
    pub(super) fn of_other(
        &self,
        merging: &Merging,
        other: &ResourceKey,
    ) -> Option<(BTreeMap<String, Register>, Stamp, Merger)> {
        let stub = self.drafts.state(other)?;
        let stamp = stub.registers.get(&path_of_successor())?.stamp.clone();
        let of_message = self.said.mergers.iter().find(|one| key(one.kind, one.obsolete) == *other);
        let into = of_message.map(|one| key(one.kind, one.surviving));
        let root = self.target(into.as_ref().unwrap_or(other));
        let known = self.drafts.state(&root)?.mergers.0.get(&other.id)?;
        let into = merging.surviving.given.to_string();
        let merger = Merger { into, moment: known.moment.clone(), renamed: known.renamed };
        let mut said = BTreeMap::new();
        let status = if merging.kind == "Account" { "inactive" } else { "entered-in-error" };
        let value = Some(json!({ "status": status }));
        said.insert(String::from("status"), Register { stamp: stamp.clone(), value });
        if merging.kind == "Encounter" {
            let class = json!({ "system": fhir::system::NULL_FLAVOR, "code": "UNK", "display": "unknown" });
            let presumed = Stamp::new(Rank::Presumed, stamp.moment.clone());
            let value = Some(json!({ "class": class }));
            said.insert(String::from("class"), Register { stamp: presumed, value });
            let numbers = stub.registers.iter().filter(|(path, _)| path.starts_with("identifier:"));
            said.extend(numbers.map(|(path, register)| (path.clone(), register.clone())));
        }
        if let Some(Register { stamp, value: Some(value) }) = stub.registers.get("subject") {
            let subject = value.get("subject")?;
            let subject = subject.get(0).unwrap_or(subject).clone();
            let subject = if merging.kind == "Account" { Value::Array(vec![subject]) } else { subject };
            let value = Some(json!({ "subject": subject }));
            said.insert(String::from("subject"), Register { stamp: stamp.clone(), value });
        }
        Some((said, stamp, merger))
    }

    /// The accounts of the message through which a visit may be known.
    fn accounts(&self) -> Vec<ResourceKey> {
        let named = self.said.known_through.iter().map(|(_, other)| other.clone());
        let merged = self.said.mergers.iter().map(|one| key(one.kind, one.surviving));
        let accounts = named.chain(merged).filter(|other| other.resource_type == "Account");
        accounts.map(|account| self.target(&account)).collect()
    }

    /// Whether this merger is told by the message: what refers to the old one is to be given along.
    pub(super) fn is_told_now(&self, merging: &Merging) -> bool {
        let Some(follows) = &merging.follows else { return true };
        self.said.mergers.iter().any(|one| key(one.kind, one.obsolete) == *follows)
    }

    /// Which numbers of its account are old ones, a visit without a number of its own has from there.
    pub(super) fn settle_known_through(&mut self) {
        for account in self.accounts() {
            let Some(known) = known_through(&account) else { continue };
            let visit = self.target(&known);
            let numbers = self.drafts.state(&account).into_iter().flat_map(|state| &state.registers);
            let old: Vec<(String, Register)> = numbers
                .filter(|(path, _)| path.starts_with(OLD))
                .map(|(path, register)| (path.clone(), register.clone()))
                .collect();
            let Some(draft) = self.drafts.0.get_mut(&visit) else { continue };
            draft.dirty |= !old.is_empty();
            let Some(state) = draft.state_mut() else { continue };
            for (path, register) in old {
                let stamp = state.mergers.carry(&known.id, &register.stamp);
                state.join_register(path, Register { stamp, ..register });
            }
        }
    }
}

fn key(kind: &str, id: uuid::Uuid) -> ResourceKey {
    ResourceKey::new(kind, id.to_string())
}
