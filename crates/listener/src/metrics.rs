//! Counts since start. They hold no PHI and no text of the other side.

use std::sync::atomic::{AtomicU64, Ordering};

use hl7v2::ack::AckCode;
use hl7v2::mllp::BrokenFrame;

use crate::End;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $name: AtomicU64,)*
        }

        /// The counts at one moment. All but `connections_open` only grow.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> Snapshot {
                Snapshot { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Snapshot {
            /// Name and value of each count, for a metrics page.
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    /// Connections that were taken.
    connections_total,
    /// Connections that are open.
    connections_open,
    /// How often no further connection was taken because of the limit.
    connections_paused,
    /// Frames with content, whole.
    frames,
    /// Bytes of content of those frames.
    frame_bytes,
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
    /// Connections closed because no message came.
    ends_idle,
    /// Connections closed because a message took too long to arrive.
    ends_frame_time,
    /// Connections closed because an answer could not be written in time.
    ends_write_time,
    /// Connections closed because of too many bytes outside frames.
    ends_junk,
    /// Connections that broke.
    ends_failed,
    /// Connections closed by the drain, or cut off at its end.
    ends_drained,
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
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
            End::Closed => return,
            End::Idle => &self.ends_idle,
            End::FrameTime => &self.ends_frame_time,
            End::WriteTime => &self.ends_write_time,
            End::Junk => &self.ends_junk,
            End::Failed => &self.ends_failed,
            End::Drained => &self.ends_drained,
        };
        add(counter, 1);
    }
}
