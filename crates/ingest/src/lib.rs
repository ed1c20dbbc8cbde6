//! Accepts HL7 v2 messages: durable first, acknowledged after.
//!
//! # Words
//!
//! * **accept**: to make a message durable and say so. First the raw bytes go, encrypted and create-only,
//!   into the payload store; then a reference into the inbound queue; then the steps into the journal; then
//!   the acknowledgement goes out. What was acknowledged positively survives whatever comes next.
//! * **verdict**: what became of a message: accepted, duplicate, refused, busy, unavailable.
//! * **duplicate**: the same sender, MSH-10 and content. It is acknowledged like the first time, and nothing
//!   is done a second time. If the first time ended in a crash between payload and queue, it is queued now.
//! * **refusal**: a message that can never be accepted as it stands: damaged, or of an event that the sender's
//!   profile refuses. It is answered with AR or CR and the place, has its entry in the audit log, and is not
//!   stored. An unsupported event is otherwise accepted: the converter puts it to the dead letters.
//! * **proof**: the name in the client's certificate. It stands beside the message before the message itself is
//!   stored, so that sweep and replay know who brought it.
//! * **sweep**: finds raw messages that were never queued. **replay**: dead letters back into the queue.
//!
//! # Order
//!
//! The queue groups by the pseudonym of the patient identifier that the sender's profile names (no patient:
//! by sender), so that the messages of a patient keep their order and patients do not wait for each other.
//!
//! # Doors
//!
//! The MLLP listener calls [`Ingest::accept_all`] for each frame and writes each of
//! [`Accepted::acknowledgements`] as a frame of its own. The gateway and the Lambda handler
//! ([`lambda::handle`]) call [`Ingest::post`]. Both follow `docs/http-api.md`.
//!
//! ```
//! use zorgsluis_domain::Transport;
//! use zorgsluis_ingest::{Ingest, Source, Verdict};
//!
//! async fn take(ingest: &Ingest, frame: &[u8]) -> Vec<Vec<u8>> {
//!     let source = Source::new(Transport::Mllp, Some("10.1.2.3".to_owned()));
//!     let accepted = ingest.accept(frame, &source).await;
//!     assert!(accepted.verdict != Verdict::Accepted || accepted.message.is_some());
//!     accepted.acknowledgements.into_iter().map(|acknowledgement| acknowledgement.bytes).collect()
//! }
//! ```

mod accept;
mod accepted;
mod acknowledge;
mod counters;
mod error;
mod gate;
pub mod http;
pub mod lambda;
mod peer_name;
mod ports;
mod prepare;
mod profile_rules;
mod proof;
mod replay;
mod rules;
mod sweep;
mod trouble;

pub use accept::Ingest;
pub use accepted::{Accepted, Acknowledgement, Refusal, Source, Verdict};
pub use counters::{Count, RefusedMessage};
pub use error::IngestError;
pub use peer_name::peer_name;
pub use ports::{Ports, Settings};
pub use profile_rules::ProfileRules;
pub use replay::{Replay, Replayed, Requester};
pub use rules::{ApplicationAck, PatientIdentifier, Sender, SenderRules, Unsupported};
pub use sweep::Swept;
