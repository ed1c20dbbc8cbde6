//! The data directory: what stands where, and who may have it open.

mod rotation;
mod standing;

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tlog::LocalSigner;
use tokio::sync::Notify;
use zorgsluis_domain::Clock;

use crate::database::{Access, Database, Schema};
use crate::erasure::Erasures;
use crate::keys::{KeyFiles, SqliteKeys, check_fingerprints};
use crate::log::{FileLogStorage, SqliteEntryIndex};
use crate::{
    OpenError, OutboxMailer, SqliteDeadLetters, SqliteFhirStore, SqliteJournal, SqliteNoticeRegister,
    SqliteOptOuts, SqlitePatientIndex, SqlitePayloadStore, SqliteProviderDirectory, SqliteQueue, SystemClock,
};

use standing::{Standing, begin_first_start, end_first_start, private_folder, shut_files, standing};

const LOCK: &str = "lock";
const KEYS: &str = "keys";
const KEYS_DB: &str = "keys/keys.db";
const LOG: &str = "log";
/// Where objects of the log are written before they get their name; in the same file system.
const TEMPORARY: &str = "tmp";
const OUTBOX: &str = "outbox";

const STATE: Schema = Schema {
    file: "state.db",
    steps: &[
        include_str!("schema/state-1.sql"),
        include_str!("schema/state-2.sql"),
        include_str!("schema/state-3.sql"),
        include_str!("schema/state-4.sql"),
        include_str!("schema/state-5.sql"),
        include_str!("schema/state-6.sql"),
    ],
    // Nobody holds a delivery of the process before any more.
    at_start: crate::queue::RELEASE_ALL,
    secure_delete: false,
};
const FHIR: Schema = Schema {
    file: "fhir.db",
    steps: &[
        include_str!("schema/fhir-1.sql"),
        include_str!("schema/fhir-2.sql"),
        include_str!("schema/fhir-3.sql"),
        include_str!("schema/fhir-4.sql"),
    ],
    at_start: "",
    secure_delete: false,
};
const INDEX: Schema = Schema {
    file: "index.db",
    steps: &[include_str!("schema/index-1.sql")],
    at_start: "",
    // What it said of erased entries is not left behind.
    secure_delete: true,
};
const KEY_TABLE: Schema = Schema {
    file: "keys.db",
    steps: &[
        include_str!("schema/keys-1.sql"),
        include_str!("schema/keys-2.sql"),
        include_str!("schema/keys-3.sql"),
    ],
    at_start: "",
    secure_delete: true,
};

/// A data directory: every store of the system on one machine.
///
/// | name | holds | opened by |
/// |---|---|---|
/// | `lock` | the process id of the server | the server |
/// | `state.db` | queues, payloads (encrypted), dead letters, journal, the registers of patients, providers, notices and opt-outs | the server; others read |
/// | `fhir.db` | the FHIR store: the only file with PHI in clear | the server; others read |
/// | `keys/` | key files and `keys.db`, the encrypted data keys | everyone |
/// | `log/` | the NEN 7513 log, as objects | everyone |
/// | `index.db` | the index of the log, which can be made again from it | everyone |
/// | `tmp/` | objects of the log and mails that are being written | everyone |
/// | `outbox/` | mails to providers, one file a notice | the server; a mail program |
///
/// The folder has mode 0700, the files 0600, and gets them back at each start. A file `first-start`
/// stands while a new directory is being made. After a kill nothing needs repair: SQLite takes its
/// write-ahead log up by itself, and what is left in `tmp/` was never acknowledged.
///
/// Cloning is cheap, and so are the stores that the methods give; all share their connections.
#[derive(Clone)]
pub struct DataDirectory {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    files: Arc<KeyFiles>,
    state: Database,
    fhir: Database,
    key_table: Database,
    index: Database,
    keys: SqliteKeys,
    /// Wakes those who wait for a queue, by its name.
    changed: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl DataDirectory {
    /// Opens the directory for a server. A new one is made; in one that holds data nothing but the
    /// index is made anew, which derives from the log: what else is missing is [`OpenError::Missing`],
    /// and a key that is another than before is [`OpenError::KeyReplaced`]. One process at a time:
    /// [`OpenError::Held`] when another one has it. Messages that the process before had taken from a
    /// queue and not finished are visible again at once.
    ///
    /// Blocks for as long as the disk takes; call it at start.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with_clock(path, Arc::new(SystemClock))
    }

    /// [`open`](Self::open) with a clock of the caller's.
    pub fn open_with_clock(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        private_folder(path, "data directory")?;
        Self::open_locked(path, clock, lock(path)?)
    }

