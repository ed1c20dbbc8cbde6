use std::time::Duration;

/// Limits and time-outs of the listener. They hold for all its ports together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of one message at most. Default 4 MiB.
    pub frame_limit: usize,
    /// Connections at the same time; further ones wait. Default 2,000.
    pub connections: usize,
    /// Connections of one address at the same time (of IPv6, of one /64); further ones are closed at once.
    /// Default 1,000: whoever opens them without end leaves room for the others.
    pub connections_per_peer: usize,
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
    /// How many of those may belong to one address. Default 4.
    pub large_frames_per_peer: usize,
    /// While a message holds such a permit, [`pace_bytes`](Self::pace_bytes) of it must arrive in each span of
    /// this length, or the connection is closed. Default 5 seconds.
    pub pace: Duration,
    /// See [`pace`](Self::pace). Default 16 KiB, so that a line of 26 kbit/s is fast enough.
    pub pace_bytes: u64,
    /// How long a TLS handshake may take, and how long it may wait for its turn. Default 10 seconds.
    pub handshake: Duration,
    /// TLS handshakes at the same time; further ones wait for their turn. Default 64.
    pub handshakes: usize,
    /// How many of those may belong to one address. Default 16.
    pub handshakes_per_peer: usize,
    /// How often the files of certificates are looked at. Default 30 seconds.
    pub reload: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            frame_limit: 4 << 20,
            connections: 2_000,
            connections_per_peer: 1_000,
            idle: Duration::from_secs(3_600),
            frame: Duration::from_secs(60),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            junk_limit: 64 << 10,
            small_frame: 16 << 10,
            large_frames: 8,
            large_frames_per_peer: 4,
            pace: Duration::from_secs(5),
            pace_bytes: 16 << 10,
            handshake: Duration::from_secs(10),
            handshakes: 64,
            handshakes_per_peer: 16,
            reload: Duration::from_secs(30),
        }
    }
}
