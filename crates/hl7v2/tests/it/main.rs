//! Integration tests of `hl7v2`, through its public doors only.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod parse;
