//! What every adapter of a port promises: one function for each promise, generic over the adapter.

pub(crate) mod fhir_search;
pub(crate) mod fhir_store;
pub(crate) mod keys;
pub(crate) mod log_index;
pub(crate) mod log_storage;
pub(crate) mod patient_index;
pub(crate) mod payload;
pub(crate) mod queue;
pub(crate) mod records;
pub(crate) mod registers;

use uuid::Uuid;
use zorgsluis_domain::MessageId;

/// A message id of the test's own.
pub(crate) fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

/// A time, `2024-03-07T10:15:00Z`.
pub(crate) fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}
