//! The objects of a log as files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rustix::fs::OFlags;
use tlog::{Created, Etag, Listing, LogStorage, Object, Replaced, RewrittenListing, StorageError};
use uuid::Uuid;

use super::listing;
use crate::directory::sync_folder;
use crate::source::random;

/// The lock of [`LogStorage::replace_if`], in the folder of temporary files.
const REPLACE_LOCK: &str = "replace.lock";
/// How often a temporary file is written again after somebody tidied it away.
const ATTEMPTS: usize = 4;

/// The objects of a log as files under one folder, for any number of processes at a time.
///
/// An object is written under a temporary name, synced, and then given its name by `link(2)`, which
/// fails when the name is taken: so of any number of writers one wins, and its bytes are there whole
/// or not at all. Derived objects get their name by `rename(2)`; compare-and-replace is held together
/// by a lock on a file (`flock(2)`), which the kernel takes back when a process is killed.
#[derive(Debug, Clone)]
pub struct FileLogStorage {
    folders: Arc<Folders>,
}

#[derive(Debug)]
struct Folders {
    root: PathBuf,
    temporary: PathBuf,
}

impl FileLogStorage {
    /// Objects under `root`, temporary files in `temporary`; both exist, in one file system.
    pub fn new(root: impl Into<PathBuf>, temporary: impl Into<PathBuf>) -> Self {
        Self { folders: Arc::new(Folders { root: root.into(), temporary: temporary.into() }) }
    }

    /// Removes temporary files of processes that were killed. Those of living ones are locked.
    pub(crate) fn remove_leftovers(&self) {
        let Ok(entries) = fs::read_dir(&self.folders.temporary) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.file_name().is_some_and(|name| name == REPLACE_LOCK) {
                continue;
            }
            let Ok(file) = open_plain(&path) else { continue };
            match file.try_lock() {
                // What cannot be removed now is harmless, and tried again at the next start.
                Ok(()) => drop(fs::remove_file(&path)),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
            }
        }
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Folders) -> Result<T, StorageError> + Send + 'static,
    {
        let folders = Arc::clone(&self.folders);
        tokio::task::spawn_blocking(move || work(&folders))
            .await
            .map_err(|_| StorageError::transient("the file thread failed"))?
            .inspect_err(|error| {
                if let StorageError::Hindered { reason, .. } = error {
                    tracing::error!(reason, "the log's folder cannot be used now");
                }
            })
    }
}

impl Folders {
    fn path(&self, key: &str) -> Result<PathBuf, StorageError> {
        if listing::is_key(key) {
            Ok(self.root.join(key))
        } else {
            Err(StorageError::permanent("not a key of a log's object"))
        }
    }

    /// A synced file with these bytes that has no final name yet.
    fn temporary(&self, bytes: &[u8]) -> io::Result<Temporary> {
        let name = random("log.write").map_err(|_| io::Error::other("no randomness"))?;
        let path = self.temporary.join(Uuid::from_bytes(name).simple().to_string());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let temporary = Temporary { path, file };
        // Says that it is in use; see `remove_leftovers`.
        temporary.file.lock()?;
        (&temporary.file).write_all(bytes)?;
        temporary.file.sync_all()?;
        Ok(temporary)
    }

    /// Writes the bytes and gives them their name by `publish`.
    fn publish<T>(
        &self,
        path: &Path,
        bytes: &[u8],
        publish: impl Fn(&Path) -> io::Result<T>,
    ) -> Result<T, StorageError> {
        let folder = path.parent().unwrap_or(&self.root);
        self.make_folder(folder).map_err(StorageError::from_io)?;
        for _ in 0..ATTEMPTS {
            let temporary = self.temporary(bytes).map_err(StorageError::from_io)?;
            match publish(&temporary.path) {
                Ok(done) => {
                    drop(temporary);
                    sync_folder(folder).map_err(StorageError::from_io)?;
                    return Ok(done);
                }
                // Tidied away between its creation and its lock.
                Err(cause) if cause.kind() == ErrorKind::NotFound => {}
                Err(cause) => return Err(StorageError::from_io(cause)),
            }
        }
        Err(StorageError::transient("the temporary file went away"))
    }

    /// Makes a folder under the root, durably, with those above it.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() || folder == self.root {
            return Ok(());
        }
        let Some(parent) = folder.parent() else { return Ok(()) };
        self.make_folder(parent)?;
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(cause),
            _ => {}
        }
        sync_folder(parent)
    }
}

