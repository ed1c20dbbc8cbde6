//! Work behind a queue: which deliveries belong together, what goes back, what is set aside for good.
//!
//! The converter, the enricher and the notifier each work on one message at a time. What they have in
//! common stands here, once: the loop of `zorgsluis serve` ([`work`]) and the Lambda function
//! ([`lambda::Handler`]) follow the same rules, in [`deliver`].
//!
//! # Words
//!
//! * **process**: the use case behind the queue, [`Process`]: one message at a time, and doing it again
//!   changes nothing.
//! * **delivery**: one handing over of a message by the queue. A message may be delivered many times.
//! * **park**: to set a message aside with the dead letters, with its reason ([`Parking`]).
//!
//! # Rules
//!
//! * A body is a reference to a stored message ([`zorgsluis_domain::QueueReference`] as JSON), or a raw
//!   HL7 v2 message that somebody put straight into the queue (it begins with `MSH`); such a message is
//!   stored first, so that from there on both go the same way.
//! * Messages of one group go one after another, groups beside each other. When one message goes back to
//!   the queue, the rest of its group goes back with it, untouched, or an older message would overtake a
//!   newer one.
//! * What can never succeed (damaged, unsupported, refused by a store) is parked with its reason and
//!   answered as success: a queue would redeliver it until it dragged its whole group into the
//!   dead-letter queue. Only trouble that may pass goes back.
//! * A panic hurts its own message only, which is parked with the reason `panic`.
//! * A message delivered twice is processed twice; the use case gives it one effect.
//!
//! No body, and nothing of one, stands in an answer, an error or a log line.
//!
//! ```
//! use std::sync::Arc;
//! use zorgsluis_domain::port::{DeadLetter, clock::FixedClock};
//! use zorgsluis_domain::{MessageId, PortError, QueueReference};
//! use zorgsluis_worker::{Delivery, Outcome, Process, ProcessError, deliver};
//!
//! /// Refuses everything.
//! struct Strict;
//!
//! #[async_trait::async_trait]
//! impl Process for Strict {
//!     async fn accept(&self, _: &[u8], _: jiff::Timestamp) -> Result<MessageId, PortError> {
//!         Ok(MessageId(uuid::Uuid::nil()))
//!     }
//!     async fn process(&self, _: &QueueReference, _group: &str) -> Result<(), ProcessError> {
//!         Err(ProcessError::refused("too-strict", None, "nothing is good enough"))
//!     }
//!     async fn park(&self, letter: &DeadLetter) -> Result<(), PortError> {
//!         assert_eq!(letter.code, "too-strict");
//!         Ok(())
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let now = jiff::Timestamp::UNIX_EPOCH;
//! let delivery =
//!     Delivery { body: "MSH|^~\\&|ZIS".into(), group: "g".into(), sent: Some(now), receive_count: 1 };
//! let outcome = deliver(&Arc::new(Strict), &FixedClock(now), &delivery).await;
//! assert_eq!(outcome, Outcome::Parked);
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
#![cfg_attr(not(test), warn(missing_docs))]

mod body;
mod deliver;
mod group;
pub mod lambda;
mod parking;
mod queue;
mod send;

use async_trait::async_trait;
use jiff::Timestamp;
use zorgsluis_domain::port::DeadLetter;
use zorgsluis_domain::{MessageId, PortError, QueueReference};

pub use deliver::{Delivery, Outcome, deliver};
pub use parking::Parking;
pub use queue::work;
pub use send::send_on;

/// The use case behind a queue: one message at a time.
#[async_trait]
pub trait Process: Send + Sync + 'static {
    /// Stores a body that is no reference, durably, and gives it its id. The same bytes give the same
    /// id. Takes anything, also what is no HL7 v2: it is parked under that id.
    async fn accept(&self, raw: &[u8], received: Timestamp) -> Result<MessageId, PortError>;

    /// Does the work on a stored message. Doing it again changes nothing. `group` is the queue's group,
    /// never empty: what is sent on goes under the same.
    async fn process(&self, reference: &QueueReference, group: &str) -> Result<(), ProcessError>;

    /// Sets a message aside for good.
    async fn park(&self, letter: &DeadLetter) -> Result<(), PortError>;
}

/// Why a message was not processed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It can never succeed as it stands: park it.
    #[error("refused ({code})")]
    Refused {
        /// Kebab-case reason, for example `unsupported-event`.
        code: String,
        /// Place in the message, when known.
        at: Option<String>,
        /// The reason in words, without a value of the message.
        text: String,
    },
    /// A port failed. Trouble that may pass goes back to the queue; what will not is parked.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ProcessError {
    /// A refusal. `text` holds no value of the message.
    pub fn refused(code: impl Into<String>, at: Option<String>, text: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), at, text: text.into() }
    }

    /// What a panic is answered with.
    #[must_use]
    pub fn panicked() -> Self {
        Self::refused("panic", None, "the software failed on this message; it is not the sender's fault")
    }
}
