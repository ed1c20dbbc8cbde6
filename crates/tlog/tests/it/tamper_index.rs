//! Whatever is done to the index is found also where it cannot be compared with what the entries say.

use tlog::EntryIndex;

use crate::support::{World, codes, run};

#[test]
fn without_the_payloads_too_an_index_that_misses_keys_is_found() {
    let check = |world: &World| {
        let index = Some(world.index.as_ref() as &dyn EntryIndex);
        run(tlog::verify(&world.log, &tlog::VerifyOptions { index, ..tlog::VerifyOptions::new(&world.keys) }))
            .unwrap()
    };
    let world = World::new();
    world.fill(&[3, 3]);
    world.publish();
    assert_eq!(codes(&check(&world)), [""; 0]);
    world.index.tamper(|rows, _| rows[4].whole = false);
    let report = check(&world);
    assert_eq!((codes(&report), report.findings[0].index), (vec!["index-row-altered"], Some(4)));
    // A writer that is between the rows of a bundle and its coverage.
    world.index.tamper(|_, coverage| *coverage = tlog::Coverage { through: 3, last_bundle: Some(0) });
    assert_eq!(codes(&check(&world)), [""; 0]);
}

#[test]
fn a_coverage_that_was_taken_back_is_found() {
    let taken_back = |world: &World, through, last_bundle| {
        world.index.tamper(|_, coverage| *coverage = tlog::Coverage { through, last_bundle });
        let report = world.verify();
        assert_eq!(report.unindexed, Some(9 - through));
        codes(&report)
    };
    let world = World::new();
    world.fill(&[3, 3, 3]);
    world.publish();
    // A crash leaves the rows of one bundle behind the coverage, never those of two.
    assert_eq!(taken_back(&world, 6, Some(3)), [""; 0]);
    assert_eq!(taken_back(&world, 3, Some(0)), ["index-coverage-differs"]);
    assert_eq!(taken_back(&world, 0, None), ["index-coverage-differs"]);
    // With the rows gone too, it is an index that nobody has filled yet.
    world.index.tamper(|rows, _| rows.clear());
    assert_eq!(taken_back(&world, 0, None), [""; 0]);
    world.seal();
    assert_eq!(taken_back(&world, 0, None), ["index-coverage-differs"]);
}
