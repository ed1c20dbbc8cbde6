use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a pseudonym is for. Each purpose has an HMAC key of its own, so that pseudonyms of different
/// purposes cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Enters the name from which FHIR ids are made. This key is never rotated.
    Identity,
    /// The key of the patient index.
    PatientIndex,
    /// The message group of the inbound queue.
    QueueGroup,
    /// Owner of encryption keys.
    KeyOwner,
    /// The patient's column in the index of the audit log.
    AuditLog,
    /// The message id (duplicates).
    Message,
    /// By what else than the patient an entry is found in the index of the audit log: users, departments,
    /// kinds of event.
    LogSearch,
}

impl Purpose {
    /// All purposes, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::Identity,
        Self::PatientIndex,
        Self::QueueGroup,
        Self::KeyOwner,
        Self::AuditLog,
        Self::Message,
        Self::LogSearch,
    ];

    /// The name under which the key of this purpose is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::PatientIndex => "patient-index",
            Self::QueueGroup => "queue-group",
            Self::KeyOwner => "key-owner",
            Self::AuditLog => "audit-log",
            Self::Message => "message",
            Self::LogSearch => "log-search",
        }
    }
}

/// HMAC-SHA256 of an identifier (or of a message) under the key of one [`Purpose`]. May be stored and
/// printed; it tells nothing to who has not the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 32]);

impl Pseudonym {
    /// Takes the 32 bytes of an HMAC-SHA256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits, the form of its `Display`.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonym({self})")
    }
}

impl Serialize for Pseudonym {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pseudonym {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("a pseudonym is 64 lower-case hexadecimal digits"))
    }
}

/// The id of a message: made from the [`Purpose::Message`] pseudonym of sender, MSH-10 and content, so
/// that a message that comes twice has one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    /// The first 16 bytes of the pseudonym as a UUID of version 8 (RFC 9562 §5.8, vendor-defined).
    pub fn from_pseudonym(pseudonym: &Pseudonym) -> Self {
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&pseudonym.0[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for MessageId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// The id of a log entry: a UUID of version 7 (RFC 9562 §5.7).
///
/// Whoever may have to write the same entry again (a message delivered twice) makes its id by
/// [`EntryId::derived`], and the log keeps it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// A version 7 UUID whose time is `at` and whose other bits are the given random (or derived) bytes.
    pub fn new(at: Timestamp, bits: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid())
    }

    /// The same id for the same time and name: for entries that a second delivery writes again.
    pub fn derived(at: Timestamp, name: &str) -> Self {
        let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let mut bits = [0u8; 10];
        bits.copy_from_slice(&hash.as_bytes()[..10]);
        Self::new(at, bits)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for EntryId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_reads_what_it_prints() {
        let pseudonym = Pseudonym::from_bytes([0xa7; 32]);
        assert_eq!(Pseudonym::from_hex(&pseudonym.to_string()), Some(pseudonym));
        assert_eq!(Pseudonym::from_hex("a7"), None);
        assert_eq!(Pseudonym::from_hex(&"G".repeat(64)), None);
    }

    #[test]
    fn a_derived_entry_id_is_version_7_and_stable() {
        let at = Timestamp::from_second(1_760_000_000).unwrap();
        let id = EntryId::derived(at, "conversion of m1");
        assert_eq!(id, EntryId::derived(at, "conversion of m1"));
        assert_ne!(id, EntryId::derived(at, "conversion of m2"));
        assert_eq!(id.0.get_version_num(), 7);
    }
}
