//! What an answer says was wrong: the content of ERR.

use crate::{ParseError, Place};
use std::borrow::Cow;

/// One thing that was wrong, for ERR. Its texts are ours and hold no value of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code of HL7 table 0357.
    pub condition: Condition,
    /// How bad.
    pub severity: Severity,
    /// Where in the message.
    pub place: Option<Place>,
    /// Our own stable name, kebab-case (ERR-5).
    pub code: Cow<'static, str>,
    /// For a person (ERR-8, or MSA-3 in old versions). Never a value of the message.
    pub text: Cow<'static, str>,
}

impl Problem {
    /// An error without a place.
    pub fn new(
        condition: Condition,
        code: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { condition, severity: Severity::Error, place: None, code: code.into(), text: text.into() }
    }

    /// The same at a place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }
}

impl From<&ParseError> for Problem {
    fn from(error: &ParseError) -> Self {
        let condition = match error {
            ParseError::Empty
            | ParseError::MissingHeader { .. }
            | ParseError::BatchEnvelope { .. }
            | ParseError::InvalidSegmentName { .. }
            | ParseError::SecondHeader { .. } => Condition::SegmentSequence,
            ParseError::InvalidDelimiters { .. } | ParseError::Utf16 => Condition::DataType,
            ParseError::TooLarge { .. }
            | ParseError::TooManySegments { .. }
            | ParseError::TooManyFields { .. }
            | ParseError::TooManyParts { .. } => Condition::ValueTooLong,
        };
        Self { place: error.place(), ..Self::new(condition, error.code(), error.to_string()) }
    }
}

/// Message error condition codes (HL7 table 0357).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// 0
    Accepted,
    /// 100
    SegmentSequence,
    /// 101
    RequiredFieldMissing,
    /// 102
    DataType,
    /// 103
    TableValueNotFound,
    /// 104
    ValueTooLong,
    /// 200
    UnsupportedMessageType,
    /// 201
    UnsupportedEvent,
    /// 202
    UnsupportedProcessingId,
    /// 203
    UnsupportedVersion,
    /// 204
    UnknownKey,
    /// 205
    DuplicateKey,
    /// 206
    RecordLocked,
    /// 207
    Internal,
}

impl Condition {
    /// The code and its name in table 0357.
    pub fn code(self) -> (u16, &'static str) {
        match self {
            Self::Accepted => (0, "Message accepted"),
            Self::SegmentSequence => (100, "Segment sequence error"),
            Self::RequiredFieldMissing => (101, "Required field missing"),
            Self::DataType => (102, "Data type error"),
            Self::TableValueNotFound => (103, "Table value not found"),
            Self::ValueTooLong => (104, "Value too long"),
            Self::UnsupportedMessageType => (200, "Unsupported message type"),
            Self::UnsupportedEvent => (201, "Unsupported event code"),
            Self::UnsupportedProcessingId => (202, "Unsupported processing id"),
            Self::UnsupportedVersion => (203, "Unsupported version id"),
            Self::UnknownKey => (204, "Unknown key identifier"),
            Self::DuplicateKey => (205, "Duplicate key identifier"),
            Self::RecordLocked => (206, "Application record locked"),
            Self::Internal => (207, "Application internal error"),
        }
    }
}

/// Severity (HL7 table 0516).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `E`
    Error,
    /// `W`
    Warning,
    /// `I`
    Information,
}

impl Severity {
    /// The code as it stands in ERR-4.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "E",
            Self::Warning => "W",
            Self::Information => "I",
        }
    }
}
