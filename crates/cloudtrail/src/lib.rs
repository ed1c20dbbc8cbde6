//! What CloudTrail wrote down of the stores on AWS, compared with the log.
//!
//! The log says what this system did. CloudTrail says what AWS was asked to do, by whomever: it is kept by AWS, apart
//! from our functions. Each is an account of the same deeds, and what stands in one of them only is a difference.
//!
//! # Words
//!
//! * **file**: a log file as CloudTrail delivers it, `{"Records": […]}`, gzipped ([`read`]). Files come late, by some
//!   minutes and sometimes more, out of order, and now and then twice.
//! * **event**: one call that was made ([`Event`]): when, under which role, and what it touched. Of request parameters
//!   only ids are kept.
//! * **role**: the IAM role that called. Those of the functions are named after them (`zorgsluis-converter`); what
//!   anybody else touches must stand in the log by itself.
//!
//! ```
//! use zorgsluis_cloudtrail::{Comparison, Roles, read};
//!
//! let file = br#"{"Records": [{ "eventID": "0a8b", "eventTime": "2026-11-02T09:14:07Z",
//!     "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
//!     "userIdentity": { "type": "IAMUser", "userName": "dba-2" },
//!     "requestParameters": { "bucketName": "raw", "key": "messages/5b0c3f0e-8d1a-8c1e-9a9b-3f2d6b1c7a10" } }]}"#;
//! let mut comparison = Comparison::new(Roles::of("zorgsluis"));
//! comparison.events(read("a.json", file)?);
//! let mut told = Vec::new();
//! let tally = comparison.compare(|found| told.push(found.kind));
//! assert_eq!((tally.differences, told.as_slice()), (1, ["read-without-entry"].as_slice()));
//! # Ok::<(), zorgsluis_cloudtrail::FileError>(())
//! ```

mod compare;
mod event;
mod facts;
mod file;
mod telling;

pub use compare::Comparison;
pub use event::{Event, Roles};
pub use file::{FileError, read};
