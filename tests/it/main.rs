//! End-to-end tests: the command line as a black box, over real sockets, on real files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests fail as loudly as the tests"
)]

mod analyse;
mod clients;
mod convert;
mod crash;
mod demo;
mod docs;
mod erase;
mod erase_reaches;
mod harness;
mod lambda;
mod log_archive;
mod log_chain;
mod log_operations;
mod mapping;
mod phi;
mod profile;
mod reconcile;
mod record_access;
mod refusals;
mod replay;
mod reported;
mod standard_error;
mod tamper;
mod witness;
mod witness_keys;
