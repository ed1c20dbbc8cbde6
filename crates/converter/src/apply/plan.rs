//! From what a message says and what stands to what is to be written, and why.

mod finish;
mod follow;
mod known_through;
mod links;
mod lists;
mod merging;
mod moving;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::port::{Precondition, ResourceKey, Write};
use zorgsluis_domain::{Effect, Phi, StepEffect};

use super::ApplyError;
use super::assertion::{Assertion, Assertions, Merged, rewrite_references};
use super::draft::{Content, Draft, Drafts};
use super::identity::{IdentifierConflict, Identities, Resolved, replaced_by};
use super::run::TRANSACTION;
use super::snapshot::{Listed, Listing};
use super::state::Joined;
use super::whole::Whole;
pub(crate) use follow::task_key;
use merging::Merging;
pub(crate) use moving::replaced_by as thing_replaced_by;

/// What is to be done for one message.
pub(crate) struct Plan {
    /// In an order in which each write only refers to what stands before it.
    pub(crate) writes: Vec<Planned>,
    /// What the decisions rest on and is not written itself.
    pub(crate) checks: Vec<(ResourceKey, Precondition)>,
    pub(crate) effects: Vec<StepEffect>,
    /// Patients that were merged: from, to.
    pub(crate) merged: Vec<(Uuid, Uuid)>,
    /// What others are to be given once this is written.
    pub(crate) handovers: Vec<Handover>,
    /// The patients that the message is about, as they are known now.
    pub(crate) patients: Vec<Uuid>,
    pub(crate) conflicts: Vec<IdentifierConflict>,
}

impl Plan {
    /// Whether it does not fit into one transaction.
    pub(crate) fn is_split(&self) -> bool {
        self.writes.len() + self.checks.len() > TRANSACTION
    }

    /// Every version that it will make, and whether that creates the resource: of what is written without its lists
    /// first ([`Planned::interim`]), two.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (&Planned, u64, Effect)> {
        let split = self.is_split();
        self.writes.iter().flat_map(move |write| {
            let again =
                (split && write.interim.is_some()).then(|| (write, write.version() + 1, Effect::Changed));
            std::iter::once((write, write.version(), write.effect)).chain(again)
        })
    }
}

/// Resources that refer to something, and are to refer to something else.
pub(crate) struct Handover {
    /// The patients among whose resources they are.
    pub(crate) among: Vec<Uuid>,
    /// Only what hangs on this visit, or is on this account.
    pub(crate) visit: Option<ResourceKey>,
    /// What it took the place of: stubs, which go along.
    pub(crate) stubs: Vec<ResourceKey>,
    /// Of an account: its visits, each of which is handed over as well.
    pub(crate) known: Vec<ResourceKey>,
    /// References: from, to.
    pub(crate) changes: Vec<(String, String)>,
    /// What holds them from now on: while it stays what it is, nothing is added to what is handed over.
    pub(crate) holder: ResourceKey,
    /// In whose entry of the log it is recorded.
    pub(crate) patients: Vec<Uuid>,
    /// What the operator reads.
    pub(crate) why: &'static str,
}

/// One write.
pub(crate) struct Planned {
    pub(crate) key: ResourceKey,
    pub(crate) precondition: Precondition,
    pub(crate) resource: Value,
    /// The same without the lists that this message renews: for a plan that does not fit into one
    /// transaction, where lists are renewed last, or a crash would hide what they left out.
    pub(crate) interim: Option<Value>,
    pub(crate) effect: Effect,
}

impl Planned {
    pub(crate) fn write(&self) -> Write {
        self.write_of(&self.resource, self.precondition)
    }

    pub(crate) fn write_of(&self, resource: &Value, precondition: Precondition) -> Write {
        let json = resource.to_string().into_bytes();
        Write::Put { key: self.key.clone(), json: Phi::new(json), precondition }
    }

    /// The version that this write will make.
    pub(crate) const fn version(&self) -> u64 {
        match self.precondition {
            Precondition::Absent => 1,
            Precondition::Version(version) => version + 1,
        }
    }
}

