//! Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519: "cosignature/v1").

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::note::{Note, NoteError, NoteSignature};
use crate::sign::KeyError;
use crate::vkey;

/// The type byte of timestamped Ed25519 cosignatures (C2SP signed-note, "Signature types").
const TYPE_COSIGNATURE: u8 = 0x04;

/// The public key of a witness with its name: all that is needed to check its cosignatures.
///
/// Text form: `name+id+base64(0x04 ‖ key)` (C2SP tlog-cosignature, "Format").
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: [u8; 32],
    id: u32,
}

/// What a cosignature says: at this time, this was the newest tree that the witness had seen of the log, and it
/// continued every earlier one that it had seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cosignature {
    /// When, in seconds since 1970-01-01 UTC, by the clock of the witness.
    pub time: u64,
}

impl WitnessKey {
    /// The key under this name.
    pub fn new(name: impl Into<String>, key: [u8; 32]) -> Result<Self, KeyError> {
        let name = name.into();
        let id = vkey::id(&name, TYPE_COSIGNATURE, &key)?;
        Ok(Self { name, key, id })
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, key) = vkey::parse(text, TYPE_COSIGNATURE)?;
        Self::new(name, key)
    }

    /// The name in signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id in signature lines.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The cosignature of this witness on a note, checked; the newest, if there are several. `None`: it has not
    /// cosigned. One that is there and wrong is an error, as the specification of notes demands.
    pub fn cosignature(&self, note: &Note) -> Result<Option<Cosignature>, NoteError> {
        let mut newest = None;
        for line in note.signatures().iter().filter(|line| line.name == self.name && line.id == self.id) {
            let Some((time, signature)) = line.signature.split_first_chunk::<8>() else {
                return Err(NoteError::WrongSignature);
            };
            let time = u64::from_be_bytes(*time);
            let message = message(note.text(), time);
            let key = UnparsedPublicKey::new(&ED25519, &self.key);
            if i64::try_from(time).is_err() || key.verify(message.as_bytes(), signature).is_err() {
                return Err(NoteError::WrongSignature);
            }
            newest = newest.max(Some(Cosignature { time }));
        }
        Ok(newest)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        vkey::write(f, &self.name, self.id, TYPE_COSIGNATURE, &self.key)
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({self})")
    }
}

/// The key with which a witness cosigns.
pub struct Cosigner {
    pair: Ed25519KeyPair,
    public: WitnessKey,
}

impl Cosigner {
    /// The key pair of a 32-byte seed (RFC 8032 private key), which the caller keeps secret.
    pub fn from_seed(name: impl Into<String>, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Type)?;
        let key = <[u8; 32]>::try_from(pair.public_key().as_ref()).map_err(|_| KeyError::Type)?;
        Ok(Self { pair, public: WitnessKey::new(name, key)? })
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &WitnessKey {
        &self.public
    }

    /// Cosigns a checkpoint, at this time in seconds since 1970-01-01 UTC. Whether it *may* be cosigned,
    /// [`examine`](crate::examine) says.
    #[must_use]
    pub fn cosign(&self, note: &Note, time: u64) -> NoteSignature {
        let mut signature = time.to_be_bytes().to_vec();
        signature.extend_from_slice(self.pair.sign(message(note.text(), time).as_bytes()).as_ref());
        NoteSignature { name: self.public.name.clone(), id: self.public.id, signature }
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner").field("public", &self.public).finish_non_exhaustive()
    }
}

/// What is signed (C2SP tlog-cosignature, "Ed25519 signed message").
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
