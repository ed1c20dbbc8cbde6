//! Limits and choices of the parser.

use crate::Charset;

/// How much a message may hold. Memory of the index is bounded by four bytes a field, so by four times the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole message. Default 4 MiB.
    pub bytes: usize,
    /// Segments of the message, at most 65,535. Default 20,000.
    pub segments: usize,
    /// Fields of one segment, at most 65,535. Default 2,000.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 20, segments: 20_000, fields: 2_000 }
    }
}

/// How to parse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// How much a message may hold.
    pub limits: Limits,
    /// The character set to read in whatever MSH-18 says, for senders that declare the wrong one.
    pub charset: Option<Charset>,
}