/// Makes the plan. [`ApplyError::Contended`] when somebody merged a patient meanwhile: make it again.
pub(crate) async fn plan(said: &Assertions, identities: &Identities<'_>) -> Result<Plan, ApplyError> {
    let mut planner = Planner {
        said,
        people: HashMap::new(),
        things: HashMap::new(),
        following: Vec::new(),
        survivors: HashMap::new(),
        leant: BTreeSet::new(),
        drafts: Drafts::default(),
        touched: BTreeMap::new(),
        locked: BTreeSet::new(),
    };
    let conflicts = planner.resolve(identities).await?;
    planner.resolve_things(identities).await?;
    let mut mergers = planner.mergers()?;
    mergers.append(&mut planner.following);
    planner.load(identities, &mergers).await?;
    planner.load_moved_accounts(identities).await?;
    planner.load_visits(identities).await?;
    if !mergers.iter().any(|merging| merging.kind == "Patient") {
        planner.subjects(identities).await?;
    }
    planner.load_followers(identities).await?;
    let linked = planner.load_linked(identities).await?;
    let before = planner.listed_now();
    let said_alone: Vec<&Assertion> =
        said.entries.iter().filter(|entry| !planner.is_obsolete(entry, &mergers)).collect();
    for merger in &mergers {
        planner.merge(merger);
    }
    for entry in said_alone {
        planner.join(entry);
    }
    planner.settle_known_through();
    planner.unlink();
    planner.settle_links(&linked);
    planner.move_visits();
    planner.follow_moves(identities).await?;
    planner.follow_requests();
    planner.correct_notes();
    planner.renew_lists();
    planner.relist(identities, before, &mergers).await?;
    Ok(planner.finish(&mergers, conflicts))
}

struct Planner<'a> {
    said: &'a Assertions,
    people: HashMap<Uuid, Resolved>,
    /// Visits and accounts that were replaced by others.
    things: HashMap<ResourceKey, ResourceKey>,
    /// Visits and accounts that are replaced because that through which they are known was.
    following: Vec<Merging>,
    /// Where the data of patients live now.
    survivors: HashMap<Uuid, Uuid>,
    /// Visits on which what is decided rests.
    leant: BTreeSet<ResourceKey>,
    drafts: Drafts,
    /// Lists that this message renews, by the resource that remembers them.
    touched: BTreeMap<ResourceKey, Vec<(Listing, Listed)>>,
    /// What is written even if it does not change, so that two messages at the same time see each other.
    locked: BTreeSet<ResourceKey>,
}

