//! Signed notes (C2SP signed-note): text with signature lines under it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sign::VerifyingKey;

/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 64 << 10;
/// The most signatures on a note.
pub const MAX_SIGNATURES: usize = 32;

const SIGNATURE_START: &str = "\u{2014} ";

/// A note: text, and signatures that have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub id: u32,
    /// The signature, in the form that the key's type says.
    pub signature: Vec<u8>,
}

/// Why bytes are not a signed note, or not one to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_BYTES`], or more than [`MAX_SIGNATURES`] signatures.
    #[error("a note longer, or with more signatures, than is allowed")]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("a note is UTF-8 without control characters")]
    Characters,
    /// Not text, blank line and signature lines.
    #[error("not a text, a blank line and signature lines")]
    Form,
    /// No signature by a known key.
    #[error("no known key has signed it")]
    NoKnownSignature,
    /// A signature by a known key is wrong.
    #[error("the signature of a known key is wrong")]
    WrongSignature,
}

impl Note {
    /// A note without signatures; its text ends with a newline.
    pub fn new(text: String) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Form);
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note. Strict: base64 in its one canonical form, nothing before, between or behind.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        check_characters(whole)?;
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::Form)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooLong);
            }
            signatures.push(NoteSignature::parse(line).ok_or(NoteError::Form)?);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The text: what is signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, also of unknown keys.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds the Ed25519 signature of this key.
    pub fn add_signature(&mut self, key: &VerifyingKey, signature: [u8; 64]) {
        let signature = signature.to_vec();
        self.signatures.push(NoteSignature { name: key.name().to_owned(), id: key.id(), signature });
    }

    /// Adds a signature that somebody else made, in the place of an older one of the same key. Not added when the note
    /// holds [`MAX_SIGNATURES`] already.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures.retain(|line| line.name != signature.name || line.id != signature.id);
        if self.signatures.len() < MAX_SIGNATURES {
            self.signatures.push(signature);
        }
    }

    /// Checks the signatures of the known keys: each that is there must be right, and one must be
    /// there. Those of unknown keys are passed over, as the specification demands. Returns the keys
    /// that signed.
    pub fn verify<'k>(&self, known: &'k [VerifyingKey]) -> Result<Vec<&'k VerifyingKey>, NoteError> {
        let mut signers = Vec::new();
        for line in &self.signatures {
            let Some(key) = known.iter().find(|key| key.name() == line.name && key.id() == line.id) else {
                continue;
            };
            if !key.verifies(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::WrongSignature);
            }
            signers.push(key);
        }
        if signers.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(signers) }
    }

    /// The note as it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.text);
        self.signatures.iter().for_each(|line| text.push_str(&line.to_line()));
        text
    }
}

impl NoteSignature {
    /// The line, with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        format!("{SIGNATURE_START}{} {}\n", self.name, STANDARD.encode(bytes))
    }

    /// Reads a line, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+') {
            return None;
        }
        let bytes = STANDARD.decode(base64).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: u32::from_be_bytes(*id), signature: signature.to_vec() })
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|b| b < b' ' && b != b'\n') { Err(NoteError::Characters) } else { Ok(()) }
}
