//! Handing mail over.

use async_trait::async_trait;

use crate::PortError;
use crate::notice::{NoticeId, OutgoingMail};

/// What is known of a mail that may have been handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTrace {
    /// It was, under this receipt.
    Sent(String),
    /// It certainly was not.
    Absent,
    /// Nobody can tell.
    Unknown,
}

/// Why a mail was not, or perhaps not, handed over. Holds no PHI and no address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail system will never take it; the code says why: `smtp-550`.
    #[error("the mail was refused ({0})")]
    Refused(String),
    /// It certainly was not handed over; again later.
    #[error(transparent)]
    NotSent(PortError),
    /// The connection broke where nobody can tell whether it was handed over.
    #[error("nobody can tell whether the mail was handed over")]
    Unknown,
}

/// Hands mails over: an outbox folder, SMTP, SES.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over and gives what the mail system calls it.
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError>;

    /// What is known of the mail of a notice.
    async fn trace(&self, notice: NoticeId) -> Result<MailTrace, PortError>;
}
