//! NEN 7513 entries into the log and its index.
//!
//! Every touch of a patient's data becomes an [`AuditEntry`](zorgsluis_domain::AuditEntry). This crate
//! seals it under the key of its patient, puts it into the transparency log of [`tlog`], makes it
//! findable by patient and time without a name in clear anywhere, and gives it back to those who may
//! read it, once their reading has been logged too.
//!
//! # Words
//!
//! * **entry**: one line of the NEN 7513 log. Sealed (AES-256-GCM under the data key of its patient,
//!   class *log*, of the year) before it is stored; what the tree commits to is the hash of the
//!   ciphertext. Destroying that key erases the entry: its place and its proof remain.
//! * **pseudonym**: how a patient stands in the index and in the key table, [`patient_pseudonym`].
//! * **writer**: [`AuditWriter`], the [`AuditSink`](zorgsluis_domain::port::AuditSink) of the rest of
//!   the system. Calls that come together share one bundle (group commit).
//! * **queue sink**: [`QueueSink`], the `AuditSink` of processes that do not write the log themselves: into a
//!   queue, behind which [`lambda::Handler`] writes.
//! * **checkpoint**: the signed statement of what the log holds; [`AuditWriter::checkpoint`], called by
//!   the owner of the process every now and then and when it stops.
//! * **reader**: [`LogReader`], for one person or system. Reading the log is an event that is logged
//!   (NEN 7513), so each reading writes its entry first and discloses nothing if it cannot.
//! * **term**: by what entries are found ([`Term`]): a patient, a user, a department, the emergency procedure.
//! * **question**: what somebody asks of the log ([`Question`]); its answer is a [`Reading`].
//! * **line**: an entry as it is read, or the fact that it has been erased.
//!
//! Any number of processes may write and read one log at a time.
//!
//! # Example
//!
//! ```no_run
//! use std::sync::Arc;
//! use jiff::Timestamp;
//! use zorgsluis_audit_writer::{AuditLog, AuditWriter, LogReader, ReadBy, Verification};
//! use zorgsluis_domain::audit::{AccessMethod, Source, User};
//! use zorgsluis_domain::port::{AuditSink, Keys, PageRequest, Random};
//! use zorgsluis_domain::{AuditEntry, Clock};
//!
//! # #[allow(clippy::too_many_arguments, reason = "the ports come from the adapters")]
//! # async fn example(
//! #     storage: Arc<dyn tlog::LogStorage>,
//! #     index: Arc<dyn tlog::EntryIndex>,
//! #     signer: Arc<dyn tlog::Signer>,
//! #     keys: Arc<dyn Keys>,
//! #     clock: Arc<dyn Clock>,
//! #     random: Arc<dyn Random>,
//! #     entries: Vec<AuditEntry>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let origin = "ziekenhuis.example/log/linde";
//! let verifying = vec![signer.verifying_key().clone()];
//! let log = AuditLog::new(storage, index, keys, "linde", origin, verifying)?;
//! let writer = Arc::new(AuditWriter::open(log.clone(), random.as_ref(), signer).await?);
//!
//! writer.record(&entries).await?; // durable, and never twice
//! writer.checkpoint().await?;
//!
//! let by = ReadBy {
//!     user: User::system("privacy-officer", true),
//!     responsible: None,
//!     access: AccessMethod::CommandLine,
//!     source: Source { enterprise_site_id: "linde".into(), source_id: "cli".into(), source_type: 4 },
//! };
//! let reader = LogReader::new(log, writer, clock, random, by);
//! let page = PageRequest::first(50);
//! let history = reader.history("Patient/0f3c", Timestamp::MIN, Timestamp::MAX, &page).await?;
//! assert!(reader.verify(Verification::default()).await?.report.is_clean());
//! # Ok(()) }
//! ```

mod balp;
mod chain;
mod content;
mod erased;
mod error;
mod excerpt;
#[cfg(feature = "lambda")]
pub mod function;
pub mod lambda;
mod log;
mod queue_sink;
mod reader;
mod reading;
pub mod reported;
mod search;
mod succession;
mod term;
mod walk;
mod witness;
mod writer;

pub use balp::{Claim, NotBalp, claim, kinds_of_subtype, kinds_of_type, to_audit_event};
pub use content::{Disclosure, log_key_owner, patient_pseudonym};
pub use erased::{LoggedYear, PatientLines};
pub use error::AuditError;
pub use excerpt::{Excerpt, ExcerptContent, ExcerptLine};
pub use log::{AuditLog, Content, Line, Rebuild, Status, Verification};
pub use queue_sink::QueueSink;
pub use reader::{LogReader, ReadBy, Verified};
pub use reading::{Form, Found, Question, Reading};
pub use search::{Candidate, Criterion, Fits, LogSearch};
pub use succession::Succession;
pub use term::{PATIENT as PATIENT_KEYS, Term};
pub use walk::Walk;
pub use witness::{Asked, RemoteWitness, Submitted, Submitter, Witnesses};
pub use writer::AuditWriter;
