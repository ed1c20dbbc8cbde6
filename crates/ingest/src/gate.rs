//! Back-pressure: no more messages than the queue may hold.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use zorgsluis_domain::PortError;
use zorgsluis_domain::port::Queue;

/// How long a measured depth is believed, in milliseconds.
const FRESH: SignedDuration = SignedDuration::from_millis(500);

/// Lets messages in as long as the queue holds fewer than its limit. The depth is asked for at most twice a
/// second, and again when what was left by then is used up: asking for every message would cost as much as
/// queueing it.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: u64,
    measured: Mutex<Measured>,
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    at: Option<Timestamp>,
    left: u64,
}

impl Gate {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, measured: Mutex::new(Measured { at: None, left: 0 }) }
    }

    /// Whether one more may come in.
    pub(crate) async fn admit(&self, queue: &dyn Queue, now: Timestamp) -> Result<bool, PortError> {
        if self.take(now) {
            return Ok(true);
        }
        let depth = queue.depth().await?;
        let left = self.limit.saturating_sub(depth.waiting.saturating_add(depth.in_flight));
        if let Ok(mut measured) = self.measured.lock() {
            *measured = Measured { at: Some(now), left: left.saturating_sub(1) };
        }
        Ok(left > 0)
    }

    fn take(&self, now: Timestamp) -> bool {
        let Ok(mut measured) = self.measured.lock() else { return false };
        let fresh = measured.at.is_some_and(|at| {
            let age = now.duration_since(at);
            !age.is_negative() && age <= FRESH
        });
        if !fresh || measured.left == 0 {
            return false;
        }
        measured.left -= 1;
        true
    }
}
