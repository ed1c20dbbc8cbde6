//! The header of what came, as far as it can be read.

use crate::{Charset, Delimiters, charset};
use core::fmt;
use std::borrow::Cow;

/// How far into damaged bytes MSH is looked for.
const SEARCHED: usize = 4096;
/// MSH-25 is the last field of v2.8.
const MOST_FIELDS: usize = 25;

/// MSH read leniently from bytes that may be no message: nothing here fails, what cannot be read is empty.
///
/// `Debug` prints the shape.
#[derive(Clone)]
pub struct Header<'a> {
    delimiters: Delimiters,
    charset: Charset,
    /// From MSH-3 on, raw.
    fields: Vec<&'a [u8]>,
    /// Whether the separators are the sender's own. If not, raw fields do not fit into an answer.
    own_delimiters: bool,
    found: bool,
}

impl<'a> Header<'a> {
    /// Reads MSH at the beginning of the bytes, or else the first one that begins a line near the beginning.
    pub fn read(bytes: &'a [u8]) -> Self {
        let none = Self {
            delimiters: Delimiters::default(),
            charset: Charset::ASCII,
            fields: Vec::new(),
            own_delimiters: false,
            found: false,
        };
        let Some(line) = find(bytes) else { return none };
        let Some((&separator, rest)) = line.get(3..).and_then(<[u8]>::split_first) else { return none };
        if !Delimiters::may_separate(separator) {
            return none;
        }
        let mut fields = rest.split(|&byte| byte == separator);
        let read = Delimiters::read(separator, fields.next().unwrap_or_default());
        let (delimiters, own_delimiters) =
            read.map_or((Delimiters::default(), false), |(delimiters, _)| (delimiters, true));
        let mut header = Self {
            delimiters,
            fields: fields.take(MOST_FIELDS).collect(),
            own_delimiters,
            found: true,
            ..none
        };
        let declared = header.field(18);
        header.charset = charset::choose(line, declared.split(|&byte| Some(byte) == delimiters.repetition)).0;
        header
    }

    /// Whether an MSH was found at all.
    pub fn is_found(&self) -> bool {
        self.found
    }

    /// The separators, or the usual ones.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// The character set that MSH-18 declares.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// MSH-`n` as it came, for `n` from 3 on. Holds no line end.
    pub fn field(&self, n: usize) -> &'a [u8] {
        n.checked_sub(3).and_then(|index| self.fields.get(index)).copied().unwrap_or_default()
    }

    /// Component `n` of MSH-`field`, from 1, as text.
    pub fn component(&self, field: usize, n: usize) -> Cow<'a, str> {
        let raw = self.field(field);
        let raw = raw.split(|&byte| Some(byte) == self.delimiters.repetition).next().unwrap_or_default();
        let nth = n.checked_sub(1).and_then(|n| raw.split(|&byte| byte == self.delimiters.component).nth(n));
        crate::escape::decode(nth.unwrap_or_default(), &self.delimiters, self.charset)
    }

    /// MSH-10 as it came. It is what a stranger wrote: fit to be sent back, not to be logged.
    pub fn control_id(&self) -> &'a [u8] {
        self.field(10)
    }

    /// The version, MSH-12.1, as numbers: `[2, 5, 1]`. Unknown is `[2, 5, 0]`.
    pub fn version(&self) -> [u8; 3] {
        let text = self.component(12, 1);
        let mut parts = text.trim().split('.').map(|part| part.parse::<u8>().ok());
        match [parts.next().flatten(), parts.next().flatten(), parts.next().flatten()] {
            [Some(2), Some(minor), patch] => [2, minor, patch.unwrap_or(0)],
            _ => [2, 5, 0],
        }
    }

    /// Which acknowledgements the sender asks for (MSH-15 and MSH-16).
    pub fn mode(&self) -> AckMode {
        let read = |n| match self.component(n, 1).trim() {
            "" | "\"\"" => None,
            "NE" => Some(AckCondition::Never),
            "ER" => Some(AckCondition::Error),
            "SU" => Some(AckCondition::Success),
            // A sender that asks in words that table 0155 does not have still asks.
            _ => Some(AckCondition::Always),
        };
        match (read(15), read(16)) {
            (None, None) => AckMode::Original,
            (accept, application) => AckMode::Enhanced {
                accept: accept.unwrap_or(AckCondition::Never),
                application: application.unwrap_or(AckCondition::Never),
            },
        }
    }

    /// A field for an answer: as it came, without bytes that would end a line or a frame; escaped where the
    /// sender's separators could not be used.
    pub(super) fn echo(&self, n: usize) -> Vec<u8> {
        let mut raw: Vec<u8> =
            self.field(n).iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
        if !self.own_delimiters && !raw.is_empty() {
            let text = self.charset.decode(&raw);
            raw = self.charset.encode(&crate::escape::encode(&text, &self.delimiters)).into_owned();
        }
        raw
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({} fields)", self.fields.len())
    }
}

/// The line of MSH, without its end.
fn find(bytes: &[u8]) -> Option<&[u8]> {
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C);
    let leading = crate::index::skip_leading(bytes);
    let mut rest = bytes.get(leading..)?;
    let mut searched = 0_usize;
    loop {
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let line = rest.get(..length)?;
        if line.starts_with(b"MSH") && line.get(3).is_some_and(|byte| !byte.is_ascii_alphanumeric()) {
            return Some(line);
        }
        searched = searched.saturating_add(length).saturating_add(1);
        if searched > SEARCHED {
            return None;
        }
        rest = rest.get(length.saturating_add(1)..)?;
    }
}

/// Which acknowledgements a sender wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckMode {
    /// MSH-15 and MSH-16 are empty: one answer, AA, AE or AR.
    Original,
    /// Either is filled.
    Enhanced {
        /// When an accept acknowledgement (CA, CE, CR) is wanted, MSH-15; empty means never.
        accept: AckCondition,
        /// When an application acknowledgement (AA, AE, AR) is wanted, MSH-16; empty means never.
        application: AckCondition,
    },
}

/// When an acknowledgement is wanted (HL7 table 0155).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckCondition {
    /// `AL`.
    Always,
    /// `NE`.
    Never,
    /// `ER`: only when something went wrong.
    Error,
    /// `SU`: only when all went well.
    Success,
}

impl AckCondition {
    /// Whether an answer with this code is wanted.
    pub fn wants(self, code: super::AckCode) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Error => !code.is_accepted(),
            Self::Success => code.is_accepted(),
        }
    }
}
