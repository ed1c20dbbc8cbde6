//! What the words of the domain promise.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod entry;
