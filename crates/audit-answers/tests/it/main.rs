//! Answers from a log on the embedded stores.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as loudly as the tests"
)]

mod formats;
mod pages;
mod reasons;
mod world;
