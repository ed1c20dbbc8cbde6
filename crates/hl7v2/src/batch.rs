//! Several messages in one piece of bytes: batch files (HL7 v2.5.1 §2.10.3) and plain concatenations.
//!
//! The envelope segments FHS, BHS, BTS and FTS are taken off; what they promise (BTS-1 messages in the batch,
//! FTS-1 batches in the file) is compared with what came. Bytes that belong to no message are an entry of their
//! own, whose [`parse`](Entry::parse) says what is wrong: nothing is skipped in silence.
//!
//! ```
//! use hl7v2::batch;
//! let file = b"FHS|^~\\&|\rBHS|^~\\&|\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|3\rFTS|1\r";
//! let mut messages = batch::messages(file);
//! let senders: Vec<_> = messages
//!     .by_ref()
//!     .map(|entry| entry.parse().map(|message| message.header().field(3).value().text()))
//!     .collect::<Result<_, _>>()?;
//! assert_eq!(senders, ["A", "B"]);
//! assert_eq!(messages.problems().len(), 1, "BTS-1 promised three");
//! # Ok::<(), hl7v2::ParseError>(())
//! ```

use crate::{Message, ParseError, ParseOptions};

/// One message of a batch: its bytes, not yet parsed. `Debug` prints its shape.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Which entry, from 0.
    pub index: usize,
    /// Where its bytes start in the whole.
    pub offset: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Parses the message with the default limits.
    pub fn parse(&self) -> Result<Message<'a>, ParseError> {
        Message::parse(self.bytes)
    }

    /// Parses the message.
    pub fn parse_with(&self, options: &ParseOptions) -> Result<Message<'a>, ParseError> {
        Message::parse_with(self.bytes, options)
    }
}

impl core::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Entry({}, at byte {}, {} bytes)", self.index, self.offset, self.bytes.len())
    }
}

/// What an envelope promised and did not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeProblem {
    /// BTS-1 names another number of messages than came.
    #[error("BTS-1 at byte {offset} promises {promised} messages, {found} came")]
    MessageCount {
        /// Where the BTS begins.
        offset: usize,
        /// BTS-1.
        promised: u64,
        /// How many came since the last BHS.
        found: u64,
    },
    /// FTS-1 names another number of batches than came.
    #[error("FTS-1 at byte {offset} promises {promised} batches, {found} came")]
    BatchCount {
        /// Where the FTS begins.
        offset: usize,
        /// FTS-1.
        promised: u64,
        /// How many came since the last FHS.
        found: u64,
    },
    /// A file or batch has a header and no trailer: the end may be missing.
    #[error("an envelope that was opened is not closed: the end may be missing")]
    Unclosed,
}

impl EnvelopeProblem {
    /// A stable name in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MessageCount { .. } => "batch-message-count",
            Self::BatchCount { .. } => "batch-count",
            Self::Unclosed => "batch-unclosed",
        }
    }
}

/// The messages in the bytes, in order. Bytes of white space alone hold none.
pub fn messages(bytes: &[u8]) -> Messages<'_> {
    let at = crate::index::skip_leading(bytes);
    Messages {
        bytes,
        at,
        index: 0,
        messages: 0,
        batches: 0,
        file_open: false,
        batch_open: false,
        problems: vec![],
    }
}

/// Iterator over the messages of [`messages`].
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    bytes: &'a [u8],
    at: usize,
    index: usize,
    messages: u64,
    batches: u64,
    file_open: bool,
    batch_open: bool,
    problems: Vec<EnvelopeProblem>,
}

/// Problems beyond this many are not kept: a hostile file could hold one every few bytes.
const MOST_PROBLEMS: usize = 1_000;

impl Messages<'_> {
    /// What the envelopes promised and did not keep, as far as the iterator has come.
    pub fn problems(&self) -> &[EnvelopeProblem] {
        &self.problems
    }

    fn problem(&mut self, problem: EnvelopeProblem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn envelope(&mut self, kind: Line, line: &[u8], offset: usize) {
        // BTS-1 and FTS-1 are numbers; what is none promises nothing.
        let promised = || {
            let field = line.get(4..)?.split(|byte| Some(byte) == line.get(3)).next()?;
            core::str::from_utf8(field).ok()?.trim().parse::<u64>().ok()
        };
        match kind {
            Line::FileHeader => (self.file_open, self.batches) = (true, 0),
            Line::BatchHeader => {
                (self.batch_open, self.messages) = (true, 0);
                self.batches = self.batches.saturating_add(1);
            }
            Line::BatchTrailer => {
                self.batch_open = false;
                let found = core::mem::take(&mut self.messages);
                if let Some(promised) = promised().filter(|&promised| promised != found) {
                    self.problem(EnvelopeProblem::MessageCount { offset, promised, found });
                }
            }
            Line::FileTrailer => {
                self.file_open = false;
                let found = core::mem::take(&mut self.batches);
                if let Some(promised) = promised().filter(|&promised| promised != found) {
                    self.problem(EnvelopeProblem::BatchCount { offset, promised, found });
                }
            }
            Line::Message | Line::Other => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Message,
    FileHeader,
    BatchHeader,
    BatchTrailer,
    FileTrailer,
    Other,
}

fn line_kind(line: &[u8]) -> Line {
    let separated = |next: Option<&u8>| next.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    match line.split_at_checked(3) {
        Some((name, rest)) if separated(rest.first()) => match name {
            b"MSH" => Line::Message,
            b"FHS" => Line::FileHeader,
            b"BHS" => Line::BatchHeader,
            b"BTS" => Line::BatchTrailer,
            b"FTS" => Line::FileTrailer,
            _ => Line::Other,
        },
        _ => Line::Other,
    }
}

/// Line ends, and the frame bytes of MLLP that files of captured traffic keep.
fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C)
}

impl<'a> Iterator for Messages<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let mut start = None;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let length = rest.iter().position(|&byte| ends_line(byte)).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let kind = line_kind(line);
            let blank = line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0 || *byte == 0x1A);
            if let Some(start) = start
                && (rest.is_empty() || (kind != Line::Other && !blank))
            {
                let entry = Entry {
                    index: self.index,
                    offset: start,
                    bytes: self.bytes.get(start..self.at).unwrap_or_default(),
                };
                self.index = self.index.saturating_add(1);
                self.messages = self.messages.saturating_add(1);
                return Some(entry);
            }
            if rest.is_empty() {
                if core::mem::take(&mut self.file_open) | core::mem::take(&mut self.batch_open) {
                    self.problem(EnvelopeProblem::Unclosed);
                }
                return None;
            }
            match kind {
                Line::Message => start = Some(self.at),
                Line::Other if !blank && start.is_none() => start = Some(self.at),
                Line::Other => {}
                envelope => self.envelope(envelope, line, self.at),
            }
            self.at = self.at.saturating_add(length).saturating_add(1).min(self.bytes.len());
        }
    }
}
