//! Carrying a plan out: record, write, and again when somebody else was faster.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use zorgsluis_domain::port::{Precondition, ResourceKey, TransactionError, Write};
use zorgsluis_domain::{Effect, EntryId, StepEffect};

use super::assertion::Assertions;
use super::identity::Identities;
use super::plan::{Plan, Planned, patient, plan};
use super::trail::Trail;
use super::{Applied, Apply, ApplyError, Delivery};

/// Writes and checks in one transaction at most (HealthLake).
pub(super) const TRANSACTION: usize = 160;

/// How often a message is planned anew before it goes back to the queue.
const ATTEMPTS: u32 = 12;

impl Apply {
    /// Plans, records and writes until nothing stands in the way.
    pub(crate) async fn carry_out(
        &self,
        said: &Assertions,
        delivery: &Delivery,
    ) -> Result<Applied, ApplyError> {
        let mut applied = Applied::default();
        let mut effects: BTreeMap<String, StepEffect> = BTreeMap::new();
        for attempt in 0..ATTEMPTS {
            let wait = attempt + 1 < ATTEMPTS;
            match self.once(said, delivery, wait, &mut applied, &mut effects).await {
                Ok(()) => {
                    applied.effects.extend(effects.into_values());
                    return Ok(applied);
                }
                Err(ApplyError::Contended) => pause(attempt, delivery).await,
                Err(other) => return Err(other),
            }
        }
        Err(ApplyError::Contended)
    }

    async fn once(
        &self,
        said: &Assertions,
        delivery: &Delivery,
        wait: bool,
        applied: &mut Applied,
        effects: &mut BTreeMap<String, StepEffect>,
    ) -> Result<(), ApplyError> {
        let identities = Identities { index: &*self.index, store: &*self.store, keys: &*self.keys, wait };
        let plan = plan(said, &identities).await?;
        let trail = Trail { said, delivery, source: &self.source, now: self.clock.now() };
        let entries = trail.of_plan(&plan);
        self.record(&entries, applied).await?;
        let result = self.write(&plan).await;
        if result.is_ok() {
            for effect in &plan.effects {
                // An earlier attempt may have done a part, which is then no longer news.
                match effects.get(&effect.resource) {
                    Some(standing) if standing.effect != Effect::Unchanged => {}
                    _ => {
                        effects.insert(effect.resource.clone(), effect.clone());
                    }
                }
            }
        }
        result?;
        applied.conflicts.clone_from(&plan.conflicts);
        applied.patients.clone_from(&plan.patients);
        for (old, new) in &plan.merged {
            self.index.merge(*old, *new).await?;
        }
        for handover in &plan.handovers {
            self.hand_over(handover, &trail, applied, effects).await?;
        }
        Ok(())
    }

    pub(super) async fn record(
        &self,
        entries: &[zorgsluis_domain::AuditEntry],
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        self.audit.record(entries).await?;
        for entry in entries {
            add(&mut applied.entries, entry.id);
        }
        Ok(())
    }

    /// Writes a plan: in one transaction, or, when it is too large, in several in order of dependency.
    async fn write(&self, plan: &Plan) -> Result<(), ApplyError> {
        let checks: Vec<Write> = plan
            .checks
            .iter()
            .map(|(key, precondition)| Write::Check { key: key.clone(), precondition: *precondition })
            .collect();
        if plan.writes.is_empty() {
            return Ok(());
        }
        if !plan.is_split() {
            let writes: Vec<Write> = plan.writes.iter().map(Planned::write).chain(checks).collect();
            self.transact(&writes).await?;
            return Ok(());
        }
        // The patients go first; each later part holds to the version that this made.
        let room = TRANSACTION.saturating_sub(checks.len() + plan.patients.len() + 1).max(1);
        let mut versions: HashMap<ResourceKey, u64> = HashMap::new();
        for part in plan.writes.chunks(room) {
            let mut writes: Vec<Write> = part
                .iter()
                .map(|planned| match &planned.interim {
                    Some(interim) => planned.write_of(interim, planned.precondition),
                    None => planned.write(),
                })
                .chain(checks.iter().cloned())
                .collect();
            for id in &plan.patients {
                let key = patient(*id);
                if let Some(version) = versions.get(&key) {
                    writes.push(Write::Check { key, precondition: Precondition::Version(*version) });
                }
            }
            versions.extend(self.transact(&writes).await?);
        }
        // What was listed is renewed last: until then a redelivery finds again what is left out.
        let last: Vec<Write> = plan
            .writes
            .iter()
            .filter(|planned| planned.interim.is_some())
            .filter_map(|planned| {
                let version = versions.get(&planned.key)?;
                Some(planned.write_of(&planned.resource, Precondition::Version(*version)))
            })
            .collect();
        for part in last.chunks(TRANSACTION) {
            self.transact(part).await?;
        }
        Ok(())
    }

    pub(super) async fn transact(&self, writes: &[Write]) -> Result<Vec<(ResourceKey, u64)>, ApplyError> {
        match self.store.transaction(writes).await {
            Ok(written) => Ok(written.into_iter().map(|written| (written.key, written.version)).collect()),
            Err(TransactionError::Conflict(_)) => Err(ApplyError::Contended),
            Err(TransactionError::Port(error)) => Err(error.into()),
        }
    }
}

fn add(entries: &mut Vec<EntryId>, entry: EntryId) {
    if !entries.contains(&entry) {
        entries.push(entry);
    }
}

/// Waits a little longer each time, each message at its own pace.
async fn pause(attempt: u32, delivery: &Delivery) {
    let own = u64::from(delivery.message.0.as_bytes().last().copied().unwrap_or(0)) / 16;
    let millis = (2_u64 << attempt.min(7)) + own;
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
