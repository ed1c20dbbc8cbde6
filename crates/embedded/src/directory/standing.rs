//! What stands in a folder before it is opened: nothing, a first start that was cut off, or data.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{FHIR, INDEX, KEYS, KEYS_DB, LOG, STATE, sync_folder};
use crate::OpenError;
use crate::keys::KEY_FILES;

/// Stands from before the first file of a new directory is made until all of them are: while it is
/// there nothing was ever acknowledged, and a start goes on where the one before was cut off.
const FIRST_START: &str = "first-start";

/// Whether keys may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing that a server ever wrote to.
    New,
    /// Everything that cannot be made again is there.
    Complete,
}

/// What stands in the directory, if anything. New keys beside old data would give every patient a second id and
/// leave what was sealed closed for good: so what is missing is named, and not made.
pub(super) fn standing(path: &Path) -> Result<Standing, OpenError> {
    if there(path, FIRST_START)? {
        return Ok(Standing::New);
    }
    let mut data = holds_something(path, KEYS)? || holds_something(path, LOG)?;
    for file in [STATE.file, FHIR.file, INDEX.file] {
        data |= there(path, file)? || there(path, &format!("{file}-wal"))?;
    }
    if !data {
        return Ok(Standing::New);
    }
    // The index is not among them: it can be made again from the log.
    for file in KEY_FILES.into_iter().chain([KEYS_DB, STATE.file, FHIR.file]) {
        if !there(path, file)? {
            return Err(OpenError::Missing { file });
        }
    }
    Ok(Standing::Complete)
}

fn there(path: &Path, name: &str) -> Result<bool, OpenError> {
    path.join(name).try_exists().map_err(|cause| OpenError::file("data directory", cause))
}

fn holds_something(path: &Path, folder: &'static str) -> Result<bool, OpenError> {
    match fs::read_dir(path.join(folder)) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(OpenError::file(folder, cause)),
    }
}

/// Writes down that the first start began.
pub(super) fn begin_first_start(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.join(FIRST_START))?;
    sync_folder(path)
}

/// Everything is made and durable.
pub(super) fn end_first_start(path: &Path) -> io::Result<()> {
    fs::remove_file(path.join(FIRST_START))?;
    sync_folder(path)
}

/// Makes a folder that only its owner may enter, with the folders above it; one that stands there is
/// shut to others.
pub(super) fn private_folder(folder: &Path, name: &'static str) -> Result<(), OpenError> {
    let fault = |cause| OpenError::file(name, cause);
    if folder.is_dir() {
        return shut(folder, name, 0o700);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault)?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(parent.unwrap_or(Path::new("."))).map_err(fault)
}

/// Takes the rights of everybody but the owner away, from what is ours; what is somebody else's, and
/// open to others, is no place for patients' data.
fn shut(path: &Path, name: &'static str, mode: u32) -> Result<(), OpenError> {
    let fault = |cause| OpenError::file(name, cause);
    let found = fs::metadata(path).map_err(fault)?;
    if found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(OpenError::NotOurs { path: path.to_path_buf() });
    }
    tracing::warn!(what = name, "was open to other users; now only its owner may enter");
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(fault)
}

/// Shuts the databases and the keys to others.
pub(super) fn shut_files(path: &Path) -> Result<(), OpenError> {
    let databases = [STATE.file, FHIR.file, INDEX.file].map(|file| (file, path.join(file)));
    let keys = KEY_FILES.into_iter().chain([KEYS_DB]).map(|file| (file, path.join(file)));
    for (name, file) in databases.into_iter().chain(keys) {
        for part in [file.clone(), beside(&file, "-wal"), beside(&file, "-shm")] {
            if part.try_exists().map_err(|cause| OpenError::file(name, cause))? {
                shut(&part, name, 0o600)?;
            }
        }
    }
    Ok(())
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
