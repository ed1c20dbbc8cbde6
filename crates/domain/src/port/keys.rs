//! Pseudonyms, and encryption per patient and class of data.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Phi, PortError, Pseudonym, Purpose};

/// The classes of data that have keys of their own, so that one can be erased while another must stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataClass {
    /// The patient's dossier (BW 7:454).
    Dossier,
    /// Records of involuntary care (Wzd art. 18a).
    Wzd,
    /// The NEN 7513 log.
    Log,
}

impl DataClass {
    /// Its name in stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dossier => "dossier",
            Self::Wzd => "wzd",
            Self::Log => "log",
        }
    }
}

/// Whose key protects something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyOwner {
    /// A patient, by pseudonym of [`Purpose::KeyOwner`] (payloads) or [`Purpose::AuditLog`] (entries).
    Patient(Pseudonym),
    /// Data of a sender that names no patient; the sender's profile name.
    Sender(String),
    /// Data of the system itself.
    System,
}

/// Sealed data: AES-256-GCM under the data key of one owner and class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The data key's id, random: says nothing about its owner.
    pub key: uuid::Uuid,
    /// Nonce ‖ ciphertext ‖ tag.
    pub ciphertext: Vec<u8>,
}

/// Pseudonyms, and encryption per patient and class.
#[async_trait]
pub trait Keys: Send + Sync {
    /// HMAC-SHA256 under the key of `purpose` over the parts, each behind its length as 4 bytes, the
    /// most significant first (so that `["ab","c"]` and `["a","bc"]` differ). For an identifier the parts are system and value.
    fn pseudonym(&self, purpose: Purpose, parts: &[&[u8]]) -> Pseudonym;

    /// The 32-byte identity key ([`Purpose::Identity`]) itself, which the pure converter is given.
    fn identity_key(&self) -> Phi<[u8; 32]>;

    /// Encrypts under the current data key of owner and class, which is made (durably, before this
    /// returns) when there is none. `context` is authenticated and must be given again to open.
    async fn seal(
        &self,
        owner: &KeyOwner,
        class: DataClass,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, PortError>;

    /// Decrypts. [`PortError::Erased`] when the data key was destroyed, [`PortError::Damaged`] when
    /// the ciphertext or the context is not what was sealed.
    async fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Phi<Vec<u8>>, PortError>;

    /// Destroys the data keys of owner and class, for good. Answers how many there were. When it could
    /// not be made sure that no trace is left on the disk it is [`PortError::Unavailable`]: the keys
    /// are gone, and asking again completes it (and counts only what was left).
    async fn destroy(&self, owner: &KeyOwner, class: DataClass) -> Result<u64, PortError>;
}
