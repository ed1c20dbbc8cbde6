//! Lists: what a message lists in full, and what becomes of what is no longer listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;
use zorgsluis_domain::port::ResourceKey;

use super::merging::Merging;
use super::{Planner, encounter, patient};
use crate::apply::ApplyError;
use crate::apply::draft::Draft;
use crate::apply::identity::Identities;
use crate::apply::snapshot::{Listed, Listing, Snapshots};
use crate::apply::state::State;

/// Members of lists, by type and id, with the patient or visit that remembers them.
pub(super) type Members = BTreeMap<ResourceKey, BTreeSet<(String, String)>>;

impl Planner<'_> {
    /// The members of all lists that count before this message.
    pub(super) fn listed_now(&self) -> Members {
        let mut all = BTreeMap::new();
        for (key, draft) in &self.drafts.0 {
            if let Some(state) = draft.state() {
                let members: BTreeSet<(String, String)> = state
                    .snapshots
                    .kinds()
                    .into_iter()
                    .flat_map(|kind| {
                        let ids = state.snapshots.current(&kind, &state.mergers);
                        ids.into_iter().map(move |id| (kind.clone(), id))
                    })
                    .collect();
                all.insert(key.clone(), members);
            }
        }
        all
    }

    /// The lists of this message, with the visit or patient that remembers them.
    pub(super) fn renew_lists(&mut self) {
        for list in &self.said.lists {
            let who = self.who(list.patient);
            let visit = list.encounter.map(|visit| self.target(&encounter(visit))).filter(|key| {
                self.drafts.0.get(key).is_some_and(|draft| draft.named || draft.stands.is_some())
            });
            let about = list.encounter.filter(|_| visit.is_some()).unwrap_or(who.given).to_string();
            let carrier = visit.unwrap_or_else(|| patient(who.now));
            let listing = Listing { sender: self.said.sender.clone(), kind: list.kind.clone(), about };
            let ids = list.ids.iter().map(Uuid::to_string).collect();
            let listed = Listed { moment: self.said.moment.clone(), ids };
            if let Some(state) = self.drafts.0.get_mut(&carrier).and_then(Draft::state_mut) {
                state.snapshots.join_one(listing.clone(), listed.clone());
                self.touched.entry(carrier.clone()).or_default().push((listing, listed));
            }
            if let Some(draft) = self.drafts.0.get_mut(&carrier) {
                draft.dirty = true;
            }
        }
    }

    /// Members that no list has any more become inactive, those that one has again do not.
    pub(super) async fn relist(
        &mut self,
        identities: &Identities<'_>,
        before: Members,
        mergers: &[Merging],
    ) -> Result<(), ApplyError> {
        let mut affected: BTreeSet<(String, String)> = BTreeSet::new();
        let mut now: BTreeSet<(String, String)> = BTreeSet::new();
        for key in before.keys() {
            let Some(state) = self.drafts.state(key) else { continue };
            let touched = self.touched.get(key);
            for kind in state.snapshots.kinds() {
                let of_message =
                    touched.is_some_and(|lists| lists.iter().any(|(listing, _)| listing.kind == kind));
                let of_merger = mergers.iter().any(|merging| merging.kind == key.resource_type);
                if of_message || of_merger {
                    let remembered = state.snapshots.0.iter().filter(|(listing, _)| listing.kind == kind);
                    affected.extend(
                        remembered.flat_map(|(_, listed)| &listed.ids).map(|id| (kind.clone(), id.clone())),
                    );
                    affected.extend(before.values().flatten().filter(|(other, _)| *other == kind).cloned());
                }
                now.extend(
                    state.snapshots.current(&kind, &state.mergers).into_iter().map(|id| (kind.clone(), id)),
                );
            }
        }
        for (listing, listed) in self.touched.values().flatten() {
            affected.extend(listed.ids.iter().map(|id| (listing.kind.clone(), id.clone())));
        }
        let keys: Vec<ResourceKey> = affected.iter().map(|(kind, id)| ResourceKey::new(kind, id)).collect();
        self.drafts.load(identities.store, keys.iter().cloned()).await?;
        for (key, member) in keys.iter().zip(&affected) {
            let Some(draft) = self.drafts.0.get_mut(key) else { continue };
            let is_there = draft.named || draft.stands.is_some();
            if let Some(state) = draft.state_mut().filter(|_| is_there) {
                let unlisted = !now.contains(member);
                let turned = state.unlisted != unlisted;
                state.unlisted = unlisted;
                draft.dirty |= turned;
            }
        }
        Ok(())
    }

    /// The resource with the lists that stand in the store.
    pub(super) fn without_lists(&self, draft: &Draft) -> Option<Value> {
        let mut state = draft.state()?.clone();
        state.snapshots = match &draft.stands {
            Some(stands) => State::of_stored(state.key.clone(), stands).snapshots,
            None => Snapshots::default(),
        };
        Some(Value::Object(state.render()))
    }
}
