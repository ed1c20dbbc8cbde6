//! The converter through its public door.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod adding;
mod adt;
mod apply;
mod beside;
mod coded;
mod damaged;
mod documents;
mod dutch;
mod found;
mod header;
mod identity;
mod laboratory;
mod malformed;
mod mapping;
mod marker;
mod mdm;
mod medication;
mod messages;
mod nl_core;
mod notice;
mod null;
mod once;
mod orm;
mod oru;
mod profile;
mod properties;
mod shape;
mod siu;
mod support;
mod terminology;
mod time;
mod versions;
mod visits;
mod worst;