    /// Opens a directory that holds data, as a server would, to make the index of its logs anew. An index that
    /// is no sound database is set aside as `index.db.damaged` and an empty one put in its place; whether that
    /// was done is told: then the rows of all logs are gone.
    pub fn open_to_rebuild(path: impl AsRef<Path>) -> Result<(Self, bool), OpenError> {
        let path = path.as_ref();
        if standing(path)? == Standing::New {
            return Err(OpenError::Absent { path: path.to_path_buf() });
        }
        let lock = lock(path)?;
        let missing =
            !path.join(INDEX.file).try_exists().map_err(|cause| OpenError::file(INDEX.file, cause))?;
        let damaged = !missing && !Database::is_sound(path, INDEX);
        if damaged {
            set_aside(path, INDEX.file).map_err(|cause| OpenError::file(INDEX.file, cause))?;
        }
        let directory = Self::open_locked(path, Arc::new(SystemClock), lock)?;
        Ok((directory, missing || damaged))
    }

    fn open_locked(path: &Path, clock: Arc<dyn Clock>, lock: File) -> Result<Self, OpenError> {
        let lock = Arc::new(lock);
        let found = standing(path)?;
        if found == Standing::New {
            begin_first_start(path).map_err(|cause| OpenError::file("data directory", cause))?;
        }
        for name in [KEYS, LOG, TEMPORARY, OUTBOX] {
            private_folder(&path.join(name), name)?;
        }
        shut_files(path)?;
        let access = if found == Standing::New { Access::Make } else { Access::Own };
        let directory = Self::assemble(path, clock, access, Some(&lock))?;
        directory.log_storage().remove_leftovers();
        for (name, folder) in [("data directory", path.to_path_buf()), (KEYS, path.join(KEYS))] {
            sync_folder(&folder).map_err(|cause| OpenError::file(name, cause))?;
        }
        if found == Standing::New {
            end_first_start(path).map_err(|cause| OpenError::file("data directory", cause))?;
        }
        Ok(directory)
    }

