//! The ports of Zorgsluis on SQLite and files: the whole system on one machine, without an account.
//!
//! # Words
//!
//! * **data directory**: the folder that holds everything, [`DataDirectory`]. One server has it
//!   ([`DataDirectory::open`]); others read it, and write the log, beside ([`DataDirectory::open_read`]).
//! * **store**: an implementation of a port, given by a method of the directory. Cheap to clone.
//! * **group commit**: one thread writes each database. It takes all the work that waits, does each
//!   piece in a savepoint of one transaction, commits once and answers then. So what a store tells is
//!   durable (`synchronous=FULL`), and a thousand senders share the cost of one sync of the disk.
//! * **beside**: keys, log and index of the log may be written by any number of processes at a time.
//!
//! # PHI
//!
//! Only `fhir.db` holds PHI in clear. Payloads are encrypted under the key of their patient; queue,
//! journal, dead letters, indexes, notices and opt-outs hold ids, codes and pseudonyms. The providers in
//! `state.db` are personal data, no PHI.
//!
//! # Example
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("data");
//! use std::time::Duration;
//! use zorgsluis_domain::port::{Outgoing, Queue};
//! use zorgsluis_embedded::DataDirectory;
//!
//! let directory = DataDirectory::open(&path)?;
//! let queue = directory.queue("inbound", Duration::from_secs(60));
//! let message = Outgoing {
//!     body: "{}".into(),
//!     group: "a-patient".into(),
//!     deduplication: "message-1".into(),
//! };
//! // Durable when it returns; sent twice, delivered once.
//! queue.send(&[message.clone()]).await?;
//! queue.send(&[message]).await?;
//! let received = queue.receive(10, Duration::ZERO).await?;
//! assert_eq!(received.len(), 1);
//! queue.delete(&[received[0].receipt.clone()]).await?;
//! directory.close().await;
//! # Ok(()) }
//! ```

mod column;
mod database;
mod dead_letter;
mod directory;
mod erasure;
mod error;
mod fhir;
mod journal;
mod keys;
mod log;
mod notices;
mod opt_outs;
mod outbox;
mod patient_index;
mod payload;
mod provider_directory;
mod queue;
pub mod reconcile;
mod source;

pub use dead_letter::SqliteDeadLetters;
pub use directory::DataDirectory;
pub use erasure::{Erasures, Mixed, TombstoneFile};
pub use error::OpenError;
pub use fhir::{
    COMMON as COMMON_SEARCH_PARAMETERS, SearchKind, SearchParameter, SqliteFhirStore, search_parameters,
    searchable_types,
};
pub use journal::SqliteJournal;
pub use keys::SqliteKeys;
pub use log::{FileLogStorage, SqliteEntryIndex};
pub use notices::SqliteNoticeRegister;
pub use opt_outs::SqliteOptOuts;
pub use outbox::OutboxMailer;
pub use patient_index::SqlitePatientIndex;
pub use payload::SqlitePayloadStore;
pub use provider_directory::SqliteProviderDirectory;
pub use queue::SqliteQueue;
pub use source::{SystemClock, SystemRandom};
