//! The enricher through its public door, over the embedded stores.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod correction;
mod engine;
mod faults;
mod outside;
mod recogniser;
mod suggestion;
mod told_late;
mod trouble;
mod whole_way;
mod world;
