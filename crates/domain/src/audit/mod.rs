//! The NEN 7513 log entry.
//!
//! Names follow the norm (which follows RFC 3881 and DICOM PS3.15): event, user, responsible user,
//! object, legal basis, source, trace. One entry speaks of at most one patient.
//!
//! An entry is made with [`AuditEntry::of`] from a [`Deed`]: the compiler asks for every mandatory field, and
//! a deed for what its kind demands. An event that another system reports is built from [`Deed::reported`]
//! and checked ([`AuditEntry::check`]).

mod builder;
mod check;
mod deed;
mod entry;
mod event;
mod party;
mod reported;

pub use builder::{Anonymous, Draft, EntryBuilder, Undated, Unplaced, Unreported};
pub use check::Incomplete;
pub use deed::Deed;
pub use entry::{AuditEntry, DataCategory, LegalBasis, Object, ObjectRole, PatientObject, Source};
pub use event::{Action, Event, EventKind, Outcome};
pub use party::{AccessMethod, Application, NetworkAccessPoint, PurposeOfUse, Responsible, User};
pub use reported::Reported;