impl Planner<'_> {
    async fn resolve(&mut self, identities: &Identities<'_>) -> Result<Vec<IdentifierConflict>, ApplyError> {
        let mut all = Vec::new();
        for person in &self.said.patients {
            let said = self.said.entries.iter().find(|entry| entry.key == patient(person.id));
            if let Some(number) = self.moved_number_of(person.id) {
                identities.part(person, self.who(number).given).await?;
            }
            let obsolete = self.mergers_of_patients().any(|merged| merged.obsolete == person.id);
            let (resolved, conflicts) =
                identities.resolve(person, said.map(|entry| &entry.content), obsolete).await?;
            self.people.insert(person.id, resolved);
            all.extend(conflicts);
        }
        // What the two of a merger have in common is no conflict.
        let one = |a: Uuid, b: Uuid| {
            self.mergers_of_patients().any(|merged| {
                let ids = [self.who(merged.obsolete), self.who(merged.surviving)];
                ids.iter().any(|who| who.given == a || who.now == a)
                    && ids.iter().any(|who| who.given == b || who.now == b)
            })
        };
        all.retain(|conflict| !one(conflict.patient, conflict.holder));
        Ok(all)
    }

    fn who(&self, named: Uuid) -> Resolved {
        self.people.get(&named).copied().unwrap_or(Resolved { named, given: named, now: named })
    }

    /// The number that went from this patient to another one (A43).
    fn moved_number_of(&self, from: Uuid) -> Option<Uuid> {
        let mut moves = self.said.moves.iter().filter(|said| said.kind == "Patient" && said.from == from);
        moves.next().map(|said| said.id)
    }

    fn mergers_of_patients(&self) -> impl Iterator<Item = &Merged> {
        self.said.mergers.iter().filter(|merged| merged.kind == "Patient")
    }

    fn is_obsolete(&self, entry: &Assertion, mergers: &[Merging]) -> bool {
        let told = |merging: &&Merging| merging.follows.is_none();
        mergers.iter().filter(told).any(|merging| entry.key == merging.key(merging.obsolete.named))
    }

    async fn load(&mut self, identities: &Identities<'_>, mergers: &[Merging]) -> Result<(), ApplyError> {
        let keys = self.said.entries.iter().map(|entry| self.target(&entry.key));
        let people = self.people.values().map(|who| patient(who.now));
        let stubs = mergers
            .iter()
            .flat_map(|merging| [merging.obsolete.given, merging.surviving.now].map(|id| merging.key(id)));
        let visits = self.said.lists.iter().filter_map(|list| list.encounter);
        let visits = visits.map(|visit| self.target(&encounter(visit)));
        let keys: Vec<ResourceKey> = keys.chain(people).chain(stubs).chain(visits).collect();
        self.drafts.load(identities.store, keys).await?;
        let raced = self.people.values().any(|who| {
            let stands = self.drafts.0.get(&patient(who.now)).and_then(|draft| draft.stands.as_ref());
            stands.and_then(replaced_by).is_some()
        });
        if raced { Err(ApplyError::Contended) } else { Ok(()) }
    }

    /// Where what is said of a resource goes.
    fn target(&self, key: &ResourceKey) -> ResourceKey {
        match (key.resource_type.as_str(), key.id.parse::<Uuid>()) {
            ("Patient", Ok(named)) => patient(self.who(named).now),
            _ => self.things.get(key).unwrap_or(key).clone(),
        }
    }

    /// Everything that one entry says, with the references as they are in the store. What tells of the
    /// message itself, and links between patients, keep the patient as the message knew them.
    fn in_store(&self, entry: &Assertion) -> Assertion {
        let as_given = matches!(entry.key.resource_type.as_str(), "Patient" | "Provenance" | "MessageHeader");
        let mut entry = entry.clone();
        let mut content = Value::Object(std::mem::take(&mut entry.content));
        rewrite_references(&mut content, &|reference| {
            let Some(named) = reference.strip_prefix("Patient/") else {
                let (kind, id) = reference.split_once('/').filter(|_| !as_given)?;
                return self.things.get(&ResourceKey::new(kind, id)).map(ToString::to_string);
            };
            let named: Uuid = named.parse().ok()?;
            let who = self.who(named);
            let id = if as_given { who.given } else { who.now };
            (id != named).then(|| format!("Patient/{id}"))
        });
        if let Value::Object(content) = content {
            entry.content = content;
        }
        entry
    }

    fn join(&mut self, entry: &Assertion) {
        let target = self.target(&entry.key);
        let is_patient = entry.key.resource_type == "Patient";
        let about = match entry.key.id.parse() {
            Ok(named) if is_patient => self.who(named).given.to_string(),
            _ => entry.key.id.clone(),
        };
        // Whether a number is in use says nothing of the one that took its place.
        let in_use = is_patient && about != target.id;
        let entry = self.in_store(entry);
        let Some(draft) = self.drafts.0.get_mut(&target) else { return };
        draft.named = true;
        draft.expect(&target, &entry.content);
        let Draft { content, joined, .. } = draft;
        match content {
            Content::Registers(state) => {
                for (name, mut event) in entry.events() {
                    event.stamp = state.mergers.carry(&about, &event.stamp);
                    joined.push(state.events.add(name, event));
                }
                for (path, mut register) in entry.registers() {
                    if in_use && path == "active" {
                        continue;
                    }
                    register.stamp = state.mergers.carry(&about, &register.stamp);
                    joined.push(state.join_register(path, register));
                }
            }
            Content::Whole(standing) => {
                let said = Whole::new(target, entry.content, entry.moment);
                match standing {
                    Some(standing) => joined.push(standing.join(said)),
                    None => {
                        joined.push(Joined::Changed);
                        *standing = Some(Box::new(said));
                    }
                }
            }
        }
    }
}

pub(crate) fn patient(id: Uuid) -> ResourceKey {
    ResourceKey::new("Patient", id.to_string())
}

fn encounter(id: Uuid) -> ResourceKey {
    ResourceKey::new("Encounter", id.to_string())
}
