//! The log of an organisation in a data directory: who writes to it and who reads it.

use std::path::Path;
use std::sync::Arc;

use tlog::{SignedCheckpoint, Signer as _, VerifyingKey};
use zorgsluis_audit_writer::{AuditLog, AuditWriter, LogReader, ReadBy};
use zorgsluis_domain::audit::{AccessMethod, Application, Deed, Source, User};
use zorgsluis_domain::port::{AuditSink, Random as _};
use zorgsluis_domain::{AuditEntry, Clock, EntryId, MessageId};
use zorgsluis_embedded::{DataDirectory, SystemRandom};

use super::chain::{begin_behind_sealed, chain_of};
use crate::erase::refuse_unerased;
use crate::failure::Failure;

/// Whose log it is when nobody says.
const DEFAULT_ORGANISATION: &str = "demo-hospital";

/// The log of an organisation in a data directory, and who writes to it.
#[derive(Clone)]
pub(crate) struct LogAccess {
    pub(crate) writer: Arc<AuditWriter>,
    pub(crate) organisation: String,
    /// Another key was taking over from the one that signs, when the process that did it was cut off.
    pub(crate) rotating: bool,
}

impl LogAccess {
    /// Opens the log for writing; works beside a running server too. Refuses a directory that holds what was
    /// destroyed, until that is destroyed again.
    pub(crate) async fn open(directory: &DataDirectory, organisation: &str) -> Result<Self, Failure> {
        refuse_unerased(directory).await?;
        Self::open_unchecked(directory, organisation).await
    }

    /// The same, for who destroys it again first.
    pub(crate) async fn open_unchecked(
        directory: &DataDirectory,
        organisation: &str,
    ) -> Result<Self, Failure> {
        let origin = origin(organisation);
        begin_behind_sealed(directory, organisation).await?;
        let log = chain_of(directory, organisation).await?;
        let next = directory.next_log_signer(&origin).map_err(Failure::wrong)?;
        let rotating = next.is_some();
        let mut signer = directory.log_signer(&origin).map_err(Failure::wrong)?;
        if let Some(next) = next {
            let keys = [next.verifying_key().clone()];
            let chain = log.tlog().key_chain(&keys).await.map_err(Failure::wrong)?;
            if chain.handovers().iter().any(|handover| keys.contains(handover.to())) {
                signer = next;
            }
        }
        let writer = AuditWriter::open(log, &SystemRandom, Arc::new(signer))
            .await
            .map_err(|error| Failure::log(&error))?;
        Ok(Self { writer: Arc::new(writer), organisation: organisation.to_owned(), rotating })
    }

    /// A reader of the log on behalf of the person at the command line; each reading is logged first.
    pub(crate) fn reader(&self, directory: &DataDirectory) -> LogReader {
        let sink = Arc::clone(&self.writer) as Arc<dyn AuditSink>;
        reader_of(directory.clock(), self.writer.log().clone(), sink, &self.organisation)
    }

    /// A reader of the log on behalf of the system itself.
    pub(crate) fn own_reader(&self, clock: Arc<dyn Clock>) -> LogReader {
        let by = ReadBy {
            user: User::system("zorgsluis", true),
            responsible: None,
            access: AccessMethod::Internal,
            source: source(&self.organisation),
        };
        let sink = Arc::clone(&self.writer) as Arc<dyn AuditSink>;
        LogReader::new(self.writer.log().clone(), sink, clock, Arc::new(SystemRandom), by)
    }

    /// That somebody opens a file of the data directory directly.
    pub(crate) fn direct_access(
        &self,
        directory: &DataDirectory,
        deed: Deed,
        user: User,
        patient: Option<String>,
    ) -> Result<AuditEntry, Failure> {
        let mut bits = [0; 10];
        SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
        let now = directory.clock().now();
        Ok(AuditEntry::of(deed)
            .at(EntryId::new(now, bits), now)
            .by(user)
            .through(AccessMethod::Database, Application::zorgsluis())
            .reported_by(source(&self.organisation))
            .patient_if_any(patient)
            .build())
    }

    /// That the person at the command line reads a message as it came in; to be recorded before it is read.
    pub(crate) fn message_read(
        &self,
        directory: &DataDirectory,
        message: MessageId,
    ) -> Result<AuditEntry, Failure> {
        let mut bits = [0; 10];
        SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
        let now = directory.clock().now();
        Ok(AuditEntry::of(Deed::read())
            .at(EntryId::new(now, bits), now)
            .by(User::system("operator", true))
            .through(AccessMethod::CommandLine, Application::zorgsluis())
            .reported_by(source(&self.organisation))
            .message(message.to_string())
            .build())
    }
}

/// The name of an organisation's log in its checkpoints.
pub(crate) fn origin(organisation: &str) -> String {
    format!("zorgsluis/{organisation}")
}

