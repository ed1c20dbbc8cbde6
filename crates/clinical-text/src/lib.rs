//! Reads clinical notes in Dutch and English.
//!
//! [`language::detect`] tells which of the two a note is written in; it is all that is built without the
//! feature `recogniser`.

pub mod language;
