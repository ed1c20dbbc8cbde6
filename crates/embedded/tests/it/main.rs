//! The embedded adapters, driven through their ports.
//!
//! `zorgsluis-contract` holds the suite that every adapter of a port passes: generic functions, one for each
//! promise of the port's documentation. The modules beside it run it on the embedded adapters and
//! test what is theirs alone.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod crash;
mod directory;
mod erasure;
mod erasure_numbers;
mod erasure_reaches;
mod full_disk;
mod log_pages;
mod log_writers;
mod ports;
mod standing;
mod verifying;

use std::time::Duration;

use tempfile::TempDir;
use zorgsluis_embedded::{DataDirectory, FileLogStorage};

/// A data directory that goes away with the test.
struct Home {
    directory: DataDirectory,
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { directory: DataDirectory::open(folder.path().join("data")).unwrap(), folder }
    }

    /// Objects in a folder of their own.
    fn objects(&self) -> FileLogStorage {
        let (root, temporary) = (self.folder.path().join("objects"), self.folder.path().join("temporary"));
        for folder in [&root, &temporary] {
            std::fs::create_dir_all(folder).unwrap();
        }
        FileLogStorage::new(root, temporary)
    }

    /// Closes the directory and opens it again.
    async fn reopened(self) -> Self {
        let Self { directory, folder } = self;
        directory.close().await;
        Self { directory: DataDirectory::open(folder.path().join("data")).unwrap(), folder }
    }
}

/// Long enough that nothing becomes visible again by itself.
const LONG: Duration = Duration::from_secs(3600);
