//! Acknowledgements (HL7 v2.5.1 §2.9): when one is wanted, how it is written, how it is read.
//!
//! In the *original* mode a message gets one answer: `AA` accepted, `AE` error, `AR` rejected. A sender that fills
//! MSH-15 or MSH-16 asks for the *enhanced* mode: an accept acknowledgement (`CA`, `CE`, `CR`) says whether the
//! message is safely kept, an application acknowledgement (`AA`, `AE`, `AR`) what became of it; [`AckMode`] and
//! [`AckCondition`] say which of them it wants.
//!
//! An answer is written in the sender's separators, version and character set, so [`AckBuilder`] starts from the
//! [`Header`] of what came, which can be read from bytes that are no message at all.
//!
//! ```
//! use hl7v2::ack::{AckBuilder, AckCode, AckMode, Acknowledgement, Header, Problem};
//! let received = b"MSH|^~\\&|ZIS|AMC|SLUIS|LAB|20260102||ADT^A01^ADT_A01|MSG1|P|2.5\rnonsense\r";
//! let header = Header::read(received);
//! assert_eq!(header.mode(), AckMode::Original);
//!
//! let error = hl7v2::Message::parse(received).err().ok_or("it is damaged")?;
//! let answer = AckBuilder::new(AckCode::AR, &header)
//!     .sent_at("20260102101500+0100")
//!     .control_id("A1")
//!     .problem(Problem::from(&error))
//!     .build();
//! assert!(answer.starts_with(b"MSH|^~\\&|SLUIS|LAB|ZIS|AMC|20260102101500+0100||ACK^A01^ACK|A1|P|2.5\r"));
//!
//! let read = Acknowledgement::parse(&answer)?;
//! assert_eq!((read.code, read.control_id.as_str()), (AckCode::AR, "MSG1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod header;
mod problem;
mod read;

pub use build::AckBuilder;
pub use header::{AckCondition, AckMode, Header};
pub use problem::{Condition, Problem, Severity};
pub use read::{AckReadError, Acknowledgement, ReportedProblem};

/// The acknowledgement code, MSA-1 (HL7 table 0008).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// Original mode: accepted. Enhanced mode: processed.
    AA,
    /// Error: the sender may correct the message and send it again.
    AE,
    /// Rejected: for a reason that lies not in the content, or that makes it no message.
    AR,
    /// Enhanced mode: safely kept.
    CA,
    /// Enhanced mode: not kept, for an error.
    CE,
    /// Enhanced mode: not kept, rejected.
    CR,
}

impl AckCode {
    /// The code as it stands in MSA-1.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AA => "AA",
            Self::AE => "AE",
            Self::AR => "AR",
            Self::CA => "CA",
            Self::CE => "CE",
            Self::CR => "CR",
        }
    }

    /// Whether the message was taken.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::AA | Self::CA)
    }

    /// The accept acknowledgement of the enhanced mode that says the same.
    pub fn as_accept(self) -> Self {
        match self {
            Self::AA | Self::CA => Self::CA,
            Self::AE | Self::CE => Self::CE,
            Self::AR | Self::CR => Self::CR,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        [Self::AA, Self::AE, Self::AR, Self::CA, Self::CE, Self::CR]
            .into_iter()
            .find(|code| code.as_str() == text)
    }
}

impl core::fmt::Display for AckCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}
