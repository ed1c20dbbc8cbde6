//! [`Succession`]: what the first entry of a log says of the sealed one that it continues.

use std::fmt;

use tlog::{Code, Finding, LogError, LogObject};
use zorgsluis_domain::audit::{EventKind, ObjectRole};

use crate::content::{Opened, open_logged};
use crate::{AuditError, AuditLog};

/// The last state of a sealed log, as the first entry of the one that continues it names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The name of the sealed log in its checkpoints.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of these, hexadecimal.
    pub root: String,
}

impl fmt::Display for Succession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, size, root } = self;
        write!(f, "continues {origin}, sealed at {size} entries with root {root}")
    }
}

impl Succession {
    fn parse(text: &str) -> Option<Self> {
        let (origin, rest) = text.strip_prefix("continues ")?.split_once(", sealed at ")?;
        let (size, root) = rest.split_once(" entries with root ")?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root: root.to_owned() })
    }
}

impl AuditLog {
    /// What the first entry says of the log that this one continues; `None` when it continues none, or is empty.
    /// Discloses nothing of a patient.
    ///
    /// # Errors
    /// When the first entry cannot be read.
    pub async fn succession(&self) -> Result<Option<Succession>, AuditError> {
        let Some(first) = self.log.bundle(0).await?.and_then(|bundle| bundle.into_iter().next()) else {
            return Ok(None);
        };
        let entry = match open_logged(self.keys.as_ref(), &first).await? {
            Opened::Entry(entry) => entry,
            Opened::Erased => return Ok(None),
            Opened::Faulty(code) => return Err(AuditError::Unreadable { index: 0, code }),
        };
        // What another system reports of its own log is none of ours.
        if entry.reported.is_some() || entry.event.kind != EventKind::ApplicationStart {
            return Ok(None);
        }
        let of_log = entry.objects.iter().filter(|object| object.role == ObjectRole::Log);
        Ok(of_log.filter_map(|object| Succession::parse(object.description.as_deref()?)).next())
    }

    /// Whether the first entry agrees with the seal of the log that it names; else what is wrong.
    ///
    /// # Errors
    /// When nothing can be said: the storage gives no answer, say.
    pub async fn check_succession(&self, predecessor: &Self) -> Result<Option<Finding>, AuditError> {
        let seal = predecessor.log.paths().key(LogObject::Sealed);
        let found = |code, detail: String| {
            Ok(Some(Finding {
                code: Code::Entry(code),
                object: Some(seal.clone()),
                index: Some(0),
                detail: Some(detail),
            }))
        };
        let named = match self.succession().await {
            Ok(Some(named)) => named,
            Ok(None) => {
                let detail = format!("the first entry of {} names no log that it continues", self.shard());
                return found("succession-missing", detail);
            }
            Err(AuditError::Unreadable { code, .. }) => {
                let detail = format!("the first entry of {} cannot be read ({code})", self.shard());
                return found("succession-missing", detail);
            }
            Err(error) => return Err(error),
        };
        let sealed = match predecessor.log.seal(predecessor.verifying_keys()).await {
            Ok(Some(sealed)) => sealed,
            Ok(None) => {
                let detail = format!("{} continues it, and it is not sealed", self.shard());
                return found("predecessor-unsealed", detail);
            }
            Err(LogError::Checkpoint(error)) => {
                return found("succession-differs", format!("the seal is not to be believed: {error}"));
            }
            Err(error) => return Err(error.into()),
        };
        let head = sealed.checkpoint();
        let (size, root) = (head.size, head.root.to_string());
        if (&head.origin, size, &root) == (&named.origin, named.size, &named.root) {
            return Ok(None);
        }
        let (first, said) = (self.shard(), &named);
        found(
            "succession-differs",
            format!(
                "the first entry of {first} says that it {said}; the seal says {size} entries with root {root}"
            ),
        )
    }
}
