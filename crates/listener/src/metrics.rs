//! Counts since start. They hold no PHI and no text of the other side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hl7v2::ack::AckCode;
use hl7v2::mllp::BrokenFrame;

use crate::End;
use crate::tls::HandshakeFailure;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $name: AtomicU64,)*
            handshake_failures: [AtomicU64; HandshakeFailure::ALL.len()],
            /// From a whole frame to its answer, written.
            pub(crate) answer_time: Histogram,
            /// TLS handshakes that succeeded.
            pub(crate) handshake_time: Histogram,
        }

        /// The counts at one moment. All but `…_open` and `in_flight` only grow.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> Snapshot {
                Snapshot { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Connections that were taken, on all ports.
    connections_total,
    /// Connections that are open, on all ports.
    connections_open,
    /// Connections that were taken on the TLS port.
    tls_connections_total,
    /// Connections that are open on the TLS port.
    tls_connections_open,
    /// How often a connection had to wait because of the limit.
    connections_paused,
    /// Connections closed at once because their address had as many as it may have.
    connections_refused,
    /// Frames with content, whole.
    frames,
    /// Bytes of content of those frames.
    frame_bytes,
    /// Bytes of answers, with their framing.
    answer_bytes,
    /// Frames that are being accepted or answered.
    in_flight,
    /// Bytes outside frames, line ends not counted.
    junk_bytes,
    /// Frames above the limit.
    broken_too_long,
    /// Frames that the next one cut off.
    broken_interrupted,
    /// Frames that the end of the connection cut off.
    broken_unterminated,
    /// Frames without content.
    broken_empty,
    /// Answers AA.
    answers_aa,
    /// Answers AE.
    answers_ae,
    /// Answers AR.
    answers_ar,
    /// Answers CA.
    answers_ca,
    /// Answers CE.
    answers_ce,
    /// Answers CR.
    answers_cr,
    /// Connections closed by the other side.
    ends_closed,
    /// Connections closed because no message came.
    ends_idle,
    /// Connections closed because a message took too long to arrive.
    ends_frame_time,
    /// Connections closed because a large message came too slowly.
    ends_pace,
    /// Connections closed because an answer could not be written in time.
    ends_write_time,
    /// Connections closed because of too many bytes outside frames.
    ends_junk,
    /// Connections to the plain port that began a TLS handshake.
    ends_tls_on_plain,
    /// Connections that broke.
    ends_failed,
    /// Connections closed by the drain, or cut off at its end.
    ends_drained,
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// One more of a gauge, until it is dropped: also when a task panics or is cut off.
pub(crate) struct Gauge<'m>(&'m AtomicU64);

impl<'m> Gauge<'m> {
    pub(crate) fn up(gauge: &'m AtomicU64) -> Self {
        add(gauge, 1);
        Self(gauge)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn answered(&self, code: AckCode) {
        let counter = match code {
            AckCode::AA => &self.answers_aa,
            AckCode::AE => &self.answers_ae,
            AckCode::AR => &self.answers_ar,
            AckCode::CA => &self.answers_ca,
            AckCode::CE => &self.answers_ce,
            AckCode::CR => &self.answers_cr,
        };
        add(counter, 1);
    }

    pub(crate) fn broken(&self, reason: BrokenFrame) {
        let counter = match reason {
            BrokenFrame::TooLong { .. } => &self.broken_too_long,
            BrokenFrame::Interrupted => &self.broken_interrupted,
            BrokenFrame::Unterminated => &self.broken_unterminated,
            _ => &self.broken_empty,
        };
        add(counter, 1);
    }

    pub(crate) fn ended(&self, end: End) {
        let counter = match end {
            End::Closed => &self.ends_closed,
            End::Idle => &self.ends_idle,
            End::FrameTime => &self.ends_frame_time,
            End::Pace => &self.ends_pace,
            End::WriteTime => &self.ends_write_time,
            End::Junk => &self.ends_junk,
            End::TlsOnPlain => &self.ends_tls_on_plain,
            End::Failed => &self.ends_failed,
            End::Drained => &self.ends_drained,
        };
        add(counter, 1);
    }

    pub(crate) fn handshake_failed(&self, why: HandshakeFailure) {
        let cells = HandshakeFailure::ALL.iter().zip(&self.handshake_failures);
        for (_, cell) in cells.filter(|(failure, _)| **failure == why) {
            add(cell, 1);
        }
    }

    /// Handshakes that failed, by reason.
    pub(crate) fn handshake_failures(&self) -> Vec<(HandshakeFailure, u64)> {
        let cells = HandshakeFailure::ALL.iter().zip(&self.handshake_failures);
        cells.map(|(failure, cell)| (*failure, cell.load(Ordering::Relaxed))).collect()
    }
}

/// Upper bounds in microseconds; a last bucket has none.
const BOUNDS: [u64; 13] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000,
    30_000_000,
];

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    longer: AtomicU64,
    microseconds: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().zip(&self.buckets).find(|(bound, _)| took <= **bound);
        add(bucket.map_or(&self.longer, |(_, bucket)| bucket), 1);
        add(&self.microseconds, took);
    }

    /// Bounds in seconds with how many took at most so long, then all, then the sum in seconds.
    pub(crate) fn read(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let mut so_far = 0_u64;
        let bounds = BOUNDS.iter().zip(&self.buckets).map(|(bound, bucket)| {
            so_far = so_far.saturating_add(bucket.load(Ordering::Relaxed));
            (seconds(*bound), so_far)
        });
        let bounds = bounds.collect();
        let all = so_far.saturating_add(self.longer.load(Ordering::Relaxed));
        (bounds, all, seconds(self.microseconds.load(Ordering::Relaxed)))
    }
}

fn seconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_took_at_most_so_long() {
        let histogram = Histogram::default();
        for millis in [1, 3, 60_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let (bounds, all, sum) = histogram.read();
        assert_eq!(&bounds[..4], [(0.0005, 0), (0.001, 1), (0.0025, 1), (0.005, 2)]);
        assert_eq!((bounds.last().unwrap().1, all), (2, 3));
        assert!((sum - 60.004).abs() < 1e-9);
    }
}
