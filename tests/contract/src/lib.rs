//! What every adapter of a port promises: one function for each promise, generic over the adapter.
//!
//! `embedded` and `aws` run all of it; a promise that a port makes stands here, or it is none. [`through`] holds
//! what tests put in front of a store.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(missing_docs, reason = "the name of a function is its promise")]

pub mod fhir_search;
pub mod fhir_store;
pub mod keys;
pub mod log_faults;
pub mod log_index;
pub mod log_killed;
pub mod log_process;
pub mod log_signer;
pub mod log_storage;
pub mod patient_index;
pub mod payload;
pub mod queue;
pub mod records;
pub mod registers;
pub mod through;

use uuid::Uuid;
use zorgsluis_domain::MessageId;

/// A message id of the test's own.
#[must_use]
pub fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

/// A time, `2024-03-07T10:15:00Z`.
#[must_use]
pub fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}