    /// Whether a data directory stands here; a first start that was cut off made none. Writes nothing.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn stands(path: impl AsRef<Path>) -> Result<bool, OpenError> {
        Ok(standing(path.as_ref())? != Standing::New)
    }

    /// Opens the directory beside a server (or without one): keys, log and index can be read and
    /// written by any number of processes, everything else can be read; writing it is refused. Where
    /// nothing may be written (evidence on a read-only medium, files of another user), all is read only.
    pub fn open_read(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_read_with_clock(path, Arc::new(SystemClock))
    }

    /// [`open_read`](Self::open_read) with a clock of the caller's.
    pub fn open_read_with_clock(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if standing(path)? == Standing::New {
            return Err(OpenError::Absent { path: path.to_path_buf() });
        }
        Self::assemble(path, clock, Access::Share, None)
    }

    fn assemble(
        path: &Path,
        clock: Arc<dyn Clock>,
        access: Access,
        lock: Option<&Arc<File>>,
    ) -> Result<Self, OpenError> {
        let guard = || lock.map(Arc::clone);
        let served = if access == Access::Share { Access::Read } else { access };
        // Keys are made at the first start only: a key that went missing later is a fault.
        let files = Arc::new(KeyFiles::open(path, access == Access::Make)?);
        let key_folder = path.join(KEYS);
        let key_table = Database::open(&key_folder, KEY_TABLE, access, guard())?;
        let state = Database::open(path, STATE, served, guard())?;
        let fhir = Database::open(path, FHIR, served, guard())?;
        for (folder, schema) in [(&*key_folder, KEY_TABLE), (path, STATE), (path, FHIR)] {
            check_fingerprints(folder, schema.file, &files, access != Access::Share)?;
        }
        let index = match access {
            // It is derived: an empty one is filled from the log by whoever appends next.
            Access::Make | Access::Own => Database::open(path, INDEX, Access::Make, guard())?,
            // Beside a server nothing is made: verification says what is wrong with the index.
            _ => match Database::open(path, INDEX, access, guard()) {
                Err(OpenError::Database { .. } | OpenError::Emptied { .. }) => {
                    Database::unreadable(path, INDEX)
                }
                opened => opened?,
            },
        };
        let keys = SqliteKeys::open(&path.join(KEYS_DB), key_table.clone(), &files, Arc::clone(&clock))?;
        Ok(Self {
            path: path.to_path_buf(),
            fhir,
            index,
            clock,
            files,
            state,
            key_table,
            keys,
            changed: Arc::default(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A queue by its name; the first message sent makes it. What was received through this handle and
    /// not deleted is visible again after `visibility`.
    pub fn queue(&self, name: &str, visibility: Duration) -> SqliteQueue {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = Arc::clone(changed.entry(name.to_owned()).or_default());
        SqliteQueue::new(self.state.clone(), Arc::clone(&self.clock), name, visibility, changed)
    }

    /// The raw messages.
    pub fn payloads(&self) -> SqlitePayloadStore<SqliteKeys> {
        SqlitePayloadStore::new(self.state.clone(), self.keys())
    }

    /// The dead letters.
    pub fn dead_letters(&self) -> SqliteDeadLetters {
        SqliteDeadLetters::new(self.state.clone())
    }

    /// The way of each message.
    pub fn journal(&self) -> SqliteJournal {
        SqliteJournal::new(self.state.clone())
    }

    /// The patient index.
    pub fn patient_index(&self) -> SqlitePatientIndex {
        SqlitePatientIndex::new(self.state.clone(), self.key_table.clone(), Arc::clone(&self.clock))
    }

    /// The providers.
    pub fn provider_directory(&self) -> SqliteProviderDirectory {
        SqliteProviderDirectory::new(self.state.clone())
    }

    /// The notices.
    pub fn notice_register(&self) -> SqliteNoticeRegister {
        SqliteNoticeRegister::new(self.state.clone())
    }

    /// The patients who have opted out of notices.
    pub fn opt_outs(&self) -> SqliteOptOuts {
        SqliteOptOuts::new(self.state.clone())
    }

    /// The outbox of mails to providers.
    pub fn outbox(&self) -> OutboxMailer {
        OutboxMailer::new(self.path.join(OUTBOX), self.path.join(TEMPORARY))
    }

    /// The FHIR store.
    pub fn fhir_store(&self) -> SqliteFhirStore {
        SqliteFhirStore::new(self.fhir.clone(), Arc::clone(&self.clock))
    }

    /// Destroying what is about a patient, and what forbids it.
    pub fn erasures(&self) -> Erasures {
        Erasures {
            state: self.state.clone(),
            fhir: self.fhir.clone(),
            index: self.index.clone(),
            key_table: self.key_table.clone(),
            keys: self.keys(),
            outbox: self.path.join(OUTBOX),
            effort: Arc::default(),
        }
    }

    /// Pseudonyms and encryption.
    pub fn keys(&self) -> SqliteKeys {
        self.keys.clone()
    }

    /// The objects of the logs. Their keys begin with `log/`, and so they stand in that folder.
    pub fn log_storage(&self) -> FileLogStorage {
        FileLogStorage::new(self.path.clone(), self.path.join(TEMPORARY))
    }

    /// The index of the log of one shard (organisation).
    pub fn entry_index(&self, shard: &str) -> SqliteEntryIndex {
        SqliteEntryIndex::new(self.index.clone(), shard)
    }

    /// The key that signs the log's checkpoints, under the name that stands in signature lines.
    pub fn log_signer(&self, name: &str) -> Result<LocalSigner, tlog::KeyError> {
        LocalSigner::from_seed(name, self.files.log_signing())
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Ends everything in order: what was asked so far is done, what is asked later is refused as
    /// unavailable, the databases are closed and the directory is free for another server. Without it
    /// nothing is lost either.
    pub async fn close(self) {
        for database in [&self.state, &self.fhir, &self.index, &self.key_table] {
            database.close().await;
        }
    }
}

impl std::fmt::Debug for DataDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataDirectory").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Gives a damaged database, with what SQLite keeps beside it, another name.
fn set_aside(folder: &Path, file: &str) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let damaged = folder.join(format!("{file}.damaged{suffix}"));
        match std::fs::rename(folder.join(format!("{file}{suffix}")), damaged) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
    }
    sync_folder(folder)
}

/// Takes the directory for this process, or says who has it. The lock goes with the process.
fn lock(path: &Path) -> Result<File, OpenError> {
    let fault = |cause| OpenError::file(LOCK, cause);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.join(LOCK))
        .map_err(fault)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.take(16).read_to_string(&mut text);
            let pid = read.ok().and_then(|_| text.trim().parse().ok());
            return Err(OpenError::Held { path: path.to_path_buf(), pid });
        }
        Err(TryLockError::Error(cause)) => return Err(fault(cause)),
    }
    file.set_len(0).map_err(fault)?;
    file.rewind().map_err(fault)?;
    writeln!(file, "{}", std::process::id()).map_err(fault)?;
    Ok(file)
}
