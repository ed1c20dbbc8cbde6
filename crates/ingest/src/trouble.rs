//! What is remembered of messages that could not be made durable, so that a health check tells the truth.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zorgsluis_domain::port::{KeyOwner, PayloadStore};
use zorgsluis_domain::{MessageId, PortError};

use crate::Verdict;

/// Between two probes at least.
const REST: SignedDuration = SignedDuration::from_secs(1);

/// Bytes of a probe: more than fits into the space that a full disk still has in its last pages.
const PROBE: usize = 64 * 1024;

/// The note that a probe writes, always the same one, beside no message.
const NAME: &str = "probe";

/// The id of no message.
const NOBODY: MessageId = MessageId(Uuid::nil());

/// When it last went wrong; none when a message was accepted since.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<Timestamp>>);

impl Trouble {
    pub(crate) fn note(&self, verdict: Verdict, now: Timestamp) {
        match verdict {
            Verdict::Unavailable => self.set(Some(now)),
            Verdict::Accepted => self.set(None),
            // These wrote nothing into the stores.
            Verdict::Duplicate | Verdict::Refused | Verdict::Busy => {}
        }
    }

    /// Ends well when nothing went wrong since the last accepted message, or when the store can be written
    /// again.
    pub(crate) async fn passed(&self, payloads: &dyn PayloadStore, now: Timestamp) -> Result<(), PortError> {
        let Some(at) = self.0.lock().ok().and_then(|at| *at) else { return Ok(()) };
        let age = now.duration_since(at);
        if !age.is_negative() && age < REST {
            return Err(PortError::unavailable("ingest.accepts", "the last message could not be stored"));
        }
        let owner = KeyOwner::System;
        let probed = payloads.put_note(NOBODY, &owner, NAME, &[0; PROBE]).await;
        self.set(probed.is_err().then_some(now));
        probed
    }

    fn set(&self, at: Option<Timestamp>) {
        if let Ok(mut last) = self.0.lock() {
            *last = at;
        }
    }
}
