//! A45 and its kin: a visit goes to another patient, with all that hangs on it. And visits and accounts that were
//! replaced by others.
//!
//! A visit remembers its moves. Its patient is the one of its last move, whatever a message says that does not
//! know of it, and so is the patient of all that hangs on it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::{Handover, Planner, encounter, patient};
use crate::apply::ApplyError;
use crate::apply::assertion::Assertion;
use crate::apply::draft::{Draft, account_of, patient_of, visit_of};
use crate::apply::handover::visits_on;
use crate::apply::identity::{Identities, Resolved};
use crate::apply::merged::Moves;
use crate::apply::stamp::{Rank, Stamp};
use crate::apply::state::Register;
use crate::context::extension::REPLACED_BY;
use crate::conversion::Move;

/// A chain of replacements longer than this is no chain.
pub(super) const LONGEST_WAY: usize = 64;

/// Types that can be replaced, beside patients.
const REPLACEABLE: &[&str] = &["Account", "Encounter"];

impl Planner<'_> {
    /// Follows the visits and accounts of the message to what took their place.
    pub(super) async fn resolve_things(&mut self, identities: &Identities<'_>) -> Result<(), ApplyError> {
        let named = self.said.entries.iter().map(|entry| entry.key.clone());
        let listed = self.said.lists.iter().filter_map(|list| list.encounter).map(encounter);
        let named: BTreeSet<ResourceKey> =
            named.chain(listed).filter(|key| REPLACEABLE.contains(&key.resource_type.as_str())).collect();
        self.drafts.load(identities.store, named.iter().cloned()).await?;
        for key in named {
            self.follow(identities, key).await?;
        }
        self.follow_known_through(identities).await
    }

    /// Follows one.
    pub(super) async fn follow(
        &mut self,
        identities: &Identities<'_>,
        key: ResourceKey,
    ) -> Result<(), ApplyError> {
        let mut at = key.clone();
        for _ in 0..LONGEST_WAY {
            self.drafts.load(identities.store, [at.clone()]).await?;
            let stands = self.drafts.0.get(&at).and_then(|draft| draft.stands.as_ref());
            let Some(next) = stands.and_then(replaced_by) else { break };
            at = next;
        }
        if at != key {
            self.things.insert(key, at);
        }
        Ok(())
    }

    /// Who or what stands behind a number of the message.
    pub(super) fn resolved(&self, kind: &str, named: Uuid) -> Resolved {
        if kind == "Patient" {
            return self.who(named);
        }
        let key = ResourceKey::new(kind, named.to_string());
        let now = self.things.get(&key).and_then(|key| key.id.parse().ok()).unwrap_or(named);
        Resolved { named, given: named, now }
    }

    /// Reads the visits that the message's resources hang on, and their patients.
    pub(super) async fn load_visits(&mut self, identities: &Identities<'_>) -> Result<(), ApplyError> {
        let stand = self.drafts.0.iter().filter_map(|(key, draft)| draft.visit(key));
        let said = self.said.entries.iter().filter_map(|entry| visit_of(&entry.content));
        let visits: BTreeSet<ResourceKey> = stand.chain(said).map(|key| self.target(&key)).collect();
        self.drafts.load(identities.store, visits.iter().cloned()).await?;
        let said = self.said.entries.iter().filter_map(|entry| account_of(&entry.content));
        let on = visits.iter().filter_map(|key| self.drafts.0.get(key)?.account());
        let accounts: BTreeSet<ResourceKey> = said.chain(on).map(|key| self.target(&key)).collect();
        self.drafts.load(identities.store, accounts.iter().cloned()).await?;
        let visits: BTreeSet<ResourceKey> = visits.into_iter().chain(accounts).collect();
        let mut patients: BTreeSet<Uuid> =
            self.people.values().flat_map(|who| [who.given, who.now]).collect();
        for key in &visits {
            let Some(draft) = self.drafts.0.get(key) else { continue };
            patients.extend(draft.patient());
            patients.extend(draft.state().into_iter().flat_map(|state| state.moves.patients()));
        }
        let holders = self.drafts.0.values().filter_map(|draft| patient_of(draft.stands.as_ref()?));
        patients.extend(holders);
        for id in patients {
            let now = match self.people.values().find(|who| who.given == id || who.now == id) {
                Some(who) => who.now,
                None => identities.survivor(id).await?,
            };
            self.survivors.insert(id, now);
        }
        if !self.said.mergers.is_empty() || !self.said.moves.is_empty() {
            let known: Vec<ResourceKey> = self.survivors.values().map(|id| patient(*id)).collect();
            self.drafts.load(identities.store, known).await?;
        }
        self.leant.extend(visits);
        Ok(())
    }

    fn survivor(&self, id: Uuid) -> Uuid {
        self.survivors.get(&id).copied().unwrap_or(id)
    }

    /// Nothing goes from one patient to another but by a merger or a move: a visit or order number that comes
    /// with somebody else is wrong in one of the two messages, and nobody can tell in which.
    pub(super) async fn subjects(&self, identities: &Identities<'_>) -> Result<(), ApplyError> {
        let mut same: BTreeSet<(Uuid, Uuid)> = BTreeSet::new();
        for entry in &self.said.entries {
            let Some(draft) = self.drafts.0.get(&self.target(&entry.key)) else { continue };
            let subject =
                |content: &Map<String, Value>| patient_of(content).filter(|_| !content.contains_key("for"));
            let Some(holder) = draft.stands.as_ref().and_then(subject) else { continue };
            let Some(named) = subject(&entry.content) else { continue };
            let asserted = self.who(named).now;
            if holder == asserted || same.contains(&(holder, asserted)) {
                continue;
            }
            let had_it = self.had(entry);
            if had_it.contains(&self.survivor(holder)) && had_it.contains(&asserted) {
                continue;
            }
            same.insert((holder, asserted));
            // Either may have been merged since this plan was begun.
            if identities.survivor(holder).await? != identities.survivor(asserted).await? {
                return Err(ApplyError::Refused {
                    code: "subject-conflict",
                    text: "a visit, order or result of the message stands under another patient",
                });
            }
        }
        Ok(())
    }

    /// The patients who had the visit that an entry hangs on, this message's moves among them.
    fn had(&self, entry: &Assertion) -> BTreeSet<Uuid> {
        let key = self.target(&entry.key);
        let stands = self.drafts.0.get(&key).and_then(|draft| draft.visit(&key));
        let said = visit_of(&entry.content).map(|visit| self.target(&visit));
        let mut all = BTreeSet::new();
        for visit in [stands, said].into_iter().flatten() {
            let on = self.said.entries.iter().filter(|entry| self.target(&entry.key) == visit);
            let on = on.filter_map(|entry| account_of(&entry.content)).map(|key| self.target(&key));
            let on = on.chain(self.drafts.0.get(&visit).and_then(Draft::account));
            // Of two that are one, each was whose the other was.
            let one = self.said.mergers.iter().flat_map(|merged| {
                let pair = [merged.obsolete, merged.surviving];
                let pair = pair.map(|id| self.target(&ResourceKey::new(merged.kind, id.to_string())));
                if pair.contains(&visit) { pair.to_vec() } else { Vec::new() }
            });
            let holders: Vec<ResourceKey> = on.chain(one).chain([visit.clone()]).collect();
            for holder in &holders {
                let state = self.drafts.state(holder);
                all.extend(state.into_iter().flat_map(|state| state.moves.patients()));
            }
            let moves = self.said.moves.iter().filter(|one| {
                holders.contains(&self.target(&ResourceKey::new(one.kind, one.id.to_string())))
            });
            all.extend(moves.flat_map(|one| [one.from, one.to].map(|named| self.who(named).given)));
        }
        all.into_iter().map(|id| self.survivor(id)).collect()
    }

    /// The moves of this message.
    pub(super) fn move_visits(&mut self) {
        for said in &self.said.moves {
            if said.kind == "Patient" {
                self.part_numbers(said);
                continue;
            }
            let (from, to) = (self.who(said.from).given, self.who(said.to).given);
            let key = self.target(&ResourceKey::new(said.kind, said.id.to_string()));
            let Some(draft) = self.drafts.0.get_mut(&key) else { continue };
            draft.named = true;
            if let Some(state) = draft.state_mut() {
                state.moves.add(from, to, self.said.moment.clone());
            }
        }
    }

    /// A43: who got a number of somebody else has none of his others, and he has not that one.
    fn part_numbers(&mut self, said: &Move) {
        let stamp = Stamp::new(Rank::Registration, self.said.moment.clone());
        let numbers = |named: Uuid| {
            let entry = self.said.entries.iter().find(|entry| entry.key == patient(named));
            let paths = entry.map(|entry| entry.registers().into_keys()).into_iter().flatten();
            paths.filter(|path| path.starts_with("identifier:")).collect::<Vec<_>>()
        };
        let (from, to) = (self.who(said.from).now, self.who(said.to).now);
        if from == to {
            return;
        }
        for (who, paths) in [(to, numbers(said.from)), (from, numbers(said.id))] {
            let Some(draft) = self.drafts.0.get_mut(&patient(who)) else { continue };
            draft.named = true;
            let Some(state) = draft.state_mut() else { continue };
            for path in paths {
                state.join_register(path, Register { stamp: stamp.clone(), value: None });
            }
        }
    }

    /// The moves of a visit, those of its account among them.
    fn moves_of(&self, visit: &ResourceKey) -> Moves {
        let mut moves = self.drafts.state(visit).map(|state| state.moves.clone()).unwrap_or_default();
        let account = self.drafts.0.get(visit).and_then(Draft::account).map(|key| self.target(&key));
        if let Some(state) = account.and_then(|account| self.drafts.state(&account)) {
            moves.join(&state.moves);
        }
        moves
    }

    /// Whose a visit is, where it was moved.
    fn owner(&self, visit: &ResourceKey) -> Option<Uuid> {
        let moves = self.moves_of(visit);
        let (_, to) = moves.last()?;
        Some(self.survivor(to))
    }

    /// What hangs on a visit that was moved has its patient.
    pub(super) async fn follow_moves(&mut self, identities: &Identities<'_>) -> Result<(), ApplyError> {
        // A resource may hang on another visit since the join.
        self.load_visits(identities).await?;
        let mut given: Vec<(ResourceKey, Uuid)> = Vec::new();
        let of_message: Vec<ResourceKey> = self
            .said
            .entries
            .iter()
            .filter(|entry| entry.key.resource_type == "Encounter")
            .map(|entry| self.target(&entry.key))
            .collect();
        for (key, draft) in &self.drafts.0 {
            let visit = draft.visit(key).map(|visit| self.target(&visit));
            // A specimen hangs on no visit, but on what was examined during it.
            let visit = visit.or_else(|| {
                let mut visits = of_message.iter().filter(|_| key.resource_type == "Specimen");
                let its = |visit: &&ResourceKey| {
                    let moves = self.moves_of(visit);
                    draft.patient().is_some_and(|now| moves.patients().any(|id| self.survivor(id) == now))
                };
                visits.find(its).cloned()
            });
            given.extend(visit.and_then(|visit| self.owner(&visit)).map(|owner| (key.clone(), owner)));
        }
        for (key, owner) in given {
            if let Some(draft) = self.drafts.0.get_mut(&key) {
                draft.give_to(&patient(owner));
            }
        }
        Ok(())
    }

    /// The patients of visits or accounts, as they are known now: first those who had them, then whose they are.
    pub(super) fn patients_of(&self, keys: &[&ResourceKey]) -> Vec<Uuid> {
        let mut had = BTreeSet::new();
        let mut have = BTreeSet::new();
        for key in keys {
            had.extend(self.moves_of(key).patients().map(|id| self.survivor(id)));
            let Some(draft) = self.drafts.0.get(*key) else { continue };
            had.extend(draft.stands.as_ref().and_then(patient_of).map(|id| self.survivor(id)));
            have.extend(draft.patient().map(|id| self.survivor(id)));
        }
        had.difference(&have).chain(&have).copied().collect()
    }

    /// What hangs on the visits that this message moves, and on those of which it says that they are on an account
    /// that was moved.
    pub(super) fn moved_visits(&self) -> Vec<Handover> {
        let moved = self.said.moves.iter().filter(|said| said.kind != "Patient");
        let moved = moved.map(|said| self.target(&ResourceKey::new(said.kind, said.id.to_string())));
        let merged = self.said.mergers.iter().filter(|said| said.kind == "Account");
        let merged = merged.map(|said| self.target(&ResourceKey::new("Account", said.surviving.to_string())));
        let moved: BTreeSet<ResourceKey> = moved.chain(merged).collect();
        let on_these = moved.iter().flat_map(|key| self.visits_on(key).into_iter().chain([key.clone()]));
        let named = self.said.entries.iter().filter(|entry| account_of(&entry.content).is_some());
        let named = named.map(|entry| self.target(&entry.key)).filter(|key| self.is_on_moved_account(key));
        let all: BTreeSet<ResourceKey> = on_these.chain(named).collect();
        all.iter().filter_map(|key| self.moved(key)).collect()
    }

    fn is_on_moved_account(&self, visit: &ResourceKey) -> bool {
        let account = self.drafts.0.get(visit).filter(|_| visit.resource_type == "Encounter");
        let account = account.and_then(Draft::account).map(|key| self.target(&key));
        account.and_then(|key| self.drafts.state(&key)).is_some_and(|state| !state.moves.0.is_empty())
    }

    /// The visits on an account that the plan knows.
    fn visits_on(&self, account: &ResourceKey) -> Vec<ResourceKey> {
        let all = self.drafts.0.iter().filter(|(key, draft)| {
            key.resource_type == "Encounter" && draft.account().is_some_and(|on| self.target(&on) == *account)
        });
        all.map(|(key, _)| key.clone()).collect()
    }

    /// Reads the visits on the accounts that this message moves.
    pub(super) async fn load_moved_accounts(
        &mut self,
        identities: &Identities<'_>,
    ) -> Result<(), ApplyError> {
        let moved = self.said.moves.iter().filter(|said| said.kind == "Account").map(|said| said.id);
        let merged = self.said.mergers.iter().filter(|said| said.kind == "Account");
        let ids = moved.chain(merged.flat_map(|said| [said.obsolete, said.surviving]));
        let accounts: BTreeSet<ResourceKey> =
            ids.map(|id| self.target(&ResourceKey::new("Account", id.to_string()))).collect();
        for account in accounts {
            let visits = visits_on(identities.store, &account).await?;
            self.drafts.load(identities.store, visits).await?;
        }
        Ok(())
    }

    /// These patients, each behind all who were merged into it: a merger may be under way, and not all given along.
    pub(super) fn and_merged(&self, patients: &[Uuid]) -> Vec<Uuid> {
        let mut all = Vec::new();
        for id in patients {
            let state = self.drafts.state(&patient(*id));
            let merged = state.into_iter().flat_map(|state| state.mergers.on_the_way());
            crate::context::add_new(&mut all, merged.filter_map(|id| id.parse().ok()).chain([*id]));
        }
        all
    }

    /// What hangs on a visit or account that was moved.
    pub(super) fn moved(&self, key: &ResourceKey) -> Option<Handover> {
        let owner = self.owner(key)?;
        let had: BTreeSet<Uuid> = self.moves_of(key).patients().map(|id| self.survivor(id)).collect();
        let patients: Vec<Uuid> = had.into_iter().filter(|id| *id != owner).chain([owner]).collect();
        let among: Vec<Uuid> = self.and_merged(&patients).into_iter().filter(|id| *id != owner).collect();
        let to = patient(owner).to_string();
        let replaced = self.drafts.state(key).into_iter().flat_map(|state| state.mergers.0.keys());
        let stubs: Vec<ResourceKey> = replaced.map(|id| ResourceKey::new(&key.resource_type, id)).collect();
        let patients_change = among.iter().map(|id| (patient(*id).to_string(), to.clone()));
        // What hangs on a stub still is on its way, too.
        let visits_change = stubs.iter().map(|stub| (stub.to_string(), key.to_string()));
        Some(Handover {
            changes: patients_change.chain(visits_change).collect(),
            stubs,
            patients,
            among,
            visit: Some(key.clone()),
            known: self.visits_on(key),
            holder: key.clone(),
            why: "moved-with-its-visit",
        })
    }
}

/// What replaced a visit or account.
pub(crate) fn replaced_by(stands: &Map<String, Value>) -> Option<ResourceKey> {
    let extensions = stands.get("extension").and_then(Value::as_array).into_iter().flatten();
    let ours = |one: &&Value| one.get("url").and_then(Value::as_str) == Some(REPLACED_BY);
    let mut references =
        extensions.filter(ours).filter_map(|one| one.pointer("/valueReference/reference")?.as_str());
    let (kind, id) = references.next()?.split_once('/')?;
    Some(ResourceKey::new(kind, id))
}
