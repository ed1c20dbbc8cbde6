//! MLLP, the framing of HL7 over TCP (HL7 v2 Transport Specification, MLLP Release 1): `<VT> message <FS><CR>`.
//!
//! The [`Codec`] takes the stream as senders really write it: frames split over many packets or several in one,
//! the last CR late or missing, junk between frames. It never merges two messages and never waits for a CR.
//!
//! ```
//! use bytes::BytesMut;
//! use hl7v2::mllp::{Codec, Frame};
//! use tokio_util::codec::Decoder;
//! let mut codec = Codec::new(1024);
//! let mut stream = BytesMut::from(&b"\x0bMSH|1\x1c\rjunk\x0bMSH|2\x1c"[..]);
//! for expected in ["MSH|1", "MSH|2"] {
//!     let Some(Frame::Message(message)) = codec.decode(&mut stream)? else { return Err("no frame".into()) };
//!     assert_eq!(message, expected);
//! }
//! assert_eq!(codec.take_junk(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};
use core::fmt;
use tokio_util::codec::{Decoder, Encoder};

/// Start of a frame, vertical tab.
pub const START: u8 = 0x0B;
/// End of a frame, file separator; a CR follows.
pub const END: u8 = 0x1C;

/// Of a broken frame this many bytes are kept, so that the answer can name its control id.
const HEAD: usize = 1024;
/// Frames above this size give their buffer back when they are done.
const KEEP_BUFFER: usize = 4 * 1024;

/// What the stream brought. `Debug` prints the shape.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole frame's content.
    Message(Bytes),
    /// A frame that cannot be used.
    Broken(Broken),
}

/// A frame that cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub reason: BrokenFrame,
    /// The beginning of its content, at most a kilobyte.
    pub head: Bytes,
}

/// Why a frame cannot be used. Holds no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenFrame {
    /// Longer than the limit. The decoder skips the rest and goes on behind it.
    #[error("the frame is longer than the limit of {limit} bytes")]
    TooLong {
        /// The limit of the codec in bytes.
        limit: usize,
    },
    /// The next message began before this frame had ended.
    #[error("a new frame begins before the end of this one")]
    Interrupted,
    /// The stream ended inside the frame.
    #[error("the stream ends inside the frame")]
    Unterminated,
    /// Nothing between start and end.
    #[error("the frame is empty")]
    Empty,
}

impl BrokenFrame {
    /// A stable name in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "frame-too-long",
            Self::Interrupted => "frame-interrupted",
            Self::Unterminated => "frame-unterminated",
            Self::Empty => "frame-empty",
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => write!(f, "Message({} bytes)", message.len()),
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broken({:?})", self.reason)
    }
}

/// Why a frame could not be read from or written to the stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The connection failed.
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    /// The content holds a start or end byte and would break the frame.
    #[error("the content holds a frame byte of MLLP")]
    FrameByteInContent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// The buffer begins with the frame's content, of which this many bytes are known to hold no end.
    Inside {
        scanned: usize,
    },
    /// Behind a frame that was too long, up to its end.
    Skipping,
}

/// Frames and unframes a stream. One codec belongs to one connection.
#[derive(Debug)]
pub struct Codec {
    limit: usize,
    state: State,
    junk: u64,
}

/// Whether a start byte begins a new message.
enum Restart {
    Yes,
    No,
    /// Too few bytes have come to tell.
    Unknown,
}

