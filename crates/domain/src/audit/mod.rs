//! The NEN 7513 log entry.
//!
//! Names follow the norm (which follows RFC 3881 and DICOM PS3.15): event, user, responsible user,
//! object, legal basis, source, trace. One entry speaks of at most one patient.

mod entry;
mod event;
mod party;
mod reported;

pub use entry::{AuditEntry, DataCategory, LegalBasis, Object, ObjectRole, PatientObject, Source};
pub use event::{Action, Event, EventKind, Outcome};
pub use party::{AccessMethod, Application, NetworkAccessPoint, PurposeOfUse, Responsible, User};
pub use reported::Reported;
