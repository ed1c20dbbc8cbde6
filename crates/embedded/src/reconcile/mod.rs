//! Whether the log is complete: what the data plane did, compared with what the log says.
//!
//! Data plane: the versions of resources in `fhir.db` and what it wrote down of readings; the messages, notices,
//! dead letters and registers in `state.db`; the mails in `outbox/`. Each of them is compared with the entries
//! both ways. `docs/reconciliation.md` says what is a difference and what stands apart.
//!
//! # The cut
//!
//! It works beside a running server. First the data plane is cut: what was written behind [`DataDirectory::reconciliation`]
//! is left for the next time. Then the log is walked through. An entry comes before what it speaks of, so whatever
//! stands before the cut has its entry by then. What the log says beyond the cut is under way, and no difference.
//!
//! # Memory
//!
//! Flat: what the entries say goes into a temporary SQLite database (on disk, gone with the process; ids and times
//! only, no PHI), and databases are joined by key. No snapshot is held of the server's databases meanwhile.

mod facts;
mod mails;
mod messages;
mod reads;
mod registers;
mod runs;
mod writes;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
pub use zorgsluis_domain::reconciliation::{Area, Found, Ratio, Tally};
use zorgsluis_domain::{AuditEntry, EntryId, MessageId, PortError};

use crate::DataDirectory;
use crate::database::{BUSY_TIMEOUT, Failure, immutable_uri, is_write_protected};

const OPERATION: &str = "reconcile";

/// Kinds of what the log tells, or the journal, and the stores have not: nothing else counts it.
const LACKING: [&str; 11] = [
    "version-missing",
    "current-version-differs",
    "resource-gone",
    "write-gone",
    "reading-gone",
    "entry-without-read",
    "mail-without-notice",
    "entry-without-mail",
    "message-gone",
    "entry-gone",
    "entry-without-message",
];

/// A line of the log, as the comparison takes it.
#[derive(Debug, Clone)]
pub struct LoggedLine {
    /// Its index.
    pub index: u64,
    /// Its id.
    pub id: EntryId,
    /// What it says; `None`: its key was destroyed.
    pub entry: Option<Box<AuditEntry>>,
}

/// Where the data plane was cut, and what of it is meant.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Microseconds; nothing later is looked at.
    at: i64,
    /// The last row of `resource_version`.
    version: i64,
    /// The last number of a reading.
    reading: i64,
    /// From this microsecond on.
    from: i64,
    /// To before this one.
    to: i64,
}

/// A comparison of data plane and log, under way.
pub struct Reconciliation {
    inner: Arc<Mutex<Work>>,
}

struct Work {
    connection: Connection,
    cut: Cut,
    outbox: PathBuf,
}

/// Takes what is found.
type Tell<'a> = &'a mut dyn FnMut(Found);

impl DataDirectory {
    /// Cuts the data plane, and begins to compare what it did from `from` to before `to` with the log. The log is
    /// to be walked *after* this returned: [`Reconciliation::log`], then [`Reconciliation::compare`].
    pub async fn reconciliation(&self, from: Timestamp, to: Timestamp) -> Result<Reconciliation, PortError> {
        let (path, now) = (self.path().to_path_buf(), self.clock().now());
        let tombstones = self.erasures().tombstones().await?;
        blocking(move || {
            let work = Work::begin(&path, now, from, to)?;
            facts::take_tombstones(&work.connection, &tombstones)?;
            Ok(Reconciliation { inner: Arc::new(Mutex::new(work)) })
        })
        .await
    }
}

impl Reconciliation {
    /// Takes lines of the log, in their order.
    pub async fn log(&self, lines: Vec<LoggedLine>) -> Result<(), PortError> {
        self.on_thread(move |work| facts::take(&work.connection, &lines)).await
    }

