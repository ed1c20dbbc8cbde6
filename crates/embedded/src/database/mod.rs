//! A SQLite database with one writer thread and a few readers.
//!
//! Write-ahead log, `synchronous=FULL`: a commit is on the disk when it returns. All writing goes
//! through the thread of [`writer`], which commits in groups; reading goes through [`reader`].

mod failure;
mod reader;
mod writer;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Notify;
use zorgsluis_domain::PortError;

pub(crate) use failure::Failure;
use failure::unavailable;
use reader::Readers;
use writer::Writer;

use crate::OpenError;

/// Longest wait for a lock that another process or connection holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// What a database holds: the steps that make its tables. `user_version` counts the steps done; a step
/// is never changed once released, later ones are added behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    /// The file's name in the data directory.
    pub(crate) file: &'static str,
    /// SQL of each step.
    pub(crate) steps: &'static [&'static str],
    /// SQL that runs whenever the owner opens it.
    pub(crate) at_start: &'static str,
    /// Overwrite deleted content with zeroes.
    pub(crate) secure_delete: bool,
}

/// Who may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Creates and migrates the file, and writes.
    Own,
    /// The file must stand in the present schema; writes beside other processes.
    Share,
    /// The file must stand in the present schema; reads only.
    Read,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Option<Writer>,
    readers: Readers,
}

impl Database {
    /// Opens `folder/<schema.file>`. `guard` lives as long as the writer thread does.
    pub(crate) fn open(
        folder: &Path,
        schema: Schema,
        access: Access,
        guard: Option<Arc<std::fs::File>>,
    ) -> Result<Self, OpenError> {
        let path = folder.join(schema.file);
        if access == Access::Own {
            create_private(&path).map_err(|cause| OpenError::file(schema.file, cause))?;
        }
        let fault = |cause| OpenError::Database { file: schema.file, cause };
        let mut connection = connect(&path, schema.secure_delete).map_err(fault)?;
        let found = user_version(&connection).map_err(fault)?;
        if found > schema.steps.len() || (access != Access::Own && found < schema.steps.len()) {
            return Err(OpenError::Schema { file: schema.file, found, expected: schema.steps.len() });
        }
        if access == Access::Own {
            migrate(&mut connection, schema.steps, found).map_err(fault)?;
            connection.execute_batch(schema.at_start).map_err(fault)?;
        }
        let writer = match access {
            Access::Own | Access::Share => Some(
                Writer::start(schema.file, connection, guard)
                    .map_err(|cause| OpenError::file(schema.file, cause))?,
            ),
            Access::Read => None,
        };
        Ok(Self { inner: Arc::new(Inner { writer, readers: Readers::new(path) }) })
    }

    /// Runs `work` in a transaction together with whatever else waits, and answers after the commit.
    /// An error undoes what `work` did and nothing else.
    pub(crate) async fn write<T, F>(&self, operation: &'static str, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.writer(operation)?.call(operation, None, work).await
    }

    /// Like [`write`](Self::write); wakes the waiters of `signal` after a commit, also when the caller
    /// has gone away.
    pub(crate) async fn write_then_signal<T, F>(
        &self,
        operation: &'static str,
        signal: Arc<Notify>,
        work: F,
    ) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.writer(operation)?.call(operation, Some(signal), work).await
    }

    /// Moves everything from the write-ahead log into the database file and empties the log.
    pub(crate) async fn truncate_wal(&self, operation: &'static str) -> Result<(), PortError> {
        self.writer(operation)?.truncate_wal(operation).await
    }

    /// Runs `work` on one state of the database.
    pub(crate) async fn read<T, F>(&self, operation: &'static str, work: F) -> Result<T, PortError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.inner.readers.read(operation, work).await
    }

    /// Does what was asked so far, ends the writer thread and closes its connection.
    pub(crate) async fn close(&self) {
        if let Some(writer) = &self.inner.writer {
            writer.stop().await;
        }
        self.inner.readers.close();
    }

    fn writer(&self, operation: &'static str) -> Result<&Writer, PortError> {
        self.inner.writer.as_ref().ok_or_else(|| PortError::Refused {
            operation,
            reason: String::from("the data directory is open for reading only"),
        })
    }
}

/// Makes an empty file that only its owner may read; SQLite gives its log files the same rights.
fn create_private(path: &Path) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(()),
    }
}

fn connect(path: &Path, secure_delete: bool) -> rusqlite::Result<Connection> {
    let connection = connect_plain(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    if secure_delete {
        connection.pragma_update(None, "secure_delete", "on")?;
    }
    Ok(connection)
}

/// A connection that may write, in whatever journal mode the file has.
fn connect_plain(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(96);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -2048;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// A connection that only reads. Opened for writing (a reader may have to recover the write-ahead log
/// of a killed process) and bound by `query_only`.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect_plain(path)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512;")?;
    Ok(connection)
}

fn user_version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn migrate(connection: &mut Connection, steps: &[&str], done: usize) -> rusqlite::Result<()> {
    for (number, step) in steps.iter().enumerate().skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", i64::try_from(number + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}
