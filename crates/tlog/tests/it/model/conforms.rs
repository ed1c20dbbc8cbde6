//! The code does the steps of the model, one behind the other as the model does, and no others.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stateright::{Checker, Model as _};
use tlog::memory::{Fault, FaultPlan, Faulty};
use tlog::{LogError, Publisher, SignError, Signer, Step, VerifyingKey};

use super::protocol::Protocol;
use super::{THREE, TWO_WITH_MORE, protocol};
use crate::faults::{faulty, work};
use crate::support::{Task, World, entries, interleave, log_on, signer};

type Pair = (Step, Step);

/// All that the model knows. An error of the compiler here means: the protocol has a new step; give it to the model.
fn is_of_the_protocol(step: Step) -> bool {
    match step {
        Step::ReadSeal
        | Step::ReadCoverage
        | Step::ReadHinted
        | Step::Probe
        | Step::RecordFound
        | Step::CheckIds
        | Step::Create
        | Step::ReadBack
        | Step::RecordOwn
        | Step::ReadCheckpoint
        | Step::ReadTiles
        | Step::WriteTiles
        | Step::Sign
        | Step::ReplaceCheckpoint => true,
        // The end of a log, copies of what stands, readers, another key, and what is done while nobody writes.
        Step::Close
        | Step::WriteSeal
        | Step::KeepCheckpoint
        | Step::KeepHandover
        | Step::ReadWitnessed
        | Step::KeepWitnessed
        | Step::Read
        | Step::ResetIndex => false,
    }
}

const STEPS: [Step; 14] = [
    Step::ReadSeal,
    Step::ReadCoverage,
    Step::ReadHinted,
    Step::Probe,
    Step::RecordFound,
    Step::CheckIds,
    Step::Create,
    Step::ReadBack,
    Step::RecordOwn,
    Step::ReadCheckpoint,
    Step::ReadTiles,
    Step::WriteTiles,
    Step::Sign,
    Step::ReplaceCheckpoint,
];

fn step_of(error: &LogError) -> Step {
    match error {
        LogError::Storage { step, .. } | LogError::Index { step, .. } | LogError::Describe { step, .. } => {
            *step
        }
        other => unreachable!("{other:?}"),
    }
}

/// The pairs of steps of a process: `life` runs it with a plan of faults, and gives the error that it ended with.
/// It is killed at each of its calls in turn, and the error says at which step that was.
fn trace(
    faults: &[(u64, Fault)],
    mut life: impl FnMut(&Arc<FaultPlan>, &Signs) -> Option<LogError>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for call in 0.. {
        let plan = FaultPlan::new(faults.iter().copied().filter(|(at, _)| *at < call));
        plan.crash_at(call);
        let signs = Signs { inner: signer(), plan: plan.clone(), at: Arc::default() };
        let Some(error) = life(&plan, &signs) else { break };
        // Signing is no call that is counted: it came before this one.
        if signs.at.lock().unwrap().contains(&call) {
            steps.push(Step::Sign);
        }
        steps.push(step_of(&error));
    }
    steps
}

/// Notes before which call something was signed.
#[derive(Clone)]
struct Signs {
    inner: Arc<tlog::LocalSigner>,
    plan: Arc<FaultPlan>,
    at: Arc<Mutex<Vec<u64>>>,
}

#[async_trait]
impl Signer for Signs {
    fn verifying_key(&self) -> &VerifyingKey {
        self.inner.verifying_key()
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.at.lock().unwrap().push(self.plan.calls());
        self.inner.sign(message).await
    }
}

/// Whether a bundle stands behind the checkpoint.
fn has_work(world: &World) -> bool {
    let checkpoint = crate::support::run(world.log.checkpoint(&world.keys)).unwrap().unwrap();
    world.storage.snapshot().contains_key(&world.log.paths().bundle(checkpoint.checkpoint().size))
}

async fn cover(
    world: &World,
    mut publisher: Publisher,
    ended: &RefCell<Option<LogError>>,
) -> Result<(), LogError> {
    // The log is filled meanwhile: some rounds find something, some come first.
    for _ in 0..40 {
        if ended.borrow().is_some() {
            break;
        }
        if has_work(world) {
            match publisher.publish().await {
                Ok(_) => {}
                Err(error) if error.is_transient() => {}
                Err(error) => return Err(error),
            }
        }
        crate::support::pause().await;
    }
    Ok(())
}

