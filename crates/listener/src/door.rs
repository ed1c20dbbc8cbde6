//! What the listener hands frames to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use hl7v2::ack::{AckBuilder, AckCode, AckMode, Condition, Header, Problem};
use hl7v2::mllp::{Broken, BrokenFrame};
use jiff::tz::TimeZone;
use zorgsluis_domain::{Clock, Transport};
use zorgsluis_ingest::{Ingest, Refusal, Source};

use crate::Peer;

pub use zorgsluis_ingest::Acknowledgement as Answer;

/// What the listener hands frames to. Each answer is written as a frame of its own, in order.
#[async_trait]
pub trait Door: Send + Sync {
    /// Takes a frame's content, and says what to answer. A positive answer means that the message is durable.
    async fn accept(&self, content: Bytes, peer: &Peer) -> Vec<Answer>;

    /// Says what to answer to a frame that cannot be used. Its head is not a message and must not be taken for
    /// one.
    async fn refuse(&self, broken: &Broken, peer: &Peer) -> Vec<Answer>;

    /// Whether a message would be accepted at this moment.
    async fn is_open(&self) -> bool;

    /// What became of messages since the start, for metrics: always the same names. None by default.
    fn verdicts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// The door to [`Ingest`].
pub struct IngestDoor {
    ingest: Arc<Ingest>,
    clock: Arc<dyn Clock>,
    serial: AtomicU64,
}

impl IngestDoor {
    /// The door to this ingest; the clock dates the answers to broken frames.
    pub fn new(ingest: Arc<Ingest>, clock: Arc<dyn Clock>) -> Self {
        Self { ingest, clock, serial: AtomicU64::new(0) }
    }
}

impl std::fmt::Debug for IngestDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestDoor").finish_non_exhaustive()
    }
}

#[async_trait]
impl Door for IngestDoor {
    async fn accept(&self, content: Bytes, peer: &Peer) -> Vec<Answer> {
        let source = source(peer);
        let accepted = self.ingest.accept_all(&content, &source).await;
        accepted.into_iter().flat_map(|accepted| accepted.acknowledgements).collect()
    }

    async fn refuse(&self, broken: &Broken, peer: &Peer) -> Vec<Answer> {
        let source = source(peer);
        let noted = Refusal {
            code: broken.reason.code(),
            at: None,
            text: broken.reason.to_string(),
            condition: condition(broken.reason),
        };
        self.ingest.refuse_frame(&broken.head, &noted, &source).await;
        let now = self.clock.now();
        let sent_at = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S%.3f+0000").to_string();
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        // `ingest` begins its control ids with Z; at most 20 characters.
        refusal(broken, &sent_at, &format!("F{:x}{:07x}", now.as_second(), serial & 0x0fff_ffff))
    }

    async fn is_open(&self) -> bool {
        self.ingest.accepts().await.unwrap_or(false)
    }

    fn verdicts(&self) -> Vec<(&'static str, u64)> {
        let counts = self.ingest.counts().into_iter().filter(|count| count.transport == Transport::Mllp);
        counts.map(|count| (count.verdict.name(), count.messages)).collect()
    }
}

fn source(peer: &Peer) -> Source {
    let authenticated = peer.name.clone();
    Source { authenticated, ..Source::new(Transport::Mllp, Some(peer.address.to_string())) }
}

const fn condition(reason: BrokenFrame) -> Condition {
    match reason {
        BrokenFrame::TooLong { .. } => Condition::ValueTooLong,
        _ => Condition::SegmentSequence,
    }
}

/// The answer to a broken frame, as far as its header asks for one.
///
/// As in `ingest`, R means that the same message will be refused again and E that it may be sent again.
fn refusal(broken: &Broken, sent_at: &str, control_id: &str) -> Vec<Answer> {
    let code = match broken.reason {
        BrokenFrame::Interrupted | BrokenFrame::Unterminated => AckCode::AE,
        _ => AckCode::AR,
    };
    let header = Header::read(&broken.head);
    let code = match header.mode() {
        AckMode::Original => Some(code),
        AckMode::Enhanced { accept, application } => {
            let commit = Some(code.as_accept()).filter(|code| accept.wants(*code));
            commit.or(Some(code).filter(|code| application.wants(*code)))
        }
    };
    code.map(|code| {
        let problem = Problem::new(condition(broken.reason), broken.reason.code(), broken.reason.to_string());
        let builder = AckBuilder::new(code, &header).sent_at(sent_at).control_id(control_id).problem(problem);
        Answer { code, bytes: builder.build() }
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(head: &'static [u8], reason: BrokenFrame) -> Option<String> {
        let broken = Broken { reason, head: Bytes::from_static(head) };
        let answers = refusal(&broken, "2026", "F1");
        answers.first().map(|answer| String::from_utf8_lossy(&answer.bytes).into_owned())
    }

    #[test]
    fn a_frame_that_is_too_long_will_be_so_again() {
        let told = answer(b"MSH|^~\\&|A|||||||M1|P|2.5\rPID|", BrokenFrame::TooLong { limit: 7 }).unwrap();
        assert!(told.contains("MSA|AR|M1|") && told.contains("frame-too-long"), "{told}");
        assert!(told.contains("limit of 7 bytes"));
    }

    #[test]
    fn a_frame_that_was_cut_may_come_again() {
        let told = answer(b"MSH|^~\\&|A|||||||M1|P|2.5\rPID|", BrokenFrame::Interrupted).unwrap();
        assert!(told.contains("MSA|AE|M1|"), "{told}");
    }

    #[test]
    fn enhanced_mode_is_asked_for_what_it_wants() {
        let commit = answer(b"MSH|^~\\&|A|||||||M1|P|2.5|||AL|NE\r", BrokenFrame::Empty).unwrap();
        assert!(commit.contains("MSA|CR|M1|"), "{commit}");
        assert_eq!(answer(b"MSH|^~\\&|A|||||||M1|P|2.5|||NE|NE\r", BrokenFrame::Empty), None);
        let application = answer(b"MSH|^~\\&|A|||||||M1|P|2.5|||NE|ER\r", BrokenFrame::Empty).unwrap();
        assert!(application.contains("MSA|AR|M1|"), "{application}");
    }
}
