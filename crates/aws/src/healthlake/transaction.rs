//! All writes or none: a Bundle of type `transaction` with a condition on each entry.
//!
//! * A write goes as PUT or DELETE with `ifMatch` or `ifNoneMatch`.
//! * A check of a version is read before, goes as GET with `ifMatch` in front of the writes, and what that GET
//!   tells is compared afterwards. A check of absence has no entry that writes nothing: it is read before and
//!   after.
//! * When an answer was lost, the next attempt meets its own write: it is known by content and version.
//!
//! Why so, and what a conflict that is told after the write means: `docs/decisions/healthlake.md`.

use std::collections::{BTreeSet, HashSet};

use tokio::time::Instant;
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::{Precondition, ResourceKey, StoredResource, TransactionError, Write, Written};

use super::bundle::{self, Bundle};
use super::plan::{Action, Entry, Planned, plan};
use super::{HealthLake, bundle_of, refusal};

pub(super) const OPERATION: &str = "fhir.transaction";

pub(super) async fn run(store: &HealthLake, writes: &[Write]) -> Result<Vec<Written>, TransactionError> {
    let mut plan = plan(writes)?;
    // What the transaction itself cannot be held to alone.
    let looked: Vec<usize> = (0..plan.len()).filter(|at| plan.get(*at).is_some_and(needs_a_look)).collect();
    let standing = standing(store, &plan, &looked).await?;
    bury(&mut plan, &looked, &standing);
    let written = plan.iter().any(Planned::writes);
    let mut versions: Vec<Option<u64>> = vec![None; plan.len()];
    for (at, standing) in looked.iter().zip(&standing) {
        let version = standing.as_ref().map_or(0, |standing| standing.version);
        if let (Some(place), Some(planned)) = (versions.get_mut(*at), plan.get(*at)) {
            let checked_absent =
                matches!((&planned.action, planned.precondition), (Action::Check, Precondition::Absent));
            *place = Some(if checked_absent { 0 } else { version });
        }
    }
    if written {
        for (place, version) in versions.iter_mut().zip(write(store, &mut plan).await?) {
            *place = version.or(*place);
        }
    }
    let written = plan
        .iter()
        .zip(versions)
        .map(|(planned, version)| Written { key: planned.key.clone(), version: version.unwrap_or(0) });
    Ok(written.collect())
}

/// Checks, and deletions of what should not be there.
fn needs_a_look(planned: &Planned<'_>) -> bool {
    match planned.action {
        Action::Check => true,
        Action::Delete => planned.precondition == Precondition::Absent,
        Action::Put(_) => false,
    }
}

