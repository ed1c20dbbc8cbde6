//! The commit protocol as a model, which a model checker explores in every order.
//!
//! Writers and publishers do one call of a port at a time, named as the code names it (`tlog::Step`), in any order;
//! each call may take effect without an answer, late, half (index rows without their coverage) or not at all, and
//! each process may die before, in or after it. What must hold in every state stands in `protocol`.

mod conforms;
mod process;
mod protocol;
mod publisher;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model as _};

use protocol::Protocol;
use world::Rule;

/// For each writer its batches of ids.
type Batches<'a> = &'a [&'a [&'a [u8]]];

/// Each entry is brought by two of the three: delivered again to another.
const THREE: Batches<'_> = &[&[&[1, 2]], &[&[2, 3]], &[&[3, 1]]];
/// With a second batch, which finds the head in mind.
const TWO_WITH_MORE: Batches<'_> = &[&[&[1], &[2]], &[&[2, 3]]];

fn protocol(batches: Batches<'_>, publishers: usize, troubles: u8) -> Protocol {
    let own = |batches: &&[&[u8]]| batches.iter().map(|batch| batch.to_vec()).collect();
    let batches = batches.iter().map(own).collect();
    Protocol { batches, publishers, sealers: 0, troubles, without: None, pairs: Arc::default() }
}

/// Explores all states there are; every property must hold. Gives their number.
#[expect(clippy::print_stdout, reason = "how much was explored is what one wants to see of it")]
fn explore(name: &str, model: Protocol) -> usize {
    let start = Instant::now();
    let checker = model.checker().threads(2).spawn_dfs().join();
    let (states, time) = (checker.unique_state_count(), start.elapsed());
    println!("{name}: {states} states ({} with repeats), {time:?}", checker.state_count());
    checker.assert_properties();
    states
}

#[test]
fn three_writers_and_a_publisher_keep_the_log_whole_whatever_goes_wrong_once() {
    assert!(explore("three writers, a publisher, one trouble", protocol(THREE, 1, 1)) > 200_000);
}

#[test]
fn two_writers_and_a_publisher_keep_the_log_whole_whatever_goes_wrong_twice() {
    assert!(explore("two writers, a publisher, two troubles", protocol(&THREE[..2], 1, 2)) > 50_000);
}

#[test]
fn a_writer_that_has_the_head_in_mind_keeps_the_log_whole_whatever_goes_wrong() {
    assert!(explore("two writers, three batches, one trouble", protocol(TWO_WITH_MORE, 1, 1)) > 10_000);
}

#[test]
fn two_publishers_take_turns_whatever_goes_wrong() {
    assert!(explore("two writers, two publishers, one trouble", protocol(&THREE[..2], 2, 1)) > 10_000);
}

#[test]
fn a_log_that_is_sealed_beside_its_writers_ends_there_and_loses_nothing_that_was_acknowledged() {
    let sealed =
        |batches, publishers, troubles| Protocol { sealers: 1, ..protocol(batches, publishers, troubles) };
    assert!(explore("two writers, one who seals, one trouble", sealed(&THREE[..2], 0, 1)) > 10_000);
    assert!(explore("head in mind, one who seals, one trouble", sealed(TWO_WITH_MORE, 0, 1)) > 10_000);
    assert!(explore("two writers, a publisher, one who seals", sealed(&THREE[..2], 1, 0)) > 1_000);
}

/// Two minutes: `cargo test -p tlog --test it model -- --ignored --nocapture`.
#[test]
#[ignore = "minutes"]
fn three_writers_and_a_publisher_keep_the_log_whole_whatever_goes_wrong_twice() {
    explore("three writers, two troubles", protocol(THREE, 0, 2));
    explore("three writers, a publisher, two troubles", protocol(THREE, 1, 2));
}

/// What the model finds when nobody follows a rule.
fn found_without(rule: Rule) -> BTreeSet<&'static str> {
    let sealers = usize::from(rule == Rule::CloseBeforeTheSeal);
    let model = Protocol { without: Some(rule), sealers, ..protocol(&[&[&[1, 2]], &[&[2]]], 1, 1) };
    let checker = model.checker().finish_when(HasDiscoveries::AllFailures).threads(2).spawn_dfs().join();
    let broken = checker.discoveries().into_keys();
    broken.filter(|name| checker.model().is_promise(name)).collect()
}

#[test]
fn each_rule_is_needed_and_the_model_finds_what_breaks_without_it() {
    const TOLD: &str = "what was acknowledged stands where it was told, and is found";
    for (rule, broken) in [
        (Rule::CreateOnlyWhereNothingStands, TOLD),
        (Rule::IndexCompleteBeforeTheNextAttempt, "no id stands twice"),
        (Rule::ReadBackWhatStands, TOLD),
        (Rule::DropWhatAnotherLogged, "no id stands twice"),
        (Rule::ReplaceOnlyWhatWasRead, "the checkpoint never shrinks"),
        (Rule::TilesBeforeTheCheckpoint, "the tiles of the checkpoint stand"),
        (Rule::CloseBeforeTheSeal, "nothing comes behind the seal"),
    ] {
        let found = found_without(rule);
        assert!(found.contains(broken), "{rule:?}: {found:?}");
    }
}

#[test]
fn a_hint_that_is_believed_costs_an_attempt_and_nothing_more() {
    // The conditional create is what decides: who takes the hint for the head finds the place taken, and goes on.
    assert_eq!(found_without(Rule::ProbeBehindTheHint), BTreeSet::new());
}
