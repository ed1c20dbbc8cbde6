//! The log through its public doors: proofs, appending under faults, tampering, formats.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod faults;
mod flat;
mod forged;
mod formats;
mod model;
mod peer;
mod proofs;
mod publishing;
mod rotation;
mod sealing;
mod support;
mod taking_up;
mod tamper;
mod tamper_index;
mod witness;
