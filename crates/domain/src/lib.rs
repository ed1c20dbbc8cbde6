//! The words that every part of Zorgsluis speaks, and the ports of its use cases.
//!
//! This crate is pure: it does no input or output, reads no clock, and depends on no other crate of
//! the workspace. The use cases (`ingest`, `converter`, `audit-writer`, `gateway`) are written over
//! the traits in [`port`]; `embedded` implements them on SQLite and files, `aws` on AWS services.
//!
//! # Words
//!
//! * **message**: one HL7 v2 message as it came in. Its [`MessageId`] is derived (keyed) from sender,
//!   MSH-10 and content, so the same message always has the same id.
//! * **payload**: the raw bytes of a message, kept encrypted in the [`port::PayloadStore`].
//! * **way**: what happened to a message, stage by stage, in the [`port::Journal`]. Holds no PHI.
//! * **dead letter**: a message that can never succeed as it stands, with its reason.
//! * **entry**: one line of the NEN 7513 log, [`AuditEntry`].
//! * **pseudonym**: an HMAC of an identifier under a key of its own purpose, [`Pseudonym`].
//!
//! # PHI
//!
//! Whatever may tell something about a patient travels in [`Phi`]: it has no `Display`, its `Debug`
//! prints `[PHI]`, and it is opened only by [`Phi::expose_phi`], which is easy to search for.
//!
//! ```
//! use zorgsluis_domain::Phi;
//! let name = Phi::new(String::from("de Vries"));
//! assert_eq!(format!("{name:?}"), "[PHI]");
//! assert_eq!(name.expose_phi(), "de Vries");
//! ```
#![cfg_attr(not(test), warn(missing_docs))]

mod about;
pub mod audit;
pub mod erasure;
mod error;
mod id;
mod message;
pub mod notice;
mod phi;
pub mod port;
pub mod reconciliation;
pub mod retention;
pub mod text;

pub use about::patients_of;
pub use audit::AuditEntry;
pub use error::PortError;
pub use id::{EntryId, MessageId, Pseudonym, Purpose};
pub use message::{Effect, QueueReference, Stage, StepEffect, Transport, Way, WayStep};
pub use phi::Phi;
pub use port::clock::Clock;
