//! Destroying what the stores on AWS hold about a patient.

mod tombstones;

pub use tombstones::S3Tombstones;