/// One process of several, traced: the first writer, or the first publisher.
fn life(seed: u64, traced: bool, plan: &Arc<FaultPlan>, signs: &Signs) -> Option<LogError> {
    let world = World::new();
    let accepted = RefCell::default();
    let ended = RefCell::new(None);
    let mut tasks: Vec<Task<'_>> = Vec::new();
    let batches = |writer: u64| vec![vec![writer, 50], vec![51], vec![52], vec![writer + 20, 53], vec![54]];
    for writer in 0..3 {
        if writer == 0 && traced {
            let (world, ended) = (&world, &ended);
            tasks.push(Box::pin(async move {
                let mut appender = faulty(world, 0, plan);
                for batch in batches(0) {
                    if let Err(error) = appender.append(&entries(batch)).await {
                        *ended.borrow_mut() = Some(error);
                        return;
                    }
                }
            }));
        } else {
            // Half of the others die after a bundle, and its rows are left to others.
            let faults = seed.is_multiple_of(2).then_some((4 + seed % 13, Fault::CrashAfter));
            let plan = FaultPlan::new(faults);
            tasks.push(Box::pin(work(&world, writer as u8, plan, batches(writer), &accepted)));
        }
    }
    for publisher in 0..2 {
        let (world, ended) = (&world, &ended);
        tasks.push(Box::pin(async move {
            if publisher == 0 && !traced {
                let storage = Arc::new(Faulty::new(world.storage.clone(), plan.clone()));
                let signer = Arc::new(signs.clone());
                if let Err(error) =
                    cover(world, Publisher::new(log_on(storage), signer, Vec::new()), ended).await
                {
                    *ended.borrow_mut() = Some(error);
                }
            } else if publisher == 1 {
                let quiet = Arc::new(Faulty::new(world.storage.clone(), FaultPlan::new([])));
                cover(world, Publisher::new(log_on(quiet), signer(), Vec::new()), ended).await.unwrap();
            }
        }));
    }
    interleave(tasks, seed * 7919);
    ended.into_inner()
}

fn pairs_of_the_code() -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    for seed in 1..=48 {
        let fault = [Fault::Refused, Fault::AnswerLost, Fault::Late][seed as usize % 3];
        for traced in [true, false] {
            let faults = [(seed * 5 % 24, fault), (seed * 7 % 31, fault)];
            let steps = trace(&faults, |plan, signs| life(seed, traced, plan, signs));
            // A call that is made again, and several tiles in a row, are one step.
            pairs.extend(steps.windows(2).filter(|pair| pair[0] != pair[1]).map(|pair| (pair[0], pair[1])));
        }
    }
    pairs
}

fn pairs_of_the_model() -> BTreeSet<Pair> {
    let pairs: Arc<super::protocol::Pairs> = Arc::default();
    for model in [protocol(&THREE[..2], 1, 1), protocol(TWO_WITH_MORE, 0, 1)] {
        let model = Protocol { pairs: pairs.clone(), ..model };
        model.checker().threads(2).spawn_dfs().join().assert_properties();
    }
    std::mem::take(&mut pairs.lock().unwrap())
}

#[test]
fn the_code_takes_the_steps_of_the_model_in_the_order_of_the_model() {
    let (code, model) = (pairs_of_the_code(), pairs_of_the_model());
    // The clock calls a publisher also when there is nothing to do, or another was first; in the model it does not.
    let idle = [Step::ReadHinted, Step::Probe].map(|step| (step, Step::ReadCheckpoint));
    let unknown: Vec<_> = code.difference(&model).filter(|pair| !idle.contains(pair)).collect();
    assert!(unknown.is_empty(), "the code does what the model does not: {unknown:?}");
    let never: Vec<_> = model.difference(&code).collect();
    assert!(never.is_empty(), "the model does what the code does not: {never:?}");
    for step in STEPS {
        assert!(
            is_of_the_protocol(step) && model.iter().any(|(from, to)| [*from, *to].contains(&step)),
            "{step}"
        );
    }
}
