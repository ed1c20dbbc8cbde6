//! The leaf: what the tree commits to for one entry.

use std::fmt;

use bytes::Bytes;

use crate::hash::{Hash, leaf_hash, sha256};

/// The first byte of every leaf of this format.
pub const LEAF_VERSION: u8 = 1;
/// The longest key reference, in bytes.
pub const MAX_KEY_REF: usize = 128;
/// The shortest and the longest leaf, in bytes: version, id, payload hash, key reference.
pub const LEAF_LEN: std::ops::RangeInclusive<usize> = FIXED..=FIXED + MAX_KEY_REF;

const FIXED: usize = 1 + 16 + 32;

/// The id of an entry, given by the caller and unique within a log. Bytes of a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub [u8; 16]);

impl fmt::Display for EntryId {
    /// As a UUID is written: `018f0000-0000-7000-8000-000000000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({self})")
    }
}

/// A leaf: `version (1) ‖ entry id (16) ‖ SHA-256 of the payload (32) ‖ key reference (0..=128)`.
///
/// The payload itself (ciphertext) is not part of the tree, only its hash is; the key reference is
/// opaque here and tells the caller which key opens the payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf(Bytes);

impl Leaf {
    /// The leaf of an entry; `None` if the key reference is longer than [`MAX_KEY_REF`].
    #[must_use]
    pub fn new(id: EntryId, payload: &[u8], key_ref: &[u8]) -> Option<Self> {
        if key_ref.len() > MAX_KEY_REF {
            return None;
        }
        let mut bytes = Vec::with_capacity(FIXED + key_ref.len());
        bytes.push(LEAF_VERSION);
        bytes.extend_from_slice(&id.0);
        bytes.extend_from_slice(&sha256(payload).0);
        bytes.extend_from_slice(key_ref);
        Some(Self(bytes.into()))
    }

    /// A leaf from its bytes; `None` if they are not of this format.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Option<Self> {
        LeafRef::parse(&bytes)?;
        Some(Self(bytes))
    }

    /// The bytes, as they are hashed into the tree.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The entry's id.
    #[must_use]
    pub fn id(&self) -> EntryId {
        LeafRef::parse(&self.0).map_or(EntryId([0; 16]), |leaf| leaf.id())
    }

    /// The hash of the payload that the leaf commits to.
    #[must_use]
    pub fn payload_hash(&self) -> Hash {
        LeafRef::parse(&self.0).map_or(Hash([0; 32]), |leaf| leaf.payload_hash())
    }

    /// The caller's key reference.
    #[must_use]
    pub fn key_ref(&self) -> &[u8] {
        LeafRef::parse(&self.0).map_or(&[], |leaf| leaf.key_ref)
    }

    /// The leaf hash of RFC 6962.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.0)
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf").field("id", &self.id()).field("payload_hash", &self.payload_hash()).finish()
    }
}

/// A leaf, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafRef<'a> {
    id: &'a [u8; 16],
    payload_hash: &'a [u8; 32],
    key_ref: &'a [u8],
}

impl<'a> LeafRef<'a> {
    /// `None` if the bytes are not a leaf of this format.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        if !LEAF_LEN.contains(&bytes.len()) {
            return None;
        }
        let (version, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (payload_hash, key_ref) = rest.split_first_chunk::<32>()?;
        (*version == LEAF_VERSION).then_some(Self { id, payload_hash, key_ref })
    }

    pub(crate) fn id(&self) -> EntryId {
        EntryId(*self.id)
    }

    pub(crate) fn payload_hash(&self) -> Hash {
        Hash(*self.payload_hash)
    }
}