/// A temporary file, locked; its name is taken away when it is dropped.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename it is gone; what stays is a leftover and harmless.
        drop(fs::remove_file(&self.path));
    }
}

/// Reads a whole object. What is no regular file is not opened through, and not waited for.
fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, StorageError> {
    let file = match open_plain(path) {
        Ok(file) => file,
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        // A link (ELOOP) or a socket cannot be opened at all.
        Err(cause) => return Err(no_file(path).unwrap_or_else(|| StorageError::from_io(cause))),
    };
    let found = file.metadata().map_err(StorageError::from_io)?;
    if !found.is_file() {
        return Err(no_file(path).unwrap_or(StorageError::NoObject { reason: "no regular file" }));
    }
    if found.len() > limit as u64 {
        return Err(StorageError::TooLarge { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(limit));
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(StorageError::from_io)?;
    if bytes.len() > limit {
        return Err(StorageError::TooLarge { limit });
    }
    Ok(Some(bytes))
}

/// Opens a file for reading; never follows a link, never waits for the other end of a pipe.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// What stands there, if it is no regular file.
fn no_file(path: &Path) -> Option<StorageError> {
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    let reason = match kind {
        kind if kind.is_file() => return None,
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_fifo() => "a pipe",
        _ => "a device or socket",
    };
    Some(StorageError::NoObject { reason })
}

fn etag(bytes: &[u8]) -> Etag {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in tlog::sha256(bytes).0 {
        let _ = write!(text, "{byte:02x}");
    }
    Etag(text)
}

fn link(from: &Path, to: &Path) -> io::Result<Created> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(Created::New),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(Created::AlreadyExists),
        Err(cause) => Err(cause),
    }
}

#[async_trait]
impl LogStorage for FileLogStorage {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, StorageError> {
        let (key, bytes) = (key.to_owned(), bytes.to_vec());
        self.blocking(move |folders| {
            let path = folders.path(&key)?;
            // Also after "it exists already" the folder is synced: its creator may not have come to it.
            folders.publish(&path, &bytes, |temporary| link(temporary, &path))
        })
        .await
    }

    async fn get(&self, key: &str, limit: usize) -> Result<Option<Object>, StorageError> {
        let key = key.to_owned();
        self.blocking(move |folders| {
            let bytes = read(&folders.path(&key)?, limit)?;
            Ok(bytes.map(|bytes| Object { etag: etag(&bytes), bytes: bytes.into() }))
        })
        .await
    }

    async fn replace_if(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Etag>,
    ) -> Result<Replaced, StorageError> {
        let (key, bytes, expected) = (key.to_owned(), bytes.to_vec(), expected.cloned());
        self.blocking(move |folders| {
            let path = folders.path(&key)?;
            let lock = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(folders.temporary.join(REPLACE_LOCK))
                .map_err(StorageError::from_io)?;
            lock.lock().map_err(StorageError::from_io)?;
            let Some(expected) = expected else {
                return Ok(match folders.publish(&path, &bytes, |temporary| link(temporary, &path))? {
                    Created::New => Replaced::Done,
                    Created::AlreadyExists => Replaced::Changed,
                });
            };
            if read(&path, usize::MAX - 1)?.is_none_or(|found| etag(&found) != expected) {
                return Ok(Replaced::Changed);
            }
            folders.publish(&path, &bytes, |temporary| fs::rename(temporary, &path))?;
            Ok(Replaced::Done)
        })
        .await
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let (key, bytes) = (key.to_owned(), bytes.to_vec());
        self.blocking(move |folders| {
            let path = folders.path(&key)?;
            match read(&path, bytes.len()) {
                Ok(Some(found)) if found == bytes => {
                    sync_folder(path.parent().unwrap_or(&folders.root)).map_err(StorageError::from_io)
                }
                Ok(_) | Err(StorageError::TooLarge { .. } | StorageError::NoObject { .. }) => {
                    folders.publish(&path, &bytes, |temporary| fs::rename(temporary, &path))
                }
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.blocking(move |folders| {
            listing::list(&folders.root, &prefix, after.as_deref(), limit).map_err(StorageError::from_io)
        })
        .await
    }

    async fn rewritten(
        &self,
        _prefix: &str,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Option<RewrittenListing>, StorageError> {
        // A file system keeps no versions.
        Ok(None)
    }
}
