//! The data directory: what stands where, and who may have it open.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tlog::LocalSigner;
use tokio::sync::Notify;
use zorgsluis_domain::Clock;

use crate::database::{Access, Database, Schema};
use crate::keys::{KeyFiles, SqliteKeys};
use crate::log::{FileLogStorage, SqliteEntryIndex};
use crate::{
    OpenError, SqliteDeadLetters, SqliteFhirStore, SqliteJournal, SqlitePatientIndex, SqlitePayloadStore,
    SqliteQueue, SystemClock,
};

const LOCK: &str = "lock";
const KEYS: &str = "keys";
const LOG: &str = "log";
/// Where objects of the log are written before they get their name; in the same file system.
const TEMPORARY: &str = "tmp";

const STATE: Schema = Schema {
    file: "state.db",
    steps: &[include_str!("schema/state-1.sql")],
    // Nobody holds a delivery of the process before any more.
    at_start: crate::queue::RELEASE_ALL,
    secure_delete: false,
};
const FHIR: Schema = Schema {
    file: "fhir.db",
    steps: &[include_str!("schema/fhir-1.sql")],
    at_start: "",
    secure_delete: false,
};
const INDEX: Schema = Schema {
    file: "index.db",
    steps: &[include_str!("schema/index-1.sql")],
    at_start: "",
    secure_delete: false,
};
const KEY_TABLE: Schema = Schema {
    file: "keys.db",
    steps: &[include_str!("schema/keys-1.sql")],
    at_start: "",
    secure_delete: true,
};

/// A data directory: every store of the system on one machine.
///
/// | name | holds | opened by |
/// |---|---|---|
/// | `lock` | the process id of the server | the server |
/// | `state.db` | queues, payloads (encrypted), dead letters, journal, patient index | the server; others read |
/// | `fhir.db` | the FHIR store: the only file with PHI in clear | the server; others read |
/// | `keys/` | key files and `keys.db`, the encrypted data keys | everyone |
/// | `log/` | the NEN 7513 log, as objects | everyone |
/// | `index.db` | the index of the log, which can be made again from it | everyone |
/// | `tmp/` | objects of the log that are being written | everyone |
///
/// The folder has mode 0700, the files 0600. After a kill nothing needs repair: SQLite takes its
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
    /// Opens the directory for a server, making what is not there yet. One process at a time:
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
        for (name, folder) in [
            ("data directory", path.to_path_buf()),
            (KEYS, path.join(KEYS)),
            (LOG, path.join(LOG)),
            (TEMPORARY, path.join(TEMPORARY)),
        ] {
            private_folder(&folder).map_err(|cause| OpenError::file(name, cause))?;
        }
        let lock = Arc::new(lock(path)?);
        let directory = Self::assemble(path, clock, Access::Own, Some(&lock))?;
        directory.log_storage().remove_leftovers();
        for (name, folder) in [("data directory", path.to_path_buf()), (KEYS, path.join(KEYS))] {
            sync_folder(&folder).map_err(|cause| OpenError::file(name, cause))?;
        }
        Ok(directory)
    }

    /// Opens the directory beside a server (or without one): keys, log and index can be read and
    /// written by any number of processes, everything else can be read; writing it is refused.
    pub fn open_read(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_read_with_clock(path, Arc::new(SystemClock))
    }

    /// [`open_read`](Self::open_read) with a clock of the caller's.
    pub fn open_read_with_clock(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let complete = [STATE.file, FHIR.file, INDEX.file].iter().all(|file| path.join(file).is_file())
            && path.join(KEYS).join(KEY_TABLE.file).is_file();
        if !complete {
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
        let served = if access == Access::Own { Access::Own } else { Access::Read };
        let files = Arc::new({
            // Keys are made at the first start only: a key file that went missing later is a fault.
            let first = access == Access::Own && !path.join(KEYS).join(KEY_TABLE.file).exists();
            KeyFiles::open(&path.join(KEYS), first)?
        });
        let key_table = Database::open(&path.join(KEYS), KEY_TABLE, access, guard())?;
        let keys = SqliteKeys::open(
            &path.join(KEYS).join(KEY_TABLE.file),
            key_table.clone(),
            &files,
            Arc::clone(&clock),
        )?;
        let state = Database::open(path, STATE, served, guard())?;
        Ok(Self {
            path: path.to_path_buf(),
            fhir: Database::open(path, FHIR, served, guard())?,
            index: Database::open(path, INDEX, access, guard())?,
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
        SqlitePatientIndex::new(self.state.clone())
    }

    /// The FHIR store.
    pub fn fhir_store(&self) -> SqliteFhirStore {
        SqliteFhirStore::new(self.fhir.clone(), Arc::clone(&self.clock))
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

/// Makes a folder that only its owner may enter, with the folders above it.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder.parent().map_or(Ok(()), |parent| {
        sync_folder(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
    })
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
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
