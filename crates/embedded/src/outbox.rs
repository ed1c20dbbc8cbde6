//! An outbox: a folder of mails, one file a notice, for a mail program to read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use zorgsluis_domain::PortError;
use zorgsluis_domain::notice::{NoticeId, OutgoingMail};
use zorgsluis_domain::port::{MailError, MailTrace, Mailer};

use crate::directory::sync_folder;
use crate::source::random_uuid;

const SEND: &str = "outbox.send";
const TRACE: &str = "outbox.trace";

/// Hands mails over by writing them into a folder: `<notice id>.eml`, readable by its owner only.
///
/// A mail is written under a temporary name in another folder, synced, and then given its name by
/// `link(2)`, which fails when the name is taken: one notice can never stand there twice, whoever tries,
/// and half a mail never stands there. So [`Mailer::trace`] always knows.
#[derive(Debug, Clone)]
pub struct OutboxMailer {
    folders: Arc<Folders>,
}

#[derive(Debug)]
struct Folders {
    outbox: PathBuf,
    temporary: PathBuf,
}

impl OutboxMailer {
    /// Both folders must be there, in one file system.
    pub(crate) fn new(outbox: PathBuf, temporary: PathBuf) -> Self {
        Self { folders: Arc::new(Folders { outbox, temporary }) }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folders.outbox
    }

    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Folders) -> io::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let folders = Arc::clone(&self.folders);
        tokio::task::spawn_blocking(move || work(&folders))
            .await
            .map_err(|_| PortError::unavailable(operation, "the file thread failed"))?
            .map_err(|cause| PortError::unavailable(operation, cause))
    }
}

impl Folders {
    fn path(&self, notice: NoticeId) -> PathBuf {
        self.outbox.join(format!("{notice}.eml"))
    }

    /// Whether the mail stands there. Its name may not be durable yet: it is made so.
    fn stands(&self, notice: NoticeId) -> io::Result<bool> {
        if self.path(notice).symlink_metadata().map(|found| found.is_file()).or_else(absent)? {
            sync_folder(&self.outbox)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn publish(&self, notice: NoticeId, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| match fs::hard_link(temporary, self.path(notice)) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(cause),
            _ => Ok(()),
        });
        // What is left of it was never acknowledged.
        drop(fs::remove_file(temporary));
        linked
    }
}

fn absent(cause: io::Error) -> io::Result<bool> {
    if cause.kind() == ErrorKind::NotFound { Ok(false) } else { Err(cause) }
}

#[async_trait]
impl Mailer for OutboxMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<String, MailError> {
        let notice = mail.notice;
        let name = random_uuid(SEND).map_err(MailError::NotSent)?;
        let message = mail.message.clone();
        let published = self
            .blocking(SEND, move |folders| {
                let temporary = folders.temporary.join(format!("{}.eml", name.simple()));
                folders.publish(notice, &temporary, message.expose_phi())
            })
            .await;
        published.map_err(MailError::NotSent)?;
        // From here on it stands there, if perhaps not after a loss of power.
        let folder = self.folders.outbox.clone();
        let synced = tokio::task::spawn_blocking(move || File::open(folder)?.sync_all()).await;
        match synced {
            Ok(Ok(())) => Ok(format!("outbox/{notice}.eml")),
            _ => Err(MailError::Unknown),
        }
    }

    async fn trace(&self, notice: NoticeId) -> Result<MailTrace, PortError> {
        let stands = self.blocking(TRACE, move |folders| folders.stands(notice)).await?;
        Ok(if stands { MailTrace::Sent(format!("outbox/{notice}.eml")) } else { MailTrace::Absent })
    }
}