impl Codec {
    /// A codec that takes frames of at most `limit` bytes of content.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: State::Between, junk: 0 }
    }

    /// How many bytes outside usable frames came since this was last asked, line ends not counted.
    pub fn take_junk(&mut self) -> u64 {
        core::mem::take(&mut self.junk)
    }

    /// Whether a frame has begun and not ended.
    pub fn is_inside_frame(&self) -> bool {
        !matches!(self.state, State::Between)
    }

    fn count_junk(&mut self, bytes: &[u8]) {
        let count = bytes.iter().filter(|&&byte| !matches!(byte, b'\r' | b'\n')).count();
        self.junk = self.junk.saturating_add(count as u64);
    }

    /// A start byte inside a frame is a new frame when a message follows, else a byte like any other.
    fn restart(behind: &[u8]) -> Restart {
        if behind.starts_with(b"MSH") {
            Restart::Yes
        } else if behind.len() < 3 && b"MSH".starts_with(behind) {
            Restart::Unknown
        } else {
            Restart::No
        }
    }

    fn broken(reason: BrokenFrame, content: &[u8]) -> Frame {
        let head = Bytes::copy_from_slice(content.get(..HEAD).unwrap_or(content));
        Frame::Broken(Broken { reason, head })
    }

    /// Takes the content up to `length`, and the byte that ended it.
    fn finish(&mut self, src: &mut BytesMut, length: usize) -> Frame {
        self.state = State::Between;
        if length > self.limit {
            let frame = Self::broken(BrokenFrame::TooLong { limit: self.limit }, src);
            src.advance(length.saturating_add(1));
            return frame;
        }
        let content = src.split_to(length).freeze();
        src.advance(1);
        if content.len() >= KEEP_BUFFER && src.len() <= HEAD {
            *src = BytesMut::from(&src[..]);
        }
        if content.is_empty() { Self::broken(BrokenFrame::Empty, &[]) } else { Frame::Message(content) }
    }

    fn inside(&mut self, src: &mut BytesMut, mut scanned: usize) -> Option<Frame> {
        loop {
            let unseen = src.get(scanned..).unwrap_or_default();
            let Some(found) = memchr::memchr2(START, END, unseen) else {
                scanned = src.len();
                break;
            };
            let at = scanned.saturating_add(found);
            if src.get(at) == Some(&END) {
                return Some(self.finish(src, at));
            }
            let behind = at.saturating_add(1);
            match Self::restart(src.get(behind..).unwrap_or_default()) {
                Restart::Yes => {
                    let limit = self.limit;
                    let reason =
                        if at > limit { BrokenFrame::TooLong { limit } } else { BrokenFrame::Interrupted };
                    let frame = Self::broken(reason, src.get(..at).unwrap_or_default());
                    src.advance(behind);
                    self.state = State::Inside { scanned: 0 };
                    return Some(frame);
                }
                Restart::No => scanned = behind,
                Restart::Unknown => {
                    scanned = at;
                    break;
                }
            }
        }
        if scanned > self.limit {
            let frame = Self::broken(BrokenFrame::TooLong { limit: self.limit }, src);
            src.advance(scanned);
            self.state = State::Skipping;
            return Some(frame);
        }
        // Grows with what has come, so that a waiting connection costs little.
        let spare = src.capacity().saturating_sub(src.len());
        if spare < HEAD {
            src.reserve(src.len().clamp(HEAD, 1 << 20));
        }
        self.state = State::Inside { scanned };
        None
    }

    /// Skips to the end of the frame; says whether it was reached.
    fn skip(&mut self, src: &mut BytesMut) -> bool {
        let mut from = 0_usize;
        loop {
            let unseen = src.get(from..).unwrap_or_default();
            let Some(found) = memchr::memchr2(START, END, unseen) else {
                src.clear();
                return false;
            };
            let at = from.saturating_add(found);
            let behind = at.saturating_add(1);
            if src.get(at) == Some(&END) {
                src.advance(behind);
                self.state = State::Between;
                return true;
            }
            match Self::restart(src.get(behind..).unwrap_or_default()) {
                Restart::Yes => {
                    src.advance(behind);
                    self.state = State::Inside { scanned: 0 };
                    return true;
                }
                Restart::No => from = behind,
                Restart::Unknown => {
                    src.advance(at);
                    return false;
                }
            }
        }
    }
}

impl Decoder for Codec {
    type Item = Frame;
    type Error = CodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        loop {
            match self.state {
                State::Between => {
                    let start = memchr::memchr(START, src);
                    let junk = start.unwrap_or(src.len());
                    self.count_junk(src.get(..junk).unwrap_or_default());
                    src.advance(junk);
                    if start.is_none() {
                        return Ok(None);
                    }
                    src.advance(1);
                    self.state = State::Inside { scanned: 0 };
                }
                State::Inside { scanned } => return Ok(self.inside(src, scanned)),
                State::Skipping => {
                    if !self.skip(src) {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        if let Some(frame) = self.decode(src)? {
            return Ok(Some(frame));
        }
        let inside = matches!(self.state, State::Inside { .. });
        self.state = State::Between;
        let frame = inside.then(|| Self::broken(BrokenFrame::Unterminated, src));
        src.clear();
        Ok(frame)
    }
}

impl<B: AsRef<[u8]>> Encoder<B> for Codec {
    type Error = CodecError;

    fn encode(&mut self, content: B, dst: &mut BytesMut) -> Result<(), CodecError> {
        let content = content.as_ref();
        if memchr::memchr2(START, END, content).is_some() {
            return Err(CodecError::FrameByteInContent);
        }
        dst.reserve(content.len().saturating_add(3));
        dst.put_u8(START);
        dst.put_slice(content);
        dst.put_slice(&[END, b'\r']);
        Ok(())
    }
}