    /// Compares, and tells what it finds in order. Doing it again tells the same.
    pub async fn compare(&self, mut tell: impl FnMut(Found) + Send + 'static) -> Result<Tally, PortError> {
        self.on_thread(move |work| work.compare(&mut tell)).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Work) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, PortError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || run(&mut inner.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, PortError> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(|_| PortError::unavailable(OPERATION, "the thread failed"))?
        .map_err(|failure| failure.into_port(OPERATION))
}

impl Work {
    fn begin(path: &Path, now: Timestamp, from: Timestamp, to: Timestamp) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // No name: a private file that goes with the connection.
        let connection = Connection::open_with_flags("", flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;
             PRAGMA trusted_schema = OFF;",
        )?;
        connection.execute_batch(include_str!("facts.sql"))?;
        attach(&connection, &path.join("state.db"), "state")?;
        attach(&connection, &path.join("fhir.db"), "fhir")?;
        let last = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let cut = Cut {
            at: now.as_microsecond(),
            version: last("SELECT coalesce(max(rowid), 0) FROM fhir.resource_version")?,
            reading: last("SELECT coalesce(max(seq), 0) FROM fhir.sqlite_sequence WHERE name = 'reading'")?,
            from: from.as_microsecond(),
            to: to.as_microsecond(),
        };
        Ok(Self { connection, cut, outbox: path.join("outbox") })
    }

    fn compare(&mut self, tell: Tell<'_>) -> Result<Tally, Failure> {
        let mut differences = 0_u64;
        let mut lacking = [0_u64; 5];
        let mut counting = |found: Found| {
            differences += u64::from(found.difference);
            let area = Area::COUNTED.iter().position(|area| *area == found.area);
            if let Some(count) = area.and_then(|area| lacking.get_mut(area)) {
                *count += u64::from(LACKING.contains(&found.kind));
            }
            tell(found);
        };
        let (connection, cut) = (&self.connection, &self.cut);
        facts::settle(connection, cut)?;
        let mut ratios = [
            writes::compare(connection, cut, &mut counting)?,
            reads::compare(connection, cut, &mut counting)?,
            mails::compare(connection, cut, &self.outbox, &mut counting)?,
            messages::compare(connection, cut, &mut counting)?,
            registers::compare(connection, cut, &mut counting)?,
        ];
        runs::compare(connection, cut, &mut counting)?;
        for (ratio, lacking) in ratios.iter_mut().zip(lacking) {
            ratio.of = ratio.of.saturating_add(lacking);
        }
        Ok(Tally { ratios, differences })
    }
}

/// A database of the server beside ours; where nothing may be written, as it lies.
fn attach(connection: &Connection, path: &Path, name: &str) -> Result<(), Failure> {
    let file = path.to_str().ok_or_else(|| Failure::refused(OPERATION, "the path is not UTF-8"))?;
    let attach = |file: &str| -> rusqlite::Result<()> {
        connection.execute(&format!("ATTACH ?1 AS {name}"), params![file])?;
        connection.pragma_query_value(Some(name), "user_version", |row| row.get::<_, i64>(0))?;
        Ok(())
    };
    match attach(file) {
        Err(error) if is_write_protected(&error) => {
            let Some(uri) = immutable_uri(path) else { return Err(error.into()) };
            // It may be half attached.
            drop(connection.execute_batch(&format!("DETACH {name}")));
            Ok(attach(&uri)?)
        }
        attached => Ok(attached?),
    }
}

/// What was found, without time, message and entry.
fn found(area: Area, kind: &'static str, difference: bool, at: String) -> Found {
    Found { area, kind, difference, at, time: None, message: None, entry: None }
}

fn time(micros: Option<i64>) -> Option<Timestamp> {
    micros.and_then(|micros| Timestamp::from_microsecond(micros).ok())
}

fn message(bytes: Option<[u8; 16]>) -> Option<MessageId> {
    bytes.map(|bytes| MessageId(uuid::Uuid::from_bytes(bytes)))
}

fn entry(bytes: Option<[u8; 16]>) -> Option<EntryId> {
    bytes.map(|bytes| EntryId(uuid::Uuid::from_bytes(bytes)))
}

/// A reference as it may be shown: somebody may have written anything into a database.
fn shown(resource: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
    if resource.len() <= 130 && resource.bytes().all(plain) { resource } else { "(a name that is not shown)" }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl fmt::Debug for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciliation").finish_non_exhaustive()
    }
}