/// Reads the keys at these places; a conflict when one does not stand as it should.
async fn standing(
    store: &HealthLake,
    plan: &[Planned<'_>],
    places: &[usize],
) -> Result<Vec<Option<StoredResource>>, TransactionError> {
    let looked: Vec<&Planned<'_>> = places.iter().filter_map(|at| plan.get(*at)).collect();
    let keys: Vec<ResourceKey> = looked.iter().map(|planned| planned.key.clone()).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let standing = store.read_all(OPERATION, &keys).await?;
    let failed = looked.iter().zip(&standing).filter(|(planned, standing)| !planned.holds(standing.as_ref()));
    let failed: BTreeSet<ResourceKey> = failed.map(|(planned, _)| planned.key.clone()).collect();
    if failed.is_empty() {
        Ok(standing)
    } else {
        Err(TransactionError::Conflict(failed.into_iter().collect()))
    }
}

/// Marks what holds to the version of a deletion. Whether one was.
fn bury(plan: &mut [Planned<'_>], places: &[usize], standing: &[Option<StoredResource>]) -> bool {
    let mut any = false;
    for (at, standing) in places.iter().zip(standing) {
        let deleted = standing.as_ref().is_some_and(|standing| standing.deleted);
        if let Some(planned) = plan.get_mut(*at)
            && deleted
            && planned.if_match().is_some()
        {
            planned.buried = true;
            any = true;
        }
    }
    any
}

/// Sends the Bundle until it is known what came of it. The version at each place that an entry told.
async fn write(store: &HealthLake, plan: &mut [Planned<'_>]) -> Result<Vec<Option<u64>>, TransactionError> {
    let wire = &store.0.wire;
    let deadline = wire.deadline();
    let mut lost = false;
    let mut attempt = 1;
    loop {
        let (order, ask) = ask(plan)?;
        match wire.once(&ask, deadline).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                return done(store, plan, &order, &answer.body).await;
            }
            Ok(answer) => {
                let again = settle(store, plan, lost, deadline).await?;
                match again {
                    Settled::Done(versions) => return Ok(versions),
                    Settled::Again if !plan.iter().any(Planned::writes) => {
                        return Ok(plan.iter().map(Planned::kept).collect());
                    }
                    Settled::Again if attempt < wire.attempts() => attempt += 1,
                    // All conditions hold, so another writer was in the way, or it is the content.
                    Settled::Again | Settled::Holds if matches!(answer.status, 409 | 412) => {
                        return Err(PortError::unavailable(OPERATION, "a condition failed that holds").into());
                    }
                    Settled::Again | Settled::Holds => return Err(refusal(OPERATION, &answer).into()),
                }
            }
            Err(trouble) => {
                lost |= !trouble.undone;
                if !wire.wait(&trouble, attempt, deadline).await {
                    return Err(trouble.failed(OPERATION).into());
                }
                attempt += 1;
            }
        }
    }
}

/// The Bundle, and the place in the plan of each of its entries. Checks go first, about the state before.
fn ask(plan: &[Planned<'_>]) -> Result<(Vec<usize>, super::Ask), PortError> {
    let written: HashSet<&ResourceKey> =
        plan.iter().filter(|planned| planned.writes()).map(|planned| planned.key).collect();
    let mut entries: Vec<(bool, usize, Entry<'_>)> = plan
        .iter()
        .enumerate()
        // The condition of the write itself holds a check of the same resource: `run` compared both with what stands.
        .filter(|(_, planned)| planned.writes() || !written.contains(planned.key))
        .filter_map(|(at, planned)| Some((planned.writes(), at, planned.entry()?)))
        .collect();
    entries.sort_by_key(|(writes, at, _)| (*writes, *at));
    let order = entries.iter().map(|(_, at, _)| *at).collect();
    let entries = entries.into_iter().map(|(_, _, entry)| entry).collect();
    Ok((order, bundle_of(OPERATION, "transaction", entries)?))
}

enum Settled {
    /// It was done before, and the answer was lost.
    Done(Vec<Option<u64>>),
    /// As it stands it could not be done; written otherwise it may.
    Again,
    /// Every condition holds.
    Holds,
}

/// Why the store did not do it: reads everything again. A conflict when a condition does not hold.
async fn settle(
    store: &HealthLake,
    plan: &mut [Planned<'_>],
    lost: bool,
    deadline: Instant,
) -> Result<Settled, TransactionError> {
    let places: Vec<usize> = (0..plan.len()).collect();
    let keys: Vec<ResourceKey> = plan.iter().map(|planned| planned.key.clone()).collect();
    let reading = tokio::time::timeout_at(deadline, store.read_all(OPERATION, &keys)).await;
    let standing = reading.map_err(|cause| PortError::unavailable(OPERATION, cause))??;
    let stands = || plan.iter().zip(&standing);
    if lost && stands().all(|(planned, standing)| planned.is_done(standing.as_ref())) {
        let versions = stands().map(|(planned, standing)| {
            planned.writes().then_some(standing.as_ref().map_or(0, |standing| standing.version))
        });
        return Ok(Settled::Done(versions.collect()));
    }
    let failed = stands().filter(|(planned, standing)| !planned.holds(standing.as_ref()));
    let failed: BTreeSet<ResourceKey> = failed.map(|(planned, _)| planned.key.clone()).collect();
    if !failed.is_empty() {
        return Err(TransactionError::Conflict(failed.into_iter().collect()));
    }
    Ok(if bury(plan, &places, &standing) { Settled::Again } else { Settled::Holds })
}

/// What the answer tells about each place.
async fn done(
    store: &HealthLake,
    plan: &[Planned<'_>],
    order: &[usize],
    body: &[u8],
) -> Result<Vec<Option<u64>>, TransactionError> {
    let mut versions: Vec<Option<u64>> = plan.iter().map(Planned::kept).collect();
    let mut moved = BTreeSet::new();
    {
        // The write is done: an answer that cannot be read must not undo that.
        let bundle = Bundle::parse(OPERATION, body).ok();
        let entries = bundle.as_ref().map(|bundle| bundle.entry.as_slice()).unwrap_or_default();
        let entries = if entries.len() == order.len() { entries } else { &[] };
        for (nth, at) in order.iter().enumerate() {
            let (Some(planned), Some(place)) = (plan.get(*at), versions.get_mut(*at)) else { continue };
            let told = entries.get(nth).and_then(told);
            if planned.writes() {
                *place = told;
            } else if told.is_some() && told != planned.if_match() {
                moved.insert(planned.key.clone());
            }
        }
    }
    let unknown = |at: &usize| {
        plan.get(*at).is_some_and(|planned| {
            let absence =
                matches!(planned.action, Action::Check) && planned.precondition == Precondition::Absent;
            let told = versions.get(*at).is_some_and(Option::is_some);
            absence || (planned.writes() && !told)
        })
    };
    let places: Vec<usize> = (0..plan.len()).filter(unknown).collect();
    let keys: Vec<ResourceKey> = places.iter().filter_map(|at| Some(plan.get(*at)?.key.clone())).collect();
    let standing = if keys.is_empty() { Vec::new() } else { store.read_all(OPERATION, &keys).await? };
    let written: HashSet<&ResourceKey> =
        plan.iter().filter(|planned| planned.writes()).map(|planned| planned.key).collect();
    for (at, standing) in places.iter().zip(standing) {
        let (Some(planned), Some(place)) = (plan.get(*at), versions.get_mut(*at)) else { continue };
        if planned.writes() {
            *place = Some(match planned.precondition {
                Precondition::Version(version) if !planned.buried => version.saturating_add(1),
                _ => standing.map_or(1, |standing| standing.version),
            });
        } else if !written.contains(planned.key) && !planned.holds(standing.as_ref()) {
            moved.insert(planned.key.clone());
        }
    }
    if moved.is_empty() { Ok(versions) } else { Err(TransactionError::Conflict(moved.into_iter().collect())) }
}

/// The version that an entry of the answer tells.
fn told(entry: &bundle::Entry<'_>) -> Option<u64> {
    let response = entry.response.as_ref().and_then(bundle::Response::version);
    let resource =
        || bundle::stored(OPERATION, None, entry.resource?.get().as_bytes()).ok().map(|found| found.version);
    response.or_else(resource)
}
