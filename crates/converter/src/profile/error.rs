//! What can be wrong with a profile, and where.

use std::path::PathBuf;

/// Why profiles could not be read. The text names file, line and column (both from 1); profiles hold
/// no patient data, so it may quote them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A file or folder could not be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A folder without a single `.toml` file: a mistyped path, most likely.
    #[error("{}: holds no .toml file", path.display())]
    NoProfiles {
        /// Which.
        path: PathBuf,
    },
    /// Something in a file is wrong.
    #[error("{file}:{line}:{column}: {problem}")]
    Wrong {
        /// The file's name as it was given.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What.
        problem: Problem,
    },
}

/// What is wrong at a place in a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not TOML, an unknown key, or a value of the wrong type. The text is the TOML reader's.
    #[error("{0}")]
    Syntax(String),
    /// `[[sender]]` without a name.
    #[error("a sender needs a `name`")]
    NoName,
    /// Two senders of one name.
    #[error("there is a sender `{0}` already")]
    NameTwice(String),
    /// A name that cannot stand in logs and metrics.
    #[error("`{0}` is not a name: use letters, digits, `-`, `_` and `.`, at most 64")]
    BadName(String),
    /// Neither application nor facility.
    #[error("sender `{0}` needs an `application` (MSH-3), a `facility` (MSH-4) or both")]
    NoSelector(String),
    /// Two senders with the same application and facility.
    #[error("sender `{0}` has the same application and facility")]
    SelectorTwice(String),
    /// `[default]` applies to everybody and cannot name a sender.
    #[error("[default] applies to every sender: `{0}` does not belong here")]
    SelectorInDefault(&'static str),
    /// More than one `[default]`.
    #[error("there is a [default] already, in {0}")]
    DefaultTwice(String),
    /// Not a time zone.
    #[error("`{0}` is not a time zone of the IANA database")]
    UnknownTimeZone(String),
    /// Not a character set that can be read.
    #[error("`{0}` is not a character set of HL7 table 0211 that can be read here")]
    UnknownCharacterSet(String),
    /// An identifier or code system must be a URI.
    #[error("`{0}` is not an absolute URI")]
    NotAUri(String),
    /// `patient-identifier` without content.
    #[error("`patient-identifier` needs a `type`, an `authority` or both")]
    EmptyIdentifierRule,
    /// Not a field.
    #[error("`{0}` is not a field: write it as `OBX-3`")]
    NotAField(String),
    /// A code map without codes.
    #[error("this code map has no codes")]
    EmptyCodeMap,
    /// Not the name of a Z-segment.
    #[error("`{0}` is not a Z-segment: `Z` and two letters or digits")]
    NotAZSegment(String),
    /// Not a field number.
    #[error("`{0}` is not a field number, nor a component as `3.2`, nor `*` for all fields")]
    NotAFieldNumber(String),
    /// Not a resource that we write.
    #[error(
        "`{0}` is not a resource that we write: `patient`, `encounter`, or a FHIR type as `ServiceRequest`"
    )]
    NotAResource(String),
    /// A Z-segment rule that says nothing, or two things.
    #[error("say either `extension` and `on`, or `ignore` with the reason")]
    UnclearZRule,
}

/// A problem and the byte at which it stands.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) offset: usize,
    pub(super) problem: Problem,
}

impl At {
    pub(super) fn in_file(self, file: &str, text: &str) -> ProfileError {
        let before = text.get(..self.offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ProfileError::Wrong {
            file: file.to_owned(),
            line: before.bytes().filter(|&b| b == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            problem: self.problem,
        }
    }
}
