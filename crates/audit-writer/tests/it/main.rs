//! The NEN 7513 log through its public doors.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod balp;
mod chain;
mod export;
mod faults;
mod profile;
mod queue;
mod reading;
mod reported;
mod samples;
mod schedule;
mod sink;
mod support;
mod table;
mod tamper;
mod terms;
mod writing;
