//! [`Clients`]: systems and people with credentials and a right of their own.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use zorgsluis_domain::PortError;

/// What a client may do. Each right stands alone: who may write into the log may not read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Submits events of its own into the log (`POST /fhir/AuditEvent`, and Bundles of them), and reads nothing.
    SubmitEvents,
    /// Reads the log (`/fhir/AuditEvent`), and nothing else: the privacy officer's.
    ReadLog,
}

impl Right {
    /// Its name in settings: `audit-source`, `log`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubmitEvents => "audit-source",
            Self::ReadLog => "log",
        }
    }

    /// The right of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SubmitEvents, Self::ReadLog].into_iter().find(|right| right.name() == name)
    }
}

/// A system or a person that has a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// By what it is known in the log.
    pub name: Arc<str>,
    /// What it may do.
    pub right: Right,
    /// The identifier system in which its patient ids are numbers, when it names patients as `Patient/<number>`.
    pub patient_system: Option<Arc<str>>,
}

/// The SHA-256 of a token: all that is kept of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token. Tokens are 256 random bits: nothing is gained by guessing, so no slow hash is needed.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        for (byte, of) in hash.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()) {
            *byte = *of;
        }
        Self(hash)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// Who has a token besides the operator.
pub trait Clients: Send + Sync {
    /// The client whose token has this hash; asked at each request that brings another token than the operator's.
    fn find(&self, token: &TokenHash) -> Result<Option<Client>, PortError>;
}
