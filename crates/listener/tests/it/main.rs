//! Integration tests of the listener: a real TCP client on 127.0.0.1. No test asserts a time; waits are bounded
//! generously so that a hanging listener fails a test instead of stopping the run.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails says so by a panic"
)]

mod certificates;
mod documentation;
mod door;
mod framing;
mod health;
mod limits;
mod pki;
mod reload;
mod shutdown;
mod soak;
mod stores;
mod support;
mod tls;
