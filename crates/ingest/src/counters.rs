//! Counts since start, for metrics and the operator page. They hold no PHI.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use zorgsluis_domain::Transport;

use crate::{Refusal, Verdict};

/// Refusals that are remembered for the operator page.
const REMEMBERED: usize = 50;

/// A message that was refused. It was not stored, so that it has no way in the journal; the audit log has
/// its entry, and this is what an operator sees of it until the next start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedMessage {
    /// When.
    pub at: Timestamp,
    /// How it came.
    pub transport: Transport,
    /// The sender's profile, `unknown` when the header could not be read.
    pub sender: String,
    /// Kebab-case reason.
    pub code: &'static str,
    /// The place in the message, when it can be named.
    pub place: Option<String>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How the messages came.
    pub transport: Transport,
    /// What became of them.
    pub verdict: Verdict,
    /// How many.
    pub messages: u64,
}

const TRANSPORTS: [Transport; 3] = [Transport::Mllp, Transport::Http, Transport::Queue];

#[derive(Debug, Default)]
pub(crate) struct Counters {
    messages: [[AtomicU64; Verdict::ALL.len()]; TRANSPORTS.len()],
    refused: Mutex<VecDeque<RefusedMessage>>,
}

impl Counters {
    fn cell(&self, transport: Transport, verdict: Verdict) -> Option<&AtomicU64> {
        let row = TRANSPORTS.iter().position(|t| *t == transport)?;
        let column = Verdict::ALL.iter().position(|v| *v == verdict)?;
        self.messages.get(row)?.get(column)
    }

    pub(crate) fn count(&self, transport: Transport, verdict: Verdict) {
        if let Some(cell) = self.cell(transport, verdict) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn refused(&self, at: Timestamp, transport: Transport, sender: &str, refusal: &Refusal) {
        let refused = RefusedMessage {
            at,
            transport,
            sender: sender.to_owned(),
            code: refusal.code,
            place: refusal.at.map(|place| place.to_string()),
        };
        if let Ok(mut remembered) = self.refused.lock() {
            remembered.truncate(REMEMBERED - 1);
            remembered.push_front(refused);
        }
    }

    pub(crate) fn snapshot(&self) -> Vec<Count> {
        let mut counts = Vec::with_capacity(TRANSPORTS.len() * Verdict::ALL.len());
        for transport in TRANSPORTS {
            for verdict in Verdict::ALL {
                let messages = self.cell(transport, verdict).map_or(0, |cell| cell.load(Ordering::Relaxed));
                counts.push(Count { transport, verdict, messages });
            }
        }
        counts
    }

    pub(crate) fn recent_refusals(&self) -> Vec<RefusedMessage> {
        self.refused.lock().map(|remembered| remembered.iter().cloned().collect()).unwrap_or_default()
    }
}
