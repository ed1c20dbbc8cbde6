//! [`Signer`]: the port to the key that signs checkpoints; [`VerifyingKey`], which needs no port.

use std::fmt;

use crate::storage::Cause;
use crate::vkey;
use async_trait::async_trait;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// The type byte of Ed25519 keys (C2SP signed-note, "Signature types").
const TYPE_ED25519: u8 = 0x01;

/// A key that signs checkpoints: Ed25519 of RFC 8032 over the raw message (in KMS:
/// `ECC_NIST_EDWARDS25519`, `ED25519_SHA_512`, message type RAW, 4096 bytes at most).
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half, under the name that stands in signature lines.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Signs the message: 64 bytes.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// Signing failed.
#[derive(Debug, thiserror::Error)]
#[error("the signing key could not be used")]
pub struct SignError(#[source] pub Cause);

/// A key does not have the form it must have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// Empty, or holds a space, a plus sign or a control character (C2SP signed-note, "Format").
    #[error("the key name is empty or holds a space, a plus sign or a control character")]
    Name,
    /// Not `name+8 hex digits+base64(type ‖ key)`.
    #[error("not a verifier key of the form name+id+base64")]
    Form,
    /// The key id is not the hash of name and key.
    #[error("the key id does not belong to this name and key")]
    Id,
    /// Not an Ed25519 key.
    #[error("not an Ed25519 key")]
    Type,
}

/// An Ed25519 public key with its name: all that is needed to check a checkpoint.
///
/// Text form (the "vkey" of Go's `note` package and C2SP signed-note): `name+id+base64(0x01 ‖ key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    key: [u8; 32],
    id: u32,
}

impl VerifyingKey {
    /// The key under this name.
    pub fn new(name: impl Into<String>, key: [u8; 32]) -> Result<Self, KeyError> {
        let name = name.into();
        let id = vkey::id(&name, TYPE_ED25519, &key)?;
        Ok(Self { name, key, id })
    }

    /// The same key under another name: where one key signs several logs.
    pub fn renamed(&self, name: impl Into<String>) -> Result<Self, KeyError> {
        Self::new(name, self.key)
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, key) = vkey::parse(text, TYPE_ED25519)?;
        Self::new(name, key)
    }

    /// The name in signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id in signature lines: the first four bytes of `SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)`.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The public key (RFC 8032).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether the signature is this key's over the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        vkey::write(f, &self.name, self.id, TYPE_ED25519, &self.key)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

/// A [`Signer`] that holds its key in memory.
pub struct LocalSigner {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl LocalSigner {
    /// The key pair of a 32-byte seed (RFC 8032 private key), which the caller keeps secret.
    pub fn from_seed(name: impl Into<String>, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Type)?;
        let key = <[u8; 32]>::try_from(pair.public_key().as_ref()).map_err(|_| KeyError::Type)?;
        Ok(Self { pair, public: VerifyingKey::new(name, key)? })
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        <[u8; 64]>::try_from(self.pair.sign(message).as_ref())
            .map_err(|_| SignError("an Ed25519 signature has 64 bytes".into()))
    }
}
