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

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Notify;
use zorgsluis_domain::PortError;

pub(crate) use failure::{Failure, unavailable};
use reader::Readers;
use writer::Writer;

use crate::OpenError;

/// Longest wait for a lock that another process or connection holds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

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
    /// Creates the file if need be, migrates it, and writes.
    Make,
    /// The file must stand, with its tables; migrates it, and writes.
    Own,
    /// The file must stand in the present schema; writes beside other processes, unless the file is
    /// write-protected.
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
        if access == Access::Make {
            create_private(&path).map_err(|cause| OpenError::file(schema.file, cause))?;
        }
        let migrates = matches!(access, Access::Make | Access::Own);
        let fault = |cause| OpenError::Database { file: schema.file, cause };
        let mut connection = match connect(&path, schema.secure_delete) {
            // Evidence is read where it lies, also when nothing may be written there.
            Err(error) if !migrates && is_write_protected(&error) => connect_reader(&path),
            opened => opened,
        }
        .map_err(fault)?;
        let found = user_version(&connection).map_err(fault)?;
        if access != Access::Make && found == 0 {
            return Err(OpenError::Emptied { file: schema.file });
        }
        if found > schema.steps.len() || (!migrates && found < schema.steps.len()) {
            return Err(OpenError::Schema { file: schema.file, found, expected: schema.steps.len() });
        }
        if migrates {
            migrate(&mut connection, schema.steps, found).map_err(fault)?;
            connection.execute_batch(schema.at_start).map_err(fault)?;
        }
        let writer = match access {
            Access::Share if connection.is_readonly("main").map_err(fault)? => None,
            Access::Make | Access::Own | Access::Share => Some(
                Writer::start(schema.file, connection, guard)
                    .map_err(|cause| OpenError::file(schema.file, cause))?,
            ),
            Access::Read => None,
        };
        Ok(Self { inner: Arc::new(Inner { writer, readers: Readers::new(path) }) })
    }

    /// Whether the file is a database whose pages hold together.
    pub(crate) fn is_sound(folder: &Path, schema: Schema) -> bool {
        let quick_check = |connection: Connection| {
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        };
        connect_plain(&folder.join(schema.file)).and_then(quick_check).is_ok_and(|said| said == "ok")
    }

    /// A database that cannot be opened: whatever is asked of it is answered as damaged.
    pub(crate) fn unreadable(folder: &Path, schema: Schema) -> Self {
        Self {
            inner: Arc::new(Inner { writer: None, readers: Readers::unreadable(folder.join(schema.file)) }),
        }
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

    /// Writes the database file anew, without anything that was deleted, and empties the write-ahead log.
    pub(crate) async fn rewrite(&self, operation: &'static str) -> Result<(), PortError> {
        self.writer(operation)?.rewrite(operation).await
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
pub(crate) fn connect_plain(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(96);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -2048;
         PRAGMA wal_autocheckpoint = 8192;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// A connection that only reads. Opened for writing (a reader may have to recover the write-ahead log
/// of a killed process) and bound by `query_only`; where nothing may be written, see
/// [`connect_immutable`].
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect_plain(path).and_then(|connection| {
        user_version(&connection)?;
        Ok(connection)
    });
    let connection = match connection {
        Err(error) if is_write_protected(&error) => connect_immutable(path, error)?,
        opened => opened?,
    };
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512;")?;
    Ok(connection)
}

/// SQLite could not make the files that it needs beside the database.
pub(crate) fn is_write_protected(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// How evidence is named: files on a read-only medium, or of somebody else. Only where no write-ahead log with content
/// stands beside the file, which would be passed over.
pub(crate) fn immutable_uri(path: &Path) -> Option<String> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let empty = match std::fs::metadata(wal) {
        Ok(found) => found.len() == 0,
        Err(cause) => cause.kind() == std::io::ErrorKind::NotFound,
    };
    let text = path.to_str().filter(|_| empty)?;
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(format!("file:{escaped}?immutable=1"))
}

/// A connection to evidence, or else the error that there was.
fn connect_immutable(path: &Path, error: rusqlite::Error) -> rusqlite::Result<Connection> {
    let Some(uri) = immutable_uri(path) else { return Err(error) };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.set_prepared_statement_cache_capacity(96);
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Schema = Schema {
        file: "numbers.db",
        steps: &["CREATE TABLE number (n INTEGER PRIMARY KEY)", "CREATE TABLE other (n INTEGER)"],
        at_start: "",
        secure_delete: false,
    };

    fn insert(connection: &Connection, n: i64) -> Result<(), Failure> {
        connection.prepare_cached("INSERT INTO number VALUES (?1)")?.execute([n])?;
        Ok(())
    }

    async fn numbers(database: &Database) -> Vec<i64> {
        let read = database.read("test.read", |connection| {
            let mut select = connection.prepare_cached("SELECT n FROM number ORDER BY n")?;
            let rows = select.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_failure_or_panic_in_a_group_undoes_its_own_work_only() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), NUMBERS, Access::Make, None).unwrap();
        let tasks: Vec<_> = (0..60)
            .map(|n| {
                let database = database.clone();
                tokio::spawn(async move {
                    let work = move |connection: &Connection| {
                        insert(connection, n)?;
                        match n % 3 {
                            0 => Ok(n),
                            1 => Err(Failure::refused("test.write", "one of three")),
                            _ => panic!("one of three"),
                        }
                    };
                    (n, database.write("test.write", work).await)
                })
            })
            .collect();
        for task in tasks {
            let (n, answer) = task.await.unwrap();
            match n % 3 {
                0 => assert_eq!(answer.unwrap(), n),
                1 => assert!(matches!(answer, Err(PortError::Refused { .. }))),
                _ => assert!(answer.unwrap_err().is_transient()),
            }
        }
        assert_eq!(numbers(&database).await, (0..60).step_by(3).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn work_is_done_and_signalled_also_when_its_caller_went_away() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), NUMBERS, Access::Make, None).unwrap();
        let signal = Arc::new(Notify::new());
        let waiter = signal.notified();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (take, taken) = tokio::sync::oneshot::channel();
        let call = tokio::spawn({
            let (database, signal) = (database.clone(), Arc::clone(&signal));
            async move {
                let work = move |connection: &Connection| {
                    take.send(()).unwrap();
                    wait.recv().unwrap();
                    insert(connection, 1)
                };
                database.write_then_signal("test.write", signal, work).await
            }
        });
        taken.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        waiter.await;
        assert_eq!(numbers(&database).await, [1]);
    }

    #[test]
    fn a_database_is_migrated_from_the_step_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let first = Schema { steps: &NUMBERS.steps[..1], ..NUMBERS };
        drop(Database::open(folder.path(), first, Access::Make, None).unwrap());
        // Who shares does not migrate.
        let shared = Database::open(folder.path(), NUMBERS, Access::Share, None);
        assert!(matches!(shared, Err(OpenError::Schema { found: 1, expected: 2, .. })));
        drop(Database::open(folder.path(), NUMBERS, Access::Make, None).unwrap());
        let older = Database::open(folder.path(), first, Access::Make, None);
        assert!(matches!(older, Err(OpenError::Schema { found: 2, expected: 1, .. })));
        drop(Database::open(folder.path(), NUMBERS, Access::Share, None).unwrap());
    }
}
