//! The state of a verification in a file, by which it is taken up where it was broken off.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::private_file;

/// How often the state is written.
const EVERY: Duration = Duration::from_secs(2);
/// Longer than any state.
const MAX_BYTES: u64 = 17 << 20;

/// The file of `--resume`.
pub(super) struct StateFile {
    path: PathBuf,
    /// What stood there at the beginning.
    pub(super) found: Option<Vec<u8>>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    last: Option<Instant>,
    failed: Option<io::Error>,
}

impl StateFile {
    /// Reads what stands there, if anything does.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
        let found = match read {
            Ok(_) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::file(path, &error)),
        };
        Ok(Self { path: path.to_owned(), found, written: Mutex::default() })
    }

    /// Writes the state, every now and then.
    pub(super) fn offer(&self, state: &dyn Fn() -> Vec<u8>) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.failed.is_some() || written.last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        if let Err(error) = private_file::replace(&self.path, &state()) {
            say!("zorgsluis: {}: the state cannot be kept: {error}", self.path.display());
            written.failed = Some(error);
        }
        written.last = Some(Instant::now());
    }

    /// The verification has come to its end: there is nothing to be taken up.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::file(&self.path, &error)),
            _ => Ok(()),
        }
    }
}
