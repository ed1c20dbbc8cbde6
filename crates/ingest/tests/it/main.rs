//! Accepting messages over ports in memory.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod accept;
mod doubles;
mod lambda;
mod modes;
mod parked;
mod profiles;
mod property;
mod replay;
mod replay_worker;
mod support;
mod sweep;
