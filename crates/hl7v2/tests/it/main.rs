//! Integration tests of `hl7v2`, through its public doors only.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so by a panic")]

mod ack;
mod batch;
mod charset;
mod escape;
mod lines;
mod mllp;
mod parse;
mod properties;