/// The logs in a data directory, by the names of their organisations.
pub(crate) fn logs_in(data: &Path) -> Vec<String> {
    let mut there: Vec<String> = std::fs::read_dir(data.join("log"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    there.sort();
    there
}

/// Whether the log of this name in a data directory is sealed.
pub(crate) fn is_sealed(data: &Path, organisation: &str) -> bool {
    data.join("log").join(organisation).join("sealed").exists()
}

/// The log to which what is done with `organisation`'s is logged: itself, or when it is sealed the one that is not.
pub(crate) fn logged_in(data: &Path, organisation: &str) -> Result<String, Failure> {
    if !is_sealed(data, organisation) {
        return Ok(organisation.to_owned());
    }
    logs_in(data).into_iter().find(|there| !is_sealed(data, there)).ok_or_else(|| {
        let data = data.display();
        Failure::wrong(format!(
            "the log of {organisation} is sealed, and nothing can be logged or read without being logged; begin the \
             one that continues it: zorgsluis audit seal --data {data} --successor NAME"
        ))
    })
}

/// The organisation whose log is meant: the one that was named, else the one whose log stands in the
/// data directory. A directory holds the log of one organisation, and another name is a mistake.
pub(crate) fn organisation(data: &Path, named: Option<&str>) -> Result<String, Failure> {
    let there = logs_in(data);
    // Of logs that continue each other, the one that is not sealed.
    let open: Vec<String> = there.iter().filter(|name| !is_sealed(data, name)).cloned().collect();
    match (there.as_slice(), named) {
        ([], named) => Ok(named.unwrap_or(DEFAULT_ORGANISATION).to_owned()),
        ([only], None) => Ok(only.clone()),
        (_, Some(named)) if there.iter().any(|name| name == named) => Ok(named.to_owned()),
        (_, Some(named)) => Err(Failure::usage(format!(
            "--organisation {named}: this directory holds the log of {}",
            there.join(", ")
        ))),
        (_, None) if open.len() == 1 => Ok(open.into_iter().next().unwrap_or_default()),
        (_, None) => Err(Failure::usage(format!(
            "--organisation is needed: this directory holds the logs of {}",
            there.join(", ")
        ))),
    }
}

/// Lets another key sign the log's checkpoints from here on, or ends what was cut off of it: the key is on disk before
/// the log speaks of it, the entry about it in the log before the key takes over, and the key before is destroyed
/// when it has. For who opened the directory alone.
pub(crate) async fn rotate_key(
    directory: &DataDirectory,
    log: &LogAccess,
) -> Result<SignedCheckpoint, Failure> {
    let next = directory.begin_log_rotation(&origin(&log.organisation)).map_err(Failure::wrong)?;
    let key = next.verifying_key().clone();
    log_rotation(&log.writer, &*directory.clock(), &key).await?;
    let signed = log.writer.rotate_key(Arc::new(next)).await.map_err(Failure::wrong)?;
    directory.end_log_rotation().map_err(Failure::wrong)?;
    Ok(signed)
}

/// That another key takes over, before it does; once.
pub(crate) async fn log_rotation(
    writer: &AuditWriter,
    clock: &dyn Clock,
    key: &VerifyingKey,
) -> Result<(), Failure> {
    let log = writer.log();
    let chain = log.tlog().key_chain(std::slice::from_ref(key)).await.map_err(Failure::wrong)?;
    if chain.handovers().iter().any(|handover| handover.to() == key) {
        return Ok(());
    }
    let mut bits = [0; 10];
    SystemRandom.fill(&mut bits).map_err(Failure::wrong)?;
    let now = clock.now();
    let entry = AuditEntry::of(Deed::key_rotated(format!("log/{}", log.shard()), key.to_string()))
        .at(EntryId::new(now, bits), now)
        .by(User::system("operator", true))
        .through(AccessMethod::CommandLine, Application::zorgsluis())
        .reported_by(source(log.shard()))
        .build();
    writer.record(&[entry]).await.map_err(Failure::wrong)
}

/// A reader on behalf of the person at the command line, which logs each reading to `sink`.
pub(crate) fn reader_of(
    clock: Arc<dyn Clock>,
    log: AuditLog,
    sink: Arc<dyn AuditSink>,
    organisation: &str,
) -> LogReader {
    let by = ReadBy {
        user: User::system("operator", true),
        responsible: None,
        access: AccessMethod::CommandLine,
        source: source(organisation),
    };
    LogReader::new(log, sink, clock, Arc::new(SystemRandom), by)
}

pub(crate) fn source(organisation: &str) -> Source {
    Source {
        enterprise_site_id: organisation.to_owned(),
        source_id: String::from("zorgsluis"),
        source_type: 4,
    }
}
