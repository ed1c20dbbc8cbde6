use std::time::Duration;

/// Limits and time-outs of the listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of one message at most. Default 4 MiB.
    pub frame_limit: usize,
    /// Connections at the same time; further ones wait in the operating system. Default 2,000.
    pub connections: usize,
    /// How long a connection may stay open without a message. Default one hour: hospitals keep connections
    /// open over quiet nights.
    pub idle: Duration,
    /// How long one message may take to arrive, from its first byte to its last. Default one minute.
    pub frame: Duration,
    /// How long writing one answer may take. Default 30 seconds.
    pub write: Duration,
    /// How long a drain may take. Default 20 seconds: an orchestrator kills after 30.
    pub drain: Duration,
    /// Bytes outside frames after which a connection is closed. Default 64 KiB.
    pub junk_limit: u64,
    /// A message above this size in bytes needs a permit to be read on. Default 16 KiB.
    pub small_frame: usize,
    /// How many connections may read such a message at the same time. Default 8.
    pub large_frames: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            frame_limit: 4 << 20,
            connections: 2_000,
            idle: Duration::from_secs(3_600),
            frame: Duration::from_secs(60),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            junk_limit: 64 << 10,
            small_frame: 16 << 10,
            large_frames: 8,
        }
    }
}
