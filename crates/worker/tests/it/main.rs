//! Work behind a queue, through its public door.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod deadline;
mod lambda;
mod telling;
