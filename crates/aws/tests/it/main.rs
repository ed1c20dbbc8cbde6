//! The adapters, driven through their ports, against MiniStack and the stand-ins of `tests/stand-ins`.
//!
//! `ZORGSLUIS_PYTHON` names a Python that has `ministack` (`make e2e` prepares it).
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod actions;
mod bucket_policy;
mod cloudtrail;
mod command_line;
mod comprehend_medical;
mod deployment;
mod environment;
mod erasure;
mod erasure_beside;
mod erasure_command;
mod erasure_world;
mod fhir_store;
mod journal;
mod keys;
mod log;
mod log_faults;
mod log_keys;
mod log_rebuild;
mod log_seal;
mod log_tamper;
mod log_witness;
mod log_world;
mod lossy;
mod lost_answers;
mod made;
mod mailer;
mod ministack;
mod patient_index;
mod payloads;
mod queue;
mod registers;
mod settings_bucket;
mod suite;
