//! What can be wrong with a message, and what is merely odd.

use crate::Place;
use core::fmt;

/// Why bytes are not a message. Holds no value of the message: safe to log and to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// More bytes than [`Limits::bytes`](crate::Limits::bytes).
    #[error("the message has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// How many bytes came.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes are UTF-16; see [`charset::from_utf16`](crate::charset::from_utf16).
    #[error("the message is UTF-16, which has to be converted before it is parsed")]
    Utf16,
    /// The bytes do not begin with MSH.
    #[error("no MSH segment at the beginning (byte {offset})")]
    MissingHeader {
        /// Where MSH was expected.
        offset: u32,
    },
    /// The bytes hold FHS, BHS, BTS or FTS: they are a batch; see [`batch`](crate::batch).
    #[error("a batch envelope (FHS, BHS, BTS or FTS) stands at byte {offset} where one message was expected")]
    BatchEnvelope {
        /// Where its segment begins.
        offset: u32,
    },
    /// MSH-1 or MSH-2 hold characters that cannot separate: a letter, a digit, the same one twice.
    #[error("the separators in {place} are not usable")]
    InvalidDelimiters {
        /// MSH-1 or MSH-2.
        place: Place,
        /// Where they stand.
        offset: u32,
    },
    /// A line does not begin with a segment name and a field separator.
    #[error("line {line} (byte {offset}) does not begin with a segment name")]
    InvalidSegmentName {
        /// The line, counted from 1 without blank lines.
        line: u32,
        /// Where the line begins.
        offset: u32,
    },
    /// A second MSH: these are several messages; see [`batch`](crate::batch).
    #[error("a second message begins at {place} (byte {offset})")]
    SecondHeader {
        /// The second MSH.
        place: Place,
        /// Where it begins.
        offset: u32,
    },
    /// More segments than [`Limits::segments`](crate::Limits::segments).
    #[error("more than {limit} segments (byte {offset})")]
    TooManySegments {
        /// The limit.
        limit: usize,
        /// Where the first one too many begins.
        offset: u32,
    },
    /// More fields in a segment than [`Limits::fields`](crate::Limits::fields).
    #[error("more than {limit} fields in {place}")]
    TooManyFields {
        /// The limit.
        limit: usize,
        /// The segment.
        place: Place,
    },
    /// More repetitions, components or subcomponents in a field than can be counted.
    #[error("more than {limit} repetitions, components or subcomponents in {place}")]
    TooManyParts {
        /// The limit.
        limit: usize,
        /// The field.
        place: Place,
    },
}

impl ParseError {
    /// A stable name of the error in kebab-case, for reports and acknowledgements.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty-message",
            Self::TooLarge { .. } => "message-too-large",
            Self::Utf16 => "utf-16",
            Self::MissingHeader { .. } => "missing-header",
            Self::BatchEnvelope { .. } => "batch-envelope",
            Self::InvalidDelimiters { .. } => "invalid-delimiters",
            Self::InvalidSegmentName { .. } => "invalid-segment-name",
            Self::SecondHeader { .. } => "second-header",
            Self::TooManySegments { .. } => "too-many-segments",
            Self::TooManyFields { .. } => "too-many-fields",
            Self::TooManyParts { .. } => "too-many-parts",
        }
    }

    /// The place in the message, where it can be named.
    pub fn place(&self) -> Option<Place> {
        match *self {
            Self::InvalidDelimiters { place, .. }
            | Self::SecondHeader { place, .. }
            | Self::TooManyFields { place, .. }
            | Self::TooManyParts { place, .. } => Some(place),
            Self::MissingHeader { .. } => Some(Place::of_segment(*b"MSH", 1)),
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Utf16
            | Self::BatchEnvelope { .. }
            | Self::InvalidSegmentName { .. }
            | Self::TooManySegments { .. } => None,
        }
    }

    /// The byte in the message, where it can be named.
    pub fn offset(&self) -> Option<u32> {
        match *self {
            Self::MissingHeader { offset }
            | Self::BatchEnvelope { offset }
            | Self::InvalidDelimiters { offset, .. }
            | Self::InvalidSegmentName { offset, .. }
            | Self::SecondHeader { offset, .. }
            | Self::TooManySegments { offset, .. } => Some(offset),
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Utf16
            | Self::TooManyFields { .. }
            | Self::TooManyParts { .. } => None,
        }
    }
}

/// Something odd that was read all the same. Holds no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// What is odd.
    pub kind: WarningKind,
    /// Where.
    pub place: Place,
}

impl Warning {
    /// The stable name of [`Warning::kind`] in kebab-case.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

/// The kinds of [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// MSH-2 is empty; `^~\&` is assumed.
    #[error("no encoding characters: the usual ones are assumed")]
    DelimitersAssumed,
    /// MSH-2 is `^~\\&`; read as `^~\&`.
    #[error("the escape character is doubled: read as one")]
    DelimitersDoubled,
    /// MSH-2 has more than five characters.
    #[error("more than five encoding characters: the rest is left alone")]
    DelimitersSurplus,
    /// MSH-18 is empty and the bytes are neither ASCII nor UTF-8: read as 8859/1.
    #[error("no character set is declared and the bytes are not UTF-8: read as 8859/1")]
    CharsetAssumed,
    /// MSH-18 names a character set that is not known here.
    #[error("unknown character set: read as UTF-8, or as 8859/1 where that fails")]
    CharsetUnknown,
    /// MSH-18 names a character set whose bytes cannot be told from separators.
    #[error("character set not supported: read as UTF-8, or as 8859/1 where that fails")]
    CharsetUnsupported,
    /// The bytes are not in the character set that MSH-18 names, and are read in another; or they are
    /// UTF-8 where it names a single-byte set, and are read as declared (the profile can overrule).
    #[error("the bytes do not look like the declared character set")]
    CharsetMismatch,
    /// 8859/1 is declared, but bytes 80 to 9F occur: perhaps windows-1252 (the profile can say so).
    #[error("control characters of 8859/1 occur: perhaps windows-1252 was meant")]
    CharsetControls,
    /// A line feed inside a field of a message whose segments end in CR.
    #[error("a line feed inside a field: kept as part of the value")]
    LineFeedInField,
}

impl WarningKind {
    /// A stable name in kebab-case.
    pub fn code(self) -> &'static str {
        match self {
            Self::DelimitersAssumed => "delimiters-assumed",
            Self::DelimitersDoubled => "delimiters-doubled",
            Self::DelimitersSurplus => "delimiters-surplus",
            Self::CharsetAssumed => "charset-assumed",
            Self::CharsetUnknown => "charset-unknown",
            Self::CharsetUnsupported => "charset-unsupported",
            Self::CharsetMismatch => "charset-mismatch",
            Self::CharsetControls => "charset-controls",
            Self::LineFeedInField => "line-feed-in-field",
        }
    }
}
